/* Serving a lane: a thread for each, which answers one message after the other. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include "base/fault.h"
#include "base/own.h"
#include "worker/buffers.h"
#include "worker/worker.h"

/* A thread's stack counts against limits.memory_bytes (RLIMIT_DATA). */
enum { STACK_MOST = 8 << 20, STACK_LEAST = 256 << 10, STACK_SHARE = 32 };

_Thread_local struct server *server_here;

void server_send(struct server *server, uint32_t kind, uint32_t instance, uint32_t function, const uint64_t *slots, uint32_t n)
{
        struct worker *worker = server->worker;
        channel_send(&server->channel, kind, instance, function, slots, n);
        if (!server->attended)
                doorbell_ring(worker->bell, worker->doorbell, server->number);
}

void server_ask(struct server *server, const struct message *message, const uint64_t *slots, uint32_t n, uint32_t answer)
{
        bool before = server->may_call_host;
        server->may_call_host = false;
        server_send(server, message->kind, message->instance, message->function, slots, n);
        server_serve(server, answer, false);
        server->may_call_host = before;
}

static inline struct message next(struct server *server)
{
        if (channel_wait(&server->channel, NULL, CLOCK_NEVER) != CHANNEL_MESSAGE)
                worker_die(server->worker, WARD_FAULT_PROTOCOL, "the mailbox of the worker was overwritten");
        return channel_receive(&server->channel);
}

struct message server_next(struct server *server)
{
        return next(server);
}

struct ward_span server_span(const struct server *server)
{
        const struct shared *shared = &server->worker->shared;
        uint64_t slots[2];
        channel_slots(&server->channel, slots, 2);
        if (slots[0] > shared->size || slots[1] > shared->size - slots[0])
                return (struct ward_span){ shared->base, 0 };
        return (struct ward_span){ shared->base + slots[0], slots[1] };
}

/* --- Memory ----------------------------------------------------------------------------------- */

static int more(struct channel *channel, uint64_t bytes, struct extent *ret_extent)
{
        struct server *server = channel->context;
        uint64_t slots[2];
        server_send(server, MESSAGE_MORE, 0, 0, &bytes, 1);
        if (server_next(server).kind != MESSAGE_MORE_RETURN)
                worker_die(server->worker, WARD_FAULT_PROTOCOL, "the host did not answer as asked");
        channel_slots(channel, slots, 2);
        *ret_extent = (struct extent){ (uint32_t)slots[0], (uint32_t)slots[1] };
        return !ret_extent->end;
}

static int alloc(struct marshal_memory *memory, uint32_t size, uint32_t align, uint32_t *ret_at, struct ward_fault *fault)
{
        struct server *server = memory->context;
        if (!channel_take(&server->channel, size, align, ret_at))
                return 0;
        return fault_set(fault, WARD_FAULT_LIMIT,
                         "the values do not fit what is free of the memory that the domain shares with the host: raise "
                         "limits.arena_bytes");
}

void server_init(struct server *server, struct worker *worker, uint32_t number)
{
        *server = (struct server){ .worker = worker, .number = number, .attended = true };
        channel_open(&worker->shared, number, &server->channel);
        server->channel.more = more;
        server->channel.context = server;
        server->channel.spins = worker->spins;
        server->memory = (struct marshal_memory){ .base = worker->shared.base,
                                                  .size = worker->shared.size,
                                                  .alloc = alloc,
                                                  .context = server,
                                                  .trusted = true,
                                                  .encoding = MARSHAL_UTF8 };
        server_here = server;
}

/* --- Answers ---------------------------------------------------------------------------------- */

static void send_failed(struct server *server, const struct ward_fault *fault, bool made)
{
        uint64_t slots[] = { (uint64_t)fault->kind, 0, 0, made };
        uint32_t at, len = (uint32_t)strlen(fault->text);
        if (!channel_take(&server->channel, len, 1, &at)) {
                memcpy(server->channel.base + at, fault->text, len);
                slots[1] = at;
                slots[2] = len;
        }
        channel_send(&server->channel, MESSAGE_FAILED, 0, 0, slots, COUNT_OF(slots));
}

static int open_lanes(struct server *server, uint32_t n, struct ward_fault *fault)
{
        uint64_t numbers[CHANNEL_SLOTS] = { 0 };
        if (!n || n > CHANNEL_SLOTS)
                return fault_set(fault, WARD_FAULT_SYSTEM, "the worker has no thread for %u lanes", n);
        channel_slots(&server->channel, numbers, n);
        for (uint32_t i = 0; i < n; i++)
                if (!numbers[i] || numbers[i] >= CHANNEL_LANES)
                        return fault_set(fault, WARD_FAULT_SYSTEM, "the worker has no lane %llu", (unsigned long long)numbers[i]);
        return server_start(server->worker, numbers, n, fault);
}

