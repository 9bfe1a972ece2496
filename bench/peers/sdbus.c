/* sd-bus, peer to peer over a pair of unix sockets: no bus daemon passes messages on. A vtable on the server's side, a blocking
 * method call on the host's; sd-bus itself enlarges the sockets' buffers. */
#include "harness.h"

#include <stdbool.h>
#include <string.h>
#include <systemd/sd-bus.h>

#define INTERFACE "bench.Answerer"

static int check(int r, const char *what)
{
        if (r < 0)
                peer_die("%s: %s", what, strerror(-r));
        return r;
}

static int on_int(sd_bus_message *message, void *data, sd_bus_error *error)
{
        int32_t x;
        check(sd_bus_message_read_basic(message, 'i', &x), "argument");
        return sd_bus_reply_method_return(message, "i", x + 1);
}

static int on_bytes(sd_bus_message *message, void *data, sd_bus_error *error)
{
        const void *bytes;
        size_t len;
        check(sd_bus_message_read_array(message, 'y', &bytes, &len), "argument");
        return sd_bus_reply_method_return(message, "u", peer_sum(bytes, len));
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("IntInt", "i", "i", on_int, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Bytes", "ay", "u", on_bytes, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

static sd_bus *bus_on(int socket)
{
        sd_bus *bus;
        check(sd_bus_new(&bus), "bus");
        check(sd_bus_set_fd(bus, socket, socket), "socket");
        return bus;
}

static void bus_serve(const struct peer_link *link)
{
        sd_id128_t id;
        sd_bus *bus = bus_on(link->socket);
        check(sd_id128_randomize(&id), "id");
        check(sd_bus_set_server(bus, true, id), "server");
        check(sd_bus_start(bus), "start");
        check(sd_bus_add_object_vtable(bus, NULL, "/", INTERFACE, vtable, NULL), "vtable");
        for (;;)
                if (check(sd_bus_process(bus, NULL), "message") == 0)
                        check(sd_bus_wait(bus, UINT64_MAX), "wait");
}

static void *bus_open(const struct peer_link *link)
{
        sd_bus *bus = bus_on(link->socket);
        check(sd_bus_start(bus), "start");
        return bus;
}

static int32_t bus_call(void *host, int32_t x)
{
        sd_bus_message *reply;
        int32_t y;
        check(sd_bus_call_method(host, NULL, "/", INTERFACE, "IntInt", NULL, &reply, "i", x), "call");
        check(sd_bus_message_read_basic(reply, 'i', &y), "answer");
        sd_bus_message_unref(reply);
        return y;
}

static uint32_t bus_send(void *host, const uint8_t *data, size_t len)
{
        sd_bus_message *message, *reply;
        uint32_t sum;
        check(sd_bus_message_new_method_call(host, &message, NULL, "/", INTERFACE, "Bytes"), "message");
        check(sd_bus_message_append_array(message, 'y', data, len), "array");
        check(sd_bus_call(host, message, 0, NULL, &reply), "call");
        check(sd_bus_message_read_basic(reply, 'u', &sum), "answer");
        sd_bus_message_unref(message);
        sd_bus_message_unref(reply);
        return sum;
}

static void bus_close(void *host)
{
        sd_bus_close(host);
        sd_bus_unref(host);
}

static const struct peer peers[] = {
        { .name = "sd-bus",
          .label = "sd-bus",
          .serve = bus_serve,
          .open = bus_open,
          .call = bus_call,
          .send = bus_send,
          .close = bus_close },
};

int main(int argc, char **argv)
{
        return peer_main(argc, argv, peers, sizeof peers / sizeof *peers);
}
