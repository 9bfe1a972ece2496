#include "domain/blocks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/fault.h"
#include "base/own.h"
#include "domain/domain.h"
#include "domain/kind.h"
#include "domain/process.h"

enum { FEW = 8 };

void blocks_init(struct blocks *blocks)
{
        *blocks = (struct blocks){ 0 };
        pthread_mutex_init(&blocks->lock, NULL);
}

static void drop(struct block *block)
{
        block->give(block);
        free(block);
}

void blocks_finish(struct blocks *blocks)
{
        for (uint32_t i = 0; i < blocks->n; i++)
                drop(blocks->at[i]);
        free(blocks->at);
        pthread_mutex_destroy(&blocks->lock);
}

void blocks_adopt(struct blocks *blocks)
{
        uint32_t n = 0;
        pthread_mutex_init(&blocks->lock, NULL);
        for (uint32_t i = 0; i < blocks->n; i++) {
                struct block *block = blocks->at[i];
                if (!block->process) {
                        blocks->at[n++] = block;
                        continue;
                }
                block->process->shared.base = NULL; /* another's to unmap */
                process_unref(block->process);
                free(block);
        }
        blocks->n = n;
}

/* --- By address ------------------------------------------------------------------------------- */

/* The first block that does not end at @data or before. */
static uint32_t place(const struct blocks *blocks, const uint8_t *data)
{
        uint32_t from = 0, to = blocks->n;
        while (from < to) {
                uint32_t middle = from + (to - from) / 2;
                const struct block *block = blocks->at[middle];
                if ((uintptr_t)block->data + block->size <= (uintptr_t)data)
                        from = middle + 1;
                else
                        to = middle;
        }
        return from;
}

static int add(struct blocks *blocks, struct block *block)
{
        if (blocks->n == blocks->size) {
                uint32_t size = blocks->size ? 2 * blocks->size : FEW;
                struct block **more = reallocarray(blocks->at, size, sizeof(struct block *));
                if (!more)
                        return -ENOMEM;
                blocks->at = more;
                blocks->size = size;
        }
        uint32_t i = place(blocks, block->data);
        memmove(blocks->at + i + 1, blocks->at + i, (blocks->n++ - i) * sizeof(struct block *));
        blocks->at[i] = block;
        return 0;
}

static struct block *find(const struct blocks *blocks, const void *data)
{
        uint32_t i = place(blocks, data);
        struct block *block = i < blocks->n ? blocks->at[i] : NULL;
        return block && (uintptr_t)block->data <= (uintptr_t)data && !block->freed ? block : NULL;
}

static void settle(struct blocks *blocks, struct block *block)
{
        if (!block->freed || block->readers)
                return;
        uint32_t i = place(blocks, block->data);
        memmove(blocks->at + i, blocks->at + i + 1, (--blocks->n - i) * sizeof(struct block *));
        drop(block);
}

/* --- Life ------------------------------------------------------------------------------------- */

static void give_plain(const struct block *block)
{
        free(block->data);
}

static int take_plain(struct block *block, struct ward_fault *fault)
{
        block->data = malloc(block->size);
        block->give = give_plain;
        return block->data ? 0
                           : fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "there is no memory for %llu bytes",
                                             (unsigned long long)block->size);
}

int block_new(struct ward_domain *domain, uint64_t size, void **ret_data, struct ward_fault *fault)
{
        struct blocks *blocks = &domain->domains->blocks;
        OWNED(freep) struct block *block = calloc(1, sizeof *block);
        if (!block)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "there is no memory for %llu bytes",
                                       (unsigned long long)size);
        if (!domain_is_running(domain))
                return domain_unloaded_fault(domain, fault);
        block->size = size ? size : 1;
        int r = domain->kind->take ? domain->kind->take(domain, block, fault) : take_plain(block, fault);
        if (r)
                return r;
        pthread_mutex_lock(&blocks->lock);
        r = add(blocks, block);
        pthread_mutex_unlock(&blocks->lock);
        if (r) {
                block->give(block);
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, -r, "there is no memory for one more block");
        }
        *ret_data = STEAL(block)->data;
        return 0;
}

int block_free(struct domains *domains, void *data, struct ward_fault *fault)
{
        struct blocks *blocks = &domains->blocks;
        if (!data)
                return 0;
        domains_enter(domains); /* which in a forked child sees to what is there */
        domains_leave(domains);
        pthread_mutex_lock(&blocks->lock);
        struct block *block = find(blocks, data);
        bool good = block && block->data == data;
        if (good) {
                block->freed = true;
                settle(blocks, block);
        }
        pthread_mutex_unlock(&blocks->lock);
        return good ? 0 : fault_set(fault, WARD_FAULT_USAGE, "%p is not what ward_alloc gave, or was freed before", data);
}

struct block *blocks_lend(struct blocks *blocks, const void *data, uint64_t len)
{
        pthread_mutex_lock(&blocks->lock);
        struct block *block = find(blocks, data);
        if (block && len > block->size - ((uintptr_t)data - (uintptr_t)block->data))
                block = NULL;
        if (block)
                block->readers++;
        pthread_mutex_unlock(&blocks->lock);
        return block;
}

void blocks_return(struct blocks *blocks, struct block *block)
{
        pthread_mutex_lock(&blocks->lock);
        block->readers--;
        settle(blocks, block);
        pthread_mutex_unlock(&blocks->lock);
}
