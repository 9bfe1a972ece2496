#include "wasm/barrier.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

_Atomic bool wasm_barrier_alone = true;

void wasm_barrier_init(void)
{
        if (!syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0))
                atomic_store(&wasm_barrier_alone, false);
}

void wasm_barrier_heavy(void)
{
        atomic_thread_fence(memory_order_seq_cst);
        syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
}
