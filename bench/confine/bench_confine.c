/* What it costs to hold add-ins by the kernel, level by level, beside what processes cost without Ward:
 *
 *      start       from asking to the first answer, and from there to the end with nothing left; medians, and what 99 % stay below
 *      calls       whether a call is dearer where the add-in is confined, and what a system call in it is
 *      alive       many idle domains at once
 *
 * bench_confine [--quick] [FOLDER OF cage.so AND tiny] */
#include "bench/confine/bench.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "base/own.h"

enum { ALIVE = 1000, CALLS = 2000, QUICK_SAMPLES = 5, QUICK_ALIVE = 20, QUICK_CALLS = 50 };

enum { SPACES = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP };

const enum ward_level bench_levels[BENCH_LEVELS] = { WARD_LEVEL_HOST, WARD_LEVEL_FULL_TRUST, WARD_LEVEL_INTRANET,
                                                     WARD_LEVEL_INTERNET };

static struct row rows[] = {
        { .name = "fork", .sample = sample_fork },
        { .name = "vfork, exec", .sample = sample_exec },
        { .name = "namespaces, exec", .sample = sample_exec, .flags = SPACES },
        { .name = "the same, user's own", .sample = sample_exec, .flags = SPACES | CLONE_NEWUSER },
        { .name = "bwrap --unshare-all", .sample = sample_bwrap },
        { .name = "host", .sample = sample_activation, .level = WARD_LEVEL_HOST },
        { .name = "full-trust", .sample = sample_activation, .level = WARD_LEVEL_FULL_TRUST },
        { .name = "intranet", .sample = sample_activation, .level = WARD_LEVEL_INTRANET },
        { .name = "internet", .sample = sample_activation, .level = WARD_LEVEL_INTERNET },
        { .name = "full-trust, new host", .sample = sample_host, .level = WARD_LEVEL_FULL_TRUST },
};

static int compare(const void *a, const void *b)
{
        uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
        return (x > y) - (x < y);
}

uint64_t bench_quantile(uint64_t *ns, unsigned n, unsigned percent)
{
        qsort(ns, n, sizeof *ns, compare);
        return ns[(uint64_t)(n - 1) * percent / 100];
}

/* The next begins elsewhere, so that none is always behind the same one. */
static void take_samples(struct bench *bench)
{
        for (unsigned n = 0; n < bench->samples; n++)
                for (size_t i = 0; i < COUNT_OF(rows); i++) {
                        struct row *row = &rows[(n * 7 + i) % COUNT_OF(rows)];
                        if (!*row->why && row->sample(bench, row, &row->begin[n], &row->end[n]))
                                snprintf(row->why, sizeof row->why, "%s", bench->why);
                }
}

/* On a machine that has other things to do, the quickest tenth says what it would be on one that has not. */
static void print_times(uint64_t *ns, unsigned n)
{
        static const unsigned percents[] = { 10, 50, 99 };
        for (size_t i = 0; i < COUNT_OF(percents); i++)
                printf("%9.1f", (double)bench_quantile(ns, n, percents[i]) / 1000);
}

static void print_row(struct row *row, unsigned n)
{
        if (*row->why) {
                printf("  %-22s left out: %s\n", row->name, row->why);
                return;
        }
        printf("  %-22s", row->name);
        print_times(row->begin, n);
        printf("   ");
        print_times(row->end, n);
        printf("\n");
}

/* Whether nothing is left out that works everywhere. */
static bool measure_starts(struct bench *bench)
{
        bool works = true;
        take_samples(bench);
        printf("%-24s%9s%9s%9s   %9s%9s%9s\n", "To the first answer, us:", "10 %", "median", "99 %", "gone 10 %", "median", "99 %");
        for (size_t i = 0; i < COUNT_OF(rows); i++) {
                print_row(&rows[i], bench->samples);
                works &= !*rows[i].why || rows[i].level != WARD_LEVEL_FULL_TRUST;
        }
        return works;
}

static void raise_descriptors(void)
{
        struct rlimit limit;
        if (getrlimit(RLIMIT_NOFILE, &limit))
                return;
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv)
{
        static struct bench bench = { .samples = BENCH_SAMPLES, .alive = ALIVE, .calls = CALLS };
        const char *folder = ".";
        for (int i = 1; i < argc; i++) {
                if (strcmp(argv[i], "--quick"))
                        folder = argv[i];
                else
                        bench.samples = QUICK_SAMPLES, bench.alive = QUICK_ALIVE, bench.calls = QUICK_CALLS;
        }
        snprintf(bench.module, sizeof bench.module, "%s/cage.so", folder);
        snprintf(bench.tiny, sizeof bench.tiny, "%s/tiny", folder);
        raise_descriptors();
        if (ward_host_new(NULL, &bench.host, &bench.fault)) {
                fprintf(stderr, "bench_confine: %s\n", bench.fault.text);
                return 1;
        }
        setvbuf(stdout, NULL, _IOLBF, 0);
        bool works = measure_starts(&bench);
        measure_calls(&bench);
        measure_alive(&bench);
        ward_host_free(bench.host);
        return works ? 0 : 1;
}
