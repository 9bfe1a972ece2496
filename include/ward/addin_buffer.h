/* The functions of <ward/buffer.h> inside an add-in. For generated code, which includes this once, with WARD_ADDIN_ENV naming its
 * struct ward_addin_env *.
 *
 * A native add-in calls those of whoever runs it: it links nothing, and what it allocates lives on when it was unloaded. In a
 * WebAssembly module a pointer to a buffer or stream is a handle of ward:domain/memory, of which each reference has one of its own.
 */
#ifndef WARD_ADDIN_BUFFER_H
#define WARD_ADDIN_BUFFER_H

#include <errno.h>
#include <ward/addin.h>
#include <ward/buffer.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ward_memory {
        uint32_t size; /* of this struct as its maker knew it */
        int (*buffer_new)(uint64_t size, const char *name, struct ward_buffer **ret_buffer);
        int (*buffer_from_fd)(int fd, struct ward_buffer **ret_buffer);
        struct ward_buffer *(*buffer_acquire)(struct ward_buffer *buffer);
        struct ward_buffer *(*buffer_release)(struct ward_buffer *buffer);
        uint64_t (*buffer_size)(const struct ward_buffer *buffer);
        int (*buffer_map)(struct ward_buffer *buffer, unsigned access, void **ret_data);
        int (*buffer_read)(const struct ward_buffer *buffer, uint64_t at, void *to, size_t size);
        int (*buffer_write)(struct ward_buffer *buffer, uint64_t at, const void *from, size_t size);
        int (*buffer_seal)(struct ward_buffer *buffer);
        bool (*buffer_is_sealed)(const struct ward_buffer *buffer);
        int (*buffer_protect)(struct ward_buffer *buffer);
        int (*buffer_fd)(const struct ward_buffer *buffer);
        int (*stream_new)(int fd, struct ward_stream **ret_stream);
        int (*stream_read)(struct ward_stream *stream, void *to, size_t size, size_t *ret_n);
        int (*stream_write)(struct ward_stream *stream, const void *from, size_t size, size_t *ret_n);
        int (*stream_fd)(const struct ward_stream *stream);
        int (*stream_take)(struct ward_stream *stream);
        struct ward_stream *(*stream_release)(struct ward_stream *stream);
};

#ifdef WARD_ADDIN_ENV
#pragma GCC visibility push(hidden)
#ifndef __wasm__

static const struct ward_memory *ward_memory_of(const struct ward_addin_env *host)
{
        if (!host || host->size <= offsetof(struct ward_addin_env, memory) || !host->memory)
                abort(); /* before bind(), or by a host that has never heard of buffers: none can have come from there */
        return host->memory;
}

#define WARD_MEMORY_CALL ward_memory_of(WARD_ADDIN_ENV)

int ward_buffer_new(uint64_t size, const char *name, struct ward_buffer **ret_buffer)
{
        return WARD_MEMORY_CALL->buffer_new(size, name, ret_buffer);
}

int ward_buffer_from_fd(int fd, struct ward_buffer **ret_buffer)
{
        return WARD_MEMORY_CALL->buffer_from_fd(fd, ret_buffer);
}

struct ward_buffer *ward_buffer_acquire(struct ward_buffer *buffer)
{
        return WARD_MEMORY_CALL->buffer_acquire(buffer);
}

struct ward_buffer *ward_buffer_release(struct ward_buffer *buffer)
{
        return WARD_MEMORY_CALL->buffer_release(buffer);
}

uint64_t ward_buffer_size(const struct ward_buffer *buffer)
{
        return WARD_MEMORY_CALL->buffer_size(buffer);
}

int ward_buffer_map(struct ward_buffer *buffer, unsigned access, void **ret_data)
{
        return WARD_MEMORY_CALL->buffer_map(buffer, access, ret_data);
}

int ward_buffer_read(const struct ward_buffer *buffer, uint64_t at, void *to, size_t size)
{
        return WARD_MEMORY_CALL->buffer_read(buffer, at, to, size);
}

int ward_buffer_write(struct ward_buffer *buffer, uint64_t at, const void *from, size_t size)
{
        return WARD_MEMORY_CALL->buffer_write(buffer, at, from, size);
}

