/* Turns: a recursive lock with a deadline, for what is taken on each call and by one thread mostly. Taking and giving it,
 * uncontended, is one atomic operation each and nothing else. Who waits sleeps in a futex (futex(2); the scheme is the third of
 * Drepper's "Futexes Are Tricky"). */
#ifndef BASE_TURN_H
#define BASE_TURN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TURN_FREE = 0, TURN_TAKEN = 1, TURN_AWAITED = 2 };

/* All zeros is a turn that nobody has. */
struct turn {
        _Atomic uint32_t word;
        _Atomic(const void *) owner; /* a place of the thread's own; only the owner's own value says anything to it */
        uint32_t depth;              /* the owner's */
};

extern __thread char turn_thread __attribute__((tls_model("initial-exec"), visibility("hidden")));

/* The slow halves: waits for the turn until @deadline (CLOCK_NEVER: for ever), true if it came; wakes one who waits. */
bool turn_await(struct turn *turn, uint64_t deadline);
void turn_wake(struct turn *turn);

/* Whether this thread has the turn. */
static inline bool turn_is_mine(const struct turn *turn)
{
        return atomic_load_explicit(&turn->owner, memory_order_relaxed) == &turn_thread;
}

static inline void turn_own(struct turn *turn)
{
        atomic_store_explicit(&turn->owner, &turn_thread, memory_order_relaxed);
        turn->depth = 1;
}

/* Takes it if that needs no waiting. */
static inline bool turn_try(struct turn *turn)
{
        uint32_t expected = TURN_FREE;
        if (turn_is_mine(turn)) {
                turn->depth++;
                return true;
        }
        if (!atomic_compare_exchange_strong_explicit(&turn->word, &expected, TURN_TAKEN, memory_order_acquire,
                                                     memory_order_relaxed))
                return false;
        turn_own(turn);
        return true;
}

/* True with the turn, which turn_give gives back; false past the deadline. */
static inline bool turn_take(struct turn *turn, uint64_t deadline)
{
        return turn_try(turn) || turn_await(turn, deadline);
}

static inline void turn_give(struct turn *turn)
{
        if (--turn->depth)
                return;
        atomic_store_explicit(&turn->owner, NULL, memory_order_relaxed);
        if (atomic_exchange_explicit(&turn->word, TURN_FREE, memory_order_release) == TURN_AWAITED)
                turn_wake(turn);
}

#endif
