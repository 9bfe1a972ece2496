#include "worker/notice_call.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include "base/own.h"
#include "sandbox/syscalls.h"
#include "worker/notice_memory.h"

enum { NONE = -1, EMPTY_PATH = 0x1000 };

/* Which of its arguments are what; NONE: there is none. */
struct form {
        const char *name;
        enum call_kind kind;
        int error;
        int folder, path, other_folder, other_path, flags;
};

#define PATH(name, kind, path)                                                                                                     \
        {                                                                                                                          \
                name, kind, (kind) == CALL_OTHER ? EPERM : EACCES, NONE, path, NONE, NONE, NONE                                    \
        }
#define PATH_AT(name, kind, folder, path, flags)                                                                                   \
        {                                                                                                                          \
                name, kind, (kind) == CALL_OTHER ? EPERM : EACCES, folder, path, NONE, NONE, flags                                 \
        }
#define PATHS(name, a, b)                                                                                                          \
        {                                                                                                                          \
                name, CALL_CHANGE, EACCES, NONE, a, NONE, b, NONE                                                                  \
        }
#define PATHS_AT(name, flags)                                                                                                      \
        {                                                                                                                          \
                name, CALL_CHANGE, EACCES, 0, 1, 2, 3, flags                                                                       \
        }
#define NUMBER(name, kind, error)                                                                                                  \
        {                                                                                                                          \
                name, kind, error, NONE, NONE, NONE, NONE, NONE                                                                    \
        }

/* What is not here is CALL_OTHER. */
static const struct form forms[] = {
        { "open", CALL_OPEN, EACCES, NONE, 0, NONE, NONE, 1 },
        { "creat", CALL_OPEN, EACCES, NONE, 0, NONE, NONE, NONE },
        PATH_AT("openat", CALL_OPEN, 0, 1, 2),
        PATH_AT("openat2", CALL_OPEN, 0, 1, NONE),
        PATH("stat", CALL_LOOK, 0),
        PATH("lstat", CALL_LOOK, 0),
        PATH("access", CALL_LOOK, 0),
        PATH("readlink", CALL_LOOK, 0),
        PATH("chdir", CALL_LOOK, 0),
        PATH("statfs", CALL_LOOK, 0),
        PATH("getxattr", CALL_LOOK, 0),
        PATH("lgetxattr", CALL_LOOK, 0),
        PATH("listxattr", CALL_LOOK, 0),
        PATH("llistxattr", CALL_LOOK, 0),
        PATH("inotify_add_watch", CALL_LOOK, 1),
        PATH_AT("newfstatat", CALL_LOOK, 0, 1, NONE),
        PATH_AT("statx", CALL_LOOK, 0, 1, NONE),
        PATH_AT("faccessat", CALL_LOOK, 0, 1, NONE),
        PATH_AT("faccessat2", CALL_LOOK, 0, 1, NONE),
        PATH_AT("readlinkat", CALL_LOOK, 0, 1, NONE),
        PATH("unlink", CALL_CHANGE, 0),
        PATH("mkdir", CALL_CHANGE, 0),
        PATH("rmdir", CALL_CHANGE, 0),
        PATH("mknod", CALL_CHANGE, 0),
        PATH("truncate", CALL_ALTER, 0),
        PATH("chmod", CALL_ALTER, 0),
        PATH("chown", CALL_ALTER, 0),
        PATH("lchown", CALL_ALTER, 0),
        PATH("utime", CALL_ALTER, 0),
        PATH("utimes", CALL_ALTER, 0),
        PATH("symlink", CALL_CHANGE, 1),
        PATH_AT("unlinkat", CALL_CHANGE, 0, 1, NONE),
        PATH_AT("mkdirat", CALL_CHANGE, 0, 1, NONE),
        PATH_AT("mknodat", CALL_CHANGE, 0, 1, NONE),
        PATH_AT("fchmodat", CALL_ALTER, 0, 1, NONE),
        PATH_AT("fchmodat2", CALL_ALTER, 0, 1, 3),
        PATH_AT("fchownat", CALL_ALTER, 0, 1, 4),
        PATH_AT("futimesat", CALL_ALTER, 0, 1, NONE),
        PATH_AT("utimensat", CALL_ALTER, 0, 1, 3),
        PATH_AT("symlinkat", CALL_CHANGE, 1, 2, NONE),
        PATHS("rename", 0, 1),
        PATHS("link", 0, 1),
        PATHS_AT("renameat", NONE),
        PATHS_AT("renameat2", NONE),
        PATHS_AT("linkat", 4),
        PATH("execve", CALL_EXECUTE, 0),
        PATH_AT("execveat", CALL_EXECUTE, 0, 1, 4),
        PATH("mount", CALL_OTHER, 1),
        PATH("umount2", CALL_OTHER, 0),
        PATH("chroot", CALL_OTHER, 0),
        PATH("pivot_root", CALL_OTHER, 0),
        PATH("swapon", CALL_OTHER, 0),
        PATH("acct", CALL_OTHER, 0),
        PATH("setxattr", CALL_OTHER, 0),
        PATH("lsetxattr", CALL_OTHER, 0),
        PATH("removexattr", CALL_OTHER, 0),
        PATH_AT("open_tree", CALL_OTHER, 0, 1, NONE),
        PATH_AT("name_to_handle_at", CALL_OTHER, 0, 1, NONE),
        NUMBER("connect", CALL_CONNECT, EACCES),
        NUMBER("socket", CALL_OTHER, EACCES),
        NUMBER("fork", CALL_FORK, EPERM),
        NUMBER("vfork", CALL_FORK, EPERM),
        NUMBER("clone", CALL_FORK, EPERM),
        NUMBER("kill", CALL_SIGNAL, EPERM),
        NUMBER("tgkill", CALL_SIGNAL, EPERM),
        NUMBER("rt_sigqueueinfo", CALL_SIGNAL, EPERM),
        NUMBER("rt_tgsigqueueinfo", CALL_SIGNAL, EPERM),
};

