/* Calls of the host that the add-in does not wait for: they are lowered into a ring in shared memory, from where the host takes
 * them before it looks at the next message of the same lane. */
#include <string.h>
#include "base/fault.h"
#include "worker/worker.h"

/* What has been posted before the host is told, so that both sides work at the same time. */
enum { TELL = RING_BYTES / 2 };

/* --- The ring --------------------------------------------------------------------------------- */

/* Once asked for and not to be had, posting is calling. */
static __attribute__((noinline, cold)) bool open_ring(struct server *server)
{
        uint64_t slots[2];
        if (server->ring_refused)
                return false;
        posts_settle(server);
        const struct message message = { .kind = MESSAGE_RING };
        server_ask(server, &message, NULL, 0, MESSAGE_RING_RETURN);
        channel_slots(&server->channel, slots, 2);
        server->ring_refused = !slots[1];
        if (slots[1])
                ring_attach(server->channel.base, (struct extent){ (uint32_t)slots[0], (uint32_t)slots[1] }, &server->ring);
        return slots[1];
}

void posts_settle(struct server *server)
{
        if (!server->told)
                return;
        bool before = server->may_call_host;
        server->may_call_host = false;
        server_serve(server, MESSAGE_EVENTS_RETURN, false);
        server->may_call_host = before;
        server->told = false;
}

static void tell(struct server *server)
{
        posts_settle(server);
        server_send(server, MESSAGE_EVENTS, 0, 0, NULL, 0);
        server->told = true;
        server->untold = 0;
}

void posts_flush(struct server *server)
{
        if (!server->untold)
                return;
        tell(server);
        posts_settle(server);
}

/* The ring is full: the host has made all that was posted when it answers. */
static __attribute__((noinline, cold)) uint8_t *await_room(struct server *server, uint32_t size)
{
        for (uint8_t *at;;) {
                posts_settle(server);
                at = ring_room(&server->ring, size);
                if (at)
                        return at;
                tell(server);
        }
}

static inline uint8_t *room(struct server *server, uint32_t size)
{
        uint8_t *at = ring_room(&server->ring, size);
        return __builtin_expect(at != NULL, 1) ? at : await_room(server, size);
}

static bool is_answered(const struct channel *channel)
{
        return atomic_load_explicit(&channel->box->bell, memory_order_relaxed) == channel->sequence + CHANNEL_STEP;
}

static __attribute__((noinline)) void tell_early(struct server *server)
{
        if (!server->told || is_answered(&server->channel))
                tell(server);
}

/* Where nobody of the host's waits at this lane, the doorbell tells of the first one that is not yet taken. */
static inline void put(struct server *server, const struct module *module, uint32_t import, uint32_t size)
{
        struct worker *worker = server->worker;
        ring_put(&server->ring, size, module->number, module->imports[import]);
        if (!server->attended) {
                doorbell_ring_again(worker->bell, worker->doorbell, server->number);
                return;
        }
        server->untold += size;
        if (__builtin_expect(server->untold >= TELL, 0))
                tell_early(server);
}

/* --- Lowering --------------------------------------------------------------------------------- */

/* A record in the making. */
struct making {
        uint32_t start; /* offset in the shared memory */
        uint32_t size;  /* so far */
};

static int alloc(struct marshal_memory *memory, uint32_t size, uint32_t align, uint32_t *ret_at, struct ward_fault *fault)
{
        struct making *making = memory->context;
        uint64_t at = ((uint64_t)making->start + making->size + align - 1) & ~(uint64_t)(align - 1);
        if (at + size > (uint64_t)making->start + RING_RECORD)
                return fault_set(fault, WARD_FAULT_LIMIT, "the event does not fit its ring");
        making->size = (uint32_t)(at + size) - making->start;
        *ret_at = (uint32_t)at;
        return 0;
}

static __attribute__((noinline, cold)) void die(const struct server *server, const struct ward_func *func,
                                                const struct ward_fault *fault)
{
        worker_die(server->worker, WARD_FAULT_PROTOCOL, "posting '%s' to the host: %s", func->name, fault->text);
}

/* False: it is too large to be posted. */
static __attribute__((noinline)) bool post_value(struct server *server, const struct module *module, uint32_t import,
                                                 const void *args)
{
        const struct ward_func *func = module->image.addin->imports[import];
        uint32_t n = module_flat_params(func), start = server->ring.start;
        uint8_t *at = room(server, RING_RECORD);
        struct making making = { start + (uint32_t)(at - server->ring.records), RING_UNIT * (1 + n) };
        struct marshal_memory memory = server->memory;
        struct ward_fault fault;
        uint64_t slots[CHANNEL_SLOTS];
        memory.alloc = alloc;
        memory.context = &making;
        memory.handles = NULL;
        int r = marshal_lower_params(func, args, slots, &memory, &fault);
        if (r == -WARD_FAULT_LIMIT)
                return false;
        if (r)
                die(server, func, &fault);
        memcpy(at + RING_UNIT, slots, RING_UNIT * n);
        put(server, module, import, (making.size + RING_UNIT - 1) & ~(uint32_t)(RING_UNIT - 1));
        return true;
}

/* Scalars only. */
static inline void post_flat(struct server *server, const struct module *module, const struct ward_func *func, uint32_t import,
                             const void *args)
{
        uint32_t size = RING_UNIT * (1 + func->params->flat);
        uint8_t *at = room(server, size);
        struct ward_fault fault;
        if (marshal_lower_params(func, args, (uint64_t *)(void *)at + 1, &server->memory, &fault))
                die(server, func, &fault);
        put(server, module, import, size);
}

static inline bool is_flat(const struct ward_func *func)
{
        return !(func->params->flags & WARD_TYPE_OWNS) && !ward_func_spills(func);
}

void module_post(void *context, uint32_t import, const void *args)
{
        struct module *module = context;
        const struct ward_func *func = module->image.addin->imports[import];
        struct server *server = module_server(module, "posting", func->name);
        if (!server->ring.words && !open_ring(server))
                module_import(context, import, args, NULL);
        else if (is_flat(func))
                post_flat(server, module, func, import, args);
        else if (!post_value(server, module, import, args))
                module_import(context, import, args, NULL);
}

void module_flush(void *context)
{
        struct server *server = server_here;
        if (server && server->may_call_host && server->attended && server->untold)
                tell(server);
}
