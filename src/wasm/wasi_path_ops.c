/* WASI: what is done with a path but opening it. What changes a folder is done to the last component of a path, in the folder that
 * it is in: the kernel follows no symbolic link there. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include "base/own.h"
#include "wasm/wasi_parts.h"

/* --- Looking ---------------------------------------------------------------------------------- */

/* What @number and a path lead to, not opened but to look at. */
static enum wasi_errno find(struct wasi_call *call, uint64_t rights, bool follow, uint32_t at, uint32_t len, int *ret_fd)
{
        struct wasi_path path;
        struct wasi_descriptor *folder;
        enum wasi_errno error = wasi_path(call, at, len, &path);
        if (!error)
                error = wasi_folder(call, wasi_argument(call, 0), rights, &path, &folder);
        return error ? error : wasi_open_below(call, folder, &path, O_PATH | (follow ? 0 : O_NOFOLLOW), ret_fd);
}

enum wasi_errno wasi_path_filestat_get(struct wasi_call *call)
{
        OWNED(fd_closep) int fd = -1;
        struct stat st;
        enum wasi_errno error = find(call, RIGHT_PATH_STAT, wasi_argument(call, 1) & LOOKUP_FOLLOW, wasi_argument(call, 2),
                                     wasi_argument(call, 3), &fd);
        if (error)
                return error;
        if (fstat(fd, &st) < 0)
                return wasi_from_errno(errno);
        return wasi_store_stat(call, wasi_argument(call, 4), &st);
}

enum wasi_errno wasi_path_filestat_set_times(struct wasi_call *call)
{
        OWNED(fd_closep) int fd = -1;
        struct timespec times[2];
        enum wasi_errno error = wasi_times(call->slots[4], call->slots[5], wasi_argument(call, 6), times);
        if (!error)
                error = find(call, RIGHT_PATH_SET_TIMES, wasi_argument(call, 1) & LOOKUP_FOLLOW, wasi_argument(call, 2),
                             wasi_argument(call, 3), &fd);
        if (error)
                return error;
        return utimensat(fd, "", times, AT_EMPTY_PATH) < 0 ? wasi_from_errno(errno) : WASI_OK;
}

/* A target that is longer than the buffer is cut. */
enum wasi_errno wasi_path_readlink(struct wasi_call *call)
{
        OWNED(fd_closep) int fd = -1;
        char target[PATH_MAX];
        uint32_t room = wasi_argument(call, 4);
        enum wasi_errno error = find(call, RIGHT_PATH_READLINK, false, wasi_argument(call, 1), wasi_argument(call, 2), &fd);
        if (error)
                return error;
        ssize_t len = readlinkat(fd, "", target, sizeof target);
        if (len < 0)
                return errno == ENOENT ? WASI_INVAL : wasi_from_errno(errno); /* what is no link */
        uint32_t used = (size_t)len < room ? (uint32_t)len : room;
        error = wasi_store(call, wasi_argument(call, 3), target, used);
        return error ? error : wasi_store32(call, wasi_argument(call, 5), used);
}

/* --- Changing --------------------------------------------------------------------------------- */

/* The place of the path at argument @n, in the folder of argument @of. */
static enum wasi_errno take_place(struct wasi_call *call, uint64_t rights, unsigned of, unsigned n, struct wasi_path *path,
                                  struct wasi_place *ret)
{
        struct wasi_descriptor *folder;
        enum wasi_errno error = wasi_path(call, wasi_argument(call, n), wasi_argument(call, n + 1), path);
        if (!error)
                error = wasi_folder(call, wasi_argument(call, of), rights, path, &folder);
        return error ? error : wasi_place(call, folder, path, ret);
}

enum wasi_errno wasi_path_create_directory(struct wasi_call *call)
{
        struct wasi_path path;
        OWNED(wasi_place_finish) struct wasi_place place = { .fd = -1 };
        enum wasi_errno error = take_place(call, RIGHT_PATH_CREATE_DIRECTORY, 0, 1, &path, &place);
        if (error)
                return error;
        return mkdirat(place.fd, place.name, 0777) < 0 ? wasi_from_errno(errno) : WASI_OK;
}

