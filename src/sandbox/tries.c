#include "sandbox/tries.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/own.h"
#include "sandbox/filter.h"
#include "sandbox/landlock.h"
#include "sandbox/machine_cgroup.h"
#include "sandbox/namespaces.h"

/* Later than the oldest headers that Ward is built with. */
#ifndef SECCOMP_ADDFD_FLAG_SEND
#define SECCOMP_ADDFD_FLAG_SEND (1ul << 1)
#endif

enum { NOT_IN_FORCE = ENOTRECOVERABLE }; /* the system said yes, and it made no difference */

/* --- Namespaces ------------------------------------------------------------------------------- */

static int write_text(const char *path, const char *text)
{
        OWNED(fd_closep) int fd = open(path, O_WRONLY | O_CLOEXEC);
        return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : errno;
}

static int enter_user_namespace(void)
{
        char uid_map[40], gid_map[40];
        snprintf(uid_map, sizeof uid_map, "%u %u 1", geteuid(), geteuid());
        snprintf(gid_map, sizeof gid_map, "%u %u 1", getegid(), getegid());
        if (unshare(CLONE_NEWUSER) < 0)
                return errno;
        int r = write_text("/proc/self/setgroups", "deny");
        r = r && r != ENOENT ? r : write_text("/proc/self/uid_map", uid_map);
        return r ? r : write_text("/proc/self/gid_map", gid_map);
}

/* As user 0 has it, or as others do: with the rights of a user namespace of their own. */
static int enter(int namespace)
{
        if (!unshare(namespace))
                return 0;
        int r = errno == EPERM ? enter_user_namespace() : errno;
        if (!r && unshare(namespace) < 0)
                r = errno;
        return r;
}

static int try_pid_namespace(void)
{
        int status, r = enter(CLONE_NEWPID);
        if (r)
                return r;
        pid_t pid = fork();
        if (!pid)
                _exit(getpid() == 1 ? 0 : NOT_IN_FORCE);
        return pid > 0 && waitpid(pid, &status, 0) == pid ? WEXITSTATUS(status) : errno;
}

static int try_user_namespace(void)
{
        return unshare(CLONE_NEWUSER) < 0 ? errno : 0;
}

int try_rights_in_user_namespace(void)
{
        int r = enter_user_namespace();
        if (!r && unshare(CLONE_NEWNS) < 0)
                r = errno;
        return r;
}

static int try_mount_namespace(void)
{
        return enter(CLONE_NEWNS);
}

static int try_network_namespace(void)
{
        return enter(CLONE_NEWNET);
}

static int try_ipc_namespace(void)
{
        return enter(CLONE_NEWIPC);
}

static int try_uts_namespace(void)
{
        return enter(CLONE_NEWUTS);
}

static int try_cgroup_namespace(void)
{
        return enter(CLONE_NEWCGROUP);
}

static int new_tmpfs(void)
{
        OWNED(fd_closep) int fs = fsopen("tmpfs", FSOPEN_CLOEXEC);
        if (fs < 0 || fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
                return -1;
        return fsmount(fs, FSMOUNT_CLOEXEC, 0);
}

static int try_own_root(void)
{
        int r = enter(CLONE_NEWNS);
        if (!r && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
                r = errno;
        if (r)
                return r;
        OWNED(fd_closep) int root = new_tmpfs();
        if (root < 0 || chdir("/") < 0 || move_mount(root, "", AT_FDCWD, ".", MOVE_MOUNT_F_EMPTY_PATH) < 0 || fchdir(root) < 0 ||
            syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0)
                return errno;
        return access("/usr", F_OK) ? 0 : NOT_IN_FORCE;
}

/* --- Rights ----------------------------------------------------------------------------------- */

static int try_other_user(void)
{
        enum { NOBODY_ELSE = 1879048192 };
        if (geteuid())
                return EPERM;
        if (syscall(SYS_setgroups, 0, NULL) < 0 || syscall(SYS_setresgid, NOBODY_ELSE, NOBODY_ELSE, NOBODY_ELSE) < 0 ||
            syscall(SYS_setresuid, NOBODY_ELSE, NOBODY_ELSE, NOBODY_ELSE) < 0)
                return errno;
        return geteuid() == NOBODY_ELSE ? 0 : NOT_IN_FORCE;
}

static int try_no_capabilities(void)
{
        int r = capabilities_drop();
        return r < 0 ? -r : unshare(CLONE_NEWUTS) < 0 ? 0 : NOT_IN_FORCE;
}

static int try_no_new_privileges(void)
{
        return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? errno : 0;
}

/* --- Refused acts ----------------------------------------------------------------------------- */

static int try_landlock(void)
{
        int abi = landlock_abi(), r = abi < 0 ? -abi : try_no_new_privileges();
        if (r)
                return r;
        r = landlock_restrict(NULL, 0);
        if (r)
                return r < 0 ? -r : EOPNOTSUPP;
        return open("/", O_RDONLY | O_CLOEXEC) < 0 && errno == EACCES ? 0 : NOT_IN_FORCE;
}

static int try_filter(void)
{
        struct sandbox_filter filter;
        int listener, r = filter_prepare(FILTER_COMPILER, NULL, &filter);
        if (r < 0)
                return -r;
        r = try_no_new_privileges();
        if (r)
                return r;
        r = filter_apply(&filter, &listener);
        if (r)
                return r < 0 ? -r : ENOSYS;
        return socket(AF_UNIX, SOCK_STREAM, 0) < 0 && errno == EPERM ? 0 : NOT_IN_FORCE;
}

/* A listener, of one call that nobody makes; or a negative errno. */
static int listen_to_filter(void)
{
        struct sock_filter code[] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_acct, 0, 1),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        const struct sock_fprog program = { COUNT_OF(code), code };
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                return -errno;
        long fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
        return fd < 0 ? -errno : (int)fd;
}

int try_notifying(void)
{
        int listener = listen_to_filter();
        return listener < 0 ? -listener : 0;
}

/* There is no notification 0: what the kernel says of that tells whether it knows the question. */
int try_injecting(void)
{
        const struct seccomp_notif_addfd answer = { .flags = SECCOMP_ADDFD_FLAG_SEND };
        int listener = listen_to_filter();
        if (listener < 0)
                return -listener;
        return ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &answer) < 0 && errno == ENOENT ? 0 : errno;
}

/* --- Secrecy and limits ----------------------------------------------------------------------- */

static int try_hidden(void)
{
        if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
                return errno;
        return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) ? NOT_IN_FORCE : 0;
}

static int try_limit(__rlimit_resource_t resource)
{
        const struct rlimit none = { 0, 0 };
        return setrlimit(resource, &none) < 0 ? errno : 0;
}

static int try_no_core(void)
{
        return try_limit(RLIMIT_CORE);
}

static int try_rlimits(void)
{
        return try_limit(RLIMIT_DATA);
}

static int try_cgroup(void)
{
        struct machine_cgroup cgroup;
        return machine_cgroup_look(&cgroup);
}

int (*const tries[MACHINE_LAYERS])(void) = {
        try_pid_namespace, try_user_namespace,  try_mount_namespace,   try_network_namespace,
        try_ipc_namespace, try_uts_namespace,   try_cgroup_namespace,  try_own_root,
        try_other_user,    try_no_capabilities, try_no_new_privileges, try_landlock,
        try_filter,        try_hidden,          try_no_core,           try_rlimits,
        try_cgroup,
};
