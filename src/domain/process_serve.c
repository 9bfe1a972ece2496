/* Kind `process`: what the worker asks of the host, checked against the host's own contract. */
#include <errno.h>
#include <string.h>
#include "base/fault.h"
#include "base/own.h"
#include "base/room.h"
#include "domain/process.h"

/* A call of the host that the worker waits for. */
struct incoming {
        struct process *process;
        struct instance *instance;
        uint32_t import;
        const struct ward_func *func;
        struct crossing *crossing; /* NULL: the function has no handles */
};

/* Whether there is a worker to be answered. */
static int check_here(const struct process *process, struct ward_fault *fault)
{
        if (domain_is_here(process->domain))
                return 0;
        return domain_unloaded_fault(process->domain, fault); /* a child that the host's function forked: it has no channel */
}

/* Lowers what the import returned, or sees to it that it is nobody's. */
static int lower_result(const struct incoming *in, void *ret, uint64_t *ret_slots, struct ward_fault *fault)
{
        struct process *process = in->process;
        int r = check_here(process, fault);
        if (!r)
                r = marshal_lower_result(in->func, ret, ret_slots, process_memory(process, in->crossing), fault);
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
        instance_serve(in->instance, in->import, args, ret);
        if (!result)
                return check_here(in->process, fault);
        int r = lower_result(in, ret, ret_slots, fault);
        ward_value_free(result, ret);
        return r;
}

static int serve(const struct incoming *in, uint64_t *slots, struct ward_fault *fault)
{
        struct process *process = in->process;
        uint64_t budget = process_budget(process);
        OWNED(room_give) struct room room;
        void *args = room_take(&room, in->func->params->size);
        if (!args)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "no memory for the arguments of '%s'", in->func->name);
        channel_slots(&process->channel, slots, process_flat_params(in->func));
        int r = marshal_lift_params(in->func, slots, process_memory(process, in->crossing), &budget, args, fault);
        if (r)
                return r;
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
                r = process_give_up(in->process, &why, fault);
                crossing_undo(&crossing);
        }
        crossing_end(&crossing);
        return r;
}

/* The worker runs again once it is answered, so everything that might call it comes before. */
static int serve_import(struct incoming *in, struct ward_fault *fault)
{
        struct channel *channel = &in->process->channel;
        uint64_t slots[CHANNEL_SLOTS] = { 0 };
        uint32_t mark = channel->arena.top;
        struct ward_fault why;
        int r;
        if (func_has_handles(in->func))
                r = serve_with_handles(in, slots, fault);
        else
                r = serve(in, slots, &why) ? process_give_up(in->process, &why, fault) : 0;
        if (!r)
                channel_send(channel, MESSAGE_IMPORT_RETURN, 0, 0, slots, 1);
        /* The worker may be reading still: memory goes back to the system with the call that this is in. */
        channel->arena.top = mark;
        return r;
}

static int serve_drop(struct process *process, struct instance *instance, uint32_t resource, struct ward_fault *fault)
{
        struct ward_fault why;
        uint64_t slot;
        channel_slots(&process->channel, &slot, 1);
        if (references_drop(instance->references, resource, (uint32_t)slot, &why))
                return process_lose(process, fault, why.kind, "dropping a handle: %s", why.text);
        if (check_here(process, &why))
                return process_give_up(process, &why, fault);
        channel_send(&process->channel, MESSAGE_IMPORT_RETURN, 0, 0, NULL, 0);
        return 0;
}

/* An add-in that comes or goes must not be given anything, nor give. */
static bool is_calling(const struct process *process)
{
        return (uint32_t)atomic_load(&process->calling) != PROCESS_LOADING;
}

int process_serve(struct process *process, const struct message *message, struct ward_fault *fault)
{
        struct instance *instance = message->instance < MESSAGE_INSTANCES ? process->instances[message->instance] : NULL;
        uint32_t n_imports = instance ? instance->contract->n_imports : 0;
        uint32_t n_resources = instance ? instance->contract->n_resources : 0;
        if (!is_calling(process))
                return process_lose(process, fault, WARD_FAULT_PROTOCOL, "the worker calls the host outside of a call");
        if (message->function < n_imports) {
                struct incoming in = { process, instance, message->function, instance->contract->imports[message->function].func };
                return serve_import(&in, fault);
        }
        if (message->function - n_imports < n_resources)
                return serve_drop(process, instance, message->function - n_imports, fault);
        return process_lose(process, fault, WARD_FAULT_PROTOCOL, "the worker calls function %u of the host, which there is not",
                            message->function);
}
