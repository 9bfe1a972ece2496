/* Files outside of what is granted, by every way that leads to one. */
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include "test/escape/acts.h"
#include "test/escape/areas.h"

enum path {
        SECRET_FILE,
        GIFT_FILE,
        PASSWORDS,
        BY_DOTDOT,
        BY_LINK,
        BY_PROC_ROOT,
        BY_PROC_CWD,
        BY_HOST_ROOT,
        BY_CLIMBING,
};

static const char *path_of(const struct stage *stage, enum path path)
{
        static _Thread_local char text[512];
        const char *const climb = "../../../../../../../../../../../..";
        switch (path) {
        case SECRET_FILE:
                return in(stage->outside, "secret");
        case GIFT_FILE:
                return in(stage->readable, "gift");
        case PASSWORDS:
                return "/etc/passwd";
        case BY_DOTDOT:
                return in(stage->readable, "../outside/secret");
        case BY_LINK:
                return in(stage->readable, "link");
        case BY_PROC_ROOT:
                snprintf(text, sizeof text, "/proc/self/root/%s/secret", stage->outside);
                return text;
        case BY_PROC_CWD:
                snprintf(text, sizeof text, "/proc/self/cwd/%s/%s/secret", climb, stage->outside);
                return text;
        case BY_HOST_ROOT:
                snprintf(text, sizeof text, "/proc/%d/root/%s/secret", stage->host, stage->outside);
                return text;
        default:
                snprintf(text, sizeof text, "%s/%s/secret", climb, stage->outside);
                return text;
        }
}

static long read_path(const struct stage *stage, struct outcome *outcome, long path)
{
        return tell_file(path_of(stage, (enum path)path), outcome);
}

static long read_openat2(const struct stage *stage, struct outcome *outcome, long argument)
{
        struct open_how how = { .flags = O_RDONLY | O_CLOEXEC };
        return tell((int)syscall(SYS_openat2, AT_FDCWD, in(stage->outside, "secret"), &how, sizeof how), outcome);
}

/* The oldest way in, which some lists forget. */
static long create_creat(const struct stage *stage, struct outcome *outcome, long argument)
{
#ifdef SYS_creat
        return scribble((int)syscall(SYS_creat, in(stage->outside, "new"), 0600));
#else
        return scribble(open(in(stage->outside, "new"), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600));
#endif
}

