/* Buffers and streams (<ward/buffer.h>), as the parts of Ward see them that pass them. */
#ifndef MEMORY_BUFFER_H
#define MEMORY_BUFFER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <ward/buffer.h>

enum { CHARGE_BUFFERS_MAX = 256 }; /* each costs its holder a descriptor */

/* What somebody holds who must not have everything: the buffers that an add-in has made its host hold. Counted: each buffer has a
 * reference. */
struct charge {
        _Atomic uint32_t references;
        _Atomic uint32_t buffers;
        _Atomic uint64_t bytes;
        uint64_t most; /* bytes */
};

/* NULL without memory. */
struct charge *charge_new(uint64_t most);
/* Takes NULL, returns it. */
struct charge *charge_unref(struct charge *charge);
/* Charges @buffer, which is charged to nobody, to @charge until its end. -EDQUOT: that would be too much. */
int charge_buffer(struct charge *charge, struct ward_buffer *buffer);
int charge_stream(struct charge *charge, struct ward_stream *stream);
/* A buffer of so many bytes, or a stream, is charged no more, and gives its reference. Takes NULL. */
void charge_return(struct charge *charge, uint64_t bytes);

struct ward_stream {
        int fd;
        struct charge *charge; /* or NULL */
};

struct ward_buffer {
        _Atomic uint32_t references;
        _Atomic bool exposed; /* an isolated add-in may write it */
        bool readable;        /* a touch of its memory cannot fail: it can be mapped */
        bool writable;        /* opened for writing */
        int fd;
        uint64_t size;
        struct charge *charge;                    /* or NULL */
        pthread_mutex_t lock;                     /* guards the mapping */
        uint8_t *data;                            /* NULL until it is mapped */
        bool written;                             /* mapped for writing */
        void (*gone)(struct ward_buffer *buffer); /* called when the last reference is given back; NULL: nobody wants to know */
        void *share;                              /* of who set that */
};

/* For ward_addin_env.memory. */
extern const struct ward_memory memory_functions;

/* A reference to what a handle of @shared (enum ward_shared) is a pointer to is given back. */
void memory_release(uint8_t shared, void *object);

/* What an isolated peer sent as a buffer: memory whose size is fixed. Exposed. Takes @fd, even on failure. -EBADMSG: it is none. */
int buffer_from_peer(int fd, struct ward_buffer **ret_buffer);

/* It is passed to one that may write it. */
void buffer_expose(struct ward_buffer *buffer);

/* ward_stream_write without SIGPIPE, which is the host's affair, and without waiting where it can take something: -EAGAIN. */
int stream_write_quietly(struct ward_stream *stream, const void *from, size_t size, size_t *ret_n);

/* What an isolated peer sent as a stream. The same. */
int stream_from_peer(int fd, struct ward_stream **ret_stream);

#endif
