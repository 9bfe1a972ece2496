/* Memory and descriptors that are passed rather than copied. For hosts and add-ins alike.
 *
 * A contract takes the two types from Ward's own interface, and uses them in parameters, results, records and lists like any other:
 *
 *      use ward:domain/memory@0.1.0.{buffer, byte-stream};
 *      export shrink: func(picture: borrow<buffer>) -> buffer;
 *
 * In C, on both sides, each is a pointer: `struct ward_buffer *`, `struct ward_stream *`. As borrow<…> it is lent for the call;
 * else a reference changes hands: what is given away is no longer the giver's, what arrives is the receiver's to release.
 *
 *      1. ward_buffer_new                     3. pass it; ward_buffer_acquire first, to keep it as well
 *      2. ward_buffer_map, or _write, _seal   4. ward_buffer_release, whoever has it, whenever it is done
 *
 * Nothing is copied at the kinds `direct` and `process`: both sides map the same pages. A WebAssembly add-in has no memory but its
 * own: there ward_buffer_read and _write copy, and ward_buffer_map fails.
 *
 * Whom to trust: a buffer that an isolated add-in has as well is *exposed*: its content may change at any time, between a check and
 * a use too. So the host reads it by copies (ward_buffer_read), or in place where it is sealed (ward_buffer_seal, by either side:
 * only what the kernel confirms counts), or in place and knowing what it does, with WARD_BUFFER_SHARED. A touch of mapped memory
 * never fails for another's doing: what could be cut short is not mapped. An add-in trusts its host, and its buffers are never
 * exposed to it.
 *
 * Functions that return an int return 0, or a negative errno code; outputs are then untouched. Thread-safety: any thread may use a
 * buffer that it holds a reference to; the memory itself is for its users to order. In a forked child the mapping is what the
 * parent has, as with any shared memory; references are counted in each process for itself. */
#ifndef WARD_BUFFER_H
#define WARD_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ward_buffer;
struct ward_stream;

enum ward_buffer_access {
        WARD_BUFFER_READ = 0,
        WARD_BUFFER_WRITE = 1,  /* and write */
        WARD_BUFFER_SHARED = 2, /* although others may write meanwhile: no value is to be read twice */
};

/* A buffer of @size bytes, all zero, which take memory as they are first touched. @name is for people: it is shown by what lists
 * mappings; NULL: "buffer". -ENOMEM, -EMFILE, -EFBIG. */
int ward_buffer_new(uint64_t size, const char *name, struct ward_buffer **ret_buffer);

/* A buffer of what @fd is open for: memory (memfd_create), or a regular file, which can be read and written, but not mapped, since
 * its end may move. Its size is what it is now. Takes @fd, even on failure. -EINVAL: neither of them, or not open for reading. Not
 * in WebAssembly: -ENOTSUP. */
int ward_buffer_from_fd(int fd, struct ward_buffer **ret_buffer);

/* A reference more, or less; the last one frees the memory here. Return the buffer to use from here on, which in WebAssembly is
 * another pointer, and NULL. NULL may be released. */
struct ward_buffer *ward_buffer_acquire(struct ward_buffer *buffer);
struct ward_buffer *ward_buffer_release(struct ward_buffer *buffer);

uint64_t ward_buffer_size(const struct ward_buffer *buffer);

/* Where the buffer lies in this process's memory, which is as long as somebody here has a reference. Mapped at first need; it stays
 * at its place. @access: enum ward_buffer_access, added up. Without WARD_BUFFER_WRITE the memory is not to be written, with or
 * without the kernel's noticing. -EPERM: exposed and not sealed, so that WARD_BUFFER_SHARED is needed; or to be written, and
 * sealed; or no memory that is safe to touch. */
int ward_buffer_map(struct ward_buffer *buffer, unsigned access, void **ret_data);

/* Copies @size bytes from offset @at on: out of the buffer, or into it. -ERANGE: there are not as many. Safe with whatever others
 * do; what they write meanwhile may be read in part. -EPERM: sealed, or protected against who is not its maker. */
int ward_buffer_read(const struct ward_buffer *buffer, uint64_t at, void *to, size_t size);
int ward_buffer_write(struct ward_buffer *buffer, uint64_t at, const void *from, size_t size);

/* Nobody will ever write it again, in any process. Pointers to it stay good for reading; no thread may touch it meanwhile. -EBUSY:
 * another process has it mapped. */
int ward_buffer_seal(struct ward_buffer *buffer);
bool ward_buffer_is_sealed(const struct ward_buffer *buffer);

/* Nobody else will write it: only where it is mapped for writing already, as it is then here. Before it is passed for the first
 * time. It is not exposed by being passed then. */
int ward_buffer_protect(struct ward_buffer *buffer);

/* Its descriptor, for system calls. Borrowed: dup it (fcntl, F_DUPFD_CLOEXEC) to keep it. -1 in WebAssembly. */
int ward_buffer_fd(const struct ward_buffer *buffer);

/* A stream: a descriptor on its way, of a pipe, a socket, a file, a terminal. Takes @fd, even on failure. -EINVAL: a directory, or
 * something else that is neither read nor written. */
int ward_stream_new(int fd, struct ward_stream **ret_stream);
/* Waits until there is something to read, at most @size bytes; 0 of them at the end. */
int ward_stream_read(struct ward_stream *stream, void *to, size_t size, size_t *ret_n);
/* Writes at least one of @size bytes, if there is any. -EPIPE (with SIGPIPE, as write does): nobody reads it. */
int ward_stream_write(struct ward_stream *stream, const void *from, size_t size, size_t *ret_n);
/* Borrowed. The peer decides what it is, and whether it blocks. -1 in WebAssembly. */
int ward_stream_fd(const struct ward_stream *stream);
/* Frees @stream and gives its descriptor. */
int ward_stream_take(struct ward_stream *stream);
/* Closes it. Returns NULL, takes NULL. */
struct ward_stream *ward_stream_release(struct ward_stream *stream);

#ifdef __cplusplus
}
#endif
#endif
