/* Element and data segments, and the constant expressions that say where they go. */
#include "wasm/reader.h"

#include <stdlib.h>
#include <string.h>

enum { ELEMENT_NOT_ACTIVE = 1, ELEMENT_EXPLICIT = 2, ELEMENT_EXPRESSIONS = 4, ELEMENT_FLAGS_MAX = 7 };

enum { OP_END = 0x0b, OP_GLOBAL_GET = 0x23, OP_I32 = 0x41, OP_I64, OP_F32, OP_F64, OP_REF_NULL = 0xd0, OP_REF_FUNC = 0xd2 };

static char read_constant_value(struct reader *reader, uint8_t opcode, uint32_t *ret_function)
{
        switch (opcode) {
        case OP_I32:
                reader->constant = (uint32_t)reader_signed(reader, 32);
                return TYPE_I32;
        case OP_I64:
                reader_signed(reader, 64);
                return TYPE_I64;
        case OP_F32:
                reader_bytes(reader, 4);
                return TYPE_F32;
        case OP_F64:
                reader_bytes(reader, 8);
                return TYPE_F64;
        case OP_REF_NULL:
                return reader_reference_type(reader);
        case OP_REF_FUNC:
                *ret_function = reader_index(reader, reader->module->n_funcs, "function");
                return TYPE_FUNCREF;
        case OP_GLOBAL_GET:
                reader_refuse(reader, "a constant reads a global, which only an imported one may be, and Ward offers none; link it "
                                      "as a whole program, not as a shared library");
                return TYPE_I32;
        default:
                reader_refuse(reader, "instruction 0x%02x in a constant", opcode);
                return TYPE_I32;
        }
}

uint32_t read_constant(struct reader *reader, char type)
{
        uint32_t function = UINT32_MAX;
        char found = read_constant_value(reader, reader_u8(reader), &function);
        if (!reader->error && found != type)
                reader_refuse(reader, "a constant is %s where %s is needed", type_name(found), type_name(type));
        if (reader_u8(reader) != OP_END)
                reader_refuse(reader, "a constant has more than one instruction");
        return reader->error ? UINT32_MAX : function;
}

/* wasm2c calls an imported function through a table with a wrong first argument: rewriting puts another function in its place, and
 * needs to know where. Grows by doubling; the number of elements bounds it. */
static void add_mention(struct reader *reader, const uint8_t *at, uint32_t function)
{
        struct wasm_module *module = reader->module;
        size_t n = module->n_mentions;
        if (!(n & (n - 1))) {
                struct mention *grown = realloc(module->mentions, (n ? 2 * n : 1) * sizeof *grown);
                if (!grown) {
                        reader_no_memory(reader);
                        return;
                }
                module->mentions = grown;
        }
        module->mentions[module->n_mentions++] = (struct mention){ { at, (size_t)(reader->at - at) }, function };
}

static void mention(struct reader *reader, const uint8_t *at, uint32_t function)
{
        struct wasm_module *module = reader->module;
        if (reader->error)
                return;
        module->funcs[function].flags |= FUNC_DECLARED | FUNC_IN_SEGMENT;
        if (function < module->shape.n_imports)
                add_mention(reader, at, function);
}

static void read_element_expression(struct reader *reader, char type)
{
        const uint8_t *at = reader->at;
        uint32_t function = read_constant(reader, type);
        if (function == UINT32_MAX)
                return;
        /* between the opcode and the end */
        const uint8_t *after = reader->at--;
        mention(reader, at + 1, function);
        reader->at = after;
}

static void read_element_items(struct reader *reader, bool expressions, char type, uint32_t *left)
{
        uint32_t n = reader_count(reader, *left, "more elements");
        *left -= n;
        for (uint32_t i = 0; i < n && !reader->error; i++) {
                const uint8_t *at = reader->at;
                if (expressions)
                        read_element_expression(reader, type);
                else
                        mention(reader, at, reader_index(reader, reader->module->n_funcs, "function"));
        }
}

static void read_element_kind(struct reader *reader)
{
        uint8_t kind = reader_u8(reader);
        if (kind)
                reader_refuse(reader, "a segment of unknown kind %u", kind);
}

static void read_element(struct reader *reader, char *ret_type, uint32_t *left)
{
        const struct wasm_module *module = reader->module;
        uint32_t flags = reader_u32(reader), table = 0;
        bool active = !(flags & ELEMENT_NOT_ACTIVE), expressions = flags & ELEMENT_EXPRESSIONS;
        char type = TYPE_FUNCREF;
        if (flags > ELEMENT_FLAGS_MAX)
                reader_refuse(reader, "a segment has unknown flags %u", flags);
        if (active) {
                if (flags & ELEMENT_EXPLICIT)
                        table = reader_u32(reader);
                if (table >= module->shape.n_tables)
                        reader_refuse(reader, "there is no table %u, only %u of them", table, module->shape.n_tables);
                read_constant(reader, TYPE_I32);
        }
        if (flags & (ELEMENT_NOT_ACTIVE | ELEMENT_EXPLICIT)) {
                if (expressions)
                        type = reader_reference_type(reader);
                else
                        read_element_kind(reader);
        }
        if (active && !reader->error && module->tables[table].type != type)
                reader_refuse(reader, "a segment of %s for table %u of %s", type_name(type), table,
                              type_name(module->tables[table].type));
        read_element_items(reader, expressions, type, left);
        *ret_type = type;
}

void read_elements(struct reader *reader)
{
        struct wasm_module *module = reader->module;
        uint32_t left = WASM_ELEMENTS_MAX;
        uint32_t n = reader_count(reader, WASM_SEGMENTS_MAX, "segments");
        module->items[SECTION_ELEMENT] = (struct ward_span){ reader->at, (size_t)(reader->end - reader->at) };
        module->elements = reader_array(reader, n, 1);
        for (uint32_t i = 0; i < n && !reader->error; i++)
                read_element(reader, &module->elements[i], &left);
        module->n_elements = n;
}

void read_data_count(struct reader *reader)
{
        reader->module->n_data = reader_count(reader, WASM_SEGMENTS_MAX, "segments");
}

static void read_data_segment(struct reader *reader)
{
        enum { ACTIVE, PASSIVE, EXPLICIT };
        uint32_t flags = reader_u32(reader), memory = 0;
        if (flags > EXPLICIT)
                reader_refuse(reader, "a segment has unknown flags %u", flags);
        if (flags == EXPLICIT)
                memory = reader_u32(reader);
        if (flags != PASSIVE) {
                if (memory || !reader->module->shape.has_memory)
                        reader_refuse(reader, "there is no memory %u", memory);
                read_constant(reader, TYPE_I32);
                if (reader->constant < reader->module->shape.data_low)
                        reader->module->shape.data_low = reader->constant;
        }
        reader_bytes(reader, reader_u32(reader));
}

void read_data(struct reader *reader)
{
        struct wasm_module *module = reader->module;
        uint32_t n = reader_count(reader, WASM_SEGMENTS_MAX, "segments");
        if (module->sections[SECTION_DATA_COUNT].at && n != module->n_data)
                reader_refuse(reader, "has %u segments where %u were declared", n, module->n_data);
        for (uint32_t i = 0; i < n && !reader->error; i++)
                read_data_segment(reader);
        module->n_data = n;
}