static long read_fchdir(const struct stage *stage, struct outcome *outcome, long argument)
{
        int folder = open(stage->readable, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (folder < 0)
                return errno;
        int file = openat(folder, "../outside/secret", O_RDONLY | O_CLOEXEC);
        if (file < 0 && !fchdir(folder))
                file = open("../outside/secret", O_RDONLY | O_CLOEXEC);
        long error = tell(file, outcome);
        close(folder);
        return error;
}

static long read_by_handle(const struct stage *stage, struct outcome *outcome, long argument)
{
        return tell((int)syscall(SYS_open_by_handle_at, AT_FDCWD, stage->file_handle, O_RDONLY | O_CLOEXEC), outcome);
}

static long write_path(const struct stage *stage, struct outcome *outcome, long argument)
{
        return scribble(open(in(argument == 0   ? stage->outside
                                : argument == 1 ? stage->readable
                                                : stage->writable,
                                argument == 1 ? "gift" : "target"),
                             O_WRONLY | O_CLOEXEC));
}

static long create(const struct stage *stage, struct outcome *outcome, long argument)
{
        return scribble(
                open(in(argument ? stage->writable : stage->outside, "new"), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600));
}

static long create_nameless(const struct stage *stage, struct outcome *outcome, long argument)
{
        char self[64];
        int fd = open(stage->outside, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
        if (fd < 0)
                return errno;
        snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
        long error = done(linkat(AT_FDCWD, self, AT_FDCWD, in(stage->outside, "new"), AT_SYMLINK_FOLLOW));
        close(fd);
        return error;
}

/* What a granted folder has beside files. */
static long read_device(const struct stage *stage, struct outcome *outcome, long argument)
{
        return tell_file(in(stage->readable, "device"), outcome);
}

static long write_fifo(const struct stage *stage, struct outcome *outcome, long argument)
{
        return scribble(open(in(stage->readable, "fifo"), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
}

/* From where it may be read to where it might be written. */
static long link_up(const struct stage *stage, struct outcome *outcome, long moved)
{
        const char *from = in(stage->readable, "gift"), *to = in(stage->writable, "new");
        if (moved ? rename(from, to) : link(from, to))
                return errno;
        return scribble(open(to, O_WRONLY | O_CLOEXEC));
}

/* What is open to read only is opened again, to write. */
static long reopen(const struct stage *stage, struct outcome *outcome, long argument)
{
        char self[64];
        int fd = open(in(stage->readable, "gift"), O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return errno;
        snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
        long error = scribble(open(self, O_WRONLY | O_CLOEXEC));
        close(fd);
        return error;
}

static long hard_link(const struct stage *stage, struct outcome *outcome, long argument)
{
        const char *made = in(stage->writable, "hard");
        if (link(in(stage->outside, "secret"), made))
                return errno;
        long error = tell_file(made, outcome);
        unlink(made);
        return error;
}

static long soft_link(const struct stage *stage, struct outcome *outcome, long argument)
{
        const char *made = in(stage->writable, "soft");
        if (symlink(in(stage->outside, "secret"), made))
                return errno;
        long error = tell_file(made, outcome);
        unlink(made);
        return error;
}

static long move_out(const struct stage *stage, struct outcome *outcome, long argument)
{
        return done(rename(in(stage->writable, "target"), in(stage->outside, "new")));
}

static long move_in(const struct stage *stage, struct outcome *outcome, long argument)
{
        const char *made = in(stage->writable, "moved");
        if (rename(in(stage->outside, "target"), made))
                return errno;
        return tell_file(made, outcome);
}

enum change {
        CHANGE_UNLINK,
        CHANGE_MODE,
        CHANGE_OWNER,
        CHANGE_SIZE,
        CHANGE_TIME,
        CHANGE_ATTRIBUTE,
        CHANGE_FOLDER,
        CHANGE_FIFO,
        CHANGE_DEVICE,
};

static long change(const struct stage *stage, struct outcome *outcome, long argument)
{
        const char *target = in(stage->outside, "target"), *new = in(stage->outside, "new");
        switch ((enum change)argument) {
        case CHANGE_UNLINK:
                return done(unlink(target));
        case CHANGE_MODE:
                return done(chmod(target, 0777));
        case CHANGE_OWNER:
                return done(chown(target, 12345, 12345));
        case CHANGE_SIZE:
                return done(truncate(target, 1));
        case CHANGE_TIME:
                return done(utimensat(AT_FDCWD, target, (const struct timespec[2]){ { 1, 0 }, { 1, 0 } }, 0));
        case CHANGE_ATTRIBUTE:
                return done(setxattr(target, "user.ward", "x", 1, 0));
        case CHANGE_FOLDER:
                return done(mkdir(new, 0700));
        case CHANGE_FIFO:
                return done(mkfifo(new, 0600));
        default:
                return done(mknod(new, S_IFCHR | 0600, makedev(1, 3)));
        }
}

static long look(const struct stage *stage, struct outcome *outcome, long argument)
{
        struct stat status;
        char name[128];
        switch (argument) {
        case 0:
                return done(stat(in(stage->outside, "secret"), &status));
        case 1:
                return done(readlink(in(stage->readable, "link"), name, sizeof name));
        case 2:
                return done(access(in(stage->outside, "secret"), R_OK));
        default:
                return try_open("/", O_RDONLY | O_DIRECTORY);
        }
}

static long handle_of(const struct stage *stage, struct outcome *outcome, long argument)
{
        char memory[sizeof(struct file_handle) + MAX_HANDLE_SZ] = { 0 };
        struct file_handle *handle = (struct file_handle *)(void *)memory;
        int mount;
        handle->handle_bytes = MAX_HANDLE_SZ;
        return done(name_to_handle_at(AT_FDCWD, in(stage->outside, "secret"), handle, &mount, 0));
}

static long watch(const struct stage *stage, struct outcome *outcome, long argument)
{
        int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        if (fd < 0)
                return errno;
        long error = done(inotify_add_watch(fd, stage->outside, IN_ALL_EVENTS));
        close(fd);
        return error;
}

static long watch_all(const struct stage *stage, struct outcome *outcome, long argument)
{
        int fd = fanotify_init(FAN_CLASS_NOTIF | FAN_CLOEXEC | FAN_NONBLOCK, O_RDONLY);
        if (fd < 0)
                return errno;
        long error = done(fanotify_mark(fd, FAN_MARK_ADD | FAN_MARK_MOUNT, FAN_OPEN, AT_FDCWD, "/"));
        close(fd);
        return error;
}

static long execute_outside(const struct stage *stage, struct outcome *outcome, long argument)
{
        return try_execute(-1, in(stage->outside, "program"), 42);
}

static long execute_granted(const struct stage *stage, struct outcome *outcome, long argument)
{
        return argument ? try_execute(-1, "/bin/true", 0) : try_execute(-1, in(stage->programs, "program"), 42);
}

static long execute_memory(const struct stage *stage, struct outcome *outcome, long argument)
{
        int fd = tiny_program();
        if (fd < 0)
                return errno;
        long error = try_execute(fd, NULL, 42);
        close(fd);
        return error;
}

#define OUT                                                                                                                        \
        {                                                                                                                          \
                NOT_THERE, NOT_THERE, USER, USER                                                                                   \
        }
#define LINKED (NOT_THERE | AS(EROFS) | AS(EXDEV))
#define CHANGES                                                                                                                    \
        {                                                                                                                          \
                LINKED, LINKED, USER, USER                                                                                         \
        }
#define ONLY_INTRANET                                                                                                              \
        {                                                                                                                          \
                NOT_THERE, WORKS, USER, USER                                                                                       \
        }

static const struct probe files[] = {
        { "read-outside", read_path, SECRET_FILE, SECRET, OUT, .why = "no folder is granted that it lies in" },
        { "read-passwords", read_path, PASSWORDS, WITNESSED, OUT, .why = "the system's files are not granted either" },
        { "read-granted", read_path, GIFT_FILE, GIFT, ONLY_INTRANET, .why = "intranet was granted this folder" },
        { "read-dotdot", read_path, BY_DOTDOT, SECRET, OUT, .why = "the parent of a granted folder is not granted" },
        { "read-link", read_path, BY_LINK, SECRET, OUT, .why = "a link in a granted folder leads to what is not there" },
        { "read-proc-root", read_path, BY_PROC_ROOT, SECRET, OUT,
          .why = "/proc/self/root is a way around names, not around grants" },
        { "read-proc-cwd", read_path, BY_PROC_CWD, SECRET, OUT, .why = "so is /proc/self/cwd" },
        { "read-host-root", read_path, BY_HOST_ROOT, SECRET, OUT, .why = "the host's root would be all files" },
        { "read-climbing", read_path, BY_CLIMBING, SECRET, OUT, .why = "there is nothing above the root" },
        { "read-openat2", read_openat2, 0, SECRET, OUT, .why = "a newer call opens no more than the old one" },
        { "read-fchdir", read_fchdir, 0, SECRET, OUT, .flags = FRESH, .why = "a descriptor of a folder is no way to its parent" },
        { "read-by-handle", read_by_handle, 0, SECRET, OUT, .why = "a file handle names a file without its path" },
        { "write-outside", write_path, 0, OUTSIDE, CHANGES, .why = "no folder is granted that it lies in" },
        { "write-readable", write_path, 1, READABLE, CHANGES, .why = "granted to read is not granted to write" },
        { "write-granted", write_path, 2, WRITABLE, ONLY_INTRANET, .why = "intranet may write this folder" },
        { "create-outside", create, 0, OUTSIDE, CHANGES, .why = "files are made in a writable folder only" },
        { "create-granted", create, 1, WRITABLE, ONLY_INTRANET, .why = "there intranet may make them" },
        { "create-creat", create_creat, 0, OUTSIDE, CHANGES, .why = "creat(2) is open(2) by another number" },
        { "create-nameless", create_nameless, 0, OUTSIDE, CHANGES, .why = "a file without a name can be given one" },
        { "reopen", reopen, 0, READABLE, CHANGES, .why = "what is open to be read is not to be opened again to write" },
        { "hard-link", hard_link, 0, SECRET, CHANGES, .why = "a file outside is not to get a name inside" },
        { "soft-link", soft_link, 0, SECRET, CHANGES, .why = "a link made inside leads to what is not there" },
        { "link-up", link_up, 0, READABLE | WRITABLE, CHANGES, .why = "another name gives no other rights" },
        { "move-up", link_up, 1, READABLE | WRITABLE, CHANGES, .why = "likewise" },
        { "granted-device", read_device, 0, WITNESSED, OUT, .flags = ONE_LAYER, .absent = AS(ENOENT) | AS(EACCES),
          .why = "a device in a granted folder is none" },
        { "granted-fifo", write_fifo, 0, CONNECTED | READABLE, CHANGES,
          .why = "who writes to a pipe changes no file, and yet reaches others" },
        { "move-out", move_out, 0, OUTSIDE | WRITABLE, CHANGES, .why = "files do not leave the granted folder" },
        { "move-in", move_in, 0, OUTSIDE | WRITABLE, CHANGES, .why = "nor come in" },
        { "unlink", change, CHANGE_UNLINK, OUTSIDE, CHANGES, .why = "files outside are not to be removed" },
        { "chmod", change, CHANGE_MODE, OUTSIDE, CHANGES, .why = "their modes are their owner's" },
        { "chown", change, CHANGE_OWNER, OUTSIDE, CHANGES, .why = "so are their owners" },
        { "truncate", change, CHANGE_SIZE, OUTSIDE, CHANGES, .why = "truncate(2) writes without opening" },
        { "utimes", change, CHANGE_TIME, OUTSIDE, CHANGES, .why = "times are what a backup goes by" },
        { "setxattr", change, CHANGE_ATTRIBUTE, OUTSIDE, CHANGES, .why = "attributes are content too" },
        { "mkdir", change, CHANGE_FOLDER, OUTSIDE, CHANGES, .why = "folders are made in a writable folder only" },
        { "mkfifo", change, CHANGE_FIFO, OUTSIDE, CHANGES, .why = "a pipe with a name would be a way to others" },
        { "mknod", change, CHANGE_DEVICE, OUTSIDE, CHANGES, .why = "a device with a name would be a way to the kernel" },
        { "stat", look, 0, WITNESSED, OUT, .flags = ONE_LAYER, .why = "not even what there is, and how large, is to be known" },
        { "readlink", look, 1, WITNESSED, ONLY_INTRANET, .why = "links in the granted folder may be read" },
        { "access", look, 2, WITNESSED, OUT, .flags = ONE_LAYER, .why = "not even what there is is to be known" },
        { "name-to-handle", handle_of, 0, WITNESSED, OUT, .why = "a handle names a file to others" },
        { "inotify", watch, 0, WITNESSED, OUT, .flags = ONE_LAYER, .why = "who watches a folder learns what others do" },
        { "fanotify", watch_all, 0, WITNESSED, OUT, .why = "who watches a mount learns what everybody does" },
        { "execute-outside", execute_outside, 0, WITNESSED, OUT, .flags = FRESH, .why = "programs need the permission to be run" },
        { "execute-granted", execute_granted, 0, WITNESSED, OUT, .flags = FRESH, .spawns = WORKS,
          .why = "it needs that, and a folder to run them from" },
        { "execute-system", execute_granted, 1, WITNESSED, OUT, .flags = FRESH, .spawns = WORKS,
          .why = "the system's are in such a folder" },
        { "execute-memory",
          execute_memory,
          0,
          WITNESSED,
          { REFUSED, REFUSED, USER, USER },
          .flags = FRESH,
          .why = "a program that the add-in brings along is one too" },
};

const struct area area_files = { "files", PROBES(files) };
