#include "wasm/body.h"

#include <string.h>

static const struct types one_i32 = { "i", 1 };

char check_unreachable(struct body *body, const struct op *op)
{
        body_die(body);
        return 0;
}

/* A block's type is a number of 33 bits: the index of a function type, or negative: one byte, a value type or 0x40 for nothing. */
static void read_block_type(struct body *body, struct types *params, struct types *results)
{
        static const char letters[] = { TYPE_I32, TYPE_I64, TYPE_F32, TYPE_F64, TYPE_FUNCREF, TYPE_EXTERNREF };
        struct reader *reader = body->reader;
        const uint8_t *at = reader->at;
        int64_t index = reader_signed(reader, 33);
        *params = *results = (struct types){ letters, 0 };
        if (reader->error || *at == 0x40)
                return;
        if (index < 0) {
                reader->at = at;
                *results = (struct types){ memchr(letters, reader_type(reader), sizeof letters), 1 };
                return;
        }
        if (index >= reader->module->n_types) {
                reader_refuse(reader, "there is no type %u, only %u of them", (unsigned)index, reader->module->n_types);
                return;
        }
        const struct func_type *type = &reader->module->types[index];
        if (type->n_params > WASM_RESULTS_MAX)
                reader_refuse(reader, "a block takes %u values; Ward takes blocks of at most %d", type->n_params, WASM_RESULTS_MAX);
        *params = types_params(type);
        *results = types_results(type);
}

char check_block(struct body *body, const struct op *op)
{
        struct types params, results;
        read_block_type(body, &params, &results);
        if (body->reader->error)
                return 0;
        if (body->code == OPCODE_IF)
                body_pop(body, one_i32);
        body_pop(body, params);
        body_enter(body, (uint8_t)body->code, params, results);
        body_push(body, params);
        return 0;
}

/* The block's results are there, and nothing else. */
static void finish_block(struct body *body, const struct block *block)
{
        body_pop(body, block->results);
        if (!body->reader->error && body->n_operands != block->height)
                reader_refuse(body->reader, "a block leaves %u values too many", body->n_operands - block->height);
}

char check_else(struct body *body, const struct op *op)
{
        struct block *block = &body->blocks[body->n_blocks - 1];
        if (block->opcode != OPCODE_IF) {
                reader_refuse(body->reader, "an else without its if");
                return 0;
        }
        finish_block(body, block);
        block->opcode = OPCODE_ELSE;
        block->dead = false;
        body_push(body, block->params);
        return 0;
}

static bool same_types(struct types a, struct types b)
{
        return a.n == b.n && !memcmp(a.at, b.at, a.n);
}

char check_end(struct body *body, const struct op *op)
{
        const struct block *block = &body->blocks[body->n_blocks - 1];
        finish_block(body, block);
        if (block->opcode == OPCODE_IF && !same_types(block->params, block->results))
                reader_refuse(body->reader, "an if without else changes the types of its values");
        if (body->reader->error)
                return 0;
        body->n_blocks--;
        if (body->n_blocks)
                body_push(body, block->results);
        return 0;
}

/* What a branch to the label takes: a loop's label is at its start. An empty list after an error. */
static struct types read_label(struct body *body)
{
        uint32_t depth = reader_index(body->reader, body->n_blocks, "enclosing block");
        const struct block *block = &body->blocks[body->n_blocks - 1 - depth];
        return block->opcode == OPCODE_LOOP ? block->params : block->results;
}

char check_br(struct body *body, const struct op *op)
{
        body_expect(body, read_label(body));
        body_die(body);
        return 0;
}

char check_br_if(struct body *body, const struct op *op)
{
        struct types label = read_label(body);
        body_pop(body, one_i32);
        body_pop(body, label);
        body_push(body, label);
        return 0;
}

char check_br_table(struct body *body, const struct op *op)
{
        struct reader *reader = body->reader;
        uint32_t n = reader_count(reader, WASM_BRANCHES_MAX, "branches in a table");
        uint32_t arity = 0;
        body_pop(body, one_i32);
        for (uint32_t i = 0; i <= n && !reader->error; i++) {
                struct types label = read_label(body);
                if (i && label.n != arity)
                        reader_refuse(reader, "a branch table's labels take %u and %u values", arity, label.n);
                arity = label.n;
                body_expect(body, label);
        }
        body_die(body);
        return 0;
}

char check_return(struct body *body, const struct op *op)
{
        body_expect(body, body->blocks[0].results);
        body_die(body);
        return 0;
}

static void call(struct body *body, const struct func_type *type)
{
        body_pop(body, types_params(type));
        body_push(body, types_results(type));
}

char check_call(struct body *body, const struct op *op)
{
        const struct wasm_module *module = body->reader->module;
        uint32_t function = reader_index(body->reader, module->n_funcs, "function");
        if (!body->reader->error)
                call(body, module_func_type(module, function));
        return 0;
}

char check_call_indirect(struct body *body, const struct op *op)
{
        struct reader *reader = body->reader;
        const struct wasm_module *module = reader->module;
        uint32_t type = reader_index(reader, module->n_types, "type");
        uint32_t table = reader_index(reader, module->shape.n_tables, "table");
        if (reader->error)
                return 0;
        /* wabt 1.0.32 lets a table of host references pass here */
        if (module->tables[table].type != TYPE_FUNCREF)
                reader_refuse(reader, "calls through table %u, which holds no functions", table);
        body_pop(body, one_i32);
        call(body, &module->types[type]);
        return 0;
}

static bool is_reference(char type)
{
        return type == TYPE_FUNCREF || type == TYPE_EXTERNREF;
}

char check_drop(struct body *body, const struct op *op)
{
        body_pop_any(body);
        return 0;
}

char check_select(struct body *body, const struct op *op)
{
        body_pop(body, one_i32);
        char second = body_pop_any(body), first = body_pop_any(body);
        if (is_reference(first) || is_reference(second))
                reader_refuse(body->reader, "a select of references must name their type");
        if (first != second && first != OPERAND_ANY && second != OPERAND_ANY)
                reader_refuse(body->reader, "a select between %s and %s", type_name(first), type_name(second));
        body_push_one(body, first == OPERAND_ANY ? second : first);
        return 0;
}

char check_select_typed(struct body *body, const struct op *op)
{
        if (reader_u32(body->reader) != 1)
                reader_refuse(body->reader, "a select of other than one value");
        return reader_type(body->reader);
}

char check_ref_is_null(struct body *body, const struct op *op)
{
        char type = body_pop_any(body);
        if (type != OPERAND_ANY && !is_reference(type))
                reader_refuse(body->reader, "ref.is_null takes a reference where there is %s", type_name(type));
        return 0;
}
