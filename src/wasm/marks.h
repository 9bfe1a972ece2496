/* Which instructions of a module can trap or call, and where they are in it: what the C text made of them bears as its lines. */
#ifndef WASM_MARKS_H
#define WASM_MARKS_H

#include "wasm/limits.h"
#include "wasm/module.h"
#include "wasm/recast.h"

enum {
        /* An offset's line is this much more. Lines below are those of the C text itself. */
        WASM_MARK_LINE = WASM_MODULE_MAX,
};

/* All of them, as wasm_recast_options wants them; offsets are lines. */
struct wasm_marked {
        struct wasm_marks *functions; /* owned, as is @marks */
        uint32_t n_functions;
        struct wasm_mark *marks; /* in the order of their offsets */
        uint32_t n_marks;
};

/* Reads the module's code once more. */
int wasm_marked_make(const struct wasm_module *module, struct wasm_marked *ret_marked, struct ward_fault *fault);
void wasm_marked_finish(struct wasm_marked *marked);

#endif
