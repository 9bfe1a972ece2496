#include "base/turn.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/clock.h"

__thread char turn_thread __attribute__((tls_model("initial-exec")));

/* False when the deadline has passed. */
static bool doze(struct turn *turn, uint64_t deadline)
{
        struct timespec until = clock_timespec(deadline);
        return !syscall(SYS_futex, &turn->word, FUTEX_WAIT_BITSET_PRIVATE, TURN_AWAITED, deadline == CLOCK_NEVER ? NULL : &until,
                        NULL, FUTEX_BITSET_MATCH_ANY) ||
               errno != ETIMEDOUT;
}

/* Whoever comes out of here holds it as awaited: there may be others, and to wake nobody is no harm. */
bool turn_await(struct turn *turn, uint64_t deadline)
{
        while (atomic_exchange_explicit(&turn->word, TURN_AWAITED, memory_order_acquire) != TURN_FREE)
                if (!doze(turn, deadline))
                        return false;
        turn_own(turn);
        return true;
}

void turn_wake(struct turn *turn)
{
        syscall(SYS_futex, &turn->word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}
