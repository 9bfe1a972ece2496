/* System calls by name and number, as this processor numbers them. Pure. */
#ifndef SANDBOX_SYSCALLS_H
#define SANDBOX_SYSCALLS_H

#include <stdint.h>

/* How the kernel calls this processor (AUDIT_ARCH_…) where it says whose system call it is. */
extern const uint32_t syscall_arch;

/* Numbers are below. */
enum { SYSCALL_NUMBERS = 512 };

/* A literal; NULL: a number that this version of Ward does not know. */
const char *syscall_name(int number);
/* -1: there is none here. */
int syscall_number(const char *name);

#endif
