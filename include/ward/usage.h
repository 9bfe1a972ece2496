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

/* More limits. Over one that an add-in reaches by asking, it is told so, by memory.grow or table.grow (-1), and the host by an
 * event of kind `limit` (<ward/event.h>); or its call ends with a fault of kind `limit`, where @limits_end_calls. */
struct ward_quota {
        size_t size;            /* sizeof (struct ward_quota) */
        uint32_t table_entries; /* wasm: of all tables of all add-ins in it. 0: 1,000,000 a table */
        uint32_t addins;        /* add-ins in it at a time: one more is not activated (LIMIT). 0: no limit */
        uint64_t cpu_ms;        /* wasm: processor time that all its calls may take together. The call that goes over it is ended,
                                   with fault `limit`, and costs the domain. 0: no limit */
        bool account_cpu;       /* wasm: measure the processor time of calls: takes about a microsecond a call. So does @cpu_ms */
        bool limits_end_calls;  /* wasm: see above */
        enum ward_bounds bounds;
};

/* What of struct ward_usage was counted: the rest is 0 and says nothing. */
enum {
        WARD_USAGE_MEMORY = 1,     /* memory_…  wasm */
        WARD_USAGE_TABLES = 2,     /* wasm */
        WARD_USAGE_ADDINS = 4,     /* every kind */
        WARD_USAGE_CPU = 8,        /* wasm, where the quota says so */
        WARD_USAGE_CALLS = 16,     /* wasm */
        WARD_USAGE_FAULTS = 32,    /* every kind */
        WARD_USAGE_INSTANCES = 64, /* wasm */
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
        uint64_t cpu_ns; /* processor time of its calls, with what ran in the host for them; one that is under way too */
        uint64_t calls;  /* of its add-ins by the host: those that were begun, nested ones not counted */
        uint64_t faults; /* calls that ended with a fault; at the kinds `direct` and `process` 1 where one ended it */
};

/* Fills in what @domain uses and has used, at any time, from any thread, also once it is unloaded. Cheap; no call waits for it.
 * USAGE: a size that is none. */
WARD_API int ward_domain_usage(const struct ward_domain *domain, struct ward_usage *ret_usage, struct ward_fault *fault);

#ifdef __cplusplus
}
#endif
#endif
