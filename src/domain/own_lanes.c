#include "domain/own_lanes.h"

#include <stdlib.h>
#include <string.h>
#include "base/barrier.h"
#include "base/own.h"
#include "domain/deadline.h"
#include "domain/process.h"

enum {
        SHARE = 16,    /* lanes that one thread serves before it returns to its loop */
        MESSAGES = 64, /* of one lane in a row */
};

/* --- Which are to be served ------------------------------------------------------------------- */

/* With the lock. NULL without memory. */
static struct own_lane *make(struct process *process, uint32_t index)
{
        struct own_lane *own = aligned_alloc(128, (sizeof *own + 127) & ~(size_t)127);
        if (!own)
                return NULL;
        memset(own, 0, sizeof *own);
        process_add_own_lane(process, &own->lane, CHANNEL_OWN_FIRST + index);
        return process->own.lanes[index] = own;
}

/* With the lock. Takes the lane that was rung; NULL where another thread has it, which looks again then. */
static struct own_lane *claim(struct process *process, uint32_t index)
{
        struct own_lane *own = process->own.lanes[index];
        doorbell_take(doorbell_words(&process->shared), CHANNEL_OWN_FIRST + index);
        if (!own)
                own = make(process, index);
        if (!own)
                return NULL;
        if (own->served) {
                own->again = true;
                return NULL;
        }
        own->served = true;
        atomic_fetch_add(&own->lane.users, 1);
        atomic_store(&own->lane.visit.depth, 1); /* busy before it is seen whether the domain runs */
        return own;
}

_Static_assert(CHANNEL_OWN_FIRST % 64 == 0 && CHANNEL_OWN_LANES == 64, "their bits are one word");

/* The next behind that which was the last one, and around, once: a worker that rings without end would keep this thread here, with
 * the lock. What it rings behind the arming makes the doorbell readable anew. */
static struct own_lane *next(struct process *process)
{
        uint32_t *first = &process->own.first;
        struct own_lane *own = NULL;
        pthread_mutex_lock(&process->lock);
        if (!process->stopped)
                doorbell_arm(doorbell_words(&process->shared));
        for (int i = 0; i < CHANNEL_OWN_LANES && !own && !process->stopped; i++) {
                uint64_t bits = doorbell_waiting(doorbell_words(&process->shared), CHANNEL_OWN_FIRST / 64);
                uint64_t later = bits & ~(uint64_t)0 << *first;
                if (!bits)
                        break;
                uint32_t index = (uint32_t)__builtin_ctzll(later ? later : bits);
                *first = (index + 1) % CHANNEL_OWN_LANES;
                own = claim(process, index);
        }
        pthread_mutex_unlock(&process->lock);
        barrier_light();
        return own;
}

/* Leaves the visit, which may be the end of the domain. @more: there is something left. True if it is to be looked at again. */
static bool leave(struct process *process, struct own_lane *own, bool more)
{
        if (!domain_is_here(process->domain)) /* a child that the host's function forked */
                return false;
        domain_leave(process->domain, &own->lane.visit);
        pthread_mutex_lock(&process->lock);
        more |= own->again;
        own->again = own->served = false;
        if (more && !process->stopped)
                doorbell_put_back(doorbell_words(&process->shared), own->lane.number);
        pthread_mutex_unlock(&process->lock);
        lane_unref(&own->lane);
        return more;
}

/* --- Serving ---------------------------------------------------------------------------------- */

/* Whether it could be done: an add-in that is being loaded calls before the host can hold it. */
static bool serve_import(struct own_lane *own, struct ward_fault *fault)
{
        struct lane *lane = &own->lane;
        uint32_t number = own->message.instance;
        struct instance *instance = process_hold_instance(lane->process, number);
        own->waits = !instance && number < MESSAGE_INSTANCES && atomic_load(&lane->process->instances[number]);
        if (own->waits)
                return false;
        if (!instance) {
                process_lose(lane, fault, WARD_FAULT_PROTOCOL, "a thread of an add-in that is not there calls the host");
                return false;
        }
        uint64_t before = lane_begin(lane, number, PROCESS_OWN_THREAD);
        lane_borrow(lane);
        int r = process_serve(lane, &own->message, fault);
        instance_unref(instance);
        lane_return(lane);
        lane_finish(lane, before);
        return !r;
}

