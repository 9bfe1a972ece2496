/* A fence for two threads of which one passes it all the time and the other hardly ever: the first pays next to nothing, for the
 * second the kernel makes all processors of this process pass a fence (membarrier(2)). Where it does not offer that, both are full
 * fences.
 *
 *      often:  a = 1; barrier_light(); read b           seldom: b = 1; barrier_heavy(); read a
 *
 * At least one of the two reads what the other wrote. */
#ifndef BASE_BARRIER_H
#define BASE_BARRIER_H

#include <stdatomic.h>
#include <stdbool.h>

extern _Atomic bool barrier_is_lopsided __attribute__((visibility("hidden")));

/* Before either is passed; cheap to repeat. */
void barrier_prepare(void);

static inline void barrier_light(void)
{
        if (atomic_load_explicit(&barrier_is_lopsided, memory_order_relaxed))
                atomic_signal_fence(memory_order_seq_cst);
        else
                atomic_thread_fence(memory_order_seq_cst);
}

void barrier_heavy(void);

#endif
