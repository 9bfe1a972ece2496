#include "domain/process_output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <ward/buffer.h>
#include "base/fault.h"
#include "base/own.h"

enum {
        CHUNK = 16 << 10,
        STALL_MS = 100, /* that the host's own stream may take to have room, at the domain's end */
};

/* What came of moving some bytes. */
enum step {
        STEP_MORE,
        STEP_NOTHING, /* there are none yet */
        STEP_FULL,    /* the host's own stream has no room */
        STEP_END,     /* there will be no more */
};

/* --- Moving bytes ----------------------------------------------------------------------------- */

/* Whether @fd is a stream that the host would give a child: open, and not a file of its own that took a closed stream's number. */
static bool is_stream(int fd)
{
        int flags = fcntl(fd, F_GETFD);
        return flags >= 0 && !(flags & FD_CLOEXEC);
}

/* A stream that is closed or broken counts as ready: what goes there is lost, as the host wants it. */
static bool has_room(int fd, int ms)
{
        struct pollfd polled = { .fd = fd, .events = POLLOUT };
        return poll(&polled, 1, ms) != 0;
}

static void write_all(int fd, const char *bytes, size_t len)
{
        while (len) {
                ssize_t n = write(fd, bytes, len);
                if (n < 0 && errno != EINTR && (errno != EAGAIN || !has_room(fd, STALL_MS)))
                        return;
                if (n > 0) {
                        bytes += n;
                        len -= (size_t)n;
                }
        }
}

