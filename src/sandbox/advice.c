#include "sandbox/advice.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <ward/posture.h>
#include "base/own.h"
#include "sandbox/landlock.h"

/* A number in a file of one; @otherwise where there is none. */
static long read_number(const char *path, long otherwise)
{
        long value;
        FILE *file = fopen(path, "re");
        if (!file)
                return otherwise;
        if (fscanf(file, "%ld", &value) != 1)
                value = otherwise;
        fclose(file);
        return value;
}

/* The number behind @name in this process's status. */
static unsigned long long read_status(const char *name, int base)
{
        char line[256];
        unsigned long long value = 0;
        size_t len = strlen(name);
        FILE *file = fopen("/proc/self/status", "re");
        while (file && fgets(line, sizeof line, file))
                if (!strncmp(line, name, len) && line[len] == ':')
                        value = strtoull(line + len + 1, NULL, base);
        if (file)
                fclose(file);
        return value;
}

static bool has_right(unsigned capability)
{
        return read_status("CapEff", 16) >> capability & 1;
}

static const char *about_filtered(void)
{
        return read_status("Seccomp", 10) == 2
                       ? "This process is under a filter of system calls already, as in a container: that must "
                         "allow unshare, clone, mount and the calls of Landlock (Docker: "
                         "--security-opt seccomp=FILE, or unconfined). "
                       : "";
}

/* Where the root is not that of a file system, it is a folder that was changed to. */
static bool is_in_chroot(void)
{
        struct statx root;
        return !statx(AT_FDCWD, "/", AT_NO_AUTOMOUNT, STATX_TYPE, &root) && root.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT &&
               !(root.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

#define IN_CHROOT                                                                                                                  \
        "This process is in a chroot, from which the kernel gives no user namespace and no other root: use a container with a "    \
        "root of "                                                                                                                 \
        "its own (pivot_root) instead. "

static const char *about_user_namespaces(void)
{
        if (is_in_chroot())
                return IN_CHROOT;
        if (access("/proc/self/ns/user", F_OK))
                return "The kernel is built without user namespaces (CONFIG_USER_NS). ";
        if (read_number("/proc/sys/user/max_user_namespaces", 1) == 0)
                return "User namespaces are switched off: sysctl user.max_user_namespaces=15000 allows them. ";
        if (read_number("/proc/sys/kernel/unprivileged_userns_clone", 1) == 0)
                return "Only user 0 may make user namespaces: sysctl kernel.unprivileged_userns_clone=1 allows it to all. ";
        if (read_number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 0))
                return "AppArmor takes the rights in user namespaces away from programs without a profile (Ubuntu since 23.10): "
                       "give "
                       "the host and ward-worker a profile with the rule 'userns,', or sysctl "
                       "kernel.apparmor_restrict_unprivileged_userns=0. ";
        return about_filtered();
}

/* User 0 needs no user namespace, and where it lacks the right, it needs one as others do. */
static const char *about_namespaces(void)
{
        if (geteuid() || has_right(CAP_SYS_ADMIN))
                return geteuid() ? about_user_namespaces() : about_filtered();
        return "This process is user 0 without the right CAP_SYS_ADMIN, as in a container, and gets it in no user namespace "
               "either: give "
               "the container the right (Docker: --cap-add SYS_ADMIN), or let it make user namespaces. ";
}

static const char *about_root(void)
{
        return is_in_chroot() ? IN_CHROOT : about_namespaces();
}

static const char *about_other_user(void)
{
        return has_right(CAP_SETUID) && has_right(CAP_SETGID)
                       ? "This process is user 0 of a user namespace with few users: run the host as an ordinary user. "
                       : "This process is user 0 without the rights CAP_SETUID and CAP_SETGID: run the host as an ordinary user. ";
}

static const char *about_landlock(void)
{
        int abi = landlock_abi();
        if (abi > 0)
                return "";
        if (abi == -EOPNOTSUPP)
                return "Landlock is built into the kernel, but not switched on: boot with lsm=landlock, and what "
                       "/sys/kernel/security/lsm lists now behind it. ";
        if (abi == -ENOSYS)
                return "The kernel has no Landlock: that came with 5.13 (CONFIG_SECURITY_LANDLOCK). ";
        return about_filtered();
}

static const char *about_filter(void)
{
        if (!*WARD_LIBSECCOMP)
                return "Ward was built without libseccomp: build it with that (Debian: libseccomp-dev). ";
        if (access("/proc/sys/kernel/seccomp/actions_avail", F_OK))
                return "The kernel has no filters of system calls (CONFIG_SECCOMP_FILTER). ";
        return "";
}

static const char *about_cgroup(void)
{
        return geteuid()
                       ? "No control group is this user's to divide: under systemd start the host as a service, or by systemd-run "
                         "--user --scope -p Delegate=yes. "
                       : "No control group can be made: /sys/fs/cgroup is not mounted, or only to be read, as in a container. ";
}

void advice_for(unsigned layers, char *room, size_t size)
{
        enum {
                SPACES = WARD_LAYER_PID_NAMESPACE | WARD_LAYER_MOUNT_NAMESPACE | WARD_LAYER_NETWORK_NAMESPACE |
                         WARD_LAYER_IPC_NAMESPACE | WARD_LAYER_UTS_NAMESPACE | WARD_LAYER_CGROUP_NAMESPACE,
        };
        static const struct {
                unsigned layers;
                const char *(*say)(void);
        } advice[] = {
                { SPACES, about_namespaces },
                { WARD_LAYER_OWN_ROOT, about_root },
                { WARD_LAYER_USER_NAMESPACE, about_user_namespaces },
                { WARD_LAYER_OTHER_USER, about_other_user },
                { WARD_LAYER_LANDLOCK, about_landlock },
                { WARD_LAYER_FILTER, about_filter },
                { WARD_LAYER_CGROUP, about_cgroup },
        };
        *room = 0;
        for (size_t i = 0; i < COUNT_OF(advice) && !*room; i++)
                if (advice[i].layers & layers)
                        snprintf(room, size, "%s", advice[i].say());
}
