#include "base/barrier.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

_Atomic bool barrier_is_lopsided;

/* Threads that passed here before the others know of it use full fences still, which are good for both. */
void barrier_prepare(void)
{
#ifndef __SANITIZE_THREAD__ /* which knows nothing of such a barrier */
        if (!atomic_load_explicit(&barrier_is_lopsided, memory_order_relaxed) &&
            !syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0))
                atomic_store(&barrier_is_lopsided, true);
#endif
}

void barrier_heavy(void)
{
        atomic_thread_fence(memory_order_seq_cst);
        if (atomic_load(&barrier_is_lopsided))
                syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
}
