#include "memory/buffer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/own.h"

#define API __attribute__((visibility("default")))

API int ward_stream_new(int fd, struct ward_stream **ret_stream)
{
        OWNED(fd_closep) int own = fd;
        struct stat st;
        int flags = fcntl(own, F_GETFL);
        if (flags < 0 || fcntl(own, F_SETFD, FD_CLOEXEC) < 0 || fstat(own, &st) < 0)
                return -errno;
        if (flags & O_PATH || !(S_ISREG(st.st_mode) || S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) || S_ISCHR(st.st_mode)))
                return -EINVAL;
        struct ward_stream *stream = calloc(1, sizeof *stream);
        if (!stream)
                return -ENOMEM;
        stream->fd = STEAL_FD(own);
        *ret_stream = stream;
        return 0;
}

int stream_from_peer(int fd, struct ward_stream **ret_stream)
{
        int r = ward_stream_new(fd, ret_stream);
        return r == -ENOMEM || !r ? r : -EBADMSG;
}

API int ward_stream_read(struct ward_stream *stream, void *to, size_t size, size_t *ret_n)
{
        ssize_t n;
        do {
                n = read(stream->fd, to, size);
        } while (n < 0 && errno == EINTR);
        if (n < 0)
                return -errno;
        *ret_n = (size_t)n;
        return 0;
}

API int ward_stream_write(struct ward_stream *stream, const void *from, size_t size, size_t *ret_n)
{
        ssize_t n;
        do {
                n = write(stream->fd, from, size);
        } while (n < 0 && errno == EINTR);
        if (n < 0)
                return -errno;
        *ret_n = (size_t)n;
        return 0;
}

/* As much as a pipe takes at once when it takes anything. The signal that it may bring is taken out again where it was not pending
 * before. */
static ssize_t write_pipe(int fd, const void *from, size_t size)
{
        const struct timespec now = { 0, 0 };
        sigset_t broken, before, pending;
        sigemptyset(&broken);
        sigaddset(&broken, SIGPIPE);
        pthread_sigmask(SIG_BLOCK, &broken, &before);
        sigpending(&pending);
        ssize_t n = write(fd, from, size < PIPE_BUF ? size : PIPE_BUF);
        int error = errno;
        if (n < 0 && error == EPIPE && !sigismember(&pending, SIGPIPE))
                sigtimedwait(&broken, NULL, &now);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        errno = error;
        return n;
}

int stream_write_quietly(struct ward_stream *stream, const void *from, size_t size, size_t *ret_n)
{
        ssize_t n = send(stream->fd, from, size, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && errno == ENOTSOCK)
                n = write_pipe(stream->fd, from, size);
        if (n < 0)
                return -errno;
        *ret_n = (size_t)n;
        return 0;
}

API int ward_stream_fd(const struct ward_stream *stream)
{
        return stream->fd;
}

API int ward_stream_take(struct ward_stream *stream)
{
        int fd = stream->fd;
        charge_return(stream->charge, 0);
        free(stream);
        return fd;
}

API struct ward_stream *ward_stream_release(struct ward_stream *stream)
{
        if (stream)
                fd_close(ward_stream_take(stream));
        return NULL;
}
