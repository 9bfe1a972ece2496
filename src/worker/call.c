#include <errno.h>
#include <string.h>
#include "base/fault.h"
#include "base/own.h"
#include "base/room.h"
#include "marshal/words.h"
#include "worker/buffers.h"
#include "worker/worker.h"

static int no_memory(struct ward_fault *fault)
{
        return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "the worker cannot hold the values within limits.memory_bytes");
}

uint32_t module_flat_params(const struct ward_func *func)
{
        return ward_func_spills(func) ? 1 : func->params->flat;
}

/* Values are about to cross for @module: its handles are meant. */
static struct marshal_memory *memory_for(struct server *server, const struct module *module)
{
        reps_crossing_begin(&server->crossing, module->reps);
        server->crossing.shared = &buffers_handles;
        server->memory.handles = &server->crossing.handles;
        return &server->memory;
}

/* They have crossed, or not. */
static int crossed(struct server *server, int r)
{
        if (server->crossing.under_way)
                reps_crossing_end(&server->crossing, !r);
        if (server->crossing.any_shared)
                buffers_crossed(!r);
        return r;
}

static void await_block(const struct marshal_memory *memory, uint32_t at, uint64_t len)
{
        struct server *server = memory->context;
        coming_await(&server->channel, &server->coming, at, len);
}

/* What is viewed has to be there as a whole; what is copied is copied as it comes. */
static void follow(struct server *server, bool borrowing)
{
        if (!server->early)
                return;
        server->early = false;
        coming_expect(&server->channel, &server->coming);
        if (borrowing)
                coming_await_all(&server->channel, &server->coming);
        else
                server->memory.await = await_block;
}

/* The values came from the host, which is trusted: no budget, and what lies in shared memory does not change. */
static int take_params(struct server *server, const struct module *module, const struct ward_func *func,
                       struct marshal_scratch *scratch, void *args, struct ward_fault *fault)
{
        uint64_t slots[CHANNEL_SLOTS] = { 0 }, budget = UINT64_MAX;
        channel_slots(&server->channel, slots, module_flat_params(func));
        bool borrowing = module->image.addin->ownership == WARD_BORROWING;
        follow(server, borrowing);
        if (borrowing)
                return crossed(server, marshal_view_params(func, slots, memory_for(server, module), scratch, args, fault));
        int r = crossed(server, marshal_lift_params(func, slots, memory_for(server, module), &budget, args, fault));
        server->memory.await = NULL;
        return r;
}

/* Values that the add-in made and that are none break the contract, which is not the host's mistake. */
static int add_ins_fault(int r, struct ward_fault *fault)
{
        if (r != -WARD_FAULT_USAGE)
                return r;
        fault->kind = WARD_FAULT_PROTOCOL;
        return -WARD_FAULT_PROTOCOL;
}

static int give_result(struct server *server, struct module *module, const struct ward_func *func, void *ret, uint64_t *ret_slot,
                       struct ward_fault *fault)
{
        if (!func->result)
                return 0;
        uint64_t slots[CHANNEL_SLOTS] = { 0 };
        channel_spare_slots(&server->channel);
        int r = crossed(server, marshal_lower_result(func, ret, slots, memory_for(server, module), fault));
        channel_use_slots(&server->channel);
        r = add_ins_fault(r, fault);
        if (r && r != -WARD_FAULT_PROTOCOL)
                module_drop_value(module, func->result, ret);
        ward_value_free(func->result, ret);
        *ret_slot = slots[0];
        return r;
}

static __attribute__((noinline)) int call_with_values(struct server *server, struct module *module,
                                                      const struct ward_addin_export *export, uint64_t *ret_slot, bool *ret_made,
                                                      struct ward_fault *fault)
{
        const struct ward_func *func = export->func;
        OWNED(room_give) struct room args_room, ret_room;
        OWNED(marshal_scratch_finish) struct marshal_scratch scratch;
        scratch.blocks = NULL;
        scratch.used = 0;
        size_t mark = buffers_mark();
        void *args = room_take(&args_room, func->params->size);
        void *ret = room_take(&ret_room, func->result ? func->result->size : 0);
        if (!args || !ret)
                return no_memory(fault);
        int r = take_params(server, module, func, &scratch, args, fault);
        bool lent = server->crossing.any_shared;
        if (!r) {
                *ret_made = true;
                if (ward_func_returns_pointer(func))
                        channel_prepare(&server->channel);
                export->call(args, ret);
        }
        if (lent)
                buffers_return(mark);
        if (r)
                return r;
        posts_settle(server);
        if (ward_func_returns_pointer(func))
                posts_flush(server);
        return give_result(server, module, func, ret, ret_slot, fault);
}

/* Where they lie: the host does not write there before it is answered. */
static inline const uint64_t *slots_here(const struct server *server)
{
        return (const uint64_t *)(const void *)server->channel.box->slots;
}

