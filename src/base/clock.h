/* Time: nanoseconds of CLOCK_MONOTONIC. A deadline is such a time; CLOCK_NEVER is none. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

#define CLOCK_NEVER UINT64_MAX

static inline uint64_t clock_read(clockid_t id)
{
        struct timespec t;
        clock_gettime(id, &t);
        return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static inline uint64_t clock_now(void)
{
        return clock_read(CLOCK_MONOTONIC);
}

static inline struct timespec clock_timespec(uint64_t ns)
{
        return (struct timespec){ .tv_sec = (time_t)(ns / 1000000000u), .tv_nsec = (long)(ns % 1000000000u) };
}

/* The time @ms from now; 0 is no deadline. */
static inline uint64_t clock_deadline(uint32_t ms)
{
        return ms ? clock_now() + (uint64_t)ms * 1000000u : CLOCK_NEVER;
}

#endif
