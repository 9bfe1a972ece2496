#include "marshal/marshal.h"

#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "marshal/test_values.h"
#include "test/harness/harness.h"

#define LIST_OF(...) ((const struct ward_type *const[]){ __VA_ARGS__ })

enum { PLENTY = 1 << 26 };

struct text {
        const char *ptr;
        size_t len;
};

static struct text text_of(const char *s)
{
        return (struct text){ s, strlen(s) };
}

#define MEMORY(name, size)                                                                                                         \
        OWNED(test_memory_finish) struct test_memory name;                                                                         \
        test_memory_init(&name, size)

/* --- The layouts, byte by byte ---------------------------------------------------------------- */

TEST(scalars_travel_as_the_abi_says)
{
        struct types *t = types_new();
        struct {
                bool yes;
                uint8_t u8;
                int8_t s8;
                int16_t s16;
                int32_t s32;
                int64_t s64;
                float f32;
                double f64;
                uint32_t c;
        } args = { true, 0xff, -1, -2, -3, -4, 1.5f, -2.5, 0x1f600 }, back = { 0 };
        const struct ward_func *func = types_func(t, 9,
                                                  LIST_OF(types_bool(t), types_int(t, 1, false), types_int(t, 1, true),
                                                          types_int(t, 2, true), types_int(t, 4, true), types_int(t, 8, true),
                                                          types_float(t, 4), types_float(t, 8), types_char(t)),
                                                  NULL);
        assert_int_equal(func->params->size, sizeof args);
        uint64_t slots[WARD_FLAT_MAX], budget = 0;
        static const uint64_t expected[] = {
                1, 0xff, 0xffffffff, 0xfffffffe, 0xfffffffd, 0xfffffffffffffffc, 0x3fc00000, 0xc004000000000000, 0x1f600
        };
        struct marshal_memory none = { 0 };
        assert_int_equal(marshal_lower_params(func, &args, slots, &none, NULL), 0);
        assert_memory_equal(slots, expected, sizeof expected);
        assert_int_equal(marshal_lift_params(func, slots, &none, &budget, &back, NULL), 0);
        assert_true(values_equal(func->params, &args, func->params, &back));
        types_free(t);
}

TEST(lifting_masks_small_integers)
{
        struct types *t = types_new();
        struct {
                bool yes, no;
                uint8_t u8;
                int16_t s16;
                uint32_t u32;
        } args;
        const struct ward_func *func = types_func(
                t, 5, LIST_OF(types_bool(t), types_bool(t), types_int(t, 1, false), types_int(t, 2, true), types_int(t, 4, false)),
                NULL);
        const uint64_t slots[] = { 0x80000000, 0x100000000, 0x12345678abcdef01, 0xffff8000, 0xffffffff00000007 };
        struct marshal_memory none = { 0 };
        uint64_t budget = 0;
        assert_int_equal(marshal_lift_params(func, slots, &none, &budget, &args, NULL), 0);
        assert_true(args.yes && !args.no);
        assert_int_equal(args.u8, 1);
        assert_int_equal(args.s16, -32768);
        assert_int_equal(args.u32, 7);
        types_free(t);
}

/* operate(operation: string, operands: list<f64>) -> result<f64, string> */
TEST(strings_and_lists_are_laid_out_as_the_abi_says)
{
        struct types *t = types_new();
        const double operands[] = { 1, 2 };
        struct {
                struct text operation;
                const double *ptr;
                size_t len;
        } args = { text_of("plus"), operands, 2 };
        const struct ward_func *func = types_func(t, 2, LIST_OF(types_string(t), types_list(t, types_float(t, 8))), NULL);
        MEMORY(m, 0);
        uint64_t slots[WARD_FLAT_MAX];
        assert_int_equal(marshal_lower_params(func, &args, slots, &m.memory, NULL), 0);
        static const uint64_t expected[] = { 0, 4, 8, 2 };
        assert_memory_equal(slots, expected, sizeof expected);
        assert_int_equal(m.used, 24);
        assert_memory_equal(m.memory.base, "plus", 4);
        assert_memory_equal(m.memory.base + 8, operands, sizeof operands);
        types_free(t);
}