/* To the host's own stream. Nobody reads it: no reason for a SIGPIPE, which the host did not ask for. */
static void pass_on(int fd, const char *bytes, size_t len)
{
        sigset_t broken, before, pending;
        sigemptyset(&broken);
        sigaddset(&broken, SIGPIPE);
        sigpending(&pending);
        pthread_sigmask(SIG_BLOCK, &broken, &before);
        write_all(fd, bytes, len);
        if (!sigismember(&pending, SIGPIPE))
                sigtimedwait(&broken, NULL, &(struct timespec){ 0 });
        pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* Some of what the worker has written. */
static enum step take(struct process_pipe *pipe)
{
        const struct process_output *output = pipe->output;
        const struct domain_streams *wanted = &output->domain->streams;
        char bytes[CHUNK];
        bool passes = !wanted->on_output && is_stream(pipe->number);
        if (passes && !has_room(pipe->number, 0))
                return STEP_FULL;
        ssize_t n = read(pipe->fd, bytes, wanted->on_output ? CHUNK : PROCESS_ROOM);
        if (n <= 0)
                return n < 0 && (errno == EAGAIN || errno == EINTR) ? STEP_NOTHING : STEP_END;
        if (wanted->on_output)
                wanted->on_output(wanted->on_output_data, output->domain, output->name, pipe->number, bytes, (size_t)n);
        else if (passes)
                pass_on(pipe->number, bytes, (size_t)n);
        return STEP_MORE;
}

/* Some of what the worker is to read. A pipe takes as much or nothing, and keeps its room: only the worker could change its size.
 */
static enum step give(struct process_pipe *pipe)
{
        struct process_output *output = pipe->output;
        const struct domain_streams *wanted = &output->domain->streams;
        if (!output->n_input) {
                size_t n = wanted->on_input(wanted->on_input_data, output->domain, output->name, output->input, PROCESS_ROOM);
                output->n_input = n < PROCESS_ROOM ? n : PROCESS_ROOM;
        }
        if (!output->n_input)
                return STEP_END;
        if (write(pipe->fd, output->input, output->n_input) < 0)
                return errno == EAGAIN || errno == EINTR ? STEP_NOTHING : STEP_END;
        output->n_input = 0;
        return STEP_MORE;
}

/* --- On the monitor's thread, with the lock held ---------------------------------------------- */

static void on_ready(void *data);

static void close_pipe(struct process_pipe *pipe)
{
        monitor_watch_remove(pipe->output->monitor, &pipe->watch);
        pipe->fd = pipe->watch.fd = fd_close(pipe->fd);
}

static int watch_pipe(struct process_pipe *pipe, struct ward_fault *fault)
{
        pipe->watch = (struct monitor_watch){ .fd = pipe->fd, .ready = on_ready, .data = pipe, .when_writable = !pipe->number };
        return monitor_watch_add(pipe->output->monitor, &pipe->watch, fault);
}

static void on_room(void *data)
{
        struct process_pipe *pipe = data;
        struct process_output *output = pipe->output;
        pthread_mutex_lock(&output->lock);
        if (!output->stopped) {
                monitor_watch_remove(output->monitor, &pipe->room);
                pipe->host = pipe->room.fd = fd_close(pipe->host);
                if (watch_pipe(pipe, NULL))
                        close_pipe(pipe);
        }
        pthread_mutex_unlock(&output->lock);
}

/* By a copy, since a descriptor can be watched once, and several domains may wait for it. */
static void wait_for_room(struct process_pipe *pipe)
{
        struct monitor *monitor = pipe->output->monitor;
        monitor_watch_remove(monitor, &pipe->watch);
        pipe->host = fcntl(pipe->number, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        pipe->room = (struct monitor_watch){ .fd = pipe->host, .ready = on_room, .data = pipe, .when_writable = true };
        if (pipe->host < 0 || monitor_watch_add(monitor, &pipe->room, NULL))
                close_pipe(pipe);
}

static void on_ready(void *data)
{
        struct process_pipe *pipe = data;
        struct process_output *output = pipe->output;
        pthread_mutex_lock(&output->lock);
        enum step step = output->stopped ? STEP_NOTHING : pipe->number ? take(pipe) : give(pipe);
        if (step == STEP_END)
                close_pipe(pipe);
        else if (step == STEP_FULL)
                wait_for_room(pipe);
        pthread_mutex_unlock(&output->lock);
}

/* --- Life ------------------------------------------------------------------------------------- */

void process_output_init(struct process_output *output, struct ward_domain *domain)
{
        *output = (struct process_output){ .domain = domain };
        snprintf(output->name, sizeof output->name, "%s", domain->name);
        pthread_mutex_init(&output->lock, NULL);
        for (int i = 0; i < PROCESS_STREAMS; i++) {
                struct process_pipe *pipe = &output->pipes[i];
                *pipe = (struct process_pipe){ .output = output, .number = i, .fd = -1, .theirs = -1, .host = -1 };
                pipe->watch.fd = pipe->room.fd = -1;
                list_init(&pipe->watch.link);
                list_init(&pipe->room.link);
        }
}

static int make_pipe(struct process_pipe *pipe)
{
        int fds[2];
        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        pipe->fd = fds[pipe->number ? 0 : 1];
        pipe->theirs = fds[pipe->number ? 1 : 0];
        if (!pipe->number && !(pipe->output->input = malloc(PROCESS_ROOM)))
                return -ENOMEM;
        return fcntl(pipe->fd, F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

static bool wants_pipe(const struct ward_domain *domain, int number)
{
        if (!number)
                return domain->streams.on_input;
        return domain->streams.on_output || domain->level == WARD_LEVEL_INTERNET || domain->level == WARD_LEVEL_INTRANET;
}

int process_output_open(struct process_output *output, int ret_fds[PROCESS_STREAMS], struct ward_fault *fault)
{
        const struct ward_domain *domain = output->domain;
        struct ward_stream *const *given = domain->streams.given;
        int fds[PROCESS_STREAMS], r = 0;
        for (int i = 0; !r && i < PROCESS_STREAMS; i++) {
                struct process_pipe *pipe = &output->pipes[i];
                bool made = !(given && given[i]) && wants_pipe(domain, i);
                r = made ? make_pipe(pipe) : 0;
                fds[i] = given && given[i] ? ward_stream_fd(given[i]) : pipe->theirs;
        }
        if (r)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, -r, "cannot make a pipe for the streams of domain '%s'",
                                       output->name);
        memcpy(ret_fds, fds, sizeof fds);
        return 0;
}

int process_output_start(struct process_output *output, struct monitor *monitor, struct ward_fault *fault)
{
        int r = 0;
        pthread_mutex_lock(&output->lock);
        output->monitor = monitor;
        for (int i = 0; !r && i < PROCESS_STREAMS; i++) {
                struct process_pipe *pipe = &output->pipes[i];
                pipe->theirs = fd_close(pipe->theirs);
                if (pipe->fd >= 0)
                        r = watch_pipe(pipe, fault);
        }
        pthread_mutex_unlock(&output->lock);
        return r;
}

static void drain(struct process_pipe *pipe)
{
        int left = fcntl(pipe->fd, F_GETPIPE_SZ) + CHUNK;
        while (left > 0) {
                enum step step = take(pipe);
                if (step == STEP_FULL && has_room(pipe->number, STALL_MS))
                        continue;
                if (step != STEP_MORE)
                        return;
                left -= PROCESS_ROOM;
        }
}

void process_output_drain(struct process_output *output)
{
        pthread_mutex_lock(&output->lock);
        for (int i = STDOUT_FILENO; i < PROCESS_STREAMS; i++)
                if (output->pipes[i].fd >= 0)
                        drain(&output->pipes[i]);
        pthread_mutex_unlock(&output->lock);
}

/* Once @stopped is set nothing is watched any more: only then is it known which watches there are. */
void process_output_stop(struct process_output *output)
{
        pthread_mutex_lock(&output->lock);
        output->stopped = true;
        pthread_mutex_unlock(&output->lock);
        for (int i = 0; output->monitor && i < PROCESS_STREAMS; i++) {
                monitor_watch_remove(output->monitor, &output->pipes[i].watch);
                monitor_watch_remove(output->monitor, &output->pipes[i].room);
        }
        process_output_drain(output);
        output->monitor = NULL;
        for (int i = 0; i < PROCESS_STREAMS; i++)
                output->pipes[i].fd = fd_close(output->pipes[i].fd);
}

void process_output_finish(struct process_output *output)
{
        for (int i = 0; i < PROCESS_STREAMS; i++) {
                struct process_pipe *pipe = &output->pipes[i];
                pipe->fd = fd_close(pipe->fd);
                pipe->theirs = fd_close(pipe->theirs);
                pipe->host = fd_close(pipe->host);
        }
        free(output->input);
        pthread_mutex_destroy(&output->lock);
}
