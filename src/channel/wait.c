#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "channel/channel.h"

/* How long a wait spins before it sleeps. It must be longer than a wake-up across processors (up to 50 µs in virtual machines):
 * else, once one side sleeps, the other falls asleep before the first is awake, and every later call costs two wake-ups. */
enum { SPIN_NS = 100000, SPINS_PER_LOOK = 64 };

/* A wait longer than LONG_NS is not worth spinning for; after QUIET of them in a row, waits begin with sleeping, until one
 * is short again. LONG_NS is well above SPIN_NS, since the wake-up itself counts when the wait slept. */
enum { LONG_NS = 400000, QUIET = 8 };

/* The wait without futex_waitv, where a sandbox around the host refuses it: only the bell wakes it, the guard is looked at this
 * often. */
enum { SLICE_NS = 2000000 };

static _Atomic bool waitv_is_missing;

static inline void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
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

static int spin(const struct channel *channel, const _Atomic uint32_t *guard, uint64_t deadline)
{
        uint64_t until = 0;
        uint32_t bell;
        for (;;) {
                for (int i = 0; i < SPINS_PER_LOOK; i++) {
                        int outcome = look(channel, guard, &bell);
                        if (outcome != NOTHING_YET)
                                return outcome;
                        relax();
                }
                uint64_t now = clock_now();
                if (!until)
                        until = now + SPIN_NS;
                if (now >= until || now >= deadline)
                        return NOTHING_YET;
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

enum channel_outcome channel_wait(struct channel *channel, const _Atomic uint32_t *guard, uint64_t deadline)
{
        if (channel->spins && channel->quiet < QUIET) {
                int outcome = spin(channel, guard, deadline);
                if (outcome != NOTHING_YET) {
                        channel->quiet = 0;
                        return (enum channel_outcome)outcome;
                }
        }
        uint64_t start = clock_now();
        enum channel_outcome outcome = (enum channel_outcome)rest(channel, guard, deadline);
        if (clock_now() - start < LONG_NS)
                channel->quiet = 0;
        else if (channel->quiet < QUIET)
                channel->quiet++;
        return outcome;
}
