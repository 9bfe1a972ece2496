#include "worker/worker.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/fault.h"
#include "base/own.h"
#include "sandbox/plan.h"

void worker_die(struct worker *worker, enum ward_fault_kind kind, const char *format, ...)
{
        va_list args;
        va_start(args, format);
        int n = vsnprintf(worker->words->text, WORDS_TEXT, format, args);
        va_end(args);
        worker->words->text_len = n < WORDS_TEXT ? (uint32_t)n : WORDS_TEXT - 1;
        worker->words->kind = kind;
        _exit(WORDS_EXIT);
}

static int alloc(struct marshal_memory *memory, uint32_t size, uint32_t align, uint32_t *ret_at, struct ward_fault *fault)
{
        const struct worker *worker = memory->context;
        struct arena *arena = (struct arena *)&worker->channel.arena;
        if (!arena_take(arena, size, align, ret_at))
                return 0;
        return fault_set(
                fault, WARD_FAULT_LIMIT,
                "the values do not fit the %u bytes of shared memory from the add-in to the host: raise limits.arena_bytes",
                arena->end - arena->start);
}

static void attach(struct worker *worker, int fd)
{
        if (channel_attach(fd, &worker->channel) < 0)
                _exit(WORDS_EXIT);
        worker->words = channel_words(&worker->channel);
        worker->memory = (struct marshal_memory){ .base = worker->channel.base,
                                                  .size = worker->channel.size,
                                                  .alloc = alloc,
                                                  .context = worker,
                                                  .encoding = MARSHAL_UTF8 };
        close_range(STDERR_FILENO + 1, ~0U, 0);
}

static struct message next(struct worker *worker)
{
        if (channel_wait(&worker->channel, NULL, CLOCK_NEVER) != CHANNEL_MESSAGE)
                worker_die(worker, WARD_FAULT_PROTOCOL, "the mailbox of the worker was overwritten");
        return channel_receive(&worker->channel);
}

/* Bytes that the host points at. */
static struct ward_span message_span(const struct worker *worker)
{
        uint64_t slots[2];
        channel_slots(&worker->channel, slots, 2);
        if (slots[0] > worker->channel.size || slots[1] > worker->channel.size - slots[0])
                return (struct ward_span){ worker->channel.base, 0 };
        return (struct ward_span){ worker->channel.base + slots[0], slots[1] };
}

static void confine(struct worker *worker)
{
        struct sandbox_plan plan;
        const char *step = NULL;
        if (next(worker).kind != MESSAGE_START)
                worker_die(worker, WARD_FAULT_SYSTEM, "the worker was not told how to start");
        struct ward_span order = message_span(worker);
        struct cursor cursor = { order.at, order.len, false };
        worker->channel.spins = cursor_u32(&cursor);
        int r = sandbox_plan_unpack(&cursor, &plan);
        if (r < 0)
                worker_die(worker, WARD_FAULT_SYSTEM, "the worker cannot read its plan: %s", strerror(-r));
        r = crash_watch(worker->words); /* allocates, so before the limits */
        if (r < 0)
                worker_die(worker, WARD_FAULT_SYSTEM, "the worker cannot watch for crashes: %s", strerror(-r));
        r = sandbox_apply(&plan, &step);
        if (r < 0)
                worker_die(worker, WARD_FAULT_SYSTEM, "the worker cannot %s: %s", step, strerror(-r));
        sandbox_plan_finish(&plan);
}

static void send_failed(struct worker *worker, const struct ward_fault *fault, bool made)
{
        uint64_t slots[] = { (uint64_t)fault->kind, 0, 0, made };
        uint32_t at, len = (uint32_t)strlen(fault->text);
        if (!arena_take(&worker->channel.arena, len, 1, &at)) {
                memcpy(worker->channel.base + at, fault->text, len);
                slots[1] = at;
                slots[2] = len;
        }
        channel_send(&worker->channel, MESSAGE_FAILED, 0, 0, slots, COUNT_OF(slots));
}

/* Answers one message that is not an answer itself. What the answer points at lives until the host's next message: only then may
 * memory go back to the system, for the host may be reading still. */
static void answer(struct worker *worker, const struct message *message)
{
        struct ward_fault fault;
        uint64_t slot = 0;
        uint32_t mark = worker->channel.arena.top, reply = MESSAGE_RETURN;
        bool made = false;
        int r = 0;
        channel_release(&worker->channel, mark);
        switch (message->kind) {
        case MESSAGE_CALL:
                r = module_call(worker, message, &slot, &made, &fault);
                break;
        case MESSAGE_LOAD:
                r = module_load(worker, message->instance, message_span(worker), &fault);
                reply = MESSAGE_LOADED;
                break;
        case MESSAGE_UNLOAD:
                module_unload(worker, message->instance);
                reply = MESSAGE_UNLOADED;
                break;
        default:
                worker_die(worker, WARD_FAULT_PROTOCOL, "the worker does not know message %u", message->kind);
        }
        if (r)
                send_failed(worker, &fault, made);
        else
                channel_send(&worker->channel, reply, 0, 0, &slot, 1);
        worker->channel.arena.top = mark;
}

void worker_serve(struct worker *worker, uint32_t kind)
{
        for (;;) {
                struct message message = next(worker);
                if (message.kind == kind)
                        return;
                answer(worker, &message);
        }
}

void worker_run(int fd)
{
        struct worker *worker = calloc(1, sizeof *worker);
        if (!worker)
                _exit(WORDS_EXIT);
        attach(worker, fd);
        /* It will be killed, not asked: what the add-in prints is not to wait in a buffer. */
        setvbuf(stdout, NULL, _IOLBF, 0);
        confine(worker);
        channel_send(&worker->channel, MESSAGE_READY, 0, 0, NULL, 0);
        worker_serve(worker, 0);
        _exit(0);
}
