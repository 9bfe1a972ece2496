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

/* Values are about to cross for @module: its handles are meant. */
static struct marshal_memory *memory_for(struct module *module)
{
        module->worker->memory.handles = &module->crossing.handles;
        return &module->worker->memory;
}

/* They have crossed, or not. */
static int crossed(struct module *module, int r)
{
        if (module->crossing.under_way)
                reps_crossing_end(&module->crossing, !r);
        return r;
}

/* The values came from the host, which is trusted: no budget, and what lies in shared memory does not change. */
static int take_params(struct module *module, const struct ward_func *func, struct marshal_scratch *scratch, void *args,
                       struct ward_fault *fault)
{
        uint64_t slots[CHANNEL_SLOTS] = { 0 }, budget = UINT64_MAX;
        channel_slots(&module->worker->channel, slots, flat_params(func));
        if (module->image.addin->ownership == WARD_BORROWING)
                return crossed(module, marshal_view_params(func, slots, memory_for(module), scratch, args, fault));
        return crossed(module, marshal_lift_params(func, slots, memory_for(module), &budget, args, fault));
}

/* Values that the add-in made and that are none break the contract, which is not the host's mistake. */
static int add_ins_fault(int r, struct ward_fault *fault)
{
        if (r != -WARD_FAULT_USAGE)
                return r;
        fault->kind = WARD_FAULT_PROTOCOL;
        return -WARD_FAULT_PROTOCOL;
}

static int give_result(struct module *module, const struct ward_func *func, void *ret, uint64_t *ret_slot, struct ward_fault *fault)
{
        if (!func->result)
                return 0;
        uint64_t slots[CHANNEL_SLOTS] = { 0 };
        int r = crossed(module, marshal_lower_result(func, ret, slots, memory_for(module), fault));
        r = add_ins_fault(r, fault);
        if (r && r != -WARD_FAULT_PROTOCOL)
                module_drop_value(module, func->result, ret);
        ward_value_free(func->result, ret);
        *ret_slot = slots[0];
        return r;
}

static int call_export(struct module *module, uint32_t index, uint64_t *ret_slot, bool *ret_made, struct ward_fault *fault)
{
        const struct ward_addin_export *export = &module->image.addin->exports[module->exports[index]];
        const struct ward_func *func = export->func;
        OWNED(room_give) struct room args_room, ret_room;
        OWNED(marshal_scratch_finish) struct marshal_scratch scratch;
        scratch.blocks = NULL;
        scratch.used = 0;
        void *args = room_take(&args_room, func->params->size);
        void *ret = room_take(&ret_room, func->result ? func->result->size : 0);
        if (!args || !ret)
                return no_memory(fault);
        int r = take_params(module, func, &scratch, args, fault);
        if (r)
                return r;
        *ret_made = true;
        export->call(args, ret);
        return give_result(module, func, ret, ret_slot, fault);
}

static int destroy(struct module *module, uint32_t resource, bool *ret_made, struct ward_fault *fault)
{
        uint64_t slot;
        channel_slots(&module->worker->channel, &slot, 1);
        *ret_made = true;
        return reps_destroy(module->reps, module->resources[resource], (uint32_t)slot, fault);
}

int module_call(struct worker *worker, const struct message *message, uint64_t *ret_slot, bool *ret_made, struct ward_fault *fault)
{
        struct module *module = message->instance < MESSAGE_INSTANCES ? worker->modules[message->instance] : NULL;
        uint32_t n_exports = module ? module->n_exports : 0, n_resources = module ? module->n_resources : 0;
        bool before = may_call_host;
        int r;
        may_call_host = true;
        if (message->function < n_exports)
                r = call_export(module, message->function, ret_slot, ret_made, fault);
        else if (message->function - n_exports < n_resources)
                r = destroy(module, message->function - n_exports, ret_made, fault);
        else
                r = fault_set(fault, WARD_FAULT_SYSTEM, "the worker has no function %u in instance %u", message->function,
                              message->instance);
        may_call_host = before;
        return r;
}

/* --- What add-ins call ------------------------------------------------------------------------ */

void module_may_ask(const struct module *module, const char *doing, const char *name)
{
        if (!may_call_host)
                worker_die(module->worker, WARD_FAULT_PROTOCOL,
                           "%s '%s' of the host outside of a call: only the thread that runs one can do so", doing, name);
}

void module_ask(struct module *module, uint32_t function, const uint64_t *slots, uint32_t n)
{
        may_call_host = false;
        channel_send(&module->worker->channel, MESSAGE_IMPORT, module->number, function, slots, n);
        worker_serve(module->worker, MESSAGE_IMPORT_RETURN);
        may_call_host = true;
}

/* The add-in cannot go on without the host's answer, so whatever prevents it ends the worker. */
void module_import(void *context, uint32_t import, const void *args, void *ret)
{
        struct module *module = context;
        struct worker *worker = module->worker;
        const struct ward_func *func = module->image.addin->imports[import];
        uint32_t mark = worker->channel.arena.top;
        uint64_t slots[CHANNEL_SLOTS], budget = UINT64_MAX;
        struct ward_fault fault;
        module_may_ask(module, "calling", func->name);
        if (add_ins_fault(crossed(module, marshal_lower_params(func, args, slots, memory_for(module), &fault)), &fault))
                worker_die(worker, fault.kind, "calling '%s' of the host: %s", func->name, fault.text);
        module_ask(module, module->imports[import], slots, flat_params(func));
        channel_slots(&worker->channel, slots, 1);
        if (func->result && crossed(module, marshal_lift_result(func, slots, memory_for(module), &budget, ret, &fault)))
                worker_die(worker, fault.kind, "the answer of '%s' of the host: %s", func->name, fault.text);
        worker->channel.arena.top = mark;
}
