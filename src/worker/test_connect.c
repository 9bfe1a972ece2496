/* A process behind the filter of level intranet, and a warden of a few lines that connects for it. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/own.h"
#include "sandbox/filter.h"
#include "test/harness/harness.h"
#include "worker/notice_connect.h"

static struct sockaddr_in server; /* where somebody listens */

static int listen_here(void)
{
        socklen_t size = sizeof server;
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        server = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
        assert_int_equal(bind(fd, (const struct sockaddr *)&server, size), 0);
        assert_int_equal(listen(fd, 8), 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *)&server, &size), 0);
        return fd;
}

/* --- The two processes ------------------------------------------------------------------------ */

static void send_fd(int to, int fd)
{
        _Alignas(struct cmsghdr) char room[CMSG_SPACE(sizeof fd)] = { 0 };
        struct iovec bytes = { "", 1 };
        struct msghdr message = { .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room };
        struct cmsghdr *part = CMSG_FIRSTHDR(&message);
        *part = (struct cmsghdr){ .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof fd) };
        memcpy(CMSG_DATA(part), &fd, sizeof fd);
        if (sendmsg(to, &message, 0) < 0)
                _exit(101);
}

static int receive_fd(int from)
{
        char byte;
        int fd = -1;
        _Alignas(struct cmsghdr) char room[CMSG_SPACE(sizeof fd)];
        struct iovec bytes = { &byte, 1 };
        struct msghdr message = { .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room };
        if (recvmsg(from, &message, MSG_CMSG_CLOEXEC) == 1 && CMSG_FIRSTHDR(&message))
                memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
        return fd;
}

struct held {
        pid_t pid;
        int listener;
};

/* @run in a process without a network of its own, where that can be had. */
static struct held start(int (*run)(void))
{
        const struct filter_wants connects = { .connect = true };
        struct sandbox_filter filter;
        struct held held;
        int pair[2], listener;
        assert_int_equal(filter_prepare(FILTER_INTRANET, &connects, &filter), 0);
        if (!filter.program.len)
                harness_skip("Ward was built without libseccomp");
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
        held.pid = fork();
        if (!held.pid) {
                if (unshare(CLONE_NEWNET) < 0)
                        unshare(CLONE_NEWUSER | CLONE_NEWNET);
                prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
                if (filter_apply(&filter, &listener))
                        _exit(100);
                send_fd(pair[1], listener);
                close(listener);
                _exit(run());
        }
        held.listener = receive_fd(pair[0]);
        close(pair[0]);
        close(pair[1]);
        filter_finish(&filter);
        assert_true(held.listener >= 0);
        return held;
}

static int answer(int listener, uint64_t id, int error)
{
        struct seccomp_notif_resp response = { .id = id, .error = -error };
        return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

static struct seccomp_notif receive(const struct held *held, struct call *ret_call)
{
        struct seccomp_notif notice = { 0 };
        assert_int_equal(ioctl(held->listener, SECCOMP_IOCTL_NOTIF_RECV, &notice), 0);
        OWNED(fd_closep) int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
        assert_int_equal(call_decode(proc, held->pid, &notice, ret_call), 0);
        return notice;
}

/* Connects as the warden does, but waits. The last outcome is what connecting_begin gave. */
static int serve(const struct held *held)
{
        static struct call call;
        struct connecting connecting = { .socket = -1 };
        const struct seccomp_notif notice = receive(held, &call);
        assert_int_equal(call.kind, CALL_CONNECT);
        int r = connecting_begin(held->listener, held->pid, &notice, &call, &connecting), error = r < 0 ? -r : 0;
        if (r == CONNECTING_UNDER_WAY && connecting.waits) {
                struct pollfd polled = { .fd = connecting.socket, .events = POLLOUT };
                assert_int_equal(poll(&polled, 1, 10000), 1);
                error = -connecting_end(&connecting);
        } else if (r == CONNECTING_UNDER_WAY) {
                error = EINPROGRESS;
        }
        if ((r == CONNECTING_MADE || r == CONNECTING_UNDER_WAY) && (!error || error == EINPROGRESS))
                assert_int_equal(connecting_hand_over(&connecting, held->listener), 0);
        assert_int_equal(answer(held->listener, notice.id, error), 0);
        connecting_finish(&connecting);
        return error;
}

static void finish(struct held *held)
{
        int status;
        waitpid(held->pid, &status, 0);
        close(held->listener);
        assert_int_equal(status, 0);
}

/* --- Tests ------------------------------------------------------------------------------------ */

static int say(int fd)
{
        char byte = 0;
        return write(fd, "?", 1) == 1 && read(fd, &byte, 1) == 1 && byte == '!' ? 0 : 1;
}

static void hear(int listening)
{
        char byte = 0;
        OWNED(fd_closep) int fd = accept(listening, NULL, NULL);
        assert_int_equal(read(fd, &byte, 1), 1);
        assert_int_equal(byte, '?');
        assert_int_equal(write(fd, "!", 1), 1);
}

static int connect_and_say(void)
{
        const int on = 1;
        int fd = socket(AF_INET, SOCK_STREAM, 0), value = 0;
        socklen_t size = sizeof value;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (connect(fd, (const struct sockaddr *)&server, sizeof server) < 0)
                return 2;
        if (getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, &size) < 0 || !value)
                return 3;
        if (fcntl(fd, F_GETFL) & O_NONBLOCK)
                return 4;
        if (say(fd))
                return 5;
        return connect(fd, (const struct sockaddr *)&server, sizeof server) < 0 && errno == EISCONN ? 0 : 6;
}

