/* WASI: reading and writing. What takes long is done piece by piece, so that a call can be ended between two. */
#include <errno.h>
#include <sys/uio.h>
#include <unistd.h>
#include "wasm/wasi_parts.h"

enum {
        VECTORS_MAX = 1024,
        PIECE_VECTORS = 64,
        PIECE_BYTES = 1 << 20,
};

/* --- Signals ---------------------------------------------------------------------------------- */

void wasi_quiet_begin(struct wasi_quiet *quiet)
{
        sigset_t blocked;
        sigemptyset(&blocked);
        sigaddset(&blocked, SIGPIPE);
        sigaddset(&blocked, SIGXFSZ);
        sigpending(&quiet->pending);
        pthread_sigmask(SIG_BLOCK, &blocked, &quiet->before);
}

void wasi_quiet_end(const struct wasi_quiet *quiet, int error)
{
        int sent = error == EPIPE ? SIGPIPE : error == EFBIG ? SIGXFSZ : 0;
        if (sent && !sigismember(&quiet->pending, sent)) {
                sigset_t taken;
                sigemptyset(&taken);
                sigaddset(&taken, sent);
                sigtimedwait(&taken, NULL, &(struct timespec){ 0 });
        }
        pthread_sigmask(SIG_SETMASK, &quiet->before, NULL);
}

/* --- Vectors ---------------------------------------------------------------------------------- */

/* What a module's vectors describe, as far as it was not done yet. */
struct vectors {
        uint32_t at, n; /* in its memory */
        uint32_t done;  /* bytes of the first of them */
};

static struct wasi_vector vector(const struct wasi_call *call, const struct vectors *vectors, uint32_t i)
{
        struct wasi_vector loaded;
        memcpy(&loaded, call->memory + vectors->at + (size_t)i * sizeof loaded, sizeof loaded);
        return loaded;
}

/* All that they describe is in memory; but reading may change them, where they lie in what is read to. */
static enum wasi_errno take_vectors(const struct wasi_call *call, uint32_t at, uint32_t n, struct vectors *ret)
{
        uint64_t total = 0;
        *ret = (struct vectors){ at, n, 0 };
        if (n > VECTORS_MAX)
                return WASI_INVAL;
        if (!wasi_range(call, at, (uint64_t)n * sizeof(struct wasi_vector)))
                return WASI_FAULT;
        for (uint32_t i = 0; i < n; i++) {
                struct wasi_vector one = vector(call, ret, i);
                if (!wasi_range(call, one.at, one.len))
                        return WASI_FAULT;
                total += one.len;
        }
        return total > UINT32_MAX ? WASI_INVAL : WASI_OK;
}

/* The next piece: how many vectors it has; 0 at the end, or where they are not what they were. */
static int piece(const struct wasi_call *call, const struct vectors *vectors, struct iovec to[PIECE_VECTORS])
{
        size_t left = PIECE_BYTES;
        int n = 0;
        for (uint32_t i = 0; i < vectors->n && n < PIECE_VECTORS && left; i++) {
                struct wasi_vector one = vector(call, vectors, i);
                uint32_t skip = i ? 0 : vectors->done;
                size_t len = one.len > skip ? one.len - skip : 0;
                uint8_t *at = wasi_range(call, one.at, one.len);
                if (!at)
                        break;
                if (len)
                        to[n++] = (struct iovec){ at + skip, len < left ? len : left };
                left -= len < left ? len : left;
        }
        return n;
}

static void advance(const struct wasi_call *call, struct vectors *vectors, size_t done)
{
        done += vectors->done;
        while (vectors->n && done >= vector(call, vectors, 0).len) {
                done -= vector(call, vectors, 0).len;
                vectors->at += (uint32_t)sizeof(struct wasi_vector);
                vectors->n--;
        }
        vectors->done = (uint32_t)done;
}

static size_t length(const struct iovec *at, int n)
{
        size_t len = 0;
        for (int i = 0; i < n; i++)
                len += at[i].iov_len;
        return len;
}

