/* How a thread that runs module code came to where it is. On x86-64 by a table in the image's map, within a fraction of a
 * microsecond; elsewhere by the compiler's unwinder. */
#ifndef WASM_BACKTRACE_H
#define WASM_BACKTRACE_H

#include <stdint.h>
#include <ucontext.h>
#include "wasm/image.h"

enum { WASM_BACKTRACE_MAX = 24 };

struct wasm_backtrace {
        uint32_t n;
        uintptr_t codes[WASM_BACKTRACE_MAX]; /* addresses of the image's code, innermost first: within the instruction that calls */
};

/* Of the calling thread, which @image's code has called, perhaps by way of others of the runtime's functions; up to the address
 * @until of its stack. @context: what a signal has interrupted, such code or what that has called; NULL: no signal.
 * Async-signal-safe.
 */
void wasm_backtrace_take(const struct wasm_image *image, const ucontext_t *context, uintptr_t until,
                         struct wasm_backtrace *ret_backtrace);

#endif
