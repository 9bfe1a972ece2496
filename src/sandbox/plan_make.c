/* The host's half of a plan. Apart, so that a worker needs no libseccomp. */
#include "sandbox/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
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

/* Ids that no distribution gives to anybody (https://systemd.io/UIDS-GIDS), one for each domain, and others for other hosts. */
static uint32_t next_uid(void)
{
        enum { FIRST = 0x70000000, HOSTS = 1 << 15, DOMAINS = 1 << 12 };
        static _Atomic uint32_t last;
        return (uint32_t)FIRST + (uint32_t)getpid() % HOSTS * DOMAINS + (last++ & (DOMAINS - 1));
}

static int choose_filter(const struct sandbox_wish *wish, struct sandbox_filter *ret_filter)
{
        const struct filter_wants wants = { .spawn = wish->grants->spawn, .connect = wish->grants->n_addresses };
        if (wish->observed)
                return filter_prepare(FILTER_OBSERVE, NULL, ret_filter);
        if (!(wish->layers & WARD_LAYER_FILTER))
                return 0;
        return filter_prepare(wish->level == WARD_LEVEL_INTERNET ? FILTER_INTERNET : FILTER_INTRANET, &wants, ret_filter);
}

/* The warden of a host that is not user 0 has rights in a user namespace of its own, which are not for workers of any level. */
static uint32_t all_layers(uint32_t layers)
{
        return layers | (geteuid() ? (uint32_t)WARD_LAYER_NO_CAPABILITIES : 0);
}

int sandbox_plan_make(const struct sandbox_wish *wish, struct sandbox_plan *ret_plan)
{
        *ret_plan = (struct sandbox_plan){
                .layers = all_layers(wish->layers), .uid = next_uid(), .limits = *wish->limits, .grants = *wish->grants
        };
        choose_cpus(wish->cpu_affinity, &ret_plan->cpus);
        return choose_filter(wish, &ret_plan->filter);
}

void sandbox_plan_finish(struct sandbox_plan *plan)
{
        filter_finish(&plan->filter);
}
