#include "wasm/handon.h"

#include <pthread.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>
#include "wasm/frame.h"

#ifndef BUS_MCEERR_AO
#define BUS_MCEERR_AO 5 /* a page is lost that nobody has touched: a fault that does not come again */
#endif

/* --- Slots ------------------------------------------------------------------------------------ */

void handon_slot_set(struct handon_slot *slot, const struct sigaction *action)
{
        uint64_t words[HANDON_WORDS] = { 0 };
        memcpy(words, action, sizeof *action);
        uint32_t version = atomic_load(&slot->version);
        atomic_store(&slot->version, version + 1);
        for (unsigned i = 0; i < HANDON_WORDS; i++)
                atomic_store(&slot->words[i], words[i]);
        atomic_store(&slot->spent, false);
        atomic_store(&slot->version, version + 2);
}

static void slot_read(const struct handon_slot *slot, struct sigaction *ret_action)
{
        uint64_t words[HANDON_WORDS];
        uint32_t version;
        do {
                version = atomic_load(&slot->version);
                for (unsigned i = 0; i < HANDON_WORDS; i++)
                        words[i] = atomic_load(&slot->words[i]);
        } while (version & 1 || atomic_load(&slot->version) != version);
        memcpy(ret_action, words, sizeof *ret_action);
}

static void be_default(struct sigaction *action)
{
        action->sa_handler = SIG_DFL;
        action->sa_flags &= ~SA_SIGINFO;
}

void handon_slot_get(const struct handon_slot *slot, struct sigaction *ret_action)
{
        slot_read(slot, ret_action);
        if ((unsigned)ret_action->sa_flags & SA_RESETHAND && atomic_load(&slot->spent))
                be_default(ret_action);
}

/* Of two threads that come at once, one is the first. */
static void slot_take(struct handon_slot *slot, struct sigaction *ret_action)
{
        slot_read(slot, ret_action);
        if ((unsigned)ret_action->sa_flags & SA_RESETHAND && atomic_exchange(&slot->spent, true))
                be_default(ret_action);
}

/* --- Nobody handles it ------------------------------------------------------------------------ */

/* A fault happens again on return; a signal that somebody sent does not. */
static bool is_sent(int number, const siginfo_t *info)
{
        return info->si_code <= 0 || (number == SIGBUS && info->si_code == BUS_MCEERR_AO);
}

/* Not by sigaction(), which a library that is preloaded may have made another. The kernel's own struct is all zero for SIG_DFL. */
void handon_default(int number, siginfo_t *info)
{
        static const uint64_t zero[8];
        syscall(SYS_rt_sigaction, number, zero, NULL, sizeof(uint64_t));
        if (is_sent(number, info))
                syscall(SYS_rt_tgsigqueueinfo, getpid(), gettid(), number, info);
}

/* --- On the stack that was interrupted -------------------------------------------------------- */

/* Whether the handler is not to run where this one does. */
static bool is_elsewhere(const struct sigaction *action, const ucontext_t *context)
{
        uintptr_t low = (uintptr_t)context->uc_stack.ss_sp, size = context->uc_stack.ss_size;
        uintptr_t here = (uintptr_t)__builtin_frame_address(0), before = frame_sp(context);
        return !(action->sa_flags & SA_ONSTACK) && here - low < size && before - low >= size;
}

static void call(const struct sigaction *action, int number, siginfo_t *info, void *context, handon_moved moved)
{
        if (is_elsewhere(action, context))
                frame_move(action->sa_sigaction, number, info, context, moved);
        action->sa_sigaction(number, info, context); /* the kernel hands all three to every handler */
}

/* --- As the kernel would ---------------------------------------------------------------------- */

static void unblock(int number)
{
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, number);
        pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

void handon_call(struct handon_slot *slot, int number, siginfo_t *info, void *context, handon_moved moved)
{
        struct sigaction action;
        slot_take(slot, &action);
        /* The kernel does not let a fault be ignored. Neither address is a handler, whatever the flags. */
        if (action.sa_handler == SIG_IGN && is_sent(number, info))
                return;
        if (action.sa_handler == SIG_IGN || action.sa_handler == SIG_DFL) {
                handon_default(number, info);
                return;
        }
        if (action.sa_flags & SA_NODEFER)
                unblock(number);
        pthread_sigmask(SIG_BLOCK, &action.sa_mask, NULL); /* until the return from the signal */
        call(&action, number, info, context, moved);
}
