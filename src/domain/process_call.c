/* Kind `process`: loading and calling. The host's half of the conversation that channel/message.h lays down. Whatever the worker
 * says is checked against the host's own contract. */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/fault.h"
#include "base/own.h"
#include "base/pack.h"
#include "base/room.h"
#include "domain/deadline.h"
#include "domain/process.h"

enum {
        BUDGET_FACTOR = 4, /* C memory that the values of one message may take, in arenas: C forms are larger than the ABI's */
        UNLOAD_MS = 1000,  /* for the add-in's destructors */
};

/* --- Ends ------------------------------------------------------------------------------------- */

int process_gone(struct process *process, struct ward_fault *fault)
{
        pthread_mutex_lock(&process->lock);
        struct ward_fault known = process->fault;
        bool started = process->started;
        pthread_mutex_unlock(&process->lock);
        if (!known.kind)
                return domain_unloaded_fault(process->domain, fault);
        if (started)
                domain_fail(process->domain, &known);
        if (fault)
                *fault = known;
        return -(int)known.kind;
}

/* Gives the worker up, for the reason that @why has. */
static int give_up(struct process *process, struct ward_fault *why, struct ward_fault *fault)
{
        process_blame(process, why);
        atomic_store(&process->ending, true);
        pthread_mutex_lock(&process->lock);
        if (!process->fault.kind)
                process->fault = *why;
        pthread_mutex_unlock(&process->lock);
        return process_gone(process, fault);
}

/* The same, in words. */
__attribute__((format(printf, 4, 5))) static int lose(struct process *process, struct ward_fault *fault, enum ward_fault_kind kind,
                                                      const char *format, ...)
{
        struct ward_fault why;
        char text[WARD_FAULT_TEXT_MAX];
        va_list args;
        va_start(args, format);
        vsnprintf(text, sizeof text, format, args);
        va_end(args);
        fault_set(&why, kind, "%s", text);
        return give_up(process, &why, fault);
}

/* --- Messages from the worker ----------------------------------------------------------------- */

static uint32_t flat_params(const struct ward_func *func)
{
        return ward_func_spills(func) ? 1 : func->params->flat;
}

static uint64_t budget_of(const struct process *process)
{
        return BUDGET_FACTOR * (uint64_t)(process->channel.arena.end - process->channel.arena.start);
}

static void read_text(const struct process *process, uint64_t at, uint64_t len, char to[WARD_FAULT_TEXT_MAX])
{
        const struct channel *channel = &process->channel;
        to[0] = 0;
        if (at > channel->size || len > channel->size - at)
                return;
        if (len >= WARD_FAULT_TEXT_MAX)
                len = WARD_FAULT_TEXT_MAX - 1;
        memcpy(to, channel->base + at, len);
        to[len] = 0;
}

/* What a worker may say of a request that failed and left it well. A value that breaks the contract costs the domain. */
static int take_failure(struct process *process, bool loading, struct ward_fault *fault)
{
        uint64_t slots[3];
        char text[WARD_FAULT_TEXT_MAX];
        channel_slots(&process->channel, slots, COUNT_OF(slots));
        read_text(process, slots[1], slots[2], text);
        switch (slots[0]) {
        case WARD_FAULT_SYSTEM:
        case WARD_FAULT_LIMIT:
                return fault_set(fault, (enum ward_fault_kind)slots[0], "%s", text);
        case WARD_FAULT_MODULE:
        case WARD_FAULT_CONTRACT:
                if (loading)
                        return fault_set(fault, (enum ward_fault_kind)slots[0], "%s", text);
                break;
        case WARD_FAULT_PROTOCOL:
                return lose(process, fault, WARD_FAULT_PROTOCOL, "%s", text);
        default:
                break;
        }
        return lose(process, fault, WARD_FAULT_PROTOCOL, "the worker claims a failure that there is not");
}

