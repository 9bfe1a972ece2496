/* The streams of what is run: pipes below full-trust and wherever something is to be made of what it writes; else this process's
 * own, so that a program finds a terminal where there is one. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <ward/buffer.h>
#include "base/own.h"
#include "tool/run.h"

enum {
        CHUNK = 64 << 10,
        REST_MS = 1000, /* that what it has left behind may take to go: only without namespaces is there any */
        IN_FLIGHT = 5,
};

static int make_stream(int fd, struct ward_stream **ret_stream)
{
        return fd < 0 ? -errno : ward_stream_new(fd, ret_stream);
}

static int make_pipe(struct run_pump *pump, int number)
{
        int fds[2];
        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        pump->output[number] = fds[number ? 0 : 1];
        return make_stream(fds[number ? 1 : 0], &pump->streams[number]);
}

/* One that this process has not, or that is a folder, is none. */
static int open_input(struct run_pump *pump)
{
        int fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        if (fd < 0)
                return 0;
        if (!run_is_confined(pump->run->options)) {
                int r = make_stream(fd, &pump->streams[0]);
                return r == -EINVAL ? 0 : r;
        }
        pump->input = fd;
        int r = make_pipe(pump, STDIN_FILENO);
        return r || fcntl(pump->output[0], F_SETFL, O_NONBLOCK) >= 0 ? r : -errno;
}

int run_pump_open(struct run_pump *pump, struct run *run)
{
        *pump = (struct run_pump){ .run = run, .output = { -1, -1, -1 }, .input = -1 };
        int r = open_input(pump);
        bool direct = run->options->no_tags && !run_is_confined(run->options);
        for (int i = STDOUT_FILENO; !r && !direct && i <= STDERR_FILENO; i++)
                r = make_pipe(pump, i);
        return r;
}

void run_pump_start(struct run_pump *pump)
{
        for (size_t i = 0; i < COUNT_OF(pump->streams); i++)
                pump->streams[i] = ward_stream_release(pump->streams[i]);
}

/* --- Moving bytes ----------------------------------------------------------------------------- */

static void take(struct run_pump *pump, int number)
{
        char bytes[CHUNK];
        ssize_t n = read(pump->output[number], bytes, sizeof bytes);
        if (n > 0)
                run_print(&pump->run->printer, number, bytes, (size_t)n);
        else if (!n || errno != EINTR)
                pump->output[number] = fd_close(pump->output[number]);
}

static void end_input(struct run_pump *pump)
{
        pump->input = fd_close(pump->input);
        pump->output[0] = fd_close(pump->output[0]);
}

static void read_input(struct run_pump *pump)
{
        ssize_t n = read(pump->input, pump->bytes, sizeof pump->bytes);
        pump->at = 0;
        pump->len = n > 0 ? (size_t)n : 0;
        if (!n || (n < 0 && errno != EINTR && errno != EAGAIN))
                end_input(pump);
}

/* That nobody reads it is no reason to die. */
static ssize_t write_quietly(int fd, const void *bytes, size_t len)
{
        sigset_t broken, before;
        sigemptyset(&broken);
        sigaddset(&broken, SIGPIPE);
        sigprocmask(SIG_BLOCK, &broken, &before);
        ssize_t n = write(fd, bytes, len);
        int error = errno;
        if (n < 0 && error == EPIPE)
                sigtimedwait(&broken, NULL, &(struct timespec){ 0 });
        sigprocmask(SIG_SETMASK, &before, NULL);
        errno = error;
        return n;
}

static void write_input(struct run_pump *pump)
{
        ssize_t n = write_quietly(pump->output[0], pump->bytes + pump->at, pump->len);
        if (n < 0 && errno != EINTR && errno != EAGAIN)
                end_input(pump);
        if (n <= 0)
                return;
        pump->at += (size_t)n;
        pump->len -= (size_t)n;
}

/* Up to @ms, or -1. False: nothing happened. @host: ward_host_fd, or -1. */
static bool step(struct run_pump *pump, int host, int ms)
{
        struct pollfd polled[IN_FLIGHT] = {
                { .fd = host, .events = POLLIN },
                { .fd = pump->output[1], .events = POLLIN },
                { .fd = pump->output[2], .events = POLLIN },
                { .fd = pump->len ? -1 : pump->input, .events = POLLIN },
                { .fd = pump->len ? pump->output[0] : -1, .events = POLLOUT },
        };
        if (poll(polled, COUNT_OF(polled), ms) <= 0)
                return false;
        for (int i = STDOUT_FILENO; i <= STDERR_FILENO; i++)
                if (polled[i].revents)
                        take(pump, i);
        if (polled[3].revents)
                read_input(pump);
        if (polled[4].revents)
                write_input(pump);
        if (polled[0].revents)
                ward_host_dispatch(pump->run->host, 0, NULL);
        return true;
}

void run_pump_until(struct run_pump *pump, const bool *done)
{
        int host = -1;
        ward_host_fd(pump->run->host, &host, NULL);
        while (!*done)
                step(pump, host, -1);
}

void run_pump_finish(struct run_pump *pump)
{
        end_input(pump);
        while ((pump->output[1] >= 0 || pump->output[2] >= 0) && step(pump, -1, REST_MS))
                continue;
        for (size_t i = 0; i < COUNT_OF(pump->output); i++)
                pump->output[i] = fd_close(pump->output[i]);
        run_pump_start(pump);
        run_print_rest(&pump->run->printer);
}
