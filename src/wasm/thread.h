/* What Ward keeps for each thread that runs module code: where its stack ends, a stack for signal handlers, its calls in flight. */
#ifndef WASM_THREAD_H
#define WASM_THREAD_H

#include <stdint.h>
#include <ward/fault.h>
#include "wasm/image_abi.h"

/* Read by signal handlers, which must not allocate: hence the model. */
extern __thread struct wasm_thread wasm_thread __attribute__((tls_model("initial-exec")));

/* Prepares the calling thread: finds its stack, gives it a signal stack if it has none, and lets SIGSEGV and SIGBUS through,
 * without which the kernel would end the process instead of calling a handler. Undone when the thread ends. Sees to Ward's handlers
 * as well: who made the instance may have been another thread, long ago. */
int wasm_thread_prepare(struct ward_fault *fault);

/* The lowest stack pointer with which a call that starts here may run module code. */
uintptr_t wasm_thread_stack_limit(struct wasm_thread *thread);

#endif
