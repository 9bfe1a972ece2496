/* What a process's calls cost in terms of what the machine can do at best, where the two sides ran in the same places: figures
 * that are made from others, round by round, so that a noisy moment hits both. */
#ifndef TOOL_BENCH_RATIO_H
#define TOOL_BENCH_RATIO_H

#include <stdio.h>
#include "tool/bench_plan.h"

/* After all has been measured: adds "limit.spin.mean", the mean of the two spinning ping-pongs, and "ratio.…" for each figure that
 * has a limit. */
void bench_ratios_add(struct bench_plan *plan);

/* A table of them, by place. Nothing where there are none. */
void bench_ratios_print(FILE *to, const struct bench_plan *plan);

#endif
