/* Channels: the shared memory in which a host and a worker call each other, and the bells that wake the other side.
 *
 *      host                                                          worker
 *      1. shared_new                                                 2. shared_attach (its descriptor)
 *      3. channel_open (host's end of lane n)                        4. channel_open (worker's end of lane n)
 *      5. channel_take, channel_send       ------ mailbox ------>    6. channel_wait, channel_receive, run
 *      8. channel_wait, channel_receive    <----- mailbox -------    7. channel_take, channel_send
 *      9. channel_settle, channel_close, shared_finish
 *
 * The memory of a domain is one memfd of fixed size, sealed against shrinking, growing and further seals, so that no touch of it
 * can fail in the host for the worker's doing. It is one linear memory: offsets are 32 bits and count from its start.
 *
 *      | last words | lane 0: mailbox, words | lane 1 | … | lane 1023 |   arena space, by extents of pages   |
 *      0            CHANNEL_WORDS                                       CHANNEL_CONTROL
 *
 * Each channel has two arenas, one a direction, made of extents of the arena space that only the host hands out (pool.h): it takes
 * those for what it writes, and gives the worker others when asked (MESSAGE_MORE). A side takes memory from its own arena only,
 * from the bottom up, and gives it back in the reverse order. The sides of a channel strictly alternate: who has sent a message
 * waits for the next one, so a message may be read until one is sent, and what it points at lives as long.
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

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <ward/fault.h>
#include "base/clock.h"
#include "channel/pool.h"
#include "channel/tune.h"

enum {
        CHANNEL_SLOTS = 16,
        CHANNEL_FIRST_SLOTS = 6,
        CHANNEL_SPARE = 2, /* the first slot that small results may lie in */
        CHANNEL_LANES = 1024,
        CHANNEL_OWN_LANES = 64, /* the last ones: of threads that add-ins have made themselves (doorbell.h) */
        CHANNEL_OWN_FIRST = CHANNEL_LANES - CHANNEL_OWN_LANES,
        CHANNEL_WORDS = 8192, /* bytes for the last words */
        CHANNEL_CONTROL = 401408,
        CHANNEL_COMING = 4, /* blocks that the host may still write while they are read (coming.h) */
        CHANNEL_ASLEEP = 1,
        CHANNEL_STEP = 2, /* of the sequence */
};

#define CHANNEL_ARENAS_DEFAULT ((uint64_t)512 << 20)
#define CHANNEL_ARENAS_MIN     ((uint64_t)4 * POOL_PAGE)
#define CHANNEL_ARENAS_MAX     (((uint64_t)1 << 32) - CHANNEL_CONTROL - POOL_PAGE)

/* Two lines apart, since processors fetch them in pairs. */
struct mailbox {
        _Alignas(128) _Atomic uint32_t bell;
        _Atomic uint32_t kind;
        _Atomic uint32_t instance;
        _Atomic uint32_t function;
        _Atomic uint64_t slots[CHANNEL_SLOTS];
};

/* What the host says of a lane beside its messages: read by the worker at the beginning of each outermost call, written seldom. */
struct lane_words {
        _Alignas(128) _Atomic uint32_t up_start; /* the extent that the worker's arena begins with */
        _Atomic uint32_t up_end;
        _Atomic uint32_t there; /* coming.h */
        _Atomic uint32_t n_coming;
        struct {
                _Atomic uint32_t at;
                _Atomic uint32_t len;
        } coming[CHANNEL_COMING];
        _Atomic uint32_t cancelled; /* not 0: the host wishes that the call on this lane ended; read when the add-in asks */
};

/* One lane's part of the control pages: number n is the n-th from CHANNEL_WORDS on. */
struct lane_control {
        struct mailbox box;
        struct lane_words words;
};

/* What a worker writes before it dies, if it still can: see words.h. */
struct last_words;

/* --- The memory of a domain ------------------------------------------------------------------- */

/* One side's mapping. */
struct shared {
        uint8_t *base;
        uint64_t size;
        int fd;               /* host: the memfd, until the worker has it; worker: -1 */
        pthread_mutex_t lock; /* host: guards the pool */
        struct pool pool;     /* host */
};

/* The host's side. @arena_bytes: of all arenas together, 0 for the default. Forked children of the host do not have the memory. */
int shared_new(uint64_t arena_bytes, struct shared *ret_shared, struct ward_fault *fault);
/* The worker's side. 0, or a negative errno; @fd stays the caller's. */
int shared_attach(int fd, struct shared *ret_shared);
/* Unmaps and closes. In a forked child of the host, which has no mapping, @forked: only closes. */
void shared_finish(struct shared *shared, bool forked);

