/* nng: req and rep over ipc, on an abstract unix socket, with the calls that block and messages of the library's own, so that only
 * the caller's data is copied. Its threads run on their side's processor. */
#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>

#include "harness.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(int r, const char *what)
{
        if (r)
                peer_die("%s: %s", what, nng_strerror(r));
}

static void address(char text[96], const struct peer_link *link)
{
        snprintf(text, 96, "abstract://%s", link->name);
}

static nng_msg *message_of(const void *data, size_t len)
{
        nng_msg *message;
        check(nng_msg_alloc(&message, len), "message");
        memcpy(nng_msg_body(message), data, len);
        return message;
}

/* Four bytes are a call, more are data. */
static void nng_serve(const struct peer_link *link)
{
        nng_socket socket;
        char at[96];
        address(at, link);
        check(nng_rep0_open(&socket), "socket");
        check(nng_socket_set_size(socket, NNG_OPT_RECVMAXSZ, 0), "size"); /* 0: no limit */
        check(nng_listen(socket, at, NULL, 0), "listen");
        for (;;) {
                nng_msg *message;
                uint32_t value;
                check(nng_recvmsg(socket, &message, 0), "receive");
                size_t len = nng_msg_len(message);
                memcpy(&value, nng_msg_body(message), sizeof value);
                value = len == sizeof value ? value + 1 : peer_sum(nng_msg_body(message), len);
                nng_msg_free(message);
                check(nng_sendmsg(socket, message_of(&value, sizeof value), 0), "send");
        }
}

/* The server may not listen yet: a dialer that does not block tries again. */
static void *nng_host_open(const struct peer_link *link)
{
        nng_socket *socket = calloc(1, sizeof *socket);
        char at[96];
        address(at, link);
        if (!socket)
                peer_die("no memory");
        check(nng_req0_open(socket), "socket");
        check(nng_dial(*socket, at, NULL, NNG_FLAG_NONBLOCK), "dial");
        return socket;
}

static uint32_t ask(const nng_socket *socket, const void *data, size_t len)
{
        nng_msg *message;
        uint32_t value;
        check(nng_sendmsg(*socket, message_of(data, len), 0), "send");
        check(nng_recvmsg(*socket, &message, 0), "receive");
        memcpy(&value, nng_msg_body(message), sizeof value);
        nng_msg_free(message);
        return value;
}

static int32_t nng_call(void *host, int32_t x)
{
        return (int32_t)ask(host, &x, sizeof x);
}

static uint32_t nng_send_bytes(void *host, const uint8_t *data, size_t len)
{
        return ask(host, data, len);
}

static void nng_host_close(void *host)
{
        nng_close(*(nng_socket *)host);
        free(host);
}

static const struct peer peers[] = {
        { .name = "nng",
          .label = "nng",
          .serve = nng_serve,
          .open = nng_host_open,
          .call = nng_call,
          .send = nng_send_bytes,
          .close = nng_host_close },
};

int main(int argc, char **argv)
{
        return peer_main(argc, argv, peers, sizeof peers / sizeof *peers);
}
