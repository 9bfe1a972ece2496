#include "sandbox/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <ward/posture.h>
#include "base/own.h"

enum {
        NOBODY = 65534,
        BASE = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS,
        BASE_LAYERS = WARD_LAYER_MOUNT_NAMESPACE | WARD_LAYER_PID_NAMESPACE | WARD_LAYER_IPC_NAMESPACE | WARD_LAYER_UTS_NAMESPACE,
};

/* User 0 is not to be user 0 there: it would get all rights of the namespace by executing a program. */
void namespaces_prepare(struct sandbox_namespaces *ret_plan)
{
        uid_t uid = geteuid();
        gid_t gid = getegid();
        ret_plan->user = uid != 0;
        snprintf(ret_plan->uid_map, sizeof ret_plan->uid_map, "%u %u 1", uid ? uid : NOBODY, uid);
        snprintf(ret_plan->gid_map, sizeof ret_plan->gid_map, "%u %u 1", gid ? gid : NOBODY, gid);
}

static int write_text(const char *path, const char *text)
{
        OWNED(fd_closep) int fd = open(path, O_WRONLY | O_CLOEXEC);
        size_t len = strlen(text);
        return fd >= 0 && write(fd, text, len) == (ssize_t)len ? 0 : -1;
}

static unsigned map_user(const struct sandbox_namespaces *plan)
{
        if (write_text("/proc/self/setgroups", "deny") < 0 && errno != ENOENT)
                return 0;
        return !write_text("/proc/self/uid_map", plan->uid_map) && !write_text("/proc/self/gid_map", plan->gid_map);
}

/* Where the host has given up another user's rights, /proc/self is not its own, so that it could not say who it is in a namespace.
 */
unsigned namespaces_enter(const struct sandbox_namespaces *plan)
{
        const struct {
                int flags;
                unsigned held;
        } tries[] = {
                { BASE | CLONE_NEWNET, BASE_LAYERS | WARD_LAYER_NETWORK_NAMESPACE },
                { BASE, BASE_LAYERS },
                { BASE | CLONE_NEWNET | CLONE_NEWUSER, BASE_LAYERS | WARD_LAYER_NETWORK_NAMESPACE | WARD_LAYER_USER_NAMESPACE },
                { BASE | CLONE_NEWUSER, BASE_LAYERS | WARD_LAYER_USER_NAMESPACE },
        };
        bool may_map = !access("/proc/self/uid_map", W_OK);
        for (size_t i = plan->user ? 2 : 0; i < COUNT_OF(tries); i++) {
                if ((tries[i].held & WARD_LAYER_USER_NAMESPACE && !may_map) || unshare(tries[i].flags))
                        continue;
                if (tries[i].held & WARD_LAYER_USER_NAMESPACE && !map_user(plan))
                        return 0;
                return tries[i].held;
        }
        return 0;
}

static const struct {
        unsigned layer;
        int flag;
} unshared[] = {
        { WARD_LAYER_MOUNT_NAMESPACE, CLONE_NEWNS },  { WARD_LAYER_IPC_NAMESPACE, CLONE_NEWIPC },
        { WARD_LAYER_UTS_NAMESPACE, CLONE_NEWUTS },   { WARD_LAYER_CGROUP_NAMESPACE, CLONE_NEWCGROUP },
        { WARD_LAYER_USER_NAMESPACE, CLONE_NEWUSER },
};

/* Together where that works, which is usual; else one by one. */
unsigned namespaces_unshare(unsigned layers)
{
        unsigned held = 0;
        int flags = 0;
        for (size_t i = 0; i < COUNT_OF(unshared); i++)
                if (layers & unshared[i].layer) {
                        flags |= unshared[i].flag;
                        held |= unshared[i].layer;
                }
        if (!flags || !unshare(flags))
                return held;
        held = 0;
        for (size_t i = 0; i < COUNT_OF(unshared); i++)
                if (layers & unshared[i].layer && !unshare(unshared[i].flag))
                        held |= unshared[i].layer;
        return held;
}

/* By system calls: the C library would ask threads to follow that need not be there. */
int user_become(unsigned uid)
{
        if (syscall(SYS_setgroups, 0, NULL) < 0 || syscall(SYS_setresgid, uid, uid, uid) < 0 ||
            syscall(SYS_setresuid, uid, uid, uid) < 0)
                return errno == EINVAL || errno == EPERM ? 1 : -errno;
        return 0;
}

int capabilities_drop(void)
{
        struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct none[2] = { 0 };
        const unsigned long bits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED |
                                   SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
        prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
        /* Who may not set the bits is no user 0 with rights to lose. */
        if (prctl(PR_SET_SECUREBITS, bits, 0, 0, 0) < 0 && errno != EPERM)
                return -errno;
        return syscall(SYS_capset, &head, none) < 0 ? -errno : 0;
}
