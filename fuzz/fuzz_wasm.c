/* The WebAssembly reader: whatever is read can be checked, rewritten, and read again with the same shape. */
#include <stdlib.h>
#include "wasm/module.h"

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

/* What was rewritten has the names that Ward gave it. */
static const struct wasm_offer plain_offers[] = {
        { "ward", "i0", "i>i" },
        { "ward", "i1", "ii>" },
        { "ward", "i2", "iiii>i" },
        { "ward", "i3", "i>" },
};

static const struct wasm_need plain_needs[] = {
        { "e0", "i>i", true },
        { "e1", ">", true },
        { "e2", "iiii>i", true },
};

static const struct wasm_terms plain = { plain_offers, sizeof plain_offers / sizeof plain_offers[0], plain_needs,
                                         sizeof plain_needs / sizeof plain_needs[0] };

static void require(bool holds)
{
        if (!holds)
                abort();
}

static void read_again(const struct wasm_module *first, uint8_t *bytes, size_t len)
{
        struct wasm_module *second = NULL;
        struct ward_fault fault;
        require(!wasm_module_read((struct ward_span){ bytes, len }, "rewritten.wasm", &second, &fault));
        require(!wasm_module_check(second, &plain, &fault));
        const struct wasm_shape *a = wasm_module_shape(first), *b = wasm_module_shape(second);
        require(!wasm_module_claim(second).at);
        require(a->memory_min == b->memory_min && a->memory_max == b->memory_max && a->exports_memory == b->exports_memory);
        require(a->table_min == b->table_min && a->table_max == b->table_max && a->n_imports == b->n_imports);
        require(a->n_functions <= b->n_functions && b->n_functions <= a->n_functions + a->n_imports);
        for (size_t i = 0; i < terms.n_needs; i++)
                require(wasm_module_exports(first, &terms.needs[i]) == wasm_module_exports(second, &plain.needs[i]));
        for (size_t i = 0; i < terms.n_offers; i++)
                require(wasm_module_imports(first, &terms.offers[i]) == wasm_module_imports(second, &plain.offers[i]));
        wasm_module_free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct wasm_module *module = NULL;
        struct ward_fault fault;
        uint8_t *bytes = NULL;
        size_t len = 0;
        if (wasm_module_read((struct ward_span){ data, size }, "fuzz.wasm", &module, &fault))
                return 0;
        if (!wasm_module_rewrite(module, &terms, &bytes, &len, &fault))
                read_again(module, bytes, len);
        free(bytes);
        wasm_module_free(module);
        return 0;
}
