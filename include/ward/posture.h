/* Posture: what really holds a domain.
 *
 * 1. struct ward_posture posture = { .size = sizeof posture };
 * 2. ward_domain_posture(domain, &posture, &fault);
 * 3. for (unsigned bit = 1; (name = ward_layer_name(bit)); bit <<= 1)
 *            printf("%s: %s, %s\n", name, posture.held & bit ? "yes" : "no", ward_posture_source(&posture, bit));
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

/* What may be limited, as bits. Values are stable. The fields are those of struct ward_limits and struct ward_quota. */
enum ward_limit {
        WARD_LIMIT_PROCESS_MEMORY = 1 << 0, /* limits.memory_bytes */
        WARD_LIMIT_MEMORY = 1 << 1,         /* quota.memory_bytes */
        WARD_LIMIT_CPU_TIME = 1 << 2,       /* quota.cpu_ms */
        WARD_LIMIT_CPU_SHARE = 1 << 3,      /* quota.cpu_percent */
        WARD_LIMIT_PROCESSES = 1 << 4,      /* quota.processes */
        WARD_LIMIT_OPEN_FILES = 1 << 5,     /* quota.open_files */
        WARD_LIMIT_FILE_SIZE = 1 << 6,      /* quota.file_bytes */
        WARD_LIMIT_READING = 1 << 7,        /* quota.io_read_bytes */
        WARD_LIMIT_WRITING = 1 << 8,        /* quota.io_write_bytes */
};

/* "process-memory", "cpu-share", …; NULL for what is none. Thread-safe. */
WARD_API const char *ward_limit_name(unsigned limit);

struct ward_posture {
        size_t size; /* sizeof (struct ward_posture), set by the caller: what an older one has not is left out */
        enum ward_isolation isolation;
        enum ward_level level;
        unsigned wanted; /* layers that the level asks for, of a host like this one, and that its limits do (WARD_LAYER_CGROUP); 0
                            at the kinds other than `process` */
        unsigned held;   /* that are in force, asked for or not */
        unsigned read;   /* of all layers: whether they are in force was read of the system just now, by the supervisor. Of the
                            others it is what the worker found when it tried them on itself, before it loaded any add-in */
        unsigned limits; /* kind process: that there are (enum ward_limit), and what keeps them: */
        unsigned limits_by_group;   /* the kernel, for all its processes together, by a control group */
        unsigned limits_by_process; /* the kernel, for each of its processes (rlimits), as /proc shows */
        unsigned limits_by_looking; /* the supervisor, which looks now and then: the domain may be over them for a moment */
};

/* What really holds @domain now, never what was asked for. At kind `process` the supervisor is asked, and waited for up to a
 * second. At `wasm` no layer of the kernel's is in force, but the code's own bounds are; at `direct` nothing is. Thread-safe; not
 * for callbacks that run on Ward's own thread, which the answer comes in on. UNLOADED: it does not run; SYSTEM: it could not be
 * found out; USAGE: a size that is none. */
WARD_API int ward_domain_posture(const struct ward_domain *domain, struct ward_posture *ret_posture, struct ward_fault *fault);

/* How it is known whether @layer is in force: "/proc/PID/status: Seccomp, Seccomp_filters", or what the worker tried. Never NULL.
 * Thread-safe. */
WARD_API const char *ward_posture_source(const struct ward_posture *posture, unsigned layer);

#ifdef __cplusplus
}
#endif
#endif
