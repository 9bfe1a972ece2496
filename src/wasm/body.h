/* Checking a function's body as the specification does (core, appendix "Validation Algorithm"): types are followed through an
 * operand stack and a stack of blocks. Private to body.c, control.c and ops.c. */
#ifndef WASM_BODY_H
#define WASM_BODY_H

#include "wasm/reader.h"

enum { OPERAND_ANY = '?', OPCODE_LOOP = 0x03, OPCODE_IF = 0x04, OPCODE_ELSE = 0x05, OPCODE_END = 0x0b, OPCODE_PREFIX = 0xfc };

struct types {
        const char *at;
        uint32_t n;
};

struct block {
        uint8_t opcode;
        bool dead;    /* what follows cannot be reached: any operand may be taken off the stack */
        bool reached; /* where it begins */
        uint32_t height;
        struct types params;
        struct types results;
};

struct body {
        struct reader *reader;
        uint32_t code; /* the current instruction: its opcode, or 0xfc00 and the number behind the prefix */
        uint32_t n_locals;
        uint32_t n_operands;
        uint32_t n_blocks;
        uint32_t n_variable_bytes; /* of what wasm2c will declare, see WASM_VARIABLES_MAX */
        char locals[WASM_LOCALS_MAX];
        char operands[WASM_OPERANDS_MAX];
        uint8_t declared[WASM_OPERANDS_MAX];     /* the types seen at each height, a bit each */
        struct block blocks[WASM_DEPTH_MAX + 1]; /* the first is the function */
};

/* An instruction: reads its immediates, then takes and gives operands as @core says, where t is the type that @immediate returned.
 * Those whose operands depend on more do all of it in @immediate, and have no @core. */
struct op {
        const char *core;
        char (*immediate)(struct body *body, const struct op *op);
        uint8_t align;           /* of a load or store: the natural alignment's exponent */
        const char *refused;     /* a feature that Ward does not take */
        const char *refused_why; /* and what to do about it */
};

/* ops.c: the instruction whose opcode was just read, never NULL; reads what follows a prefix. */
const struct op *op_find(struct body *body, uint8_t opcode);

/* body.c: the operand stack */
void body_push(struct body *body, struct types types);
void body_pop(struct body *body, struct types types);
/* Takes one, whatever its type: returns it, or OPERAND_ANY. */
char body_pop_any(struct body *body);
void body_push_one(struct body *body, char type);
/* Whether @types are on top, without taking them. */
void body_expect(struct body *body, struct types types);
void body_enter(struct body *body, uint8_t opcode, struct types params, struct types results);
/* What follows cannot be reached. */
void body_die(struct body *body);

static inline struct types types_params(const struct func_type *type)
{
        return (struct types){ type->core, type->n_params };
}

static inline struct types types_results(const struct func_type *type)
{
        return (struct types){ type_results(type), type->n_results };
}

/* control.c: immediates of the instructions that move control, and of select */
char check_unreachable(struct body *body, const struct op *op);
char check_block(struct body *body, const struct op *op);
char check_else(struct body *body, const struct op *op);
char check_end(struct body *body, const struct op *op);
char check_br(struct body *body, const struct op *op);
char check_br_if(struct body *body, const struct op *op);
char check_br_table(struct body *body, const struct op *op);
char check_return(struct body *body, const struct op *op);
char check_call(struct body *body, const struct op *op);
char check_call_indirect(struct body *body, const struct op *op);
char check_drop(struct body *body, const struct op *op);
char check_select(struct body *body, const struct op *op);
char check_select_typed(struct body *body, const struct op *op);
char check_ref_is_null(struct body *body, const struct op *op);

/* immediates.c: those of all others */
char check_local(struct body *body, const struct op *op);
char check_global_get(struct body *body, const struct op *op);
char check_global_set(struct body *body, const struct op *op);
char check_table(struct body *body, const struct op *op);
char check_access(struct body *body, const struct op *op);
char check_memory(struct body *body, const struct op *op);
char check_memory_init(struct body *body, const struct op *op);
char check_memory_copy(struct body *body, const struct op *op);
char check_data_drop(struct body *body, const struct op *op);
char check_table_init(struct body *body, const struct op *op);
char check_table_copy(struct body *body, const struct op *op);
char check_elem_drop(struct body *body, const struct op *op);
char check_i32(struct body *body, const struct op *op);
char check_i64(struct body *body, const struct op *op);
char check_f32(struct body *body, const struct op *op);
char check_f64(struct body *body, const struct op *op);
char check_ref_null(struct body *body, const struct op *op);
char check_ref_func(struct body *body, const struct op *op);

#endif
