/* What compilers have no use for is refused, because the kernel has had its errors there, or because it leads out of the sandbox:
 * sockets (a path in the file system may lead to a service), namespaces, tracing, signals to others, leaving the process group,
 * memory that no limit counts. */
#include <sched.h>
#include "base/own.h"
#include "sandbox/filter_lists.h"

/* A flag of clone; those of clone3 lie in memory, where a filter cannot look. */
#define SPACE(flag)                                                                                                                \
        {                                                                                                                          \
                "clone", 1,                                                                                                        \
                {                                                                                                                  \
                        SCMP_A0_64(SCMP_CMP_MASKED_EQ, flag, flag)                                                                 \
                }                                                                                                                  \
        }

static const char *const refused[] = {
        /* the way to others */
        "socket",
        "socketcall",
        "connect",
        "bind",
        "ptrace",
        "process_vm_readv",
        "process_vm_writev",
        "process_madvise",
        "kcmp",
        "pidfd_open",
        "pidfd_getfd",
        "pidfd_send_signal",
        "kill",
        "tkill",
        "rt_sigqueueinfo",
        "rt_tgsigqueueinfo",
        "migrate_pages",
        "move_pages",
        /* out of the group that is ended as a whole */
        "setsid",
        "setpgid",
        /* other namespaces and roots */
        "unshare",
        "setns",
        "mount",
        "umount",
        "umount2",
        "pivot_root",
        "chroot",
        "open_tree",
        "move_mount",
        "fsopen",
        "fspick",
        "fsconfig",
        "fsmount",
        "mount_setattr",
        "name_to_handle_at",
        "open_by_handle_at",
        "quotactl",
        "quotactl_fd",
        "fanotify_init",
        /* memory that no limit counts */
        "memfd_create",
        "memfd_secret",
        "shmget",
        "shmat",
        "shmctl",
        "semget",
        "msgget",
        "mq_open",
        "mlock",
        "mlock2",
        "mlockall",
        /* much code in the kernel, seldom needed */
        "bpf",
        "perf_event_open",
        "userfaultfd",
        "io_uring_setup",
        "io_uring_enter",
        "io_uring_register",
        "keyctl",
        "add_key",
        "request_key",
        "lookup_dcookie",
        "vmsplice",
        "modify_ldt",
        "uselib",
        "acct",
        "syslog",
        "personality",
        /* what is not files */
        "mknod",
        "mknodat",
};

static const struct filter_match spaces[] = {
        SPACE(CLONE_NEWUSER), SPACE(CLONE_NEWNS),  SPACE(CLONE_NEWPID),    SPACE(CLONE_NEWNET),
        SPACE(CLONE_NEWIPC),  SPACE(CLONE_NEWUTS), SPACE(CLONE_NEWCGROUP),
};

const struct filter_list filter_compiler_refuses = { refused, COUNT_OF(refused), spaces, COUNT_OF(spaces) };
