/* What bench_confine is made of.
 *
 * 1. rows are taken from tables  2. samples of all of them are taken in turn, in a random order  3. report_times
 *
 * What cannot be measured here is a row with a reason. */
#ifndef BENCH_CONFINE_BENCH_H
#define BENCH_CONFINE_BENCH_H

#include <stdbool.h>
#include <stdint.h>
#include <ward/host.h>
#include "cage_host.h"

enum { BENCH_SAMPLES = 1001, BENCH_LEVELS = 4, BENCH_WHY = 1024 };

struct bench {
        struct ward_host *host;
        char module[4096]; /* cage.so */
        char tiny[4096];   /* the program */
        unsigned samples;
        uint32_t alive;
        uint32_t calls;  /* a sample of calls */
        const char *why; /* what does not work now */
        struct ward_fault fault;
};

/* What is measured by two times a sample: until it answers, and from there until it is gone. */
struct row {
        const char *name;
        /* 0; else bench->why says what is wrong, and the row is given up. */
        int (*sample)(struct bench *bench, const struct row *row, uint64_t *ret_begin, uint64_t *ret_end);
        enum ward_level level;
        int flags; /* of clone(2) */
        char why[BENCH_WHY];
        uint64_t begin[BENCH_SAMPLES], end[BENCH_SAMPLES];
};

/* The levels, the strongest last. */
extern const enum ward_level bench_levels[BENCH_LEVELS];

/* ward.c: activates the add-in at @level, and calls it. 0, or bench->why. */
int bench_activate(struct bench *bench, enum ward_level level, struct cage **ret_cage);
int sample_activation(struct bench *bench, const struct row *row, uint64_t *ret_begin, uint64_t *ret_end);
int sample_host(struct bench *bench, const struct row *row, uint64_t *ret_begin, uint64_t *ret_end);

/* others.c */
int sample_fork(struct bench *bench, const struct row *row, uint64_t *ret_begin, uint64_t *ret_end);
int sample_exec(struct bench *bench, const struct row *row, uint64_t *ret_begin, uint64_t *ret_end);
int sample_bwrap(struct bench *bench, const struct row *row, uint64_t *ret_begin, uint64_t *ret_end);

/* calls.c, alive.c: measure and print. */
void measure_calls(struct bench *bench);
void measure_alive(struct bench *bench);

/* Sorts @ns and gives the one below which @percent of them are. */
uint64_t bench_quantile(uint64_t *ns, unsigned n, unsigned percent);

#endif
