/* Ward, as any program uses it: a generated host view, an add-in at kind `process` with no limits but its processor. Ward copies
 * the list into memory that both processes share, where the add-in reads it. By ward_buffer, this program does so: into one that
 * both keep mapped, as somebody who does not make his data there would. */
#include "answerer_host.h"
#include "harness.h"

#include <stdlib.h>
#include <string.h>
#include <ward/buffer.h>

struct ward {
        struct ward_host *host;
        struct ward_buffer *buffer;
        void *data; /* in it */
        struct answerer *answerer;
        struct ward_fault fault;
};

static void *ward_open(const struct peer_link *link)
{
        struct ward *ward = calloc(1, sizeof *ward);
        struct ward_activate_options options = { .size = sizeof options, .isolation = WARD_PROCESS };
        if (!ward)
                peer_die("no memory");
        options.limits.size = sizeof options.limits;
        options.limits.cpu_affinity = UINT64_C(1) << link->server_cpu;
        if (ward_host_new(NULL, &ward->host, &ward->fault) ||
            answerer_activate(ward->host, PEER_ANSWERER, &options, NULL, &ward->answerer, &ward->fault))
                peer_die("%s", ward->fault.text);
        return ward;
}

static int32_t ward_call_int(void *host, int32_t x)
{
        struct ward *ward = host;
        int32_t y;
        if (answerer_int_int(ward->answerer, x, &y, &ward->fault))
                peer_die("%s", ward->fault.text);
        return y;
}

static uint32_t ward_send(void *host, const uint8_t *data, size_t len)
{
        struct ward *ward = host;
        const answerer_list_u8_t list = { (uint8_t *)data, len };
        uint32_t sum;
        if (answerer_bytes(ward->answerer, &list, &sum, &ward->fault))
                peer_die("%s", ward->fault.text);
        return sum;
}

static void *buffer_open(const struct peer_link *link)
{
        struct ward *ward = ward_open(link);
        if (ward_buffer_new(PEER_BYTES_MAX, "peers", &ward->buffer) ||
            ward_buffer_map(ward->buffer, WARD_BUFFER_WRITE | WARD_BUFFER_SHARED, &ward->data))
                peer_die("no buffer");
        return ward;
}

static uint32_t buffer_send(void *host, const uint8_t *data, size_t len)
{
        struct ward *ward = host;
        uint32_t sum;
        memcpy(ward->data, data, len);
        if (answerer_buffer_bytes(ward->answerer, ward->buffer, (uint32_t)len, &sum, &ward->fault))
                peer_die("%s", ward->fault.text);
        return sum;
}

static void ward_close(void *host)
{
        struct ward *ward = host;
        ward_buffer_release(ward->buffer);
        answerer_release(ward->answerer);
        ward_host_free(ward->host);
        free(ward);
}

static const struct peer peers[] = {
        { .name = "ward", .label = "Ward", .open = ward_open, .call = ward_call_int, .send = ward_send, .close = ward_close },
        { .name = "ward-buffer", .label = "Ward, ward_buffer", .open = buffer_open, .send = buffer_send, .close = ward_close },
};

int main(int argc, char **argv)
{
        return peer_main(argc, argv, peers, sizeof peers / sizeof *peers);
}
