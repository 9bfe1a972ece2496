#include "domain/warden.h"

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
#include "sandbox/grants.h"

enum {
        END_MS = 2000, /* that a warden has to end by itself, before it is killed */
        SEND_MS = 1000,
        SWEEP_MS = 200, /* that a killed warden has to be gone */
        NOTICE_MS = 200, /* that the monitor's thread may take to notice its end */
};

struct warden {
        _Atomic uint32_t references;
        int socket;
        int pidfd;
        struct monitor *monitor;
        struct monitor_watch events; /* on @socket */
        struct monitor_watch death;  /* on @pidfd: a child that the host forked may hold the socket's other end */
        _Atomic bool lost;
        _Atomic bool grouped; /* it has made control groups */
        _Atomic uint64_t next_id;
        pthread_mutex_t lock; /* guards what follows, and is held for moments */
        pthread_cond_t changed;
        struct list workers;
};

static bool poll_until(int fd, short events, uint64_t deadline)
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
        poll_until(warden->pidfd, POLLIN, clock_deadline(SWEEP_MS));
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

/* An answer to a question that is still asked. */
struct warden_ask {
        uint32_t question;
        void *ret;
        size_t size;
        ssize_t answered; /* bytes; -1: not yet */
};

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
        if (!poll_until(warden->socket, POLLIN, deadline))
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
        if (warden->pidfd < 0 || poll_until(warden->pidfd, POLLIN, clock_deadline(END_MS)))
                return;
        syscall(SYS_pidfd_send_signal, warden->pidfd, SIGKILL, NULL, 0);
        poll_until(warden->pidfd, POLLIN, clock_deadline(END_MS));
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
        const struct timespec until = clock_timespec(clock_deadline(NOTICE_MS));
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

/* --- Workers ---------------------------------------------------------------------------------- */

