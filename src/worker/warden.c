/* The warden's loop. It ends with the host. As process 1 of its PID namespace it takes every worker, and whatever they started,
 * along. Where there is no such namespace it does that work by hand. */
#include "worker/warden.h"

#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <ward/host.h>
#include "base/own.h"
#include "worker/child.h"
#include "worker/posture.h"
#include "worker/worker.h"
#include "worker/zygote.h"

/* --- The loop --------------------------------------------------------------------------------- */

static int control(const struct warden *warden, int operation, struct source *source, uint32_t events)
{
        struct epoll_event event = { .events = events, .data.ptr = source };
        return epoll_ctl(warden->epoll, operation, source->fd, &event) < 0 ? -errno : 0;
}

int warden_watch(struct warden *warden, struct source *source)
{
        return control(warden, EPOLL_CTL_ADD, source, EPOLLIN);
}

void warden_unwatch(struct warden *warden, struct source *source)
{
        if (source->fd < 0)
                return;
        control(warden, EPOLL_CTL_DEL, source, 0);
        source->fd = fd_close(source->fd);
}

/* One at a time: what one brings about may be the end of another. */
static void loop(struct warden *warden)
{
        while (!warden->ending) {
                struct epoll_event event;
                int n = epoll_wait(warden->epoll, &event, 1, -1);
                if (n < 0 && errno != EINTR)
                        return;
                struct source *source = event.data.ptr;
                if (n > 0)
                        source->ready(warden, source);
        }
}

/* --- What the host is told -------------------------------------------------------------------- */

struct untold {
        struct list link;
        size_t size;
        uint8_t bytes[]; /* a struct wire_head, and what it brings */
};

