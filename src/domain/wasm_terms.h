/* A contract in the terms of a WebAssembly module: what its imports and exports are called, and their core signatures. */
#ifndef DOMAIN_WASM_TERMS_H
#define DOMAIN_WASM_TERMS_H

#include <ward/host.h>
#include "domain/wasm_scheme.h"
#include "wasm/module.h"

/* Offers: the contract's imports in their order, then those of its resources, then WASI's, then whether the call was cancelled. */
struct wasm_contract_terms {
        struct wasm_terms terms;
        const struct wasm_scheme *scheme;
        struct wasm_contract_terms *plain; /* the same, number by number, in wasm_scheme_plain; NULL: it is */
        struct wasm_offer *offers;
        struct wasm_need *needs;
        char **texts; /* the names and signatures that were made up */
        size_t n_texts;
        bool memory; /* values pass through linear memory */
        bool failed; /* for want of memory, while they are made */
};

/* In the names of @scheme. Borrows from @contract. */
int wasm_terms_new(const struct ward_contract *contract, const struct wasm_scheme *scheme, struct wasm_contract_terms **ret_terms,
                   struct ward_fault *fault);
struct wasm_contract_terms *wasm_terms_free(struct wasm_contract_terms *terms);

static inline void wasm_terms_freep(struct wasm_contract_terms **terms)
{
        *terms = wasm_terms_free(*terms);
}

/* wasm_fits.c: whether @module has the memory that they need, and is in one scheme throughout: one that has half of a scheme, and
 * half of the other, is told so. The rest wasm_module_bind sees. */
int wasm_terms_check(const struct wasm_contract_terms *terms, const struct wasm_module *module, const char *path,
                     struct ward_fault *fault);

/* Import number @i of @module in the names of the contract, whatever scheme it is in. */
struct wasm_function wasm_terms_import(const struct wasm_contract_terms *terms, const struct wasm_module *module, uint32_t i);

/* The numbers of the needs. */
static inline uint32_t wasm_need_export(uint32_t export)
{
        return export;
}

static inline uint32_t wasm_need_post(const struct ward_contract *contract, uint32_t export)
{
        return contract->n_exports + export;
}

static inline uint32_t wasm_need_realloc(const struct ward_contract *contract)
{
        return 2 * contract->n_exports;
}

static inline uint32_t wasm_need_initialize(const struct ward_contract *contract)
{
        return 2 * contract->n_exports + 1;
}

/* The destructor of resource @resource, one of the add-in's own; the next number is the same in another spelling. */
uint32_t wasm_need_dtor(const struct ward_contract *contract, uint32_t resource);

/* What a module may ask of a resource: [resource-drop], and of its own [resource-new] and [resource-rep]. */
enum wasm_act {
        WASM_ACT_DROP,
        WASM_ACT_NEW,
        WASM_ACT_REP,
};

/* How many of the offers are such, and what number @i of them is. */
uint32_t wasm_resource_offers(const struct ward_contract *contract);
enum wasm_act wasm_resource_offer(const struct ward_contract *contract, uint32_t i, uint32_t *ret_resource);

#endif
