#include "wasm/body.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/own.h"
#include "wasm/marks.h"

/* An instruction as texts name it. */
#define CODE_FORMAT    "instruction 0x%02x"
#define CODE_ARG(body) ((body)->code)

static void declare(struct body *body, char type, uint32_t n)
{
        uint32_t size = type == TYPE_FUNCREF ? 24 : type == TYPE_I32 || type == TYPE_F32 ? 4 : 8;
        body->n_variable_bytes += n * size;
        if (body->n_variable_bytes > WASM_VARIABLES_MAX)
                reader_refuse(body->reader, "needs more than %d bytes for locals and operands; Ward takes no more",
                              WASM_VARIABLES_MAX);
}

static void declare_operand(struct body *body, uint32_t height, char type)
{
        static const char types[] = { TYPE_I32, TYPE_I64, TYPE_F32, TYPE_F64, TYPE_FUNCREF, TYPE_EXTERNREF };
        const char *found = memchr(types, type, sizeof types);
        uint8_t bit = found ? (uint8_t)(1 << (found - types)) : 0;
        if (!bit || body->declared[height] & bit)
                return;
        body->declared[height] |= bit;
        declare(body, type, 1);
}

void body_push_one(struct body *body, char type)
{
        if (body->n_operands == WASM_OPERANDS_MAX) {
                reader_refuse(body->reader, "holds more than %d values at once; Ward takes no more", WASM_OPERANDS_MAX);
                return;
        }
        declare_operand(body, body->n_operands, type);
        body->operands[body->n_operands++] = type;
}

void body_push(struct body *body, struct types types)
{
        for (uint32_t i = 0; i < types.n; i++)
                body_push_one(body, types.at[i]);
}

static void check_operand(struct body *body, char have, char want)
{
        if (have != want && have != OPERAND_ANY && want != OPERAND_ANY)
                reader_refuse(body->reader, CODE_FORMAT " takes %s where there is %s", CODE_ARG(body), type_name(want),
                              type_name(have));
}

static char pop_one(struct body *body, char want)
{
        const struct block *block = &body->blocks[body->n_blocks - 1];
        if (body->n_operands == block->height) {
                if (!block->dead)
                        reader_refuse(body->reader, CODE_FORMAT " takes %s where there is no value", CODE_ARG(body),
                                      type_name(want));
                return want;
        }
        char have = body->operands[--body->n_operands];
        check_operand(body, have, want);
        return have;
}

char body_pop_any(struct body *body)
{
        return pop_one(body, OPERAND_ANY);
}

void body_pop(struct body *body, struct types types)
{
        for (uint32_t i = types.n; i > 0; i--)
                pop_one(body, types.at[i - 1]);
}

void body_expect(struct body *body, struct types types)
{
        const struct block *block = &body->blocks[body->n_blocks - 1];
        uint32_t have = body->n_operands - block->height;
        if (have < types.n && !block->dead)
                reader_refuse(body->reader, CODE_FORMAT " takes %u values where there are %u", CODE_ARG(body), types.n, have);
        for (uint32_t i = 1; i <= types.n && i <= have; i++)
                check_operand(body, body->operands[body->n_operands - i], types.at[types.n - i]);
}

void body_enter(struct body *body, uint8_t opcode, struct types params, struct types results)
{
        if (body->n_blocks == COUNT_OF(body->blocks)) {
                reader_refuse(body->reader, "nests blocks more than %d deep; Ward takes no more", WASM_DEPTH_MAX);
                return;
        }
        const struct block *outer = body->n_blocks ? &body->blocks[body->n_blocks - 1] : NULL;
        bool reached = !outer || (outer->reached && !outer->dead);
        body->blocks[body->n_blocks++] = (struct block){ opcode, false, reached, body->n_operands, params, results };
}

void body_die(struct body *body)
{
        struct block *block = &body->blocks[body->n_blocks - 1];
        body->n_operands = block->height;
        block->dead = true;
}

static void apply(struct body *body, const char *core, char t)
{
        const char *arrow = strchr(core, '>');
        for (const char *p = arrow; p > core; p--)
                pop_one(body, p[-1] == 't' ? t : p[-1]);
        for (const char *p = arrow + 1; *p; p++)
                body_push_one(body, *p == 't' ? t : *p);
}

/* --- Marks ------------------------------------------------------------------------------------ */

