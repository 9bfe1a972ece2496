/* How a worker says that the host's dispatcher is wanted: a bit for the lane, and an eventfd that is written only when the host has
 * asked to be told. So a worker that says it often makes few system calls.
 *
 *      worker: doorbell_ring                          host: 1. reads the eventfd empty  2. doorbell_arm  3. looks at the bits
 *
 * No ring is lost: the worker sets the bit, then looks whether it is to tell; the host asks to be told, then looks at the bits; all
 * in one order (sequentially consistent). The host trusts nothing of it: a bit only makes it look at the lane. */
#ifndef CHANNEL_DOORBELL_H
#define CHANNEL_DOORBELL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>
#include "channel/channel.h"
#include "channel/words.h"

enum { DOORBELL_WORDS = CHANNEL_LANES / 64 };

struct doorbell_words {
        _Alignas(128) _Atomic uint32_t armed; /* the eventfd is to be written */
        _Alignas(128) _Atomic uint64_t lanes[DOORBELL_WORDS];
};

/* Behind the last words. */
enum { DOORBELL_AT = CHANNEL_WORDS - sizeof(struct doorbell_words) };
_Static_assert(sizeof(struct last_words) <= DOORBELL_AT, "the first pages hold the last words and the doorbell");

static inline struct doorbell_words *doorbell_words(const struct shared *shared)
{
        return (struct doorbell_words *)(void *)(shared->base + DOORBELL_AT);
}

static inline uint64_t doorbell_bit(uint32_t lane)
{
        return (uint64_t)1 << lane % 64;
}

/* Worker. */
static inline void doorbell_ring(struct doorbell_words *words, int fd, uint32_t lane)
{
        uint64_t one = 1;
        atomic_fetch_or(&words->lanes[lane / 64], doorbell_bit(lane));
        if (!atomic_load(&words->armed) || !atomic_exchange(&words->armed, 0))
                return;
        ssize_t r = write(fd, &one, sizeof one);
        (void)r; /* a full counter is readable all the same */
}

/* Worker: the same for who has just stored something that the host looks at once it has taken the bit. */
static inline void doorbell_ring_again(struct doorbell_words *words, int fd, uint32_t lane)
{
        atomic_thread_fence(memory_order_seq_cst);
        if (!(atomic_load_explicit(&words->lanes[lane / 64], memory_order_relaxed) & doorbell_bit(lane)))
                doorbell_ring(words, fd, lane);
}

/* Host. */
static inline void doorbell_arm(struct doorbell_words *words)
{
        atomic_store(&words->armed, 1);
}

static inline uint64_t doorbell_waiting(const struct doorbell_words *words, uint32_t word)
{
        return atomic_load(&words->lanes[word]);
}

/* Host: what the worker stored before it set the bit, or found it set, is seen from here on: the other half of the fence in
 * doorbell_ring_again. */
static inline void doorbell_take(struct doorbell_words *words, uint32_t lane)
{
        atomic_fetch_and(&words->lanes[lane / 64], ~doorbell_bit(lane));
        atomic_thread_fence(memory_order_seq_cst);
}

/* Host: as if it had been rung. */
static inline void doorbell_put_back(struct doorbell_words *words, uint32_t lane)
{
        atomic_fetch_or(&words->lanes[lane / 64], doorbell_bit(lane));
}

#endif
