#include "worker/zygote.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <ward/posture.h>
#include "base/own.h"
#include "sandbox/root.h"
#include "worker/worker.h"

enum { HIGH_FD = 16, ANSWER_MS = 5000 };

/* What a zygote is to fork. */
struct order {
        uint32_t descriptors; /* as in struct wire_spawn; then come those of struct cgroup_entry */
        uint32_t groups;      /* cgroup_entry.n */
        uint32_t into;        /* 1: the last is the group to clone it into */
        uint32_t network;     /* 1: it will want the network without anything */
};

static ssize_t receive(int socket, void *bytes, size_t size, int *fds, size_t *n_fds)
{
        _Alignas(struct cmsghdr) char room[CMSG_SPACE(WIRE_FDS * sizeof(int))];
        struct iovec part = { bytes, size };
        struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room };
        ssize_t n;
        do
                n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
        while (n < 0 && errno == EINTR);
        *n_fds = 0;
        struct cmsghdr *rights = n < 0 ? NULL : CMSG_FIRSTHDR(&message);
        if (rights && rights->cmsg_level == SOL_SOCKET && rights->cmsg_type == SCM_RIGHTS) {
                *n_fds = (rights->cmsg_len - CMSG_LEN(0)) / sizeof(int);
                memcpy(fds, CMSG_DATA(rights), *n_fds * sizeof(int));
        }
        return n;
}

static ssize_t send_with(int socket, const void *bytes, size_t size, const int *fds, size_t n_fds)
{
        _Alignas(struct cmsghdr) char room[CMSG_SPACE(WIRE_FDS * sizeof(int))] = { 0 };
        struct iovec part = { (void *)(uintptr_t)bytes, size };
        struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
        if (n_fds) {
                message.msg_control = room;
                message.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
                struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
                rights->cmsg_level = SOL_SOCKET;
                rights->cmsg_type = SCM_RIGHTS;
                rights->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
                memcpy(CMSG_DATA(rights), fds, n_fds * sizeof(int));
        }
        return sendmsg(socket, &message, MSG_NOSIGNAL);
}

/* --- In the zygote ---------------------------------------------------------------------------- */

struct zygote_self {
        bool namespaced;
        bool has_network; /* WIRE_EMPTY is what it is to be */
        uint32_t held;
        pid_t parent;
        int *tid; /* where the C library keeps the thread's number */
};

/* First everything out of the way of the numbers that are to be taken. */
static int raise_fd(int fd)
{
        return fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, HIGH_FD);
}

static void put_fd(int fd, int number)
{
        if (dup3(fd, number, O_CLOEXEC) < 0)
                _exit(1);
}

/* What is not there is standard input, which is nothing: no other descriptor is to come by the number. */
static void arrange_fds(const struct warden *warden, int socket, int between)
{
        int to_warden = raise_fd(socket), line = raise_fd(warden->line_in), proc = raise_fd(warden->proc),
            empty = raise_fd(between);
        put_fd(to_warden, WIRE_SOCKET);
        put_fd(STDIN_FILENO, WIRE_HOST);
        put_fd(line, WIRE_LINE);
        put_fd(proc < 0 ? STDIN_FILENO : proc, WIRE_PROC);
        put_fd(empty, WIRE_EMPTY);
        close_range(WIRE_EMPTY + 1, ~0U, 0);
}

/* What all its workers are to find empty, entered once: a network namespace takes three times as long to make as all others. */
static uint32_t enter_nothing(void)
{
        uint32_t held = 0;
        if (!unshare(CLONE_NEWNET))
                held |= WARD_LAYER_NETWORK_NAMESPACE;
        if (!unshare(CLONE_NEWNS)) {
                const struct sandbox_root nothing = { .grants = NULL };
                int r = root_change(&nothing);
                if (r < 0)
                        _exit(1);
                held |= r ? 0 : WARD_LAYER_OWN_ROOT;
        }
        return held;
}

static void run_worker(const struct zygote_self *self, const struct order *order, const int *fds, size_t n)
        __attribute__((noreturn));

/* Each worker's first act, if it is to be in control groups, is to enter them. */
static void enter_groups(const int *tasks, size_t n)
{
        struct cgroup_entry entry = { .n = n, .into = -1 };
        memcpy(entry.tasks, tasks, n * sizeof *tasks);
        if (cgroup_enter(&entry))
                _exit(WORDS_EXIT);
        cgroup_entry_close(&entry);
}

static void run_worker(const struct zygote_self *self, const struct order *order, const int *fds, size_t n)
{
        struct worker_start start = { .held = self->held };
        size_t next = 0;
        sigset_t none;
        for (size_t i = 0; i < WIRE_DESCRIPTORS; i++)
                start.fds[i] = order->descriptors >> i & 1 && next < n ? fds[next++] : -1;
        if (order->groups <= CGROUP_TREES && order->groups <= n - next)
                enter_groups(fds + next, order->groups);
        close(WIRE_SOCKET);
        prctl(PR_SET_NAME, "ward-worker");
        setsid();
        if (!self->namespaced) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                prctl(PR_SET_CHILD_SUBREAPER, 1);
                if (getppid() != self->parent)
                        _exit(0);
        }
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        worker_run(&start);
}

/* By clone(2), since fork() cannot make a child of the parent's. What fork() does for the C library beside, this does too: the
 * thread's number is another in the child. Where the kernel takes the place for it differs by architecture; the other of the two is
 * not looked at. */
