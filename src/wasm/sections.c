/* The sections that declare: types, imports, functions, tables, memories, globals, exports, start. */
#include "wasm/reader.h"

#include <stdlib.h>
#include <string.h>

/* The items follow their count. Rewriting needs them without it. */
static uint32_t read_item_count(struct reader *reader, enum section_id id, uint32_t max, const char *what)
{
        uint32_t n = reader_count(reader, max, what);
        reader->module->items[id] = (struct ward_span){ reader->at, (size_t)(reader->end - reader->at) };
        return n;
}

static uint32_t read_type_letters(struct reader *reader, char **to, uint32_t max, const char *what)
{
        uint32_t n = reader_count(reader, max, what);
        for (uint32_t i = 0; i < n && !reader->error; i++)
                *(*to)++ = reader_type(reader);
        return n;
}

void read_types(struct reader *reader)
{
        struct wasm_module *module = reader->module;
        uint32_t n = read_item_count(reader, SECTION_TYPE, WASM_TYPES_MAX, "types");
        module->types = reader_array(reader, n, sizeof *module->types);
        /* a type's text is no longer than its encoding: form, two counts, letters */
        char *to = module->cores = reader_array(reader, (size_t)(reader->end - reader->at), 1);
        for (uint32_t i = 0; i < n && !reader->error; i++) {
                struct func_type *type = &module->types[i];
                if (reader_u8(reader) != 0x60) {
                        reader_refuse(reader, "type %u is not a function's; Ward does not take garbage-collected types", i);
                        return;
                }
                type->core = to;
                type->n_params = read_type_letters(reader, &to, WASM_PARAMS_MAX, "parameters");
                if (reader->error)
                        return;
                *to++ = '>';
                type->n_results = read_type_letters(reader, &to, WASM_RESULTS_MAX, "results");
                if (reader->error)
                        return;
                *to++ = 0;
        }
        module->n_types = reader->error ? 0 : n;
}

static void refuse_import_kind(struct reader *reader, const struct imported *import, uint8_t kind)
{
        static const char *const kinds[] = { "function", "table", "memory", "global", "tag" };
        reader_refuse(reader, "imports \"%.*s\" \"%.*s\", a %s; Ward offers functions only%s", (int)import->module.len,
                      (const char *)import->module.at, (int)import->field.len, (const char *)import->field.at,
                      kind <= EXTERN_TAG ? kinds[kind] : "thing of an unknown kind",
                      kind == EXTERN_MEMORY  ? "; build it without --import-memory"
                      : kind == EXTERN_TABLE ? "; build it without --import-table"
                                             : "");
}

void read_imports(struct reader *reader)
{
        struct wasm_module *module = reader->module;
        uint32_t n = read_item_count(reader, SECTION_IMPORT, WASM_IMPORTS_MAX, "imports");
        module->imports = reader_array(reader, n, sizeof *module->imports);
        module->funcs = reader_array(reader, n, sizeof *module->funcs);
        for (uint32_t i = 0; i < n && !reader->error; i++) {
                struct imported *import = &module->imports[i];
                import->module = reader_name(reader);
                import->field = reader_name(reader);
                uint8_t kind = reader_u8(reader);
                if (kind != EXTERN_FUNCTION)
                        refuse_import_kind(reader, import, kind);
                import->type = reader_index(reader, module->n_types, "type");
                module->funcs[i].type = import->type;
        }
        module->shape.n_imports = module->n_funcs = reader->error ? 0 : n;
}

void read_functions(struct reader *reader)
{
        struct wasm_module *module = reader->module;
        uint32_t n = read_item_count(reader, SECTION_FUNCTION, WASM_FUNCTIONS_MAX, "functions");
        uint32_t n_imports = module->shape.n_imports;
        struct func *funcs = reader_array(reader, n_imports + n, sizeof *funcs);
        if (!funcs)
                return;
        if (n_imports)
                memcpy(funcs, module->funcs, n_imports * sizeof *funcs);
        free(module->funcs);
        module->funcs = funcs;
        for (uint32_t i = 0; i < n && !reader->error; i++)
                funcs[n_imports + i].type = reader_index(reader, module->n_types, "type");
        module->shape.n_functions = n;
        module->n_funcs = n_imports + n;
}

static void read_limits(struct reader *reader, uint32_t *ret_min, uint32_t *ret_max)
{
        uint8_t flags = reader_u8(reader);
        if (flags & 4)
                reader_refuse(reader, "uses 64-bit memory or tables, which Ward does not take; build it for wasm32");
        else if (flags & 2)
                reader_refuse(reader, "uses shared memory (threads), which Ward does not take; build it without -pthread");
        else if (flags & ~1)
                reader_refuse(reader, "limits have unknown flags 0x%02x", flags);
        *ret_min = reader_u32(reader);
        if (flags & 1)
                *ret_max = reader_u32(reader);
        if (!reader->error && *ret_min > *ret_max)
                reader_refuse(reader, "an initial size of %u is above the maximum, %u", *ret_min, *ret_max);
}