/* The host may be stopped and not read: never wait for it, since it may also die. */
static void tell_all(struct warden *warden)
{
        bool slow = false;
        while (!slow && !list_is_empty(&warden->untold)) {
                struct untold *untold = CONTAINER_OF(warden->untold.next, struct untold, link);
                slow = send(WIRE_SOCKET, untold->bytes, untold->size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0;
                if (slow)
                        break;
                list_remove(&untold->link);
                free(untold);
        }
        if (slow != warden->host_is_slow)
                control(warden, EPOLL_CTL_MOD, &warden->socket, slow ? EPOLLIN | EPOLLOUT : EPOLLIN);
        warden->host_is_slow = slow;
}

void warden_tell(struct warden *warden, const struct wire_head *head, const void *payload, size_t bytes)
{
        struct untold *untold = malloc(sizeof *untold + sizeof *head + bytes);
        if (!untold)
                return; /* the host's deadlines end its waits */
        untold->size = sizeof *head + bytes;
        memcpy(untold->bytes, head, sizeof *head);
        if (bytes)
                memcpy(untold->bytes + sizeof *head, payload, bytes);
        list_append(&warden->untold, &untold->link);
        tell_all(warden);
}

/* --- Requests --------------------------------------------------------------------------------- */

static void take_fds(struct msghdr *message, struct request *request)
{
        struct cmsghdr *part = CMSG_FIRSTHDR(message);
        for (size_t i = 0; i < WIRE_FDS; i++)
                request->fds[i] = -1;
        request->n_fds = 0;
        if (!part || part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
                return;
        request->n_fds = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        memcpy(request->fds, CMSG_DATA(part), request->n_fds * sizeof(int));
}

static void request_finish(struct request *request)
{
        for (size_t i = 0; i < request->n_fds; i++)
                fd_close(request->fds[i]);
        request->n_fds = 0;
}

static void answer_usage(const struct child *child)
{
        const struct wire_head head = { .kind = WIRE_ANSWER, .status = WIRE_USAGE, .id = child->id };
        struct ward_usage usage;
        watchdog_usage(child, &usage);
        warden_tell(child->warden, &head, &usage, sizeof usage);
}

static void answer(const struct child *child, int question)
{
        switch (question) {
        case WIRE_USAGE:
                answer_usage(child);
                break;
        case WIRE_POSTURE:
                posture_answer(child);
                break;
        }
}

static void serve_child(struct child *child, struct request *request)
{
        switch (request->head.kind) {
        case WIRE_KILL:
                child_kill(child);
                break;
        case WIRE_FILE:
                child_add_file(child, request);
                break;
        case WIRE_FORGET:
                child_forget_files(child, request);
                break;
        case WIRE_GRANT:
                notices_grant(child, request);
                break;
        case WIRE_ADDRESS:
                notices_address(child, request);
                break;
        case WIRE_ASK:
                answer(child, request->head.status);
                break;
        }
}

static void serve(struct warden *warden, struct request *request)
{
        struct child *child = child_find(warden, request->head.id);
        if (request->head.kind == WIRE_SPAWN)
                child_spawn(warden, request);
        else if (child)
                serve_child(child, request);
}

/* Whether there was one; @warden->ending when the host has closed its end. */
static bool receive(struct warden *warden, struct request *ret_request)
{
        _Alignas(struct cmsghdr) char room[CMSG_SPACE(WIRE_FDS * sizeof(int))];
        struct iovec parts[] = { { &ret_request->head, sizeof ret_request->head },
                                 { ret_request->payload, sizeof ret_request->payload } };
        struct msghdr message = {
                .msg_iov = parts, .msg_iovlen = COUNT_OF(parts), .msg_control = room, .msg_controllen = sizeof room
        };
        ssize_t n = recvmsg(WIRE_SOCKET, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
        if (n < (ssize_t)sizeof ret_request->head) {
                warden->ending = n >= 0 || (errno != EAGAIN && errno != EINTR);
                return false;
        }
        ret_request->bytes = (size_t)n - sizeof ret_request->head;
        take_fds(&message, ret_request);
        return true;
}

void warden_serve_host(struct warden *warden)
{
        struct request request;
        while (!warden->ending && receive(warden, &request)) {
                serve(warden, &request);
                request_finish(&request);
        }
}

static void on_socket(struct warden *warden, struct source *source)
{
        tell_all(warden);
        warden_serve_host(warden);
}

static void on_host_end(struct warden *warden, struct source *source)
{
        warden->ending = true;
}

/* --- Ends ------------------------------------------------------------------------------------- */

/* Without namespaces, the children of a worker that has died become the warden's (those of a living one stay its own, since it is a
 * subreaper too). Children that are neither workers nor zygotes are such orphans, and go. */
static void kill_orphans(struct warden *warden)
{
        FILE *list = fopen("/proc/thread-self/children", "re");
        int pid;
        if (!list)
                return;
        while (fscanf(list, "%d", &pid) == 1)
                if (!zygotes_have(warden, pid) && !child_find_pid(warden, pid))
                        kill(pid, SIGKILL);
        fclose(list);
}

/* A zygote that has ended was killed, and its like cannot be made any more without what the warden knows by now. */
static void on_signal(struct warden *warden, struct source *source)
{
        struct signalfd_siginfo drained;
        struct rusage rusage;
        int status;
        pid_t pid;
        while (read(source->fd, &drained, sizeof drained) > 0)
                continue;
        while ((pid = wait4(-1, &status, WNOHANG, &rusage)) > 0) {
                struct child *child = child_find_pid(warden, pid);
                if (child)
                        child_ended(child, status, &rusage);
                else if (zygotes_have(warden, pid))
                        warden->ending = true;
        }
        if (!warden->namespaced)
                kill_orphans(warden);
}

/* Control groups outlive those who are in them: then it waits for these to be gone. */
static void end_namespace(struct warden *warden)
{
        if (!watchdog_has_groups(&warden->watchdog))
                return;
        kill(-1, SIGKILL);
        while (waitpid(-1, NULL, 0) > 0)
                continue;
}

/* The end of process 1 is the end of its namespace. Elsewhere the workers go first, then their orphans as they come. */
static void end_all(struct warden *warden)
{
        if (warden->namespaced) {
                end_namespace(warden);
                return;
        }
        for (size_t i = 0; i < WIRE_ZYGOTES; i++)
                kill(warden->zygotes[i].pid, SIGKILL);
        while (!list_is_empty(&warden->children)) {
                struct child *child = CONTAINER_OF(warden->children.next, struct child, link);
                child_kill(child);
                list_remove(&child->link);
        }
        memset(warden->zygotes, 0, sizeof warden->zygotes);
        do
                kill_orphans(warden);
        while (waitpid(-1, NULL, 0) > 0);
}

/* --- Start ------------------------------------------------------------------------------------ */

/* A worker's listener. Who sent it, the kernel says. */
static void on_line(struct warden *warden, struct source *source)
{
        _Alignas(struct cmsghdr) char room[CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
        struct wire_line line;
        struct iovec bytes = { &line, sizeof line };
        struct msghdr message = { .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room };
        OWNED(fd_closep) int listener = -1;
        pid_t pid = 0;
        if (recvmsg(source->fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT) < 0)
                return;
        for (struct cmsghdr *part = CMSG_FIRSTHDR(&message); part; part = CMSG_NXTHDR(&message, part)) {
                if (part->cmsg_level != SOL_SOCKET)
                        continue;
                if (part->cmsg_type == SCM_RIGHTS && part->cmsg_len == CMSG_LEN(sizeof listener))
                        memcpy(&listener, CMSG_DATA(part), sizeof listener);
                else if (part->cmsg_type == SCM_CREDENTIALS)
                        pid = ((const struct ucred *)(const void *)CMSG_DATA(part))->pid;
        }
        struct child *child = child_find_pid(warden, pid);
        if (child && listener >= 0)
                child_listen(child, STEAL_FD(listener));
}

static int make_line(struct warden *warden)
{
        const int on = 1;
        int pair[2];
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
                return -errno;
        warden->line = (struct source){ pair[0], on_line };
        warden->line_in = pair[1];
        return setsockopt(pair[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0 ? -errno : warden_watch(warden, &warden->line);
}

static int hello(void)
{
        struct wire_hello hello = { .magic = WIRE_MAGIC, .protocol = WIRE_PROTOCOL };
        snprintf(hello.version, sizeof hello.version, "%s", WARD_VERSION);
        return send(WIRE_SOCKET, &hello, sizeof hello, MSG_NOSIGNAL) == sizeof hello ? 0 : -errno;
}

static void on_timer(struct warden *warden, struct source *source)
{
        watchdog_look(warden);
}

static int start_watchdog(struct warden *warden)
{
        int r = watchdog_init(&warden->watchdog, warden->proc);
        warden->timer = (struct source){ warden->watchdog.timer, on_timer };
        return r ? r : warden_watch(warden, &warden->timer);
}

static int open_all(struct warden *warden)
{
        sigset_t all, chld;
        sigfillset(&all);
        sigemptyset(&chld);
        sigaddset(&chld, SIGCHLD);
        sigprocmask(SIG_SETMASK, &all, NULL);
        warden->epoll = epoll_create1(EPOLL_CLOEXEC);
        warden->signals = (struct source){ signalfd(-1, &chld, SFD_CLOEXEC | SFD_NONBLOCK), on_signal };
        warden->proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (warden->epoll < 0 || warden->signals.fd < 0)
                return -errno;
        int r = start_watchdog(warden);
        if (!r)
                r = make_line(warden);
        if (!r)
                r = warden_watch(warden, &warden->signals);
        if (!r)
                r = warden_watch(warden, &warden->host);
        return r ? r : warden_watch(warden, &warden->socket);
}

int warden_run(void)
{
        struct warden warden = { .namespaced = getpid() == 1,
                                 .host = { WIRE_HOST, on_host_end },
                                 .socket = { WIRE_SOCKET, on_socket } };
        void *frame;
        list_init(&warden.children);
        list_init(&warden.untold);
        prctl(PR_SET_NAME, "ward-warden");
        if (!warden.namespaced && prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
                return 1;
        /* The first call loads the unwinder: once here, rather than in a crashed worker. */
        backtrace(&frame, 1);
        if (open_all(&warden) < 0 || zygotes_start(&warden) < 0 || hello() < 0)
                return 1;
        loop(&warden);
        shutdown(WIRE_SOCKET, SHUT_RDWR); /* the host is to ask another one, however long this end takes */
        end_all(&warden);
        watchdog_finish(&warden.watchdog);
        return 0;
}
