#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "channel/channel.h"

/* Looks at the bell: so many before the clock is first read, and between two readings. A few microseconds. */
enum { LOOKS = 32 };

/* The wait without futex_waitv, where a sandbox around the host refuses it: only the bell wakes it, the guard is looked at this
 * often. */
enum { SLICE_NS = 2000000 };

static _Atomic bool waitv_is_missing;

/* Between two looks. One who looks without a pause takes the line away from the other side again and again while that writes its
 * answer there. */
static inline void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
        __builtin_ia32_pause();
        __builtin_ia32_pause();
#elif defined(__aarch64__)
        __asm__ volatile("isb" ::: "memory");
#endif
}

void channel_wake(struct mailbox *box)
{
        syscall(SYS_futex, &box->bell, FUTEX_WAKE, 1, NULL, NULL, 0);
}

void channel_guard_end(_Atomic uint32_t *guard)
{
        atomic_store(guard, 0);
        syscall(SYS_futex, guard, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
}

enum { NOTHING_YET = -1 };

/* What one look at the bell and the guard says: an outcome, or NOTHING_YET. */
static inline int look(const struct channel *channel, const _Atomic uint32_t *guard, uint32_t *ret_bell)
{
        uint32_t bell = atomic_load_explicit(&channel->box->bell, memory_order_acquire);
        uint32_t sequence = bell & ~(uint32_t)CHANNEL_ASLEEP;
        *ret_bell = bell;
        if (sequence == channel->sequence + CHANNEL_STEP)
                return CHANNEL_MESSAGE;
        if (sequence != channel->sequence)
                return CHANNEL_BROKEN;
        if (guard && !atomic_load_explicit(guard, memory_order_relaxed))
                return CHANNEL_GUARD;
        return NOTHING_YET;
}

static inline int look_on(const struct channel *channel, const _Atomic uint32_t *guard)
{
        uint32_t bell;
        for (int i = 0; i < LOOKS; i++) {
                int outcome = look(channel, guard, &bell);
                if (outcome != NOTHING_YET)
                        return outcome;
                relax();
        }
        return NOTHING_YET;
}

/* Spins for @ns at most, from *@now on, and moves that. */
static int spin(struct channel *channel, const _Atomic uint32_t *guard, uint64_t deadline, uint64_t ns, uint64_t *now)
{
        uint64_t start = *now;
        for (;;) {
                int outcome = look_on(channel, guard);
                uint64_t before = *now;
                *now = clock_now();
                if (*now - before > TUNE_JUMP && tune_jumped(&channel->tune, *now - before, *now))
                        return outcome;
                if (outcome != NOTHING_YET || *now - start >= ns || *now >= deadline)
                        return outcome;
        }
}

static int sleep_on_bell(const _Atomic uint32_t *bell, uint32_t value, uint64_t until)
{
        struct timespec at = clock_timespec(until);
        return (int)syscall(SYS_futex, bell, FUTEX_WAIT_BITSET, value, until == CLOCK_NEVER ? NULL : &at, NULL,
                            FUTEX_BITSET_MATCH_ANY);
}

static int sleep_on_both(const _Atomic uint32_t *bell, uint32_t value, const _Atomic uint32_t *guard, uint32_t guarded,
                         uint64_t until)
{
        struct timespec at = clock_timespec(until);
        struct futex_waitv waits[] = {
                { .val = value, .uaddr = (uintptr_t)bell, .flags = FUTEX_32 },
                { .val = guarded, .uaddr = (uintptr_t)guard, .flags = FUTEX_32 | FUTEX_PRIVATE_FLAG },
        };
        return (int)syscall(SYS_futex_waitv, waits, 2, 0, until == CLOCK_NEVER ? NULL : &at, CLOCK_MONOTONIC);
}

/* Sleeps as long as the bell is @value and the guard is not 0, or shorter. */
static void doze(const struct channel *channel, uint32_t value, const _Atomic uint32_t *guard, uint64_t deadline)
{
        const _Atomic uint32_t *bell = &channel->box->bell;
        if (!guard) {
                sleep_on_bell(bell, value, deadline);
                return;
        }
        uint32_t guarded = atomic_load_explicit(guard, memory_order_relaxed);
        if (!guarded)
                return;
        if (!atomic_load_explicit(&waitv_is_missing, memory_order_relaxed)) {
                if (sleep_on_both(bell, value, guard, guarded, deadline) >= 0 || (errno != ENOSYS && errno != EPERM))
                        return;
                atomic_store_explicit(&waitv_is_missing, true, memory_order_relaxed);
        }
        uint64_t slice = clock_now() + SLICE_NS;
        sleep_on_bell(bell, value, slice < deadline ? slice : deadline);
}

static int rest(struct channel *channel, const _Atomic uint32_t *guard, uint64_t deadline)
{
        for (;;) {
                uint32_t bell;
                int outcome = look(channel, guard, &bell);
                if (outcome != NOTHING_YET)
                        return outcome;
                if (deadline != CLOCK_NEVER && clock_now() >= deadline)
                        return CHANNEL_DEADLINE;
                uint32_t asleep = bell | CHANNEL_ASLEEP;
                if (bell == asleep || atomic_compare_exchange_strong(&channel->box->bell, &bell, asleep))
                        doze(channel, asleep, guard, deadline);
        }
}

/* Beyond the first looks. */
static __attribute__((noinline)) int wait_on(struct channel *channel, const _Atomic uint32_t *guard, uint64_t deadline)
{
        uint64_t start = clock_now(), now = start;
        uint64_t ns = tune_begin(&channel->tune, start);
        int outcome = ns ? spin(channel, guard, deadline, ns, &now) : NOTHING_YET;
        bool sleeps = outcome == NOTHING_YET;
        if (sleeps) {
                outcome = rest(channel, guard, deadline);
                now = clock_now();
        }
        tune_end(&channel->tune, now - start, sleeps, now);
        return outcome;
}

enum channel_outcome channel_wait(struct channel *channel, const _Atomic uint32_t *guard, uint64_t deadline)
{
        if (!channel->spins)
                return (enum channel_outcome)rest(channel, guard, deadline);
        int outcome = tune_looks(&channel->tune) ? look_on(channel, guard) : NOTHING_YET;
        if (outcome == NOTHING_YET)
                return (enum channel_outcome)wait_on(channel, guard, deadline);
        tune_quick(&channel->tune);
        return (enum channel_outcome)outcome;
}
