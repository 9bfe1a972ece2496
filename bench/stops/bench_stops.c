/* How soon the host has its thread back, at kind `wasm`:
 *
 *      trap        from the host's callback, which returns into the add-in, to the fault
 *      deadline    from the moment that the call was to be over by, to the fault
 *      unload      from ward_domain_unload on another thread to the end of it: the call was ended, the domain is freed
 *
 * bench_stops [--quick] [FOLDER OF cut.wasm] */
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/clock.h"
#include "base/own.h"
#include "cut_host.h"

enum { SAMPLES = 2000, QUICK = 30, MS = 1000000 };

struct bench {
        struct ward_host *host;
        char module[4096];
        unsigned samples;
        uint64_t marked;
        uint64_t took[SAMPLES];
        struct cut_services services;
        struct ward_fault fault;
};

static void mark(void *data)
{
        ((struct bench *)data)->marked = clock_now();
}

static void give_up(const struct bench *bench, const char *what)
{
        fprintf(stderr, "bench_stops: %s: %s\n", what, bench->fault.text);
        exit(1);
}

static struct cut *start(struct bench *bench, uint32_t deadline_ms)
{
        const struct ward_activate_options options = { .size = sizeof options,
                                                       .isolation = WARD_WASM,
                                                       .limits = { .size = sizeof options.limits } };
        struct cut *cut = NULL;
        uint32_t ret;
        if (cut_activate(bench->host, bench->module, &options, &bench->services, &cut, &bench->fault) ||
            cut_run(cut, 0, &ret, &bench->fault))
                give_up(bench, "activate");
        cut_set_deadline(cut, deadline_ms);
        return cut;
}

static void run(struct bench *bench, struct cut *cut, uint32_t way, int kind)
{
        uint32_t ret;
        int r = cut_run(cut, way, &ret, &bench->fault);
        if (r != -kind)
                give_up(bench, "no such fault");
}

/* --- What is measured ------------------------------------------------------------------------- */

static void trap(struct bench *bench, unsigned i, uint32_t way)
{
        struct cut *cut = start(bench, 0);
        run(bench, cut, way, WARD_FAULT_TRAP);
        bench->took[i] = clock_now() - bench->marked;
        cut_release(cut);
}

/* Of a millisecond and more, so that the clock's ticks are met at all places. */
static void deadline(struct bench *bench, unsigned i, uint32_t way)
{
        uint32_t ms = 1 + i % 3;
        struct cut *cut = start(bench, ms);
        clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){ .tv_nsec = (i * 7919) % 1000 * 500 }, NULL);
        uint64_t until = clock_now() + (uint64_t)ms * MS;
        run(bench, cut, way, WARD_FAULT_DEADLINE);
        bench->took[i] = clock_now() - until;
        cut_release(cut);
}

struct unloading {
        struct cut *cut;
        uint64_t took;
};

static void *unload_soon(void *data)
{
        struct unloading *unloading = data;
        clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){ .tv_nsec = MS }, NULL);
        uint64_t began = clock_now();
        ward_domain_unload(cut_domain(unloading->cut), NULL);
        unloading->took = clock_now() - began;
        return NULL;
}

static void unload(struct bench *bench, unsigned i, uint32_t way)
{
        struct unloading unloading = { .cut = start(bench, 0) };
        pthread_t thread;
        if (pthread_create(&thread, NULL, unload_soon, &unloading))
                exit(1);
        run(bench, unloading.cut, way, WARD_FAULT_UNLOADED);
        pthread_join(thread, NULL);
        bench->took[i] = unloading.took;
        cut_release(unloading.cut);
}

static const struct {
        const char *name;
        void (*measure)(struct bench *bench, unsigned i, uint32_t way);
        uint32_t way;
} rows[] = {
        { "trap: out of bounds", trap, 1 },          { "trap: null pointer", trap, 2 },    { "trap: unreachable", trap, 3 },
        { "trap: division by zero", trap, 4 },       { "trap: stack exhausted", trap, 5 }, { "deadline: in a loop", deadline, 6 },
        { "deadline: in memory.fill", deadline, 7 }, { "unload: in a loop", unload, 6 },
};

/* --- The table -------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
        const uint64_t *x = a, *y = b;
        return *x < *y ? -1 : *x > *y;
}

static double us_at(const struct bench *bench, unsigned per_mille)
{
        return (double)bench->took[(uint64_t)(bench->samples - 1) * per_mille / 1000] / 1000;
}

static void print_row(struct bench *bench, size_t row)
{
        for (unsigned i = 0; i < bench->samples; i++)
                rows[row].measure(bench, i, rows[row].way);
        qsort(bench->took, bench->samples, sizeof *bench->took, compare);
        printf("%-26s %10.2f %10.2f %10.2f %10.2f\n", rows[row].name, us_at(bench, 0), us_at(bench, 500), us_at(bench, 990),
               us_at(bench, 1000));
        fflush(stdout);
}

int main(int argc, char **argv)
{
        static struct bench bench = { .samples = SAMPLES };
        const char *folder = ".";
        for (int i = 1; i < argc; i++) {
                if (!strcmp(argv[i], "--quick"))
                        bench.samples = QUICK;
                else
                        folder = argv[i];
        }
        snprintf(bench.module, sizeof bench.module, "%s/cut.wasm", folder);
        bench.services = (struct cut_services){ .data = &bench, .mark = mark };
        if (ward_host_new(NULL, &bench.host, &bench.fault))
                give_up(&bench, "no host");
        printf("Microseconds until the host has its thread back (kind wasm, %u times each)\n%-26s %10s %10s %10s %10s\n",
               bench.samples, "", "best", "median", "99 %", "worst");
        for (size_t row = 0; row < COUNT_OF(rows); row++)
                print_row(&bench, row);
        ward_host_free(bench.host);
        return 0;
}
