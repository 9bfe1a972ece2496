#include "test/bindgen/checks.h"
#include <math.h>
#include <stdlib.h>
#include "test/harness/harness.h"

static int nothings;

static uint32_t scalars(void *data, bool a, uint8_t b, uint16_t c, uint32_t d, uint64_t e, int8_t f, int16_t g, int32_t h,
                        int64_t i, float j, double k, uint32_t l, types_color_t m)
{
        assert_ptr_equal(data, &nothings);
        assert_true(a);
        assert_int_equal(b + c + d + e, 10);
        assert_int_equal(f + g + h + i, -26);
        assert_true(j == 9.5f && k == 10.25);
        assert_int_equal(m, TEST_TYPES_SHAPES_COLOR_DARK_BLUE);
        return l;
}

/* "word" and what @b holds. */
static bool give_text(void *data, types_text_t *a, types_maybe_text_t *b, types_again_t *c, types_string_t *ret)
{
        assert_ptr_equal(data, &nothings);
        assert_memory_equal(a->ptr, "word", 4);
        assert_false(c->is_some);
        return b->is_some && types_string_dup_n(ret, (const char *)b->val.ptr, b->val.len);
}

static void nothing(void *data)
{
        nothings++;
}

static bool dup_text(types_string_t *ret, const types_string_t *from)
{
        return types_string_dup_n(ret, (const char *)from->ptr, from->len);
}

/* The same pair, or a tree with nothing but the same name. */
static bool outcome_of(void *data, types_outcome_t *a, test_types_shapes_pair_t *ret, test_types_shapes_tree_t *err)
{
        if (a->is_err) {
                *err = (test_types_shapes_tree_t){ .more = { .is_err = true } };
                assert_true(dup_text(&err->name, &a->val.err.name));
                return false;
        }
        ret->f0 = a->val.ok.f0;
        return dup_text(&ret->f1, &a->val.ok.f1);
}

static bool joined(void *data, types_result_f32_u64_t *a, types_result_f32_s32_t *b, types_result_f64_string_t *c,
                   types_tuple2_f32_s8_t *maybe_d, float *ret)
{
        assert_true(a->is_err && a->val.err == 1ull << 63);
        assert_true(b->is_err && b->val.err == -3);
        assert_true(c->is_err && c->val.err.len == 6);
        assert_memory_equal(c->val.err.ptr, "joined", 6);
        assert_true(maybe_d && maybe_d->f0 == 2.5f && maybe_d->f1 == -4);
        *ret = 42;
        return true;
}

const struct types_services types_test_services = {
        .data = &nothings,
        .scalars = scalars,
        .give_text = give_text,
        .nothing = nothing,
        .outcome_of = outcome_of,
        .joined = joined,
};

