/* The host's half of limits. */
#include "sandbox/limits.h"
#include "sandbox/plan.h"

#define MIB           ((uint64_t)1 << 20)
#define ARENA_DEFAULT (512 * MIB)
#define WORKER_BYTES  (32 * MIB) /* what a worker has of its own, generously */
#define PROCESSES     1024       /* and threads, of who is not trusted */

static bool is_below_full_trust(enum ward_level level)
{
        return level == WARD_LEVEL_INTERNET || level == WARD_LEVEL_INTRANET;
}

static uint64_t add(uint64_t a, uint64_t b)
{
        return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* Of what is trusted to have no bounds, there are none that nobody asked for. */
static uint64_t whole_memory(enum ward_level level, const struct ward_limits *limits)
{
        uint64_t memory = limits->memory_bytes ? limits->memory_bytes : sandbox_default_memory();
        if (!limits->memory_bytes && !is_below_full_trust(level))
                return 0;
        return add(add(memory, limits->arena_bytes ? limits->arena_bytes : ARENA_DEFAULT), WORKER_BYTES);
}

void limits_make(enum ward_level level, const struct ward_limits *limits, const struct ward_quota *quota,
                 struct sandbox_limits *ret_limits)
{
        static const struct ward_quota none = { .size = sizeof none };
        enum { NS_PER_MS = 1000000 };
        if (!quota)
                quota = &none;
        *ret_limits = (struct sandbox_limits){
                .memory_bytes = limits->memory_bytes ? limits->memory_bytes : sandbox_default_memory(),
                .domain_bytes = quota->memory_bytes ? quota->memory_bytes : whole_memory(level, limits),
                .cpu_ns = quota->cpu_ms > UINT64_MAX / NS_PER_MS ? 0 : quota->cpu_ms * NS_PER_MS,
                .file_bytes = quota->file_bytes,
                .read_bytes = quota->io_read_bytes,
                .write_bytes = quota->io_write_bytes,
                .cpu_percent = quota->cpu_percent,
                .processes = quota->processes,
                .least_processes = is_below_full_trust(level) ? PROCESSES : 0,
                .open_files = quota->open_files,
        };
}
