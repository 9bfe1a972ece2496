#include "sandbox/filter.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/own.h"

/* By name, so that what one architecture or version lacks is left out there. */
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

/* clone3's flags lie in memory, where a filter cannot look: the C library then uses clone. */
static int refuse_all(scmp_filter_ctx filter)
{
        const uint64_t spaces =
                CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
        for (size_t i = 0; i < COUNT_OF(refused); i++) {
                int number = seccomp_syscall_resolve_name(refused[i]);
                int r = number == __NR_SCMP_ERROR ? 0 : seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), number, 0);
                if (r < 0 && r != -EDOM)
                        return r;
        }
        for (unsigned bit = 0; bit < 32; bit++) {
                uint64_t flag = (uint64_t)1 << bit;
                if (!(spaces & flag))
                        continue;
                int r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
                                         SCMP_A0(SCMP_CMP_MASKED_EQ, flag, flag));
                if (r < 0)
                        return r;
        }
        return seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
}

/* What else the processor runs: a compiler may be of an older kind. Any other is ended. */
static int add_architectures(scmp_filter_ctx filter)
{
        if (seccomp_arch_native() != SCMP_ARCH_X86_64)
                return 0;
        int r = seccomp_arch_add(filter, SCMP_ARCH_X86);
        return r ? r : seccomp_arch_add(filter, SCMP_ARCH_X32);
}

static int export(scmp_filter_ctx filter, struct sandbox_filter *ret_filter)
{
        struct stat st;
        OWNED(fd_closep) int fd = memfd_create("ward-filter", MFD_CLOEXEC);
        if (fd < 0)
                return -errno;
        int r = seccomp_export_bpf(filter, fd);
        if (r < 0)
                return r;
        if (fstat(fd, &st) < 0)
                return -errno;
        OWNED(freep) struct sock_filter *code = malloc((size_t)st.st_size);
        if (!code)
                return -ENOMEM;
        if (pread(fd, code, (size_t)st.st_size, 0) != st.st_size)
                return -EIO;
        ret_filter->program.len = (unsigned short)((size_t)st.st_size / sizeof *code);
        ret_filter->program.filter = STEAL(code);
        return 0;
}

static int write_compiler(struct sandbox_filter *ret_filter)
{
        scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
        if (!filter)
                return -ENOMEM;
        int r = add_architectures(filter);
        if (!r)
                r = refuse_all(filter);
        if (!r)
                r = export(filter, ret_filter);
        seccomp_release(filter);
        return r;
}

int filter_prepare(enum filter_kind kind, const struct filter_wants *wants, struct sandbox_filter *ret_filter)
{
        *ret_filter = (struct sandbox_filter){ 0 };
        return kind == FILTER_COMPILER ? write_compiler(ret_filter) : -EOPNOTSUPP;
}
