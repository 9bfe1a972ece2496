#include "wasm/signals.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/barrier.h"
#include "base/fault.h"
#include "base/own.h"
#include "wasm/handon.h"

#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1u << 31) /* linux/signal.h, which cannot be included beside signal.h */
#endif

static const int numbers[] = { SIGSEGV, SIGBUS };
enum { SIGNALS = COUNT_OF(numbers) };

/* If the host installs a handler of its own over Ward's, Ward puts itself in front again when it next needs to be. The host's
 * may well hand on to the Ward that it found; with one entry for both places they would call each other for ever. So each place
 * in the chain has an entry of its own, which knows what came before it. When all are used, the last one is used again. */
enum { PLACES = 8 };
static struct handon_slot before[PLACES][SIGNALS];
static unsigned taken[SIGNALS];
static _Atomic uint64_t replaced; /* bit n: signal n */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool preloaded; /* the library that is preloaded has the handlers */

/* The signal that this thread is handing on right now, and from which place. A host that remembers but one handler to hand on to,
 * and has installed its own more than once, comes back to a place that was passed: then it is the turn of the one before. */
struct handing {
        const void *context;
        uintptr_t sp; /* who is called by the handler it was handed to has less */
        unsigned place;
};
static __thread struct handing handing __attribute__((tls_model("initial-exec")));

/* Its address marks Ward's own signals: this copy's, should there be several. */
static char mark;

static bool is_look(const siginfo_t *info)
{
        return info->si_code == SI_QUEUE && info->si_value.sival_ptr == &mark;
}

void wasm_signals_send(uint32_t thread)
{
        siginfo_t info = { .si_signo = SIGSEGV, .si_code = SI_QUEUE };
        info.si_pid = getpid();
        info.si_uid = getuid();
        info.si_value.sival_ptr = &mark;
        syscall(SYS_rt_tgsigqueueinfo, getpid(), (pid_t)thread, SIGSEGV, &info);
}

/* A signal stack that the kernel was asked to disarm, and has: it comes back when this thread is off it, for the next signal begins
 * at its top again, whoever is on it. */
static __thread stack_t disarmed __attribute__((tls_model("initial-exec")));

void wasm_signals_leave(const ucontext_t *context)
{
        if ((unsigned)context->uc_stack.ss_flags & SS_AUTODISARM)
                disarmed = context->uc_stack;
        pthread_sigmask(SIG_SETMASK, &context->uc_sigmask, NULL);
}

void wasm_signals_left(void)
{
        if (!disarmed.ss_sp)
                return;
        sigaltstack(&disarmed, NULL);
        disarmed.ss_sp = NULL;
}

bool wasm_signals_handle(int number, siginfo_t *info, void *context)
{
        int saved = errno;
        if ((number != SIGSEGV && number != SIGBUS) || !info || !context)
                return false;
        if (is_look(info))
                wasm_signals_look(context);
        else
                wasm_signals_fault(info, context);
        errno = saved;
        return is_look(info);
}

/* --- Handing on ------------------------------------------------------------------------------- */

static void moved(const void *context, uintptr_t sp)
{
        handing.context = context;
        handing.sp = sp;
}

static bool comes_again(unsigned place, const void *context, uintptr_t sp)
{
        return handing.context == context && sp < handing.sp && place >= handing.place;
}

/* A handler may leave by a long jump: then what is left in @handing is of a frame that is gone, and nobody is below it. */
static void hand_on(unsigned place, int number, siginfo_t *info, void *context)
{
        struct handing outer = handing;
        uintptr_t sp = (uintptr_t)__builtin_frame_address(0);
        if (comes_again(place, context, sp)) {
                if (!handing.place) {
                        handon_default(number, info);
                        return;
                }
                place = handing.place - 1;
        }
        handing = (struct handing){ context, sp, place };
        handon_call(&before[place][number == SIGBUS], number, info, context, moved);
        handing = outer;
}

static void handle(unsigned place, int number, siginfo_t *info, void *context)
{
        int saved = errno;
        if (!wasm_signals_handle(number, info, context))
                hand_on(place, number, info, context);
        errno = saved;
}

/* --- Places ----------------------------------------------------------------------------------- */

#define PLACE(n)                                                                                                                   \
        static void handle_##n(int number, siginfo_t *info, void *context)                                                         \
        {                                                                                                                          \
                handle(n, number, info, context);                                                                                  \
        }

