#include "sandbox/filter_prefix.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include "base/own.h"
#include "sandbox/syscalls.h"

/* As x32 numbers its calls on x86-64: those are for the program behind to judge. */
#define OF_X32 0x40000000u

static uint32_t highest(void)
{
        int number = SYSCALL_NUMBERS - 1;
        while (!syscall_name(number))
                number--;
        return (uint32_t)number;
}

int filter_prefix(struct sandbox_filter *filter)
{
        const struct sock_filter prefix[] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, syscall_arch, 0, 4),
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, highest(), 0, 2),
                BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, OF_X32, 1, 0),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        };
        size_t n = filter->program.len, total = n + COUNT_OF(prefix);
        if (total > BPF_MAXINSNS)
                return -E2BIG;
        struct sock_filter *code = reallocarray(filter->program.filter, total, sizeof *code);
        if (!code)
                return -ENOMEM;
        memmove(code + COUNT_OF(prefix), code, n * sizeof *code);
        memcpy(code, prefix, sizeof prefix);
        filter->program = (struct sock_fprog){ (unsigned short)total, code };
        return 0;
}
