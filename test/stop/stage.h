/* What the tests of calls that do not end share: an add-in of stops.wasm, and who runs its calls. */
#ifndef TEST_STOP_STAGE_H
#define TEST_STOP_STAGE_H

#include "stops_host.h"
#include "test/support.h"

struct stage {
        struct ward_host *host;
        struct stops *stops;
        struct stops_services services;
        uint32_t (*visit)(struct stage *stage, uint32_t n); /* NULL: gives n + 1 */
        uint32_t visits;
};

/* Ways not to end (stops.c): what act is called with, and an add-in that is to hang when it is initialized. NULL at the end. */
extern const char *const stage_ways[];

/* Activates it, with @deadline_ms for each call, in a host that is made where there is none. @way: NULL, or how it hangs when it is
 * initialized. 0, or the fault. */
int stage_try(struct stage *stage, uint32_t deadline_ms, const char *way, struct ward_fault *fault);
void stage_set(struct stage *stage, uint32_t deadline_ms);
/* Releases the add-in; the host stays. */
void stage_clear(struct stage *stage);
void stage_strike(struct stage *stage);

int stage_act(struct stage *stage, const char *way, struct ward_fault *fault);
int stage_twice(struct stage *stage, const char *text, struct ward_fault *fault);

/* What mix of stops.c gives. */
uint32_t mixed(uint32_t seed, uint32_t rounds);

/* Nanoseconds. */
uint64_t now(void);
void pause_us(unsigned us);

#endif
