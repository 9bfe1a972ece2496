/* A channel: the shared memory in which a host and a worker call each other, and the bell that wakes the other side.
 *
 *      host                                                          worker
 *      1. channel_new                                                2. channel_attach (its descriptor)
 *      3. arena_take, channel_send         ------ mailbox ------>    4. channel_wait, channel_receive, run
 *      6. channel_wait, channel_receive    <----- mailbox -------    5. arena_take, channel_send
 *      7. channel_finish
 *
 * The memory is one memfd of fixed size, sealed against shrinking, growing and further seals, so that no touch of it can
 * fail in the host for the worker's doing. It is one linear memory: offsets are 32 bits and count from its start.
 *
 *      | mailbox | last words |     down arena: host writes   |   up arena: worker writes   |
 *      0                        CHANNEL_CONTROL               + arena                       + arena
 *
 * Each side takes memory from its own arena only, from the bottom up, and gives it back in the reverse order; what is taken and
 * what is free each side keeps to itself. The sides strictly alternate: who has sent a message waits for the next one, so a message
 * may be read until one is sent, and what it points at lives as long.
 *
 * The mailbox, for both ways, since the sides alternate: the line that brought a message is the one that takes the answer, so that
 * it crosses twice a call, and no other does (first line: what a call of up to CHANNEL_FIRST_SLOTS scalars touches):
 *
 *      | bell | kind | instance | function | slot 0 | slot 1 | … | slot 5 |    one cache line
 *      | slot 6 | …                                            | slot 15 |    only where they are used
 *
 * The bell is a sequence number, two a message, and in bit 0 ASLEEP: "the reader sleeps". The writer fills the mailbox, then
 * exchanges the bell for the next number (release); the reader loads the bell (acquire) until it is that number. A reader that
 * goes to sleep first turns the old number into the old number | ASLEEP by compare-and-swap, then sleeps in a futex as long as the
 * bell has that value. No wake-up is lost: either the swap comes first, so the writer's exchange returns ASLEEP and it wakes the
 * reader (the futex checks the value once more under the kernel's lock); or the exchange comes first, and the swap fails. And no
 * system call is made while the reader spins.
 *
 * The host trusts nothing here: it loads each word once, with the functions below, and judges the copy. */
#ifndef CHANNEL_CHANNEL_H
#define CHANNEL_CHANNEL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <ward/fault.h>
#include "base/clock.h"

enum {
        CHANNEL_SLOTS = 16,
        CHANNEL_FIRST_SLOTS = 6,
        CHANNEL_CONTROL = 16384,
        CHANNEL_ASLEEP = 1,
        CHANNEL_STEP = 2, /* of the sequence */
};

#define CHANNEL_ARENA_DEFAULT ((uint64_t)256 << 20)
#define CHANNEL_ARENA_MAX     (((uint64_t)1 << 31) - CHANNEL_CONTROL)

/* Two lines apart, since processors fetch them in pairs. */
struct mailbox {
        _Alignas(128) _Atomic uint32_t bell;
        _Atomic uint32_t kind;
        _Atomic uint32_t instance;
        _Atomic uint32_t function;
        _Atomic uint64_t slots[CHANNEL_SLOTS];
};

/* What a worker writes before it dies, if it still can: see words.h. */
struct last_words;

/* One side's own arena: offsets in the linear memory. */
struct arena {
        uint32_t start;
        uint32_t end;
        uint32_t top;
        uint32_t high; /* the highest top since memory was last given back */
};

/* One side of a channel, private to it. */
struct channel {
        uint8_t *base;
        uint64_t size;
        struct mailbox *box;
        struct arena arena;
        uint32_t sequence; /* of the last message, either way */
        bool spins;        /* more than one processor is there for the two sides */
        uint8_t quiet;     /* long waits in a row: after some of them, waits do not begin with spinning */
        int fd;            /* host: the memfd; worker: -1 */
};

