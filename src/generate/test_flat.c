/* <ward/flat.h>, natively: slots hold whole pointers here, otherwise all is as on wasm32. */
#include <ward/flat.h>
#include "test/harness/harness.h"

static const struct ward_type u8 = { WARD_TYPE_INT, WARD_TYPE_PLAIN, 0, 1, 1, 1, 1 };
static const struct ward_type s8 = { WARD_TYPE_INT, WARD_TYPE_PLAIN | WARD_TYPE_SIGNED, 0, 1, 1, 1, 1 };
static const struct ward_type s16 = { WARD_TYPE_INT, WARD_TYPE_PLAIN | WARD_TYPE_SIGNED, 0, 2, 2, 2, 1 };
static const struct ward_type s64 = { WARD_TYPE_INT, WARD_TYPE_PLAIN | WARD_TYPE_SIGNED, 0, 8, 8, 8, 1 };
static const struct ward_type boolean = { WARD_TYPE_BOOL, 0, 0, 1, 1, 1, 1 };
static const struct ward_type f32 = { WARD_TYPE_FLOAT, WARD_TYPE_PLAIN, 0, 4, 4, 4, 1 };
static const struct ward_type f64 = { WARD_TYPE_FLOAT, WARD_TYPE_PLAIN, 0, 8, 8, 8, 1 };
static const struct ward_type text = { WARD_TYPE_STRING, WARD_TYPE_OWNS, 0, 4, 8, 16, 2 };
static const struct ward_type color = {
        .kind = WARD_TYPE_VARIANT, .tag_size = 2, .abi_align = 2, .abi_size = 2, .size = 2, .flat = 1, .n = 300
};

struct option_f64 {
        bool is_some;
        double val;
};
static const struct ward_type option_f64 = {
        .kind = WARD_TYPE_VARIANT,
        .tag_size = 1,
        .abi_align = 8,
        .abi_size = 16,
        .size = sizeof(struct option_f64),
        .flat = 2,
        .n = 2,
        .fields = (const struct ward_field[]){ { NULL, 0, 0 }, { &f64, offsetof(struct option_f64, val), 8 } },
};

/* A result of two shapes, the shorter of which must not see what is left of the longer. */
struct outcome {
        bool is_err;
        union {
                struct ward_flat_block ok;
                float err;
        } val;
};
static const struct ward_type outcome = {
        .kind = WARD_TYPE_VARIANT,
        .flags = WARD_TYPE_OWNS,
        .tag_size = 1,
        .abi_align = 4,
        .abi_size = 12,
        .size = sizeof(struct outcome),
        .flat = 3,
        .n = 2,
        .fields = (const struct ward_field[]){ { &text, offsetof(struct outcome, val), 4 },
                                               { &f32, offsetof(struct outcome, val), 4 } },
};

struct all {
        bool boolean;
        uint8_t u8;
        int8_t s8;
        int16_t s16;
        int64_t s64;
        float f32;
        double f64;
        uint16_t color;
        struct ward_flat_block text;
        struct option_f64 option;
        struct outcome outcome;
};
static const struct ward_type all = {
        .kind = WARD_TYPE_RECORD,
        .flags = WARD_TYPE_OWNS,
        .abi_align = 8,
        .size = sizeof(struct all),
        .flat = 15,
        .n = 11,
        .fields =
                (const struct ward_field[]){
                        { &boolean, offsetof(struct all, boolean), 0 },
                        { &u8, offsetof(struct all, u8), 0 },
                        { &s8, offsetof(struct all, s8), 0 },
                        { &s16, offsetof(struct all, s16), 0 },
                        { &s64, offsetof(struct all, s64), 0 },
                        { &f32, offsetof(struct all, f32), 0 },
                        { &f64, offsetof(struct all, f64), 0 },
                        { &color, offsetof(struct all, color), 0 },
                        { &text, offsetof(struct all, text), 0 },
                        { &option_f64, offsetof(struct all, option), 0 },
                        { &outcome, offsetof(struct all, outcome), 0 },
                },
};

static const struct all sample = {
        true, 200, -1, -2, -3, 1.5f, -2.5, 299, { (void *)"hello", 5 }, { true, 0.25 }, { true, { .err = 3.5f } },
};

TEST(stores_slots_as_the_abi_says)
{
        static const uint64_t expected[15] = {
                1, 200, 0xffffffff,         0xfffffffe, 0xfffffffffffffffd, 0x3fc00000, 0xc004000000000000, 299, 0,
                5, 1,   0x3fd0000000000000, 1,          0x40600000,         0,
        };
        uint64_t slots[16];
        memset(slots, 0xaa, sizeof slots);
        assert_ptr_equal(ward_flat_store(&all, &sample, slots), slots + 15);
        assert_int_equal(slots[8], (uintptr_t)sample.text.ptr);
        slots[8] = 0;
        assert_memory_equal(slots, expected, sizeof expected);
        assert_int_equal(slots[15], 0xaaaaaaaaaaaaaaaa);
}