/* What passes words only needs nothing else of all that. */
static int call_export(struct server *server, struct module *module, uint32_t index, uint64_t *ret_slot, bool *ret_made,
                       struct ward_fault *fault)
{
        const struct ward_addin_export *export = &module->image.addin->exports[module->exports[index]];
        const struct ward_func *func = export->func;
        uint64_t args[WARD_FLAT_MAX], ret;
        if (!gives_word(func) || words_lift(func->params, slots_here(server), args) != func->params->n)
                return call_with_values(server, module, export, ret_slot, ret_made, fault);
        *ret_made = true;
        export->call(args, &ret);
        if (func->result)
                *ret_slot = word_read(func->result, &ret);
        return 0;
}

static int destroy(const struct server *server, const struct module *module, uint32_t resource, bool *ret_made,
                   struct ward_fault *fault)
{
        uint64_t slot;
        channel_slots(&server->channel, &slot, 1);
        *ret_made = true;
        return reps_destroy(module->reps, module->resources[resource], (uint32_t)slot, fault);
}

int module_call(struct server *server, const struct message *message, uint64_t *ret_slot, bool *ret_made, struct ward_fault *fault)
{
        struct module *module = NULL;
        if (message->instance < MESSAGE_INSTANCES)
                module = atomic_load_explicit(&server->worker->modules[message->instance], memory_order_acquire);
        uint32_t n_exports = module ? module->n_exports : 0, n_resources = module ? module->n_resources : 0;
        bool before = server->may_call_host, attended = server->attended, told = server->told;
        int r;
        server->may_call_host = server->attended = true;
        server->told = false;
        if (message->function < n_exports)
                r = call_export(server, module, message->function, ret_slot, ret_made, fault);
        else if (message->function - n_exports < n_resources)
                r = destroy(server, module, message->function - n_exports, ret_made, fault);
        else
                r = fault_set(fault, WARD_FAULT_SYSTEM, "the worker has no function %u in instance %u", message->function,
                              message->instance);
        if (r)
                posts_flush(server);
        posts_settle(server);
        server->untold = 0;
        server->may_call_host = before;
        server->attended = attended;
        server->told = told;
        return r;
}

/* --- What add-ins call ------------------------------------------------------------------------ */

struct server *module_server(const struct module *module, const char *doing, const char *name)
{
        struct server *server = server_here;
        if (!server)
                return own_server(module->worker);
        if (!server->may_call_host)
                worker_die(module->worker, WARD_FAULT_PROTOCOL,
                           "%s '%s' of the host outside of a call: only threads that run one can do so, or the add-in's own", doing,
                           name);
        return server;
}

/* A thread of the add-in's own is in no call: its arena is empty. */
struct server *module_may_ask(const struct module *module, const char *doing, const char *name)
{
        struct server *server = module_server(module, doing, name);
        posts_settle(server);
        if (!server->attended)
                channel_begin(&server->channel);
        return server;
}

static void give_memory_back(struct server *server)
{
        const struct message message = { .kind = MESSAGE_SETTLE };
        server_ask(server, &message, NULL, 0, MESSAGE_SETTLE_RETURN);
}

void module_ask(struct server *server, const struct module *module, uint32_t function, const uint64_t *slots, uint32_t n)
{
        const struct message message = { MESSAGE_IMPORT, module->number, function };
        server->untold = 0;
        server_ask(server, &message, slots, n, MESSAGE_IMPORT_RETURN);
}

/* The add-in cannot go on without the host's answer, so whatever prevents it ends the worker. */
void module_import(void *context, uint32_t import, const void *args, void *ret)
{
        struct module *module = context;
        struct worker *worker = module->worker;
        const struct ward_func *func = module->image.addin->imports[import];
        struct server *server = module_may_ask(module, "calling", func->name);
        struct arena_mark mark = channel_mark(&server->channel);
        uint64_t slots[CHANNEL_SLOTS], budget = UINT64_MAX;
        struct ward_fault fault;
        if (add_ins_fault(crossed(server, marshal_lower_params(func, args, slots, memory_for(server, module), &fault)), &fault))
                worker_die(worker, fault.kind, "calling '%s' of the host: %s", func->name, fault.text);
        module_ask(server, module, module->imports[import], slots, module_flat_params(func));
        channel_slots(&server->channel, slots, 1);
        if (func->result && crossed(server, marshal_lift_result(func, slots, memory_for(server, module), &budget, ret, &fault)))
                worker_die(worker, fault.kind, "the answer of '%s' of the host: %s", func->name, fault.text);
        channel_release(&server->channel, mark);
        if (!server->attended && server->host_grown)
                give_memory_back(server);
}

bool module_cancelled(void *context)
{
        (void)context;
        return server_here && atomic_load_explicit(&server_here->channel.words->cancelled, memory_order_relaxed);
}