static pid_t fork_worker(const struct zygote_self *self, int into)
{
        int flags = CLONE_PARENT | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | (self->namespaced ? CLONE_NEWPID : 0);
        struct clone_args args = { .flags = (uint64_t)flags | CLONE_INTO_CGROUP,
                                   .child_tid = (uint64_t)(uintptr_t)self->tid,
                                   .cgroup = (uint64_t)into };
        long pid = into < 0 ? syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, self->tid, self->tid)
                            : syscall(SYS_clone3, &args, sizeof args);
        return pid < 0 ? -errno : (pid_t)pid;
}

/* The empty one's network namespace, for workers of the other: by a socket between the two, so that both start at once. What stands
 * at WIRE_EMPTY is that socket until then. */
static void give_network(bool there_is_one)
{
        static const char nothing;
        OWNED(fd_closep) int network = there_is_one ? openat(WIRE_PROC, "self/ns/net", O_RDONLY | O_CLOEXEC) : -1;
        send_with(WIRE_EMPTY, &nothing, 1, &network, network >= 0);
        put_fd(STDIN_FILENO, WIRE_EMPTY);
}

/* Where the other was killed before it said anything there is no telling, and the warden ends: not a machine without networks. */
static void take_network(void)
{
        char nothing;
        int fds[WIRE_FDS];
        size_t n = 0;
        if (receive(WIRE_EMPTY, &nothing, 1, fds, &n) != 1)
                _exit(1);
        put_fd(n ? fds[0] : STDIN_FILENO, WIRE_EMPTY);
        if (n)
                close(fds[0]);
}

static void serve(struct zygote_self *self)
{
        struct order order;
        int fds[WIRE_FDS];
        size_t n;
        while (receive(WIRE_SOCKET, &order, sizeof order, fds, &n) == sizeof order) {
                if (order.network && !self->has_network)
                        take_network();
                self->has_network |= order.network;
                int32_t pid = fork_worker(self, order.into && n ? fds[n - 1] : -1);
                if (!pid)
                        run_worker(self, &order, fds, n);
                for (size_t i = 0; i < n; i++)
                        close(fds[i]);
                if (send(WIRE_SOCKET, &pid, sizeof pid, MSG_NOSIGNAL) < 0)
                        return;
        }
}

static void run(const struct warden *warden, enum wire_zygote kind, int socket, int between) __attribute__((noreturn));

static void run(const struct warden *warden, enum wire_zygote kind, int socket, int between)
{
        struct zygote_self self = { .namespaced = warden->namespaced, .parent = getppid() };
        prctl(PR_SET_NAME, "ward-zygote");
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (prctl(PR_GET_TID_ADDRESS, &self.tid) < 0)
                _exit(1);
        arrange_fds(warden, socket, between);
        if (kind == WIRE_ZYGOTE_EMPTY) {
                self.held = enter_nothing();
                self.has_network = true;
                give_network(self.held & WARD_LAYER_NETWORK_NAMESPACE);
        }
        if (self.namespaced)
                self.held |= WARD_LAYER_PID_NAMESPACE;
        prctl(PR_SET_DUMPABLE, 0); /* hidden, as its workers are to be */
        serve(&self);
        _exit(0);
}

/* --- In the warden ---------------------------------------------------------------------------- */

static int await(const struct zygote *zygote, int32_t *ret_pid)
{
        struct pollfd polled = { .fd = zygote->socket, .events = POLLIN };
        int n;
        do
                n = poll(&polled, 1, ANSWER_MS);
        while (n < 0 && errno == EINTR);
        return n > 0 && recv(zygote->socket, ret_pid, sizeof *ret_pid, 0) == sizeof *ret_pid ? 0 : -EPIPE;
}

static int start(struct warden *warden, enum wire_zygote kind, int between)
{
        struct zygote *zygote = &warden->zygotes[kind];
        int pair[2];
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
                return -errno;
        zygote->socket = pair[0];
        zygote->pid = fork();
        if (!zygote->pid)
                run(warden, kind, pair[1], between);
        close(pair[1]);
        return zygote->pid < 0 ? -errno : 0;
}

/* Nobody waits for them here: what they are to do first waits for them. */
int zygotes_start(struct warden *warden)
{
        int between[2];
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, between) < 0)
                return -errno;
        int r = start(warden, WIRE_ZYGOTE_EMPTY, between[0]);
        if (!r)
                r = start(warden, WIRE_ZYGOTE_HOST, between[1]);
        close(between[0]);
        close(between[1]);
        return r;
}

bool zygotes_have(const struct warden *warden, pid_t pid)
{
        for (size_t i = 0; i < WIRE_ZYGOTES; i++)
                if (warden->zygotes[i].pid == pid)
                        return true;
        return false;
}

pid_t zygote_fork(const struct zygote *zygote, const struct wire_spawn *spawn, const int *fds, size_t n,
                  const struct cgroup_entry *entry)
{
        const struct order order = { spawn->descriptors, (uint32_t)entry->n, entry->into >= 0,
                                     !!(spawn->layers & WARD_LAYER_NETWORK_NAMESPACE) };
        int32_t pid;
        int all[WIRE_FDS];
        if (n + entry->n + order.into > WIRE_FDS)
                return -E2BIG;
        memcpy(all, fds, n * sizeof *fds);
        memcpy(all + n, entry->tasks, entry->n * sizeof *fds);
        n += entry->n;
        if (order.into)
                all[n++] = entry->into;
        if (send_with(zygote->socket, &order, sizeof order, all, n) != sizeof order)
                return -EPIPE;
        int r = await(zygote, &pid);
        return r ? r : pid;
}