/* The host's side. @arena_bytes: of each arena, 0 for the default. Forked children of the host do not have the memory. */
int channel_new(uint64_t arena_bytes, struct channel *ret_channel, struct ward_fault *fault);
/* The worker's side. 0, or a negative errno; @fd stays the caller's. */
int channel_attach(int fd, struct channel *ret_channel);
/* Unmaps and closes. In a forked child of the host, which has no mapping, @forked: only closes. */
void channel_finish(struct channel *channel, bool forked);

struct last_words *channel_words(const struct channel *channel);

/* Makes room for @size bytes at alignment @align in the own arena; 0, or 1 if it is full. */
int arena_take(struct arena *arena, uint32_t size, uint32_t align, uint32_t *ret_at);

/* Back to @mark, an earlier arena.top. What lies above CHANNEL_KEEP is returned to the system when the arena is empty. */
void channel_trim(struct channel *channel);

enum { CHANNEL_KEEP = 16 << 20 };

static inline void channel_release(struct channel *channel, uint32_t mark)
{
        struct arena *arena = &channel->arena;
        arena->top = mark;
        if (mark == arena->start && arena->high - arena->start > CHANNEL_KEEP)
                channel_trim(channel);
}

/* The slow half of channel_send. */
void channel_wake(struct mailbox *box);

/* Sends a message with @n slots. */
static inline void channel_send(struct channel *channel, uint32_t kind, uint32_t instance, uint32_t function, const uint64_t *slots,
                                uint32_t n)
{
        struct mailbox *box = channel->box;
        atomic_store_explicit(&box->kind, kind, memory_order_relaxed);
        atomic_store_explicit(&box->instance, instance, memory_order_relaxed);
        atomic_store_explicit(&box->function, function, memory_order_relaxed);
        for (uint32_t i = 0; i < n; i++)
                atomic_store_explicit(&box->slots[i], slots[i], memory_order_relaxed);
        channel->sequence += CHANNEL_STEP;
        if (atomic_exchange_explicit(&box->bell, channel->sequence, memory_order_acq_rel) & CHANNEL_ASLEEP)
                channel_wake(box);
}

enum channel_outcome {
        CHANNEL_MESSAGE = 0,  /* one is there */
        CHANNEL_GUARD = 1,    /* none, and the guard is 0 */
        CHANNEL_DEADLINE = 2, /* none, and the deadline has passed */
        CHANNEL_BROKEN = 3,   /* the bell is neither the last message's nor the next one's */
};

/* Waits for a message: spins a while, then sleeps. @guard: a word of the caller's own process that ends the wait when it becomes 0
 * and is woken (futex, private), or NULL. @deadline: CLOCK_NEVER for none. A message that is there wins over guard and deadline. */
enum channel_outcome channel_wait(struct channel *channel, const _Atomic uint32_t *guard, uint64_t deadline);

/* Ends the waits on @guard: sets it to 0 and wakes. */
void channel_guard_end(_Atomic uint32_t *guard);

/* The head of a message, copied. */
struct message {
        uint32_t kind;
        uint32_t instance;
        uint32_t function;
};

/* Takes the message that channel_wait found. */
static inline struct message channel_receive(struct channel *channel)
{
        struct mailbox *box = channel->box;
        channel->sequence += CHANNEL_STEP;
        return (struct message){ atomic_load_explicit(&box->kind, memory_order_relaxed),
                                 atomic_load_explicit(&box->instance, memory_order_relaxed),
                                 atomic_load_explicit(&box->function, memory_order_relaxed) };
}

/* Copies its first @n slots, at most CHANNEL_SLOTS. */
static inline void channel_slots(const struct channel *channel, uint64_t *ret_slots, uint32_t n)
{
        for (uint32_t i = 0; i < n; i++)
                ret_slots[i] = atomic_load_explicit(&channel->box->slots[i], memory_order_relaxed);
}

#endif