TEST(results_lie_in_memory)
{
        struct types *t = types_new();
        struct {
                bool is_err;
                union {
                        double ok;
                        struct text err;
                } val;
        } ret = { .is_err = true, .val.err = text_of("no") }, back;
        const struct ward_func *func = types_func(t, 0, NULL, types_result(t, types_float(t, 8), types_string(t)));
        assert_int_equal(func->result->size, sizeof ret);
        assert_int_equal(func->result->abi_size, 16);
        MEMORY(m, 0);
        uint64_t slots[WARD_FLAT_MAX], budget = PLENTY;
        assert_int_equal(marshal_lower_result(func, &ret, slots, &m.memory, NULL), 0);
        assert_int_equal(slots[0], 0);
        static const uint32_t expected[] = { 16, 2 };
        assert_int_equal(m.memory.base[0], 1);
        assert_memory_equal(m.memory.base + 8, expected, sizeof expected);
        assert_memory_equal(m.memory.base + 16, "no", 2);

        assert_int_equal(marshal_lift_result(func, slots, &m.memory, &budget, &back, NULL), 0);
        assert_true(values_equal(func->result, &ret, func->result, &back));
        ward_value_free(func->result, &back);
        ret.is_err = false;
        ret.val.ok = 42;
        assert_int_equal(marshal_store_result(func, &ret, 0, &m.memory, NULL), 0);
        assert_int_equal(marshal_lift_result(func, slots, &m.memory, &budget, &back, NULL), 0);
        assert_true(!back.is_err && back.val.ok == 42);
        types_free(t);
}

/* variant { a(f32), b(tuple<u32, u64>), c }: joined to i32, i64, i64 */
TEST(missing_slots_of_a_variant_are_zero)
{
        struct types *t = types_new();
        const struct ward_type *pair = types_record(t, 2, LIST_OF(types_int(t, 4, false), types_int(t, 8, false)));
        const struct ward_type *type = types_variant(t, 3, LIST_OF(types_float(t, 4), pair, NULL));
        const struct ward_func *func = types_func(t, 1, LIST_OF(type), NULL);
        struct {
                uint8_t tag;
                union {
                        float a;
                        struct {
                                uint32_t x;
                                uint64_t y;
                        } b;
                } val;
        } args[] = { { 0, { .a = 1.5f } }, { 1, { .b = { 7, 8 } } }, { .tag = 2 } };
        static const uint64_t expected[][3] = { { 0, 0x3fc00000, 0 }, { 1, 7, 8 }, { 2, 0, 0 } };
        struct marshal_memory none = { 0 };
        assert_int_equal(type->size, sizeof args[0]);
        assert_int_equal(type->flat, 3);
        for (size_t i = 0; i < 3; i++) {
                uint64_t slots[4] = { 9, 9, 9, 9 };
                assert_int_equal(marshal_lower_params(func, &args[i], slots, &none, NULL), 0);
                assert_memory_equal(slots, expected[i], sizeof expected[i]);
                assert_int_equal(slots[3], 9); /* left alone */
        }
        types_free(t);
}

TEST(many_parameters_travel_as_a_record)
{
        struct types *t = types_new();
        const struct ward_type *members[17];
        uint32_t args[17], back[17];
        for (uint32_t i = 0; i < 17; i++) {
                members[i] = types_int(t, 4, false);
                args[i] = i * i;
        }
        const struct ward_func *func = types_func(t, 17, members, NULL);
        MEMORY(m, 3);
        m.used = 1;
        uint64_t slots[WARD_FLAT_MAX], budget = 0;
        assert_int_equal(marshal_lower_params(func, args, slots, &m.memory, NULL), 0);
        assert_int_equal(slots[0], 4);
        assert_memory_equal(m.memory.base + 4, args, sizeof args);
        assert_int_equal(marshal_lift_params(func, slots, &m.memory, &budget, back, NULL), 0);
        assert_memory_equal(back, args, sizeof args);
        types_free(t);
}

