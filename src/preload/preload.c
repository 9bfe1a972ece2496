/* libward-preload.so: for hosts that install handlers of SIGSEGV and SIGBUS after the first WebAssembly add-in was activated, and
 * cannot be changed to ask Ward from them. Loaded by LD_PRELOAD it stands between the host and the C library:
 *
 * 1. Ward finds ward_preload_claim, and says what is to be asked first (wasm/signals.c). This library's handler is installed.
 * 2. From then on, who calls sigaction or signal for one of the two changes only who is called for what is not Ward's. He sees what
 * he would see without this library: his own handler, and those that he replaced.
 *
 * Before 1, and for all other signals, calls go to the C library. Whoever enters the kernel by himself is not noticed.
 * Async-signal-safe where the C library's are, and thread-safe. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include "wasm/handon.h"

#define EXPORT __attribute__((visibility("default")))

/* The C library's own, by the name that this library leaves alone. */
int __sigaction(int number, const struct sigaction *action, struct sigaction *ret_before);

/* Ward, more than once if several parts of the host have brought one along. */
enum { CLAIMS_MAX = 16 };
typedef bool (*handle_signal)(int number, siginfo_t *info, void *context);
static _Atomic(handle_signal) claims[CLAIMS_MAX];

enum { SIGNALS = 2 };
static const int numbers[SIGNALS] = { SIGSEGV, SIGBUS };
static struct handon_slot hosts[SIGNALS]; /* what the host has installed, as far as it knows */
static bool claimed;

/* Not a mutex: the host may call sigaction in a handler. Who holds it has all signals blocked, and does not wait for anything. */
static atomic_flag lock = ATOMIC_FLAG_INIT;

static void enter(sigset_t *ret_mask)
{
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, ret_mask);
        while (atomic_flag_test_and_set_explicit(&lock, memory_order_acquire))
                sched_yield();
}

static void leave(const sigset_t *mask)
{
        atomic_flag_clear_explicit(&lock, memory_order_release);
        pthread_sigmask(SIG_SETMASK, mask, NULL);
}

/* A child that was forked while another thread held the lock would never get it. */
static sigset_t mask_around_fork;

static void before_fork(void)
{
        sigset_t mask;
        enter(&mask);
        mask_around_fork = mask;
}

static void after_fork(void)
{
        sigset_t mask = mask_around_fork;
        leave(&mask);
}

__attribute__((constructor)) static void prepare(void)
{
        pthread_atfork(before_fork, after_fork, after_fork);
}

/* --- The handler ------------------------------------------------------------------------------ */

static void handle(int number, siginfo_t *info, void *context)
{
        int saved = errno;
        bool done = false;
        for (unsigned i = 0; i < CLAIMS_MAX && !done; i++) {
                handle_signal claim = atomic_load(&claims[i]);
                done = claim && claim(number, info, context);
        }
        errno = saved;
        if (!done)
                handon_call(&hosts[number == SIGBUS], number, info, context, NULL);
        errno = saved;
}

/* What the host has installed stays its own. */
static bool install(void)
{
        const struct sigaction ours = { .sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_ONSTACK };
        for (unsigned i = 0; i < SIGNALS && !claimed; i++) {
                struct sigaction before;
                if (__sigaction(numbers[i], NULL, &before))
                        return false;
                handon_slot_set(&hosts[i], &before);
                if (__sigaction(numbers[i], &ours, NULL))
                        return false;
        }
        return claimed = true;
}

/* Has @handle_first asked before anybody else, for as long as the process lives. 0, or -1: there is no room for one more. */
EXPORT int ward_preload_claim(handle_signal handle_first);
int ward_preload_claim(handle_signal handle_first)
{
        sigset_t mask;
        unsigned i = 0;
        enter(&mask);
        while (i < CLAIMS_MAX && atomic_load(&claims[i]) && atomic_load(&claims[i]) != handle_first)
                i++;
        if (i < CLAIMS_MAX)
                atomic_store(&claims[i], handle_first);
        bool done = i < CLAIMS_MAX && install();
        leave(&mask);
        return done ? 0 : -1;
}

/* --- What the host calls ---------------------------------------------------------------------- */

/* @action and @ret_before are this library's own: the host's may be such that reading them is a fault. */
static int exchange(int number, const struct sigaction *action, struct sigaction *ret_before)
{
        sigset_t mask;
        int r = 0;
        enter(&mask);
        if (claimed) {
                handon_slot_get(&hosts[number == SIGBUS], ret_before);
                if (action)
                        handon_slot_set(&hosts[number == SIGBUS], action);
        } else {
                r = __sigaction(number, action, ret_before);
        }
        leave(&mask);
        return r;
}

EXPORT int sigaction(int number, const struct sigaction *action, struct sigaction *ret_before)
{
        struct sigaction to, before;
        if (number != SIGSEGV && number != SIGBUS)
                return __sigaction(number, action, ret_before);
        if (action)
                to = *action;
        int r = exchange(number, action ? &to : NULL, &before);
        if (!r && ret_before)
                *ret_before = before;
        return r;
}

static sighandler_t set(int number, sighandler_t handler, int flags)
{
        struct sigaction action = { .sa_handler = handler, .sa_flags = flags }, before;
        if (!(flags & SA_NODEFER))
                sigaddset(&action.sa_mask, number);
        return sigaction(number, &action, &before) ? SIG_ERR : before.sa_handler;
}

EXPORT sighandler_t signal(int number, sighandler_t handler)
{
        return set(number, handler, SA_RESTART);
}

EXPORT sighandler_t bsd_signal(int number, sighandler_t handler);
sighandler_t bsd_signal(int number, sighandler_t handler)
{
        return set(number, handler, SA_RESTART);
}

/* What <signal.h> makes of signal where only ISO C is asked for. */
EXPORT sighandler_t __sysv_signal(int number, sighandler_t handler);
sighandler_t __sysv_signal(int number, sighandler_t handler)
{
        return set(number, handler, (int)SA_RESETHAND | SA_NODEFER);
}

EXPORT sighandler_t sysv_signal(int number, sighandler_t handler)
{
        return set(number, handler, (int)SA_RESETHAND | SA_NODEFER);
}
