#include "domain/warden_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/fault.h"
#include "base/own.h"
#include "channel/message.h"
#include "domain/domain.h"
#include "domain/launch.h"
#include "domain/worker_program.h"
#include "sandbox/cgroup.h"

enum {
        END_MS = 2000,  /* that a warden has to end by itself, before it is killed */
        SWEEP_MS = 200, /* that a killed warden has to be gone */
};

bool warden_poll(int fd, short events, uint64_t deadline)
{
        struct pollfd polled = { .fd = fd, .events = events };
        for (;;) {
                uint64_t now = clock_now();
                uint64_t left = deadline > now ? deadline - now : 0;
                struct timespec timeout = clock_timespec(left);
                int n = ppoll(&polled, 1, deadline == CLOCK_NEVER ? NULL : &timeout, NULL);
                if (n >= 0 || errno != EINTR)
                        return n > 0;
        }
}

/* --- Events ----------------------------------------------------------------------------------- */

static struct warden_worker *find(struct warden *warden, uint64_t id)
{
        for (struct list *at = warden->workers.next; at != &warden->workers; at = at->next) {
                struct warden_worker *worker = CONTAINER_OF(at, struct warden_worker, link);
                if (worker->id == id && worker->state == WORKER_RUNS)
                        return worker;
        }
        return NULL;
}

/* While it is told, its owner waits in warden_forget. */
static void deliver(struct warden *warden, uint64_t id, const struct warden_end *end)
{
        pthread_mutex_lock(&warden->lock);
        struct warden_worker *worker = find(warden, id);
        if (worker)
                worker->state = WORKER_IS_TOLD;
        pthread_mutex_unlock(&warden->lock);
        if (!worker)
                return;
        worker->ended(worker->data, end);
        pthread_mutex_lock(&warden->lock);
        worker->state = WORKER_ENDED;
        pthread_cond_broadcast(&warden->changed);
        pthread_mutex_unlock(&warden->lock);
}

/* The id of a worker that is thought to run, or 0. */
static uint64_t any_running(struct warden *warden)
{
        uint64_t id = 0;
        pthread_mutex_lock(&warden->lock);
        for (struct list *at = warden->workers.next; at != &warden->workers && !id; at = at->next) {
                const struct warden_worker *worker = CONTAINER_OF(at, struct warden_worker, link);
                if (worker->state == WORKER_RUNS)
                        id = worker->id;
        }
        pthread_mutex_unlock(&warden->lock);
        return id;
}

/* Waits for callbacks that run, other than the caller. Once more is no harm, and watches that were never added have no monitor. */
static void unwatch(struct warden *warden)
{
        if (!warden->monitor)
                return;
        monitor_watch_remove(warden->monitor, &warden->events);
        monitor_watch_remove(warden->monitor, &warden->death);
}

/* A warden removes its control groups itself, unless it was killed. When its end is told all that was in them is gone. */
static void sweep_groups(const struct warden *warden)
{
        struct cgroups groups;
        if (!atomic_load(&warden->grouped))
                return;
        warden_poll(warden->pidfd, POLLIN, clock_deadline(SWEEP_MS));
        cgroups_find("/proc/self/mountinfo", "/proc/self/cgroup", getpid(), &groups);
        cgroups_sweep(&groups);
        cgroups_finish(&groups);
}

static void lose(struct warden *warden)
{
        const struct warden_end end = { .kind = WARDEN_LOST };
        pthread_mutex_lock(&warden->lock);
        atomic_store(&warden->lost, true);
        pthread_cond_broadcast(&warden->changed);
        pthread_mutex_unlock(&warden->lock);
        unwatch(warden);
        sweep_groups(warden); /* first: a host may end when it learns */
        for (uint64_t id; (id = any_running(warden));)
                deliver(warden, id, &end);
}

static void take_answer(struct warden *warden, const struct wire_head *head, struct ward_span payload)
{
        pthread_mutex_lock(&warden->lock);
        const struct warden_worker *worker = find(warden, head->id);
        struct warden_ask *ask = worker ? worker->asks : NULL;
        if (ask && ask->question == (uint32_t)head->status) {
                memcpy(ask->ret, payload.at, payload.len < ask->size ? payload.len : ask->size);
                ask->answered = (ssize_t)payload.len;
                pthread_cond_broadcast(&warden->changed);
        }
        pthread_mutex_unlock(&warden->lock);
}

/* While its owner hears, it waits in warden_forget. */
static void pass_on(struct warden *warden, const struct wire_head *head, struct ward_span payload)
{
        pthread_mutex_lock(&warden->lock);
        struct warden_worker *worker = find(warden, head->id);
        if (worker)
                worker->hears++;
        pthread_mutex_unlock(&warden->lock);
        if (!worker)
                return;
        worker->told(worker->data, head, payload);
        pthread_mutex_lock(&warden->lock);
        worker->hears--;
        pthread_cond_broadcast(&warden->changed);
        pthread_mutex_unlock(&warden->lock);
}

