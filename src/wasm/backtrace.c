#include "wasm/backtrace.h"

#include <stdbool.h>
#include "wasm/cfi.h"
#include "wasm/map.h"

/* The runtime is compiled with frame pointers (meson.build), so that its frames are a chain. Of the C library it calls functions
 * only that leave the register alone. */
enum { OUTSIDE_MAX = 16, WORD = sizeof(uintptr_t) };

struct walk {
        const struct wasm_image *image;
        uintptr_t low, until; /* of the stack */
        uintptr_t code, sp, fp;
};

/* Where there is no word of the stack, false. Beside them a sanitizer has bytes that it does not want read. */
__attribute__((no_sanitize("address"))) static bool read_word(const struct walk *walk, uintptr_t at, uintptr_t *ret)
{
        if (at < walk->low || at >= walk->until || walk->until - at < WORD || at % WORD)
                return false;
        *ret = *(const uintptr_t *)at;
        return true;
}

/* From a frame of the runtime's to that of the image's code which has called it. */
static bool leave_runtime(struct walk *walk, uintptr_t frame)
{
        uintptr_t outer, code;
        for (int i = 0; i < OUTSIDE_MAX; i++) {
                if (!read_word(walk, frame, &outer) || !read_word(walk, frame + WORD, &code))
                        return false;
                if (wasm_image_holds(walk->image, code - 1)) {
                        walk->code = code - 1;
                        walk->sp = frame + 2 * WORD;
                        walk->fp = outer;
                        return true;
                }
                if (outer <= frame)
                        return false;
                frame = outer;
        }
        return false;
}

/* To the caller, wherever that is. */
static bool leave_function(struct walk *walk)
{
        struct cfi_rule rule;
        uintptr_t code;
        if (!wasm_map_rule(wasm_image_map(walk->image), wasm_image_offset(walk->image, walk->code), &rule))
                return false;
        uintptr_t sp = (rule.base == CFI_STACK_POINTER ? walk->sp : walk->fp) + (uintptr_t)rule.cfa;
        if (sp <= walk->sp || !read_word(walk, sp - WORD, &code))
                return false;
        if (rule.frame && !read_word(walk, sp + (uintptr_t)rule.frame, &walk->fp))
                return false;
        walk->sp = sp;
        walk->code = code - 1;
        return true;
}

static bool begin_at(struct walk *walk, const ucontext_t *context)
{
        const greg_t *registers = context->uc_mcontext.gregs;
        walk->code = (uintptr_t)registers[REG_RIP];
        walk->sp = walk->low = (uintptr_t)registers[REG_RSP];
        walk->fp = (uintptr_t)registers[REG_RBP];
        return wasm_image_holds(walk->image, walk->code) || leave_runtime(walk, walk->fp);
}

void wasm_backtrace_take(const struct wasm_image *image, const ucontext_t *context, uintptr_t until,
                         struct wasm_backtrace *ret_backtrace)
{
        uintptr_t frame = (uintptr_t)__builtin_frame_address(0);
        struct walk walk = { .image = image, .low = frame, .until = until };
        uint32_t n = 0;
        bool inside = context ? begin_at(&walk, context) : leave_runtime(&walk, frame);
        while (inside && n < WASM_BACKTRACE_MAX) {
                ret_backtrace->codes[n++] = walk.code;
                inside = leave_function(&walk) && wasm_image_holds(image, walk.code);
        }
        ret_backtrace->n = n;
}