TEST(a_blocking_socket_is_connected_when_connect_returns)
{
        OWNED(fd_closep) int listening = listen_here();
        struct held held = start(connect_and_say);
        assert_int_equal(serve(&held), 0);
        hear(listening);
        assert_int_equal(serve(&held), EISCONN);
        finish(&held);
}

static int connect_later(void)
{
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), error = -1;
        socklen_t size = sizeof error;
        int r = connect(fd, (const struct sockaddr *)&server, sizeof server);
        if (r < 0 && errno != EINPROGRESS)
                return 2;
        struct pollfd polled = { .fd = fd, .events = POLLOUT };
        if (poll(&polled, 1, 10000) != 1 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 || error)
                return 3;
        if (!(fcntl(fd, F_GETFL) & O_NONBLOCK))
                return 4;
        fcntl(fd, F_SETFL, 0);
        return say(fd);
}

TEST(a_socket_that_does_not_block_is_handed_over_as_it_connects)
{
        OWNED(fd_closep) int listening = listen_here();
        struct held held = start(connect_later);
        int error = serve(&held);
        assert_true(!error || error == EINPROGRESS);
        hear(listening);
        finish(&held);
}

static int connect_to_nobody(void)
{
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        if (!connect(fd, (const struct sockaddr *)&server, sizeof server) || errno != ECONNREFUSED)
                return 2;
        return !connect(fd, (const struct sockaddr *)&server, sizeof server) || errno != ECONNREFUSED ? 3 : 0;
}

TEST(what_went_wrong_is_the_networks_word)
{
        close(listen_here());
        struct held held = start(connect_to_nobody);
        assert_int_equal(serve(&held), ECONNREFUSED);
        assert_int_equal(serve(&held), ECONNREFUSED);
        finish(&held);
}

static int connect_what_is_none(void)
{
        int pair[2], file = STDIN_FILENO;
        const struct sockaddr *to = (const struct sockaddr *)&server;
        if (!connect(999, to, sizeof server) || errno != EBADF)
                return 2;
        if (!connect(file, to, sizeof server) || errno != ENOTSOCK)
                return 3;
        if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) < 0 || !connect(pair[0], to, sizeof server) || errno != EOPNOTSUPP)
                return 4;
        if (!connect(socket(AF_INET6, SOCK_STREAM, 0), to, sizeof server) || errno != EAFNOSUPPORT)
                return 5;
        return 0;
}

TEST(what_is_no_socket_for_it_is_an_error)
{
        int listening = listen_here();
        OWNED(fd_closep) int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
        dup2(null, STDIN_FILENO);
        struct held held = start(connect_what_is_none);
        assert_int_equal(serve(&held), EBADF);
        assert_int_equal(serve(&held), ENOTSOCK);
        assert_int_equal(serve(&held), EOPNOTSUPP);
        assert_int_equal(serve(&held), EAFNOSUPPORT);
        finish(&held);
        close(listening);
}

