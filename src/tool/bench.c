/* `ward bench`: what a call costs at each kind, beside what this machine can do at best. */
#include "tool/command.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/own.h"
#include "tool/bench_kinds.h"
#include "tool/bench_limits.h"
#include "tool/bench_place.h"
#include "tool/bench_print.h"
#include "tool/bench_wait.h"
#include "tool/bench_ratio.h"

enum { ROUNDS = 11, ROUNDS_BRIEF = 5, SAMPLE_NS = 20000000, SAMPLE_NS_BRIEF = 4000000, SHOW_NS = 100000000, WAIT_SAMPLES = 5 };

static const char help[] =
        "Usage: ward bench [--brief] [--json] [--rounds N] [--kind KIND]...\n"
        "       ward bench --wait [--brief] [--json]\n"
        "\n"
        "Measures calls, bulk data and activation at each isolation kind, and in the same run what this machine can do at\n"
        "best: a plain C call through a pointer, a value passed to another process and back, memcpy.\n"
        "\n"
        "  --brief       fewer rounds and shorter ones: a few seconds\n"
        "  --json        an array with an object a figure: name, median, min, unit, place\n"
        "  --rounds N    how many samples each figure is the median of, 1 to 99\n"
        "  --kind KIND   direct, wasm or process only; may be repeated\n"
        "  --wait        instead: latency and processor time of waiting sides, by how often calls come and how long they take,\n"
        "                against sides that always spin and sides that never do; a minute, half of one with --brief\n"
        "\n"
        "WARD_BENCH_ADDINS names the folder that has bench.so and bench.wasm, where they are not beside the program.\n";

struct bench {
        bool json;
        bool wait;
        bool one_kind; /* somebody asked for it by name */
        unsigned rounds;
        uint64_t sample_ns;
        bool terminal; /* stderr is one: tell the progress */
        uint64_t shown;
        struct bench_kinds_options kinds_options;
        struct bench_plan plan;
        struct bench_place place;
        struct bench_limits *limits;
        struct bench_kinds *kinds;
        char folder[PATH_MAX];
};

static struct bench *bench_free(struct bench *bench)
{
        if (bench) {
                bench_kinds_close(bench->kinds);
                bench_limits_close(bench->limits);
                free(bench);
        }
        return NULL;
}

static void bench_freep(struct bench **bench)
{
        bench_free(*bench);
}

/* Not for every sample: a terminal that draws disturbs what is measured. */
static void progress(struct bench *bench, const char *what, unsigned round)
{
        uint64_t now = clock_now();
        if (!bench->terminal || now < bench->shown + SHOW_NS)
                return;
        bench->shown = now;
        if (round)
                fprintf(stderr, "\r\033[Kround %u of %u: %s", round, bench->rounds, what);
        else
                fprintf(stderr, "\r\033[Kpreparing: %s", what);
}

static void progress_end(const struct bench *bench)
{
        if (bench->terminal)
                fputs("\r\033[K", stderr);
}

static int parse_rounds(const char *text, unsigned *ret_rounds)
{
        char *end;
        errno = 0;
        unsigned long n = strtoul(text, &end, 10);
        if (errno || *end || end == text || n < 1 || n > BENCH_ROUNDS_MAX) {
                fprintf(stderr, "ward bench: --rounds takes a number from 1 to %d, not '%s'\n", BENCH_ROUNDS_MAX, text);
                return -1;
        }
        *ret_rounds = (unsigned)n;
        return 0;
}

static int parse_kind(const char *text, struct bench *bench)
{
        enum ward_isolation isolation;
        if (!ward_isolation_from_name(text, &isolation)) {
                fprintf(stderr, "ward bench: '%s' is no kind: direct, wasm or process\n", text);
                return -1;
        }
        bench->one_kind = true;
        bench->kinds_options.wanted[isolation] = true;
        return 0;
}

/* 0; 1: help was asked for and given; negative: what was asked for makes no sense. */
static int parse(struct bench *bench, int argc, char **argv)
{
        static const struct option longs[] = {
                { "brief", no_argument, NULL, 'b' },
                { "json", no_argument, NULL, 'j' },
                { "rounds", required_argument, NULL, 'r' },
                { "kind", required_argument, NULL, 'k' },
                { "help", no_argument, NULL, 'h' },
                { "wait", no_argument, NULL, 'w' },
                { 0 },
        };
        bool brief = false;
        for (int c; (c = getopt_long(argc, argv, "", longs, NULL)) != -1;) {
                brief |= c == 'b';
                bench->json |= c == 'j';
                bench->wait |= c == 'w';
                if (c == 'h')
                        return fputs(help, stdout), 1;
                if (c == '?' || (c == 'r' && parse_rounds(optarg, &bench->rounds)) || (c == 'k' && parse_kind(optarg, bench)))
                        return -1;
        }
        if (optind < argc)
                return fprintf(stderr, "ward bench: what is '%s'? (see ward bench --help)\n", argv[optind]), -1;
        if (!bench->rounds)
                bench->rounds = brief ? ROUNDS_BRIEF : ROUNDS;
        bench->sample_ns = brief ? SAMPLE_NS_BRIEF : SAMPLE_NS;
        for (int i = 0; !bench->one_kind && i < BENCH_KINDS; i++)
                bench->kinds_options.wanted[i] = true;
        return 0;
}

static bool has_addin(const char *folder)
{
        char path[PATH_MAX];
        return snprintf(path, sizeof path, "%s/bench.so", folder) < (int)sizeof path && access(path, R_OK) == 0;
}