/* Runs the import with lifted arguments and lowers what it returns. */
static int run_import(struct process *process, struct instance *instance, uint32_t import, void *args, uint64_t *ret_slots,
                      struct ward_fault *fault)
{
        const struct ward_func *func = instance->contract->imports[import].func;
        size_t size = func->result ? func->result->size : 0;
        OWNED(room_give) struct room room;
        void *ret = room_take(&room, size);
        if (!ret)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "no memory for the result of '%s'", func->name);
        memset(ret, 0, size);
        instance_serve(instance, import, args, ret);
        int r = 0;
        if (!domain_is_here(process->domain)) /* a child that the host's function forked: it has no channel */
                r = domain_unloaded_fault(process->domain, fault);
        else if (func->result)
                r = marshal_lower_result(func, ret, ret_slots, &process->memory, fault);
        if (func->result)
                ward_value_free(func->result, ret);
        return r;
}

static int serve_import(struct process *process, struct instance *instance, uint32_t import, struct ward_fault *fault)
{
        const struct ward_func *func = instance->contract->imports[import].func;
        uint64_t slots[CHANNEL_SLOTS] = { 0 }, budget = budget_of(process);
        uint32_t mark = process->channel.arena.top;
        OWNED(room_give) struct room room;
        void *args = room_take(&room, func->params->size);
        if (!args)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "no memory for the arguments of '%s'", func->name);
        channel_slots(&process->channel, slots, flat_params(func));
        int r = marshal_lift_params(func, slots, &process->memory, &budget, args, fault);
        if (r)
                return r;
        r = run_import(process, instance, import, args, slots, fault);
        ward_value_free(func->params, args);
        if (!r)
                channel_send(&process->channel, MESSAGE_IMPORT_RETURN, 0, 0, slots, 1);
        channel_release(&process->channel, mark);
        return r;
}

/* An add-in that waits for an answer that it cannot get is lost. */
static int take_import(struct process *process, const struct message *message, struct ward_fault *fault)
{
        struct ward_fault why;
        struct instance *instance = message->instance < MESSAGE_INSTANCES ? process->instances[message->instance] : NULL;
        if (!instance || message->function >= instance->contract->n_imports)
                return lose(process, fault, WARD_FAULT_PROTOCOL, "the worker calls function %u of the host, which there is not",
                            message->function);
        return serve_import(process, instance, message->function, &why) ? give_up(process, &why, fault) : 0;
}

/* --- Conversation ----------------------------------------------------------------------------- */

/* Waits for the next message. One that is there wins over the guard and the deadline, so after an import (@again) these are looked
 * at first: else a worker that never stops asking would never be stopped. */
static enum channel_outcome await(struct process *process, bool again, uint64_t deadline)
{
        if (again && !atomic_load(&process->guard))
                return CHANNEL_GUARD;
        if (again && deadline != CLOCK_NEVER && clock_now() >= deadline)
                return CHANNEL_DEADLINE;
        return channel_wait(&process->channel, &process->guard, deadline);
}

/* Waits for the worker's answer of @kind to what was sent, within the inherited deadline, and serves it meanwhile. 0 with the
 * answer in the mailbox; a fault that says CHANNEL_DEADLINE is the caller's to word. */
static int converse(struct process *process, uint32_t kind, struct ward_fault *fault)
{
        for (bool again = false;; again = true) {
                enum channel_outcome outcome = await(process, again, deadline_inherited);
                if (outcome == CHANNEL_GUARD)
                        return process_gone(process, fault);
                if (outcome == CHANNEL_DEADLINE)
                        return CHANNEL_DEADLINE;
                if (outcome == CHANNEL_BROKEN)
                        return lose(process, fault, WARD_FAULT_PROTOCOL, "the worker broke the order of messages");
                struct message message = channel_receive(&process->channel);
                if (message.kind == kind)
                        return 0;
                if (message.kind == MESSAGE_FAILED)
                        return take_failure(process, kind == MESSAGE_LOADED, fault);
                if (message.kind != MESSAGE_IMPORT)
                        return lose(process, fault, WARD_FAULT_PROTOCOL, "the worker answered with message %u", message.kind);
                int r = take_import(process, &message, fault);
                if (r)
                        return r;
        }
}

