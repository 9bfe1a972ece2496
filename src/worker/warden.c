/* The warden: forks workers when the host asks, tells it when they end, and ends with the host. As process 1 of its PID namespace
 * it takes every worker, and whatever they started, along. Where there is no such namespace it does that work by hand. */
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <ward/host.h>
#include "base/own.h"
#include "worker/worker.h"

struct child {
        pid_t pid;
        bool ended;              /* and @event is still to be sent */
        struct wire_event event; /* event.id: the host's name for it */
};

struct warden {
        int signals;     /* signalfd, SIGCHLD */
        bool namespaced; /* process 1 of a PID namespace; each worker gets one too */
        struct child *children;
        size_t n;
};

static void child_end(struct child *child, enum wire_event_kind kind, int status)
{
        child->ended = true;
        child->event.kind = kind;
        child->event.status = status;
}

/* The host may be stopped and not read: never wait for it, since it may also die. True once nothing is left to say. */
static bool tell(struct warden *warden)
{
        for (size_t i = 0; i < warden->n;) {
                const struct child *child = &warden->children[i];
                if (!child->ended) {
                        i++;
                        continue;
                }
                if (send(WIRE_SOCKET, &child->event, sizeof child->event, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
                        return false;
                warden->children[i] = warden->children[--warden->n];
        }
        return true;
}

static void child_reaped(struct warden *warden, pid_t pid, int status)
{
        for (size_t i = 0; i < warden->n; i++)
                if (warden->children[i].pid == pid && !warden->children[i].ended)
                        child_end(&warden->children[i], WIRE_EXITED, status);
}

static bool is_worker(const struct warden *warden, pid_t pid)
{
        for (size_t i = 0; i < warden->n; i++)
                if (warden->children[i].pid == pid && !warden->children[i].ended)
                        return true;
        return false;
}

/* Without namespaces, the children of a worker that has died become the warden's (those of a living one stay its own, since it is a
 * subreaper too). Children that are not workers are such orphans, and go. */
static void kill_orphans(const struct warden *warden)
{
        FILE *list = fopen("/proc/thread-self/children", "re");
        int pid;
        if (!list)
                return;
        while (fscanf(list, "%d", &pid) == 1)
                if (!is_worker(warden, pid))
                        kill(pid, SIGKILL);
        fclose(list);
}

static void reap(struct warden *warden)
{
        struct signalfd_siginfo drained;
        int status;
        pid_t pid;
        while (read(warden->signals, &drained, sizeof drained) > 0)
                continue;
        while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
                child_reaped(warden, pid, status);
        if (!warden->namespaced)
                kill_orphans(warden);
}

static void run_child(struct warden *warden, const int fds[WIRE_DESCRIPTORS], pid_t parent) __attribute__((noreturn));

/* Nothing of the warden's or of other workers stays. */
static void run_child(struct warden *warden, const int fds[WIRE_DESCRIPTORS], pid_t parent)
{
        sigset_t none;
        free(warden->children);
        prctl(PR_SET_NAME, "ward-worker");
        setsid();
        if (!warden->namespaced) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                prctl(PR_SET_CHILD_SUBREAPER, 1);
                if (getppid() != parent)
                        _exit(0);
        }
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        worker_run(fds);
}

/* The C library keeps the thread's number, which clone(2) behind its back would leave wrong; but the warden and its namespaced
 * children all are process 1 where they live. */
static pid_t fork_child(const struct warden *warden)
{
        return warden->namespaced ? (pid_t)syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, NULL, NULL, NULL, NULL) : fork();
}

static void spawn(struct warden *warden, uint64_t id, const int fds[WIRE_DESCRIPTORS])
{
        struct child *children = reallocarray(warden->children, warden->n + 1, sizeof *children);
        if (!children)
                return; /* the host's deadline ends its wait */
        warden->children = children;
        struct child *child = &children[warden->n];
        *child = (struct child){ .event.id = id };
        pid_t parent = getpid();
        child->pid = fork_child(warden);
        if (!child->pid)
                run_child(warden, fds, parent);
        if (child->pid < 0)
                child_end(child, WIRE_REFUSED, errno);
        warden->n++;
}

