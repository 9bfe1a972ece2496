#include "worker/notice_connect.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>
#include "base/own.h"
#include "worker/notice_memory.h"

/* Later than the oldest headers that Ward is built with. */
#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

/* --- Closing ---------------------------------------------------------------------------------- */

static void on_alarm(int number)
{
}

/* The last descriptor of a socket that lingers (SO_LINGER) waits in close(2) until the peer has everything, which may be never.
 * That it lingers, and that ours is the last, a worker can bring about at any moment. A signal ends the wait. */
static int close_at_once(int socket)
{
        const struct itimerval soon = { { 0, 1000 }, { 0, 1000 } }, never = { { 0, 0 }, { 0, 0 } };
        const struct sigaction ends_waits = { .sa_handler = on_alarm };
        sigset_t alarm, before;
        if (socket < 0)
                return -1;
        sigemptyset(&alarm);
        sigaddset(&alarm, SIGALRM);
        sigaction(SIGALRM, &ends_waits, NULL);
        sigprocmask(SIG_UNBLOCK, &alarm, &before);
        setitimer(ITIMER_REAL, &soon, NULL);
        fd_close(socket);
        setitimer(ITIMER_REAL, &never, NULL);
        sigprocmask(SIG_SETMASK, &before, NULL);
        return -1;
}

static void close_at_oncep(int *socket)
{
        *socket = close_at_once(*socket);
}

/* --- The worker's socket ---------------------------------------------------------------------- */

/* The worker's descriptor @fd, as one of ours; or a negative errno. */
static int take(pid_t worker, pid_t tid, int fd)
{
        OWNED(fd_closep) int process = process_open(worker, tid);
        if (process < 0)
                return process;
        int own = (int)syscall(SYS_pidfd_getfd, process, fd, 0);
        return own < 0 ? -errno : own;
}

static int option(int socket, int name)
{
        int value = -1;
        socklen_t size = sizeof value;
        return getsockopt(socket, SOL_SOCKET, name, &value, &size) < 0 ? -errno : value;
}

static uint64_t network_of(int socket)
{
        uint64_t cookie = 0;
        socklen_t size = sizeof cookie;
        return getsockopt(socket, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size) < 0 ? 0 : cookie;
}

/* IPv6 that stands for IPv4 is of that family still. */
static int check(int socket, const struct call *call)
{
        int family = option(socket, SO_DOMAIN);
        if (family < 0)
                return family;
        if (option(socket, SO_TYPE) != SOCK_STREAM || option(socket, SO_ACCEPTCONN))
                return -EOPNOTSUPP;
        return family == call->address.ss_family ? 0 : -EAFNOSUPPORT;
}

/* --- Ours ------------------------------------------------------------------------------------- */

/* What an add-in may have set before it connects. */
static void copy_options(int from, int to)
{
        static const struct {
                int level, name;
        } options[] = {
                { SOL_SOCKET, SO_KEEPALIVE },       { SOL_SOCKET, SO_OOBINLINE }, { SOL_SOCKET, SO_PRIORITY },
                { SOL_SOCKET, SO_SNDTIMEO },        { SOL_SOCKET, SO_RCVTIMEO },  { SOL_SOCKET, SO_LINGER },
                { IPPROTO_TCP, TCP_NODELAY },       { IPPROTO_TCP, TCP_CORK },    { IPPROTO_TCP, TCP_KEEPIDLE },
                { IPPROTO_TCP, TCP_KEEPINTVL },     { IPPROTO_TCP, TCP_KEEPCNT }, { IPPROTO_TCP, TCP_USER_TIMEOUT },
                { IPPROTO_TCP, TCP_NOTSENT_LOWAT },
        };
        for (size_t i = 0; i < COUNT_OF(options); i++) {
                uint8_t value[32];
                socklen_t size = sizeof value;
                if (!getsockopt(from, options[i].level, options[i].name, value, &size))
                        setsockopt(to, options[i].level, options[i].name, value, size);
        }
}

static int connect_to(int socket, const struct call *call)
{
        if (!connect(socket, (const struct sockaddr *)&call->address, call->address_len))
                return CONNECTING_MADE;
        return errno == EINPROGRESS ? CONNECTING_UNDER_WAY : -errno;
}

static int begin_anew(int theirs, const struct call *call, struct connecting *ret_connecting)
{
        int family = call->address.ss_family, flags = fcntl(theirs, F_GETFL);
        OWNED(fd_closep) int own = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (own < 0 || flags < 0)
                return -errno;
        copy_options(theirs, own);
        int r = connect_to(own, call);
        if (r < 0)
                return r;
        ret_connecting->fd = call->fd;
        ret_connecting->waits = !(flags & O_NONBLOCK);
        ret_connecting->socket = STEAL_FD(own);
        return r;
}

/* One that was handed over before, and does not wait, may be on its way still, or tell what went wrong. It is only asked: whether a
 * call that is made with it waits, another thread of the worker's may change at any moment. 0: it is to be connected anew. */
static int ask_again(int theirs)
{
        struct tcp_info info = { .tcpi_state = 0 };
        socklen_t size = sizeof info;
        if (!getsockopt(theirs, IPPROTO_TCP, TCP_INFO, &info, &size) && info.tcpi_state == TCP_SYN_SENT)
                return -EALREADY;
        return -option(theirs, SO_ERROR);
}

static bool is_connected(int socket)
{
        struct sockaddr_storage peer;
        socklen_t size = sizeof peer;
        return !getpeername(socket, (struct sockaddr *)&peer, &size);
}

int connecting_begin(int listener, pid_t worker, const struct seccomp_notif *notice, const struct call *call,
                     struct connecting *ret_connecting)
{
        *ret_connecting = (struct connecting){ .notice = notice->id, .socket = -1 };
        OWNED(close_at_oncep) int theirs = take(worker, (pid_t)notice->pid, call->fd);
        if (theirs < 0)
                return theirs;
        /* Whose it is, the thread's number says only as long as the thread waits. */
        if (ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &notice->id) < 0)
                return -ECANCELED;
        int r = check(theirs, call);
        if (r)
                return r;
        if (is_connected(theirs))
                return -EISCONN;
        OWNED(fd_closep) int here = socket(call->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        bool handed_over = call->address.ss_family != AF_UNIX && network_of(theirs) == network_of(here);
        r = handed_over && fcntl(theirs, F_GETFL) & O_NONBLOCK ? ask_again(theirs) : 0;
        return r ? r : begin_anew(theirs, call, ret_connecting);
}

int connecting_end(const struct connecting *connecting)
{
        return -option(connecting->socket, SO_ERROR);
}

/* Blocking as the worker's was. It is not inherited by programs that the worker executes. */
int connecting_hand_over(const struct connecting *connecting, int listener)
{
        const struct seccomp_notif_addfd add = {
                .id = connecting->notice,
                .flags = SECCOMP_ADDFD_FLAG_SETFD,
                .srcfd = (uint32_t)connecting->socket,
                .newfd = (uint32_t)connecting->fd,
                .newfd_flags = O_CLOEXEC,
        };
        if (connecting->waits && fcntl(connecting->socket, F_SETFL, 0) < 0)
                return -errno;
        return ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add) < 0 ? -errno : 0;
}

void connecting_finish(struct connecting *connecting)
{
        connecting->socket = close_at_once(connecting->socket);
}
