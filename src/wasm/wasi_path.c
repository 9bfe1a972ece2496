/* WASI: paths, and opening what they lead to. The kernel resolves a path below a folder's descriptor (RESOLVE_BENEATH), whoever
 * renames or links what meanwhile: nothing here looks at its components, but to find the last one. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "base/own.h"
#include "wasm/wasi_parts.h"

enum { TRIES = 1000 }; /* where others rename all the time, the kernel gives up resolving `..` */

/* --- Paths ------------------------------------------------------------------------------------ */

enum wasi_errno wasi_path(struct wasi_call *call, uint32_t at, uint32_t len, struct wasi_path *ret)
{
        const uint8_t *text = wasi_range(call, at, len);
        if (!text)
                return WASI_FAULT;
        if (!len)
                return WASI_NOENT;
        if (len >= sizeof ret->text)
                return WASI_NAMETOOLONG;
        if (memchr(text, '\0', len))
                return WASI_INVAL;
        memcpy(ret->text, text, len);
        ret->text[len] = '\0';
        ret->len = len;
        return WASI_OK;
}

static int open_beneath(struct wasi_call *call, int folder, const char *path, int flags)
{
        struct open_how how = { .flags = (uint64_t)(flags | O_CLOEXEC),
                                .mode = flags & O_CREAT ? 0666 : 0,
                                .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
        int fd = -1;
        for (int i = 0; i < TRIES && fd < 0; i++) {
                fd = (int)syscall(SYS_openat2, folder, path, &how, sizeof how);
                if (fd < 0 && !((errno == EAGAIN || errno == EINTR) && wasi_goes_on(call)))
                        break;
        }
        return fd;
}

/* /proc has the host's memory among its files, should a folder that was granted have it below. */
static bool is_of_processes(int fd)
{
        struct statfs of;
        return fstatfs(fd, &of) < 0 || of.f_type == PROC_SUPER_MAGIC;
}

static enum wasi_errno open_below(struct wasi_call *call, int folder, const char *path, int flags, struct ward_span subject,
                                  int *ret_fd)
{
        int fd = *path == '/' ? -1 : open_beneath(call, folder, path, flags);
        if (*path == '/' || (fd < 0 && errno == EXDEV))
                return wasi_refuse(call, subject, EXDEV, "it is outside of the folder");
        if (fd < 0)
                return wasi_from_errno(errno);
        if (is_of_processes(fd)) {
                fd_close(fd);
                return wasi_refuse(call, subject, EACCES, "it is in a file system of processes");
        }
        *ret_fd = fd;
        return WASI_OK;
}

enum wasi_errno wasi_open_below(struct wasi_call *call, const struct wasi_descriptor *folder, const struct wasi_path *path,
                                int flags, int *ret_fd)
{
        return open_below(call, folder->fd, path->text, flags, wasi_path_span(path), ret_fd);
}

enum wasi_errno wasi_place(struct wasi_call *call, const struct wasi_descriptor *folder, struct wasi_path *path,
                           struct wasi_place *ret)
{
        const struct wasi_path whole = *path;
        char *end = path->text + path->len;
        while (end > path->text + 1 && end[-1] == '/' && end[-2] == '/')
                *--end = '\0';
        char *slash = end > path->text ? memrchr(path->text, '/', (size_t)(end - path->text) - 1) : NULL;
        const char *in = slash ? path->text : ".";
        ret->name = slash ? slash + 1 : path->text;
        if (slash)
                *slash = '\0';
        if (*whole.text == '/')
                in = "/"; /* which is refused */
        return open_below(call, folder->fd, in, O_PATH | O_DIRECTORY, wasi_path_span(&whole), &ret->fd);
}

void wasi_place_finish(struct wasi_place *place)
{
        place->fd = fd_close(place->fd);
}

/* --- path_open -------------------------------------------------------------------------------- */

struct opening {
        uint32_t number;
        struct wasi_path path;
        bool follow;
        uint32_t oflags, fdflags;
        uint64_t rights, inheriting;
};

static enum wasi_errno take_opening(struct wasi_call *call, struct opening *ret)
{
        ret->number = wasi_argument(call, 0);
        ret->follow = wasi_argument(call, 1) & LOOKUP_FOLLOW;
        ret->oflags = wasi_argument(call, 4);
        ret->rights = call->slots[5];
        ret->inheriting = call->slots[6];
        ret->fdflags = wasi_argument(call, 7);
        if (ret->oflags & ~(uint32_t)OFLAGS_ALL || ret->fdflags & ~(uint32_t)FDFLAGS_ALL)
                return WASI_INVAL;
        if (ret->oflags & OFLAG_DIRECTORY && ret->oflags & (OFLAG_CREAT | OFLAG_EXCL | OFLAG_TRUNC))
                return WASI_INVAL;
        if (!wasi_range(call, wasi_argument(call, 8), 4))
                return WASI_FAULT;
        return wasi_path(call, wasi_argument(call, 2), wasi_argument(call, 3), &ret->path);
}

static uint64_t needed(const struct opening *opening)
{
        uint64_t rights = RIGHT_PATH_OPEN;
        if (opening->oflags & OFLAG_CREAT)
                rights |= RIGHT_PATH_CREATE_FILE;
        if (opening->oflags & OFLAG_TRUNC)
                rights |= RIGHT_PATH_SET_SIZE;
        return rights;
}

/* Libraries ask for all rights that there could be, and take what they get. Reading and writing are asked for when they are
 * wanted. */
static enum wasi_errno check_access(struct wasi_call *call, const struct wasi_descriptor *folder, const struct opening *opening)
{
        uint64_t missing = opening->rights & (RIGHT_FD_READ | RIGHT_FD_WRITE) & ~folder->inheriting;
        if (missing & RIGHT_FD_WRITE && !folder->writable)
                return wasi_refuse(call, wasi_path_span(&opening->path), EROFS, "the folder is granted to read only");
        return missing ? WASI_NOTCAPABLE : WASI_OK;
}

static int access_mode(const struct opening *opening)
{
        bool reads = opening->rights & (RIGHT_FD_READ | RIGHT_FD_READDIR);
        bool writes = opening->rights & (RIGHT_FD_WRITE | RIGHT_FD_DATASYNC | RIGHT_FD_ALLOCATE | RIGHT_FD_SET_SIZE);
        return !writes ? O_RDONLY : reads ? O_RDWR : O_WRONLY;
}

static int file_flags(const struct opening *opening)
{
        int flags = access_mode(opening) | O_NONBLOCK | O_NOCTTY | (opening->follow ? 0 : O_NOFOLLOW);
        flags |= opening->oflags & OFLAG_CREAT ? O_CREAT : 0;
        flags |= opening->oflags & OFLAG_EXCL ? O_EXCL : 0;
        flags |= opening->oflags & OFLAG_TRUNC ? O_TRUNC : 0;
        flags |= opening->fdflags & FDFLAG_APPEND ? O_APPEND : 0;
        flags |= opening->fdflags & FDFLAG_DSYNC ? O_DSYNC : 0;
        flags |= opening->fdflags & (FDFLAG_SYNC | FDFLAG_RSYNC) ? O_SYNC : 0;
        return flags;
}

/* Files and folders only: to open anything else may wait for somebody, or do something. */
static enum wasi_errno check_type(struct wasi_call *call, const struct opening *opening, mode_t mode)
{
        if (S_ISREG(mode))
                return opening->oflags & OFLAG_DIRECTORY ? WASI_NOTDIR : WASI_OK;
        if (S_ISDIR(mode))
                return opening->oflags & (OFLAG_CREAT | OFLAG_TRUNC) || opening->rights & RIGHT_FD_WRITE ? WASI_ISDIR : WASI_OK;
        if (S_ISLNK(mode))
                return opening->oflags & OFLAG_DIRECTORY ? WASI_NOTDIR : WASI_LOOP;
        return wasi_refuse(call, wasi_path_span(&opening->path), EACCES, "it is neither a file nor a folder");
}

static enum wasi_errno check_open(struct wasi_call *call, const struct opening *opening, int fd, mode_t *ret_mode)
{
        struct stat st;
        if (fstat(fd, &st) < 0)
                return wasi_from_errno(errno);
        *ret_mode = st.st_mode;
        return check_type(call, opening, st.st_mode);
}

/* Looks what is there before opening it, and again at what was opened then. */
static enum wasi_errno look(struct wasi_call *call, const struct wasi_descriptor *folder, const struct opening *opening,
                            mode_t *ret_mode)
{
        OWNED(fd_closep) int fd = -1;
        bool new = opening->oflags &OFLAG_EXCL;
        int follow = opening->follow && !new ? 0 : O_NOFOLLOW;
        enum wasi_errno error = wasi_open_below(call, folder, &opening->path, O_PATH | follow, &fd);
        if (!error)
                return new ? WASI_EXIST : check_open(call, opening, fd, ret_mode);
        return error == WASI_NOENT && opening->oflags & OFLAG_CREAT ? WASI_OK : error;
}

static enum wasi_errno open_it(struct wasi_call *call, const struct wasi_descriptor *folder, const struct opening *opening,
                               struct wasi_descriptor *ret)
{
        mode_t mode = S_IFREG;
        enum wasi_errno error = look(call, folder, opening, &mode);
        if (error)
                return error;
        int flags = S_ISDIR(mode) ? O_RDONLY | O_DIRECTORY | (opening->follow ? 0 : O_NOFOLLOW) : file_flags(opening);
        error = wasi_open_below(call, folder, &opening->path, flags, &ret->fd);
        if (!error)
                error = check_open(call, opening, ret->fd, &mode);
        if (error)
                return error;
        ret->form = S_ISDIR(mode) ? WASI_FOLDER : WASI_FILE;
        uint64_t could = S_ISDIR(mode) ? RIGHTS_FOLDER : RIGHTS_FILE;
        ret->rights = opening->rights & could;
        ret->inheriting = S_ISDIR(mode) ? opening->inheriting & folder->inheriting : 0;
        return WASI_OK;
}

enum wasi_errno wasi_path_open(struct wasi_call *call)
{
        struct opening opening;
        struct wasi_descriptor *folder;
        enum wasi_errno error = take_opening(call, &opening);
        if (!error)
                error = wasi_folder(call, opening.number, needed(&opening), &opening.path, &folder);
        if (!error)
                error = check_access(call, folder, &opening);
        if (error)
                return error;
        opening.rights &= folder->inheriting;
        struct wasi_descriptor opened = { .fd = -1, .writable = folder->writable, .flags = (uint16_t)opening.fdflags };
        uint32_t number;
        error = open_it(call, folder, &opening, &opened);
        if (error)
                fd_close(opened.fd);
        else
                error = wasi_descriptor_add(call, &opened, &number);
        return error ? error : wasi_store32(call, wasi_argument(call, 8), number);
}
