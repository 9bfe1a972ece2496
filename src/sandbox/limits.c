#include "sandbox/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>
#include "base/own.h"

#define MIB           ((uint64_t)1 << 20)
#define ARENA_DEFAULT (512 * MIB)
#define WORKER_BYTES  (32 * MIB) /* what a worker has of its own, generously */

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
static uint64_t data_now(int proc)
{
        enum { GUESS = 64 << 20 };
        unsigned long long data;
        OWNED(fd_closep) int fd = openat(proc, "self/statm", O_RDONLY | O_CLOEXEC);
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
static int apply_memory(uint64_t bytes, int proc)
{
        uint64_t now = data_now(proc), all = bytes > RLIM_INFINITY - now ? RLIM_INFINITY : now + bytes;
        return lower(RLIMIT_DATA, all, all);
}

/* The kernel counts whole seconds, and what a process has used, not its children: this is for a warden that does not come to look.
 * SIGXCPU comes first, then SIGKILL. */
static int apply_cpu(uint64_t ns)
{
        rlim_t seconds = ns / 1000000000u + 1;
        return lower(RLIMIT_CPU, seconds, seconds + 1);
}

int limits_forbid_core(void)
{
        return lower(RLIMIT_CORE, 0, 0);
}

int limits_apply(const struct sandbox_limits *limits, int proc)
{
        int r = limits->open_files ? lower(RLIMIT_NOFILE, limits->open_files, limits->open_files) : 0;
        if (!r && limits->file_bytes)
                r = lower(RLIMIT_FSIZE, limits->file_bytes, limits->file_bytes);
        if (!r && limits->cpu_ns)
                r = apply_cpu(limits->cpu_ns);
        if (!r && limits->memory_bytes)
                r = apply_memory(limits->memory_bytes, proc);
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
        uint32_t n = limits->processes ? limits->processes : limits->least_processes;
        return n ? lower(RLIMIT_NPROC, n, n) : 0;
}