static bool serve_message(struct own_lane *own, struct ward_fault *fault)
{
        struct lane *lane = &own->lane;
        switch (own->message.kind) {
        case MESSAGE_IMPORT:
                return serve_import(own, fault);
        case MESSAGE_MORE:
                process_give_more(lane);
                return true;
        case MESSAGE_AGAIN:
                process_pass_again(lane);
                return true;
        case MESSAGE_RING:
                process_give_ring(lane);
                return true;
        case MESSAGE_EVENTS: /* they were made */
                channel_send(&lane->channel, MESSAGE_EVENTS_RETURN, 0, 0, NULL, 0);
                return true;
        case MESSAGE_SETTLE:
                channel_settle(&lane->channel, &lane->process->shared);
                channel_send(&lane->channel, MESSAGE_SETTLE_RETURN, 0, 0, NULL, 0);
                return true;
        default:
                process_lose(lane, fault, WARD_FAULT_PROTOCOL, "a thread of the worker says message %u", own->message.kind);
                return false;
        }
}

static bool receive(struct own_lane *own, struct ward_fault *fault)
{
        struct lane *lane = &own->lane;
        if (own->waits)
                return true;
        enum channel_outcome outcome = channel_wait(&lane->channel, &lane->process->guard, 1);
        if (outcome == CHANNEL_BROKEN)
                process_lose(lane, fault, WARD_FAULT_PROTOCOL, "the worker broke the order of messages");
        if (outcome != CHANNEL_MESSAGE)
                return false;
        own->message = channel_receive(&lane->channel);
        own->waits = true;
        return true;
}

/* What was posted comes before what was sent: who has sent posts no more until it is answered. The calls that a posted one makes go
 * over this thread's own lane, since the worker's thread does not wait for any. */
static bool serve_one(struct own_lane *own, struct ward_fault *fault)
{
        bool received = receive(own, fault);
        if (own->lane.ring.words && process_make_posted(&own->lane, fault))
                return false;
        if (!received)
                return false;
        own->waits = false;
        return serve_message(own, fault);
}

/* A fault has ended the domain, and is told by it. */
static void serve(struct own_lane *own)
{
        struct ward_fault fault;
        uint64_t outer = deadline_inherited;
        deadline_inherited = CLOCK_NEVER;
        for (int i = 0; i < MESSAGES && domain_is_running(own->lane.domain) && serve_one(own, &fault); i++)
                ;
        deadline_inherited = outer;
}

/* Whether something is left: a message, or what was posted since. */
static bool has_more(struct own_lane *own)
{
        struct lane *lane = &own->lane;
        if (!domain_is_running(lane->domain))
                return false;
        if (own->waits || channel_wait(&lane->channel, NULL, 1) == CHANNEL_MESSAGE)
                return true;
        return lane->ring.words && ring_look(&lane->ring) && !ring_is_empty(&lane->ring);
}

static bool dispatch(struct ward_domain *domain)
{
        struct process *process = process_hold(domain);
        bool more = false;
        int n = 0;
        if (!process)
                return false;
        for (; n < SHARE && domain_is_here(domain); n++) {
                struct own_lane *own = next(process);
                if (!own)
                        break;
                serve(own);
                more |= leave(process, own, has_more(own));
        }
        more |= n == SHARE; /* others may wait that have rung already */
        process_unref(process);
        return more;
}

/* --- Life ------------------------------------------------------------------------------------- */

int own_lanes_start(struct process *process, struct ward_fault *fault)
{
        struct dispatch_source *source = &process->own.source;
        *source = (struct dispatch_source){ .fd = process->doorbell, .domain = process->domain, .serve = dispatch };
        doorbell_arm(doorbell_words(&process->shared));
        return dispatch_source_add(process->domain->domains->dispatch, source, fault);
}

void own_lanes_stop(struct process *process)
{
        if (process->own.source.serve)
                dispatch_source_remove(process->domain->domains->dispatch, &process->own.source);
}
