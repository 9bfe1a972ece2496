#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>
#include "base/own.h"
#include "sandbox/plan.h"

static int apply_environment(const struct sandbox_plan *plan)
{
        if (clearenv())
                return -ENOMEM;
        for (const char **text = plan->environment; *text; text++) {
                char *copy = strdup(*text);
                if (!copy || putenv(copy))
                        return -ENOMEM;
        }
        return 0;
}

/* If the machine runs out of memory, a worker is to go before its host. Where /proc is not there or not ours to write,
 * only this preference is lost. */
static int apply_oom_preference(const struct sandbox_plan *plan)
{
        OWNED(fd_closep) int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
        if (fd >= 0 && write(fd, "1000", 4) < 0)
                errno = 0;
        return 0;
}

static int apply_cpus(const struct sandbox_plan *plan)
{
        if (!CPU_COUNT(&plan->cpus))
                return 0;
        return sched_setaffinity(0, sizeof plan->cpus, &plan->cpus) < 0 ? -errno : 0;
}

static int lower(__rlimit_resource_t resource, uint64_t value)
{
        struct rlimit limit;
        if (getrlimit(resource, &limit) < 0)
                return -errno;
        if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < value)
                value = limit.rlim_max;
        limit.rlim_cur = limit.rlim_max = value;
        return setrlimit(resource, &limit) < 0 ? -errno : 0;
}

static int apply_core(const struct sandbox_plan *plan)
{
        return lower(RLIMIT_CORE, 0);
}

/* What the kernel counts for RLIMIT_DATA (and stacks), in bytes. Without /proc, more than a worker has at its start. */
static uint64_t data_now(void)
{
        enum { GUESS = 64 << 20 };
        unsigned long long data;
        OWNED(fd_closep) int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
        char text[256];
        ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
        if (n <= 0)
                return GUESS;
        text[n] = 0;
        if (sscanf(text, "%*s %*s %*s %*s %*s %llu", &data) != 1)
                return GUESS;
        return data * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* RLIMIT_DATA counts what a process can write and does not share: heap, mappings, thread stacks. RLIMIT_AS would also count
 * address space that is only reserved, of which threads, garbage collectors and guard pages take more than they ever use. */
static int apply_memory(const struct sandbox_plan *plan)
{
        uint64_t now = data_now();
        if (plan->memory_bytes > RLIM_INFINITY - now)
                return 0;
        return lower(RLIMIT_DATA, now + plan->memory_bytes);
}

static int apply_no_new_privileges(const struct sandbox_plan *plan)
{
        return plan->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

static int apply_hidden(const struct sandbox_plan *plan)
{
        return plan->hidden && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ? -errno : 0;
}

static const struct {
        const char *words;
        int (*apply)(const struct sandbox_plan *plan);
} steps[] = {
        { "set the environment", apply_environment },                         /* allocates, so before the memory limit */
        { "offer itself to the out-of-memory killer", apply_oom_preference }, /* writes to /proc/self, so before it is hidden */
        { "choose its processors (limits.cpu_affinity)", apply_cpus },
        { "forbid core dumps", apply_core },
        { "limit its memory (limits.memory_bytes)", apply_memory }, /* reads /proc/self, so before it is hidden */
        { "give up new privileges", apply_no_new_privileges },
        { "hide itself from others", apply_hidden }, /* last: /proc/self belongs to root from here on */
};

int sandbox_apply(const struct sandbox_plan *plan, const char **ret_step)
{
        for (size_t i = 0; i < COUNT_OF(steps); i++) {
                int r = steps[i].apply(plan);
                if (r < 0) {
                        *ret_step = steps[i].words;
                        return r;
                }
        }
        return 0;
}
