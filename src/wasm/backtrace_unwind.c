#include "wasm/backtrace.h"

#include <stdbool.h>
#include <unwind.h>

/* Frames of the runtime, of the C library and of signal handlers, a host's among them, that may lie on top of the image's. */
enum { OUTSIDE_MAX = 32 };

struct walk {
        const struct wasm_image *image;
        struct wasm_backtrace *backtrace;
        uint32_t n_outside;
};

/* A return address is behind its call, which may be the last instruction of a function. */
static _Unwind_Reason_Code step(struct _Unwind_Context *context, void *data)
{
        struct walk *walk = data;
        struct wasm_backtrace *backtrace = walk->backtrace;
        int exact = 0;
        uintptr_t code = _Unwind_GetIPInfo(context, &exact);
        code -= !exact;
        if (wasm_image_holds(walk->image, code))
                backtrace->codes[backtrace->n++] = code;
        else if (backtrace->n || ++walk->n_outside == OUTSIDE_MAX)
                return _URC_NORMAL_STOP;
        return backtrace->n == WASM_BACKTRACE_MAX ? _URC_NORMAL_STOP : _URC_NO_REASON;
}

void wasm_backtrace_take(const struct wasm_image *image, const ucontext_t *context, uintptr_t until,
                         struct wasm_backtrace *ret_backtrace)
{
        struct walk walk = { .image = image, .backtrace = ret_backtrace };
        ret_backtrace->n = 0;
        _Unwind_Backtrace(step, &walk);
}