static void take_event(struct warden *warden, const struct wire_head *head, struct ward_span payload)
{
        struct warden_end end = { .kind = head->kind == WIRE_EXITED ? WARDEN_ENDED : WARDEN_REFUSED, .status = head->status };
        struct ward_usage usage;
        if (payload.len == sizeof usage) {
                memcpy(&usage, payload.at, sizeof usage);
                end.usage = &usage;
        }
        switch (head->kind) {
        case WIRE_EXITED:
        case WIRE_REFUSED:
                deliver(warden, head->id, &end);
                break;
        case WIRE_ANSWER:
                take_answer(warden, head, payload);
                break;
        default:
                pass_on(warden, head, payload);
        }
}

/* Passes on what the warden has told; false when its end of the socket is closed. */
static bool read_events(struct warden *warden)
{
        struct wire_head head;
        uint8_t payload[WIRE_PAYLOAD];
        struct iovec parts[] = { { &head, sizeof head }, { payload, sizeof payload } };
        for (;;) {
                struct msghdr message = { .msg_iov = parts, .msg_iovlen = COUNT_OF(parts) };
                ssize_t n = recvmsg(warden->socket, &message, MSG_DONTWAIT);
                if (n < (ssize_t)sizeof head)
                        return n < 0 && (errno == EAGAIN || errno == EINTR);
                take_event(warden, &head, (struct ward_span){ payload, (size_t)n - sizeof head });
        }
}

/* On the monitor's thread, as the next. Once it is known as lost, others may give it up: hence the reference. */
static void on_events(void *data)
{
        struct warden *warden = data;
        atomic_fetch_add(&warden->references, 1);
        if (!read_events(warden))
                lose(warden);
        warden_unref(warden);
}

static void on_death(void *data)
{
        struct warden *warden = data;
        atomic_fetch_add(&warden->references, 1);
        read_events(warden);
        lose(warden);
        warden_unref(warden);
}

static int watch(struct warden *warden, struct monitor_watch *watch, int fd, void (*ready)(void *data), struct ward_fault *fault)
{
        *watch = (struct monitor_watch){ .fd = fd, .ready = ready, .data = warden };
        return monitor_watch_add(warden->monitor, watch, fault);
}

/* --- Start ------------------------------------------------------------------------------------ */

static void close_all(struct warden *warden)
{
        warden->socket = fd_close(warden->socket);
        warden->pidfd = fd_close(warden->pidfd);
}

static int check_hello(const struct warden *warden, const char *path, uint64_t deadline, struct ward_fault *fault)
{
        struct wire_hello hello;
        if (!warden_poll(warden->socket, POLLIN, deadline))
                return fault_set(fault, WARD_FAULT_DEADLINE, "the worker program '%s' did not answer in time", path);
        ssize_t n = recv(warden->socket, &hello, sizeof hello, MSG_DONTWAIT);
        if (n != sizeof hello || hello.magic != WIRE_MAGIC)
                return fault_set(fault, WARD_FAULT_SYSTEM,
                                 "the program '%s' does not answer as ward-worker does: set the right one, "
                                 "by ward_host_options.worker_path or $WARD_WORKER",
                                 path);
        hello.version[sizeof hello.version - 1] = 0;
        if (hello.protocol == WIRE_PROTOCOL && !strcmp(hello.version, WARD_VERSION))
                return 0;
        return fault_set(
                fault, WARD_FAULT_SYSTEM,
                "the worker program '%s' is version %s (protocol %u), the library is %s (protocol %d): install both from one "
                "release",
                path, hello.version, hello.protocol, WARD_VERSION, WIRE_PROTOCOL);
}

static int run(struct warden *warden, const struct worker_program *program, uint64_t deadline, struct ward_fault *fault)
{
        int pair[2];
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, errno, "cannot make a socket for the warden");
        OWNED(fd_closep) int theirs = pair[1];
        OWNED(fd_closep) int host = (int)syscall(SYS_pidfd_open, getpid(), 0);
        warden->socket = pair[0];
        if (host < 0)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, errno, "cannot make a descriptor of the host for the warden");
        int r = launch(program, theirs, host, &warden->pidfd, fault);
        if (r)
                return r;
        theirs = fd_close(theirs); /* else its end would not be seen */
        return check_hello(warden, program->path, deadline, fault);
}

static void end_process(struct warden *warden)
{
        shutdown(warden->socket, SHUT_RDWR);
        if (warden->pidfd < 0 || warden_poll(warden->pidfd, POLLIN, clock_deadline(END_MS)))
                return;
        syscall(SYS_pidfd_send_signal, warden->pidfd, SIGKILL, NULL, 0);
        warden_poll(warden->pidfd, POLLIN, clock_deadline(END_MS));
}

