#include "marshal/encoding.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "marshal/test_types.h"
#include "marshal/test_values.h"
#include "test/harness/harness.h"

static struct text utf8(const char *s)
{
        return (struct text){ s, strlen(s), MARSHAL_UTF8 };
}

#define UTF16(...)                                                                                                                 \
        {                                                                                                                          \
                (const uint16_t[]){ __VA_ARGS__ }, sizeof((const uint16_t[]){ __VA_ARGS__ }) / 2, MARSHAL_UTF16                    \
        }

static void check_pair(struct text eight, struct text sixteen)
{
        uint16_t to16[64];
        uint8_t to8[64];
        size_t units = 99;
        assert_true(encoding_measure(&eight, MARSHAL_UTF8, &units));
        assert_int_equal(units, eight.units);
        assert_true(encoding_measure(&sixteen, MARSHAL_UTF16, &units));
        assert_int_equal(units, sixteen.units);
        assert_true(encoding_measure(&eight, MARSHAL_UTF16, &units));
        assert_int_equal(units, sixteen.units);
        encoding_convert(&eight, to16, units);
        assert_memory_equal(to16, sixteen.at, 2 * units);
        assert_true(encoding_measure(&sixteen, MARSHAL_UTF8, &units));
        assert_int_equal(units, eight.units);
        encoding_convert(&sixteen, to8, units);
        assert_memory_equal(to8, eight.at, units);
        assert_true(encoding_least_bytes(&eight, MARSHAL_UTF16) <= 2 * sixteen.units);
        assert_true(encoding_least_bytes(&sixteen, MARSHAL_UTF8) <= eight.units);
}

TEST(known_texts)
{
        check_pair(utf8("a"), (struct text)UTF16('a'));
        check_pair(utf8("plain text 123"),
                   (struct text)UTF16('p', 'l', 'a', 'i', 'n', ' ', 't', 'e', 'x', 't', ' ', '1', '2', '3'));
        check_pair(utf8("\x7f\xc2\x80\xdf\xbf"), (struct text)UTF16(0x7f, 0x80, 0x7ff));
        check_pair(utf8("\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf"), (struct text)UTF16(0x800, 0xd7ff, 0xe000, 0xffff));
        check_pair(utf8("\xf0\x90\x80\x80\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf"),
                   (struct text)UTF16(0xd800, 0xdc00, 0xd83d, 0xde00, 0xdbff, 0xdfff));
        check_pair(utf8("12345678\xc3\xbc"
                        "12345678"),
                   (struct text)UTF16('1', '2', '3', '4', '5', '6', '7', '8', 0xfc, '1', '2', '3', '4', '5', '6', '7', '8'));
}

TEST(halves_of_pairs_are_refused)
{
        const struct text bad[] = {
                UTF16(0xd800),
                UTF16(0xdc00),
                UTF16('a', 0xdbff),
                UTF16(0xd800, 'a'),
                UTF16(0xd800, 0xd800, 0xdc00),
                UTF16(0xdc00, 0xd800),
                UTF16('a', 'b', 'c', 'd', 0xdfff),
                UTF16('a', 'b', 'c', 0xd800, 'd', 'e', 'f', 'g'),
        };
        for (size_t i = 0; i < COUNT_OF(bad); i++) {
                size_t units = 99;
                assert_false(encoding_measure(&bad[i], MARSHAL_UTF16, &units));
                assert_false(encoding_measure(&bad[i], MARSHAL_UTF8, &units));
                assert_int_equal(units, 99);
        }
}

/* Random texts, in rooms of exactly the right size, so that a sanitizer sees what lies past them. */
TEST(random_texts_there_and_back)
{
        struct types *t = types_new();
        const struct ward_type *eight = types_string(t), *sixteen = types_string16(t);
        for (uint64_t number = 1; number <= 5000; number++) {
                uint64_t seed = number * 0x9e3779b97f4a7c15u;
                struct {
                        void *ptr;
                        size_t len;
                } a, b = { NULL, 0 };
                random_value(eight, &seed, &a);
                struct text text = { a.ptr, a.len, MARSHAL_UTF8 };
                assert_true(encoding_measure(&text, MARSHAL_UTF16, &b.len));
                b.ptr = malloc(2 * b.len + 1);
                encoding_convert(&text, b.ptr, b.len);
                assert_true(values_equal(eight, &a, sixteen, &b));
                text = (struct text){ b.ptr, b.len, MARSHAL_UTF16 };
                size_t len = 0;
                assert_true(encoding_measure(&text, MARSHAL_UTF8, &len));
                assert_int_equal(len, a.len);
                OWNED(freep) char *back = malloc(len + 1);
                encoding_convert(&text, back, len);
                assert_true(!len || !memcmp(back, a.ptr, len));
                free(a.ptr);
                free(b.ptr);
        }
        types_free(t);
}

/* A text that changed after it was measured, whatever it is now, stays within both rooms. */
TEST(converting_anything_stays_in_bounds)
{
        for (uint64_t number = 1; number <= 20000; number++) {
                uint64_t seed = number * 0x9e3779b97f4a7c15u;
                size_t bytes = 2 * random_below(&seed, 20), room = random_below(&seed, 30);
                OWNED(freep) uint8_t *from = malloc(bytes ? bytes : 1), *to = malloc(2 * room + 1);
                bool mostly_ascii = random_below(&seed, 2);
                for (size_t i = 0; i < bytes; i++)
                        from[i] = (uint8_t)(mostly_ascii && random_below(&seed, 8) ? 'a' : random_next(&seed));
                encoding_convert(&(struct text){ from, bytes, MARSHAL_UTF8 }, to, room);
                encoding_convert(&(struct text){ from, bytes / 2, MARSHAL_UTF16 }, to, 2 * room);
        }
}

TEST(least_bytes)
{
        const struct text none = { NULL, SIZE_MAX, MARSHAL_UTF16 }, eight = { NULL, 9, MARSHAL_UTF8 };
        assert_int_equal(encoding_least_bytes(&none, MARSHAL_UTF16), SIZE_MAX);
        assert_int_equal(encoding_least_bytes(&none, MARSHAL_UTF8), SIZE_MAX);
        assert_int_equal(encoding_least_bytes(&eight, MARSHAL_UTF8), 9);
        assert_int_equal(encoding_least_bytes(&eight, MARSHAL_UTF16), 6);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(known_texts), TEST_CASE(halves_of_pairs_are_refused),
                         TEST_CASE(random_texts_there_and_back), TEST_CASE(converting_anything_stays_in_bounds),
                         TEST_CASE(least_bytes));
}