void read_tables(struct reader *reader)
{
        struct wasm_module *module = reader->module;
        uint32_t n = read_item_count(reader, SECTION_TABLE, WASM_TABLES_MAX, "tables");
        module->tables = reader_array(reader, n, sizeof *module->tables);
        for (uint32_t i = 0; i < n && !reader->error; i++) {
                struct table *table = &module->tables[i];
                table->type = reader_reference_type(reader);
                table->max = UINT32_MAX;
                read_limits(reader, &table->min, &table->max);
                if (table->min > WASM_TABLE_ENTRIES_MAX)
                        reader_refuse(reader, "table %u has %u entries; Ward takes at most %d", i, table->min,
                                      WASM_TABLE_ENTRIES_MAX);
                if (table->max > WASM_TABLE_ENTRIES_MAX)
                        table->max = WASM_TABLE_ENTRIES_MAX;
                module->shape.table_min += table->min;
                module->shape.table_max += table->max;
        }
        module->shape.n_tables = n;
}

void read_memories(struct reader *reader)
{
        struct wasm_shape *shape = &reader->module->shape;
        uint32_t n = read_item_count(reader, SECTION_MEMORY, 1, "memories");
        if (!n)
                return;
        uint32_t max = WASM_PAGES_MAX;
        read_limits(reader, &shape->memory_min, &max);
        if (max > WASM_PAGES_MAX)
                reader_refuse(reader, "a memory of %u pages; 32 bits reach %d", max, WASM_PAGES_MAX);
        shape->memory_max = max;
        shape->has_memory = true;
}

void read_globals(struct reader *reader)
{
        struct wasm_module *module = reader->module;
        uint32_t n = read_item_count(reader, SECTION_GLOBAL, WASM_GLOBALS_MAX, "globals");
        module->globals = reader_array(reader, n, sizeof *module->globals);
        for (uint32_t i = 0; i < n && !reader->error; i++) {
                struct global *global = &module->globals[i];
                global->type = reader_type(reader);
                uint8_t mutable = reader_u8(reader);
                if (mutable > 1)
                        reader_refuse(reader, "global %u has unknown flags 0x%02x", i, mutable);
                global->mutable = mutable;
                uint32_t function = read_constant(reader, global->type);
                if (function != UINT32_MAX)
                        module->funcs[function].flags |= FUNC_DECLARED;
        }
        module->shape.n_globals = n;
}

static int compare_spans(struct ward_span a, struct ward_span b)
{
        size_t len = a.len < b.len ? a.len : b.len;
        int order = len ? memcmp(a.at, b.at, len) : 0;
        return order ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare_exports(const void *a, const void *b)
{
        return compare_spans(((const struct exported *)a)->name, ((const struct exported *)b)->name);
}

static int compare_to_export(const void *name, const void *export)
{
        return compare_spans(*(const struct ward_span *)name, ((const struct exported *)export)->name);
}

const struct exported *module_export(const struct wasm_module *module, const char *name)
{
        struct ward_span key = span_of(name);
        if (!module->n_exports)
                return NULL;
        return bsearch(&key, module->exports, module->n_exports, sizeof *module->exports, compare_to_export);
}

static void read_export(struct reader *reader, struct exported *export)
{
        struct wasm_module *module = reader->module;
        const struct wasm_shape *shape = &module->shape;
        const uint32_t bounds[] = { module->n_funcs, shape->n_tables, shape->has_memory, shape->n_globals };
        static const char *const kinds[] = { "function", "table", "memory", "global" };
        export->name = reader_name(reader);
        export->kind = reader_u8(reader);
        if (export->kind > EXTERN_GLOBAL) {
                reader_refuse(reader, "exports something of unknown kind %u", export->kind);
                return;
        }
        export->index = reader_index(reader, bounds[export->kind], kinds[export->kind]);
        if (!reader->error && export->kind == EXTERN_FUNCTION)
                module->funcs[export->index].flags |= FUNC_DECLARED;
}

void read_exports(struct reader *reader)
{
        struct wasm_module *module = reader->module;
        uint32_t n = read_item_count(reader, SECTION_EXPORT, WASM_EXPORTS_MAX, "exports");
        module->exports = reader_array(reader, n, sizeof *module->exports);
        for (uint32_t i = 0; i < n && !reader->error; i++)
                read_export(reader, &module->exports[i]);
        if (reader->error)
                return;
        qsort(module->exports, n, sizeof *module->exports, compare_exports);
        for (uint32_t i = 1; i < n; i++)
                if (!compare_exports(&module->exports[i - 1], &module->exports[i]))
                        reader_refuse(reader, "exports \"%.*s\" twice", (int)module->exports[i].name.len,
                                      (const char *)module->exports[i].name.at);
        module->n_exports = n;
        module->shape.exports_memory =
                wasm_module_exports_memory(module, "memory") || wasm_module_exports_memory(module, "cm32p2_memory");
}

void read_start(struct reader *reader)
{
        struct wasm_module *module = reader->module;
        uint32_t function = reader_index(reader, module->n_funcs, "function");
        if (!reader->error && strcmp(module_func_type(module, function)->core, ">"))
                reader_refuse(reader, "function %u takes or returns values and cannot be the start", function);
        module->shape.has_start = true;
}
