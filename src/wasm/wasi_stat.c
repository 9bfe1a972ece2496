/* WASI: what an open file or folder is, and changing that. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include "wasm/wasi_parts.h"

/* --- What it is ------------------------------------------------------------------------------- */

enum wasi_filetype wasi_filetype(mode_t mode)
{
        switch (mode & S_IFMT) {
        case S_IFREG:
                return WASI_REGULAR_FILE;
        case S_IFDIR:
                return WASI_DIRECTORY;
        case S_IFLNK:
                return WASI_SYMBOLIC_LINK;
        case S_IFCHR:
                return WASI_CHARACTER_DEVICE;
        case S_IFBLK:
                return WASI_BLOCK_DEVICE;
        case S_IFSOCK:
                return WASI_SOCKET;
        default:
                return WASI_UNKNOWN;
        }
}

static uint64_t nanoseconds(struct timespec t)
{
        return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

enum wasi_errno wasi_store_stat(const struct wasi_call *call, uint32_t at, const struct stat *st)
{
        const struct wasi_filestat stat = {
                .dev = st->st_dev,
                .ino = st->st_ino,
                .type = wasi_filetype(st->st_mode),
                .nlink = st->st_nlink,
                .size = (uint64_t)st->st_size,
                .atim = nanoseconds(st->st_atim),
                .mtim = nanoseconds(st->st_mtim),
                .ctim = nanoseconds(st->st_ctim),
        };
        return wasi_store(call, at, &stat, sizeof stat);
}

/* Of the host's own streams a module sees that they are there. */
enum wasi_errno wasi_fd_filestat_get(struct wasi_call *call)
{
        struct wasi_descriptor *descriptor;
        struct stat st = { .st_mode = S_IFCHR };
        enum wasi_errno error = wasi_descriptor_with(call, wasi_argument(call, 0), RIGHT_FD_STAT, &descriptor);
        if (error)
                return error;
        if (descriptor->form != WASI_STREAM && fstat(descriptor->fd, &st) < 0)
                return wasi_from_errno(errno);
        return wasi_store_stat(call, wasi_argument(call, 1), &st);
}

/* --- Size ------------------------------------------------------------------------------------- */

enum wasi_errno wasi_fd_filestat_set_size(struct wasi_call *call)
{
        struct wasi_descriptor *descriptor;
        struct wasi_quiet quiet;
        enum wasi_errno error = wasi_file(call, wasi_argument(call, 0), RIGHT_FD_SET_SIZE, &descriptor);
        if (error)
                return error;
        if (call->slots[1] > INT64_MAX)
                return WASI_INVAL;
        wasi_quiet_begin(&quiet);
        int failed = ftruncate(descriptor->fd, (off_t)call->slots[1]) < 0 ? errno : 0;
        wasi_quiet_end(&quiet, failed);
        return wasi_from_errno(failed);
}

static int allocate(struct wasi_call *call, int fd, off_t at, off_t len)
{
        int failed;
        do {
                struct wasi_quiet quiet;
                wasi_quiet_begin(&quiet);
                failed = fallocate(fd, 0, at, len) < 0 ? errno : 0;
                wasi_quiet_end(&quiet, failed);
        } while (failed == EINTR && wasi_goes_on(call));
        return failed;
}

enum wasi_errno wasi_fd_allocate(struct wasi_call *call)
{
        struct wasi_descriptor *descriptor;
        enum wasi_errno error = wasi_file(call, wasi_argument(call, 0), RIGHT_FD_ALLOCATE, &descriptor);
        if (error)
                return error;
        if (call->slots[1] > INT64_MAX || call->slots[2] > INT64_MAX)
                return WASI_INVAL;
        return wasi_from_errno(allocate(call, descriptor->fd, (off_t)call->slots[1], (off_t)call->slots[2]));
}

/* --- Times ------------------------------------------------------------------------------------ */

static struct timespec one_time(uint64_t ns, bool set, bool now)
{
        if (now)
                return (struct timespec){ .tv_nsec = UTIME_NOW };
        if (!set)
                return (struct timespec){ .tv_nsec = UTIME_OMIT };
        return (struct timespec){ .tv_sec = (time_t)(ns / 1000000000u), .tv_nsec = (long)(ns % 1000000000u) };
}

enum wasi_errno wasi_times(uint64_t atim, uint64_t mtim, uint32_t flags, struct timespec ret_times[2])
{
        bool atim_set = flags & FSTFLAG_ATIM, atim_now = flags & FSTFLAG_ATIM_NOW;
        bool mtim_set = flags & FSTFLAG_MTIM, mtim_now = flags & FSTFLAG_MTIM_NOW;
        if (flags & ~(uint32_t)FSTFLAGS_ALL || (atim_set && atim_now) || (mtim_set && mtim_now))
                return WASI_INVAL;
        ret_times[0] = one_time(atim, atim_set, atim_now);
        ret_times[1] = one_time(mtim, mtim_set, mtim_now);
        return WASI_OK;
}

enum wasi_errno wasi_fd_filestat_set_times(struct wasi_call *call)
{
        struct wasi_descriptor *descriptor;
        struct timespec times[2];
        enum wasi_errno error = wasi_descriptor_with(call, wasi_argument(call, 0), RIGHT_FD_SET_TIMES, &descriptor);
        if (!error)
                error = wasi_times(call->slots[1], call->slots[2], wasi_argument(call, 3), times);
        if (error)
                return error;
        return futimens(descriptor->fd, times) < 0 ? wasi_from_errno(errno) : WASI_OK;
}

/* --- What is on the disk ---------------------------------------------------------------------- */

enum wasi_errno wasi_fd_sync(struct wasi_call *call)
{
        struct wasi_descriptor *descriptor;
        enum wasi_errno error = wasi_descriptor_with(call, wasi_argument(call, 0), RIGHT_FD_SYNC, &descriptor);
        if (error)
                return error;
        return fsync(descriptor->fd) < 0 ? wasi_from_errno(errno) : WASI_OK;
}

enum wasi_errno wasi_fd_datasync(struct wasi_call *call)
{
        struct wasi_descriptor *descriptor;
        enum wasi_errno error = wasi_descriptor_with(call, wasi_argument(call, 0), RIGHT_FD_DATASYNC, &descriptor);
        if (error)
                return error;
        return fdatasync(descriptor->fd) < 0 ? wasi_from_errno(errno) : WASI_OK;
}

enum wasi_errno wasi_fd_advise(struct wasi_call *call)
{
        static const int advices[] = { POSIX_FADV_NORMAL,   POSIX_FADV_SEQUENTIAL, POSIX_FADV_RANDOM,
                                       POSIX_FADV_WILLNEED, POSIX_FADV_DONTNEED,   POSIX_FADV_NOREUSE };
        struct wasi_descriptor *descriptor;
        uint32_t advice = wasi_argument(call, 3);
        enum wasi_errno error = wasi_file(call, wasi_argument(call, 0), RIGHT_FD_ADVISE, &descriptor);
        if (error)
                return error;
        if (advice >= sizeof advices / sizeof advices[0] || call->slots[1] > INT64_MAX || call->slots[2] > INT64_MAX)
                return WASI_INVAL;
        return wasi_from_errno(posix_fadvise(descriptor->fd, (off_t)call->slots[1], (off_t)call->slots[2], advices[advice]));
}