int ward_buffer_seal(struct ward_buffer *buffer)
{
        return WARD_MEMORY_CALL->buffer_seal(buffer);
}

bool ward_buffer_is_sealed(const struct ward_buffer *buffer)
{
        return WARD_MEMORY_CALL->buffer_is_sealed(buffer);
}

int ward_buffer_protect(struct ward_buffer *buffer)
{
        return WARD_MEMORY_CALL->buffer_protect(buffer);
}

int ward_buffer_fd(const struct ward_buffer *buffer)
{
        return WARD_MEMORY_CALL->buffer_fd(buffer);
}

int ward_stream_new(int fd, struct ward_stream **ret_stream)
{
        return WARD_MEMORY_CALL->stream_new(fd, ret_stream);
}

int ward_stream_read(struct ward_stream *stream, void *to, size_t size, size_t *ret_n)
{
        return WARD_MEMORY_CALL->stream_read(stream, to, size, ret_n);
}

int ward_stream_write(struct ward_stream *stream, const void *from, size_t size, size_t *ret_n)
{
        return WARD_MEMORY_CALL->stream_write(stream, from, size, ret_n);
}

int ward_stream_fd(const struct ward_stream *stream)
{
        return WARD_MEMORY_CALL->stream_fd(stream);
}

int ward_stream_take(struct ward_stream *stream)
{
        return WARD_MEMORY_CALL->stream_take(stream);
}

struct ward_stream *ward_stream_release(struct ward_stream *stream)
{
        return WARD_MEMORY_CALL->stream_release(stream);
}

#undef WARD_MEMORY_CALL
#else

#define WARD_CORE(name) __attribute__((import_module("ward:domain/memory@0.1.0"), import_name(name)))

/* What an option<…> is in memory. */
struct ward_core_option {
        uint8_t is_some;
        int32_t value; /* a handle, a number, or where a list lies */
        uint32_t len;  /* of a list */
};

WARD_CORE("[resource-drop]buffer") void ward_core_buffer_drop(int32_t self);
WARD_CORE("[resource-drop]byte-stream") void ward_core_stream_drop(int32_t self);
WARD_CORE("[static]buffer.allocate") void ward_core_buffer_allocate(int64_t size, int32_t ret);
WARD_CORE("[method]buffer.share") int32_t ward_core_buffer_share(int32_t self);
WARD_CORE("[method]buffer.size") int64_t ward_core_buffer_size(int32_t self);
WARD_CORE("[method]buffer.read") void ward_core_buffer_read(int32_t self, int64_t at, int32_t len, int32_t ret);
WARD_CORE("[method]buffer.write") int32_t ward_core_buffer_write(int32_t self, int64_t at, int32_t from, int32_t len);
WARD_CORE("[method]buffer.seal") int32_t ward_core_buffer_seal(int32_t self);
WARD_CORE("[method]byte-stream.read") void ward_core_stream_read(int32_t self, int32_t len, int32_t ret);
WARD_CORE("[method]byte-stream.write") void ward_core_stream_write(int32_t self, int32_t from, int32_t len, int32_t ret);
WARD_CORE("[method]buffer.is-sealed") int32_t ward_core_buffer_is_sealed(int32_t self);

/* A pointer is the handle's number. */
static int32_t ward_core_handle(const void *pointer)
{
        return (int32_t)(intptr_t)pointer;
}

int ward_buffer_new(uint64_t size, const char *name, struct ward_buffer **ret_buffer)
{
        struct ward_core_option made;
        (void)name;
        ward_core_buffer_allocate((int64_t)size, (int32_t)(intptr_t)&made);
        if (!made.is_some)
                return -ENOMEM;
        *ret_buffer = (struct ward_buffer *)(intptr_t)made.value;
        return 0;
}

int ward_buffer_from_fd(int fd, struct ward_buffer **ret_buffer)
{
        (void)fd;
        (void)ret_buffer;
        return -ENOTSUP;
}

struct ward_buffer *ward_buffer_acquire(struct ward_buffer *buffer)
{
        return (struct ward_buffer *)(intptr_t)ward_core_buffer_share(ward_core_handle(buffer));
}

struct ward_buffer *ward_buffer_release(struct ward_buffer *buffer)
{
        if (buffer)
                ward_core_buffer_drop(ward_core_handle(buffer));
        return NULL;
}

