#include <stdlib.h>
#include "test/bindgen/checks.h"
#include "test/harness/harness.h"

/* A quarter of a turn, for what has a direction. */
static void turn(void *data, values_shape_t *s, values_grid_t *g, values_few_t f, values_shape_t *ret)
{
        assert_int_equal(g->val[0] + g->val[3], 5);
        assert_int_equal(f, TEST_VALUES_KINDS_FEW_A | TEST_VALUES_KINDS_FEW_C);
        *ret = (values_shape_t){ .tag = s->tag };
        switch (s->tag) {
        case TEST_VALUES_KINDS_SHAPE_PATH:
                ret->val.path.len = s->val.path.len;
                ret->val.path.ptr = calloc(s->val.path.len, sizeof *ret->val.path.ptr);
                for (size_t i = 0; i < s->val.path.len; i++)
                        ret->val.path.ptr[i] = (test_values_kinds_point_t){ -s->val.path.ptr[i].y, s->val.path.ptr[i].x };
                break;
        case TEST_VALUES_KINDS_SHAPE_LABEL:
                assert_true(values_string_dup_n(&ret->val.label, (const char *)s->val.label.ptr, s->val.label.len));
                break;
        default:
                ret->val = s->val;
                break;
        }
}

static bool is(const values_string_t *text, const char *expected)
{
        return text->len == strlen(expected) && !memcmp(text->ptr, expected, text->len);
}

static bool look_up(void *data, values_ages_t *a, values_string_t *name, uint32_t *ret)
{
        for (size_t i = 0; i < a->len; i++)
                if (a->ptr[i].key.len == name->len && !memcmp(a->ptr[i].key.ptr, name->ptr, name->len)) {
                        *ret = a->ptr[i].value;
                        return true;
                }
        return false;
}

const struct values_services values_test_services = { .turn = turn, .look_up = look_up };

static void check_flags(struct values *values)
{
        values_few_t few;
        values_ten_t ten;
        values_many_t many, all = TEST_VALUES_KINDS_MANY_LAST | TEST_VALUES_KINDS_MANY_BIT31 | TEST_VALUES_KINDS_MANY_BIT0;
        values_list_many_t back;
        assert_int_equal(values_of_few(values, TEST_VALUES_KINDS_FEW_B | TEST_VALUES_KINDS_FEW_C, &few, NULL), 0);
        assert_int_equal(few, 6);
        assert_int_equal(values_of_ten(values, TEST_VALUES_KINDS_TEN_LAST | TEST_VALUES_KINDS_TEN_BIT0, &ten, NULL), 0);
        assert_int_equal(ten, 0x201);
        assert_int_equal(values_of_many(values, all, &many, NULL), 0);
        assert_true(many == (1ull << 39 | 1ull << 31 | 1));
        values_many_t some[] = { all, 0, TEST_VALUES_KINDS_MANY_BIT38 };
        assert_int_equal(values_of_flag_list(values, &(values_list_many_t){ some, 3 }, &back, NULL), 0);
        assert_int_equal(back.len, 3);
        assert_memory_equal(back.ptr, some, sizeof some);
        values_list_many_free(&back);
}

static void check_shape(struct values *values, const values_shape_t *in)
{
        values_shape_t out;
        assert_int_equal(values_of_shape(values, in, &out, NULL), 0);
        assert_int_equal(out.tag, in->tag);
        if (in->tag == TEST_VALUES_KINDS_SHAPE_CIRCLE)
                assert_true(out.val.circle == in->val.circle);
        if (in->tag == TEST_VALUES_KINDS_SHAPE_BIG)
                assert_true(out.val.big == in->val.big);
        if (in->tag == TEST_VALUES_KINDS_SHAPE_MARKS)
                assert_true(out.val.marks == in->val.marks);
        if (in->tag == TEST_VALUES_KINDS_SHAPE_LABEL)
                assert_true(is(&out.val.label, "label"));
        values_shape_free(&out);
}

