/* Turns: a recursive lock with a deadline, for what is taken on each call and by one thread mostly.
 *
 * The first thread that enters becomes the favourite: it comes and goes by plain loads and stores, and looks each time whether
 * somebody else has come. Who comes first from elsewhere makes the turn shared, for good: it says so, has every processor of this
 * process pass a barrier (membarrier(2)), and waits until the favourite is out. From then on all take the common way, which is one
 * atomic operation to take and one to give; who waits there sleeps in a futex (the third scheme of Drepper's "Futexes Are Tricky").
 *
 * Why the favourite needs no barrier: it stores @inside, then loads @shared; the other stores @shared, passes the barrier, then
 * loads @inside. The barrier comes either before the favourite's load, which then sees @shared, or behind its store, which the
 * other then sees. On the way out it loads @shared first, for by its 0 the turn may be the other's to free: so the 0 may come
 * without a word, and who waits for it looks now and then. */
#ifndef BASE_TURN_H
#define BASE_TURN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TURN_FREE = 0, TURN_TAKEN = 1, TURN_AWAITED = 2 };

/* All zeros is a turn that nobody has. A thread is known by the place of its own @turn_thread. */
struct turn {
        _Atomic(const void *) favourite; /* set once, by who has the word */
        _Atomic uint32_t inside;         /* how often the favourite is in by its own way; only it writes here */
        _Atomic bool shared;
        _Atomic uint32_t word;       /* the common way */
        _Atomic(const void *) owner; /* who has the word, by that way */
        uint32_t depth;              /* the owner's */
};

extern __thread char turn_thread __attribute__((tls_model("initial-exec"), visibility("hidden")));

/* Lets turns have favourites, where the kernel offers the barrier. To be called before the first turn is used; cheap to repeat. */
void turn_prepare(void);

/* Takes the turn by @deadline (CLOCK_NEVER: however long it takes), by the common way. True with the turn. */
bool turn_take(struct turn *turn, uint64_t deadline);

/* The slow halves of what follows: the common way in, without waiting, and out; and a word to who waits for the favourite. */
bool turn_enter_slowly(struct turn *turn);
void turn_give_common(struct turn *turn);
void turn_tell(struct turn *turn);

/* By the favourite, inside: it is to leave, and to come again, the common way. */
static inline void turn_share(struct turn *turn)
{
        atomic_store_explicit(&turn->shared, true, memory_order_relaxed);
}

static inline bool turn_is_favourite(const struct turn *turn)
{
        return atomic_load_explicit(&turn->favourite, memory_order_relaxed) == &turn_thread;
}

/* Whether this thread has it. */
static inline bool turn_is_mine(const struct turn *turn)
{
        return atomic_load_explicit(&turn->owner, memory_order_relaxed) == &turn_thread ||
               (turn_is_favourite(turn) && atomic_load_explicit(&turn->inside, memory_order_relaxed));
}

/* Takes the turn if that needs no waiting, and makes this thread the favourite if there is none. */
static inline bool turn_enter(struct turn *turn)
{
        if (!turn_is_favourite(turn))
                return turn_enter_slowly(turn);
        uint32_t inside = atomic_load_explicit(&turn->inside, memory_order_relaxed);
        atomic_store_explicit(&turn->inside, inside + 1, memory_order_relaxed);
        atomic_signal_fence(memory_order_seq_cst);
        return inside || !atomic_load_explicit(&turn->shared, memory_order_relaxed) || turn_enter_slowly(turn);
}

static inline void turn_give(struct turn *turn)
{
        uint32_t inside = atomic_load_explicit(&turn->inside, memory_order_relaxed);
        if (!inside || !turn_is_favourite(turn)) {
                turn_give_common(turn);
                return;
        }
        bool shared = atomic_load_explicit(&turn->shared, memory_order_relaxed);
        atomic_store_explicit(&turn->inside, inside - 1, memory_order_release);
        if (shared)
                turn_tell(turn);
}

#endif