TEST(loads_what_was_stored)
{
        struct all back;
        uint64_t slots[15];
        memset(&back, 0x55, sizeof back);
        ward_flat_store(&all, &sample, slots);
        assert_ptr_equal(ward_flat_load(&all, slots, &back), slots + 15);
        assert_true(back.boolean && back.u8 == 200 && back.s8 == -1 && back.s16 == -2 && back.s64 == -3);
        assert_true(back.f32 == 1.5f && back.f64 == -2.5 && back.color == 299);
        assert_true(back.text.ptr == sample.text.ptr && back.text.len == 5);
        assert_true(back.option.is_some && back.option.val == 0.25);
        assert_true(back.outcome.is_err && back.outcome.val.err == 3.5f);
}

TEST(loads_the_case_that_is_named)
{
        struct all value = sample;
        struct all back;
        uint64_t slots[15];
        value.option.is_some = false;
        value.outcome = (struct outcome){ .is_err = false, .val = { .ok = { (void *)"ok", 2 } } };
        ward_flat_store(&all, &value, slots);
        assert_int_equal(slots[10], 0);
        assert_int_equal(slots[11], 0);
        assert_int_equal(slots[14], 2);
        ward_flat_load(&all, slots, &back);
        assert_false(back.option.is_some || back.outcome.is_err);
        assert_true(back.outcome.val.ok.ptr == value.outcome.val.ok.ptr && back.outcome.val.ok.len == 2);
}

/* --- Flags, arrays, handles ------------------------------------------------------------------- */

static const struct ward_type flags_12 = { WARD_TYPE_FLAGS, 0, 0, 2, 2, 2, 1, 12 };
static const struct ward_type flags_32 = { WARD_TYPE_FLAGS, 0, 0, 4, 4, 4, 1, 32 };
static const struct ward_type flags_40 = { WARD_TYPE_FLAGS, 0, 0, 4, 8, 8, 2, 40 };
static const struct ward_resource thing = { "t:t/t#thing", 0, true };
static const struct ward_type own = { WARD_TYPE_OWN, WARD_TYPE_HANDLES, 0, 4, 4, 4, 1, 0, NULL, &thing };
static const struct ward_type borrow = { WARD_TYPE_BORROW, WARD_TYPE_HANDLES, 0, 4, 4, sizeof(void *), 1, 0, NULL, &thing };

static const struct ward_type triple = {
        .kind = WARD_TYPE_ARRAY,
        .flags = WARD_TYPE_PLAIN,
        .abi_align = 2,
        .abi_size = 6,
        .size = 6,
        .flat = 3,
        .n = 3,
        .fields = (const struct ward_field[]){ { &s16, 0, 0 } },
};
static const struct ward_type words = {
        .kind = WARD_TYPE_ARRAY,
        .flags = WARD_TYPE_OWNS,
        .abi_align = 4,
        .abi_size = 16,
        .size = 2 * sizeof(struct ward_flat_block),
        .flat = 4,
        .n = 2,
        .fields = (const struct ward_field[]){ { &text, 0, 0 } },
};

/* variant { none, some(flags_40), many(array of two strings) }: one more slot than its longest case */
struct choice {
        uint8_t tag;
        union {
                uint64_t some;
                struct ward_flat_block many[2];
        } val;
};
static const struct ward_type choice = {
        .kind = WARD_TYPE_VARIANT,
        .flags = WARD_TYPE_OWNS,
        .tag_size = 1,
        .abi_align = 4,
        .abi_size = 20,
        .size = sizeof(struct choice),
        .flat = 5,
        .n = 3,
        .fields = (const struct ward_field[]){ { NULL, 0, 0 },
                                               { &flags_40, offsetof(struct choice, val), 4 },
                                               { &words, offsetof(struct choice, val), 4 } },
};