/* --- Transfers -------------------------------------------------------------------------------- */

/* One piece: how much of it, or -errno. */
typedef ssize_t mover(struct wasi_call *call, int fd, const struct iovec *at, int n, off_t offset);

/* Goes on until all is done, or less than a piece was; an error behind what was done is for the next time. */
static enum wasi_errno transfer_all(struct wasi_call *call, int fd, struct vectors *vectors, off_t offset, mover *move,
                                    uint32_t *ret_done)
{
        struct iovec at[PIECE_VECTORS];
        uint32_t done = 0;
        int n;
        while (wasi_goes_on(call) && (n = piece(call, vectors, at))) {
                ssize_t moved = move(call, fd, at, n, offset + done);
                if (moved == -EINTR)
                        continue;
                if (moved < 0 && !done)
                        return wasi_from_errno((int)-moved);
                if (moved <= 0)
                        break;
                done += (uint32_t)moved;
                if (call->ended || (size_t)moved < length(at, n))
                        break;
                advance(call, vectors, (size_t)moved);
        }
        *ret_done = done;
        return WASI_OK;
}

static ssize_t result(ssize_t n)
{
        return n < 0 ? -errno : n;
}

static ssize_t read_file(struct wasi_call *call, int fd, const struct iovec *at, int n, off_t offset)
{
        return result(readv(fd, at, n));
}

static ssize_t read_file_at(struct wasi_call *call, int fd, const struct iovec *at, int n, off_t offset)
{
        return result(preadv(fd, at, n, offset));
}

static ssize_t write_quietly(int fd, const struct iovec *at, int n, off_t offset)
{
        struct wasi_quiet quiet;
        wasi_quiet_begin(&quiet);
        ssize_t moved = result(offset < 0 ? writev(fd, at, n) : pwritev(fd, at, n, offset));
        wasi_quiet_end(&quiet, moved < 0 ? (int)-moved : 0);
        return moved;
}

static ssize_t write_file(struct wasi_call *call, int fd, const struct iovec *at, int n, off_t offset)
{
        return write_quietly(fd, at, n, -1);
}

static ssize_t write_file_at(struct wasi_call *call, int fd, const struct iovec *at, int n, off_t offset)
{
        return write_quietly(fd, at, n, offset);
}

/* --- Streams ---------------------------------------------------------------------------------- */

static ssize_t read_input(struct wasi_call *call, int fd, const struct iovec *at, int n, off_t offset)
{
        const struct wasi_host *host = &call->wasi->host;
        size_t len = 0;
        int r = host->input ? host->input(host->context, at->iov_base, at->iov_len, &len, call->fault) : 0;
        if (r)
                call->ended = r;
        return r || len > at->iov_len ? 0 : (ssize_t)len;
}

/* A pipe takes what it has room for; the module is told less than all only when it is to end. */
static ssize_t write_stream(int fd, const uint8_t *at, size_t len)
{
        return write_quietly(fd, &(struct iovec){ (void *)at, len }, 1, -1);
}

static ssize_t write_output(struct wasi_call *call, int fd, const struct iovec *at, int n, off_t offset)
{
        const struct wasi_host *host = &call->wasi->host;
        ssize_t done = 0;
        for (int i = 0; i < n && wasi_goes_on(call); i++) {
                const uint8_t *from = at[i].iov_base;
                size_t left = at[i].iov_len;
                if (host->output) {
                        call->ended = host->output(host->context, fd, (struct ward_span){ from, left }, call->fault);
                        left = 0;
                }
                while (left && wasi_goes_on(call)) {
                        ssize_t moved = write_stream(fd, from, left);
                        if (moved < 0 && moved != -EINTR)
                                return moved;
                        from += moved > 0 ? moved : 0;
                        left -= moved > 0 ? (size_t)moved : 0;
                }
                done += (ssize_t)(at[i].iov_len - left);
        }
        return done;
}