/* The same within @deadline, which calls from callbacks inherit. */
static int converse_until(struct process *process, uint32_t kind, uint64_t deadline, struct ward_fault *fault)
{
        uint64_t outer = deadline_inherited;
        deadline_inherited = deadline < outer ? deadline : outer;
        int r = converse(process, kind, fault);
        deadline_inherited = outer;
        return r;
}

/* --- Load ------------------------------------------------------------------------------------- */

static void pack_order(const struct instance *instance, const char *path, struct pack *pack)
{
        const struct ward_contract *contract = instance->contract;
        pack_text(pack, path);
        pack_text(pack, contract->name);
        pack_u32(pack, contract->n_exports);
        pack_u32(pack, contract->n_imports);
        for (uint32_t i = 0; i < contract->n_exports; i++) {
                pack_text(pack, contract->exports[i]->name);
                pack_text(pack, contract->exports[i]->signature);
        }
        for (uint32_t i = 0; i < contract->n_imports; i++) {
                pack_text(pack, contract->imports[i].func->name);
                pack_text(pack, contract->imports[i].func->signature);
        }
}

/* The order lies above what the arena has in use; the worker has read it when it answers. */
static int send_load(struct process *process, const struct instance *instance, uint32_t number, struct ward_fault *fault)
{
        struct channel *channel = &process->channel;
        OWNED(freep) char *path = realpath(instance->module, NULL);
        if (!path)
                return fault_set_errno(fault, WARD_FAULT_MODULE, errno, "cannot open module '%s'", instance->module);
        uint8_t *at = channel->base + channel->arena.top;
        struct pack pack = { at, channel->arena.end - channel->arena.top, false };
        pack_order(instance, path, &pack);
        if (pack.bad)
                return fault_set(fault, WARD_FAULT_LIMIT, "the contract does not fit the shared memory: raise limits.arena_bytes");
        uint64_t slots[] = { channel->arena.top, (uint64_t)(pack.at - at) };
        channel_send(channel, MESSAGE_LOAD, number, 0, slots, COUNT_OF(slots));
        return 0;
}

static void set_instance(struct process *process, uint32_t number, struct instance *instance)
{
        pthread_mutex_lock(&process->lock);
        process->instances[number] = instance;
        pthread_mutex_unlock(&process->lock);
}

static uint64_t begin(struct process *process, uint32_t number, uint32_t function)
{
        return atomic_exchange_explicit(&process->calling, (uint64_t)number << 32 | function, memory_order_relaxed);
}

static void finish(struct process *process, uint64_t before)
{
        atomic_store_explicit(&process->calling, before, memory_order_relaxed);
}

static int load_as(struct process *process, struct instance *instance, uint32_t number, uint64_t deadline, struct ward_fault *fault)
{
        int r = send_load(process, instance, number, fault);
        if (!r)
                r = converse_until(process, MESSAGE_LOADED, deadline, fault);
        if (r == CHANNEL_DEADLINE)
                return lose(process, fault, WARD_FAULT_DEADLINE,
                            "add-in '%s' did not load in the time for activation; the worker was ended", instance->name);
        return r;
}

int process_load(struct instance *instance, const struct ward_activate_options *options, uint64_t deadline,
                 struct ward_fault *fault)
{
        struct process *process = instance->domain->held;
        uint32_t number = 0;
        while (number < MESSAGE_INSTANCES && process->instances[number])
                number++;
        if (number == MESSAGE_INSTANCES)
                return fault_set(fault, WARD_FAULT_LIMIT, "domain '%s' holds %d add-ins already", instance->domain->name, number);
        set_instance(process, number, instance);
        uint64_t before = begin(process, number, PROCESS_LOADING);
        int r = load_as(process, instance, number, deadline, fault);
        finish(process, before);
        if (r) {
                set_instance(process, number, NULL);
                return r;
        }
        instance->held = &process->instances[number];
        return 0;
}

