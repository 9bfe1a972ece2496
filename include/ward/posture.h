/* Posture: what really holds a domain.
 *
 * A domain at kind `process` is held by layers of the kernel's. Which of them there are depends on the machine; what a level needs
 * at least, its floor, does not: a domain that would be held by less is not started. */
#ifndef WARD_POSTURE_H
#define WARD_POSTURE_H

#include <ward/host.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What may hold a worker, as bits. Values are stable. */
enum ward_layer {
        WARD_LAYER_PID_NAMESPACE = 1 << 0,      /* it sees its own processes only, and its end ends them all */
        WARD_LAYER_USER_NAMESPACE = 1 << 1,     /* rights that it could get there are none outside */
        WARD_LAYER_MOUNT_NAMESPACE = 1 << 2,    /* mounts of its own */
        WARD_LAYER_NETWORK_NAMESPACE = 1 << 3,  /* a network with nothing in it */
        WARD_LAYER_IPC_NAMESPACE = 1 << 4,      /* System V and POSIX queues, semaphores, shared memory of its own */
        WARD_LAYER_UTS_NAMESPACE = 1 << 5,      /* a host name of its own */
        WARD_LAYER_CGROUP_NAMESPACE = 1 << 6,   /* sees no control groups but its own */
        WARD_LAYER_OWN_ROOT = 1 << 7,           /* a file system in which there is only what is granted */
        WARD_LAYER_OTHER_USER = 1 << 8,         /* a user id of its own, where the host is user 0 */
        WARD_LAYER_NO_CAPABILITIES = 1 << 9,    /* none of user 0's rights */
        WARD_LAYER_NO_NEW_PRIVILEGES = 1 << 10, /* set-user-ID programs give nothing */
        WARD_LAYER_LANDLOCK = 1 << 11, /* paths beyond what is granted are refused; from ABI 4 TCP, from 6 signals and abstract
                                          sockets */
        WARD_LAYER_FILTER = 1 << 12,   /* system calls beyond the level's are refused (seccomp) */
        WARD_LAYER_HIDDEN = 1 << 13,   /* not to be traced, or read through /proc, by others of the same user */
        WARD_LAYER_NO_CORE = 1 << 14,  /* no core dumps */
        WARD_LAYER_RLIMITS = 1 << 15,  /* limits of a process's resources */
        WARD_LAYER_CGROUP = 1 << 16,   /* limits of the domain's resources, by a control group */
        WARD_LAYER_ALL = (1 << 17) - 1,
};

/* A layer's standard name: "pid-namespace", "landlock", …; NULL for what is no layer: `for (unsigned bit = 1; (name =
 * ward_layer_name(bit)); bit <<= 1)`. Thread-safe. */
WARD_API const char *ward_layer_name(unsigned layer);

#ifdef __cplusplus
}
#endif
#endif
