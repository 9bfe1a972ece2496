/* Connections that are under way, in the warden's loop. */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/un.h>
#include "base/own.h"
#include "worker/notice_connect.h"
#include "worker/notice_parts.h"

enum { CONNECTIONS_MAX = 64 }; /* of a worker, at a time */

struct connection {
        struct list link;
        struct child *child;
        struct source source; /* the socket */
        struct connecting connecting;
};

static void connection_free(struct connection *connection)
{
        struct child *child = connection->child;
        list_remove(&connection->link);
        child->notices.n_connections--;
        epoll_ctl(child->warden->epoll, EPOLL_CTL_DEL, connection->source.fd, NULL);
        connecting_finish(&connection->connecting);
        free(connection);
}

void connections_end(struct child *child)
{
        while (!list_is_empty(&child->notices.connections))
                connection_free(CONTAINER_OF(child->notices.connections.next, struct connection, link));
}

static void hand_over(const struct child *child, const struct connecting *connecting, int error)
{
        int r = connecting_hand_over(connecting, child->listener.fd);
        notice_answer(child, connecting->notice, r ? -r : error);
}

static void on_connection(struct warden *warden, struct source *source)
{
        struct connection *connection = CONTAINER_OF(source, struct connection, source);
        int r = connecting_end(&connection->connecting);
        if (r)
                notice_answer(connection->child, connection->connecting.notice, -r);
        else
                hand_over(connection->child, &connection->connecting, 0);
        connection_free(connection);
}

static int wait_for(struct child *child, struct connecting *connecting)
{
        struct connection *connection = calloc(1, sizeof *connection);
        if (!connection)
                return -ENOMEM;
        *connection =
                (struct connection){ .child = child, .source = { connecting->socket, on_connection }, .connecting = *connecting };
        struct epoll_event event = { .events = EPOLLOUT, .data.ptr = &connection->source };
        if (epoll_ctl(child->warden->epoll, EPOLL_CTL_ADD, connecting->socket, &event) < 0) {
                int error = errno;
                free(connection);
                return -error;
        }
        connecting->socket = -1;
        list_append(&child->notices.connections, &connection->link);
        child->notices.n_connections++;
        return 0;
}

/* To a local socket by what was behind its name when it was granted. */
static int begin(const struct child *child, const struct seccomp_notif *notice, struct call *call,
                 struct connecting *ret_connecting)
{
        OWNED(fd_closep) int local = -1;
        struct sockaddr_un *at = (void *)&call->address;
        int r = at->sun_family == AF_UNIX ? locals_open(&child->notices.locals, at, &local) : 0;
        if (at->sun_family == AF_UNIX)
                call->address_len = sizeof *at;
        return r ? r : connecting_begin(child->listener.fd, child->pid, notice, call, ret_connecting);
}

void connection_serve(struct child *child, const struct seccomp_notif *notice, struct call *call)
{
        OWNED(connecting_finish) struct connecting connecting = { .socket = -1 };
        int r = child->notices.n_connections < CONNECTIONS_MAX ? begin(child, notice, call, &connecting) : -EAGAIN;
        if (r == CONNECTING_UNDER_WAY && connecting.waits) {
                r = wait_for(child, &connecting);
                if (!r)
                        return;
        }
        if (r == CONNECTING_MADE)
                hand_over(child, &connecting, 0);
        else if (r == CONNECTING_UNDER_WAY)
                hand_over(child, &connecting, EINPROGRESS);
        else
                notice_answer(child, notice->id, -r);
}