enum wasi_errno wasi_path_remove_directory(struct wasi_call *call)
{
        struct wasi_path path;
        OWNED(wasi_place_finish) struct wasi_place place = { .fd = -1 };
        enum wasi_errno error = take_place(call, RIGHT_PATH_REMOVE_DIRECTORY, 0, 1, &path, &place);
        if (error)
                return error;
        return unlinkat(place.fd, place.name, AT_REMOVEDIR) < 0 ? wasi_from_errno(errno) : WASI_OK;
}

enum wasi_errno wasi_path_unlink_file(struct wasi_call *call)
{
        struct wasi_path path;
        OWNED(wasi_place_finish) struct wasi_place place = { .fd = -1 };
        enum wasi_errno error = take_place(call, RIGHT_PATH_UNLINK_FILE, 0, 1, &path, &place);
        if (error)
                return error;
        return unlinkat(place.fd, place.name, 0) < 0 ? wasi_from_errno(errno) : WASI_OK;
}

enum wasi_errno wasi_path_rename(struct wasi_call *call)
{
        struct wasi_path path, new_path;
        OWNED(wasi_place_finish) struct wasi_place old = { .fd = -1 };
        OWNED(wasi_place_finish) struct wasi_place new = { .fd = -1 };
        enum wasi_errno error = take_place(call, RIGHT_PATH_RENAME_SOURCE, 0, 1, &path, &old);
        if (!error)
                error = take_place(call, RIGHT_PATH_RENAME_TARGET, 3, 4, &new_path, &new);
        if (error)
                return error;
        return renameat(old.fd, old.name, new.fd, new.name) < 0 ? wasi_from_errno(errno) : WASI_OK;
}

static bool has_slash(const struct wasi_place *place)
{
        size_t len = strlen(place->name);
        return len && place->name[len - 1] == '/';
}

/* Of a symbolic link another name is made, it is not followed: with a slash behind it the kernel would. */
enum wasi_errno wasi_path_link(struct wasi_call *call)
{
        struct wasi_path path, new_path;
        OWNED(wasi_place_finish) struct wasi_place old = { .fd = -1 };
        OWNED(wasi_place_finish) struct wasi_place new = { .fd = -1 };
        if (wasi_argument(call, 1) & LOOKUP_FOLLOW)
                return WASI_INVAL;
        enum wasi_errno error = take_place(call, RIGHT_PATH_LINK_SOURCE, 0, 2, &path, &old);
        if (!error)
                error = take_place(call, RIGHT_PATH_LINK_TARGET, 4, 5, &new_path, &new);
        if (error)
                return error;
        if (has_slash(&old) || !strcmp(old.name, "..") || !strcmp(old.name, "."))
                return WASI_NOTDIR;
        return linkat(old.fd, old.name, new.fd, new.name, 0) < 0 ? wasi_from_errno(errno) : WASI_OK;
}

/* A target is text, and leads nowhere here but below the folder. An absolute one could only be meant for others. */
enum wasi_errno wasi_path_symlink(struct wasi_call *call)
{
        struct wasi_path target, path;
        OWNED(wasi_place_finish) struct wasi_place place = { .fd = -1 };
        enum wasi_errno error = wasi_path(call, wasi_argument(call, 0), wasi_argument(call, 1), &target);
        if (!error)
                error = take_place(call, RIGHT_PATH_SYMLINK, 2, 3, &path, &place);
        if (error)
                return error;
        if (target.text[0] == '/')
                return wasi_refuse(call, wasi_path_span(&target), EXDEV, "a symbolic link is not to lead out of the folder");
        return symlinkat(target.text, place.fd, place.name) < 0 ? wasi_from_errno(errno) : WASI_OK;
}