struct more {
        uint16_t flags_12;
        uint32_t flags_32;
        uint64_t flags_40;
        int32_t own;
        void *borrow;
        int16_t triple[3];
        struct choice choice;
};
static const struct ward_type more = {
        .kind = WARD_TYPE_RECORD,
        .flags = WARD_TYPE_OWNS | WARD_TYPE_HANDLES,
        .abi_align = 4,
        .size = sizeof(struct more),
        .flat = 14,
        .n = 7,
        .fields =
                (const struct ward_field[]){
                        { &flags_12, offsetof(struct more, flags_12), 0 },
                        { &flags_32, offsetof(struct more, flags_32), 0 },
                        { &flags_40, offsetof(struct more, flags_40), 0 },
                        { &own, offsetof(struct more, own), 0 },
                        { &borrow, offsetof(struct more, borrow), 0 },
                        { &triple, offsetof(struct more, triple), 0 },
                        { &choice, offsetof(struct more, choice), 0 },
                },
};

TEST(stores_flags_arrays_and_handles)
{
        struct more value = { 0xabc, 0x80000001, 0xff00000002, 7, &value, { 1, -2, 3 }, { 1, { .some = 0x8000000001 } } };
        const uint64_t expected[14] = { 0xabc, 0x80000001, 2, 0xff, 7, (uintptr_t)&value, 1, 0xfffffffe, 3, 1, 1, 0x80, 0, 0 };
        uint64_t slots[15];
        memset(slots, 0xaa, sizeof slots);
        assert_ptr_equal(ward_flat_store(&more, &value, slots), slots + 14);
        assert_memory_equal(slots, expected, sizeof expected);
        assert_int_equal(slots[14], 0xaaaaaaaaaaaaaaaa);
}

TEST(loads_flags_arrays_and_handles)
{
        struct more value = { 0xabc, 0x80000001, 0xff00000002, 7, &value, { 1, -2, 3 }, { .tag = 2 } }, back;
        uint64_t slots[14];
        value.choice.val.many[0] = (struct ward_flat_block){ (void *)"one", 3 };
        value.choice.val.many[1] = (struct ward_flat_block){ (void *)"four", 4 };
        memset(&back, 0x55, sizeof back);
        ward_flat_store(&more, &value, slots);
        assert_ptr_equal(ward_flat_load(&more, slots, &back), slots + 14);
        assert_true(back.flags_12 == 0xabc && back.flags_32 == 0x80000001 && back.flags_40 == 0xff00000002);
        assert_true(back.own == 7 && back.borrow == &value);
        assert_true(back.triple[0] == 1 && back.triple[1] == -2 && back.triple[2] == 3);
        assert_true(back.choice.tag == 2 && back.choice.val.many[1].len == 4);
        assert_ptr_equal(back.choice.val.many[0].ptr, value.choice.val.many[0].ptr);
        slots[9] = 0;
        assert_ptr_equal(ward_flat_load(&more, slots, &back), slots + 14);
        assert_int_equal(back.choice.tag, 0);
}

TEST(an_empty_record_takes_no_slot)
{
        static const struct ward_type none = { .kind = WARD_TYPE_RECORD, .abi_align = 1 };
        uint64_t slot = 5;
        char nothing = 'x';
        assert_ptr_equal(ward_flat_store(&none, &nothing, &slot), &slot);
        assert_ptr_equal(ward_flat_load(&none, &slot, &nothing), &slot);
        assert_true(slot == 5 && nothing == 'x');
}

TEST(frees_the_strings_of_arrays)
{
        struct choice value = { .tag = 2 };
        for (int i = 0; i < 2; i++)
                value.val.many[i] = (struct ward_flat_block){ strdup("abc"), 3 };
        ward_value_free(&choice, &value);
        assert_true(!value.val.many[0].ptr && !value.val.many[1].len);
}

TEST(takes_the_low_bits_of_small_integers)
{
        int8_t small;
        bool truth;
        uint64_t slot = 0xffffff80;
        ward_flat_load(&s8, &slot, &small);
        assert_int_equal(small, -128);
        ward_flat_load(&boolean, &slot, &truth);
        assert_int_equal(*(uint8_t *)&truth, 1);
}

TEST(keeps_the_bits_of_floats)
{
        assert_int_equal(ward_flat_from_f32(-0.0f), 0x80000000);
        assert_int_equal(ward_flat_from_f64(ward_flat_to_f64(0x7ff8000000000001)), 0x7ff8000000000001);
        assert_true(ward_flat_to_f32(0x3fc00000) == 1.5f);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(stores_slots_as_the_abi_says), TEST_CASE(loads_what_was_stored),
                         TEST_CASE(loads_the_case_that_is_named), TEST_CASE(takes_the_low_bits_of_small_integers),
                         TEST_CASE(keeps_the_bits_of_floats), TEST_CASE(stores_flags_arrays_and_handles),
                         TEST_CASE(loads_flags_arrays_and_handles), TEST_CASE(an_empty_record_takes_no_slot),
                         TEST_CASE(frees_the_strings_of_arrays));
}
