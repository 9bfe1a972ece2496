/* On which processors the two ends of a call run, so that figures can be compared: the caller on one; a worker, or the other end of
 * a ping-pong, on another, in two cores of one package where the machine has that, or on the same.
 *
 * 1. bench_place_choose  2. bench_place_pin  3. measure  4. bench_place_restore */
#ifndef TOOL_BENCH_PLACE_H
#define TOOL_BENCH_PLACE_H

#include <sched.h>
#include <stdint.h>

struct bench_place {
        cpu_set_t before; /* where this thread was allowed to run */
        int host;         /* a processor; -1: it is not known where this thread may run, and nothing is pinned */
        int worker;       /* another, or -1: there is only one */
        char two[96];     /* "two cores of one package: host on processor 0, worker on processor 1"; without a second processor what
                             @one says */
        char one[48];     /* "one core: processor 0" */
};

/* Only processors 0 to 63 are looked at: ward_limits.cpu_affinity can name no others. */
void bench_place_choose(struct bench_place *ret_place);

/* Pins the calling thread to the host's processor; puts it back. */
void bench_place_pin(const struct bench_place *place);
void bench_place_restore(const struct bench_place *place);

/* For ward_limits.cpu_affinity of a worker on @processor; 0 where nothing is pinned. */
uint64_t bench_place_affinity(int processor);

#endif
