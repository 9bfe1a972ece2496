/* How a thread that runs module code came to where it is. */
#ifndef WASM_BACKTRACE_H
#define WASM_BACKTRACE_H

#include <stdint.h>
#include "wasm/image.h"

enum { WASM_BACKTRACE_MAX = 24 };

struct wasm_backtrace {
        uint32_t n;
        uintptr_t codes[WASM_BACKTRACE_MAX]; /* addresses of the image's code, innermost first: within the instruction that calls */
};

/* Of the calling thread, up to where the innermost run of @image's code began. Within a signal handler, what the signal has
 * interrupted, which must be such code, or what that has called. */
void wasm_backtrace_take(const struct wasm_image *image, struct wasm_backtrace *ret_backtrace);

#endif
