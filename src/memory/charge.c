#include <errno.h>
#include <stdlib.h>
#include "memory/buffer.h"

struct charge *charge_new(uint64_t most)
{
        struct charge *charge = calloc(1, sizeof *charge);
        if (!charge)
                return NULL;
        atomic_init(&charge->references, 1);
        charge->most = most;
        return charge;
}

struct charge *charge_unref(struct charge *charge)
{
        if (charge && atomic_fetch_sub_explicit(&charge->references, 1, memory_order_acq_rel) == 1)
                free(charge);
        return NULL;
}

static int charge_one(struct charge *charge, uint64_t bytes)
{
        uint64_t before = atomic_fetch_add_explicit(&charge->bytes, bytes, memory_order_relaxed);
        uint32_t n = atomic_fetch_add_explicit(&charge->buffers, 1, memory_order_relaxed);
        atomic_fetch_add_explicit(&charge->references, 1, memory_order_relaxed);
        if (n < CHARGE_BUFFERS_MAX && before <= charge->most && bytes <= charge->most - before)
                return 0;
        charge_return(charge, bytes);
        return -EDQUOT;
}

int charge_buffer(struct charge *charge, struct ward_buffer *buffer)
{
        int r = charge_one(charge, buffer->size);
        if (!r)
                buffer->charge = charge;
        return r;
}

int charge_stream(struct charge *charge, struct ward_stream *stream)
{
        int r = charge_one(charge, 0);
        if (!r)
                stream->charge = charge;
        return r;
}

void charge_return(struct charge *charge, uint64_t bytes)
{
        if (!charge)
                return;
        atomic_fetch_sub_explicit(&charge->bytes, bytes, memory_order_relaxed);
        atomic_fetch_sub_explicit(&charge->buffers, 1, memory_order_relaxed);
        charge_unref(charge);
}
