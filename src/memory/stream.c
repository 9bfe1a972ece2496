#include "memory/buffer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include "base/own.h"

#define API __attribute__((visibility("default")))

struct ward_stream {
        int fd;
};

API int ward_stream_new(int fd, struct ward_stream **ret_stream)
{
        OWNED(fd_closep) int own = fd;
        struct stat st;
        int flags = fcntl(own, F_GETFL);
        if (flags < 0 || fcntl(own, F_SETFD, FD_CLOEXEC) < 0 || fstat(own, &st) < 0)
                return -errno;
        if (flags & O_PATH || !(S_ISREG(st.st_mode) || S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) || S_ISCHR(st.st_mode)))
                return -EINVAL;
        struct ward_stream *stream = malloc(sizeof *stream);
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

API int ward_stream_fd(const struct ward_stream *stream)
{
        return stream->fd;
}

API int ward_stream_take(struct ward_stream *stream)
{
        int fd = stream->fd;
        free(stream);
        return fd;
}

API struct ward_stream *ward_stream_release(struct ward_stream *stream)
{
        if (stream)
                fd_close(ward_stream_take(stream));
        return NULL;
}
