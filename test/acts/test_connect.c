/* Connections that are made for a worker which has no network. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "base/own.h"
#include "test/acts/stage.h"

static struct stage stage;

/* --- A server --------------------------------------------------------------------------------- */

struct server {
        int fd, stop[2];
        pthread_t thread;
};

static void *serve(void *data)
{
        const struct server *server = data;
        for (;;) {
                struct pollfd polled[] = { { .fd = server->fd, .events = POLLIN }, { .fd = server->stop[0], .events = POLLIN } };
                char byte;
                if (poll(polled, 2, -1) < 0 || polled[1].revents)
                        return NULL;
                OWNED(fd_closep) int fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC);
                if (fd >= 0 && read(fd, &byte, 1) == 1 && write(fd, "!", 1) < 0)
                        return NULL;
        }
}

/* Answers '!' to whatever is said. */
static void server_start(struct server *server, const void *at, socklen_t len, int family)
{
        server->fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(bind(server->fd, at, len), 0);
        assert_int_equal(listen(server->fd, 16), 0);
        assert_int_equal(pipe(server->stop), 0);
        assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static int server_start_tcp(struct server *server)
{
        struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
        socklen_t len = sizeof at;
        server_start(server, &at, len, AF_INET);
        assert_int_equal(getsockname(server->fd, (struct sockaddr *)&at, &len), 0);
        return ntohs(at.sin_port);
}

static void server_stop(struct server *server)
{
        assert_int_equal(write(server->stop[1], "", 1), 1);
        pthread_join(server->thread, NULL);
        close(server->fd);
        close(server->stop[0]);
        close(server->stop[1]);
}

static const char *permission(const char *host, int port)
{
        static char text[64];
        snprintf(text, sizeof text, "connect %s:%d", host, port);
        return text;
}

/* --- Tests ------------------------------------------------------------------------------------ */

TEST(what_is_granted_is_reached_and_nothing_else)
{
        struct server granted, other;
        support_needs_level(WARD_LEVEL_INTRANET);
        int port = server_start_tcp(&granted), wrong = server_start_tcp(&other);
        char subject[32];
        const char *const permissions[] = { permission("127.0.0.1", port), NULL };
        snprintf(subject, sizeof subject, "127.0.0.1:%d", wrong);
        stage_set(&stage, WARD_LEVEL_INTRANET, permissions, false);
        assert_int_equal(deed(&stage, "dial", "", port), 0);
        assert_int_equal(deed(&stage, "dial", "", wrong), -EACCES);
        assert_int_equal(stage_await(&stage, WARD_EVENT_REFUSED, "connect", subject).error, EACCES);
        assert_int_equal(deed(&stage, "datagrams", "", 0), -EACCES);
        stage_strike(&stage);
        server_stop(&granted);
        server_stop(&other);
}

TEST(several_threads_connect_at_once)
{
        struct server granted;
        support_needs_level(WARD_LEVEL_INTRANET);
        int port = server_start_tcp(&granted);
        const char *const permissions[] = { permission("127.0.0.1", port), NULL };
        stage_set(&stage, WARD_LEVEL_INTRANET, permissions, false);
        for (int i = 0; i < 20; i++)
                assert_int_equal(deed(&stage, "dial-often", "", port), 0);
        stage_strike(&stage);
        server_stop(&granted);
}

TEST(nobody_there_is_what_the_network_says)
{
        struct server gone;
        support_needs_level(WARD_LEVEL_INTRANET);
        int port = server_start_tcp(&gone);
        server_stop(&gone);
        const char *const permissions[] = { permission("127.0.0.1", port), NULL };
        stage_set(&stage, WARD_LEVEL_INTRANET, permissions, false);
        assert_int_equal(deed(&stage, "dial", "", port), -ECONNREFUSED);
        stage_strike(&stage);
}

TEST(a_name_that_is_granted_is_resolved)
{
        struct server granted;
        support_needs_level(WARD_LEVEL_INTRANET);
        int port = server_start_tcp(&granted);
        const char *const permissions[] = { permission("localhost", port), NULL };
        stage_set(&stage, WARD_LEVEL_INTRANET, permissions, false);
        for (int i = 0; i < 3; i++)
                assert_int_equal(deed(&stage, "dial-name", "localhost", port), 0);
        assert_int_equal(deed(&stage, "dial-name", "elsewhere.example", port), -EHOSTUNREACH);
        stage_strike(&stage);
        server_stop(&granted);
}

TEST(a_local_socket_is_reached_by_its_path)
{
        char folder[] = "/tmp/ward-acts-XXXXXX", text[160];
        struct sockaddr_un at = { .sun_family = AF_UNIX };
        struct server granted;
        support_needs_level(WARD_LEVEL_INTRANET);
        assert_non_null(mkdtemp(folder));
        chmod(folder, 0755);
        snprintf(at.sun_path, sizeof at.sun_path, "%s/socket", folder);
        server_start(&granted, &at, sizeof at, AF_UNIX);
        chmod(at.sun_path, 0777);
        snprintf(text, sizeof text, "connect unix:%s", at.sun_path);
        const char *const permissions[] = { text, NULL };
        stage_set(&stage, WARD_LEVEL_INTRANET, permissions, false);
        assert_int_equal(deed(&stage, "dial-path", at.sun_path, 0), 0);
        assert_int_equal(deed(&stage, "dial-path", "/run/nothing", 0), -EACCES);
        stage_await(&stage, WARD_EVENT_REFUSED, "connect", "unix:/run/nothing");
        stage_strike(&stage);
        server_stop(&granted);
        unlink(at.sun_path);
        rmdir(folder);
}

TEST(without_the_permission_there_are_no_sockets)
{
        stage_set(&stage, WARD_LEVEL_INTRANET, NULL, false);
        assert_int_equal(deed(&stage, "dial", "", 80), -EACCES);
        stage_await(&stage, WARD_EVENT_REFUSED, "socket", "IPv4, stream");
        stage_strike(&stage);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(what_is_granted_is_reached_and_nothing_else),
                         TEST_CASE(several_threads_connect_at_once), TEST_CASE(nobody_there_is_what_the_network_says),
                         TEST_CASE(a_name_that_is_granted_is_resolved), TEST_CASE(a_local_socket_is_reached_by_its_path),
                         TEST_CASE(without_the_permission_there_are_no_sockets));
}
