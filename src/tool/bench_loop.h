/* The measured loop: the same at every kind and at the limits, so that what it costs cancels out. */
#ifndef TOOL_BENCH_LOOP_H
#define TOOL_BENCH_LOOP_H

#include <stdint.h>
#include "base/clock.h"

/* Keeps a compiler from moving work out of the loop: memory may have changed, so what is needed from there is loaded again, and
 * what was stored has been stored. */
static inline void bench_forget(void)
{
        __asm__ volatile("" ::: "memory");
}

/* Keeps it from dropping work: the value is used for something that it does not see. Gives 0. */
static inline int bench_use(int64_t value)
{
        __asm__ volatile("" : : "r"(value));
        return 0;
}

/* Evaluates @call, which may use `i`, @times times, and writes the time that took to *@ret_ns. Returns from the function around it
 * with the first value of @call that is not 0. */
#define BENCH_LOOP(times, ret_ns, call)                                                                                            \
        do {                                                                                                                       \
                uint64_t start_ = clock_now();                                                                                     \
                for (uint64_t i = 0; i < (times); i++) {                                                                           \
                        bench_forget();                                                                                            \
                        int r_ = (call);                                                                                           \
                        if (r_)                                                                                                    \
                                return r_;                                                                                         \
                }                                                                                                                  \
                *(ret_ns) = clock_now() - start_;                                                                                  \
        } while (0)

#endif
