/* The instructions (core specification, "Instructions" in the binary format, and "Index of Instructions" for their types). */
#include "wasm/body.h"

#include "base/own.h"

#define EXCEPTIONS  .refused = "exceptions", .refused_why = "build it without -fwasm-exceptions"
#define TAIL_CALLS  .refused = "tail calls", .refused_why = "build it without -mtail-call"
#define TYPED_CALLS .refused = "typed function references", .refused_why = "build it for an older WebAssembly"
#define COLLECTED   .refused = "garbage-collected types", .refused_why = "build it for an older WebAssembly"
#define SIMD        .refused = "SIMD", .refused_why = "build it without -msimd128"
#define ATOMICS     .refused = "atomics (threads)", .refused_why = "build it without -pthread and -matomics"

static const struct op ops[256] = {
        [0x00] = { .immediate = check_unreachable },
        [0x01] = { ">" }, /* nop */
        [0x02 ... 0x04] = { .immediate = check_block },
        [0x05] = { .immediate = check_else },
        [0x06 ... 0x0a] = { EXCEPTIONS },
        [0x0b] = { .immediate = check_end },
        [0x0c] = { .immediate = check_br },
        [0x0d] = { .immediate = check_br_if },
        [0x0e] = { .immediate = check_br_table },
        [0x0f] = { .immediate = check_return },
        [0x10] = { .immediate = check_call },
        [0x11] = { .immediate = check_call_indirect },
        [0x12 ... 0x13] = { TAIL_CALLS },
        [0x14 ... 0x15] = { TYPED_CALLS },
        [0x18 ... 0x19] = { EXCEPTIONS },
        [0x1a] = { .immediate = check_drop },
        [0x1b] = { .immediate = check_select },
        [0x1c] = { "tti>t", check_select_typed },
        [0x1f] = { EXCEPTIONS },

        [0x20] = { ">t", check_local },
        [0x21] = { "t>", check_local },
        [0x22] = { "t>t", check_local },
        [0x23] = { ">t", check_global_get },
        [0x24] = { "t>", check_global_set },
        [0x25] = { "i>t", check_table },
        [0x26] = { "it>", check_table },

        [0x28] = { "i>i", check_access, 2 }, /* loads */
        [0x29] = { "i>I", check_access, 3 },
        [0x2a] = { "i>f", check_access, 2 },
        [0x2b] = { "i>F", check_access, 3 },
        [0x2c ... 0x2d] = { "i>i", check_access, 0 }, /* i32 from 8 and 16 bits */
        [0x2e ... 0x2f] = { "i>i", check_access, 1 },
        [0x30 ... 0x31] = { "i>I", check_access, 0 }, /* i64 from 8, 16 and 32 bits */
        [0x32 ... 0x33] = { "i>I", check_access, 1 },
        [0x34 ... 0x35] = { "i>I", check_access, 2 },
        [0x36] = { "ii>", check_access, 2 }, /* stores */
        [0x37] = { "iI>", check_access, 3 },
        [0x38] = { "if>", check_access, 2 },
        [0x39] = { "iF>", check_access, 3 },
        [0x3a] = { "ii>", check_access, 0 },
        [0x3b] = { "ii>", check_access, 1 },
        [0x3c] = { "iI>", check_access, 0 },
        [0x3d] = { "iI>", check_access, 1 },
        [0x3e] = { "iI>", check_access, 2 },
        [0x3f] = { ">i", check_memory },  /* memory.size */
        [0x40] = { "i>i", check_memory }, /* memory.grow */

        [0x41] = { ">i", check_i32 },
        [0x42] = { ">I", check_i64 },
        [0x43] = { ">f", check_f32 },
        [0x44] = { ">F", check_f64 },

        [0x45] = { "i>i" },           /* i32.eqz */
        [0x46 ... 0x4f] = { "ii>i" }, /* comparisons */
        [0x50] = { "I>i" },
        [0x51 ... 0x5a] = { "II>i" },
        [0x5b ... 0x60] = { "ff>i" },
        [0x61 ... 0x66] = { "FF>i" },
        [0x67 ... 0x69] = { "i>i" },  /* i32: clz, ctz, popcnt */
        [0x6a ... 0x78] = { "ii>i" }, /* arithmetic */
        [0x79 ... 0x7b] = { "I>I" },
        [0x7c ... 0x8a] = { "II>I" },
        [0x8b ... 0x91] = { "f>f" },
        [0x92 ... 0x98] = { "ff>f" },
        [0x99 ... 0x9f] = { "F>F" },
        [0xa0 ... 0xa6] = { "FF>F" },
        [0xa7] = { "I>i" }, /* conversions */
        [0xa8 ... 0xa9] = { "f>i" },
        [0xaa ... 0xab] = { "F>i" },
        [0xac ... 0xad] = { "i>I" },
        [0xae ... 0xaf] = { "f>I" },
        [0xb0 ... 0xb1] = { "F>I" },
        [0xb2 ... 0xb3] = { "i>f" },
        [0xb4 ... 0xb5] = { "I>f" },
        [0xb6] = { "F>f" },
        [0xb7 ... 0xb8] = { "i>F" },
        [0xb9 ... 0xba] = { "I>F" },
        [0xbb] = { "f>F" },
        [0xbc] = { "f>i" }, /* reinterpretations */
        [0xbd] = { "F>I" },
        [0xbe] = { "i>f" },
        [0xbf] = { "I>F" },
        [0xc0 ... 0xc1] = { "i>i" }, /* sign extensions */
        [0xc2 ... 0xc4] = { "I>I" },

        [0xd0] = { ">t", check_ref_null },
        [0xd1] = { ">i", check_ref_is_null },
        [0xd2] = { ">r", check_ref_func },
        [0xd3 ... 0xd6] = { TYPED_CALLS },

        [0xfb] = { COLLECTED },
        [0xfd] = { SIMD },
        [0xfe] = { ATOMICS },
};

/* Behind the prefix 0xfc. */
static const struct op prefixed[] = {
        [0 ... 1] = { "f>i" }, /* saturating conversions */
        [2 ... 3] = { "F>i" },           [4 ... 5] = { "f>I" },
        [6 ... 7] = { "F>I" },           [8] = { "iii>", check_memory_init },
        [9] = { ">", check_data_drop },  [10] = { "iii>", check_memory_copy },
        [11] = { "iii>", check_memory }, [12] = { "iii>", check_table_init },
        [13] = { ">", check_elem_drop }, [14] = { "iii>", check_table_copy },
        [15] = { "ti>i", check_table }, /* table.grow */
        [16] = { ">i", check_table },   /* table.size */
        [17] = { "iti>", check_table }, /* table.fill */
};

const struct op *op_find(struct body *body, uint8_t opcode)
{
        static const struct op none;
        body->code = opcode;
        if (opcode != OPCODE_PREFIX)
                return &ops[opcode];
        uint32_t number = reader_u32(body->reader);
        if (number >= COUNT_OF(prefixed)) {
                body->code = OPCODE_PREFIX;
                return &none;
        }
        body->code = (uint32_t)OPCODE_PREFIX << 8 | number;
        return &prefixed[number];
}
