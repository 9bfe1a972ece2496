#include "worker/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/fault.h"
#include "base/own.h"
#include "sandbox/plan.h"
#include "worker/buffers.h"
#include "worker/heritage.h"

void worker_die(const struct worker *worker, enum ward_fault_kind kind, const char *format, ...)
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

/* Those of the standard streams that the host gives. */
static void attach_streams(const struct worker *worker, const int fds[WIRE_DESCRIPTORS])
{
        for (int i = 0; i < 3; i++)
                if (fds[WIRE_STDIN + i] >= 0 && dup2(fds[WIRE_STDIN + i], STDIN_FILENO + i) < 0)
                        worker_die(worker, WARD_FAULT_SYSTEM, "the worker cannot take its standard streams: %s", strerror(errno));
}

/* All descriptors but the standard streams, these two, moved to the lowest numbers, and what confinement takes. */
static void close_others(struct worker *worker)
{
        enum { PASS = STDERR_FILENO + 1, DOORBELL };
        int pass = fcntl(worker->socket, F_DUPFD_CLOEXEC, WIRE_EMPTY + 1),
            bell = fcntl(worker->doorbell, F_DUPFD_CLOEXEC, WIRE_EMPTY + 1);
        if (pass < 0 || bell < 0 || dup3(pass, PASS, O_CLOEXEC) < 0 || dup3(bell, DOORBELL, O_CLOEXEC) < 0)
                worker_die(worker, WARD_FAULT_SYSTEM, "the worker cannot keep its descriptors: %s", strerror(errno));
        close_range(WIRE_EMPTY + 1, ~0U, 0);
        worker->socket = PASS;
        worker->doorbell = DOORBELL;
        buffers_init(worker->socket);
}

/* From here on the warden answers what the filter does not. */
static void hand_over(const struct worker *worker, int listener)
{
        _Alignas(struct cmsghdr) char room[CMSG_SPACE(sizeof listener)] = { 0 };
        struct wire_line line = { 0 };
        struct iovec bytes = { &line, sizeof line };
        struct msghdr message = { .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room };
        struct cmsghdr *part = CMSG_FIRSTHDR(&message);
        *part = (struct cmsghdr){ .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof listener) };
        memcpy(CMSG_DATA(part), &listener, sizeof listener);
        if (sendmsg(WIRE_LINE, &message, MSG_NOSIGNAL) < 0)
                worker_die(worker, WARD_FAULT_SYSTEM, "the worker cannot give its listener to the warden: %s", strerror(errno));
        close(listener);
}

static void apply(const struct worker *worker, const struct sandbox_plan *plan, uint32_t *held)
{
        const struct sandbox_place place = { .held = *held, .proc = WIRE_PROC, .empty = WIRE_EMPTY };
        struct sandbox_result result;
        int r = sandbox_apply(plan, &place, &result);
        if (r < 0)
                worker_die(worker, WARD_FAULT_SYSTEM, "the worker cannot %s: %s", result.step, strerror(-r));
        if (result.listener >= 0)
                hand_over(worker, result.listener);
        for (int fd = WIRE_LINE; fd <= WIRE_EMPTY; fd++)
                close(fd);
        *held = result.held;
}

static void confine(struct worker *worker, struct server *server, uint32_t *held)
{
        struct sandbox_plan plan;
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
        apply(worker, &plan, held);
        sandbox_plan_release(&plan);
}

void worker_run(const struct worker_start *start)
{
        struct worker *worker = calloc(1, sizeof *worker);
        struct server server;
        uint32_t layers = start->held;
        if (!worker)
                _exit(WORDS_EXIT);
        heritage_restore_files();
        attach(worker, start->fds);
        attach_streams(worker, start->fds);
        close_others(worker);
        server_init(&server, worker, 0);
        /* It will be killed, not asked: what the add-in prints is not to wait in a buffer. */
        setvbuf(stdout, NULL, _IOLBF, 0);
        confine(worker, &server, &layers);
        const uint64_t held = layers;
        channel_send(&server.channel, MESSAGE_READY, 0, 0, &held, 1);
        server_serve(&server, 0, true);
        _exit(0);
}
