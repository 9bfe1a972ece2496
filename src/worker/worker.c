#include "worker/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/fault.h"
#include "base/own.h"
#include "sandbox/plan.h"
#include "worker/buffers.h"

void worker_die(struct worker *worker, enum ward_fault_kind kind, const char *format, ...)
{
        va_list args;
        va_start(args, format);
        int n = vsnprintf(worker->words->text, WORDS_TEXT, format, args);
        va_end(args);
        worker->words->lane = server_here ? server_here->number : 0;
        worker->words->text_len = n < WORDS_TEXT ? (uint32_t)n : WORDS_TEXT - 1;
        worker->words->kind = kind;
        _exit(WORDS_EXIT);
}

static void attach(struct worker *worker, const int fds[WIRE_DESCRIPTORS])
{
        if (shared_attach(fds[WIRE_MEMORY], &worker->shared) < 0)
                _exit(WORDS_EXIT);
        worker->words = shared_words(&worker->shared);
        worker->socket = fds[WIRE_PASS];
        worker->doorbell = fds[WIRE_DOORBELL];
        worker->bell = doorbell_words(&worker->shared);
}

/* All descriptors but the standard streams and these two, moved to the lowest numbers. */
static void close_others(struct worker *worker)
{
        enum { PASS = STDERR_FILENO + 1, DOORBELL };
        int pass = fcntl(worker->socket, F_DUPFD_CLOEXEC, DOORBELL + 1),
            bell = fcntl(worker->doorbell, F_DUPFD_CLOEXEC, DOORBELL + 1);
        if (pass < 0 || bell < 0 || dup3(pass, PASS, O_CLOEXEC) < 0 || dup3(bell, DOORBELL, O_CLOEXEC) < 0)
                worker_die(worker, WARD_FAULT_SYSTEM, "the worker cannot keep its descriptors: %s", strerror(errno));
        close_range(DOORBELL + 1, ~0U, 0);
        worker->socket = PASS;
        worker->doorbell = DOORBELL;
        buffers_init(worker->socket);
}

static void confine(struct worker *worker, struct server *server)
{
        struct sandbox_plan plan;
        const char *step = NULL;
        if (server_next(server).kind != MESSAGE_START)
                worker_die(worker, WARD_FAULT_SYSTEM, "the worker was not told how to start");
        struct ward_span order = server_span(server);
        struct cursor cursor = { order.at, order.len, false };
        worker->spins = server->channel.spins = cursor_u32(&cursor);
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

void worker_run(const int fds[WIRE_DESCRIPTORS])
{
        struct worker *worker = calloc(1, sizeof *worker);
        struct server server;
        if (!worker)
                _exit(WORDS_EXIT);
        attach(worker, fds);
        close_others(worker);
        server_init(&server, worker, 0);
        /* It will be killed, not asked: what the add-in prints is not to wait in a buffer. */
        setvbuf(stdout, NULL, _IOLBF, 0);
        confine(worker, &server);
        channel_send(&server.channel, MESSAGE_READY, 0, 0, NULL, 0);
        server_serve(&server, 0, true);
        _exit(0);
}
