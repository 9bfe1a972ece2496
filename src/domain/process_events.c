/* Kind `process`: calls that the add-in does not wait for. They lie in the lane's ring, and are made before the call or the answer
 * that follows them. */
#include "base/fault.h"
#include "base/own.h"
#include "base/room.h"
#include "domain/deadline.h"
#include "domain/process.h"

enum { LOOK_UP = 256 }; /* events between two looks at the clock */

/* --- The ring --------------------------------------------------------------------------------- */

void process_give_ring(struct lane *lane)
{
        struct shared *shared = &lane->process->shared;
        if (!lane->ring.words && !shared_take(shared, RING_EXTENT, &lane->ring_extent)) {
                ring_attach(shared->base, lane->ring_extent, &lane->ring);
                atomic_store(&lane->ring.words->head, 0);
                atomic_store(&lane->ring.words->tail, 0);
        }
        const uint64_t slots[] = { lane->ring_extent.start, lane->ring_extent.end };
        channel_send(&lane->channel, MESSAGE_RING_RETURN, 0, 0, slots, COUNT_OF(slots));
}

void process_take_ring(struct lane *lane)
{
        if (lane->ring.words)
                shared_give(&lane->process->shared, lane->ring_extent);
        lane->ring = (struct ring){ NULL };
        lane->ring_extent = (struct extent){ 0, 0 };
}

/* --- Events ----------------------------------------------------------------------------------- */

/* Whose events are being made: the add-in that the lane has called is held by that call, another for as long as it is looked at. */
struct poster {
        struct instance *instance;
        uint32_t number;
        bool held;
};

static void drop_poster(struct poster *poster)
{
        if (poster->held)
                instance_unref(poster->instance);
        *poster = (struct poster){ NULL };
}

static bool find_poster(struct lane *lane, uint32_t number, struct poster *poster)
{
        uint64_t calling = atomic_load_explicit(&lane->calling, memory_order_relaxed);
        drop_poster(poster);
        poster->number = number;
        poster->held = calling == LANE_IDLE || (uint32_t)calling == PROCESS_LOADING || calling >> 32 != number;
        if (poster->held)
                poster->instance = process_hold_instance(lane->process, number);
        else
                poster->instance = atomic_load_explicit(&lane->process->instances[number], memory_order_relaxed);
        poster->held = poster->held && poster->instance;
        return poster->instance;
}

static int lose(struct lane *lane, const char *what, struct ward_fault *fault)
{
        return process_lose(lane, fault, WARD_FAULT_PROTOCOL, "the worker posted %s", what);
}

/* Whether there is a worker still, as the host's function may have ended it, or have forked. */
static int check(struct lane *lane, struct ward_fault *fault)
{
        if (!domain_is_here(lane->domain))
                return domain_unloaded_fault(lane->domain, fault);
        return atomic_load_explicit(&lane->process->guard, memory_order_relaxed) ? 0 : process_gone(lane->process, fault);
}

/* Its place in the ring is the worker's again before the host's function runs: that may call back, and have more of the ring read.
 */
static int make(struct lane *lane, struct instance *instance, const struct ring_record *record, struct ward_fault *fault)
{
        const struct ward_func *func = instance->contract->imports[record->function].func;
        uint64_t budget = process_budget(lane->process);
        struct ward_fault why;
        OWNED(room_give) struct room room;
        void *args = room_take(&room, func->params->size);
        if (!args)
                return process_lose(lane, fault, WARD_FAULT_SYSTEM, "no memory for the arguments of '%s'", func->name);
        if (marshal_lift_params(func, record->slots, lane_memory(lane, NULL), &budget, args, &why))
                return process_give_up(lane, &why, fault);
        ring_done(&lane->ring, record);
        int r = instance_serve(instance, record->function, args, room.here, &why);
        ward_value_free(func->params, args);
        return r ? process_give_up(lane, &why, fault) : check(lane, fault);
}

static int take(struct lane *lane, struct poster *poster, struct ward_fault *fault)
{
        struct ring_record record;
        if (!ring_next(&lane->ring, &record))
                return lose(lane, "what is no event", fault);
        if ((!poster->instance || record.instance != poster->number) &&
            (record.instance >= MESSAGE_INSTANCES || !find_poster(lane, record.instance, poster)))
                return lose(lane, "an event of an add-in that is not there", fault);
        const struct ward_contract *contract = poster->instance->contract;
        const struct ward_func *func = record.function < contract->n_imports ? contract->imports[record.function].func : NULL;
        if (!func || func->result || func_has_handles(func) || record.n_slots < process_flat_params(func))
                return lose(lane, "an event that there is not", fault);
        return make(lane, poster->instance, &record, fault);
}

static bool is_late(void)
{
        return deadline_inherited != CLOCK_NEVER && clock_now() >= deadline_inherited;
}

/* As far as the worker was at the beginning; what it adds meanwhile comes next time. */
static int take_all(struct lane *lane, struct ward_fault *fault)
{
        struct ring *ring = &lane->ring;
        struct poster poster = { NULL };
        int r = 0;
        for (uint32_t n = 0, end = ring->head; !r && (int32_t)(end - ring->tail) > 0; n++)
                r = n % LOOK_UP == LOOK_UP - 1 && is_late() ? CHANNEL_DEADLINE : take(lane, &poster, fault);
        drop_poster(&poster);
        if (domain_is_here(lane->domain) && ring->words)
                ring_pass(ring);
        return r;
}

int process_make_posted(struct lane *lane, struct ward_fault *fault)
{
        if (!ring_look(&lane->ring))
                return lose(lane, "more than its ring holds", fault);
        return ring_is_empty(&lane->ring) ? 0 : take_all(lane, fault);
}