struct last_words *shared_words(const struct shared *shared);

/* Host: an extent of at least @bytes for an arena. 0, or 1 where that is not to be had. */
int shared_take(struct shared *shared, uint64_t bytes, struct extent *ret_extent);
/* Host: takes it back; memory of large ones goes back to the system. */
void shared_give(struct shared *shared, struct extent extent);

/* --- A channel -------------------------------------------------------------------------------- */

enum { ARENA_EXTENTS = 24 };

/* One side's own memory in a channel: a stack over a row of extents. */
struct arena {
        uint32_t top;  /* in extents[n - 1] */
        uint32_t n;    /* extents in use */
        uint32_t have; /* those beyond are spare */
        struct extent extents[ARENA_EXTENTS];
};

/* How far an arena is full. */
struct arena_mark {
        uint32_t top;
        uint32_t n;
};

/* One side of a channel, private to it. */
struct channel {
        uint8_t *base; /* of the shared memory */
        uint64_t size;
        struct mailbox *box;
        struct lane_words *words;
        uint32_t sequence; /* of the last message, either way */
        bool spins;        /* more than one processor is there for the two sides */
        struct tune tune;  /* how waits go */
        struct arena arena;
        /* Gets @bytes more for the arena, as an extent; 0, or 1 where they are not to be had. */
        int (*more)(struct channel *channel, uint64_t bytes, struct extent *ret_extent);
        void *context;      /* of @more */
        struct arena given; /* host: what the worker's arena was given */
        bool grown;         /* host: either arena was, since it was settled */
        uint32_t spare;     /* where what is taken may lie in the mailbox itself, from here on; 0: it may not */
};

/* The worker's side of lane @lane; its arena asks by @more, whose @context is the caller's. */
void channel_open(const struct shared *shared, uint32_t lane, struct channel *ret_channel);
/* The host's side, which comes first and makes the mailbox ready, unless the lane is one of an add-in's own threads: those are used
 * by the same two sides as long as there is the memory, and are ready as it is 0. */
void channel_open_host(struct shared *shared, uint32_t lane, struct channel *ret_channel);

/* For a message of more than the first slots: its second line is fetched while it is made. */
static inline void channel_prepare(const struct channel *channel)
{
        __builtin_prefetch(&channel->box->slots[CHANNEL_FIRST_SLOTS], 1);
}

/* Between these two what is taken lies in the mailbox, as far as it fits the slots behind the first two, which nothing else uses
 * then: so a small result needs no other line. For an answer that the other side copies before it says anything. */
static inline void channel_spare_slots(struct channel *channel)
{
        channel->spare = (uint32_t)((const uint8_t *)&channel->box->slots[CHANNEL_SPARE] - channel->base);
}

static inline void channel_use_slots(struct channel *channel)
{
        channel->spare = 0;
}

/* Makes room for @size bytes at alignment @align in the own arena; 0, or 1 if there is none. */
int channel_take(struct channel *channel, uint32_t size, uint32_t align, uint32_t *ret_at);

static inline struct arena_mark channel_mark(const struct channel *channel)
{
        return (struct arena_mark){ channel->arena.top, channel->arena.n };
}

/* Back to an earlier mark. The extents stay the channel's. */
static inline void channel_release(struct channel *channel, struct arena_mark mark)
{
        channel->arena.top = mark.top;
        channel->arena.n = mark.n;
}

/* Worker: at the beginning of an outermost call its arena is what the host has said. */
static inline void channel_begin(struct channel *channel)
{
        uint32_t start = atomic_load_explicit(&channel->words->up_start, memory_order_relaxed);
        uint32_t end = atomic_load_explicit(&channel->words->up_end, memory_order_relaxed);
        channel->arena.n = channel->arena.top = 0;
        channel->arena.have = end != 0;
        channel->arena.extents[0] = (struct extent){ start, end };
}

/* Host: gives the worker's arena an extent of at least @bytes. 0, or 1. */
int channel_give(struct channel *channel, struct shared *shared, uint64_t bytes, struct extent *ret_extent);

/* Host: after an outermost call. Keeps an extent each way, the largest that is not too large. */
void channel_settle_slowly(struct channel *channel, struct shared *shared);
static inline void channel_settle(struct channel *channel, struct shared *shared)
{
        if (channel->grown)
                channel_settle_slowly(channel, shared);
}

/* Host: gives all extents back. The worker must not use the channel any more. */
void channel_close(struct channel *channel, struct shared *shared);

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
