/* For tests: modules made byte by byte.
 *
 *      struct plan plan = test_plan();                                a module of every kind of thing
 *      plan.sections[SECTION_MEMORY] = BYTES("\x01\x00\x02");         with one section replaced
 *      struct writer w = plan_write(&plan); … writer_finish(&w); */
#ifndef WASM_TEST_BUILD_H
#define WASM_TEST_BUILD_H

#include "wasm/parts.h"
#include "wasm/writer.h"

#define BYTES(text)                                                                                                                \
        (struct ward_span)                                                                                                         \
        {                                                                                                                          \
                (const uint8_t *)(text), sizeof(text) - 1                                                                          \
        }
#define NONE ((struct ward_span){ 0 })

#define MODULE_HEADER "\0asm\x01\0\0\0"

struct plan {
        struct ward_span sections[SECTION_IDS]; /* content; at NULL: no such section. Custom ones come first */
};

static inline void plan_section(struct writer *writer, const struct plan *plan, enum section_id id)
{
        if (!plan->sections[id].at)
                return;
        size_t mark = writer_begin(writer, (uint8_t)id);
        writer_span(writer, plan->sections[id]);
        writer_end(writer, mark);
}

static inline struct writer plan_write(const struct plan *plan)
{
        struct writer writer = { 0 };
        writer_span(&writer, BYTES(MODULE_HEADER));
        for (enum section_id id = SECTION_CUSTOM; id <= SECTION_ELEMENT; id++)
                plan_section(&writer, plan, id);
        plan_section(&writer, plan, SECTION_DATA_COUNT);
        plan_section(&writer, plan, SECTION_CODE);
        plan_section(&writer, plan, SECTION_DATA);
        return writer;
}

/* What the plan below declares. */
enum {
        T_NOTHING, /* ">" */
        T_UNARY,   /* "i>i" */
        T_BINARY,  /* "iI>I" */
        T_TWO,     /* ">iI" */
        T_FLOATS,  /* "fF>f" */
        T_TAKES,   /* "i>" */
        N_TYPES,

        F_IMPORTED = 0, /* "env" "f", unary */
        F_TESTED,       /* of the type that the test wants */
        F_BINARY,

        TABLE_FUNCTIONS = 0,
        TABLE_REFERENCES,

        G_VARIABLE = 0, /* i32 */
        G_CONSTANT,     /* f64 */

        E_FUNCTIONS = 0, /* declares F_BINARY */
        E_REFERENCES,
};

#define PLAN_TYPES                                                                                                                 \
        "\x06\x60\0\0\x60\x01\x7f\x01\x7f\x60\x02\x7f\x7e\x01\x7e\x60\0\x02\x7f\x7e\x60\x02\x7d\x7c\x01\x7d\x60\x01\x7f\0"

static inline struct plan test_plan(void)
{
        return (struct plan){ .sections = {
                                      [SECTION_TYPE] = BYTES(PLAN_TYPES),
                                      [SECTION_IMPORT] = BYTES("\x01\x03"
                                                               "env\x01"
                                                               "f\x00\x01"),
                                      [SECTION_FUNCTION] = BYTES("\x02\x00\x02"),
                                      [SECTION_TABLE] = BYTES("\x02\x70\x00\x02\x6f\x01\x01\x05"),
                                      [SECTION_MEMORY] = BYTES("\x01\x01\x01\x10"),
                                      [SECTION_GLOBAL] = BYTES("\x02\x7f\x01\x41\x00\x0b\x7c\x00\x44\0\0\0\0\0\0\0\0\x0b"),
                                      [SECTION_EXPORT] = BYTES("\x02\x06memory\x02\x00\x03run\x00\x02"),
                                      [SECTION_ELEMENT] = BYTES("\x02\x00\x41\x00\x0b\x01\x02\x05\x6f\x01\xd0\x6f\x0b"),
                                      [SECTION_DATA_COUNT] = BYTES("\x01"),
                                      [SECTION_CODE] = BYTES("\x02\x02\x00\x0b\x04\x00\x20\x01\x0b"),
                                      [SECTION_DATA] = BYTES("\x01\x01\x02hi"),
                              } };
}

#endif
