/* What a call costs, and what a system call in the add-in does, at each level: samples of the levels in turn, each compared with
 * full-trust's beside it. */
#include "bench/confine/bench.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/own.h"

enum { SAMPLES = 101, KERNEL_SHARE = 4 };

struct cages {
        struct cage *at[BENCH_LEVELS];
        char why[BENCH_LEVELS][BENCH_WHY];
        uint64_t call[BENCH_LEVELS][SAMPLES];   /* picoseconds each */
        uint64_t kernel[BENCH_LEVELS][SAMPLES]; /* likewise */
};

static int time_calls(struct bench *bench, struct cage *cage, uint64_t *ret_each)
{
        uint32_t sum = 0;
        uint64_t start = clock_now();
        for (uint32_t i = 0; i < bench->calls; i++)
                if (cage_add(cage, sum, i, &sum, &bench->fault))
                        return -1;
        *ret_each = (clock_now() - start) * 1000 / bench->calls;
        return 0;
}

static int time_kernel(struct bench *bench, struct cage *cage, uint64_t *ret_each)
{
        uint64_t ns;
        uint32_t times = bench->calls * KERNEL_SHARE;
        if (cage_ask_kernel(cage, times, &ns, &bench->fault))
                return -1;
        *ret_each = ns * 1000 / times;
        return 0;
}

static void open_cages(struct bench *bench, struct cages *cages)
{
        for (int i = 0; i < BENCH_LEVELS; i++)
                if (bench_activate(bench, bench_levels[i], &cages->at[i]))
                        snprintf(cages->why[i], sizeof cages->why[i], "%s", bench->why);
}

static void lose_cage(struct bench *bench, struct cages *cages, int i)
{
        snprintf(cages->why[i], sizeof cages->why[i], "%s", bench->fault.text);
        cages->at[i] = cage_release(cages->at[i]);
}

static void take_samples(struct bench *bench, struct cages *cages, unsigned samples)
{
        for (unsigned n = 0; n < samples; n++)
                for (int level = 0; level < BENCH_LEVELS; level++) {
                        int i = (int)((n + (unsigned)level) % BENCH_LEVELS);
                        struct cage *cage = cages->at[i];
                        if (cage && (time_calls(bench, cage, &cages->call[i][n]) || time_kernel(bench, cage, &cages->kernel[i][n])))
                                lose_cage(bench, cages, i);
                }
}

static void print_level(struct cages *cages, int i, unsigned samples)
{
        const char *name = ward_level_name(bench_levels[i]);
        if (!cages->at[i]) {
                printf("  %-22s left out: %s\n", name, cages->why[i]);
                return;
        }
        printf("  %-22s%9.1f%9.1f%9.1f%12.1f\n", name, (double)bench_quantile(cages->call[i], samples, 10) / 1000,
               (double)bench_quantile(cages->call[i], samples, 50) / 1000,
               (double)bench_quantile(cages->call[i], samples, 99) / 1000,
               (double)bench_quantile(cages->kernel[i], samples, 50) / 1000);
}

void measure_calls(struct bench *bench)
{
        static struct cages cages;
        unsigned samples = bench->samples < SAMPLES ? bench->samples : SAMPLES;
        open_cages(bench, &cages);
        take_samples(bench, &cages, samples);
        printf("\n%-24s%9s%9s%9s   %s\n", "A call, ns:", "10 %", "median", "99 %", "a system call in it");
        for (int i = 0; i < BENCH_LEVELS; i++)
                print_level(&cages, i, samples);
        for (int i = 0; i < BENCH_LEVELS; i++)
                cage_release(cages.at[i]);
}
