/* Who has which part of a domain's shared memory: extents of whole pages, handed out and taken back. Private to the host, so that
 * nothing a worker writes can mislead it. Pure: no locks, and the memory itself is not touched.
 *
 * 1. pool_init  2. pool_take  3. pool_give  4. pool_finish */
#ifndef CHANNEL_POOL_H
#define CHANNEL_POOL_H

#include <stdint.h>

enum { POOL_PAGE = 4096 };

/* Bytes from @start up to @end, which is not one of them: offsets in the shared memory. */
struct extent {
        uint32_t start;
        uint32_t end;
};

static inline uint32_t extent_size(struct extent extent)
{
        return extent.end - extent.start;
}

struct pool {
        struct extent *free; /* in order, none touching the next */
        uint32_t n;
        uint32_t size; /* room in @free */
        uint64_t left; /* bytes that are free */
        uint64_t all;
};

/* @whole begins and ends at pages. 0 or -ENOMEM. */
int pool_init(struct pool *pool, struct extent whole);
void pool_finish(struct pool *pool);

/* The first free extent of @bytes, rounded up to pages, one at least: what is empty could not be taken back. 0, or 1 where there is
 * none. */
int pool_take(struct pool *pool, uint64_t bytes, struct extent *ret_extent);

/* Takes back what pool_take gave, or a part of it that begins and ends at pages. */
void pool_give(struct pool *pool, struct extent extent);

#endif
