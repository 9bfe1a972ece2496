/* Handing a signal on to a handler that is not installed any more, as the kernel would have called it: SA_SIGINFO or not, the
 * mask, SA_NODEFER, SA_RESETHAND, the stack that it is to run on, SIG_DFL and SIG_IGN. What cannot be had: SA_RESTART, for the
 * kernel has seen the flags of the handler that is installed.
 *
 * For libward, and for the library that is preloaded (src/preload). Async-signal-safe, but for handon_slot_set. */
#ifndef WASM_HANDON_H
#define WASM_HANDON_H

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* A place for a struct sigaction that handlers read while it is replaced. All zero: SIG_DFL. */
enum { HANDON_WORDS = (sizeof(struct sigaction) + 7) / 8 };
struct handon_slot {
        _Atomic uint32_t version; /* odd while it is written */
        _Atomic bool spent;       /* it came with SA_RESETHAND, and was called */
        _Atomic uint64_t words[HANDON_WORDS];
};

/* One writer at a time, with all signals blocked. */
void handon_slot_set(struct handon_slot *slot, const struct sigaction *action);
/* What sigaction would say. */
void handon_slot_get(const struct handon_slot *slot, struct sigaction *ret_action);

/* From within a handler of @number, which was installed with SA_SIGINFO and SA_ONSTACK, and without SA_NODEFER and a mask of its
 * own: calls the slot's. May not return, as the handler may not; where that wants another stack it does not either: then the end of
 * the handler is the end of the signal, and @moved, unless it is NULL, was called before with the copies of @info and @context, and
 * with the stack pointer that the handler is called with. */
typedef void (*handon_moved)(const void *context, uintptr_t sp);
void handon_call(struct handon_slot *slot, int number, siginfo_t *info, void *context, handon_moved moved);

/* What becomes of a signal that nobody handles. Returns where the process is to end on return from the handler. */
void handon_default(int number, siginfo_t *info);

#endif
