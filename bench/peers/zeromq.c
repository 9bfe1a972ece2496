/* ZeroMQ: REQ and REP over ipc, on an abstract unix socket. Data is handed over without a copy of it (zmq_msg_init_data), which is
 * sound here because the answer comes when it has been sent and read. Each side's one I/O thread runs on that side's processor. */
#include "harness.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

struct zero {
        void *context;
        void *socket;
};

static int check(int r, const char *what)
{
        if (r < 0)
                peer_die("%s: %s", what, zmq_strerror(zmq_errno()));
        return r;
}

static struct zero *zero_new(int type)
{
        struct zero *zero = calloc(1, sizeof *zero);
        int at_once = 0;
        if (!zero || !(zero->context = zmq_ctx_new()) || !(zero->socket = zmq_socket(zero->context, type)))
                peer_die("no socket");
        check(zmq_setsockopt(zero->socket, ZMQ_LINGER, &at_once, sizeof at_once), "linger");
        return zero;
}

static void address(char text[96], const struct peer_link *link)
{
        snprintf(text, 96, "ipc://@%s", link->name);
}

/* Four bytes are a call, more are data. */
static void zero_serve(const struct peer_link *link)
{
        struct zero *zero = zero_new(ZMQ_REP);
        char at[96];
        address(at, link);
        check(zmq_bind(zero->socket, at), "bind");
        for (;;) {
                zmq_msg_t message;
                uint32_t value;
                zmq_msg_init(&message);
                check(zmq_msg_recv(&message, zero->socket, 0), "receive");
                size_t len = zmq_msg_size(&message);
                memcpy(&value, zmq_msg_data(&message), sizeof value);
                value = len == sizeof value ? value + 1 : peer_sum(zmq_msg_data(&message), len);
                zmq_msg_close(&message);
                check(zmq_send(zero->socket, &value, sizeof value, 0), "send");
        }
}

static void *zero_open(const struct peer_link *link)
{
        struct zero *zero = zero_new(ZMQ_REQ);
        char at[96];
        address(at, link);
        check(zmq_connect(zero->socket, at), "connect");
        return zero;
}

static uint32_t answer(struct zero *zero)
{
        uint32_t value;
        if (check(zmq_recv(zero->socket, &value, sizeof value, 0), "receive") != sizeof value)
                peer_die("not an answer");
        return value;
}

static int32_t zero_call(void *host, int32_t x)
{
        struct zero *zero = host;
        check(zmq_send(zero->socket, &x, sizeof x, 0), "send");
        return (int32_t)answer(zero);
}

static void keep(void *data, void *hint)
{
}

static uint32_t zero_send(void *host, const uint8_t *data, size_t len)
{
        struct zero *zero = host;
        zmq_msg_t message;
        check(zmq_msg_init_data(&message, (void *)data, len, keep, NULL), "message");
        check(zmq_msg_send(&message, zero->socket, 0), "send");
        return answer(zero);
}

static void zero_close(void *host)
{
        struct zero *zero = host;
        zmq_close(zero->socket);
        zmq_ctx_term(zero->context);
        free(zero);
}

static const struct peer peers[] = {
        { .name = "zeromq",
          .label = "ZeroMQ",
          .serve = zero_serve,
          .open = zero_open,
          .call = zero_call,
          .send = zero_send,
          .close = zero_close },
};

int main(int argc, char **argv)
{
        return peer_main(argc, argv, peers, sizeof peers / sizeof *peers);
}