static void check_variants(struct values *values)
{
        test_values_kinds_point_t points[] = { { 1, 2 }, { -3, 4 } };
        values_shape_t shapes[] = {
                { .tag = TEST_VALUES_KINDS_SHAPE_DOT },
                { TEST_VALUES_KINDS_SHAPE_CIRCLE, { .circle = 2.5f } },
                { TEST_VALUES_KINDS_SHAPE_PATH, { .path = { points, 2 } } },
                { .tag = TEST_VALUES_KINDS_SHAPE_LABEL },
                { TEST_VALUES_KINDS_SHAPE_BIG, { .big = 1ull << 63 } },
                { TEST_VALUES_KINDS_SHAPE_MARKS, { .marks = TEST_VALUES_KINDS_MANY_LAST } },
        };
        values_list_shape_t back;
        values_shape_t turned;
        values_string_set(&shapes[3].val.label, "label");
        for (size_t i = 0; i < 6; i++)
                check_shape(values, &shapes[i]);
        assert_int_equal(values_of_shapes(values, &(values_list_shape_t){ shapes, 6 }, &back, NULL), 0);
        assert_true(back.len == 6 && back.ptr[2].val.path.ptr[1].x == -3 && is(&back.ptr[3].val.label, "label"));
        values_list_shape_free(&back);
        values_grid_t grid = { { 1, 2, 3, 4 } };
        assert_int_equal(values_turned(values, &shapes[2], &grid, TEST_VALUES_KINDS_FEW_A | TEST_VALUES_KINDS_FEW_C, &turned, NULL),
                         0);
        assert_true(turned.val.path.len == 2 && turned.val.path.ptr[1].x == -4 && turned.val.path.ptr[1].y == -3);
        values_shape_free(&turned);
}

static void check_arrays(struct values *values)
{
        values_grid_t grid = { { 1, 65535, 0, 4 } }, grid_back;
        values_list3_string_t names, names_back;
        values_mixed_t mixed = { .mark = 9, .marks = 5 }, mixed_back;
        assert_int_equal(values_of_grid(values, &grid, &grid_back, NULL), 0);
        assert_memory_equal(&grid, &grid_back, sizeof grid);
        values_string_set(&names.val[0], "a");
        values_string_set(&names.val[1], "");
        values_string_set(&names.val[2], "ccc");
        assert_int_equal(values_of_names(values, &names, &names_back, NULL), 0);
        assert_true(is(&names_back.val[0], "a") && is(&names_back.val[1], "") && is(&names_back.val[2], "ccc"));
        values_list3_string_free(&names_back);
        mixed.shapes.val[1].tag = TEST_VALUES_KINDS_SHAPE_LABEL;
        values_string_set(&mixed.shapes.val[1].val.label, "second");
        assert_int_equal(values_of_mixed(values, &mixed, &mixed_back, NULL), 0);
        assert_true(mixed_back.mark == 9 && mixed_back.marks == 5 && !mixed_back.shapes.val[0].tag);
        assert_true(is(&mixed_back.shapes.val[1].val.label, "second"));
        values_mixed_free(&mixed_back);
}

static void check_maps(struct values *values)
{
        test_values_kinds_ages_entry_t entries[2] = { { .value = 40 }, { .value = 7 } };
        values_ages_t ages = { entries, 2 }, back;
        values_string_t bob;
        values_option_u32_t age;
        values_string_set(&entries[0].key, "Ann");
        values_string_set(&entries[1].key, "Bob");
        values_string_set(&bob, "Bob");
        assert_int_equal(values_of_ages(values, &ages, &back, NULL), 0);
        assert_true(back.len == 2 && is(&back.ptr[1].key, "Bob") && back.ptr[0].value == 40);
        values_ages_free(&back);
        assert_int_equal(values_age_of(values, &ages, &bob, &age, NULL), 0);
        assert_true(age.is_some && age.val == 7);
        ages.len = 1;
        assert_int_equal(values_age_of(values, &ages, &bob, &age, NULL), 0);
        assert_false(age.is_some);
        values_map_char32_string_entry_t inner = { 0x1f600, bob };
        values_map_u8_map_char32_string_entry_t outer = { 3, { &inner, 1 } };
        values_map_u8_map_char32_string_t nested = { &outer, 1 }, nested_back;
        assert_int_equal(values_of_maps(values, &nested, &nested_back, NULL), 0);
        assert_true(nested_back.len == 1 && nested_back.ptr[0].key == 3 && nested_back.ptr[0].value.len == 1);
        assert_true(nested_back.ptr[0].value.ptr[0].key == 0x1f600 && is(&nested_back.ptr[0].value.ptr[0].value, "Bob"));
        values_map_u8_map_char32_string_free(&nested_back);
}

void check_values(struct values *values)
{
        check_flags(values);
        check_variants(values);
        check_arrays(values);
        check_maps(values);
}
