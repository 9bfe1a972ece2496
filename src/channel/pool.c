#include "channel/pool.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { FEW = 16 };

int pool_init(struct pool *pool, struct extent whole)
{
        *pool = (struct pool){ .free = malloc(FEW * sizeof *pool->free), .size = FEW, .n = 1 };
        if (!pool->free)
                return -ENOMEM;
        pool->free[0] = whole;
        pool->left = pool->all = extent_size(whole);
        return 0;
}

void pool_finish(struct pool *pool)
{
        free(pool->free);
        pool->free = NULL;
}

static void drop(struct pool *pool, uint32_t i)
{
        memmove(pool->free + i, pool->free + i + 1, (--pool->n - i) * sizeof *pool->free);
}

int pool_take(struct pool *pool, uint64_t bytes, struct extent *ret_extent)
{
        uint64_t size = bytes ? (bytes + POOL_PAGE - 1) & ~(uint64_t)(POOL_PAGE - 1) : POOL_PAGE;
        for (uint32_t i = 0; i < pool->n; i++) {
                struct extent *from = &pool->free[i];
                if (extent_size(*from) < size)
                        continue;
                *ret_extent = (struct extent){ from->start, (uint32_t)(from->start + size) };
                from->start = ret_extent->end;
                if (from->start == from->end)
                        drop(pool, i);
                pool->left -= size;
                return 0;
        }
        return 1;
}

/* The place in order for what begins at @start. */
static uint32_t place(const struct pool *pool, uint32_t start)
{
        uint32_t i = 0;
        while (i < pool->n && pool->free[i].start < start)
                i++;
        return i;
}

static int make_room(struct pool *pool)
{
        if (pool->n < pool->size)
                return 0;
        struct extent *more = reallocarray(pool->free, 2 * (size_t)pool->size, sizeof *more);
        if (!more)
                return -ENOMEM;
        pool->free = more;
        pool->size *= 2;
        return 0;
}

/* Where there is no memory to note an extent that touches no other, it is lost to its domain. */
void pool_give(struct pool *pool, struct extent extent)
{
        uint32_t i = place(pool, extent.start);
        bool after = i > 0 && pool->free[i - 1].end == extent.start;
        bool before = i < pool->n && pool->free[i].start == extent.end;
        if (after && before) {
                pool->free[i - 1].end = pool->free[i].end;
                drop(pool, i);
        } else if (after) {
                pool->free[i - 1].end = extent.end;
        } else if (before) {
                pool->free[i].start = extent.start;
        } else if (!make_room(pool)) {
                memmove(pool->free + i + 1, pool->free + i, (pool->n++ - i) * sizeof *pool->free);
                pool->free[i] = extent;
        } else {
                return;
        }
        pool->left += extent_size(extent);
}
