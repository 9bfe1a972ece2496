/* Buffers and streams (<ward/buffer.h>), as the parts of Ward see them that pass them. */
#ifndef MEMORY_BUFFER_H
#define MEMORY_BUFFER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <ward/buffer.h>

struct ward_buffer {
        _Atomic uint32_t references;
        _Atomic bool exposed; /* an isolated add-in may write it */
        bool readable;        /* a touch of its memory cannot fail: it can be mapped */
        bool writable;        /* opened for writing */
        int fd;
        uint64_t size;
        pthread_mutex_t lock; /* guards the mapping */
        uint8_t *data;        /* NULL until it is mapped */
        bool written;         /* mapped for writing */
};

/* What an isolated peer sent as a buffer: memory whose size is fixed. Exposed. Takes @fd, even on failure. -EBADMSG: it is none. */
int buffer_from_peer(int fd, struct ward_buffer **ret_buffer);

/* It is passed to one that may write it. */
void buffer_expose(struct ward_buffer *buffer);

/* What an isolated peer sent as a stream. The same. */
int stream_from_peer(int fd, struct ward_stream **ret_stream);

#endif
