#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "domain/data.h"
#include "test/harness/harness.h"

static int set(struct data *data, const char *key, const char *value)
{
        return data_set(data, span_of(key), value ? span_of(value) : (struct ward_span){ NULL, 0 });
}

TEST(set_and_get)
{
        struct data *data = data_new();
        assert_null(data_get(data, span_of("a")).at);
        assert_int_equal(set(data, "a", "one"), 0);
        assert_int_equal(set(data, "b", ""), 0);
        assert_true(span_is(data_get(data, span_of("a")), "one"));
        assert_non_null(data_get(data, span_of("b")).at);
        assert_int_equal(data_get(data, span_of("b")).len, 0);
        assert_int_equal(set(data, "a", "another"), 0);
        assert_true(span_is(data_get(data, span_of("a")), "another"));
        assert_int_equal(set(data, "a", NULL), 0);
        assert_null(data_get(data, span_of("a")).at);
        assert_int_equal(set(data, "never there", NULL), 0);
        data_free(data);
}

TEST(keys_are_judged)
{
        struct data *data = data_new();
        char key[DATA_KEY_MAX + 2];
        memset(key, 'k', sizeof key);
        assert_int_equal(data_set(data, (struct ward_span){ (uint8_t *)key, DATA_KEY_MAX }, span_of("x")), 0);
        assert_int_equal(data_set(data, (struct ward_span){ (uint8_t *)key, DATA_KEY_MAX + 1 }, span_of("x")), -EINVAL);
        assert_int_equal(set(data, "", "x"), -EINVAL);
        assert_int_equal(set(data, "\xff", "x"), -EINVAL);
        data_free(data);
}

/* What is replaced or removed counts no longer. */
TEST(bytes_are_bounded)
{
        struct data *data = data_new();
        struct ward_span most = { calloc(1, DATA_BYTES_MAX), DATA_BYTES_MAX - 4096 };
        for (int i = 0; i < 10; i++) {
                assert_int_equal(data_set(data, span_of("a"), most), 0);
                assert_int_equal(data_set(data, span_of("b"), most), -EDQUOT);
                assert_int_equal(set(data, "a", NULL), 0);
        }
        assert_int_equal(data_set(data, span_of("b"), most), 0);
        free((void *)most.at);
        data_free(data);
}

TEST(many)
{
        struct data *data = data_new();
        char key[32];
        for (int i = 0; i < 10000; i++) {
                snprintf(key, sizeof key, "key %d", i * 7919 % 10000);
                assert_int_equal(set(data, key, key), 0);
        }
        for (int i = 0; i < 10000; i++) {
                snprintf(key, sizeof key, "key %d", i);
                assert_true(span_is(data_get(data, span_of(key)), key));
        }
        data_free(data);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(set_and_get), TEST_CASE(keys_are_judged), TEST_CASE(bytes_are_bounded),
                         TEST_CASE(many));
}
