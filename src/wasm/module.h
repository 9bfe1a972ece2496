/* A core WebAssembly module before any compiler sees it: read and checked to the last instruction, compared with what host and
 * contract say, and written anew with every name replaced. wasm2c trusts its input more than a sandbox may (names reach
 * its C output, imports link by name alone): what passes here is what it gets, and nothing else.
 *
 * 1. wasm_module_read  2. wasm_module_claim, wasm_module_shape  3. wasm_module_bind  4. wasm_module_rewrite  5. wasm_module_free
 *
 * Accepted is core WebAssembly 1.0 with mutable globals, saturating conversions, sign extension, multiple values, bulk
 * memory and reference types: what wabt 1.0.32 takes by default, without SIMD. The bounds are in wasm/limits.h. A module that is
 * malformed, invalid or out of bounds is a fault `module`; one that does not fit offers and needs is a fault `contract`.
 * Texts name the module, the section and the offset. Pure: no I/O, no state; a module is read-only once it was read. */
#ifndef WASM_MODULE_H
#define WASM_MODULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <ward/fault.h>
#include "base/span.h"

/* Signatures are written as in struct ward_func: "iiF>i", i, I, f, F for i32, i64, f32, f64. */

/* A function that the host offers to a module. */
struct wasm_offer {
        const char *module;
        const char *field;
        const char *core;
};

/* A function that the host needs from a module. An optional one may be missing, but not have another signature. */
struct wasm_need {
        const char *name;
        const char *core;
        bool optional;
};

/* Both, as the caller has them. */
struct wasm_terms {
        const struct wasm_offer *offers;
        size_t n_offers;
        const struct wasm_need *needs;
        size_t n_needs;
};

/* What a module asks for. */
struct wasm_shape {
        bool has_memory;
        bool exports_memory;  /* as "memory" or "cm32p2_memory" */
        bool has_start;       /* instantiating it runs code */
        uint32_t memory_min;  /* pages of 64 KiB */
        uint32_t memory_max;  /* pages; 65,536 where the module sets none */
        uint32_t n_imports;   /* all of them functions */
        uint32_t n_functions; /* imported ones not counted */
        uint32_t n_tables;    /* never imported, as memories and globals are not */
        uint32_t table_min;   /* entries, the sum over all tables */
        uint32_t table_max;   /* the same, as the rewritten module has it: at most WASM_TABLE_ENTRIES_MAX a table */
        uint32_t n_globals;
        uint32_t offset_max; /* the largest that a load or store adds to its address */
        uint32_t data_low;   /* the lowest address that a segment writes to; UINT32_MAX where none does */
};

struct wasm_module;

/* Reads @bytes, all of them. Copies what it keeps, so that nobody can change it after it was checked. @path names the module in
 * faults; copied. */
int wasm_module_read(struct ward_span bytes, const char *path, struct wasm_module **ret_module, struct ward_fault *fault);

/* NULL is fine. Returns NULL. */
struct wasm_module *wasm_module_free(struct wasm_module *module);

static inline void wasm_module_freep(struct wasm_module **module)
{
        *module = wasm_module_free(*module);
}

/* All that it was read from. Borrowed: lives as long as @module. */
struct ward_span wasm_module_bytes(const struct wasm_module *module);

/* The content of the custom section `ward-contract`: the contract as the add-in claims it, untrusted bytes. at is NULL where there
 * is none. Borrowed: lives as long as @module. */
struct ward_span wasm_module_claim(const struct wasm_module *module);

/* Borrowed: lives as long as @module. */
const struct wasm_shape *wasm_module_shape(const struct wasm_module *module);

/* How much of its memory, from address 0 on, the module has no use for, so that it can be kept from it and a null pointer traps: a
 * page, or 0. It must have been linked with our add-in view, by a linker that puts the stack first: then what lies below the data
 * is the stack, of which this is the end. */
uint32_t wasm_module_null_bytes(const struct wasm_module *module);

/* A function that the module imports, by its place below shape.n_imports; or exports, which has no module name, false for what is
 * no function. Names are untrusted bytes. Borrowed: they live as long as @module. */
struct wasm_function {
        struct ward_span module;
        struct ward_span name;
        const char *core;
};
struct wasm_function wasm_module_import(const struct wasm_module *module, uint32_t i);
uint32_t wasm_module_n_exports(const struct wasm_module *module);
bool wasm_module_export(const struct wasm_module *module, uint32_t i, struct wasm_function *ret);
/* The same; false as well for a function that a host cannot call: its type has references, or several results. */
bool wasm_module_calls(const struct wasm_module *module, uint32_t i, struct wasm_function *ret);

/* Whether the module exports the function that @need names, with its signature. */
bool wasm_module_exports(const struct wasm_module *module, const struct wasm_need *need);
/* Whether it exports its memory as @name. */
bool wasm_module_exports_memory(const struct wasm_module *module, const char *name);

/* Whether every import is offered with exactly its signature, and every need is exported with exactly its; and which of its own
 * they are: import number i of the module is offer ret_offers[i] of @terms, and need j of @terms is
 * its export number ret_exports[j], or WASM_MISSING. There is room for as many as there are. */
#define WASM_MISSING UINT32_MAX
int wasm_module_bind(const struct wasm_module *module, const struct wasm_terms *terms, uint32_t *ret_offers, uint32_t *ret_exports,
                     struct ward_fault *fault);

/* Writes the module again so that no name in it is the author's: import number i is "ward" "i<i>", export number i is "e<i>" if a
 * host could call it (core types, one result at most), the memory is "memory" if the module exports it so or as "cm32p2_memory".
 * All other exports and all custom sections are gone. A function that no host could offer is a fault `contract`. Free @ret_bytes
 * with free(). */
int wasm_module_rewrite(const struct wasm_module *module, uint8_t **ret_bytes, size_t *ret_len, struct ward_fault *fault);

#endif
