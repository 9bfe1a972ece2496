#include <errno.h>
#include <string.h>
#include "base/fault.h"
#include "base/own.h"
#include "base/room.h"
#include "worker/worker.h"

/* Set on the thread that serves the channel, while an add-in runs on it: only there can the host be called. */
static _Thread_local bool may_call_host;

static int no_memory(struct ward_fault *fault)
{
        return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "the worker cannot hold the values within limits.memory_bytes");
}

static uint32_t flat_params(const struct ward_func *func)
{
        return ward_func_spills(func) ? 1 : func->params->flat;
}

/* The values came from the host, which is trusted: no budget. */
static int lift_params(struct worker *worker, const struct ward_func *func, void *args, struct ward_fault *fault)
{
        uint64_t slots[CHANNEL_SLOTS] = { 0 }, budget = UINT64_MAX;
        channel_slots(&worker->channel, slots, flat_params(func));
        return marshal_lift_params(func, slots, &worker->memory, &budget, args, fault);
}

/* Values that the add-in made and that are none break the contract, which is not the host's mistake. */
static int add_ins_fault(int r, struct ward_fault *fault)
{
        if (r != -WARD_FAULT_USAGE)
                return r;
        fault->kind = WARD_FAULT_PROTOCOL;
        return -WARD_FAULT_PROTOCOL;
}

static int lower_result(struct worker *worker, const struct ward_func *func, void *ret, uint64_t *ret_slot,
                        struct ward_fault *fault)
{
        if (!func->result)
                return 0;
        uint64_t slots[CHANNEL_SLOTS] = { 0 };
        int r = marshal_lower_result(func, ret, slots, &worker->memory, fault);
        ward_value_free(func->result, ret);
        *ret_slot = slots[0];
        return add_ins_fault(r, fault);
}

int module_call(struct worker *worker, const struct message *message, uint64_t *ret_slot, struct ward_fault *fault)
{
        struct module *module = message->instance < MESSAGE_INSTANCES ? worker->modules[message->instance] : NULL;
        if (!module || message->function >= module->n_exports)
                return fault_set(fault, WARD_FAULT_SYSTEM, "the worker has no function %u in instance %u", message->function,
                                 message->instance);
        const struct ward_addin_export *export = &module->image.addin->exports[module->exports[message->function]];
        const struct ward_func *func = export->func;
        OWNED(room_give) struct room args_room, ret_room;
        void *args = room_take(&args_room, func->params->size);
        void *ret = room_take(&ret_room, func->result ? func->result->size : 0);
        if (!args || !ret)
                return no_memory(fault);
        int r = lift_params(worker, func, args, fault);
        if (r)
                return r;
        bool before = may_call_host;
        may_call_host = true;
        export->call(args, ret);
        may_call_host = before;
        return lower_result(worker, func, ret, ret_slot, fault);
}

static void ask_host(struct module *module, const struct ward_func *func, uint32_t import, const void *args)
{
        struct worker *worker = module->worker;
        struct ward_fault fault;
        uint64_t slots[CHANNEL_SLOTS];
        if (add_ins_fault(marshal_lower_params(func, args, slots, &worker->memory, &fault), &fault))
                worker_die(worker, fault.kind, "calling '%s' of the host: %s", func->name, fault.text);
        channel_send(&worker->channel, MESSAGE_IMPORT, module->number, module->imports[import], slots, flat_params(func));
}

/* The add-in cannot go on without the host's answer, so whatever prevents it ends the worker. */
void module_import(void *context, uint32_t import, const void *args, void *ret)
{
        struct module *module = context;
        struct worker *worker = module->worker;
        const struct ward_func *func = module->image.addin->imports[import];
        uint32_t mark = worker->channel.arena.top;
        uint64_t slot, budget = UINT64_MAX;
        struct ward_fault fault;
        if (!may_call_host)
                worker_die(worker, WARD_FAULT_PROTOCOL,
                           "it called '%s' of the host outside of a call: only the thread that runs one can do so", func->name);
        may_call_host = false;
        ask_host(module, func, import, args);
        worker_serve(worker, MESSAGE_IMPORT_RETURN);
        channel_slots(&worker->channel, &slot, 1);
        if (func->result && marshal_lift_result(func, &slot, &worker->memory, &budget, ret, &fault))
                worker_die(worker, fault.kind, "the answer of '%s' of the host: %s", func->name, fault.text);
        worker->channel.arena.top = mark;
        may_call_host = true;
}
