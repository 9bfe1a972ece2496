/* `ward bench --wait`: what the tuning of waits (channel/tune.h) makes of calls of various kinds, against sides that always spin
 * and sides that never do: latency, and the processor time of both sides. Two processes on one channel, nothing else.
 *
 * bench_wait_all measures every load with every policy in every place, and hands each figure over as it comes. */
#ifndef TOOL_BENCH_WAIT_H
#define TOOL_BENCH_WAIT_H

#include <stdbool.h>
#include <stdio.h>
#include <ward/fault.h>
#include "tool/bench_place.h"

enum bench_wait_policy { BENCH_WAIT_TUNED, BENCH_WAIT_ALWAYS, BENCH_WAIT_NEVER, BENCH_WAIT_POLICIES };

enum bench_wait_place {
        BENCH_WAIT_APART,     /* a processor for each side */
        BENCH_WAIT_NEIGHBOUR, /* the same, but the worker's is shared with a process that never rests */
        BENCH_WAIT_TOGETHER,  /* both on one, and neither knows */
        BENCH_WAIT_PLACES,
};

struct bench_wait_load {
        unsigned every_us; /* from an answer to the next call */
        unsigned service_us;
};

struct bench_wait_figures {
        double latency_ns; /* of a call, the mean */
        double host_ns;    /* processor time for a call, without what the host does between calls */
        double worker_ns;  /* without the service */
};

/* Measures for about @ns, and before that as long without looking, so that the tuning has learnt. */
int bench_wait_measure(const struct bench_place *processors, enum bench_wait_place place, enum bench_wait_policy policy,
                       const struct bench_wait_load *load, uint64_t ns, struct bench_wait_figures *ret_figures,
                       struct ward_fault *fault);

/* bench_wait_table.c: all of it, as tables or as JSON. Where there is one processor only, there is but one place. */
int bench_wait_print(FILE *to, const struct bench_place *processors, bool json, uint64_t ns, struct ward_fault *fault);

#endif