TEST(empty_strings_and_lists_are_null)
{
        struct types *t = types_new();
        struct text args[2] = { { "x", 0 }, { NULL, 0 } }, back[2] = { { "y", 1 }, { "z", 2 } };
        const struct ward_func *func = types_func(t, 2, LIST_OF(types_string(t), types_list(t, types_int(t, 4, true))), NULL);
        MEMORY(m, 0);
        uint64_t slots[WARD_FLAT_MAX], budget = 0;
        assert_int_equal(marshal_lower_params(func, args, slots, &m.memory, NULL), 0);
        assert_int_equal(marshal_lift_params(func, slots, &m.memory, &budget, back, NULL), 0);
        for (int i = 0; i < 2; i++) {
                assert_null(back[i].ptr);
                assert_int_equal(back[i].len, 0);
        }
        types_free(t);
}

TEST(nothing_is_nothing)
{
        struct types *t = types_new();
        const struct ward_func *func = types_func(t, 0, NULL, NULL);
        struct marshal_memory none = { 0 };
        uint64_t slots[1] = { 5 }, budget = 0;
        char unused = 'x';
        assert_int_equal(marshal_lower_params(func, &unused, slots, &none, NULL), 0);
        assert_int_equal(marshal_lift_params(func, slots, &none, &budget, &unused, NULL), 0);
        assert_int_equal(marshal_lower_result(func, NULL, slots, &none, NULL), 0);
        assert_int_equal(marshal_store_result(func, NULL, 77, &none, NULL), 0);
        assert_int_equal(marshal_lift_result(func, slots, &none, &budget, NULL, NULL), 0);
        assert_int_equal(slots[0], 5);
        types_free(t);
}

/* --- Flags, arrays, handles, encodings -------------------------------------------------------- */

TEST(flags_take_words_of_32)
{
        struct types *t = types_new();
        const struct ward_type *nine = types_flags(t, 9), *forty = types_flags(t, 40);
        const struct ward_type *record = types_record(t, 3, LIST_OF(types_int(t, 1, false), forty, nine));
        struct {
                uint8_t u8;
                uint64_t forty;
                uint16_t nine;
        } value = { 7, 0xffffffff00000001, 0xffff }, back; /* some bits too many */
        const struct ward_func *func = types_func(t, 2, LIST_OF(forty, nine), record);
        assert_true(forty->abi_align == 4 && forty->abi_size == 8 && record->abi_size == 16);
        MEMORY(m, 0);
        uint64_t slots[WARD_FLAT_MAX], budget = 0;
        assert_int_equal(marshal_lower_params(func, &value.forty, slots, &m.memory, NULL), 0);
        assert_true(slots[0] == 1 && slots[1] == 0xff && slots[2] == 0x1ff);
        slots[0] = slots[1] = slots[2] = UINT64_MAX;
        assert_int_equal(marshal_lift_params(func, slots, &m.memory, &budget, &back.forty, NULL), 0);
        assert_true(back.forty == 0xffffffffff && back.nine == 0x1ff);

        assert_int_equal(marshal_lower_result(func, &value, slots, &m.memory, NULL), 0);
        static const uint32_t expected[] = { 1, 0xff };
        assert_int_equal(m.memory.base[0], 7);
        assert_memory_equal(m.memory.base + 4, expected, sizeof expected);
        assert_memory_equal(m.memory.base + 12, "\xff\1", 2);
        memset(m.memory.base, 0xff, 16);
        assert_int_equal(marshal_lift_result(func, slots, &m.memory, &budget, &back, NULL), 0);
        assert_true(back.u8 == 0xff && back.forty == 0xffffffffff && back.nine == 0x1ff);
        types_free(t);
}

TEST(arrays_lie_in_place)
{
        struct types *t = types_new();
        const struct ward_type *bools = types_array(t, types_bool(t), 3), *shorts = types_array(t, types_int(t, 2, true), 2);
        const struct ward_type *record = types_record(t, 3, LIST_OF(bools, shorts, types_array(t, types_string(t), 1)));
        struct {
                bool bools[3];
                int16_t shorts[2];
                struct text strings[1];
        } value = { { true, false, true }, { -2, 3 }, { { "xyz", 3 } } };
        const struct ward_func *func = types_func(t, 1, LIST_OF(record), record);
        static const uint64_t expected[] = { 1, 0, 1, 0xfffffffe, 3, 0, 3 };
        MEMORY(m, 0);
        uint64_t slots[WARD_FLAT_MAX];
        assert_int_equal(record->flat, 7);
        assert_int_equal(marshal_lower_params(func, &value, slots, &m.memory, NULL), 0);
        assert_memory_equal(slots, expected, sizeof expected);
        assert_int_equal(marshal_lower_result(func, &value, slots, &m.memory, NULL), 0);
        assert_int_equal(slots[0], 4);
        assert_memory_equal(m.memory.base + 4, "\1\0\1\xee\xfe\xff\3\0\x14\0\0\0\3\0\0\0xyz", 19);
        types_free(t);
}

