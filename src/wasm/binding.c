#include "wasm/binding.h"

#include <errno.h>
#include <stdlib.h>
#include "base/fault.h"
#include "base/own.h"
#include "wasm/linear.h"

static void unref(struct wasm_binding **binding)
{
        wasm_binding_unref(*binding);
}

static struct wasm_binding *allocate(size_t n_imports, size_t n_needs)
{
        struct wasm_binding *binding = calloc(1, sizeof *binding);
        if (!binding)
                return NULL;
        atomic_init(&binding->references, 1);
        binding->n_needs = (uint32_t)n_needs;
        binding->exports = calloc(n_needs + 1, sizeof *binding->exports);
        binding->gates = calloc(n_needs + 1, sizeof *binding->gates);
        binding->numbers = calloc(n_needs + 1, sizeof *binding->numbers);
        binding->offers = calloc(n_imports + 1, sizeof *binding->offers);
        return binding->exports && binding->gates && binding->numbers && binding->offers ? binding : wasm_binding_unref(binding);
}

int wasm_binding_get(const struct wasm_module *module, const struct wasm_terms *terms, const struct wasm_image_options *options,
                     struct wasm_binding **ret_binding, struct ward_fault *fault)
{
        OWNED(unref) struct wasm_binding *binding = allocate(wasm_module_shape(module)->n_imports, terms->n_needs);
        if (!binding)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot bind module '%s'", options->name);
        int r = wasm_module_bind(module, terms, binding->offers, binding->numbers, fault);
        if (!r)
                r = wasm_image_get(module, options, &binding->image, fault);
        if (r)
                return r;
        binding->null_bytes = wasm_module_null_bytes(module);
        const struct wasm_image_entry *entry = wasm_image_entry(binding->image);
        const struct wasm_shape *shape = wasm_module_shape(module);
        binding->has_memory = shape->has_memory;
        binding->memory_size = (uint64_t)shape->memory_min * WASM_PAGE;
        binding->reservation = wasm_memory_reservation(shape->offset_max);
        for (size_t i = 0; i < terms->n_needs; i++) {
                if (binding->numbers[i] >= entry->n_exports)
                        continue;
                binding->exports[i] = entry->exports[binding->numbers[i]];
                binding->gates[i] = entry->gates[binding->numbers[i]];
        }
        *ret_binding = STEAL(binding);
        return 0;
}

struct wasm_binding *wasm_binding_ref(struct wasm_binding *binding)
{
        atomic_fetch_add_explicit(&binding->references, 1, memory_order_relaxed);
        return binding;
}

struct wasm_binding *wasm_binding_unref(struct wasm_binding *binding)
{
        if (binding && atomic_fetch_sub_explicit(&binding->references, 1, memory_order_acq_rel) == 1) {
                wasm_image_unref(binding->image);
                free(binding->exports);
                free(binding->gates);
                free(binding->numbers);
                free(binding->offers);
                free(binding);
        }
        return NULL;
}
