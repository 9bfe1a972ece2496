/* The module again, without the author's names. Sections that hold none are copied as they were read: the reader has checked them
 * to the last byte, and indices stay what they are. */
#include "wasm/parts.h"

#include <stdio.h>
#include <stdlib.h>
#include "base/fault.h"
#include "base/own.h"
#include "wasm/writer.h"

enum { OP_END = 0x0b, OP_CALL = 0x10, OP_LOCAL_GET = 0x20, LIMITS_HAVE_MAX = 1, ELEMENTS_DECLARE = 3 };

struct rewrite {
        const struct wasm_module *module;
        struct writer out;
        /* wasm2c 1.0.32 puts an imported function into a table with the address of a field of the instance where the host's context
         * belongs: called through the table, the host would take that for its own memory. So segments name a function of the
         * module in its place, which does nothing but call it. stubs[i] is its index for import i, or 0. */
        uint32_t *stubs;
        uint32_t n_stubs;
};

static void finish(struct rewrite *rewrite)
{
        writer_finish(&rewrite->out);
        free(rewrite->stubs);
}

static int number_stubs(struct rewrite *rewrite)
{
        const struct wasm_module *module = rewrite->module;
        rewrite->stubs = calloc(module->shape.n_imports + 1, sizeof *rewrite->stubs);
        if (!rewrite->stubs)
                return -1;
        for (uint32_t i = 0; i < module->shape.n_imports; i++)
                if (module->funcs[i].flags & FUNC_IN_SEGMENT)
                        rewrite->stubs[i] = module->n_funcs + rewrite->n_stubs++;
        return 0;
}

static void copy_section(struct rewrite *rewrite, enum section_id id)
{
        struct ward_span content = rewrite->module->sections[id];
        if (!content.at)
                return;
        size_t mark = writer_begin(&rewrite->out, (uint8_t)id);
        writer_span(&rewrite->out, content);
        writer_end(&rewrite->out, mark);
}

static void write_imports(struct rewrite *rewrite)
{
        const struct wasm_module *module = rewrite->module;
        struct writer *out = &rewrite->out;
        if (!module->shape.n_imports)
                return;
        size_t mark = writer_begin(out, SECTION_IMPORT);
        writer_u32(out, module->shape.n_imports);
        for (uint32_t i = 0; i < module->shape.n_imports; i++) {
                char field[24];
                snprintf(field, sizeof field, "i%u", i);
                writer_name(out, "ward");
                writer_name(out, field);
                writer_u8(out, EXTERN_FUNCTION);
                writer_u32(out, module->imports[i].type);
        }
        writer_end(out, mark);
}

static void write_functions(struct rewrite *rewrite)
{
        const struct wasm_module *module = rewrite->module;
        struct writer *out = &rewrite->out;
        uint32_t n = module->shape.n_functions + rewrite->n_stubs;
        if (!n)
                return;
        size_t mark = writer_begin(out, SECTION_FUNCTION);
        writer_u32(out, n);
        for (uint32_t i = module->shape.n_imports; i < module->n_funcs; i++)
                writer_u32(out, module->funcs[i].type);
        for (uint32_t i = 0; i < module->shape.n_imports; i++)
                if (rewrite->stubs[i])
                        writer_u32(out, module->funcs[i].type);
        writer_end(out, mark);
}

static void write_tables(struct rewrite *rewrite)
{
        const struct wasm_module *module = rewrite->module;
        struct writer *out = &rewrite->out;
        if (!module->shape.n_tables)
                return;
        size_t mark = writer_begin(out, SECTION_TABLE);
        writer_u32(out, module->shape.n_tables);
        for (uint32_t i = 0; i < module->shape.n_tables; i++) {
                writer_u8(out, module->tables[i].type == TYPE_FUNCREF ? 0x70 : 0x6f);
                writer_u8(out, LIMITS_HAVE_MAX);
                writer_u32(out, module->tables[i].min);
                writer_u32(out, module->tables[i].max);
        }
        writer_end(out, mark);
}

static uint32_t count_exports(const struct wasm_module *module)
{
        uint32_t n = module->shape.exports_memory;
        struct wasm_function function;
        for (uint32_t i = 0; i < module->n_exports; i++)
                n += wasm_module_calls(module, i, &function);
        return n;
}

static void write_exports(struct rewrite *rewrite)
{
        const struct wasm_module *module = rewrite->module;
        struct writer *out = &rewrite->out;
        size_t mark = writer_begin(out, SECTION_EXPORT);
        writer_u32(out, count_exports(module));
        if (module->shape.exports_memory) {
                writer_name(out, "memory");
                writer_u8(out, EXTERN_MEMORY);
                writer_u32(out, 0);
        }
        for (uint32_t i = 0; i < module->n_exports; i++) {
                struct wasm_function function;
                char name[24];
                if (!wasm_module_calls(module, i, &function))
                        continue;
                snprintf(name, sizeof name, "e%u", i);
                writer_name(out, name);
                writer_u8(out, EXTERN_FUNCTION);
                writer_u32(out, module->exports[i].index);
        }
        writer_end(out, mark);
}

