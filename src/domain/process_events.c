/* Kind `process`: calls that the add-in does not wait for. They lie in the lane's ring, and are made before the call or the answer
 * that follows them. */
#include <stdlib.h>
#include "base/fault.h"
#include "base/own.h"
#include "domain/deadline.h"
#include "domain/denied.h"
#include "domain/executor.h"
#include "domain/process.h"

enum {
        LOOK_UP = 256, /* events between two looks at the clock */
        SMALL = 256,   /* bytes of arguments that need no malloc */
};

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

/* What the events of a row have in common, looked up when it changes: the add-in, which the lane's call holds, or else this, and
 * the function, which was seen to be one that can be posted. */
struct row {
        struct instance *instance; /* NULL: none yet */
        uint32_t number;
        bool held;
        bool plain; /* the host's function is simply called: nobody looks in, and this is no thread of Ward's */
        uint32_t function;
        uint32_t n_slots;
        const struct ward_import *import; /* NULL: none yet */
        const struct ward_type *params;
};

static void drop_row(struct row *row)
{
        if (row->held)
                instance_unref(row->instance);
        *row = (struct row){ NULL };
}

static void find_instance(struct lane *lane, uint32_t number, struct row *row)
{
        uint64_t calling = atomic_load_explicit(&lane->calling, memory_order_relaxed);
        drop_row(row);
        if (number >= MESSAGE_INSTANCES)
                return;
        row->number = number;
        row->held = calling == LANE_IDLE || (uint32_t)calling == PROCESS_LOADING || calling >> 32 != number;
        if (row->held)
                row->instance = process_hold_instance(lane->process, number);
        else
                row->instance = atomic_load_explicit(&lane->process->instances[number], memory_order_relaxed);
        row->held = row->held && row->instance;
}

static int lose(struct lane *lane, const char *what, struct ward_fault *fault)
{
        return process_lose(lane, fault, WARD_FAULT_PROTOCOL, "the worker posted %s", what);
}

static __attribute__((noinline)) int find_row(struct lane *lane, const struct ring_record *record, struct row *row,
                                              struct ward_fault *fault)
{
        if (!row->instance || row->number != record->instance)
                find_instance(lane, record->instance, row);
        if (!row->instance)
                return lose(lane, "an event of an add-in that is not there", fault);
        const struct ward_contract *contract = row->instance->contract;
        if (record->function >= contract->n_imports)
                return lose(lane, "an event that there is not", fault);
        const struct ward_import *import = &contract->imports[record->function];
        if (denied_import(row->instance->denied, record->function))
                return lose(lane, "a call that is denied to its add-in", fault);
        if (import->func->result || func_has_handles(import->func))
                return lose(lane, "a call that cannot be posted", fault);
        row->function = record->function;
        row->n_slots = process_flat_params(import->func);
        row->params = import->func->params;
        row->plain = import->serve && !row->instance->tracer && !executor_is_own();
        row->import = import;
        return 0;
}

/* Whether there is a worker still, as the host's function may have ended it, or have forked. */
static inline int check(struct lane *lane, struct ward_fault *fault)
{
        if (!domain_is_here(lane->domain))
                return domain_unloaded_fault(lane->domain, fault);
        return atomic_load_explicit(&lane->process->guard, memory_order_relaxed) ? 0 : process_gone(lane->process, fault);
}

/* Its place in the ring is the worker's again before the host's function runs: that may call back, and have more of the ring read.
 */
static inline int make_in(struct lane *lane, const struct row *row, const struct ring_record *record, void *args,
                          struct ward_fault *fault)
{
        uint64_t budget = process_budget(lane->process);
        int r = marshal_lift_params(row->import->func, record->slots, &lane->memory, &budget, args, fault);
        if (r)
                return r;
        ring_done(&lane->ring, record);
        if (row->plain)
                row->import->serve(row->import, row->instance->services, args, NULL);
        else
                r = instance_serve(row->instance, row->function, args, args, fault);
        if (row->params->flags & WARD_TYPE_OWNS)
                ward_value_free(row->params, args);
        return r;
}

static __attribute__((noinline)) int make_large(struct lane *lane, const struct row *row, const struct ring_record *record,
                                                struct ward_fault *fault)
{
        OWNED(freep) void *args = malloc(row->params->size);
        if (!args)
                return fault_set(fault, WARD_FAULT_SYSTEM, "no memory for the arguments of '%s'", row->import->func->name);
        return make_in(lane, row, record, args, fault);
}

static inline int make(struct lane *lane, const struct row *row, const struct ring_record *record, struct ward_fault *fault)
{
        _Alignas(16) uint8_t args[SMALL];
        return row->params->size > SMALL ? make_large(lane, row, record, fault) : make_in(lane, row, record, args, fault);
}

static inline int take(struct lane *lane, struct row *row, struct ward_fault *why, struct ward_fault *fault)
{
        struct ring_record record;
        int r = 0;
        if (!ring_next(&lane->ring, &record))
                return lose(lane, "what is no event", fault);
        if (!row->import || record.instance != row->number || record.function != row->function)
                r = find_row(lane, &record, row, fault);
        if (r)
                return r;
        if (record.n_slots < row->n_slots)
                return lose(lane, "less than an event", fault);
        lane->memory.handles = NULL;
        r = make(lane, row, &record, why);
        return r ? process_give_up(lane, why, fault) : check(lane, fault);
}

static bool is_late(void)
{
        return deadline_inherited != CLOCK_NEVER && clock_now() >= deadline_inherited;
}

/* As far as the worker was at the beginning; what it adds meanwhile comes next time. */
static int take_all(struct lane *lane, struct ward_fault *fault)
{
        struct ring *ring = &lane->ring;
        struct row row = { NULL };
        struct ward_fault why;
        int r = 0;
        for (uint32_t n = 0, end = ring->head; !r && (int32_t)(end - ring->tail) > 0; n++)
                r = n % LOOK_UP == LOOK_UP - 1 && is_late() ? CHANNEL_DEADLINE : take(lane, &row, &why, fault);
        drop_row(&row);
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
