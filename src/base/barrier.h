/* A fence in two halves, for what one side does on each call and the other once in a while: "I store A, then load B" on each side,
 * and at least one of them sees what the other stored. The light half costs nothing where the kernel lets the heavy one have every
 * processor of this process pass a barrier (membarrier(2)); elsewhere both are full fences. */
#ifndef BASE_BARRIER_H
#define BASE_BARRIER_H

#include <stdatomic.h>
#include <stdbool.h>

extern _Atomic bool barrier_is_lopsided __attribute__((visibility("hidden")));

/* To be called before the light half is used; cheap to repeat. */
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
