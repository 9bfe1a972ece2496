/* The figures at each isolation kind: one contract (bench.wit), one add-in in two forms, and one call site for all three kinds.
 *
 * 1. bench_kinds_open       activates the add-in at each kind; compiles it for `wasm` where the cache is cold
 * 2. bench_calls_add, bench_async_add, bench_bulk_add, bench_places_add; measure on the host's processor
 * 3. bench_kinds_release    so that activation is measured with nothing loaded
 * 4. bench_activate_add; measure
 * 5. bench_kinds_spread     activates it again, with workers wherever the system puts them
 * 6. bench_threads_add; measure
 * 7. bench_kinds_close */
#ifndef TOOL_BENCH_KINDS_H
#define TOOL_BENCH_KINDS_H

#include <limits.h>
#include <ward/host.h>
#include "tool/bench_place.h"
#include "tool/bench_plan.h"

enum { BENCH_KINDS = WARD_PROCESS + 1 };

struct bench_kinds;
struct probe; /* the generated host view's: tool/probe_host.h */

struct bench_kind {
        struct bench_side *side; /* NULL where the kind was not asked for */
        struct bench_kinds *kinds;
        struct ward_activate_options options;
        char module[PATH_MAX];
        struct probe *probe; /* NULL where the side is out, and once released */
        struct probe *begun; /* another, for calls that are begun; likewise */
        const char *place;   /* where its two ends are */
};

struct bench_kinds {
        struct ward_host *host;
        struct bench_kind at[BENCH_KINDS]; /* by enum ward_isolation */
        struct bench_kind one_core;        /* kind process, with the worker on the host's processor */
        struct bench_kind free_threaded;   /* kind process, free-threaded; only where it is spread */
        uint8_t *bulk;                     /* what bench_bulk.c sends */
};

struct bench_kinds_options {
        bool wanted[BENCH_KINDS];
        const char *folder;              /* where bench.so and bench.wasm are */
        const struct bench_place *place; /* borrowed until bench_kinds_close */
};

/* Makes a host and activates the add-in at each kind that is wanted. A kind that cannot run has its side out; a fault is for want
 * of memory. */
int bench_kinds_open(struct bench_plan *plan, const struct bench_kinds_options *options, struct bench_kinds **ret_kinds,
                     struct ward_fault *fault);
void bench_kinds_release(struct bench_kinds *kinds);
void bench_kinds_spread(struct bench_kinds *kinds, struct bench_plan *plan);
/* NULL is fine. Returns NULL. */
struct bench_kinds *bench_kinds_close(struct bench_kinds *kinds);

/* Activates the kind's add-in once more. */
int bench_kind_activate(const struct bench_kind *kind, struct probe **ret_probe, struct ward_fault *fault);

/* How many events the host has got. */
extern uint64_t bench_events;

/* bench_calls.c, bench_async.c, bench_bulk.c, bench_activate.c, bench_threads.c: the tasks of the kinds that are wanted. The kinds
 * of one row follow each other. bench_places_add adds what a process's calls cost elsewhere and otherwise: on one processor, and
 * where both sides sleep. */
void bench_calls_add(struct bench_plan *plan, struct bench_kinds *kinds);
void bench_async_add(struct bench_plan *plan, struct bench_kinds *kinds);
void bench_places_add(struct bench_plan *plan, struct bench_kinds *kinds);
int bench_bulk_add(struct bench_plan *plan, struct bench_kinds *kinds, struct ward_fault *fault);
void bench_activate_add(struct bench_plan *plan, struct bench_kinds *kinds);
void bench_threads_add(struct bench_plan *plan, struct bench_kinds *kinds);

#endif
