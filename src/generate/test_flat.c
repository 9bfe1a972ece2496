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
                         TEST_CASE(keeps_the_bits_of_floats));
}