static void kill_child(const struct warden *warden, uint64_t id)
{
        for (size_t i = 0; i < warden->n; i++)
                if (warden->children[i].event.id == id && !warden->children[i].ended)
                        kill(warden->children[i].pid, SIGKILL);
}

enum { FDS_SIZE = WIRE_DESCRIPTORS * sizeof(int) };

static bool take_fds(struct msghdr *message, int ret_fds[WIRE_DESCRIPTORS])
{
        struct cmsghdr *part = CMSG_FIRSTHDR(message);
        if (!part || part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS || part->cmsg_len != CMSG_LEN(FDS_SIZE))
                return false;
        memcpy(ret_fds, CMSG_DATA(part), FDS_SIZE);
        return true;
}

static void serve_spawn(struct warden *warden, uint64_t id, struct msghdr *message)
{
        int fds[WIRE_DESCRIPTORS];
        if (!take_fds(message, fds))
                return;
        spawn(warden, id, fds);
        for (size_t i = 0; i < COUNT_OF(fds); i++)
                fd_close(fds[i]);
}

/* One request; false when the host has closed its end. */
static bool serve(struct warden *warden)
{
        struct wire_request request;
        _Alignas(struct cmsghdr) char control[CMSG_SPACE(FDS_SIZE)];
        struct iovec bytes = { &request, sizeof request };
        struct msghdr message = { .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
        ssize_t n = recvmsg(WIRE_SOCKET, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
        if (n < 0)
                return errno == EAGAIN || errno == EINTR;
        if (n != sizeof request)
                return false;
        if (request.kind == WIRE_SPAWN)
                serve_spawn(warden, request.id, &message);
        else if (request.kind == WIRE_KILL)
                kill_child(warden, request.id);
        return true;
}

static void loop(struct warden *warden)
{
        for (bool told = true;; told = tell(warden)) {
                struct pollfd polled[] = {
                        { .fd = WIRE_HOST, .events = POLLIN },
                        { .fd = WIRE_SOCKET, .events = (short)(told ? POLLIN : POLLIN | POLLOUT) },
                        { .fd = warden->signals, .events = POLLIN },
                };
                if (poll(polled, COUNT_OF(polled), -1) < 0 && errno != EINTR)
                        return;
                if (polled[0].revents)
                        return;
                if (polled[1].revents & ~POLLOUT && !serve(warden))
                        return;
                if (polled[2].revents)
                        reap(warden);
        }
}

/* The end of process 1 is the end of its namespace. Elsewhere the workers go first, then their orphans as they come. */
static void end_all(struct warden *warden)
{
        if (warden->namespaced)
                return;
        for (size_t i = 0; i < warden->n; i++)
                if (!warden->children[i].ended)
                        kill(warden->children[i].pid, SIGKILL);
        warden->n = 0;
        do
                kill_orphans(warden);
        while (waitpid(-1, NULL, 0) > 0);
}

static int hello(void)
{
        struct wire_hello hello = { .magic = WIRE_MAGIC, .protocol = WIRE_PROTOCOL };
        snprintf(hello.version, sizeof hello.version, "%s", WARD_VERSION);
        return send(WIRE_SOCKET, &hello, sizeof hello, MSG_NOSIGNAL) == sizeof hello ? 0 : -1;
}

int warden_run(void)
{
        struct warden warden = { .namespaced = getpid() == 1 };
        sigset_t all, chld;
        void *frame;
        prctl(PR_SET_NAME, "ward-warden");
        if (!warden.namespaced && prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
                return 1;
        /* The first call loads the unwinder: once here, rather than in a crashed worker. */
        backtrace(&frame, 1);
        sigfillset(&all);
        sigemptyset(&chld);
        sigaddset(&chld, SIGCHLD);
        sigprocmask(SIG_SETMASK, &all, NULL);
        warden.signals = signalfd(-1, &chld, SFD_CLOEXEC | SFD_NONBLOCK);
        if (warden.signals < 0 || hello() < 0)
                return 1;
        loop(&warden);
        end_all(&warden);
        return 0;
}