uint64_t ward_buffer_size(const struct ward_buffer *buffer)
{
        return (uint64_t)ward_core_buffer_size(ward_core_handle(buffer));
}

int ward_buffer_map(struct ward_buffer *buffer, unsigned access, void **ret_data)
{
        (void)buffer;
        (void)access;
        (void)ret_data;
        return -ENOTSUP;
}

/* By parts, for which the memory is needed twice. */
#define WARD_CORE_PART  ((size_t)1 << 20)

int ward_buffer_read(const struct ward_buffer *buffer, uint64_t at, void *to, size_t size)
{
        struct ward_core_option bytes;
        do {
                size_t n = size < WARD_CORE_PART ? size : WARD_CORE_PART;
                ward_core_buffer_read(ward_core_handle(buffer), (int64_t)at, (int32_t)n, (int32_t)(intptr_t)&bytes);
                if (!bytes.is_some)
                        return -ERANGE;
                if (n) {
                        memcpy(to, (void *)(intptr_t)bytes.value, n);
                        free((void *)(intptr_t)bytes.value);
                }
                to = (char *)to + n;
                at += n;
                size -= n;
        } while (size);
        return 0;
}

int ward_buffer_write(struct ward_buffer *buffer, uint64_t at, const void *from, size_t size)
{
        uint64_t all = ward_buffer_size(buffer);
        if (at > all || size > all - at)
                return -ERANGE;
        do {
                size_t n = size < WARD_CORE_PART ? size : WARD_CORE_PART;
                if (!ward_core_buffer_write(ward_core_handle(buffer), (int64_t)at, (int32_t)(intptr_t)from, (int32_t)n))
                        return -EPERM;
                from = (const char *)from + n;
                at += n;
                size -= n;
        } while (size);
        return 0;
}

int ward_buffer_seal(struct ward_buffer *buffer)
{
        return ward_core_buffer_seal(ward_core_handle(buffer)) ? 0 : -EBUSY;
}

bool ward_buffer_is_sealed(const struct ward_buffer *buffer)
{
        return ward_core_buffer_is_sealed(ward_core_handle(buffer));
}

int ward_buffer_protect(struct ward_buffer *buffer)
{
        (void)buffer;
        return -ENOTSUP;
}

int ward_buffer_fd(const struct ward_buffer *buffer)
{
        (void)buffer;
        return -1;
}

int ward_stream_new(int fd, struct ward_stream **ret_stream)
{
        (void)fd;
        (void)ret_stream;
        return -ENOTSUP;
}

int ward_stream_read(struct ward_stream *stream, void *to, size_t size, size_t *ret_n)
{
        struct ward_core_option bytes;
        size_t n = size < WARD_CORE_PART ? size : WARD_CORE_PART;
        ward_core_stream_read(ward_core_handle(stream), (int32_t)n, (int32_t)(intptr_t)&bytes);
        if (!bytes.is_some)
                return -EIO;
        if (bytes.len) {
                memcpy(to, (void *)(intptr_t)bytes.value, bytes.len);
                free((void *)(intptr_t)bytes.value);
        }
        *ret_n = bytes.len;
        return 0;
}

int ward_stream_write(struct ward_stream *stream, const void *from, size_t size, size_t *ret_n)
{
        struct ward_core_option n;
        int32_t part = (int32_t)(size < WARD_CORE_PART ? size : WARD_CORE_PART);
        ward_core_stream_write(ward_core_handle(stream), (int32_t)(intptr_t)from, part, (int32_t)(intptr_t)&n);
        if (!n.is_some)
                return -EPIPE;
        *ret_n = (size_t)n.value;
        return 0;
}

int ward_stream_fd(const struct ward_stream *stream)
{
        (void)stream;
        return -1;
}

int ward_stream_take(struct ward_stream *stream)
{
        ward_core_stream_drop(ward_core_handle(stream));
        return -1;
}

struct ward_stream *ward_stream_release(struct ward_stream *stream)
{
        if (stream)
                ward_core_stream_drop(ward_core_handle(stream));
        return NULL;
}

#undef WARD_CORE
#undef WARD_CORE_PART
#endif
#pragma GCC visibility pop
#endif

#ifdef __cplusplus
}
#endif
#endif
