/* Landlock: what the file system's permissions would allow beyond what is granted, the kernel refuses; to the calling thread, what
 * it starts and what that executes, for good.
 *
 * Only system calls: it may be used in a process that was cloned from one with threads. */
#ifndef SANDBOX_LANDLOCK_H
#define SANDBOX_LANDLOCK_H

#include <stdbool.h>
#include "sandbox/grant.h"

/* The version of Landlock that the kernel has; -EOPNOTSUPP where it is not switched on, -ENOSYS where there is none. */
int landlock_abi(void);

/* Nothing of the file system but @grants, relative paths from the working directory; no TCP (ABI 4), no ioctls of devices (5), no
 * signals and abstract sockets to the outside (6), as far as the kernel knows them. The thread has to have given up new privileges.
 * 0; 1 where the kernel has no Landlock; or a negative errno. */
int landlock_restrict(const struct sandbox_grant *grants, size_t n);

/* Whether that is in force, found by trying: the root itself is never granted, only what is below it. */
bool landlock_is_in_force(void);

#endif
