/* Mounts, roots and namespaces. What succeeds is undone by the runner, or was done in a child that is gone. */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include "test/escape/acts.h"
#include "test/escape/areas.h"

static long mount_memory(const struct stage *stage, struct outcome *outcome, long argument)
{
        return done(mount("none", in(stage->outside, "folder"), "tmpfs", 0, NULL));
}

static long mount_bound(const struct stage *stage, struct outcome *outcome, long argument)
{
        return done(mount(stage->outside, in(stage->outside, "folder"), NULL, MS_BIND, NULL));
}

static long mount_proc(const struct stage *stage, struct outcome *outcome, long argument)
{
        return done(mount("none", in(stage->outside, "folder"), "proc", 0, NULL));
}

/* Where the granted folder is a mount, it is not to become one that can be written. */
static long remount(const struct stage *stage, struct outcome *outcome, long argument)
{
        if (mount(NULL, stage->readable, NULL, MS_REMOUNT | MS_BIND, NULL) && errno != EINVAL)
                return errno;
        return scribble(open(in(stage->readable, "gift"), O_WRONLY | O_CLOEXEC));
}

/* What a mount hides would be seen. */
static long unmount(const struct stage *stage, struct outcome *outcome, long argument)
{
        return done(umount2(argument ? "/" : stage->readable, MNT_DETACH | (argument ? 0 : UMOUNT_NOFOLLOW)));
}

static long open_system(const struct stage *stage, struct outcome *outcome, long argument)
{
        return take_fd((int)syscall(SYS_fsopen, "tmpfs", 1u));
}

static long pick_system(const struct stage *stage, struct outcome *outcome, long argument)
{
        return take_fd((int)syscall(SYS_fspick, AT_FDCWD, "/", 1u));
}

static long clone_tree(const struct stage *stage, struct outcome *outcome, long argument)
{
        enum { CLONE_TREE = 1 };
        return take_fd((int)syscall(SYS_open_tree, AT_FDCWD, argument ? "." : "/", CLONE_TREE | O_CLOEXEC));
}

/* Nothing is moved from nowhere. */
static long move_tree(const struct stage *stage, struct outcome *outcome, long argument)
{
        long r = syscall(SYS_move_mount, -1, "", AT_FDCWD, stage->outside, 4u);
        return r < 0 && errno != EBADF ? errno : 0;
}

static long set_tree(const struct stage *stage, struct outcome *outcome, long argument)
{
        /* attributes to set and clear, propagation, user namespace: shared here, as it is */
        const uint64_t nothing[4] = { 0, 0, 1 << 20, 0 };
        long r = syscall(SYS_mount_setattr, AT_FDCWD, stage->outside, 0u, nothing, sizeof nothing);
        return r < 0 && errno != EINVAL ? errno : 0;
}

static long swap_roots(const struct stage *stage, struct outcome *outcome, long argument)
{
        long r = syscall(SYS_pivot_root, "/", "/");
        return r < 0 && errno != EBUSY && errno != EINVAL ? errno : 0;
}

/* A root that one has a descriptor above of holds nobody. */
static long break_root(const struct stage *stage, struct outcome *outcome, long argument)
{
        int above = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (chroot(argument ? stage->readable : "."))
                return errno;
        if (above < 0 || fchdir(above))
                return errno;
        for (int i = 0; i < 32; i++)
                if (chdir(".."))
                        return errno;
        if (chroot("."))
                return errno;
        return tell_file(in(stage->outside, "secret"), outcome);
}

static long break_root_in_child(const struct stage *stage, struct outcome *outcome, long argument)
{
        return in_child(break_root, stage, outcome, argument);
}

/* --- Namespaces ------------------------------------------------------------------------------- */

static long leave(const struct stage *stage, struct outcome *outcome, long flags)
{
        return done(unshare((int)flags));
}

static long leave_in_child(const struct stage *stage, struct outcome *outcome, long flags)
{
        return in_child(leave, stage, outcome, flags);
}

/* User 0 of a namespace of one's own may mount there: a large part of the kernel that is not meant for attackers. */
static long rule(const struct stage *stage, struct outcome *outcome, long argument)
{
        char map[32];
        snprintf(map, sizeof map, "0 %d 1", (int)geteuid());
        if (unshare(CLONE_NEWUSER | CLONE_NEWNS))
                return errno;
        int fd = open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC);
        if (fd < 0)
                return errno;
        long error = done(write(fd, map, strlen(map)));
        close(fd);
        return error ? error : done(mount("none", in(stage->outside, "folder"), "tmpfs", 0, NULL));
}

static long rule_in_child(const struct stage *stage, struct outcome *outcome, long argument)
{
        return in_child(rule, stage, outcome, argument);
}

