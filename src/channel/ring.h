/* Calls that nobody waits for, one way and in order: a ring of records in shared memory, written by one thread of the worker and
 * read by one thread of the host at a time.
 *
 *      worker                                                       host
 *      1. ring_attach (an extent that the host gave)                2. ring_attach (the same)
 *      3. ring_room, write, ring_put                                4. ring_look, then ring_next until it has no more
 *                                                                   5. ring_pass: what was read is the worker's again
 *
 * The ring says nothing to anybody who sleeps: that is for the mailbox and the doorbell.
 *
 *      | head | tail |  record | record | …  | skip |          head, tail: bytes since the beginning, modulo 2^32
 *      | size, instance, function | flat parameters, 64 bits each | what they point at |       a record, from a multiple of 8 on
 *
 * A record lies in one piece: where it does not fit before the end, a skip (a record of size 0) says that it is at the beginning.
 * Offsets in parameters count from the start of the shared memory, as everywhere.
 *
 * The host trusts nothing here: its own @tail is what counts, @head is loaded once and judged, and so is each record's first word.
 */
#ifndef CHANNEL_RING_H
#define CHANNEL_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "channel/pool.h"

enum {
        RING_BYTES = 256 << 10,       /* of records */
        RING_RECORD = RING_BYTES / 4, /* the largest */
        RING_EXTENT = RING_BYTES + POOL_PAGE,
        RING_UNIT = 8,
        RING_PASS = RING_BYTES / 16, /* the host gives back in portions, for the line that @tail is in moves with each */
};

struct ring_words {
        _Alignas(128) _Atomic uint32_t head; /* the worker writes */
        _Alignas(128) _Atomic uint32_t tail; /* the host writes */
};

/* One side's view, private to it. */
struct ring {
        struct ring_words *words;
        uint8_t *records;
        uint32_t start; /* offset of @records in the shared memory */
        uint32_t head;
        uint32_t tail;   /* host: its own; worker: as it was when last looked at */
        uint32_t passed; /* host: as last told to the worker */
};

/* @extent: of RING_EXTENT bytes, all 0 where the ring is new. */
static inline void ring_attach(uint8_t *base, struct extent extent, struct ring *ret_ring)
{
        *ret_ring = (struct ring){ .words = (struct ring_words *)(void *)(base + extent.start),
                                   .records = base + extent.start + POOL_PAGE,
                                   .start = extent.start + POOL_PAGE };
}

/* --- The worker ------------------------------------------------------------------------------- */

static inline uint32_t ring_left(const struct ring *ring)
{
        return RING_BYTES - (ring->head - ring->tail);
}

/* Room for a record of @size bytes at most, a multiple of 8 and at most RING_RECORD, in one piece: its place, or NULL while the
 * ring is full. */
static inline uint8_t *ring_room(struct ring *ring, uint32_t size)
{
        uint32_t at = ring->head % RING_BYTES, end = RING_BYTES - at, skip = size > end ? end : 0;
        if (ring_left(ring) < size + skip) {
                ring->tail = atomic_load_explicit(&ring->words->tail, memory_order_acquire);
                if (ring_left(ring) < size + skip)
                        return NULL;
        }
        if (skip) {
                *(uint64_t *)(void *)(ring->records + at) = 0;
                ring->head += skip;
                at = 0;
        }
        return ring->records + at;
}

/* Puts the record of @size bytes that was written where ring_room said, and that has no first word yet. */
static inline void ring_put(struct ring *ring, uint32_t size, uint32_t instance, uint32_t function)
{
        uint64_t word = size / RING_UNIT | (uint64_t)instance << 16 | (uint64_t)function << 32;
        *(uint64_t *)(void *)(ring->records + ring->head % RING_BYTES) = word;
        ring->head += size;
        atomic_store_explicit(&ring->words->head, ring->head, memory_order_release);
}

/* --- The host --------------------------------------------------------------------------------- */

struct ring_record {
        uint32_t size;
        uint32_t instance;
        uint32_t function;
        uint32_t n_slots;      /* that there is room for: 0 to RING_RECORD / 8 */
        const uint64_t *slots; /* in shared memory: each to be loaded once */
};

/* Looks how far the worker is. False: it cannot be that far. */
static inline bool ring_look(struct ring *ring)
{
        ring->head = atomic_load_explicit(&ring->words->head, memory_order_acquire);
        return ring->head - ring->tail <= RING_BYTES && ring->head % RING_UNIT == 0;
}

static inline bool ring_is_empty(const struct ring *ring)
{
        return ring->head == ring->tail;
}

/* Lets the worker have what was read so far. */
static inline void ring_pass(struct ring *ring)
{
        ring->passed = ring->tail;
        atomic_store_explicit(&ring->words->tail, ring->tail, memory_order_release);
}

/* Takes the next record of those that ring_look found. It lies there until ring_done. False: there is none that makes sense. */
static inline bool ring_next(struct ring *ring, struct ring_record *ret_record)
{
        uint32_t at = ring->tail % RING_BYTES, left = ring->head - ring->tail;
        uint64_t word = *(const volatile uint64_t *)(const void *)(ring->records + at);
        uint32_t size = (uint32_t)(word & 0xffff) * RING_UNIT;
        if (!size) {
                if (left <= RING_BYTES - at)
                        return false;
                left -= RING_BYTES - at;
                ring->tail += RING_BYTES - at;
                word = *(const volatile uint64_t *)(const void *)ring->records;
                size = (uint32_t)(word & 0xffff) * RING_UNIT;
                at = 0;
        }
        if (!size || size > left || size > RING_BYTES - at)
                return false;
        *ret_record = (struct ring_record){ size, (uint32_t)(word >> 16) & 0xffff, (uint32_t)(word >> 32), size / RING_UNIT - 1,
                                            (const uint64_t *)(const void *)(ring->records + at) + 1 };
        return true;
}

/* The record that ring_next found is not looked at any more. */
static inline void ring_done(struct ring *ring, const struct ring_record *record)
{
        ring->tail += record->size;
        if (ring->tail - ring->passed >= RING_PASS)
                ring_pass(ring);
}

#endif