static void worker_program_freep(struct worker_program **program)
{
        worker_program_free(*program);
}

static int start(struct domains *domains, uint64_t deadline, struct warden *warden, struct ward_fault *fault)
{
        OWNED(worker_program_freep) struct worker_program *program = NULL;
        int r = worker_program_find(domains, &program, fault);
        if (!r)
                r = domains_monitor(domains, &warden->monitor, fault);
        if (!r)
                r = run(warden, program, deadline, fault);
        if (!r)
                worker_program_keep(domains, STEAL(program));
        if (!r)
                r = watch(warden, &warden->events, warden->socket, on_events, fault);
        if (!r)
                r = watch(warden, &warden->death, warden->pidfd, on_death, fault);
        return r;
}

static struct warden *warden_make(void)
{
        struct warden *warden = calloc(1, sizeof *warden);
        pthread_condattr_t attributes;
        if (!warden)
                return NULL;
        atomic_store(&warden->references, 1);
        warden->socket = warden->pidfd = -1;
        list_init(&warden->workers);
        list_init(&warden->events.link);
        list_init(&warden->death.link);
        warden->events.fd = warden->death.fd = -1;
        pthread_mutex_init(&warden->lock, NULL);
        pthread_condattr_init(&attributes);
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        pthread_cond_init(&warden->changed, &attributes);
        pthread_condattr_destroy(&attributes);
        return warden;
}

static int warden_new(struct domains *domains, uint64_t deadline, struct warden **ret_warden, struct ward_fault *fault)
{
        struct warden *warden = warden_make();
        if (!warden)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot start a warden");
        int r = start(domains, deadline, warden, fault);
        if (r) {
                warden_free(warden);
                return r;
        }
        *ret_warden = warden;
        return 0;
}

/* The running one with a reference, or NULL; one that was lost goes to @ret_lost. */
static struct warden *take_running(struct domains *domains, struct warden **ret_lost)
{
        struct warden *warden = NULL;
        *ret_lost = NULL;
        domains_enter(domains);
        if (domains->warden && atomic_load(&domains->warden->lost))
                *ret_lost = STEAL(domains->warden);
        if (domains->warden) {
                warden = domains->warden;
                atomic_fetch_add(&warden->references, 1);
        }
        domains_leave(domains);
        return warden;
}

/* Whether it has ended, known or not. */
static bool is_gone(const struct warden *warden)
{
        struct pollfd ends[] = { { .fd = warden->socket }, { .fd = warden->pidfd, .events = POLLIN } };
        return poll(ends, COUNT_OF(ends), 0) > 0;
}

/* Waits until the monitor's thread knows, too; whether it does. If this is that thread, it does not. */
static bool await_loss(struct warden *warden)
{
        const struct timespec until = clock_timespec(clock_deadline(WARDEN_NOTICE_MS));
        int r = 0;
        pthread_mutex_lock(&warden->lock);
        while (!atomic_load(&warden->lost) && r != ETIMEDOUT)
                r = pthread_cond_timedwait(&warden->changed, &warden->lock, &until);
        pthread_mutex_unlock(&warden->lock);
        return atomic_load(&warden->lost);
}

/* Starting takes milliseconds, and locks of others: so it is done under no lock, and of two that were started at once one goes. */
int warden_get(struct domains *domains, uint64_t deadline, struct warden **ret_warden, struct ward_fault *fault)
{
        struct warden *lost, *made = NULL;
        for (;;) {
                struct warden *running = take_running(domains, &lost);
                warden_free(lost);
                if (running && is_gone(running) && await_loss(running)) {
                        warden_unref(running);
                        continue;
                }
                if (running) {
                        warden_free(made);
                        *ret_warden = running;
                        return 0;
                }
                if (!made) {
                        int r = warden_new(domains, deadline, &made, fault);
                        if (r)
                                return r;
                }
                domains_enter(domains);
                if (!domains->warden)
                        domains->warden = STEAL(made);
                domains_leave(domains);
        }
}

/* --- End -------------------------------------------------------------------------------------- */

struct warden *warden_ref(struct warden *warden)
{
        atomic_fetch_add(&warden->references, 1);
        return warden;
}

struct warden *warden_unref(struct warden *warden)
{
        if (!warden || atomic_fetch_sub(&warden->references, 1) != 1)
                return NULL;
        close_all(warden);
        free(warden);
        return NULL;
}

struct warden *warden_free(struct warden *warden)
{
        if (!warden)
                return NULL;
        unwatch(warden);
        end_process(warden);
        if (atomic_load(&warden->lost))
                sweep_groups(warden);
        return warden_unref(warden);
}