/* Answers one message that is not an answer itself. What the answer points at lives until the host's next message. */
static void answer(struct server *server, const struct message *message)
{
        struct worker *worker = server->worker;
        struct ward_fault fault;
        uint64_t slot = 0;
        struct arena_mark mark = channel_mark(&server->channel);
        uint32_t reply = MESSAGE_RETURN;
        bool made = false;
        int r = 0;
        switch (message->kind) {
        case MESSAGE_CALL_EARLY:
                server->early = true;
                /* fallthrough */
        case MESSAGE_CALL:
                r = module_call(server, message, &slot, &made, &fault);
                break;
        case MESSAGE_LOAD:
                r = module_load(worker, message->instance, server_span(server), &fault);
                reply = MESSAGE_LOADED;
                break;
        case MESSAGE_UNLOAD:
                module_unload(worker, message->instance);
                reply = MESSAGE_UNLOADED;
                break;
        case MESSAGE_OPEN:
                r = open_lanes(server, message->instance, &fault);
                reply = MESSAGE_OPENED;
                /* Control messages are seldom from here on: the new thread is to have the processor that a spin would take. */
                server->channel.spins = false;
                break;
        default:
                worker_die(worker, WARD_FAULT_PROTOCOL, "the worker does not know message %u", message->kind);
        }
        if (r)
                send_failed(server, &fault, made);
        else
                channel_send(&server->channel, reply, buffers_tell(), 0, &slot, 1);
        channel_release(&server->channel, mark);
}

void server_serve(struct server *server, uint32_t kind, bool outermost)
{
        for (;;) {
                struct message message = next(server);
                if (message.kind == kind) {
                        server->host_grown = message.function;
                        return;
                }
                if (outermost)
                        channel_begin(&server->channel);
                answer(server, &message);
        }
}

/* --- Threads ---------------------------------------------------------------------------------- */

/* With LEFT the lane may be another thread's. The add-in's thread-local destructors come after it. */
static void *run(void *data)
{
        struct server *server = data;
        server_here = server;
        int r = crash_watch_thread();
        if (r < 0)
                worker_die(server->worker, WARD_FAULT_SYSTEM, "the worker cannot watch a thread for crashes: %s", strerror(-r));
        server_serve(server, MESSAGE_LEAVE, true);
        server_here = NULL;
        channel_send(&server->channel, MESSAGE_LEFT, 0, 0, NULL, 0);
        free(server);
        crash_leave_thread();
        return NULL;
}

/* Several lanes: each brings its call in turn. They stay until the worker ends. */
struct row {
        uint32_t n;
        struct server servers[];
};

static void refuse_cancelled(struct server *server)
{
        struct ward_fault fault;
        struct arena_mark mark = channel_mark(&server->channel);
        fault_set(&fault, WARD_FAULT_CANCELLED, "the call was cancelled before it began");
        send_failed(server, &fault, false);
        channel_release(&server->channel, mark);
}

static void serve_next(struct server *server)
{
        server_here = server;
        struct message message = server_next(server);
        channel_begin(&server->channel);
        if (message.kind == MESSAGE_CALL && atomic_load_explicit(&server->channel.words->cancelled, memory_order_relaxed))
                refuse_cancelled(server);
        else
                answer(server, &message);
}

static void *run_row(void *data)
{
        struct row *row = data;
        int r = crash_watch_thread();
        if (r < 0)
                worker_die(row->servers[0].worker, WARD_FAULT_SYSTEM, "the worker cannot watch a thread for crashes: %s",
                           strerror(-r));
        for (uint32_t at = 0;; at = (at + 1) % row->n)
                serve_next(&row->servers[at]);
        return NULL;
}

static size_t stack_size(void)
{
        struct rlimit limit;
        if (getrlimit(RLIMIT_DATA, &limit) < 0 || limit.rlim_cur / STACK_SHARE > STACK_MOST)
                return STACK_MOST;
        size_t share = limit.rlim_cur / STACK_SHARE & ~(size_t)(POOL_PAGE - 1);
        return share < STACK_LEAST ? STACK_LEAST : share;
}

static int create(void *(*run_thread)(void *data), void *data)
{
        pthread_attr_t attributes;
        pthread_t thread;
        pthread_attr_init(&attributes);
        pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
        pthread_attr_setstacksize(&attributes, stack_size());
        int r = pthread_create(&thread, &attributes, run_thread, data);
        pthread_attr_destroy(&attributes);
        return r;
}

static int start_one(struct worker *worker, uint32_t number)
{
        struct server *server = malloc(sizeof *server);
        if (!server)
                return ENOMEM;
        server_init(server, worker, number);
        int r = create(run, server);
        if (r)
                free(server);
        return r;
}

static int start_row(struct worker *worker, const uint64_t *numbers, uint32_t n)
{
        struct row *row = malloc(sizeof *row + n * sizeof row->servers[0]);
        if (!row)
                return ENOMEM;
        row->n = n;
        for (uint32_t i = 0; i < n; i++)
                server_init(&row->servers[i], worker, (uint32_t)numbers[i]);
        int r = create(run_row, row);
        if (r)
                free(row);
        return r;
}

int server_start(struct worker *worker, const uint64_t *numbers, uint32_t n, struct ward_fault *fault)
{
        struct server *here = server_here;
        int r = n == 1 ? start_one(worker, (uint32_t)numbers[0]) : start_row(worker, numbers, n);
        server_here = here;
        if (!r)
                return 0;
        return fault_set_errno(fault, WARD_FAULT_LIMIT, r,
                               "the worker cannot make a thread within its limits (limits.memory_bytes, quota.processes)");
}
