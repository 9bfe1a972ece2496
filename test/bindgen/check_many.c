#include <stdlib.h>
#include <string.h>
#include "test/bindgen/checks.h"
#include "test/harness/harness.h"

static bool dup_four(many_four_t *ret, const many_four_t *from)
{
        *ret = *from;
        return many_string_dup_n(&ret->b, (const char *)from->b.ptr, from->b.len);
}

/* The four as a list, the last with the text of @maybe_e. */
static void spilled(void *data, many_four_t *a, many_four_t *b, many_four_t *c, many_four_t *d, many_string_t *maybe_e,
                    many_list_four_t *ret)
{
        ret->len = 4;
        ret->ptr = calloc(4, sizeof *ret->ptr);
        assert_non_null(ret->ptr);
        many_four_t last = *d;
        if (maybe_e)
                last.b = *maybe_e;
        assert_true(dup_four(&ret->ptr[0], a) && dup_four(&ret->ptr[1], b));
        assert_true(dup_four(&ret->ptr[2], c) && dup_four(&ret->ptr[3], &last));
}

static uint64_t scalars(void *data, uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint8_t e, uint8_t f, uint8_t g, uint8_t h,
                        uint8_t i, uint8_t j, uint8_t k, uint8_t l, uint8_t m, uint8_t n, uint8_t o, uint8_t p, uint64_t q)
{
        return a + 2 * b + c + d + e + f + g + h + i + j + k + l + m + n + o + 3 * p + q;
}

static double sums;

static void sixteen(void *data, many_four_t *a, many_four_t *b, many_four_t *c, many_four_t *d)
{
        sums = a->c + 2 * b->c + 3 * c->c + 4 * d->c + (double)d->b.len;
}

const struct many_services many_test_services = { .spilled = spilled, .scalars = scalars, .sixteen = sixteen };

static many_four_t four_of(uint8_t a, const char *b, double c)
{
        many_four_t four = { .a = a, .c = c };
        many_string_set(&four.b, b);
        return four;
}

static void check_spilled(struct many *many, const many_four_t *four, const many_string_t *maybe_e, const char *last)
{
        many_list_four_t list;
        assert_int_equal(many_spilled(many, &four[0], &four[1], &four[2], &four[3], maybe_e, &list, NULL), 0);
        assert_int_equal(list.len, 4);
        for (size_t i = 0; i < 4; i++)
                assert_true(list.ptr[i].a == four[i].a && list.ptr[i].c == four[i].c);
        assert_int_equal(list.ptr[1].b.len, four[1].b.len);
        assert_memory_equal(list.ptr[1].b.ptr, four[1].b.ptr, four[1].b.len);
        assert_int_equal(list.ptr[3].b.len, strlen(last));
        assert_memory_equal(list.ptr[3].b.ptr, last, strlen(last));
        many_list_four_free(&list);
}

void check_many(struct many *many)
{
        many_four_t four[4] = { four_of(1, "", 0.5), four_of(2, "two", 1.5), four_of(3, "three", -1), four_of(255, "last", 2) };
        many_string_t e;
        many_string_set(&e, "the fifth");
        check_spilled(many, four, NULL, "last");
        check_spilled(many, four, &e, "the fifth");
        uint64_t sum;
        assert_int_equal(many_scalars(many, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 255, 1ull << 40, &sum, NULL), 0);
        assert_true(sum == 120 + 2 + 3 * 255 + (1ull << 40) + 1);
        assert_int_equal(many_sixteen(many, &four[0], &four[1], &four[2], &four[3], NULL), 0);
        assert_true(sums == 0.5 + 3 - 3 + 8 + 4);
        many_tuple17_u64_u64_u64_u64_u64_u64_u64_u64_u64_u64_u64_u64_u64_u64_u64_u64_u64_t alone = { .f0 = 1,
                                                                                                     .f15 = 2,
                                                                                                     .f16 = 1ull << 50 };
        assert_int_equal(many_alone(many, &alone, &sum, NULL), 0);
        assert_true(sum == (1ull << 50) + 3);
}
