/* What a module was read into. Private to the reader, the checker and the rewriter. Spans point into the module's own copy of its
 * bytes. Once a module has been read, every index in it is in range. */
#ifndef WASM_PARTS_H
#define WASM_PARTS_H

#include "wasm/dwarf.h"
#include "wasm/limits.h"
#include "wasm/module.h"

enum section_id {
        SECTION_CUSTOM,
        SECTION_TYPE,
        SECTION_IMPORT,
        SECTION_FUNCTION,
        SECTION_TABLE,
        SECTION_MEMORY,
        SECTION_GLOBAL,
        SECTION_EXPORT,
        SECTION_START,
        SECTION_ELEMENT,
        SECTION_CODE,
        SECTION_DATA,
        SECTION_DATA_COUNT,
        SECTION_IDS,
};

enum extern_kind { EXTERN_FUNCTION, EXTERN_TABLE, EXTERN_MEMORY, EXTERN_GLOBAL, EXTERN_TAG };

/* Value types are held as the letters of signatures. The last two are not for host functions. */
enum {
        TYPE_I32 = 'i',
        TYPE_I64 = 'I',
        TYPE_F32 = 'f',
        TYPE_F64 = 'F',
        TYPE_FUNCREF = 'r',
        TYPE_EXTERNREF = 'x',
};

struct func_type {
        const char *core; /* "ii>i" */
        uint32_t n_params;
        uint32_t n_results;
};

static inline const char *type_results(const struct func_type *type)
{
        return type->core + type->n_params + 1;
}

struct imported {
        struct ward_span module;
        struct ward_span field;
        uint32_t type;
};

enum {
        FUNC_DECLARED = 1,   /* named in an export, element segment or global: code may take a reference to it */
        FUNC_REFERENCED = 2, /* code does */
        FUNC_IN_SEGMENT = 4, /* named in an element segment */
};

struct func {
        uint32_t type;
        uint8_t flags;
};

struct table {
        char type;
        uint32_t min;
        uint32_t max; /* at most WASM_TABLE_ENTRIES_MAX, whatever was declared */
};

struct global {
        char type;
        bool mutable;
};

struct exported {
        struct ward_span name;
        uint8_t kind;
        uint32_t index;
};

/* Where an element segment names an imported function. */
struct mention {
        struct ward_span at;
        uint32_t function;
};

struct wasm_module {
        uint8_t *bytes;
        size_t len;
        char *path;
        struct wasm_shape shape;
        struct ward_span claim;
        struct ward_span names; /* custom section "name"; at NULL: there is none */
        struct dwarf_sections dwarf;
        struct ward_span sections[SECTION_IDS]; /* content */
        struct ward_span items[SECTION_IDS];    /* the same without the leading count, of those that have one */

        char *cores; /* holds the text of all types */
        struct func_type *types;
        uint32_t n_types;
        struct imported *imports;
        struct func *funcs; /* imported ones first */
        uint32_t n_funcs;
        struct table *tables;
        struct global *globals;
        struct exported *exports; /* sorted by name */
        uint32_t n_exports;
        char *elements; /* the type of each segment */
        uint32_t n_elements;
        struct mention *mentions;
        size_t n_mentions;
        uint32_t n_data;
        uint32_t n_bodies;
};

/* The export called @name, or NULL. */
const struct exported *module_export(const struct wasm_module *module, const char *name);

/* Whether @core, "ii>f", is what a host can offer or call: numbers, and one result at most. */
bool core_is_plain(const char *core);

static inline const struct func_type *module_func_type(const struct wasm_module *module, uint32_t function)
{
        return &module->types[module->funcs[function].type];
}

#endif
