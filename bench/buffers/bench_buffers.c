/* What a buffer of 10,000,000 bytes costs to pass at each kind: once it is known, the first time, mapped, touched, sealed; beside
 * an empty call and the same bytes as a list. Medians of one run, in nanoseconds; on a busy machine --least says more:
 * bench_buffers [--quick | --least] [FOLDER OF THE ADD-INS] */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <ward/buffer.h>
#include "base/clock.h"
#include "base/own.h"
#include "painter_host.h"

enum { SIZE = 10000000, SAMPLES_MAX = 41 };

struct bench {
        struct painter *painter;
        struct ward_buffer *known;
        uint8_t *bytes;
        unsigned samples;
        unsigned repeats; /* of what is quick */
        bool least;
        struct ward_fault fault;
};

static void die(const struct bench *bench, const char *what)
{
        fprintf(stderr, "bench_buffers: %s: %s\n", what, bench->fault.text);
        exit(1);
}

static void need(const struct bench *bench, const char *what, int r)
{
        if (r)
                die(bench, what);
}

static struct ward_buffer *make(const struct bench *bench, bool filled)
{
        struct ward_buffer *buffer = NULL;
        void *data;
        need(bench, "ward_buffer_new", ward_buffer_new(SIZE, "bench", &buffer));
        if (filled) {
                need(bench, "ward_buffer_map", ward_buffer_map(buffer, WARD_BUFFER_WRITE, &data));
                memset(data, 1, SIZE);
        }
        return buffer;
}

/* --- What is measured: each gives the time of one, in nanoseconds ----------------------------- */

#define TIMED(bench, times, statement)                                                                                             \
        ({                                                                                                                         \
                uint64_t start_ = clock_now();                                                                                     \
                for (unsigned i_ = 0; i_ < (times); i_++)                                                                          \
                        need(bench, #statement, statement);                                                                        \
                (double)(clock_now() - start_) / (times);                                                                          \
        })

static double empty_call(struct bench *b)
{
        return TIMED(b, b->repeats, painter_nothing(b->painter, &b->fault));
}

static double lend_known(struct bench *b)
{
        return TIMED(b, b->repeats, painter_take(b->painter, b->known, &b->fault));
}

static double pass_known_and_back(struct bench *b)
{
        struct ward_buffer *back;
        return TIMED(b, b->repeats, painter_pass(b->painter, b->known, &back, &b->fault));
}

static double lend_new(struct bench *b)
{
        struct ward_buffer *buffer = make(b, true);
        double ns = TIMED(b, 1, painter_take(b->painter, buffer, &b->fault));
        ward_buffer_release(buffer);
        return ns;
}

static double map_first(struct bench *b)
{
        struct ward_buffer *buffer = make(b, true);
        bool mapped;
        double ns = TIMED(b, 1, painter_place(b->painter, buffer, &mapped, &b->fault));
        ward_buffer_release(buffer);
        return ns;
}

static double read_first(struct bench *b)
{
        struct ward_buffer *buffer = make(b, true);
        uint64_t sum = 0;
        double ns = TIMED(b, 1, painter_sum(b->painter, buffer, &sum, &b->fault));
        ward_buffer_release(buffer);
        return sum == SIZE ? ns : 0;
}

static double read_list(struct bench *b)
{
        const painter_list_u8_t list = { b->bytes, SIZE };
        uint64_t sum = 0;
        double ns = TIMED(b, 1, painter_copy(b->painter, &list, &sum, &b->fault));
        return sum == SIZE ? ns : 0;
}

static double touch_here(struct bench *b)
{
        struct ward_buffer *buffer = make(b, false);
        void *data;
        need(b, "ward_buffer_map", ward_buffer_map(buffer, WARD_BUFFER_WRITE, &data));
        uint64_t start = clock_now();
        memset(data, 1, SIZE);
        double ns = (double)(clock_now() - start);
        ward_buffer_release(buffer);
        return ns;
}

static double seal(struct bench *b)
{
        struct ward_buffer *buffer = make(b, true);
        double ns = TIMED(b, 1, ward_buffer_seal(buffer));
        ward_buffer_release(buffer);
        return ns;
}

static const struct {
        const char *name;
        double (*run)(struct bench *bench);
} rows[] = {
        { "empty call", empty_call },
        { "lend one that is known", lend_known },
        { "give one that is known, get it back", pass_known_and_back },
        { "lend a new one", lend_new },
        { "lend a new one, which is mapped there", map_first },
        { "lend a new one, which is read there", read_first },
        { "the same bytes as a list, read there", read_list },
        { "first touch of all, in the host", touch_here },
        { "seal one that is mapped", seal },
};

/* --- Running ---------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
        double x = *(const double *)a, y = *(const double *)b;
        return (x > y) - (x < y);
}

static double median(struct bench *bench, double (*run)(struct bench *bench))
{
        double samples[SAMPLES_MAX];
        run(bench);
        for (unsigned i = 0; i < bench->samples; i++)
                samples[i] = run(bench);
        qsort(samples, bench->samples, sizeof *samples, compare);
        return samples[bench->least ? 0 : bench->samples / 2];
}

static void run_kind(struct bench *bench, struct ward_host *host, const char *folder, enum ward_isolation kind, double *medians)
{
        char path[4096];
        struct ward_activate_options options = { .size = sizeof options, .isolation = kind };
        snprintf(path, sizeof path, "%s/painter.%s", folder, kind == WARD_WASM ? "wasm" : "so");
        if (access(path, R_OK))
                return;
        need(bench, path, painter_activate(host, path, &options, NULL, &bench->painter, &bench->fault));
        bench->known = make(bench, true);
        need(bench, "painter_take", painter_take(bench->painter, bench->known, &bench->fault));
        for (size_t i = 0; i < COUNT_OF(rows); i++)
                medians[i] = median(bench, rows[i].run);
        ward_buffer_release(bench->known);
        painter_release(bench->painter);
}

int main(int argc, char **argv)
{
        static const enum ward_isolation kinds[] = { WARD_DIRECT, WARD_WASM, WARD_PROCESS };
        double medians[COUNT_OF(kinds)][COUNT_OF(rows)] = { { 0 } };
        bool quick = argc > 1 && !strcmp(argv[1], "--quick"), least = argc > 1 && !strcmp(argv[1], "--least");
        int at = quick || least ? 2 : 1;
        const char *folder = argc > at ? argv[at] : ".";
        struct bench bench = { .samples = quick ? 3 : SAMPLES_MAX,
                               .repeats = quick   ? 10
                                          : least ? 300
                                                  : 10000,
                               .least = least,
                               .bytes = malloc(SIZE) };
        struct ward_host *host = NULL;
        if (!bench.bytes)
                return 1;
        memset(bench.bytes, 1, SIZE);
        need(&bench, "ward_host_new", ward_host_new(NULL, &host, &bench.fault));
        for (size_t k = 0; k < COUNT_OF(kinds); k++)
                run_kind(&bench, host, folder, kinds[k], medians[k]);
        printf("%-40s %12s %12s %12s\n", "10,000,000 bytes, ns", "direct", "wasm", "process");
        for (size_t i = 0; i < COUNT_OF(rows); i++) {
                printf("%-40s", rows[i].name);
                for (size_t k = 0; k < COUNT_OF(kinds); k++)
                        printf(" %12.0f", medians[k][i]);
                printf("\n");
        }
        ward_host_free(host);
        free(bench.bytes);
        return 0;
}
