#include "sandbox/syscalls.h"

#include <linux/audit.h>
#include <string.h>
#include <sys/syscall.h>
#include "sandbox/syscall_names.h"

#if defined(__x86_64__)
const uint32_t syscall_arch = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
const uint32_t syscall_arch = AUDIT_ARCH_AARCH64;
#else
#error "the system calls of this processor are not known here"
#endif

static const char *const names[SYSCALL_NUMBERS] = { SYSCALL_NAMES };

const char *syscall_name(int number)
{
        return number >= 0 && number < SYSCALL_NUMBERS ? names[number] : NULL;
}

int syscall_number(const char *name)
{
        for (int i = 0; i < SYSCALL_NUMBERS; i++)
                if (names[i] && !strcmp(names[i], name))
                        return i;
        return -1;
}