/* Function references in code must be declared somewhere outside it. An export or a segment may have done that which does not any
 * more, so a segment of its own declares them all. */
static void write_declaration(struct rewrite *rewrite, uint32_t n)
{
        const struct wasm_module *module = rewrite->module;
        struct writer *out = &rewrite->out;
        writer_u32(out, ELEMENTS_DECLARE);
        writer_u8(out, 0); /* of functions */
        writer_u32(out, n);
        for (uint32_t i = 0; i < module->n_funcs; i++)
                if (module->funcs[i].flags & FUNC_REFERENCED)
                        writer_u32(out, i);
}

static void write_elements(struct rewrite *rewrite)
{
        const struct wasm_module *module = rewrite->module;
        struct ward_span left = module->items[SECTION_ELEMENT];
        struct writer *out = &rewrite->out;
        uint32_t n_referenced = 0;
        for (uint32_t i = 0; i < module->n_funcs; i++)
                n_referenced += (module->funcs[i].flags & FUNC_REFERENCED) != 0;
        if (!module->n_elements && !n_referenced)
                return;
        size_t mark = writer_begin(out, SECTION_ELEMENT);
        writer_u32(out, module->n_elements + (n_referenced > 0));
        for (size_t i = 0; i < module->n_mentions; i++) {
                const struct mention *mention = &module->mentions[i];
                writer_bytes(out, left.at, (size_t)(mention->at.at - left.at));
                writer_u32(out, rewrite->stubs[mention->function]);
                const uint8_t *after = mention->at.at + mention->at.len;
                left = (struct ward_span){ after, left.len - (size_t)(after - left.at) };
        }
        writer_span(out, left);
        if (n_referenced)
                write_declaration(rewrite, n_referenced);
        writer_end(out, mark);
}

static void write_stub(struct rewrite *rewrite, uint32_t import)
{
        struct writer *out = &rewrite->out;
        uint32_t n = module_func_type(rewrite->module, import)->n_params;
        size_t mark = writer_begin_sized(out);
        writer_u32(out, 0); /* no locals */
        for (uint32_t i = 0; i < n; i++) {
                writer_u8(out, OP_LOCAL_GET);
                writer_u32(out, i);
        }
        writer_u8(out, OP_CALL);
        writer_u32(out, import);
        writer_u8(out, OP_END);
        writer_end(out, mark);
}

static void write_code(struct rewrite *rewrite)
{
        const struct wasm_module *module = rewrite->module;
        struct writer *out = &rewrite->out;
        uint32_t n = module->shape.n_functions + rewrite->n_stubs;
        if (!n)
                return;
        size_t mark = writer_begin(out, SECTION_CODE);
        writer_u32(out, n);
        writer_span(out, module->items[SECTION_CODE]);
        for (uint32_t i = 0; i < module->shape.n_imports; i++)
                if (rewrite->stubs[i])
                        write_stub(rewrite, i);
        writer_end(out, mark);
}

static void write_module(struct rewrite *rewrite)
{
        static const uint8_t header[] = { 0, 'a', 's', 'm', 1, 0, 0, 0 };
        writer_bytes(&rewrite->out, header, sizeof header);
        copy_section(rewrite, SECTION_TYPE);
        write_imports(rewrite);
        write_functions(rewrite);
        write_tables(rewrite);
        copy_section(rewrite, SECTION_MEMORY);
        copy_section(rewrite, SECTION_GLOBAL);
        write_exports(rewrite);
        copy_section(rewrite, SECTION_START);
        write_elements(rewrite);
        copy_section(rewrite, SECTION_DATA_COUNT);
        write_code(rewrite);
        copy_section(rewrite, SECTION_DATA);
}

/* --- Imports that nobody can offer ------------------------------------------------------------ */

static int check_imports(const struct wasm_module *module, struct ward_fault *fault)
{
        for (uint32_t i = 0; i < module->shape.n_imports; i++) {
                const struct imported *import = &module->imports[i];
                if (!core_is_plain(module->types[import->type].core))
                        return fault_set(fault, WARD_FAULT_CONTRACT,
                                         "module '%s': imports function \"%.*s\" from \"%.*s\" with references or several results, "
                                         "which no contract has",
                                         module->path, (int)import->field.len, (const char *)import->field.at,
                                         (int)import->module.len, (const char *)import->module.at);
        }
        return 0;
}

int wasm_module_rewrite(const struct wasm_module *module, uint8_t **ret_bytes, size_t *ret_len, struct ward_fault *fault)
{
        OWNED(finish) struct rewrite rewrite = { .module = module };
        int r = check_imports(module, fault);
        if (r)
                return r;
        if (!number_stubs(&rewrite))
                write_module(&rewrite);
        if (!rewrite.stubs || rewrite.out.failed)
                return fault_set(fault, WARD_FAULT_SYSTEM, "module '%s': out of memory while rewriting it", module->path);
        *ret_len = rewrite.out.len;
        *ret_bytes = STEAL(rewrite.out.at);
        return 0;
}
