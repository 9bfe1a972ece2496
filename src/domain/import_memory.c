#include "domain/import_memory.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/own.h"
#include "domain/deadline.h"
#include "domain/references_parts.h"
#include "memory/buffer.h"

enum {
        PART_MAX = 1 << 28, /* more could not be passed */
        LOOK_MS = 50,       /* how often a wait looks whether the domain still runs */
};

/* --- C forms ---------------------------------------------------------------------------------- */

struct bytes {
        uint8_t *ptr;
        size_t len;
};

struct maybe_bytes {
        bool is_some;
        struct bytes val;
};

struct buffer_args {
        struct ward_buffer *self;
        uint64_t at;
        union {
                uint32_t len;
                struct bytes bytes;
        };
};

struct stream_args {
        struct ward_stream *self;
        union {
                uint32_t len;
                struct bytes bytes;
        };
};

/* --- Buffers ---------------------------------------------------------------------------------- */

static void allocate(struct instance *instance, const void *args, void *ret)
{
        struct {
                bool is_some;
                struct ward_buffer *val;
        } out = { false, NULL };
        uint64_t size;
        memcpy(&size, args, sizeof size);
        struct charge *charge = instance->references->charge;
        out.is_some = size <= charge->most && !ward_buffer_new(size, "ward-buffer", &out.val);
        if (out.is_some && charge_buffer(charge, out.val)) {
                out.val = ward_buffer_release(out.val);
                out.is_some = false;
        }
        if (out.is_some)
                buffer_expose(out.val);
        memcpy(ret, &out, sizeof out);
}

static void share(struct instance *instance, const void *args, void *ret)
{
        const struct buffer_args *in = args;
        struct ward_buffer *more = ward_buffer_acquire(in->self);
        memcpy(ret, &more, sizeof more);
}

static void size_of(struct instance *instance, const void *args, void *ret)
{
        uint64_t size = ward_buffer_size(((const struct buffer_args *)args)->self);
        memcpy(ret, &size, sizeof size);
}

static void read_buffer(struct instance *instance, const void *args, void *ret)
{
        const struct buffer_args *in = args;
        struct maybe_bytes out = { .val.len = in->len };
        uint64_t size = ward_buffer_size(in->self);
        if (in->at <= size && in->len <= size - in->at && in->len <= PART_MAX)
                out.val.ptr = malloc(in->len + 1u);
        out.is_some = out.val.ptr && !ward_buffer_read(in->self, in->at, out.val.ptr, in->len);
        if (!out.is_some || !in->len) {
                free(out.val.ptr);
                out.val = (struct bytes){ NULL, 0 };
        }
        memcpy(ret, &out, sizeof out);
}

static void write_buffer(struct instance *instance, const void *args, void *ret)
{
        const struct buffer_args *in = args;
        bool written = !ward_buffer_write(in->self, in->at, in->bytes.ptr, in->bytes.len);
        memcpy(ret, &written, sizeof written);
}

static void seal(struct instance *instance, const void *args, void *ret)
{
        bool sealed = !ward_buffer_seal(((const struct buffer_args *)args)->self);
        memcpy(ret, &sealed, sizeof sealed);
}

static void is_sealed(struct instance *instance, const void *args, void *ret)
{
        bool sealed = ward_buffer_is_sealed(((const struct buffer_args *)args)->self);
        memcpy(ret, &sealed, sizeof sealed);
}

/* --- Streams ---------------------------------------------------------------------------------- */

/* A call is not to last longer for it than it may, nor an unload. */
static bool wait_for(const struct instance *instance, const struct ward_stream *stream, short events)
{
        struct pollfd poll_fd = { .fd = ward_stream_fd(stream), .events = events };
        while (domain_is_running(instance->domain) && clock_now() < deadline_inherited) {
                int n = poll(&poll_fd, 1, LOOK_MS);
                if (n > 0)
                        return true;
                if (n < 0 && errno != EINTR)
                        return false;
        }
        return false;
}

static void read_stream(struct instance *instance, const void *args, void *ret)
{
        const struct stream_args *in = args;
        struct maybe_bytes out = { .is_some = false };
        if (in->len <= PART_MAX && wait_for(instance, in->self, POLLIN))
                out.val.ptr = malloc(in->len + 1u);
        out.is_some = out.val.ptr && !ward_stream_read(in->self, out.val.ptr, in->len, &out.val.len);
        if (!out.is_some || !out.val.len) {
                free(out.val.ptr);
                out.val = (struct bytes){ NULL, 0 };
        }
        memcpy(ret, &out, sizeof out);
}

static void write_stream(struct instance *instance, const void *args, void *ret)
{
        const struct stream_args *in = args;
        struct {
                bool is_some;
                uint32_t val;
        } out = { false, 0 };
        size_t n = 0;
        out.is_some = wait_for(instance, in->self, POLLOUT) && !stream_write_quietly(in->self, in->bytes.ptr, in->bytes.len, &n);
        out.val = (uint32_t)n;
        memcpy(ret, &out, sizeof out);
}

/* --- All -------------------------------------------------------------------------------------- */

#define MEMORY "ward:domain/memory@0.1.0#"

static const struct {
        const char *name;
        void (*serve)(struct instance *instance, const void *args, void *ret);
} functions[] = {
        { MEMORY "[static]buffer.allocate", allocate },
        { MEMORY "[method]buffer.share", share },
        { MEMORY "[method]buffer.size", size_of },
        { MEMORY "[method]buffer.read", read_buffer },
        { MEMORY "[method]buffer.write", write_buffer },
        { MEMORY "[method]buffer.seal", seal },
        { MEMORY "[method]buffer.is-sealed", is_sealed },
        { MEMORY "[method]byte-stream.read", read_stream },
        { MEMORY "[method]byte-stream.write", write_stream },
};

bool import_memory_serve(struct instance *instance, const char *name, const void *args, void *ret)
{
        for (size_t i = 0; i < COUNT_OF(functions); i++)
                if (!strcmp(functions[i].name, name)) {
                        functions[i].serve(instance, args, ret);
                        return true;
                }
        return false;
}

bool import_memory_has(const char *name)
{
        for (size_t i = 0; i < COUNT_OF(functions); i++)
                if (!strcmp(functions[i].name, name))
                        return true;
        return false;
}
