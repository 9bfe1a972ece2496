/* SIGSEGV and SIGBUS: how the bounds of linear memories are checked, and how a thread is made to look up from a module's code. The
 * handlers are process-wide and stay; whatever is not a module's they hand on to the handler that was there before, as the kernel
 * would have called it.
 *
 * Two copies of Ward in one process, or a host with handlers of its own that hand on what is not theirs, stand behind one another.
 */
#ifndef WASM_SIGNALS_H
#define WASM_SIGNALS_H

#include <signal.h>
#include <stdint.h>
#include <ucontext.h>
#include <ward/fault.h>

/* Sees to it that Ward's handlers are called first. Cheap when they are. */
int wasm_signals_install(struct ward_fault *fault);

/* Makes wasm_signals_look run on @thread, of this process, soon. */
void wasm_signals_send(uint32_t thread);

/* trap.c: what the handlers call. Either may leave by a long jump, after wasm_signals_leave. */
void wasm_signals_fault(const siginfo_t *info, const ucontext_t *context);
void wasm_signals_look(const ucontext_t *context);

/* Makes the thread's signal state again what it was when @context was interrupted, as a return from the handler would. */
void wasm_signals_leave(const ucontext_t *context);

#endif
