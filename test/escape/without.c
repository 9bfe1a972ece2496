/* In place of ward-worker: one that leaves out a layer, WITHOUT, and says that it held. The host would refuse what lacks a layer of
 * its floor; so this shows what the other layers hold, each of which may have an error one day.
 *
 * It is ward-worker with these calls of its wrapped by the linker. */
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "sandbox/plan.h"
#include "sandbox/root.h"

int __real_sandbox_apply(const struct sandbox_plan *plan, const struct sandbox_place *place, struct sandbox_result *ret_result);
int __wrap_sandbox_apply(const struct sandbox_plan *plan, const struct sandbox_place *place, struct sandbox_result *ret_result);
int __real_root_change(const struct sandbox_root *plan);
int __wrap_root_change(const struct sandbox_root *plan);
int __real_unshare(int flags);
int __wrap_unshare(int flags);
long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

/* Files of modules come by notification of the filter, so that much of one is needed: of openat as the worker
 * and the dynamic linker use it. */
static struct sock_filter modules_only[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 4),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, ~(unsigned)O_NONBLOCK),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, O_RDONLY | O_CLOEXEC, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

int __wrap_sandbox_apply(const struct sandbox_plan *plan, const struct sandbox_place *place, struct sandbox_result *ret_result)
{
        struct sandbox_plan less = *plan;
        less.layers &= ~(uint32_t)WITHOUT;
        if (WITHOUT & WARD_LAYER_FILTER)
                less.filter.program = (struct sock_fprog){ sizeof modules_only / sizeof modules_only[0], modules_only };
        int r = __real_sandbox_apply(&less, place, ret_result);
        ret_result->held |= WITHOUT;
        return r;
}

int __wrap_root_change(const struct sandbox_root *plan)
{
        return WITHOUT & WARD_LAYER_OWN_ROOT ? 0 : __real_root_change(plan);
}

int __wrap_unshare(int flags)
{
        if (WITHOUT & WARD_LAYER_NETWORK_NAMESPACE)
                flags &= ~CLONE_NEWNET;
        return __real_unshare(flags);
}

/* Workers are cloned by the number of the call. */
long __wrap_syscall(long number, ...)
{
        long arguments[6];
        va_list list;
        va_start(list, number);
        for (int i = 0; i < 6; i++)
                arguments[i] = va_arg(list, long);
        va_end(list);
        if (number == SYS_clone && WITHOUT & WARD_LAYER_PID_NAMESPACE)
                arguments[0] &= ~CLONE_NEWPID;
        return __real_syscall(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]);
}
