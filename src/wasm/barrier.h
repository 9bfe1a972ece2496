/* A fence for two threads of which one passes it all the time and the other hardly ever: the first pays next to nothing, for the
 * second the kernel makes all processors of this process pass a fence (membarrier(2)).
 *
 *      often:  a = 1; wasm_barrier_light(); read b           seldom: b = 1; wasm_barrier_heavy(); read a
 *
 * At least one of the two reads what the other wrote. */
#ifndef WASM_BARRIER_H
#define WASM_BARRIER_H

#include <stdatomic.h>
#include <stdbool.h>

/* Where the kernel does not help, the light one is a fence after all. */
extern _Atomic bool wasm_barrier_alone;

/* Once, before either is passed. */
void wasm_barrier_init(void);
void wasm_barrier_heavy(void);

static inline void wasm_barrier_light(void)
{
        if (atomic_load_explicit(&wasm_barrier_alone, memory_order_relaxed))
                atomic_thread_fence(memory_order_seq_cst);
        atomic_signal_fence(memory_order_seq_cst);
}

#endif
