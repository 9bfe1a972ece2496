/* The processor time of calls at kind `wasm`: measured by the clock of the thread that makes them, where the domain's quota asks
 * for it, and limited by the monitor, which reads the clocks of those that are in a call.
 *
 *      1. wasm_cpu_start, with the domain      2. wasm_cpu_begin, wasm_cpu_end around each call      3. wasm_cpu_stop
 *
 * Of calls that nest on a thread within one domain the outermost counts. */
#ifndef DOMAIN_WASM_CPU_H
#define DOMAIN_WASM_CPU_H

#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>
#include <ward/fault.h>
#include "monitor/monitor.h"

struct loaded;
struct ward_domain;
struct wasm_domain;

/* Of a domain. */
struct wasm_cpu {
        bool on;
        uint64_t limit_ns;          /* CLOCK_NEVER: none */
        struct monitor_alarm alarm; /* where there is a limit */
        _Atomic uint32_t running;   /* calls that are measured now */
        _Atomic bool over;
};

/* Of an instance. */
struct wasm_cpu_call {
        _Atomic uint64_t began;          /* by @clock, and 1; 0: none is measured */
        _Atomic int clock;               /* clockid_t of the thread that makes the call */
        const struct wasm_domain *outer; /* whose calls that thread's time was counted for before */
};

void wasm_cpu_start(struct ward_domain *domain, struct wasm_domain *held);
void wasm_cpu_stop(struct ward_domain *domain, struct wasm_domain *held);

/* Where it is on. True if this call is the one that counts: then wasm_cpu_end is called with it. */
bool wasm_cpu_begin(struct loaded *loaded);
void wasm_cpu_end(struct loaded *loaded);

/* Used so far, calls under way too. With the domain's info_lock. */
uint64_t wasm_cpu_used(const struct ward_domain *domain);

/* For a call that was ended: whether that was for this. Fills in the fault then. */
bool wasm_cpu_is_over(const struct loaded *loaded, const char *function, struct ward_fault *fault);

#endif
