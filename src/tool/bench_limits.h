/* What this machine can do at best, measured in the same run as what Ward makes of it: a plain C call through a pointer, a value
 * passed through shared memory to another process and back (both spinning; both sleeping on a futex, on two processors and on one),
 * and memcpy.
 *
 * 1. bench_limits_open adds their tasks  2. measure  3. bench_limits_close */
#ifndef TOOL_BENCH_LIMITS_H
#define TOOL_BENCH_LIMITS_H

#include <stddef.h>
#include "tool/bench_place.h"
#include "tool/bench_plan.h"

struct bench_limits;

/* The elements of the bulk figures, here and at each kind. */
enum { BENCH_SIZES = 3, BENCH_SIZE_MAX = 10000000 };
/* The calls a sample of what sleeps before each. */
enum { BENCH_PARKED_TIMES = 20 };
extern const size_t bench_sizes[BENCH_SIZES];

/* Call it before the process starts threads: it forks the other end of the ping-pong, which ends with this process. @module is the
 * bench.so whose function is called. @place is borrowed until close. A limit that cannot be measured has its side out; a fault is
 * for want of memory or processes. */
int bench_limits_open(struct bench_plan *plan, const struct bench_place *place, const char *module,
                      struct bench_limits **ret_limits, struct ward_fault *fault);
/* NULL is fine. Returns NULL. */
struct bench_limits *bench_limits_close(struct bench_limits *limits);

#endif
