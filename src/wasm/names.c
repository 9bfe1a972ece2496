#include "wasm/names.h"

#include "base/own.h"
#include "wasm/dwarf_parts.h"
#include "wasm/parts.h"

enum { SUBSECTION_FUNCTIONS = 1 };

static void read_functions(struct cursor *cursor, const struct wasm_module *module, struct texts *texts, uint32_t *names)
{
        uint64_t n = cursor_uleb(cursor);
        for (uint64_t i = 0; i < n && !cursor->bad; i++) {
                uint64_t function = cursor_uleb(cursor);
                struct ward_span name = cursor_bytes(cursor, cursor_uleb(cursor));
                if (!cursor->bad && function < module->n_funcs && !names[function])
                        names[function] = texts_add(texts, name);
        }
}

uint32_t *wasm_names_read(const struct wasm_module *module, struct texts *texts)
{
        struct cursor all = cursor_of(module->names);
        uint32_t *names = calloc((size_t)module->n_funcs + 1, sizeof *names);
        while (names && cursor_left(&all)) {
                uint8_t id = cursor_u8(&all);
                struct cursor subsection = cursor_of(cursor_bytes(&all, cursor_uleb(&all)));
                if (id == SUBSECTION_FUNCTIONS)
                        read_functions(&subsection, module, texts, names);
        }
        for (uint32_t i = 0; names && i < module->n_exports; i++) {
                const struct exported *export = &module->exports[i];
                if (export->kind == EXTERN_FUNCTION && !names[export->index])
                        names[export->index] = texts_add(texts, export->name);
        }
        return names;
}

/* Debugging information counts from the beginning of the code section's content. */
int wasm_places_read(const struct wasm_module *module, struct texts *texts, struct dwarf_table *ret_table)
{
        struct ward_span code = module->sections[SECTION_CODE];
        struct dwarf_table table;
        int r = dwarf_read(&module->dwarf, texts, &table);
        if (r)
                return r;
        for (uint32_t i = 0; i < table.ranges.n && code.at; i++)
                ((struct dwarf_range *)table.ranges.at)[i].address += (uint64_t)(code.at - module->bytes);
        *ret_table = table;
        return 0;
}
