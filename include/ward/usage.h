/* Limits and accounts: what a domain may use beside struct ward_limits, and what it has used.
 *
 * 1. struct ward_quota quota = { .size = sizeof quota, .cpu_ms = 500, .account_cpu = true };
 * 2. struct ward_activate_options options = { .size = sizeof options, …, .quota = &quota };    or ward_domain_options
 * 3. struct ward_usage usage = { .size = sizeof usage };
 * 4. ward_domain_usage(domain, &usage, NULL);
 *
 * All of it is for a domain as a whole, however many add-ins are in it. */
#ifndef WARD_USAGE_H
#define WARD_USAGE_H

#include <ward/host.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How linear memories at kind `wasm` are kept apart from the rest of the process. */
enum ward_bounds {
        WARD_BOUNDS_AUTO = 0, /* guarded as long as there is address space for it, then checked */
        WARD_BOUNDS_GUARDED,  /* 4 to 8 GiB of address space for each, of which only the memory is accessible: the fastest code, and
                                 room  for some 32,000 of them in a process */
        WARD_BOUNDS_CHECKED, /* the code compares each address with the memory's size: slower, and as many as there is memory for */
};

/* More limits. At kind `wasm`: over one that an add-in reaches by asking, it is told so, by memory.grow or table.grow (-1), and the
 * host by an event of kind `limit` (<ward/event.h>); or its call ends with a fault of kind `limit`, where @limits_end_calls.
 *
 * At kind `process`: what a process asks for and is refused, it is told by errno; over a limit that cannot be refused the domain
 * ends, with a fault of kind `limit` that says which limit, what was used and what was allowed. What keeps each limit depends on
 * the machine: doc/limits.md. */
struct ward_quota {
        size_t size;            /* sizeof (struct ward_quota) */
        uint32_t table_entries; /* wasm: of all tables of all add-ins in it. 0: 1,000,000 a table */
        uint32_t addins;        /* add-ins in it at a time: one more is not activated (LIMIT). 0: no limit */
        uint64_t cpu_ms;  /* wasm: processor time that all its calls may take together; process: that all its processes may take,
                             in calls or not. The call that goes over it is ended, with fault `limit`, and costs the domain.
                             0: no limit */
        bool account_cpu; /* wasm: measure the processor time of calls: takes about a microsecond a call. So does @cpu_ms */
        bool limits_end_calls; /* wasm: see above */
        enum ward_bounds bounds;
        /* What follows is for kind `process`. 0: no limit but what the host has itself, unless it says otherwise. */
        uint64_t memory_bytes; /* of the domain as a whole: what all its processes have, shared memory and files that lie in memory
                                  too. Over it the domain ends, while limits.memory_bytes is for each process and refuses (ENOMEM).
                                  0: where limits.memory_bytes is given, and at the levels internet and intranet, that (or its
                                  default) and limits.arena_bytes and 32 MiB; else no limit */
        uint32_t cpu_percent; /* processor share of the domain as a whole, of one processor: 150 is one and a half. It waits for the
                                 rest of the time, so its calls take longer */
        uint32_t processes;  /* processes and threads at a time, those of Ward's own in the worker included: one for the worker, one
                                for each thread of the host's that calls it. Over it, fork and thread creation fail (EAGAIN). 0 at
                                the levels  internet and intranet: 1,024 */
        uint32_t open_files; /* descriptors of each process at a time, some 8 of Ward's own included (EMFILE) */
        uint64_t file_bytes; /* each file that it writes, those that lie in memory too: going over it ends the domain, or the
                                process that it has started */
        uint64_t io_read_bytes;  /* from disks, a second: it waits for the rest of the second */
        uint64_t io_write_bytes; /* to disks, a second */
        bool core_dumps; /* at the levels full-trust and host: a crash may leave a core dump, where and as large as the system and
                            the host's own limit have it; then the domain is not hidden from others of its user. False: none does */
};

