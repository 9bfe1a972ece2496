/* Addresses that are granted: the connection is made for the add-in. */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "base/own.h"
#include "test/policy/stage.h"

/* Somebody who says three bytes to each who comes, until it is stopped. */
struct server {
        int fd;
        unsigned served;
        pthread_t thread;
};

static void *serve(void *data)
{
        struct server *server = data;
        for (int fd; (fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0; server->served++) {
                assert_int_equal(send(fd, "abc", 3, MSG_NOSIGNAL), 3);
                close(fd);
        }
        return NULL;
}

static void server_start(struct server *server, const void *at, socklen_t len)
{
        *server = (struct server){ .fd = socket(((const struct sockaddr *)at)->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0) };
        assert_int_equal(bind(server->fd, at, len), 0);
        assert_int_equal(listen(server->fd, 8), 0);
        assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

/* How many were served. */
static unsigned server_stop(struct server *server)
{
        shutdown(server->fd, SHUT_RDWR);
        pthread_join(server->thread, NULL);
        close(server->fd);
        return server->served;
}

static unsigned server_start_local(struct server *server)
{
        struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t len = sizeof at;
        server_start(server, &at, sizeof at);
        assert_int_equal(getsockname(server->fd, (void *)&at, &len), 0);
        return ntohs(at.sin_port);
}

static void activate(struct stage *stage, const char *format, unsigned port)
{
        char permission[128];
        snprintf(permission, sizeof permission, format, port);
        const struct ward_activate_options options = stage_options(WARD_PROCESS, WARD_LEVEL_INTRANET, PERMISSIONS(permission));
        stage_activate(stage, &options);
}

static int connects(const struct stage *stage, unsigned port)
{
        char address[64];
        snprintf(address, sizeof address, "127.0.0.1:%u", port);
        return stage_try(stage, "connect", address);
}

TEST(addresses)
{
        struct server granted, other;
        struct stage stage;
        support_needs_level(WARD_LEVEL_INTRANET);
        stage_set(&stage);
        unsigned port = server_start_local(&granted), other_port = server_start_local(&other);
        activate(&stage, "connect 127.0.0.1:%u", port);
        assert_int_equal(connects(&stage, port), 3);
        assert_int_equal(connects(&stage, port), 3);
        assert_true(connects(&stage, other_port) < 0);
        activate(&stage, "connect localhost:%u", port);
        assert_int_equal(connects(&stage, port), 3);
        activate(&stage, "env PORT=%u", port);
        assert_true(connects(&stage, port) < 0);
        stage_strike(&stage);
        assert_int_equal(server_stop(&granted), 3);
        assert_int_equal(server_stop(&other), 0);
}

TEST(local_sockets)
{
        struct sockaddr_un at = { .sun_family = AF_UNIX, .sun_path = "granted" };
        struct server granted, other;
        struct stage stage;
        support_needs_level(WARD_LEVEL_INTRANET);
        stage_set(&stage);
        server_start(&granted, &at, sizeof at);
        strcpy(at.sun_path, "other");
        server_start(&other, &at, sizeof at);
        assert_int_equal(chmod("granted", 0777) | chmod("other", 0777), 0);
        activate(&stage, "connect unix:granted", 0);
        assert_int_equal(stage_try_below(&stage, "connect", "granted"), 3);
        assert_true(stage_try_below(&stage, "connect", "other") < 0);
        activate(&stage, "read .", 0);
        assert_true(stage_try_below(&stage, "connect", "granted") < 0);
        stage_strike(&stage);
        assert_int_equal(server_stop(&granted), 1);
        assert_int_equal(server_stop(&other), 0);
}

/* As an add-in could that may write the folder. */
TEST(links_in_the_place_of_a_local_socket_lead_nowhere)
{
        struct sockaddr_un at = { .sun_family = AF_UNIX, .sun_path = "kept/granted" };
        struct server granted, other;
        struct stage stage;
        support_needs_level(WARD_LEVEL_INTRANET);
        stage_set(&stage);
        assert_int_equal(mkdir("kept", 0777) | chmod("kept", 0777) | symlink("kept", "linked"), 0);
        server_start(&granted, &at, sizeof at);
        strcpy(at.sun_path, "other");
        server_start(&other, &at, sizeof at);
        assert_int_equal(chmod("kept/granted", 0777) | chmod("other", 0777), 0);
        activate(&stage, "connect unix:linked/granted", 0);
        assert_int_equal(stage_try_below(&stage, "connect", "linked/granted"), 3);
        assert_int_equal(rename("kept/granted", "kept/before") | symlink("../other", "kept/granted"), 0);
        assert_true(stage_try_below(&stage, "connect", "linked/granted") < 0);
        assert_int_equal(unlink("kept/granted") | rename("kept/before", "kept/granted"), 0);
        assert_int_equal(stage_try_below(&stage, "connect", "linked/granted"), 3);
        assert_int_equal(rename("kept", "before") | symlink(".", "kept") | rename("other", "granted"), 0);
        assert_true(stage_try_below(&stage, "connect", "linked/granted") < 0);
        stage_strike(&stage);
        assert_int_equal(server_stop(&granted), 2);
        assert_int_equal(server_stop(&other), 0);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(addresses), TEST_CASE(local_sockets),
                         TEST_CASE(links_in_the_place_of_a_local_socket_lead_nowhere));
}