static uint32_t line_of(const struct reader *reader, const uint8_t *at)
{
        return WASM_MARK_LINE + (uint32_t)(at - reader->module->bytes);
}

static void mark_function(struct reader *reader)
{
        struct wasm_marks *function = growing_add(&reader->marks->functions, 1);
        if (function)
                function->offset = line_of(reader, reader->at);
}

/* The instruction at @at, which has been read. */
static void mark(struct body *body, const uint8_t *at)
{
        struct code_marks *marks = body->reader->marks;
        if (!marks->functions.n || !wasm_mark_matters(body->code))
                return;
        struct wasm_mark *new = growing_add(&marks->marks, 1);
        if (!new)
                return;
        *new = (struct wasm_mark){ body->code, line_of(body->reader, at) };
        ((struct wasm_marks *)marks->functions.at)[marks->functions.n - 1].n++;
}

/* --- Bodies ----------------------------------------------------------------------------------- */

static void step(struct body *body)
{
        const struct block *block = &body->blocks[body->n_blocks - 1];
        const uint8_t *at = body->reader->at;
        bool marked = body->reader->marks && block->reached && !block->dead;
        uint8_t opcode = reader_u8(body->reader);
        const struct op *op = op_find(body, opcode);
        char t = 0;
        if (op->refused)
                reader_refuse(body->reader, "uses %s, which Ward does not take; %s", op->refused, op->refused_why);
        else if (!op->core && !op->immediate)
                reader_refuse(body->reader, "there is no " CODE_FORMAT, CODE_ARG(body));
        if (!body->reader->error && op->immediate)
                t = op->immediate(body, op);
        if (!body->reader->error && op->core)
                apply(body, op->core, t);
        if (marked)
                mark(body, at);
}

static void read_locals(struct body *body, struct types params)
{
        struct reader *reader = body->reader;
        memcpy(body->locals, params.at, params.n);
        body->n_locals = params.n;
        for (uint32_t i = 0; i < params.n; i++)
                declare(body, params.at[i], 1);
        uint32_t groups = reader_u32(reader);
        for (uint32_t i = 0; i < groups && !reader->error; i++) {
                uint32_t n = reader_u32(reader);
                char type = reader_type(reader);
                if (n > WASM_LOCALS_MAX - body->n_locals) {
                        reader_refuse(reader,
                                      "has more than %d locals; Ward takes no more: build it with optimisation (-O1 or more)",
                                      WASM_LOCALS_MAX);
                        return;
                }
                memset(body->locals + body->n_locals, type, n);
                body->n_locals += n;
                declare(body, type, n);
        }
}

static void read_body(struct body *body, uint32_t function)
{
        struct reader *reader = body->reader;
        const struct func_type *type = module_func_type(reader->module, function);
        if (reader->marks)
                mark_function(reader);
        body->n_operands = body->n_blocks = body->n_variable_bytes = 0;
        memset(body->declared, 0, sizeof body->declared);
        read_locals(body, types_params(type));
        body_enter(body, 0, (struct types){ "", 0 }, types_results(type));
        while (!reader->error && body->n_blocks)
                step(body);
        if (reader->at != reader->end)
                reader_refuse(reader, "goes on behind its end");
}

static void read_sized_body(struct body *body, uint32_t function)
{
        struct reader *reader = body->reader;
        const uint8_t *end = reader->end;
        snprintf(reader->where, sizeof reader->where, "code section, function %u", function);
        uint32_t len = reader_count(reader, WASM_BODY_MAX, "bytes of code in a function");
        const uint8_t *start = reader_bytes(reader, len).at;
        if (reader->error)
                return;
        reader->at = start;
        reader->end = start + len;
        read_body(body, function);
        reader->end = end;
}

void read_code(struct reader *reader)
{
        struct wasm_module *module = reader->module;
        uint32_t n = reader_count(reader, module->shape.n_functions, "bodies");
        OWNED(freep) struct body *body = reader_array(reader, 1, sizeof *body);
        module->items[SECTION_CODE] = (struct ward_span){ reader->at, (size_t)(reader->end - reader->at) };
        if (!body)
                return;
        body->reader = reader;
        for (uint32_t i = 0; i < n && !reader->error; i++)
                read_sized_body(body, module->shape.n_imports + i);
        module->n_bodies = n;
}
