/* Namespaces: what the calling process starts sees no other process, no network, no mounts and no IPC but its own.
 *
 * 1. namespaces_prepare  in the host     2. namespaces_enter  in a process of one thread, cloned from it
 * 3. a clone, which is process 1 there: its end ends all the others
 *
 * namespaces_enter only makes system calls. */
#ifndef SANDBOX_NAMESPACES_H
#define SANDBOX_NAMESPACES_H

#include <stdbool.h>

struct sandbox_namespaces {
        bool user; /* asked for: an ordinary user needs one for the others */
        char uid_map[40], gid_map[40];
};

void namespaces_prepare(struct sandbox_namespaces *ret_plan);

/* Which layers of enum ward_layer there are now: those of mounts, processes (that are its children), IPC and host name together,
 * and as far as the system gives them those of network and user; 0 if it gives none. The process keeps the rights to mount there.
 */
unsigned namespaces_enter(const struct sandbox_namespaces *plan);

/* For a worker: its own ones of these layers (enum ward_layer; mount, IPC, UTS, cgroup, user), as far as the system gives them.
 * That of users comes last, is not mapped to any outside, and owns none of the others: so the rights in it are rights to nothing.
 * Returns what there is now. */
unsigned namespaces_unshare(unsigned layers);

/* Becomes another user, for good: @uid, and the group of the same number, and no others. 0, 1 where there is no such user here, or
 * a negative errno. */
int user_become(unsigned uid);

/* Gives up all rights (capabilities), so that executing a program gives none back, not even to user 0. 0, or a negative errno. */
int capabilities_drop(void);

#endif