TEST(handles_cross_as_numbers)
{
        struct types *t = types_new();
        const struct ward_type *own = types_handle(t, WARD_TYPE_OWN, &test_resource, 4);
        const struct ward_type *borrow = types_handle(t, WARD_TYPE_BORROW, &test_resource, 8);
        const struct ward_func *func = types_func(t, 3, LIST_OF(own, borrow, types_list(t, own)), own);
        uint32_t list[] = { (uint32_t)handle_form(own, 3), (uint32_t)handle_form(own, 4) };
        struct {
                uint32_t own;
                uint64_t borrow;
                void *ptr;
                size_t len;
        } args = { (uint32_t)handle_form(own, 1), handle_form(borrow, 2), list, 2 };
        uint32_t expected[] = { 3, 4 }, back;
        MEMORY(m, 0);
        uint64_t slots[WARD_FLAT_MAX], budget = 0;
        assert_int_equal(marshal_lower_params(func, &args, slots, &m.memory, NULL), 0);
        assert_true(slots[0] == 1 && slots[1] == 2 && slots[3] == 2);
        assert_memory_equal(m.memory.base + slots[2], expected, sizeof expected);
        assert_int_equal(marshal_lower_result(func, &args, slots, &m.memory, NULL), 0);
        assert_int_equal(slots[0], 1);
        assert_int_equal(marshal_lift_result(func, slots, &m.memory, &budget, &back, NULL), 0);
        assert_int_equal(back, args.own);
        types_free(t);
}

