/* Kind `process`: what the worker asks of the host, checked against the host's own contract. */
#include <errno.h>
#include <string.h>
#include "base/fault.h"
#include "base/own.h"
#include "base/room.h"
#include "domain/denied.h"
#include "domain/process.h"

/* A call of the host that the worker waits for. */
struct incoming {
        struct lane *lane;
        struct instance *instance;
        uint32_t import;
        const struct ward_func *func;
        struct crossing *crossing; /* NULL: the function has no handles */
};

/* Whether there is a worker to be answered. */
static int check_here(const struct lane *lane, struct ward_fault *fault)
{
        if (domain_is_here(lane->domain))
                return 0;
        return domain_unloaded_fault(lane->domain, fault); /* a child that the host's function forked: it has no channel */
}

/* Lowers what the import returned, or sees to it that it is nobody's. */
static int lower_result(const struct incoming *in, void *ret, uint64_t *ret_slots, struct ward_fault *fault)
{
        int r = check_here(in->lane, fault);
        if (!r) {
                channel_spare_slots(&in->lane->channel);
                r = marshal_lower_result(in->func, ret, ret_slots, lane_memory(in->lane, in->crossing), fault);
                channel_use_slots(&in->lane->channel);
        }
        if (in->lane->coming.n) /* the result is gone when the worker reads it */
                coming_write(&in->lane->channel, &in->lane->coming, &in->lane->process->guard);
        if (r && in->crossing) {
                crossing_undo(in->crossing);
                crossing_refuse(in->crossing, in->func->result, ret);
        }
        return r;
}

/* Runs the import with lifted arguments and lowers what it returns. */
static int run(const struct incoming *in, void *args, uint64_t *ret_slots, struct ward_fault *fault)
{
        const struct ward_type *result = in->func->result;
        size_t size = result ? result->size : 0;
        OWNED(room_give) struct room room;
        void *ret = room_take(&room, size);
        if (!ret)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "no memory for the result of '%s'", in->func->name);
        memset(ret, 0, size);
        if (in->crossing)
                crossing_arrived(in->crossing);
        int r = instance_serve(in->instance, in->import, args, ret, fault);
        if (r || !result)
                return r ? r : check_here(in->lane, fault);
        r = lower_result(in, ret, ret_slots, fault);
        ward_value_free(result, ret);
        return r;
}

/* What the add-in has posted before this. @fault is for the lane's end, which it is to be given a reason for. */
static int make_posted(struct lane *lane, struct ward_fault *fault)
{
        int r = process_make_posted(lane, fault);
        if (r == CHANNEL_DEADLINE)
                return fault_set(fault, WARD_FAULT_DEADLINE, "the calls that it had posted did not end within the deadline");
        return r;
}

static int serve(const struct incoming *in, uint64_t *slots, struct ward_fault *fault)
{
        uint64_t budget = process_budget(in->lane->process);
        OWNED(room_give) struct room room;
        void *args = room_take(&room, in->func->params->size);
        if (!args)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "no memory for the arguments of '%s'", in->func->name);
        channel_slots(&in->lane->channel, slots, process_flat_params(in->func));
        int r = marshal_lift_params(in->func, slots, lane_memory(in->lane, in->crossing), &budget, args, fault);
        if (r)
                return r;
        if (in->lane->ring.words)
                r = make_posted(in->lane, fault);
        if (!r)
                r = run(in, args, slots, fault);
        ward_value_free(in->func->params, args);
        return r;
}

/* The same for whoever has handles. Given up first, so that nothing more is asked of the worker for what is undone. */
static int serve_with_handles(struct incoming *in, uint64_t *slots, struct ward_fault *fault)
{
        struct crossing crossing;
        struct ward_fault why;
        crossing_begin(&crossing, in->instance->references);
        in->crossing = &crossing;
        int r = serve(in, slots, &why);
        if (r) {
                r = process_give_up(in->lane, &why, fault);
                crossing_undo(&crossing);
        }
        crossing_end(&crossing);
        return r;
}

/* The worker runs again once it is answered, so everything that might call it comes before. */
static int serve_import(struct incoming *in, struct ward_fault *fault)
{
        struct channel *channel = &in->lane->channel;
        uint64_t slots[CHANNEL_SLOTS] = { 0 };
        struct arena_mark mark = channel_mark(channel);
        struct ward_fault why;
        int r;
        if (func_has_handles(in->func))
                r = serve_with_handles(in, slots, fault);
        else
                r = serve(in, slots, &why) ? process_give_up(in->lane, &why, fault) : 0;
        if (!r)
                channel_send(channel, MESSAGE_IMPORT_RETURN, 0, channel->grown, slots, 1);
        channel_release(channel, mark);
        return r;
}

static int serve_drop(struct lane *lane, struct instance *instance, uint32_t resource, struct ward_fault *fault)
{
        struct ward_fault why;
        uint64_t slot;
        channel_slots(&lane->channel, &slot, 1);
        if (lane->ring.words && make_posted(lane, &why))
                return process_give_up(lane, &why, fault);
        if (references_drop(instance->references, resource, (uint32_t)slot, &why))
                return process_lose(lane, fault, why.kind, "dropping a handle: %s", why.text);
        if (check_here(lane, &why))
                return process_give_up(lane, &why, fault);
        channel_send(&lane->channel, MESSAGE_IMPORT_RETURN, 0, 0, NULL, 0);
        return 0;
}

/* The add-in that asks is the one that this lane has called, which is held by that call: not one that comes or goes, and not
 * another, which may be going on another thread. */
static int find_caller(struct lane *lane, const struct message *message, struct instance **ret_instance, struct ward_fault *fault)
{
        uint64_t calling = atomic_load_explicit(&lane->calling, memory_order_relaxed);
        if (calling == LANE_IDLE || (uint32_t)calling == PROCESS_LOADING)
                return process_lose(lane, fault, WARD_FAULT_PROTOCOL, "the worker calls the host outside of a call");
        if (message->instance != calling >> 32)
                return process_lose(lane, fault, WARD_FAULT_PROTOCOL,
                                    "the worker calls the host for add-in %u, which this call is not of", message->instance);
        *ret_instance = atomic_load_explicit(&lane->process->instances[message->instance], memory_order_relaxed);
        return 0;
}

int process_serve(struct lane *lane, const struct message *message, struct ward_fault *fault)
{
        struct instance *instance = NULL;
        int r = find_caller(lane, message, &instance, fault);
        if (r)
                return r;
        uint32_t n_imports = instance->contract->n_imports;
        if (message->function < n_imports) {
                struct incoming in = { lane, instance, message->function, instance->contract->imports[message->function].func };
                if (denied_import(instance->denied, message->function))
                        return process_lose(lane, fault, WARD_FAULT_PROTOCOL,
                                            "the worker calls '%s', which is denied to its add-in", in.func->name);
                return serve_import(&in, fault);
        }
        if (message->function - n_imports < instance->contract->n_resources)
                return serve_drop(lane, instance, message->function - n_imports, fault);
        return process_lose(lane, fault, WARD_FAULT_PROTOCOL, "the worker calls function %u of the host, which there is not",
                            message->function);
}
