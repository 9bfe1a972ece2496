#include "sandbox/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

uint64_t sandbox_default_memory(void)
{
        long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
        uint64_t half = pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size / 2 : SANDBOX_MEMORY_DEFAULT;
        return half < SANDBOX_MEMORY_DEFAULT ? half : SANDBOX_MEMORY_DEFAULT;
}

/* The host's processors are those of its first thread: the thread that happens to make a domain may be pinned for reasons of
 * its own. */
static void choose_cpus(uint64_t affinity, cpu_set_t *ret_cpus)
{
        CPU_ZERO(ret_cpus);
        if (!affinity && sched_getaffinity(getpid(), sizeof *ret_cpus, ret_cpus) < 0)
                CPU_ZERO(ret_cpus);
        for (unsigned i = 0; i < 64; i++)
                if (affinity >> i & 1)
                        CPU_SET(i, ret_cpus);
}

void sandbox_plan_make(enum ward_level level, const struct ward_limits *limits, const char *const *environment,
                       struct sandbox_plan *ret_plan)
{
        static const char *const none[] = { NULL };
        *ret_plan = (struct sandbox_plan){
                .memory_bytes = limits->memory_bytes ? limits->memory_bytes : sandbox_default_memory(),
                .no_new_privileges = level != WARD_LEVEL_HOST,
                .hidden = level != WARD_LEVEL_HOST,
                .environment = (const char **)(environment ? environment : none),
        };
        choose_cpus(limits->cpu_affinity, &ret_plan->cpus);
}

static uint32_t count(const char *const *texts)
{
        uint32_t n = 0;
        while (texts[n])
                n++;
        return n;
}

void sandbox_plan_pack(const struct sandbox_plan *plan, struct pack *pack)
{
        pack_bytes(pack, plan, sizeof *plan);
        pack_u32(pack, count(plan->environment));
        for (const char *const *text = plan->environment; *text; text++)
                pack_text(pack, *text);
}

int sandbox_plan_unpack(struct cursor *cursor, struct sandbox_plan *ret_plan)
{
        struct sandbox_plan plan;
        cursor_bytes(cursor, &plan, sizeof plan);
        uint32_t n = cursor_u32(cursor);
        if (cursor->bad || n > cursor->left)
                return -EBADMSG;
        plan.environment = calloc((size_t)n + 1, sizeof *plan.environment);
        if (!plan.environment)
                return -ENOMEM;
        for (uint32_t i = 0; i < n; i++)
                plan.environment[i] = cursor_text(cursor);
        if (cursor->bad) {
                sandbox_plan_finish(&plan);
                return -EBADMSG;
        }
        *ret_plan = plan;
        return 0;
}

void sandbox_plan_finish(struct sandbox_plan *plan)
{
        free(plan->environment);
        plan->environment = NULL;
}