static const struct form *find(const char *name)
{
        static const struct form other = NUMBER("", CALL_OTHER, EPERM);
        for (size_t i = 0; i < COUNT_OF(forms); i++)
                if (!strcmp(forms[i].name, name))
                        return &forms[i];
        return &other;
}

/* By number, looked up once. */
static const struct form *form_of(int number, const char *name)
{
        static const struct form *known[SYSCALL_NUMBERS];
        if (!known[number])
                known[number] = find(name);
        return known[number];
}

/* Who has called. */
struct caller {
        int proc;
        pid_t worker, tid;
};

/* --- What files are opened for ---------------------------------------------------------------- */

static unsigned access_of(uint64_t flags)
{
        if (flags & O_PATH)
                return 0;
        switch (flags & O_ACCMODE) {
        case O_RDONLY:
                return flags & (O_TRUNC | O_CREAT) ? SANDBOX_READ | SANDBOX_WRITE : SANDBOX_READ;
        case O_WRONLY:
                return SANDBOX_WRITE;
        default:
                return SANDBOX_READ | SANDBOX_WRITE;
        }
}

/* openat2 has its flags in memory, where they can change: the kernel asks for what they mean once more. */
static int decode_open(pid_t tid, const struct form *form, struct call *call)
{
        uint64_t flags = O_WRONLY | O_CREAT | O_TRUNC;
        int r = 0;
        if (form->flags != NONE)
                flags = (uint32_t)call->data.args[form->flags];
        else if (form->folder != NONE)
                r = memory_read(tid, call->data.args[2], &flags, sizeof flags);
        call->access = access_of(flags);
        call->makes = flags & O_CREAT;
        call->lists = flags & O_DIRECTORY;
        return r;
}

/* --- Paths and addresses ---------------------------------------------------------------------- */

/* A folder that cannot be found leaves the path unknown, which nobody is granted. */
static int decode_path(const struct caller *caller, const struct call *call, int folder, int path, char to[PATH_MAX])
{
        char text[PATH_MAX], from[PATH_MAX];
        int fd = folder == NONE ? AT_FDCWD : (int)call->data.args[folder];
        text[0] = to[0] = 0;
        if (call->data.args[path]) {
                int r = memory_read_path(caller->tid, call->data.args[path], text);
                if (r)
                        return r;
        }
        if (*text == '/')
                return path_join("/", text, to);
        OWNED(fd_closep) int process = process_open(caller->worker, caller->tid);
        if (process < 0 || path_of_folder(caller->proc, process, fd, from) || *from != '/')
                return 0;
        return path_join(from, text, to);
}

static int decode_paths(const struct caller *caller, const struct form *form, struct call *call)
{
        call->by_descriptor = !call->data.args[form->path] || (form->flags != NONE && call->data.args[form->flags] & EMPTY_PATH);
        int r = decode_path(caller, call, form->folder, form->path, call->path);
        if (!r && form->other_path != NONE)
                r = decode_path(caller, call, form->other_folder, form->other_path, call->other_path);
        return !r && form->kind == CALL_OPEN ? decode_open(caller->tid, form, call) : r;
}

static int decode_address(pid_t tid, struct call *call)
{
        uint32_t len = (uint32_t)call->data.args[2];
        call->fd = (int)call->data.args[0];
        if (len > sizeof call->address)
                return -EINVAL;
        call->address_len = len;
        return len ? memory_read(tid, call->data.args[1], &call->address, len) : 0;
}

int call_decode(int proc, pid_t worker, const struct seccomp_notif *notice, struct call *ret_call)
{
        struct call *call = ret_call;
        const char *name = notice->data.arch == syscall_arch ? syscall_name(notice->data.nr) : NULL;
        const struct form *form = name ? form_of(notice->data.nr, name) : NULL;
        const struct caller caller = { proc, worker, (pid_t)notice->pid };
        *call = (struct call){ .number = notice->data.nr, .name = "unknown", .error = ENOSYS, .data = notice->data };
        if (!name)
                return 0;
        call->name = name;
        call->kind = form->kind;
        call->error = form->error;
        if (form->path != NONE)
                return decode_paths(&caller, form, call);
        if (form->kind == CALL_CONNECT)
                return decode_address(caller.tid, call);
        if (form->kind == CALL_SIGNAL)
                call->target = (int)notice->data.args[0];
        return 0;
}
