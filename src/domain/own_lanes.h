/* The host's side of the lanes that an add-in's own threads use. Nobody waits at their host ends: the worker rings, and who
 * dispatches looks which of them have something.
 *
 * While such a lane is looked at, its visit keeps the domain from being stopped; the visit has no turn, so that a call which waits
 * for a thread of the add-in's does not keep that from being served. */
#ifndef DOMAIN_OWN_LANES_H
#define DOMAIN_OWN_LANES_H

#include "channel/doorbell.h"
#include "domain/dispatch.h"
#include "domain/lane.h"

struct own_lane {
        struct lane lane;       /* the first member */
        struct message message; /* one that was received and could not be served yet */
        bool waits;             /* @message is there */
        bool served;            /* by a thread that dispatches; guarded by the process's lock, as the next */
        bool again;             /* it was rung meanwhile */
};

struct own_lanes {
        struct own_lane *lanes[CHANNEL_OWN_LANES]; /* made when they are first rung; guarded by the process's lock, as the next */
        uint32_t first;                            /* where to look next, so that each comes to its share */
        struct dispatch_source source;
};

/* Has the domain's doorbell looked at from here on: 0, or a fault; and the way back. */
int own_lanes_start(struct process *process, struct ward_fault *fault);
void own_lanes_stop(struct process *process);

#endif
