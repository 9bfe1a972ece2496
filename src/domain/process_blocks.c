/* Kind `process`: memory of the host's own within what it shares with the worker. */
#include "base/fault.h"
#include "base/own.h"
#include "domain/blocks.h"
#include "domain/process.h"

/* While there is a block the memory stays mapped, and the process's. */
static void give(const struct block *block)
{
        struct process *process = block->process;
        const struct shared *shared = &process->shared;
        uint32_t start = (uint32_t)(block->data - shared->base);
        shared_give(&process->shared, (struct extent){ start, (uint32_t)(start + block->size) });
        pthread_mutex_lock(&process->lock);
        process->n_blocks--;
        pthread_mutex_unlock(&process->lock);
        process_unref(process);
}

/* A process that is stopped gives nothing, and unmaps its memory if nothing was taken. */
static int take(struct process *process, struct block *block, struct ward_fault *fault)
{
        struct extent extent;
        int r = 0;
        pthread_mutex_lock(&process->lock);
        bool stopped = process->stopped;
        if (!stopped)
                r = block->size > UINT32_MAX || shared_take(&process->shared, block->size, &extent);
        if (!stopped && !r)
                process->n_blocks++;
        pthread_mutex_unlock(&process->lock);
        if (stopped)
                return domain_unloaded_fault(process->domain, fault);
        if (r)
                return fault_set(fault, WARD_FAULT_LIMIT,
                                 "%llu bytes do not fit what is free of the %llu bytes of memory that domain '%s' shares with the "
                                 "host: raise limits.arena_bytes",
                                 (unsigned long long)block->size, (unsigned long long)process->shared.pool.all,
                                 process->domain->name);
        block->data = process->shared.base + extent.start;
        block->size = extent_size(extent);
        return 0;
}

int process_take_block(struct ward_domain *domain, struct block *block, struct ward_fault *fault)
{
        struct process *process = process_hold(domain);
        if (!process)
                return domain_unloaded_fault(domain, fault);
        int r = take(process, block, fault);
        if (r) {
                process_unref(process);
                return r;
        }
        block->process = process;
        block->give = give;
        return 0;
}

/* What begins in shared memory and is in no block was freed, or never the host's to pass. */
int process_find_block(struct marshal_memory *memory, const void *data, uint64_t len, uint32_t *ret_at, struct ward_fault *fault)
{
        struct lane *lane = memory->context;
        uintptr_t at = (uintptr_t)data - (uintptr_t)memory->base;
        if (at >= memory->size)
                return 1;
        if (lane->n_lent == COUNT_OF(lane->lent))
                return 1;
        struct block *block = blocks_lend(&lane->domain->domains->blocks, data, len);
        if (!block)
                return fault_set(fault, WARD_FAULT_USAGE,
                                 "%llu bytes at %p, which are not, or no longer, all in a block that ward_alloc gave",
                                 (unsigned long long)len, data);
        lane->lent[lane->n_lent++] = block;
        *ret_at = (uint32_t)at;
        return 0;
}

void process_return_blocks(struct lane *lane, uint32_t before)
{
        while (lane->n_lent > before)
                blocks_return(&lane->domain->domains->blocks, lane->lent[--lane->n_lent]);
}
