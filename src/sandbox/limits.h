/* What a process domain may use, beside the processors that it may run on.
 *
 * 1. limits_make                           host: from what its user asked for
 * 2. in the plan and the request to spawn: to the worker, and to the warden
 * 3. limits_apply, limits_apply_processes  worker, on itself: what the kernel counts for each process (rlimits)
 * 4. limits_want_group, cgroup.h           warden: what it counts for a group of them; and by looking now and then, where it has
 * none
 * 5. struct sandbox_excess                 warden -> host: why a domain is ended
 *
 * The struct travels as it is, by shared memory and by the socket to the warden. */
#ifndef SANDBOX_LIMITS_H
#define SANDBOX_LIMITS_H

#include <stdbool.h>
#include <stdint.h>
#include <ward/usage.h>

/* 0: no limit. */
struct sandbox_limits {
        uint64_t memory_bytes; /* each process: what it can write and does not share, beside what the worker has when it starts */
        uint64_t domain_bytes; /* all processes: memory that they have, with what they share and files that lie in memory */
        uint64_t cpu_ns;       /* all: processor time */
        uint64_t file_bytes;   /* each file that is written */
        uint64_t read_bytes;   /* all: from and to disks, in a second */
        uint64_t write_bytes;
        uint32_t cpu_percent;     /* all: of one processor */
        uint32_t processes;       /* processes and threads at a time, the worker's own included */
        uint32_t least_processes; /* the same by rlimit alone, where @processes is 0: for which no group is to be made */
        uint32_t open_files;      /* each process: descriptors, the worker's own included */
        uint32_t unused;
};

/* Limits that end a domain when they are reached. The values travel. */
enum sandbox_limit {
        SANDBOX_LIMIT_NONE,
        SANDBOX_LIMIT_MEMORY,    /* domain_bytes; bytes */
        SANDBOX_LIMIT_CPU,       /* cpu_ns; nanoseconds */
        SANDBOX_LIMIT_PROCESSES, /* where only looking is left: processes and threads */
        SANDBOX_LIMIT_FILE_SIZE, /* file_bytes; bytes */
        SANDBOX_LIMITS,
};

/* What was too much. */
struct sandbox_excess {
        uint32_t limit;   /* enum sandbox_limit */
        uint32_t refused; /* 1: it was kept to the limit, and goes on; else it is ended */
        uint64_t used;
        uint64_t bound;
};

/* @quota may be NULL. */
void limits_make(enum ward_level level, const struct ward_limits *limits, const struct ward_quota *quota,
                 struct sandbox_limits *ret_limits);

/* To the calling process and what it starts: all that is counted for each process, beside what the host itself is held to. @proc:
 * the folder /proc, or -1: then its memory limit is looser. 0, or a negative errno. */
int limits_apply(const struct sandbox_limits *limits, int proc);
/* No core dumps, likewise. */
int limits_forbid_core(void);

/* The same for what a domain has no need of that is not to do as the host: message queues, locked memory, real-time priorities, and
 * more timers than any program has. */
int limits_apply_least(void);

/* Processes and threads, which the kernel counts for a user: only where the calling process is a user of its own, in this or in a
 * new user namespace. */
int limits_apply_processes(const struct sandbox_limits *limits);

#endif
