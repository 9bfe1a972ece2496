#include "tool/bench_wait.h"

#include <jansson.h>
#include "base/fault.h"
#include "base/own.h"

static const unsigned everies[] = { 0, 1, 10, 100, 1000 };
static const unsigned services[] = { 0, 10, 100 };

static const struct {
        const char *name;
        const char *title;
} places[] = {
        [BENCH_WAIT_APART] = { "apart", "A processor for each side" },
        [BENCH_WAIT_NEIGHBOUR] = { "neighbour", "The worker shares its processor with a process that never rests" },
        [BENCH_WAIT_TOGETHER] = { "together", "Both sides on one processor, which they do not know" },
};

static const char *const policies[] = {
        [BENCH_WAIT_TUNED] = "tuned", [BENCH_WAIT_ALWAYS] = "always", [BENCH_WAIT_NEVER] = "never"
};

struct output {
        FILE *to;
        json_t *figures; /* NULL: tables */
};

static void cells(FILE *to, const struct bench_wait_figures *figures)
{
        fprintf(to, "  |%9.2f%9.2f%9.2f", figures->latency_ns / 1000, figures->host_ns / 1000, figures->worker_ns / 1000);
}

static int keep(const struct output *output, enum bench_wait_place place, enum bench_wait_policy policy,
                const struct bench_wait_load *load, const struct bench_wait_figures *figures)
{
        return json_array_append_new(output->figures, json_pack("{s:s, s:s, s:i, s:i, s:f, s:f, s:f}", "place", places[place].name,
                                                                "policy", policies[policy], "every_us", load->every_us,
                                                                "service_us", load->service_us, "latency_ns", figures->latency_ns,
                                                                "host_ns", figures->host_ns, "worker_ns", figures->worker_ns));
}

static int print_load(const struct output *output, const struct bench_place *processors, enum bench_wait_place place,
                      const struct bench_wait_load *load, uint64_t ns, struct ward_fault *fault)
{
        if (!output->figures)
                fprintf(output->to, "%8u%8u", load->every_us, load->service_us);
        for (int policy = 0; policy < BENCH_WAIT_POLICIES; policy++) {
                struct bench_wait_figures figures;
                int r = bench_wait_measure(processors, place, (enum bench_wait_policy)policy, load, ns, &figures, fault);
                if (r)
                        return r;
                if (!output->figures)
                        cells(output->to, &figures);
                else if (keep(output, place, (enum bench_wait_policy)policy, load, &figures))
                        return fault_set(fault, WARD_FAULT_SYSTEM, "no memory for the figures");
        }
        if (!output->figures)
                fputc('\n', output->to);
        fflush(output->to);
        return 0;
}

static void print_heading(FILE *to, enum bench_wait_place place)
{
        fprintf(to, "%s\n\n%16s", places[place].title, "");
        for (int policy = 0; policy < BENCH_WAIT_POLICIES; policy++)
                fprintf(to, "  |%*s%-*s", 9, "", 18, policies[policy]);
        fprintf(to, "\n%8s%8s", "every", "service");
        for (int policy = 0; policy < BENCH_WAIT_POLICIES; policy++)
                fprintf(to, "  |%9s%9s%9s", "latency", "host", "worker");
        fputc('\n', to);
}

static int print_place(const struct output *output, const struct bench_place *processors, enum bench_wait_place place, uint64_t ns,
                       struct ward_fault *fault)
{
        if (!output->figures)
                print_heading(output->to, place);
        for (size_t i = 0; i < COUNT_OF(everies); i++)
                for (size_t j = 0; j < COUNT_OF(services); j++) {
                        const struct bench_wait_load load = { everies[i], services[j] };
                        int r = print_load(output, processors, place, &load, ns, fault);
                        if (r)
                                return r;
                }
        if (!output->figures)
                fputc('\n', output->to);
        return 0;
}

static int print_places(const struct output *output, const struct bench_place *processors, uint64_t ns, struct ward_fault *fault)
{
        for (int place = processors->host < 0 ? BENCH_WAIT_TOGETHER : 0; place < BENCH_WAIT_PLACES; place++) {
                int r = print_place(output, processors, (enum bench_wait_place)place, ns, fault);
                if (r)
                        return r;
        }
        return 0;
}

int bench_wait_print(FILE *to, const struct bench_place *processors, bool json, uint64_t ns, struct ward_fault *fault)
{
        struct output output = { to, json ? json_array() : NULL };
        if (json && !output.figures)
                return fault_set(fault, WARD_FAULT_SYSTEM, "no memory for the figures");
        if (!json)
                fputs("Calls every so many µs, of a service that takes so many: latency, and processor time of each side for "
                      "waiting, "
                      "in µs\n\n",
                      to);
        bench_place_pin(processors);
        int r = print_places(&output, processors, ns, fault);
        bench_place_restore(processors);
        if (json && !r) {
                json_dumpf(output.figures, to, JSON_INDENT(1) | JSON_REAL_PRECISION(6));
                fputc('\n', to);
        }
        json_decref(output.figures);
        return r;
}
