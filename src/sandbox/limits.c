#include "sandbox/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>
#include "base/own.h"
#include "sandbox/plan.h"

#define MIB           ((uint64_t)1 << 20)
#define ARENA_DEFAULT (512 * MIB)
#define WORKER_BYTES  (32 * MIB) /* what a worker has of its own, generously */

static uint64_t add(uint64_t a, uint64_t b)
{
        return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static uint64_t whole_memory(const struct ward_limits *limits)
{
        if (!limits->memory_bytes)
                return 0;
        return add(add(limits->memory_bytes, limits->arena_bytes ? limits->arena_bytes : ARENA_DEFAULT), WORKER_BYTES);
}

void limits_make(const struct ward_limits *limits, const struct ward_quota *quota, struct sandbox_limits *ret_limits)
{
        static const struct ward_quota none = { .size = sizeof none };
        enum { NS_PER_MS = 1000000 };
        if (!quota)
                quota = &none;
        *ret_limits = (struct sandbox_limits){
                .memory_bytes = limits->memory_bytes ? limits->memory_bytes : sandbox_default_memory(),
                .domain_bytes = quota->memory_bytes ? quota->memory_bytes : whole_memory(limits),
                .cpu_ns = quota->cpu_ms > UINT64_MAX / NS_PER_MS ? 0 : quota->cpu_ms * NS_PER_MS,
                .file_bytes = quota->file_bytes,
                .read_bytes = quota->io_read_bytes,
                .write_bytes = quota->io_write_bytes,
                .cpu_percent = quota->cpu_percent,
                .processes = quota->processes,
                .open_files = quota->open_files,
                .core_dumps = quota->core_dumps,
        };
}

/* --- Counted by the kernel for each process --------------------------------------------------- */

/* To @soft, and for good to @hard; never higher than it was. */
static int lower(__rlimit_resource_t resource, rlim_t soft, rlim_t hard)
{
        struct rlimit limit;
        if (getrlimit(resource, &limit) < 0)
                return -errno;
        limit.rlim_max = hard < limit.rlim_max ? hard : limit.rlim_max;
        limit.rlim_cur = soft < limit.rlim_max ? soft : limit.rlim_max;
        return setrlimit(resource, &limit) < 0 ? -errno : 0;
}

/* What the kernel counts for RLIMIT_DATA (and stacks), in bytes. Without /proc, more than a worker has at its start. */
static uint64_t data_now(void)
{
        unsigned long long data;
        OWNED(fd_closep) int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
        char text[256];
        ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
        if (n <= 0)
                return 2 * WORKER_BYTES;
        text[n] = 0;
        if (sscanf(text, "%*s %*s %*s %*s %*s %llu", &data) != 1)
                return 2 * WORKER_BYTES;
        return data * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* RLIMIT_DATA counts what a process can write and does not share: heap, mappings, thread stacks. RLIMIT_AS would also count
 * address space that is only reserved, of which threads, garbage collectors and guard pages take more than they ever use. */
static int apply_memory(uint64_t bytes)
{
        uint64_t all = add(data_now(), bytes);
        return lower(RLIMIT_DATA, all, all);
}

/* The kernel counts whole seconds, and what a process has used, not its children: this is for a warden that does not come to look.
 * SIGXCPU comes first, then SIGKILL. */
static int apply_cpu(uint64_t ns)
{
        rlim_t seconds = ns / 1000000000u + 1;
        return lower(RLIMIT_CPU, seconds, seconds + 1);
}

static int apply_core(bool dumps)
{
        return dumps ? 0 : lower(RLIMIT_CORE, 0, 0);
}

int limits_apply(const struct sandbox_limits *limits)
{
        int r = apply_core(limits->core_dumps);
        if (!r && limits->open_files)
                r = lower(RLIMIT_NOFILE, limits->open_files, limits->open_files);
        if (!r && limits->file_bytes)
                r = lower(RLIMIT_FSIZE, limits->file_bytes, limits->file_bytes);
        if (!r && limits->cpu_ns)
                r = apply_cpu(limits->cpu_ns);
        if (!r && limits->memory_bytes)
                r = apply_memory(limits->memory_bytes);
        return r;
}

int limits_apply_least(void)
{
        static const struct {
                __rlimit_resource_t resource;
                rlim_t value;
        } least[] = {
                { RLIMIT_MSGQUEUE, 0 }, { RLIMIT_MEMLOCK, 0 },       { RLIMIT_RTPRIO, 0 },
                { RLIMIT_NICE, 0 },     { RLIMIT_SIGPENDING, 1024 }, /* timers too */
        };
        for (size_t i = 0; i < COUNT_OF(least); i++) {
                int r = lower(least[i].resource, least[i].value, least[i].value);
                if (r)
                        return r;
        }
        return 0;
}

int limits_apply_processes(const struct sandbox_limits *limits)
{
        return limits->processes ? lower(RLIMIT_NPROC, limits->processes, limits->processes) : 0;
}