/* What it was given stays a socket that the filter and nobody else decides on. */
static int abuse(void)
{
        const struct sockaddr none = { .sa_family = AF_UNSPEC };
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(fd, (const struct sockaddr *)&server, sizeof server) < 0)
                return 2;
        shutdown(fd, SHUT_RDWR);
        if (!listen(fd, 1) || !bind(fd, (const struct sockaddr *)&server, sizeof server))
                return 3;
        if (sendto(fd, "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL, (const struct sockaddr *)&server, sizeof server) >= 0)
                return 4;
        return !connect(fd, &none, sizeof none) ? 5 : 0;
}

TEST(what_was_handed_over_leads_nowhere_else)
{
        int listening = listen_here();
        struct held held = start(abuse);
        assert_int_equal(serve(&held), 0);
        for (int i = 0; i < 4; i++) { /* listen, bind, sendto, connect: none goes on */
                struct seccomp_notif notice = { 0 };
                assert_int_equal(ioctl(held.listener, SECCOMP_IOCTL_NOTIF_RECV, &notice), 0);
                assert_int_equal(answer(held.listener, notice.id, EACCES), 0);
        }
        finish(&held);
        close(listening);
}

/* --- Against a worker that wants its warden to wait ------------------------------------------- */

enum { ROUNDS = 20000, LONG_S = 60 };

static void *change_mind(void *data)
{
        const int *fd = data;
        for (;;) {
                fcntl(*fd, F_SETFL, 0);
                fcntl(*fd, F_SETFL, O_NONBLOCK);
        }
        return NULL;
}

static int connect_undecided(void)
{
        pthread_t thread;
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        if (!connect(fd, (const struct sockaddr *)&server, sizeof server) || errno != EINPROGRESS)
                return 2;
        if (pthread_create(&thread, NULL, change_mind, &fd))
                return 3;
        for (int i = 0; i < ROUNDS; i++)
                if (!connect(fd, (const struct sockaddr *)&server, sizeof server))
                        return 4;
        return 0;
}

/* So that nobody's connection to it is answered any more. */
static void fill_up(int listening, int fds[2])
{
        assert_int_equal(listen(listening, 0), 0);
        for (int i = 0; i < 2; i++) {
                struct pollfd polled = { .events = POLLOUT };
                polled.fd = fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
                connect(fds[i], (const struct sockaddr *)&server, sizeof server);
                poll(&polled, 1, 200);
        }
}

/* Nothing that was begun is waited for, so that all time that goes by is what beginning takes. */
static void begin_one(const struct held *held)
{
        static struct call call;
        struct connecting connecting = { .socket = -1 };
        const struct seccomp_notif notice = receive(held, &call);
        uint64_t before = clock_now();
        int r = connecting_begin(held->listener, held->pid, &notice, &call, &connecting);
        if (clock_now() - before > 1000000000)
                fail_msg("the warden was held up for %.1f s", (double)(clock_now() - before) / 1e9);
        assert_true(r == -EALREADY || r == CONNECTING_UNDER_WAY);
        assert_int_equal(answer(held->listener, notice.id, r < 0 ? -r : EAGAIN), 0);
        connecting_finish(&connecting);
}

TEST(a_socket_that_turns_into_one_that_blocks_holds_nobody_up)
{
        OWNED(fd_closep) int listening = listen_here();
        int filling[2];
        fill_up(listening, filling);
        struct held held = start(connect_undecided);
        assert_int_equal(serve(&held), EINPROGRESS);
        for (int i = 0; i < ROUNDS; i++)
                begin_one(&held);
        finish(&held);
        close(filling[0]);
        close(filling[1]);
}

TEST(a_socket_that_lingers_is_closed_at_once)
{
        static const char bytes[1 << 16];
        const struct linger on = { .l_onoff = 1, .l_linger = LONG_S };
        OWNED(fd_closep) int listening = listen_here();
        struct connecting connecting = { .socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) };
        assert_int_equal(connect(connecting.socket, (const struct sockaddr *)&server, sizeof server), 0);
        OWNED(fd_closep) int reads_nothing = accept(listening, NULL, NULL);
        assert_true(reads_nothing >= 0);
        while (send(connecting.socket, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
                continue;
        assert_int_equal(setsockopt(connecting.socket, SOL_SOCKET, SO_LINGER, &on, sizeof on), 0);
        uint64_t before = clock_now();
        connecting_finish(&connecting);
        assert_true(clock_now() - before < 1000000000u * (uint64_t)LONG_S / 10);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(a_blocking_socket_is_connected_when_connect_returns),
                         TEST_CASE(a_socket_that_does_not_block_is_handed_over_as_it_connects),
                         TEST_CASE(what_went_wrong_is_the_networks_word), TEST_CASE(what_is_no_socket_for_it_is_an_error),
                         TEST_CASE(what_was_handed_over_leads_nowhere_else),
                         TEST_CASE(a_socket_that_turns_into_one_that_blocks_holds_nobody_up),
                         TEST_CASE(a_socket_that_lingers_is_closed_at_once));
}