static long enter(const struct stage *stage, struct outcome *outcome, long number)
{
        static const char *const names[] = { "ns/mnt", "ns/net", "ns/pid", "ns/ipc", "ns/uts", "ns/cgroup" };
        int fd = open(of_process(stage->host, names[number]), O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return errno;
        long error = done(setns(fd, 0));
        close(fd);
        return error;
}

static long enter_in_child(const struct stage *stage, struct outcome *outcome, long number)
{
        return in_child(enter, stage, outcome, number);
}

static long enter_all(const struct stage *stage, struct outcome *outcome, long argument)
{
        int fd = (int)syscall(SYS_pidfd_open, stage->host, 0);
        if (fd < 0)
                return errno;
        long error = done(setns(fd, CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS));
        close(fd);
        return error;
}

static long enter_all_in_child(const struct stage *stage, struct outcome *outcome, long argument)
{
        return in_child(enter_all, stage, outcome, argument);
}

#define NOT_HERE                                                                                                                   \
        {                                                                                                                          \
                NOBODY, NOBODY, NOBODY, NOBODY                                                                                     \
        }
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

static const struct probe mounts[] = {
        { "mount-memory", mount_memory, 0, MOUNTED, NAMED, .why = "what is mounted is the host's to say" },
        { "mount-bound", mount_bound, 0, MOUNTED, NAMED, .why = "a folder in two places escapes rules about paths" },
        { "mount-proc", mount_proc, 0, MOUNTED, NAMED, .why = "there would be a /proc" },
        { "remount",
          remount,
          0,
          READABLE,
          { NOT_THERE | AS(EROFS), NOT_THERE | AS(EROFS), USER, USER },
          FRESH,
          .why = "a read-only mount stays read-only" },
        { "unmount",
          unmount,
          0,
          WITNESSED,
          { NOT_THERE, NOT_THERE, REFUSED | AS(EINVAL), REFUSED | AS(EINVAL) },
          FRESH | HELD_ONLY,
          .why = "what a mount hides stays hidden" },
        { "unmount-root", unmount, 1, WITNESSED, NAMED, FRESH | HELD_ONLY | CONFINED, .why = "below the root there was another" },
        { "fsopen", open_system, 0, WITNESSED, REFUSE, .why = "mounts by another interface" },
        { "fspick", pick_system, 0, WITNESSED, NAMED, .why = "likewise" },
        { "open-tree", clone_tree, 0, WITNESSED, NAMED, .why = "likewise" },
        { "open-tree-here", clone_tree, 1, WITNESSED, NAMED, .why = "likewise" },
        { "move-mount", move_tree, 0, WITNESSED, REFUSE, .why = "likewise" },
        { "mount-setattr", set_tree, 0, WITNESSED, NAMED, .why = "likewise" },
        { "pivot-root", swap_roots, 0, WITNESSED, REFUSE, .why = "the root is the host's to say" },
        { "chroot", break_root_in_child, 0, SECRET, NAMED, FRESH, .why = "the classic way out of a root is another root" },
        { "chroot-granted", break_root_in_child, 1, SECRET, NAMED, FRESH, .why = "likewise, from a folder that is there" },
};

static const struct probe namespaces[] = {
        { "unshare-user", leave_in_child, CLONE_NEWUSER, WITNESSED, REFUSE, FRESH, .absent = AS(EPERM),
          .why = "who is user 0 somewhere reaches more of the kernel" },
        { "unshare-mount", leave_in_child, CLONE_NEWNS, WITNESSED, REFUSE, FRESH, .why = "mounts of its own" },
        { "unshare-pid", leave_in_child, CLONE_NEWPID, WITNESSED, REFUSE, FRESH, .why = "children that count from one" },
        { "unshare-network", leave_in_child, CLONE_NEWNET, WITNESSED, REFUSE, FRESH, .why = "a network whose devices it sets up" },
        { "unshare-ipc", leave_in_child, CLONE_NEWIPC, WITNESSED, REFUSE, FRESH, .why = "a namespace costs the kernel's memory" },
        { "unshare-uts", leave_in_child, CLONE_NEWUTS, WITNESSED, REFUSE, FRESH, .why = "likewise" },
        { "unshare-cgroup", leave_in_child, CLONE_NEWCGROUP, WITNESSED, REFUSE, FRESH, .why = "limits are kept there" },
        { "unshare-time", leave_in_child, CLONE_NEWTIME, WITNESSED, REFUSE, FRESH, .absent = AS(EINVAL),
          .why = "clocks of its own" },
        { "clone-user", clone_child, CLONE_NEWUSER, WITNESSED, REFUSE, .absent = AS(EPERM),
          .why = "clone(2) is unshare(2) by another name" },
        { "clone-pid", clone_child, CLONE_NEWPID, WITNESSED, REFUSE, .why = "likewise" },
        { "clone-mount-user", clone_child, CLONE_NEWUSER | CLONE_NEWNS, WITNESSED, REFUSE, .absent = AS(EPERM), .why = "likewise" },
        { "user-namespace-root", rule_in_child, 0, WITNESSED, REFUSE, FRESH, .absent = AS(EPERM),
          .why = "user 0 of a namespace may mount in it" },
        { "setns-mount", enter_in_child, 0, WITNESSED, NAMED, FRESH, .why = "the host's files" },
        { "setns-network", enter_in_child, 1, WITNESSED, NAMED, FRESH, .why = "the host's network" },
        { "setns-pid",
          enter_in_child,
          2,
          WITNESSED,
          { NOT_THERE, NOT_THERE, REFUSED | AS(EINVAL), REFUSED | AS(EINVAL) },
          FRESH,
          .why = "the host's processes; the kernel lets nobody go up" },
        { "setns-ipc", enter_in_child, 3, WITNESSED, NAMED, FRESH, .why = "the host's segments" },
        { "setns-uts", enter_in_child, 4, WITNESSED, NAMED, FRESH, .why = "the host's name" },
        { "setns-cgroup", enter_in_child, 5, WITNESSED, NAMED, FRESH, .why = "the host's limits" },
        { "setns-pidfd", enter_all_in_child, 0, WITNESSED, NOT_HERE, FRESH, .why = "all of them by one descriptor" },
};

const struct area area_mounts = { "mounts and roots", PROBES(mounts) };
const struct area area_namespaces = { "namespaces", PROBES(namespaces) };