/* The folder that the environment names; the program's own, as in the build folder; the one of an installation. */
static void find_folder(char folder[PATH_MAX])
{
        const char *given = getenv("WARD_BENCH_ADDINS");
        char program[PATH_MAX] = ".";
        if (given) {
                snprintf(folder, PATH_MAX, "%s", given);
                return;
        }
        ssize_t len = readlink("/proc/self/exe", program, sizeof program - 1);
        if (len > 0) {
                program[len] = '\0';
                *strrchr(program, '/') = '\0';
        }
        snprintf(folder, PATH_MAX, "%s", program);
        if (!has_addin(folder) && snprintf(folder, PATH_MAX, "%s/%s", program, TOOL_LIBEXEC_FROM_BIN) >= PATH_MAX)
                snprintf(folder, PATH_MAX, "%s", program);
}

/* The limits come before the host, whose threads they must not meet. */
static int open_all(struct bench *bench, struct ward_fault *fault)
{
        char module[PATH_MAX + 16];
        find_folder(bench->folder);
        bench_place_choose(&bench->place);
        snprintf(module, sizeof module, "%s/bench.so", bench->folder);
        int r = bench_limits_open(&bench->plan, &bench->place, module, &bench->limits, fault);
        if (r)
                return r;
        bench->kinds_options.folder = bench->folder;
        bench->kinds_options.place = &bench->place;
        progress(bench, "the add-in at each kind", 0);
        return bench_kinds_open(&bench->plan, &bench->kinds_options, &bench->kinds, fault);
}

/* All tasks from number @first on, round by round. */
static void measure(struct bench *bench, size_t first)
{
        struct bench_plan *plan = &bench->plan;
        for (size_t i = first; i < plan->n_tasks; i++) {
                progress(bench, plan->tasks[i].name, 0);
                bench_calibrate(&plan->tasks[i], bench->sample_ns);
        }
        for (unsigned round = 1; round <= bench->rounds; round++)
                for (size_t i = first; i < plan->n_tasks; i++) {
                        progress(bench, plan->tasks[i].name, round);
                        bench_sample(&plan->tasks[i]);
                }
}

static void measure_unpinned(struct bench *bench, void (*add)(struct bench_plan *, struct bench_kinds *))
{
        size_t first = bench->plan.n_tasks;
        add(&bench->plan, bench->kinds);
        measure(bench, first);
}

/* Calls on fixed processors; activation and crowds, which concern more processes and threads than two, wherever the system puts
 * them. */
static int measure_all(struct bench *bench, struct ward_fault *fault)
{
        bench_calls_add(&bench->plan, bench->kinds);
        bench_async_add(&bench->plan, bench->kinds);
        bench_places_add(&bench->plan, bench->kinds);
        int r = bench_bulk_add(&bench->plan, bench->kinds, fault);
        if (r)
                return r;
        bench_place_pin(&bench->place);
        measure(bench, 0);
        bench_place_restore(&bench->place);
        bench->limits = bench_limits_close(bench->limits);
        bench_kinds_release(bench->kinds);
        bench->plan.place = NULL;
        measure_unpinned(bench, bench_activate_add);
        bench_kinds_spread(bench->kinds, &bench->plan);
        measure_unpinned(bench, bench_threads_add);
        bench_ratios_add(&bench->plan);
        return 0;
}

static void print_notes(const struct bench *bench)
{
        printf("\nMedians of %u samples. Calls and bulk data at kind process: %s.\n", bench->rounds, bench->place.two);
        puts("alloc: from memory of ward_alloc. raw: no call, only a copy into memory from where another process reads.");
        puts("To activate: wasm with its image in the cache, process with the warden running.");
}

static int print(const struct bench *bench)
{
        bench_print_reasons(stderr, &bench->plan);
        if (bench->json)
                return bench_print_json(stdout, &bench->plan);
        bench_print_tables(stdout, &bench->plan);
        print_notes(bench);
        return 0;
}

/* A kind that cannot run is no failure, unless it was asked for by name, or none can. */
static int verdict(const struct bench *bench)
{
        int measured = 0, out = 0;
        for (int i = 0; i < BENCH_KINDS; i++) {
                const struct bench_side *side = bench->kinds->at[i].side;
                measured += side && !side->out;
                out += side && side->out;
        }
        return !measured || (out && bench->one_kind) ? EXIT_FAILED : EXIT_DONE;
}

/* For each figure as long as a sample, several times over: the tuning is to learn meanwhile. */
static int measure_waits(struct bench *bench)
{
        struct ward_fault fault;
        bench_place_choose(&bench->place);
        if (bench_wait_print(stdout, &bench->place, bench->json, WAIT_SAMPLES * bench->sample_ns, &fault))
                return fprintf(stderr, "ward bench: %s\n", fault.text), EXIT_FAILED;
        return EXIT_DONE;
}

int command_bench(int argc, char **argv)
{
        struct ward_fault fault;
        OWNED(bench_freep) struct bench *bench = calloc(1, sizeof *bench);
        if (!bench)
                return fprintf(stderr, "ward bench: no memory\n"), EXIT_FAILED;
        bench->terminal = isatty(STDERR_FILENO);
        int r = parse(bench, argc, argv);
        if (r)
                return r > 0 ? EXIT_DONE : EXIT_USAGE;
        if (bench->wait)
                return measure_waits(bench);
        if (open_all(bench, &fault) || measure_all(bench, &fault)) {
                progress_end(bench);
                return fprintf(stderr, "ward bench: %s\n", fault.text), EXIT_FAILED;
        }
        progress_end(bench);
        if (print(bench))
                return fprintf(stderr, "ward bench: no memory for the figures\n"), EXIT_FAILED;
        return verdict(bench);
}
