/* The WebAssembly reader: whatever is read can be checked, rewritten, and read again with the same shape. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "wasm/marks.h"
#include "wasm/module.h"
#include "wasm/names.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct wasm_offer offers[] = {
        { "env", "f", "i>i" },
        { "env", "log", "ii>" },
        { "wasi_snapshot_preview1", "fd_write", "iiii>i" },
        { "wasi_snapshot_preview1", "proc_exit", "i>" },
};

static const struct wasm_need needs[] = {
        { "run", "i>i", true },
        { "_start", ">", true },
        { "cabi_realloc", "iiii>i", true },
};

static const struct wasm_terms terms = { offers, sizeof offers / sizeof offers[0], needs, sizeof needs / sizeof needs[0] };

static void require(bool holds)
{
        if (!holds)
                abort();
}

/* What was rewritten has the names that Ward gave it. */
static void compare_imports(const struct wasm_module *first, const struct wasm_module *second)
{
        for (uint32_t i = 0; i < wasm_module_shape(first)->n_imports; i++) {
                struct wasm_function a = wasm_module_import(first, i), b = wasm_module_import(second, i);
                char name[24];
                snprintf(name, sizeof name, "i%u", i);
                require(span_is(b.module, "ward") && span_is(b.name, name) && !strcmp(a.core, b.core));
        }
}

static void compare_exports(const struct wasm_module *first, const struct wasm_module *second)
{
        for (uint32_t i = 0; i < wasm_module_n_exports(first); i++) {
                struct wasm_function function;
                char name[24];
                snprintf(name, sizeof name, "e%u", i);
                if (!wasm_module_calls(first, i, &function))
                        function.core = "";
                require(wasm_module_exports(second, &(struct wasm_need){ name, function.core, false }) == (*function.core != 0));
        }
}

static void read_again(const struct wasm_module *first, uint8_t *bytes, size_t len)
{
        struct wasm_module *second = NULL;
        struct ward_fault fault;
        require(!wasm_module_read((struct ward_span){ bytes, len }, "rewritten.wasm", &second, &fault));
        const struct wasm_shape *a = wasm_module_shape(first), *b = wasm_module_shape(second);
        require(!wasm_module_claim(second).at);
        require(a->memory_min == b->memory_min && a->memory_max == b->memory_max && a->exports_memory == b->exports_memory);
        require(a->table_min == b->table_min && a->table_max == b->table_max && a->n_imports == b->n_imports);
        require(a->n_functions <= b->n_functions && b->n_functions <= a->n_functions + a->n_imports);
        compare_imports(first, second);
        compare_exports(first, second);
        wasm_module_free(second);
}

/* Binding writes what it finds for each import and need. */
static void bind(const struct wasm_module *module)
{
        uint32_t n = wasm_module_shape(module)->n_imports, exports[sizeof needs / sizeof needs[0]];
        uint32_t *imports = calloc(n + 1, sizeof *imports);
        struct ward_fault fault;
        require(imports);
        if (!wasm_module_bind(module, &terms, imports, exports, &fault))
                for (uint32_t i = 0; i < n; i++)
                        require(imports[i] < terms.n_offers);
        free(imports);
}

/* What is only there to be shown is never an error. */
static void read_names(const struct wasm_module *module)
{
        struct wasm_marked marked;
        struct dwarf_table places;
        struct ward_fault fault;
        struct texts texts;
        texts_init(&texts);
        uint32_t *names = wasm_names_read(module, &texts);
        require(names && !wasm_places_read(module, &texts, &places) && !wasm_marked_make(module, &marked, &fault));
        require(marked.n_functions == wasm_module_shape(module)->n_functions);
        for (uint32_t i = 1; i < marked.n_marks; i++)
                require(marked.marks[i - 1].offset < marked.marks[i].offset);
        free(names);
        dwarf_table_finish(&places);
        wasm_marked_finish(&marked);
        texts_finish(&texts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct wasm_module *module = NULL;
        struct ward_fault fault;
        uint8_t *bytes = NULL;
        size_t len = 0;
        if (wasm_module_read((struct ward_span){ data, size }, "fuzz.wasm", &module, &fault))
                return 0;
        bind(module);
        read_names(module);
        if (!wasm_module_rewrite(module, &bytes, &len, &fault))
                read_again(module, bytes, len);
        free(bytes);
        wasm_module_free(module);
        return 0;
}
