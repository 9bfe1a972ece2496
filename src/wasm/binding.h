/* An image bound to what a host offers and needs: which of the module's own numbers those are. Made once for a module and a
 * contract, read-only but for the window, shared by all their instances. */
#ifndef WASM_BINDING_H
#define WASM_BINDING_H

#include <stdatomic.h>
#include <stdint.h>
#include "wasm/area.h"
#include "wasm/image.h"

struct wasm_binding {
        _Atomic uint32_t references;
        struct wasm_image *image; /* a reference */
        uint32_t n_needs;
        wasm_export *exports; /* for each need; NULL for an optional one that is missing */
        void (**gates)(void); /* for each need; NULL for those without */
        uint32_t *numbers;    /* for each need: its number in the module */
        uint32_t *offers;     /* for each of the module's imports */
        bool has_memory;
        uint64_t memory_size; /* at first */
        uint64_t reservation; /* what a linear memory takes of the address space (linear.h) */
        struct wasm_window window;
        uint32_t null_bytes; /* wasm_module_null_bytes */
};

/* Whether @module fits @terms, then its image (wasm_image_get), bound to them. With a reference. */
int wasm_binding_get(const struct wasm_module *module, const struct wasm_terms *terms, const struct wasm_image_options *options,
                     struct wasm_binding **ret_binding, struct ward_fault *fault);
struct wasm_binding *wasm_binding_ref(struct wasm_binding *binding);
/* NULL is fine. Returns NULL. */
struct wasm_binding *wasm_binding_unref(struct wasm_binding *binding);

#endif
