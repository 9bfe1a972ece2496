/* Signals, for hosts with handlers of their own.
 *
 * Kind `wasm` needs SIGSEGV and SIGBUS: a module's memory is bounded by pages that cannot be touched, and a signal makes a thread
 * leave a module. Ward's handlers hand on what is not a module's to the handler that was there before, as the kernel would have
 * called it. So a host that installs its handlers before it activates the first WebAssembly add-in has nothing to do.
 *
 * Who installs handlers later replaces Ward's, and does one of these:
 *
 * 1. It asks Ward first, in its handler:
 *
 *      void on_fault(int number, siginfo_t *info, void *context) // installed with SA_SIGINFO | SA_ONSTACK
 *      {
 *              if (ward_handle_signal(number, info, context))
 *                      return;
 *              …
 *      }
 *
 * 2. It hands on what is not its own to the handler that it found.
 * 3. It is started with LD_PRELOAD=libward-preload.so. Then whoever calls sigaction or signal for these two believes that his handler
 *    is installed, and it is called as if it were, but Ward looks first. For hosts that cannot be changed.
 *
 * With none of these, the handler is called for a module's faults as well. Ward puts its own in front again whenever it looks: when an
 * add-in is activated, when a thread first calls one, and before a call is ended at its deadline or because of an unload. It tells
 * of that with an event, WARD_EVENT_HANDLER. */
#ifndef WARD_SIGNAL_H
#define WARD_SIGNAL_H

#include <stdbool.h>
#include <ward/host.h>

#ifdef __cplusplus
extern "C" {
#endif

/* From a handler of SIGSEGV or SIGBUS, with what it was called with, before it does anything else: it may not return, for a call that
 * is to end does so here, on this thread; the signal mask and the signal stack are then as they were before the signal. True:
 * it was Ward's, and the handler is to return. False: it is the host's; for any other signal, and where no WebAssembly was ever
 * activated, too. Async-signal-safe, and thread-safe. @info is the siginfo_t. The handler wants SA_SIGINFO; without SA_ONSTACK, a module's endless
 * recursion on a small stack ends the process. */
WARD_API bool ward_handle_signal(int number, void *info, void *context);

#ifdef __cplusplus
}
#endif
#endif
