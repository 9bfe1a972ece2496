#include "wasm/body.h"

char check_local(struct body *body, const struct op *op)
{
        uint32_t local = reader_index(body->reader, body->n_locals, "local");
        return body->reader->error ? 0 : body->locals[local];
}

char check_global_get(struct body *body, const struct op *op)
{
        const struct wasm_module *module = body->reader->module;
        uint32_t global = reader_index(body->reader, module->shape.n_globals, "global");
        return body->reader->error ? 0 : module->globals[global].type;
}

char check_global_set(struct body *body, const struct op *op)
{
        const struct wasm_module *module = body->reader->module;
        uint32_t global = reader_index(body->reader, module->shape.n_globals, "global");
        if (body->reader->error)
                return 0;
        if (!module->globals[global].mutable)
                reader_refuse(body->reader, "sets global %u, which is constant", global);
        return module->globals[global].type;
}

char check_table(struct body *body, const struct op *op)
{
        const struct wasm_module *module = body->reader->module;
        uint32_t table = reader_index(body->reader, module->shape.n_tables, "table");
        return body->reader->error ? 0 : module->tables[table].type;
}

static void need_memory(struct body *body)
{
        if (!body->reader->module->shape.has_memory)
                reader_refuse(body->reader, "uses a memory, but the module has none");
}

/* Where a later version of WebAssembly names one of several memories there is a zero byte. */
static void read_memory(struct body *body)
{
        uint8_t memory = reader_u8(body->reader);
        if (memory)
                reader_refuse(body->reader, "uses memory %u; Ward takes modules with one memory", memory);
        need_memory(body);
}

char check_access(struct body *body, const struct op *op)
{
        uint32_t align = reader_u32(body->reader);
        if (align > op->align)
                reader_refuse(body->reader, "an alignment of 2^%u where at most 2^%u is natural", align, op->align);
        uint32_t offset = reader_u32(body->reader); /* any is valid: what lies beyond the memory traps */
        struct wasm_shape *shape = &body->reader->module->shape;
        if (offset > shape->offset_max)
                shape->offset_max = offset;
        need_memory(body);
        return 0;
}

char check_memory(struct body *body, const struct op *op)
{
        read_memory(body);
        return 0;
}

char check_data_drop(struct body *body, const struct op *op)
{
        const struct wasm_module *module = body->reader->module;
        if (!module->sections[SECTION_DATA_COUNT].at)
                reader_refuse(body->reader, "uses data segments, but the module does not declare their number");
        reader_index(body->reader, module->n_data, "data segment");
        return 0;
}

char check_memory_init(struct body *body, const struct op *op)
{
        check_data_drop(body, op);
        read_memory(body);
        return 0;
}

char check_memory_copy(struct body *body, const struct op *op)
{
        read_memory(body);
        read_memory(body);
        return 0;
}

char check_elem_drop(struct body *body, const struct op *op)
{
        const struct wasm_module *module = body->reader->module;
        uint32_t segment = reader_index(body->reader, module->n_elements, "element segment");
        return body->reader->error ? 0 : module->elements[segment];
}

static void check_same(struct body *body, char from, char to)
{
        if (!body->reader->error && from != to)
                reader_refuse(body->reader, "copies %s to a table of %s", type_name(from), type_name(to));
}

char check_table_init(struct body *body, const struct op *op)
{
        char from = check_elem_drop(body, op);
        check_same(body, from, check_table(body, op));
        return 0;
}

char check_table_copy(struct body *body, const struct op *op)
{
        char to = check_table(body, op);
        check_same(body, check_table(body, op), to);
        return 0;
}

char check_i32(struct body *body, const struct op *op)
{
        reader_signed(body->reader, 32);
        return 0;
}

char check_i64(struct body *body, const struct op *op)
{
        reader_signed(body->reader, 64);
        return 0;
}

char check_f32(struct body *body, const struct op *op)
{
        reader_bytes(body->reader, 4);
        return 0;
}

char check_f64(struct body *body, const struct op *op)
{
        reader_bytes(body->reader, 8);
        return 0;
}

char check_ref_null(struct body *body, const struct op *op)
{
        return reader_reference_type(body->reader);
}

char check_ref_func(struct body *body, const struct op *op)
{
        struct wasm_module *module = body->reader->module;
        uint32_t function = reader_index(body->reader, module->n_funcs, "function");
        if (body->reader->error)
                return 0;
        if (!(module->funcs[function].flags & FUNC_DECLARED))
                reader_refuse(body->reader, "refers to function %u, which is not declared for it", function);
        module->funcs[function].flags |= FUNC_REFERENCED;
        return 0;
}