#define ECHO_SCALAR(name, type, value)                                                                                             \
        do {                                                                                                                       \
                type got;                                                                                                          \
                assert_int_equal(types_of_##name(types, value, &got, NULL), 0);                                                    \
                assert_true(got == (type)(value));                                                                                 \
        } while (0)

static void check_scalars(struct types *types)
{
        ECHO_SCALAR(bool, bool, true);
        ECHO_SCALAR(bool, bool, false);
        ECHO_SCALAR(u8, uint8_t, 255);
        ECHO_SCALAR(s8, int8_t, -128);
        ECHO_SCALAR(u16, uint16_t, 65535);
        ECHO_SCALAR(s16, int16_t, -32768);
        ECHO_SCALAR(u32, uint32_t, 0xffffffffu);
        ECHO_SCALAR(s32, int32_t, INT32_MIN);
        ECHO_SCALAR(u64, uint64_t, UINT64_MAX);
        ECHO_SCALAR(s64, int64_t, INT64_MIN);
        ECHO_SCALAR(f32, float, -0.1f);
        ECHO_SCALAR(f64, double, INFINITY);
        ECHO_SCALAR(char, uint32_t, 0x10ffff);
        ECHO_SCALAR(color, types_color_t, TEST_TYPES_SHAPES_COLOR_DARK_BLUE);
        ECHO_SCALAR(count, types_count_t, 7);
}

static void assert_text(const types_string_t *text, const char *expected)
{
        assert_int_equal(text->len, strlen(expected));
        assert_memory_equal(text->ptr, expected, text->len);
}

static void check_texts(struct types *types)
{
        types_string_t in, out;
        types_string_set(&in, "Grüße");
        assert_int_equal(types_of_string(types, &in, &out, NULL), 0);
        assert_text(&out, "Grüße");
        assert_ptr_not_equal(in.ptr, out.ptr);
        types_string_free(&out);
        types_string_set(&in, "");
        assert_int_equal(types_of_text(types, &in, &out, NULL), 0);
        assert_int_equal(out.len, 0);
        types_string_free(&out);
        types_bytes_t bytes = { (uint8_t[]){ 0, 1, 255 }, 3 };
        types_bytes_t back;
        assert_int_equal(types_of_bytes(types, &bytes, &back, NULL), 0);
        assert_int_equal(back.len, 3);
        assert_memory_equal(back.ptr, bytes.ptr, 3);
        types_bytes_free(&back);
}

static void check_lists(struct types *types)
{
        types_string_t words[3];
        types_string_set(&words[0], "a");
        types_string_set(&words[1], "");
        types_string_set(&words[2], "ccc");
        types_list_string_t lists[] = { { words, 2 }, { NULL, 0 }, { words + 2, 1 } };
        types_list_list_string_t in = { lists, 3 };
        types_list_list_string_t out;
        assert_int_equal(types_of_list(types, &in, &out, NULL), 0);
        assert_int_equal(out.len, 3);
        assert_int_equal(out.ptr[0].len, 2);
        assert_int_equal(out.ptr[1].len, 0);
        assert_text(&out.ptr[0].ptr[0], "a");
        assert_text(&out.ptr[2].ptr[0], "ccc");
        types_list_list_string_free(&out);
        types_padded_t padded[2] = { { true, 1ull << 40, 9 }, { false, 2, 10 } };
        types_list_padded_t some = { padded, 2 };
        types_list_padded_t back;
        assert_int_equal(types_of_padded(types, &some, &back, NULL), 0);
        assert_true(back.len == 2 && back.ptr[0].a && !back.ptr[1].a);
        assert_true(back.ptr[0].b == 1ull << 40 && back.ptr[1].c == 10);
        types_list_padded_free(&back);
}

static void check_options(struct types *types)
{
        types_option_option_u16_t out;
        assert_int_equal(types_of_option(types, NULL, &out, NULL), 0);
        assert_false(out.is_some);
        types_option_u16_t in = { false, 0 };
        assert_int_equal(types_of_option(types, &in, &out, NULL), 0);
        assert_true(out.is_some && !out.val.is_some);
        in = (types_option_u16_t){ true, 500 };
        assert_int_equal(types_of_option(types, &in, &out, NULL), 0);
        assert_true(out.is_some && out.val.is_some && out.val.val == 500);
        types_maybe_text_t text = { .is_some = true };
        types_maybe_text_t back;
        types_string_set(&text.val, "through the host");
        assert_int_equal(types_of_maybe_text(types, &text, &back, NULL), 0);
        assert_true(back.is_some);
        assert_text(&back.val, "through the host");
        types_maybe_text_free(&back);
        text.is_some = false;
        assert_int_equal(types_of_maybe_text(types, &text, &back, NULL), 0);
        assert_false(back.is_some);
        assert_int_equal(types_of_again(types, &text, &back, NULL), 0);
        assert_false(back.is_some);
}

static void check_records(struct types *types)
{
        types_point_t point;
        assert_int_equal(types_of_point(types, &(types_point_t){ -1, 2 }, &point, NULL), 0);
        assert_true(point.x == -1 && point.y == 2);
        types_tuple3_u8_tuple2_u64_char32_string_t tuple = { 1, { 2, 'x' }, { 0 } };
        types_tuple3_u8_tuple2_u64_char32_string_t back;
        types_string_set(&tuple.f2, "three");
        assert_int_equal(types_of_tuple(types, &tuple, &back, NULL), 0);
        assert_true(back.f0 == 1 && back.f1.f0 == 2 && back.f1.f1 == 'x');
        assert_text(&back.f2, "three");
        types_tuple3_u8_tuple2_u64_char32_string_free(&back);
        types_tuple1_one_t one = { 0 };
        assert_int_equal(types_of_one(types, &one, &one, NULL), 0);
        assert_int_equal(one.f0, TEST_TYPES_SHAPES_ONE_ONLY);
}

static void fill_tree(types_tree_t *tree, types_point_t *points, types_tuple2_string_option_u8_t *pair)
{
        *tree = (types_tree_t){ .points = { points, 2 }, .paint = { true, TEST_TYPES_SHAPES_COLOR_GREEN } };
        types_string_set(&tree->name, "oak");
        types_string_set(&pair->f0, "leaf");
        pair->f1.is_some = true;
        pair->f1.val = 3;
        tree->more.val.ok.ptr = pair;
        tree->more.val.ok.len = 1;
}

static void check_tree(struct types *types)
{
        types_point_t points[2] = { { 1, 2 }, { 3, 4 } };
        types_tuple2_string_option_u8_t pair;
        types_tree_t tree, back;
        fill_tree(&tree, points, &pair);
        assert_int_equal(types_of_tree(types, &tree, &back, NULL), 0);
        assert_text(&back.name, "oak");
        assert_true(back.points.len == 2 && back.points.ptr[1].y == 4);
        assert_true(back.paint.is_some && back.paint.val == TEST_TYPES_SHAPES_COLOR_GREEN);
        assert_true(!back.more.is_err && back.more.val.ok.len == 1);
        assert_text(&back.more.val.ok.ptr[0].f0, "leaf");
        assert_int_equal(back.more.val.ok.ptr[0].f1.val, 3);
        types_tree_free(&back);
        types_outcome_t outcome = { .is_err = true, .val = { .err = tree } };
        test_types_shapes_pair_t ret;
        test_types_shapes_tree_t err;
        assert_int_equal(types_of_outcome(types, &outcome, &ret, &err, NULL), 1);
        assert_text(&err.name, "oak");
        assert_true(err.more.is_err);
        test_types_shapes_tree_free(&err);
        outcome = (types_outcome_t){ .val = { .ok = { { 5, 6 }, tree.name } } };
        assert_int_equal(types_of_outcome(types, &outcome, &ret, &err, NULL), 0);
        assert_true(ret.f0.x == 5 && ret.f0.y == 6);
        assert_text(&ret.f1, "oak");
        test_types_shapes_pair_free(&ret);
}

static void check_results(struct types *types)
{
        types_string_t text;
        uint32_t number = 1;
        types_result_u32_string_t result = { .is_err = true };
        types_string_set(&result.val.err, "no");
        assert_int_equal(types_of_result(types, &result, &number, &text, NULL), 1);
        assert_text(&text, "no");
        assert_int_equal(number, 1);
        types_string_free(&text);
        result = (types_result_u32_string_t){ .val = { .ok = 77 } };
        assert_int_equal(types_of_result(types, &result, &number, &text, NULL), 0);
        assert_int_equal(number, 77);
        types_result_string_void_t ok = { .is_err = true };
        assert_int_equal(types_of_ok(types, &ok, &text, NULL), 1);
        types_color_t color;
        types_result_void_color_t err = { .is_err = true, .val = { .err = TEST_TYPES_SHAPES_COLOR_GREEN } };
        assert_int_equal(types_of_err(types, &err, &color, NULL), 1);
        assert_int_equal(color, TEST_TYPES_SHAPES_COLOR_GREEN);
        assert_int_equal(types_of_neither(types, &(types_result_void_void_t){ .is_err = true }, NULL), 1);
        assert_int_equal(types_of_neither(types, &(types_result_void_void_t){ .is_err = false }, NULL), 0);
}

static void check_nested(struct types *types)
{
        types_result_result_u8_f32_option_result_string_void_t in = { .is_err = false };
        types_result_u8_f32_t ret;
        types_option_result_string_void_t err;
        in.val.ok = (types_result_u8_f32_t){ .is_err = true, .val = { .err = -2.5f } };
        assert_int_equal(types_of_nested(types, &in, &ret, &err, NULL), 0);
        assert_true(ret.is_err && ret.val.err == -2.5f);
        in.is_err = true;
        in.val.err = (types_option_result_string_void_t){ .is_some = true };
        types_string_set(&in.val.err.val.val.ok, "deep");
        assert_int_equal(types_of_nested(types, &in, &ret, &err, NULL), 1);
        assert_true(err.is_some && !err.val.is_err);
        assert_text(&err.val.val.ok, "deep");
        types_option_result_string_void_free(&err);
}

void check_types(struct types *types)
{
        nothings = 0;
        check_scalars(types);
        assert_int_equal(nothings, 1);
        check_texts(types);
        check_lists(types);
        check_options(types);
        check_records(types);
        check_tree(types);
        check_results(types);
        check_nested(types);
}