static const char sample8[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80";
static const uint16_t sample16[] = { 'a', 0xe9, 0x20ac, 0xd83d, 0xde00 };

TEST(strings_are_encoded_as_the_memory_wants)
{
        struct types *t = types_new();
        const struct ward_func *func = types_func(t, 2, LIST_OF(types_string(t), types_string16(t)), NULL);
        struct text args[] = { { sample8, 10 }, { (const char *)sample16, 5 } }, back[2];
        for (int encoding = MARSHAL_UTF8; encoding <= MARSHAL_UTF16; encoding++) {
                static const uint64_t expected[2][4] = { { 1, 10, 11, 10 }, { 2, 5, 12, 5 } };
                const void *sample = encoding == MARSHAL_UTF16 ? (const void *)sample16 : sample8;
                MEMORY(m, 0);
                uint64_t slots[WARD_FLAT_MAX], budget = 4 * 16 + 2 * 10 + 10;
                m.used = 1;
                m.memory.encoding = (enum marshal_encoding)encoding;
                assert_int_equal(marshal_lower_params(func, args, slots, &m.memory, NULL), 0);
                assert_memory_equal(slots, expected[encoding], sizeof expected[0]);
                assert_memory_equal(m.memory.base + slots[0], sample, 10);
                assert_memory_equal(m.memory.base + slots[2], sample, 10);
                assert_int_equal(marshal_lift_params(func, slots, &m.memory, &budget, back, NULL), 0);
                assert_true(values_equal(func->params, args, func->params, back));
                assert_int_equal(budget, 4 * 16 + 2 * 10 + 10 - 2 * (16 + 10));
                ward_value_free(func->params, back);
        }
        types_free(t);
}

/* Bytes and lists of records without padding go as a block, and come back the same. */
TEST(large_blocks_come_back_the_same)
{
        enum { N = 1000000 };
        struct types *t = types_new();
        const struct ward_type *pair = types_record(t, 2, LIST_OF(types_int(t, 4, true), types_float(t, 4)));
        const struct ward_func *func = types_func(t, 2, LIST_OF(types_list(t, types_int(t, 1, false)), types_list(t, pair)), NULL);
        struct text args[2], back[2];
        assert_true(pair->flags & WARD_TYPE_PLAIN);
        for (int i = 0; i < 2; i++) {
                char *bytes = malloc(N * 8);
                for (size_t j = 0; j < N * 8; j++)
                        bytes[j] = (char)(j * 7 + j / 256);
                args[i] = (struct text){ bytes, N };
        }
        MEMORY(m, 0);
        uint64_t slots[WARD_FLAT_MAX], budget = 9 * N + 1000;
        assert_int_equal(marshal_lower_params(func, args, slots, &m.memory, NULL), 0);
        assert_int_equal(marshal_lift_params(func, slots, &m.memory, &budget, back, NULL), 0);
        assert_true(values_equal(func->params, args, func->params, back));
        assert_true(budget <= 1000);
        ward_value_free(func->params, args);
        ward_value_free(func->params, back);
        types_free(t);
}

/* --- Lowering what makes no sense ------------------------------------------------------------- */

static void refuse_lower(const struct ward_func *func, const void *args, struct marshal_memory *memory, int kind, const char *text)
{
        struct ward_fault fault;
        uint64_t slots[WARD_FLAT_MAX];
        assert_int_equal(marshal_lower_params(func, args, slots, memory, &fault), -kind);
        assert_int_equal(fault.kind, kind);
        assert_string_equal(fault.text, text);
        assert_int_equal(marshal_lower_params(func, args, slots, memory, NULL), -kind);
}

TEST(bad_values_of_the_host_are_named)
{
        struct types *t = types_new();
        const struct ward_type *u8 = types_int(t, 1, false), *type = types_variant(t, 3, NULL);
        const struct ward_func *string = types_func(t, 2, LIST_OF(u8, types_string(t)), NULL);
        const struct ward_func *list = types_func(t, 1, LIST_OF(types_list(t, types_int(t, 8, false))), NULL);
        const struct ward_func *character = types_func(t, 1, LIST_OF(types_char(t)), NULL);
        const struct ward_func *characters = types_func(t, 1, LIST_OF(types_list(t, types_char(t))), NULL);
        const struct ward_func *choice = types_func(t, 1, LIST_OF(type), NULL);
        struct {
                uint8_t u8;
                struct text text;
        } args = { 0, text_of("a\xff") };
        uint32_t c = 0xd800;
        MEMORY(m, 0);
        refuse_lower(string, &args, &m.memory, WARD_FAULT_USAGE, "f: parameter 2: a string of 2 bytes that is not UTF-8");
        args.text = (struct text){ NULL, 5 };
        refuse_lower(string, &args, &m.memory, WARD_FAULT_USAGE, "f: parameter 2: a string of 5 bytes at NULL");
        args.text = (struct text){ "x", 1 << 28 };
        refuse_lower(string, &args, &m.memory, WARD_FAULT_LIMIT,
                     "f: parameter 2: a string of 268435456 bytes; at most 268435455 can be passed");
        args.text = (struct text){ "x", 1 << 25 };
        refuse_lower(list, &args.text, &m.memory, WARD_FAULT_LIMIT,
                     "f: parameter 1: a list of 33554432 elements of 8 bytes; at most 268435455 bytes can be passed");
        args.text = (struct text){ "x", SIZE_MAX };
        refuse_lower(list, &args.text, &m.memory, WARD_FAULT_LIMIT,
                     "f: parameter 1: a list of 18446744073709551615 elements of 8 bytes; at most 268435455 bytes can be passed");
        args.text = (struct text){ NULL, 3 };
        refuse_lower(list, &args.text, &m.memory, WARD_FAULT_USAGE, "f: parameter 1: a list of 3 elements at NULL");
        refuse_lower(character, &c, &m.memory, WARD_FAULT_USAGE, "f: parameter 1: 0xd800 is no Unicode character");
        args.text = (struct text){ (const char *)&c, 1 };
        refuse_lower(characters, &args.text, &m.memory, WARD_FAULT_USAGE, "f: parameter 1: 0xd800 is no Unicode character");
        refuse_lower(choice, "\3", &m.memory, WARD_FAULT_USAGE, "f: parameter 1: there is no case 3 in a type of 3 cases");
        types_free(t);
}

TEST(bad_text_is_named_by_its_own_encoding)
{
        struct types *t = types_new();
        const struct ward_func *eight = types_func(t, 1, LIST_OF(types_string(t)), NULL);
        const struct ward_func *sixteen = types_func(t, 1, LIST_OF(types_string16(t)), NULL);
        static const uint16_t half[] = { 'x', 0xd83d };
        struct text args8 = { "a\xff", 2 }, args16 = { (const char *)half, 2 };
        for (int encoding = MARSHAL_UTF8; encoding <= MARSHAL_UTF16; encoding++) {
                MEMORY(m, 0);
                m.memory.encoding = (enum marshal_encoding)encoding;
                refuse_lower(eight, &args8, &m.memory, WARD_FAULT_USAGE, "f: parameter 1: a string of 2 bytes that is not UTF-8");
                refuse_lower(sixteen, &args16, &m.memory, WARD_FAULT_USAGE,
                             "f: parameter 1: a string of 4 bytes that is not UTF-16");
        }
        types_free(t);
}

/* The limit is one of bytes in memory. What is far beyond it is not even read. */
TEST(text_that_is_too_long_in_memory)
{
        enum { LONG = 1 << 27 };
        struct types *t = types_new();
        const struct ward_func *eight = types_func(t, 1, LIST_OF(types_string(t)), NULL);
        const struct ward_func *sixteen = types_func(t, 1, LIST_OF(types_string16(t)), NULL);
        OWNED(freep) void *zeros = calloc(1, LONG);
        struct text args = { zeros, LONG };
        MEMORY(m, 0);
        m.memory.encoding = MARSHAL_UTF16;
        refuse_lower(eight, &args, &m.memory, WARD_FAULT_LIMIT,
                     "f: parameter 1: a string of 268435456 bytes; at most 268435455 can be passed");
        args = (struct text){ "x", 450000000 };
        refuse_lower(eight, &args, &m.memory, WARD_FAULT_LIMIT,
                     "f: parameter 1: a string of 300000000 bytes; at most 268435455 can be passed");
        args = (struct text){ "x", LONG };
        refuse_lower(sixteen, &args, &m.memory, WARD_FAULT_LIMIT,
                     "f: parameter 1: a string of 268435456 bytes; at most 268435455 can be passed");
        m.memory.encoding = MARSHAL_UTF8;
        args = (struct text){ "x", SIZE_MAX };
        refuse_lower(sixteen, &args, &m.memory, WARD_FAULT_LIMIT,
                     "f: parameter 1: a string of 18446744073709551615 bytes; at most 268435455 can be passed");
        args = (struct text){ NULL, 3 };
        refuse_lower(sixteen, &args, &m.memory, WARD_FAULT_USAGE, "f: parameter 1: a string of 6 bytes at NULL");
        types_free(t);
}

TEST(handles_that_are_none_are_named)
{
        struct types *t = types_new();
        const struct ward_type *own = types_handle(t, WARD_TYPE_OWN, &test_resource, 8);
        const struct ward_func *func = types_func(t, 2, LIST_OF(types_int(t, 8, false), types_option(t, own)), NULL);
        struct {
                uint64_t u64;
                bool is_some;
                uint64_t own;
        } args = { 0, true, handle_form(own, HANDLES_MAX) };
        MEMORY(m, 0);
        refuse_lower(func, &args, &m.memory, WARD_FAULT_USAGE, "f: parameter 2: 65536 is no object of t:t/t#r");
        m.memory.handles = NULL;
        refuse_lower(func, &args, &m.memory, WARD_FAULT_USAGE,
                     "f: parameter 2: a handle of t:t/t#r, and no table to look it up in");
        types_free(t);
}

/* --- Allocators that cannot be trusted -------------------------------------------------------- */

struct liar {
        uint32_t at;
        uint64_t new_size;
        int result;
};

static int lie(struct marshal_memory *memory, uint32_t size, uint32_t align, uint32_t *ret_at, struct ward_fault *fault)
{
        const struct liar *liar = memory->context;
        *ret_at = liar->at;
        memory->size = liar->new_size;
        if (liar->result)
                *fault = (struct ward_fault){ .kind = WARD_FAULT_TRAP, .text = "trapped" };
        return liar->result;
}

static void refuse_room(const struct ward_func *func, const void *args, struct liar liar, int kind, const char *text)
{
        uint64_t bytes[8];
        struct marshal_memory memory = { (uint8_t *)bytes, sizeof bytes, lie, &liar };
        struct ward_fault fault;
        uint64_t slots[WARD_FLAT_MAX];
        assert_int_equal(marshal_lower_params(func, args, slots, &memory, &fault), -kind);
        assert_string_equal(fault.text, text);
}

TEST(an_allocator_is_not_trusted)
{
        struct types *t = types_new();
        const uint32_t items[] = { 1, 2 };
        struct text args = { (const char *)items, 2 };
        const struct ward_func *func = types_func(t, 1, LIST_OF(types_list(t, types_int(t, 4, false))), NULL);
        refuse_room(func, &args, (struct liar){ 60, 64, 0 }, WARD_FAULT_PROTOCOL,
                    "f: parameter 1: the room for it, 8 bytes at offset 60, reaches past the end of memory (64 bytes)");
        refuse_room(func, &args, (struct liar){ 0xfffffffc, 64, 0 }, WARD_FAULT_PROTOCOL,
                    "f: parameter 1: the room for it, 8 bytes at offset 4294967292, reaches past the end of memory (64 bytes)");
        refuse_room(func, &args, (struct liar){ 2, 64, 0 }, WARD_FAULT_PROTOCOL,
                    "f: parameter 1: the room for it is at offset 2, which is not a multiple of 4");
        refuse_room(func, &args, (struct liar){ 0, 32, 0 }, WARD_FAULT_PROTOCOL,
                    "f: parameter 1: memory shrank while it was being filled");
        refuse_room(func, &args, (struct liar){ 0, 64, -WARD_FAULT_TRAP }, WARD_FAULT_TRAP, "trapped");
        types_free(t);
}

TEST(a_return_pointer_is_not_trusted)
{
        struct types *t = types_new();
        const struct ward_func *func = types_func(t, 0, NULL, types_option(t, types_int(t, 4, false)));
        uint32_t ret[2] = { 1, 2 };
        struct ward_fault fault;
        MEMORY(m, 64);
        assert_int_equal(marshal_store_result(func, ret, 56, &m.memory, &fault), 0);
        assert_int_equal(marshal_store_result(func, ret, 60, &m.memory, &fault), -WARD_FAULT_PROTOCOL);
        assert_string_equal(fault.text,
                            "f: the result: the room for it, 8 bytes at offset 60, reaches past the end of memory (64 bytes)");
        assert_int_equal(marshal_store_result(func, ret, 0xfffffff8, &m.memory, &fault), -WARD_FAULT_PROTOCOL);
        assert_int_equal(marshal_store_result(func, ret, 2, &m.memory, &fault), -WARD_FAULT_PROTOCOL);
        types_free(t);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(scalars_travel_as_the_abi_says), TEST_CASE(lifting_masks_small_integers),
                         TEST_CASE(strings_and_lists_are_laid_out_as_the_abi_says), TEST_CASE(results_lie_in_memory),
                         TEST_CASE(missing_slots_of_a_variant_are_zero), TEST_CASE(many_parameters_travel_as_a_record),
                         TEST_CASE(empty_strings_and_lists_are_null), TEST_CASE(nothing_is_nothing),
                         TEST_CASE(large_blocks_come_back_the_same), TEST_CASE(flags_take_words_of_32),
                         TEST_CASE(arrays_lie_in_place), TEST_CASE(handles_cross_as_numbers),
                         TEST_CASE(strings_are_encoded_as_the_memory_wants), TEST_CASE(bad_text_is_named_by_its_own_encoding),
                         TEST_CASE(text_that_is_too_long_in_memory), TEST_CASE(handles_that_are_none_are_named),
                         TEST_CASE(bad_values_of_the_host_are_named), TEST_CASE(an_allocator_is_not_trusted),
                         TEST_CASE(a_return_pointer_is_not_trusted));
}