/* --- The functions ---------------------------------------------------------------------------- */

static enum wasi_errno run(struct wasi_call *call, const struct wasi_descriptor *descriptor, mover *move, off_t offset,
                           uint32_t ret_at)
{
        struct vectors vectors;
        uint32_t done;
        enum wasi_errno error = take_vectors(call, wasi_argument(call, 1), wasi_argument(call, 2), &vectors);
        if (!error && !wasi_range(call, ret_at, 4))
                error = WASI_FAULT;
        if (!error)
                error = transfer_all(call, descriptor->fd, &vectors, offset, move, &done);
        return error ? error : wasi_store32(call, ret_at, done);
}

enum wasi_errno wasi_fd_read(struct wasi_call *call)
{
        struct wasi_descriptor *descriptor;
        enum wasi_errno error = wasi_descriptor_with(call, wasi_argument(call, 0), RIGHT_FD_READ, &descriptor);
        if (error)
                return error;
        return run(call, descriptor, descriptor->form == WASI_STREAM ? read_input : read_file, 0, wasi_argument(call, 3));
}

enum wasi_errno wasi_fd_write(struct wasi_call *call)
{
        struct wasi_descriptor *descriptor;
        enum wasi_errno error = wasi_descriptor_with(call, wasi_argument(call, 0), RIGHT_FD_WRITE, &descriptor);
        if (error)
                return error;
        return run(call, descriptor, descriptor->form == WASI_STREAM ? write_output : write_file, 0, wasi_argument(call, 3));
}

static enum wasi_errno run_at(struct wasi_call *call, uint64_t rights, mover *move)
{
        struct wasi_descriptor *descriptor;
        enum wasi_errno error = wasi_file(call, wasi_argument(call, 0), rights, &descriptor);
        if (error)
                return error;
        if (call->slots[3] > INT64_MAX - UINT32_MAX)
                return WASI_INVAL;
        return run(call, descriptor, move, (off_t)call->slots[3], wasi_argument(call, 4));
}

enum wasi_errno wasi_fd_pread(struct wasi_call *call)
{
        return run_at(call, RIGHT_FD_READ | RIGHT_FD_SEEK, read_file_at);
}

enum wasi_errno wasi_fd_pwrite(struct wasi_call *call)
{
        return run_at(call, RIGHT_FD_WRITE | RIGHT_FD_SEEK, write_file_at);
}

static enum wasi_errno seek(struct wasi_call *call, const struct wasi_descriptor *descriptor, int64_t offset, int whence,
                            uint32_t ret_at)
{
        if (!wasi_range(call, ret_at, 8))
                return WASI_FAULT;
        off_t at = lseek(descriptor->fd, offset, whence);
        return at < 0 ? wasi_from_errno(errno) : wasi_store64(call, ret_at, (uint64_t)at);
}

enum wasi_errno wasi_fd_seek(struct wasi_call *call)
{
        static const int whences[] = { SEEK_SET, SEEK_CUR, SEEK_END };
        struct wasi_descriptor *descriptor;
        uint32_t whence = wasi_argument(call, 2);
        bool tells = whence == 1 && !call->slots[1];
        enum wasi_errno error = wasi_file(call, wasi_argument(call, 0), tells ? RIGHT_FD_TELL : RIGHT_FD_SEEK, &descriptor);
        if (error)
                return error;
        if (whence > 2)
                return WASI_INVAL;
        return seek(call, descriptor, (int64_t)call->slots[1], whences[whence], wasi_argument(call, 3));
}

enum wasi_errno wasi_fd_tell(struct wasi_call *call)
{
        struct wasi_descriptor *descriptor;
        enum wasi_errno error = wasi_file(call, wasi_argument(call, 0), RIGHT_FD_TELL, &descriptor);
        return error ? error : seek(call, descriptor, 0, SEEK_CUR, wasi_argument(call, 1));
}
