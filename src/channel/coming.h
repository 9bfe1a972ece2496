/* Large blocks that the host still writes while the worker reads them already: so two copies of a list, into shared memory and out
 * of it, take about as long as one.
 *
 *      host                                                      worker
 *      1. coming_add, instead of copying
 *      2. coming_announce, then the message     ----------->     3. coming_expect
 *      3. coming_write: piece after piece                        4. coming_await, before each piece is read; at last of all
 *
 * Which blocks, and how far they are there, is told in the words of the lane. The host writes as ever what is its own and believes
 * nothing: a worker that changes these words misleads itself. Nobody waits for a host that is gone: it took the worker along. */
#ifndef CHANNEL_COMING_H
#define CHANNEL_COMING_H

#include <stdbool.h>
#include <stdint.h>
#include "channel/channel.h"

enum {
        COMING_LEAST = 64 << 10, /* what is smaller is copied sooner than another processor looks */
        COMING_PIECE = 16 << 10,
        COMING_LINE = 64, /* what is there is counted in these, each block from a new one on */
};

struct coming_block {
        uint32_t at; /* offset in the shared memory */
        uint32_t len;
        const void *data; /* host */
};

/* What is still to be written. All zeros: nothing. */
struct coming {
        struct coming_block blocks[CHANNEL_COMING];
        uint32_t n;
};

/* False: it is to be copied at once. */
bool coming_add(struct coming *coming, uint32_t at, const void *data, uint64_t len);
/* Before the message that points at the blocks. */
void coming_announce(struct channel *channel, const struct coming *coming);
/* Writes what is to be written, unless @guard is 0 or becomes it; nothing is, after that. */
void coming_write(struct channel *channel, struct coming *coming, const _Atomic uint32_t *guard);

/* Worker: what the message that has come announced. */
void coming_expect(const struct channel *channel, struct coming *ret_coming);
/* Returns when the @len bytes at @at are there. */
void coming_await(struct channel *channel, const struct coming *coming, uint32_t at, uint64_t len);
/* When all are there, and as far as they fit in this processor's cache. */
void coming_await_all(struct channel *channel, const struct coming *coming);

#endif
