#include "wasm/marks.h"

#include "base/fault.h"
#include "wasm/reader.h"

enum { MARKS_MAX = WASM_MODULE_MAX }; /* each is a byte at least */

void wasm_marked_finish(struct wasm_marked *marked)
{
        free(marked->functions);
        free(marked->marks);
        *marked = (struct wasm_marked){ 0 };
}

static void set_marks(const struct code_marks *found, struct wasm_marked *ret)
{
        ret->functions = found->functions.at;
        ret->n_functions = found->functions.n;
        ret->marks = found->marks.at;
        ret->n_marks = found->marks.n;
        const struct wasm_mark *at = ret->marks;
        for (uint32_t i = 0; i < ret->n_functions; i++) {
                ret->functions[i].at = at;
                at += ret->functions[i].n;
        }
}

/* The module was read before, so nothing of this can fail but for want of memory. */
int wasm_marked_make(const struct wasm_module *module, struct wasm_marked *ret_marked, struct ward_fault *fault)
{
        struct wasm_module again = *module;
        struct code_marks found = {
                .functions = growing_of(sizeof(struct wasm_marks), WASM_FUNCTIONS_MAX),
                .marks = growing_of(sizeof(struct wasm_mark), MARKS_MAX),
        };
        struct ward_span code = module->sections[SECTION_CODE];
        struct reader reader = { .module = &again, .fault = fault, .at = code.at, .end = code.at + code.len, .marks = &found };
        if (code.at)
                read_code(&reader);
        if (!reader.error && (found.functions.failed || found.marks.failed))
                reader.error = fault_set(fault, WARD_FAULT_SYSTEM, "module '%s': out of memory while reading it", module->path);
        struct wasm_marked marked = { found.functions.at, 0, found.marks.at, 0 };
        if (reader.error) {
                wasm_marked_finish(&marked);
                return reader.error;
        }
        set_marks(&found, ret_marked);
        return 0;
}