static uint32_t number_of(const struct process *process, const struct instance *instance)
{
        return (uint32_t)((struct instance *const *)instance->held - process->instances);
}

/* The domain that was made for the add-in ends with it, so nothing is to be unloaded in the worker then. */
void process_release(struct instance *instance)
{
        struct process *process = instance->domain->held;
        if (!process || !domain_is_here(instance->domain))
                return;
        uint32_t number = number_of(process, instance);
        if (!instance->made_domain && domain_is_running(instance->domain)) {
                struct ward_fault fault;
                uint64_t before = begin(process, number, PROCESS_LOADING);
                channel_send(&process->channel, MESSAGE_UNLOAD, number, 0, NULL, 0);
                if (converse_until(process, MESSAGE_UNLOADED, clock_deadline(UNLOAD_MS), &fault) == CHANNEL_DEADLINE)
                        lose(process, &fault, WARD_FAULT_DEADLINE, "add-in '%s' did not unload within %d ms; the worker was ended",
                             instance->name, UNLOAD_MS);
                finish(process, before);
        }
        set_instance(process, number, NULL);
}

/* --- Call ------------------------------------------------------------------------------------- */

static int too_late(struct process *process, const struct ward_func *func, uint32_t ms, bool own, struct ward_fault *fault)
{
        if (own)
                return lose(process, fault, WARD_FAULT_DEADLINE, "%s did not end within %u ms; the worker was ended", func->name,
                            ms);
        return lose(process, fault, WARD_FAULT_DEADLINE,
                    "%s did not end within the deadline of the call that it is part of; the worker was ended", func->name);
}

/* Sends the call and takes its result. CHANNEL_DEADLINE when it did not come in time. */
static int exchange(struct process *process, const struct message *call, const struct ward_func *func, const void *args, void *ret,
                    struct ward_fault *fault)
{
        uint64_t slots[CHANNEL_SLOTS];
        int r = marshal_lower_params(func, args, slots, &process->memory, fault);
        if (r)
                return r;
        channel_send(&process->channel, MESSAGE_CALL, call->instance, call->function, slots, flat_params(func));
        r = converse(process, MESSAGE_RETURN, fault);
        if (r || !func->result)
                return r;
        struct ward_fault why;
        uint64_t budget = budget_of(process);
        channel_slots(&process->channel, slots, 1);
        return marshal_lift_result(func, slots, &process->memory, &budget, ret, &why) ? give_up(process, &why, fault) : 0;
}

int process_call(struct instance *instance, uint32_t export_index, const void *args, void *ret, struct ward_fault *fault)
{
        struct process *process = instance->domain->held;
        const struct ward_func *func = instance->contract->exports[export_index];
        const struct message call = { MESSAGE_CALL, number_of(process, instance), export_index };
        if (instance->domain->depth > MESSAGE_NESTING)
                return fault_set(fault, WARD_FAULT_LIMIT, "calls and callbacks are nested more than %d deep", MESSAGE_NESTING);
        uint32_t ms = atomic_load_explicit(&instance->deadline_ms, memory_order_relaxed), mark = process->channel.arena.top;
        uint64_t outer = deadline_inherited, own = clock_deadline(ms), before = begin(process, call.instance, export_index);
        deadline_inherited = own < outer ? own : outer;
        int r = exchange(process, &call, func, args, ret, fault);
        if (r == CHANNEL_DEADLINE)
                r = too_late(process, func, ms, own < outer, fault);
        deadline_inherited = outer;
        channel_release(&process->channel, mark);
        finish(process, before);
        return r;
}