static int send_request(struct warden *warden, const struct wire_head *head, struct ward_span payload, const int *fds, size_t n_fds)
{
        _Alignas(struct cmsghdr) char control[CMSG_SPACE(WIRE_FDS * sizeof(int))] = { 0 };
        struct iovec parts[] = { { (void *)(uintptr_t)head, sizeof *head }, { (void *)(uintptr_t)payload.at, payload.len } };
        struct msghdr message = { .msg_iov = parts, .msg_iovlen = COUNT_OF(parts) };
        if (payload.len > WIRE_PAYLOAD)
                return -E2BIG;
        if (n_fds) {
                message.msg_control = control;
                message.msg_controllen = CMSG_SPACE(n_fds * sizeof *fds);
                struct cmsghdr *part = CMSG_FIRSTHDR(&message);
                *part = (struct cmsghdr){ .cmsg_level = SOL_SOCKET,
                                          .cmsg_type = SCM_RIGHTS,
                                          .cmsg_len = CMSG_LEN(n_fds * sizeof *fds) };
                memcpy(CMSG_DATA(part), fds, n_fds * sizeof *fds);
        }
        uint64_t deadline = clock_deadline(SEND_MS);
        while (sendmsg(warden->socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
                if (errno != EINTR && (errno != EAGAIN || !poll_until(warden->socket, POLLOUT, deadline)))
                        return -errno;
        return 0;
}

static const struct ward_span nothing = { NULL, 0 };

int warden_spawn(struct warden *warden, struct warden_worker *worker, struct ward_span payload, const int *fds, size_t n_fds,
                 struct ward_fault *fault)
{
        worker->id = 1 + atomic_fetch_add(&warden->next_id, 1);
        worker->state = WORKER_RUNS;
        if (worker->grouped)
                atomic_store(&warden->grouped, true);
        pthread_mutex_lock(&warden->lock);
        list_append(&warden->workers, &worker->link);
        pthread_mutex_unlock(&warden->lock);
        const struct wire_head head = { .kind = WIRE_SPAWN, .id = worker->id };
        int r = send_request(warden, &head, payload, fds, n_fds);
        /* Whether it was lost is looked at after the worker was listed: who loses it looks at the list after that. */
        if (!r && !atomic_load(&warden->lost))
                return 0;
        pthread_mutex_lock(&warden->lock);
        while (worker->state == WORKER_IS_TOLD)
                pthread_cond_wait(&warden->changed, &warden->lock);
        list_remove(&worker->link);
        pthread_mutex_unlock(&warden->lock);
        return fault_set_errno(fault, WARD_FAULT_SYSTEM, r ? -r : EPIPE, "cannot ask the warden for a worker");
}

int warden_file(struct warden *warden, struct warden_worker *worker, const char *path, int fd, struct ward_fault *fault)
{
        const struct wire_head head = { .kind = WIRE_FILE, .id = worker->id };
        const struct ward_span name = { (const uint8_t *)path, strlen(path) + 1 };
        int r = send_request(warden, &head, name, &fd, fd >= 0);
        return r ? fault_set_errno(fault, WARD_FAULT_SYSTEM, -r, "cannot tell the warden of the file '%s'", path) : 0;
}

void warden_forget_files(struct warden *warden, const struct warden_worker *worker, const char *prefix)
{
        const struct wire_head head = { .kind = WIRE_FORGET, .id = worker->id };
        send_request(warden, &head, (struct ward_span){ (const uint8_t *)prefix, strlen(prefix) + 1 }, NULL, 0);
}

static int cannot_grant(int r, struct ward_fault *fault)
{
        return r ? fault_set_errno(fault, WARD_FAULT_SYSTEM, -r, "cannot tell the warden what its worker is granted") : 0;
}

int warden_grant(struct warden *warden, const struct warden_worker *worker, const struct sandbox_grant *grant,
                 struct ward_fault *fault)
{
        const struct wire_head head = { .kind = WIRE_GRANT, .status = (int32_t)grant->rights, .id = worker->id };
        const struct ward_span path = { (const uint8_t *)grant->path, strlen(grant->path) + 1 };
        return cannot_grant(send_request(warden, &head, path, NULL, 0), fault);
}

int warden_address(struct warden *warden, const struct warden_worker *worker, const struct sandbox_address *address,
                   struct ward_fault *fault)
{
        const struct wire_head head = { .kind = WIRE_ADDRESS, .id = worker->id };
        const struct ward_span at = { (const uint8_t *)&address->at, address->len };
        return cannot_grant(send_request(warden, &head, at, NULL, 0), fault);
}

/* With the lock held: waits for a change as long as there is time. */
static bool wait_change(struct warden *warden, const struct timespec *until)
{
        return pthread_cond_timedwait(&warden->changed, &warden->lock, until) != ETIMEDOUT;
}

ssize_t warden_ask(struct warden *warden, struct warden_worker *worker, enum wire_question question, void *ret, size_t size,
                   uint64_t deadline)
{
        const struct wire_head head = { .kind = WIRE_ASK, .status = question, .id = worker->id };
        const struct timespec until = clock_timespec(deadline);
        struct warden_ask ask = { question, ret, size, -1 };
        bool in_time = !monitor_is_here(warden->monitor);
        pthread_mutex_lock(&warden->lock);
        while (in_time && worker->asks)
                in_time = wait_change(warden, &until);
        if (in_time) {
                worker->asks = &ask;
                pthread_mutex_unlock(&warden->lock);
                in_time = !send_request(warden, &head, nothing, NULL, 0);
                pthread_mutex_lock(&warden->lock);
                while (in_time && ask.answered < 0 && worker->state == WORKER_RUNS)
                        in_time = wait_change(warden, &until);
                worker->asks = NULL;
                pthread_cond_broadcast(&warden->changed);
        }
        pthread_mutex_unlock(&warden->lock);
        return ask.answered;
}

void warden_kill(struct warden *warden, const struct warden_worker *worker)
{
        const struct wire_head head = { .kind = WIRE_KILL, .id = worker->id };
        if (!atomic_load(&warden->lost))
                send_request(warden, &head, nothing, NULL, 0);
}

/* One that answers has not begun to end before. Of one that does not, the news may be on its way. */
bool warden_has_lost(struct warden *warden, struct warden_worker *worker)
{
        struct wire_posture posture;
        if (warden_ask(warden, worker, WIRE_POSTURE, &posture, sizeof posture, clock_deadline(NOTICE_MS)) >= 0)
                return false;
        const struct timespec until = clock_timespec(clock_deadline(NOTICE_MS));
        bool more = !monitor_is_here(warden->monitor);
        pthread_mutex_lock(&warden->lock);
        while (more && worker->state != WORKER_ENDED)
                more = wait_change(warden, &until);
        bool lost = worker->state == WORKER_ENDED;
        pthread_mutex_unlock(&warden->lock);
        return lost;
}

bool warden_forget(struct warden *warden, struct warden_worker *worker, uint64_t deadline)
{
        struct timespec until = clock_timespec(deadline);
        int r = 0;
        pthread_mutex_lock(&warden->lock);
        while (worker->state == WORKER_IS_TOLD || (worker->state == WORKER_RUNS && r != ETIMEDOUT))
                r = worker->state == WORKER_RUNS ? pthread_cond_timedwait(&warden->changed, &warden->lock, &until)
                                                 : pthread_cond_wait(&warden->changed, &warden->lock);
        while (worker->hears)
                pthread_cond_wait(&warden->changed, &warden->lock);
        bool ended = worker->state == WORKER_ENDED;
        list_remove(&worker->link);
        pthread_mutex_unlock(&warden->lock);
        return ended;
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
