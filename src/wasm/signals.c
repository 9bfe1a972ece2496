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

#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1u << 31) /* linux/signal.h, which cannot be included beside signal.h */
#endif

static const int numbers[] = { SIGSEGV, SIGBUS };

/* If the host installs a handler of its own over Ward's, Ward puts itself in front again when it next needs to be. The host's
 * may well hand on to the Ward that it found; with one entry for both places they would call each other for ever. So each place
 * in the chain has an entry of its own, used once, which knows what came before it. */
enum { PLACES = 8 };
static struct sigaction before[PLACES][COUNT_OF(numbers)];
static unsigned taken[COUNT_OF(numbers)];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;

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

void wasm_signals_leave(const ucontext_t *context)
{
        /* The kernel has taken away a signal stack that it was asked to disarm. */
        if ((unsigned)context->uc_stack.ss_flags & SS_AUTODISARM)
                sigaltstack(&context->uc_stack, NULL);
        pthread_sigmask(SIG_SETMASK, &context->uc_sigmask, NULL);
}

/* --- Handing on ------------------------------------------------------------------------------- */

/* A fault happens again on return; a signal that somebody sent does not. */
static void hand_on_default(int number, siginfo_t *info)
{
        sigaction(number, &(struct sigaction){ .sa_handler = SIG_DFL }, NULL);
        if (info->si_code <= 0)
                syscall(SYS_rt_tgsigqueueinfo, getpid(), gettid(), number, info);
}

static void unblock(int number)
{
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, number);
        pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static void hand_on(int number, siginfo_t *info, void *context, struct sigaction *to)
{
        struct sigaction handler = *to;
        if (!(handler.sa_flags & SA_SIGINFO) && handler.sa_handler == SIG_IGN && info->si_code <= 0)
                return;
        /* The kernel does not let a fault be ignored. */
        if (!(handler.sa_flags & SA_SIGINFO) && (handler.sa_handler == SIG_IGN || handler.sa_handler == SIG_DFL)) {
                hand_on_default(number, info);
                return;
        }
        if ((unsigned)handler.sa_flags & SA_RESETHAND)
                *to = (struct sigaction){ .sa_handler = SIG_DFL };
        if (handler.sa_flags & SA_NODEFER)
                unblock(number);
        pthread_sigmask(SIG_BLOCK, &handler.sa_mask, NULL); /* until the return from the signal */
        if (handler.sa_flags & SA_SIGINFO)
                handler.sa_sigaction(number, info, context);
        else
                handler.sa_handler(number);
}

static void handle(unsigned place, int number, siginfo_t *info, void *context)
{
        int saved = errno;
        if (is_look(info)) {
                wasm_signals_look(context);
        } else {
                wasm_signals_fault(info, context);
                errno = saved;
                hand_on(number, info, context, &before[place][number == SIGBUS]);
        }
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

/* Without SA_RESTART: a module's write or sleep is to be interrupted. Without SA_NODEFER: a thread that is made to look faster
 * than it can would stack handler upon handler until its signal stack ends. */
static int install(unsigned i)
{
        struct sigaction current, ours = { .sa_flags = SA_SIGINFO | SA_ONSTACK };
        if (sigaction(numbers[i], NULL, &current) < 0)
                return errno;
        if (is_ours(&current))
                return 0;
        if (taken[i] == PLACES)
                return EBUSY;
        before[taken[i]][i] = current;
        ours.sa_sigaction = places[taken[i]++];
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

/* A child that was forked while another thread held the lock would never get it. */
static void init_once(void)
{
        pthread_atfork(take, give, give);
        stay_loaded();
        barrier_prepare();
}

int wasm_signals_install(struct ward_fault *fault)
{
        int error = 0;
        pthread_once(&once, init_once);
        take();
        for (unsigned i = 0; i < COUNT_OF(numbers) && !error; i++)
                error = install(i);
        give();
        if (error == EBUSY)
                return fault_set(fault, WARD_FAULT_SYSTEM,
                                 "the host has replaced Ward's handlers of SIGSEGV and SIGBUS %d times: install yours once, before "
                                 "the first WebAssembly add-in is activated",
                                 PLACES);
        return error ? fault_set_errno(fault, WARD_FAULT_SYSTEM, error, "cannot handle SIGSEGV and SIGBUS") : 0;
}
