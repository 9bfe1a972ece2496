/* An add-in that gives every value back. The arguments of an export are its own, so it may return what they hold. */
#include <stdlib.h>
#include "types.h"

bool exports_types_of_bool(bool x)
{
        return x;
}

uint8_t exports_types_of_u8(uint8_t x)
{
        return x;
}

int8_t exports_types_of_s8(int8_t x)
{
        return x;
}

uint16_t exports_types_of_u16(uint16_t x)
{
        return x;
}

int16_t exports_types_of_s16(int16_t x)
{
        return x;
}

uint32_t exports_types_of_u32(uint32_t x)
{
        types_nothing();
        return x;
}

int32_t exports_types_of_s32(int32_t x)
{
        return x;
}

uint64_t exports_types_of_u64(uint64_t x)
{
        return x;
}

int64_t exports_types_of_s64(int64_t x)
{
        return x;
}

float exports_types_of_f32(float x)
{
        return x;
}

double exports_types_of_f64(double x)
{
        return x;
}

uint32_t exports_types_of_char(uint32_t x)
{
        return types_scalars(true, 1, 2, 3, 4, -5, -6, -7, -8, 9.5f, 10.25, x, TEST_TYPES_SHAPES_COLOR_DARK_BLUE);
}

types_color_t exports_types_of_color(types_color_t x)
{
        return x;
}

void exports_types_of_string(types_string_t *x, types_string_t *ret)
{
        *ret = *x;
}

void exports_types_of_text(types_text_t *x, types_text_t *ret)
{
        *ret = *x;
}

void exports_types_of_bytes(types_bytes_t *x, types_bytes_t *ret)
{
        *ret = *x;
}

types_count_t exports_types_of_count(types_count_t x)
{
        return x;
}

void exports_types_of_list(types_list_list_string_t *x, types_list_list_string_t *ret)
{
        *ret = *x;
}

bool exports_types_of_option(types_option_u16_t *maybe_x, types_option_u16_t *ret)
{
        if (maybe_x)
                *ret = *maybe_x;
        return maybe_x;
}

/* Through the host: the argument stays ours, the result is a copy. */
bool exports_types_of_maybe_text(types_maybe_text_t *x, types_string_t *ret)
{
        types_string_t word;
        types_again_t again = { .is_some = false };
        types_string_set(&word, "word");
        bool some = types_give_text(&word, x, &again, ret);
        types_maybe_text_free(x);
        return some;
}

bool exports_types_of_again(types_again_t *x, types_string_t *ret)
{
        if (x->is_some)
                *ret = x->val;
        return x->is_some;
}

void exports_types_of_tuple(types_tuple3_u8_tuple2_u64_char32_string_t *x, types_tuple3_u8_tuple2_u64_char32_string_t *ret)
{
        *ret = *x;
}

void exports_types_of_one(types_tuple1_one_t *x, types_tuple1_one_t *ret)
{
        *ret = *x;
}

void exports_types_of_point(types_point_t *x, types_point_t *ret)
{
        *ret = *x;
}

void exports_types_of_padded(types_list_padded_t *x, types_list_padded_t *ret)
{
        *ret = *x;
}

void exports_types_of_tree(types_tree_t *x, types_tree_t *ret)
{
        *ret = *x;
}

bool exports_types_of_outcome(types_outcome_t *x, test_types_shapes_pair_t *ret, test_types_shapes_tree_t *err)
{
        bool ok = types_outcome_of(x, ret, err);
        types_outcome_free(x);
        return ok;
}

/* Writes both places, as a careless implementation may: only the one that counts must arrive. */
bool exports_types_of_result(types_result_u32_string_t *x, uint32_t *ret, types_string_t *err)
{
        err->ptr = NULL;
        err->len = 0;
        *ret = 0xdeadbeef;
        if (x->is_err)
                *err = x->val.err;
        else
                *ret = x->val.ok;
        return !x->is_err;
}

bool exports_types_of_ok(types_result_string_void_t *x, types_string_t *ret)
{
        if (!x->is_err)
                *ret = x->val.ok;
        return !x->is_err;
}

bool exports_types_of_err(types_result_void_color_t *x, types_color_t *err)
{
        if (x->is_err)
                *err = x->val.err;
        return !x->is_err;
}

bool exports_types_of_neither(types_result_void_void_t *x)
{
        return !x->is_err;
}

bool exports_types_of_nested(types_result_result_u8_f32_option_result_string_void_t *x, types_result_u8_f32_t *ret,
                             types_option_result_string_void_t *err)
{
        types_result_u8_f32_t in = { .is_err = true, .val = { .err = 1.5f } };
        types_result_f32_s32_t whole = { .is_err = true, .val = { .err = -3 } };
        types_result_f64_string_t text = { .is_err = true };
        types_tuple2_f32_s8_t pair = { 2.5f, -4 };
        types_result_f32_u64_t wide = { .is_err = true, .val = { .err = 1ull << 63 } };
        float sum;
        types_string_set(&text.val.err, "joined");
        if (types_joined(&wide, &whole, &text, &pair, &sum) && sum == 42)
                *ret = in;
        if (x->is_err)
                *err = x->val.err;
        else
                *ret = x->val.ok;
        return !x->is_err;
}
