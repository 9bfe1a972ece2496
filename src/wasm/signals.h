/* SIGSEGV and SIGBUS: how the bounds of linear memories are checked, and how a thread is made to look up from a module's code. The
 * handlers are process-wide and stay; whatever is not a module's they hand on to the handler that was there before, as the kernel
 * would have called it (handon.h).
 *
 * A host may install handlers of its own over them. Ward puts its own in front again when it next needs them: when an instance is
 * made, when a thread first enters one, and before a thread is made to look. The host's may hand on to the Ward that it found;
 * nothing is called for ever. Two copies of Ward in one process stand behind one another. Where the library of src/preload is
 * loaded, that has the handlers, and nobody replaces them.
 */
#ifndef WASM_SIGNALS_H
#define WASM_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>
#include <ward/fault.h>

/* Sees to it that Ward's handlers are called first. Cheap when they are. */
int wasm_signals_install(struct ward_fault *fault);

/* Whether handlers of Ward's were found replaced, and put in front again, since this was last asked: bit n for signal n. */
uint64_t wasm_signals_replaced(void);
/* Whose handler of @number was found there last: an address to tell people of; NULL where it is none. */
const void *wasm_signals_replacer(int number);

/* Deals with the signal if it is Ward's: a fault of a module's, or a look. Else false. May not return. Async-signal-safe. */
bool wasm_signals_handle(int number, siginfo_t *info, void *context);

/* Makes wasm_signals_look run on @thread, of this process, soon. */
void wasm_signals_send(uint32_t thread);

/* trap.c: what the handlers call. Either may leave by a long jump, after wasm_signals_leave. */
void wasm_signals_fault(const siginfo_t *info, const ucontext_t *context);
void wasm_signals_look(const ucontext_t *context);

/* Makes the thread's signal state again what it was when @context was interrupted, as a return from the handler would: before the
 * signal's stack is left, and the rest behind that. */
void wasm_signals_leave(const ucontext_t *context);
void wasm_signals_left(void);

#endif
