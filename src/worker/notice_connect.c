#include "worker/notice_connect.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/own.h"
#include "worker/notice_memory.h"

/* Later than the oldest headers that Ward is built with. */
#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

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

/* One that was handed over before is of the host's network already: only a connection that does not wait can be made with it, or
 * asked for. */
static int begin_again(int theirs, const struct call *call)
{
        int r = connect_to(theirs, call);
        return r == CONNECTING_MADE ? CONNECTING_ANSWERED : r == CONNECTING_UNDER_WAY ? -EINPROGRESS : r;
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
        OWNED(fd_closep) int theirs = take(worker, (pid_t)notice->pid, call->fd);
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
        return handed_over && fcntl(theirs, F_GETFL) & O_NONBLOCK ? begin_again(theirs, call)
                                                                  : begin_anew(theirs, call, ret_connecting);
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
        connecting->socket = fd_close(connecting->socket);
}
