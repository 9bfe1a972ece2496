#include "base/turn.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/barrier.h"
#include "base/clock.h"

enum { LOOK_AGAIN_NS = 2000000 };

__thread char turn_thread __attribute__((tls_model("initial-exec")));

void turn_prepare(void)
{
        barrier_prepare();
}

/* Sleeps as long as *@word is @value; false when the deadline has passed. */
static bool doze(const _Atomic uint32_t *word, uint32_t value, uint64_t deadline)
{
        struct timespec until = clock_timespec(deadline);
        return !syscall(SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, value, deadline == CLOCK_NEVER ? NULL : &until, NULL,
                        FUTEX_BITSET_MATCH_ANY) ||
               errno != ETIMEDOUT;
}

static void wake(const _Atomic uint32_t *word, int most)
{
        syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, most, NULL, NULL, 0);
}

void turn_tell(struct turn *turn)
{
        wake(&turn->inside, INT_MAX);
}

/* --- The common way --------------------------------------------------------------------------- */

static void own(struct turn *turn)
{
        atomic_store_explicit(&turn->owner, &turn_thread, memory_order_relaxed);
        turn->depth = 1;
}

static bool own_again(struct turn *turn)
{
        if (atomic_load_explicit(&turn->owner, memory_order_relaxed) != &turn_thread)
                return false;
        turn->depth++;
        return true;
}

void turn_give_common(struct turn *turn)
{
        if (--turn->depth)
                return;
        atomic_store_explicit(&turn->owner, NULL, memory_order_relaxed);
        if (atomic_exchange_explicit(&turn->word, TURN_FREE, memory_order_release) == TURN_AWAITED)
                wake(&turn->word, 1);
}

/* With the word: whether the favourite, if that is another thread, goes the common way by now and is out. */
static bool is_alone(const struct turn *turn)
{
        if (!atomic_load_explicit(&turn->favourite, memory_order_relaxed) || turn_is_favourite(turn))
                return true;
        return atomic_load_explicit(&turn->shared, memory_order_relaxed) &&
               !atomic_load_explicit(&turn->inside, memory_order_acquire);
}

/* Until the favourite is out, which it may be without a word; false when the deadline has passed. */
static bool await_favourite(struct turn *turn, uint64_t deadline)
{
        for (uint32_t inside; (inside = atomic_load_explicit(&turn->inside, memory_order_acquire));) {
                uint64_t soon = clock_now() + LOOK_AGAIN_NS;
                if (!doze(&turn->inside, inside, soon < deadline ? soon : deadline) && deadline <= soon)
                        return false;
        }
        return true;
}

/* With the word: has the favourite go the common way, and waits until it is out. */
static bool be_alone(struct turn *turn, uint64_t deadline)
{
        if (is_alone(turn))
                return true;
        if (!atomic_load_explicit(&turn->shared, memory_order_relaxed)) {
                atomic_store(&turn->shared, true);
                barrier_heavy();
        }
        return await_favourite(turn, deadline);
}

/* Whoever waited for the word has it as awaited: there may be others, and to wake nobody is no harm. */
static bool take_word(struct turn *turn, uint64_t deadline)
{
        uint32_t expected = TURN_FREE;
        if (atomic_compare_exchange_strong_explicit(&turn->word, &expected, TURN_TAKEN, memory_order_acquire, memory_order_relaxed))
                return true;
        while (atomic_exchange_explicit(&turn->word, TURN_AWAITED, memory_order_acquire) != TURN_FREE)
                if (!doze(&turn->word, TURN_AWAITED, deadline))
                        return false;
        return true;
}

bool turn_take(struct turn *turn, uint64_t deadline)
{
        uint32_t inside = atomic_load_explicit(&turn->inside, memory_order_relaxed);
        if (inside && turn_is_favourite(turn)) {
                atomic_store_explicit(&turn->inside, inside + 1, memory_order_relaxed);
                return true;
        }
        if (own_again(turn))
                return true;
        if (!take_word(turn, deadline))
                return false;
        own(turn);
        if (be_alone(turn, deadline))
                return true;
        turn_give_common(turn);
        return false;
}

/* --- The favourite's -------------------------------------------------------------------------- */

/* With the word, which a favourite does not keep. */
static void become_favourite(struct turn *turn)
{
        atomic_store_explicit(&turn->inside, 1, memory_order_relaxed);
        atomic_store_explicit(&turn->favourite, &turn_thread, memory_order_relaxed);
        turn_give_common(turn);
}

bool turn_enter_slowly(struct turn *turn)
{
        uint32_t expected = TURN_FREE;
        if (turn_is_favourite(turn)) { /* it has stored that it is inside, and seen that the turn is shared */
                atomic_store_explicit(&turn->inside, 0, memory_order_release);
                turn_tell(turn);
        }
        if (own_again(turn))
                return true;
        if (!atomic_compare_exchange_strong_explicit(&turn->word, &expected, TURN_TAKEN, memory_order_acquire,
                                                     memory_order_relaxed))
                return false;
        own(turn);
        if (!atomic_load_explicit(&turn->favourite, memory_order_relaxed) &&
            atomic_load_explicit(&barrier_is_lopsided, memory_order_relaxed)) {
                become_favourite(turn);
                return true;
        }
        if (is_alone(turn))
                return true;
        turn_give_common(turn);
        return false;
}
