/* How a worker is confined: a plan, made by the host from level and limits, carried out by the worker on itself in one ordered go.
 *
 * 1. sandbox_plan_make, sandbox_plan_pack (host)  2. sandbox_plan_unpack, sandbox_apply, sandbox_plan_finish (worker)
 *
 * Namespaces, system call filters and the file system are not part of it yet, which is why the levels below full-trust are refused.
 */
#ifndef SANDBOX_PLAN_H
#define SANDBOX_PLAN_H

#include <sched.h>
#include <stdbool.h>
#include <ward/host.h>
#include "base/pack.h"

struct sandbox_plan {
        uint64_t memory_bytes;    /* what the worker may take beside what it has when it starts */
        cpu_set_t cpus;           /* none set: as inherited */
        bool no_new_privileges;   /* set-user-ID programs give nothing */
        bool hidden;              /* not to be traced or read through /proc by others of the same user */
        const char **environment; /* NULL-terminated; the array is owned after sandbox_plan_unpack, the texts never */
};

/* The limit where the host gives none: half of the machine's memory, at most SANDBOX_MEMORY_DEFAULT. */
#define SANDBOX_MEMORY_DEFAULT ((uint64_t)4 << 30)
uint64_t sandbox_default_memory(void);

/* Borrows @environment, which may be NULL. */
void sandbox_plan_make(enum ward_level level, const struct ward_limits *limits, const char *const *environment,
                       struct sandbox_plan *ret_plan);

void sandbox_plan_pack(const struct sandbox_plan *plan, struct pack *pack);
/* The texts stay where @cursor reads them. 0, or a negative errno. */
int sandbox_plan_unpack(struct cursor *cursor, struct sandbox_plan *ret_plan);
void sandbox_plan_finish(struct sandbox_plan *plan);

/* Confines the calling process, which has one thread. 0, or a negative errno and the step that failed, in words. */
int sandbox_apply(const struct sandbox_plan *plan, const char **ret_step);

#endif