/* What of struct ward_usage was counted: the rest is 0 and says nothing. */
enum {
        WARD_USAGE_MEMORY = 1,     /* memory_…  wasm */
        WARD_USAGE_TABLES = 2,     /* wasm */
        WARD_USAGE_ADDINS = 4,     /* every kind */
        WARD_USAGE_CPU = 8,        /* wasm, where the quota says so; process */
        WARD_USAGE_CALLS = 16,     /* wasm */
        WARD_USAGE_FAULTS = 32,    /* every kind */
        WARD_USAGE_INSTANCES = 64, /* wasm */
        /* process: of the worker and all that it has started; of what has ended by itself, only the times are certain to be in */
        WARD_USAGE_TIMES = 128,        /* start_ns, user_ns, system_ns */
        WARD_USAGE_RESIDENT = 256,     /* virtual_bytes, resident_bytes */
        WARD_USAGE_PROPORTIONAL = 512, /* where the kernel counts it */
        WARD_USAGE_PEAK = 1024,        /* peak_resident_bytes */
        WARD_USAGE_PAGE_FAULTS = 2048,
        WARD_USAGE_SWITCHES = 4096,
        WARD_USAGE_IO = 8192,
        WARD_USAGE_PROCESSES = 16384, /* processes, threads */
};

struct ward_usage {
        size_t size;                     /* sizeof (struct ward_usage), set by the caller: what an older one has not is left out */
        uint32_t counted;                /* WARD_USAGE_… */
        uint32_t addins;                 /* in it now */
        uint32_t instances;              /* of their modules: in a pooled domain more than add-ins */
        uint64_t memory_bytes;           /* linear memory, now */
        uint64_t memory_peak_bytes;      /* the most there was at a time */
        uint64_t memory_max_bytes;       /* limits.memory_bytes; 0: no limit */
        uint64_t memory_allocated_bytes; /* ever: first sizes and all growth, whatever was freed since */
        uint64_t memory_survived_bytes; /* now, without what the call that is under way has added: what its last call left behind */
        uint64_t table_entries;         /* of all tables, now */
        uint64_t cpu_ns; /* wasm: processor time of its calls, with what ran in the host for them; one that is under way too.
                            process: of all its processes, since they started */
        uint64_t calls;  /* of its add-ins by the host: those that were begun, nested ones not counted */
        uint64_t faults; /* calls that ended with a fault; at the kinds `direct` and `process` 1 where one ended it */
        /* What follows is for kind `process`. */
        uint64_t start_ns; /* when its worker was started, by CLOCK_REALTIME */
        uint64_t user_ns;  /* processor time in their own code, and in the kernel for them */
        uint64_t system_ns;
        uint64_t virtual_bytes;        /* address space now, of all together; */
        uint64_t resident_bytes;       /* of that in memory, what several share counted for each; */
        uint64_t proportional_bytes;   /* the same with what is shared divided by those who share it: what its end gives back */
        uint64_t peak_resident_bytes;  /* the most that one of them had at a time; with more than one, the sum of these */
        uint64_t minor_faults;         /* page faults that cost no reading from a disk, */
        uint64_t major_faults;         /* and that did */
        uint64_t voluntary_switches;   /* times that one of its threads waited for something, */
        uint64_t involuntary_switches; /* and that one had to give way */
        uint64_t read_bytes;           /* from disks, */
        uint64_t written_bytes;        /* and to them, now or later */
        uint32_t processes;            /* now */
        uint32_t threads;
};

/* Fills in what @domain uses and has used, at any time, from any thread, also once it is unloaded. No call waits for it. At kind
 * `process` the supervisor is asked: it reads some files of /proc for each process, and is waited for up to a second; what it could
 * not say is not in @counted. After the end of the worker the figures are the last that are known: what it used in all, and nothing
 * of what it had. USAGE: a size that is none. */
WARD_API int ward_domain_usage(const struct ward_domain *domain, struct ward_usage *ret_usage, struct ward_fault *fault);

#ifdef __cplusplus
}
#endif
#endif