PLACE(0)
PLACE(1)
PLACE(2)
PLACE(3)
PLACE(4)
PLACE(5)
PLACE(6)
PLACE(7)

static void (*const places[PLACES])(int, siginfo_t *, void *) = {
        handle_0, handle_1, handle_2, handle_3, handle_4, handle_5, handle_6, handle_7,
};

static bool is_ours(const struct sigaction *action)
{
        for (unsigned i = 0; i < PLACES; i++)
                if (action->sa_flags & SA_SIGINFO && action->sa_sigaction == places[i])
                        return true;
        return false;
}

/* A handler must outlive a dlclose of what it was linked into. */
static void stay_loaded(void)
{
        Dl_info info;
        if (!dladdr(&mark, &info) || !info.dli_fname)
                return;
        void *self = dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
        if (self)
                dlclose(self);
}

/* Where @current, which is not Ward's, goes: the host that puts back the same handler again and again needs no place for each. */
static unsigned place_before(unsigned i, const struct sigaction *current)
{
        struct sigaction last;
        if (!taken[i])
                return taken[i]++;
        handon_slot_get(&before[taken[i] - 1][i], &last);
        if (last.sa_sigaction == current->sa_sigaction || taken[i] == PLACES)
                return taken[i] - 1;
        return taken[i]++;
}

/* Without SA_RESTART: a module's write or sleep is to be interrupted. Without SA_NODEFER: a thread that is made to look faster
 * than it can would stack handler upon handler until its signal stack ends. */
static int install(unsigned i)
{
        struct sigaction current, ours = { .sa_flags = SA_SIGINFO | SA_ONSTACK };
        if (sigaction(numbers[i], NULL, &current) < 0)
                return errno;
        if (is_ours(&current))
                return 0;
        if (taken[i])
                atomic_fetch_or(&replaced, UINT64_C(1) << numbers[i]);
        unsigned place = place_before(i, &current);
        handon_slot_set(&before[place][i], &current);
        ours.sa_sigaction = places[place];
        return sigaction(numbers[i], &ours, NULL) < 0 ? errno : 0;
}

static void take(void)
{
        pthread_mutex_lock(&lock);
}

static void give(void)
{
        pthread_mutex_unlock(&lock);
}

/* <ward/signal.h> says what that library is. */
static bool claim(void)
{
        int (*claimed)(bool (*handle)(int, siginfo_t *, void *));
        void *symbol = dlsym(RTLD_DEFAULT, "ward_preload_claim");
        memcpy(&claimed, &symbol, sizeof claimed);
        return symbol && !claimed(wasm_signals_handle);
}

/* A child that was forked while another thread held the lock would never get it. */
static void init_once(void)
{
        pthread_atfork(take, give, give);
        stay_loaded();
        barrier_prepare();
        preloaded = claim();
}

static bool in_place(void)
{
        struct sigaction current;
        for (unsigned i = 0; i < SIGNALS; i++)
                if (sigaction(numbers[i], NULL, &current) < 0 || !is_ours(&current))
                        return false;
        return true;
}

int wasm_signals_install(struct ward_fault *fault)
{
        int error = 0;
        sigset_t all, mask; /* a signal that came while a place is written would wait for that for ever */
        pthread_once(&once, init_once);
        if (preloaded || in_place())
                return 0;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &mask);
        take();
        for (unsigned i = 0; i < SIGNALS && !error; i++)
                error = install(i);
        give();
        pthread_sigmask(SIG_SETMASK, &mask, NULL);
        return error ? fault_set_errno(fault, WARD_FAULT_SYSTEM, error, "cannot handle SIGSEGV and SIGBUS") : 0;
}

uint64_t wasm_signals_replaced(void)
{
        return atomic_load_explicit(&replaced, memory_order_relaxed) ? atomic_exchange(&replaced, 0) : 0;
}

const void *wasm_signals_replacer(int number)
{
        unsigned i = number == SIGBUS;
        struct sigaction action;
        const void *handler;
        take();
        handon_slot_get(&before[taken[i] ? taken[i] - 1 : 0][i], &action);
        give();
        memcpy(&handler, &action.sa_sigaction, sizeof handler);
        return action.sa_handler == SIG_DFL || action.sa_handler == SIG_IGN ? NULL : handler;
}
