#include "dynamic/wave.h"

#include "base/own.h"
#include "dynamic/test_world.h"

static const char wit[] =
        "package t:p;\n"
        "interface i {\n"
        "  record point { x: s32, y: option<s32> }\n"
        "  record loose { a: option<u8>, b: option<u8> }\n"
        "  record words { true: bool, none: option<u8>, ok: result }\n"
        "  enum hand { left, right }\n"
        "  enum keyword { true, some, ok, nan }\n"
        "  variant shape { dot, circle(f64), named(string), err(u8) }\n"
        "  flags rights { read, write, exec }\n"
        "  resource tape;\n"
        "}\n"
        "world w {\n"
        "  use i.{point, loose, words, hand, keyword, shape, rights, tape};\n"
        "  export f-bool: func(x: bool); export f-u8: func(x: u8); export f-s8: func(x: s8); export f-u16: func(x: u16);\n"
        "  export f-s16: func(x: s16); export f-u32: func(x: u32); export f-s32: func(x: s32); export f-u64: func(x: u64);\n"
        "  export f-s64: func(x: s64); export f-f32: func(x: f32); export f-f64: func(x: f64); export f-char: func(x: char);\n"
        "  export f-string: func(x: string); export f-list: func(x: list<u8>); export f-lists: func(x: list<list<string>>);\n"
        "  export f-array: func(x: list<u8, 3>); export f-map: func(x: map<string, u8>); export f-tuple: func(x: tuple<u8, "
        "string>);\n"
        "  export f-point: func(x: point); export f-loose: func(x: loose); export f-words: func(x: words);\n"
        "  export f-hand: func(x: hand); export f-keyword: func(x: keyword); export f-shape: func(x: shape);\n"
        "  export f-rights: func(x: rights); export f-option: func(x: option<u8>); export f-deep: func(x: option<option<u8>>);\n"
        "  export f-result: func(x: result<u8, string>); export f-ok: func(x: result<u8>); export f-err: func(x: result<_, u8>);\n"
        "  export f-bare: func(x: result); export f-two: func(x: u8, y: string); export f-none: func();\n"
        "  export f-some: func(x: u8, y: option<u8>, z: option<string>); export f-tape: func(x: borrow<tape>);\n"
        "}\n";

/* Reads "(…)", the arguments of f-@type, from a block exactly as long. What was read is written again; NULL after an error. */
static char *convert(const struct test_world *world, const char *type, const char *text, struct wave *wave)
{
        char name[32], *written = NULL;
        size_t len = strlen(text), written_len = 0;
        char *copy = malloc(len ? len : 1);
        assert_non_null(copy);
        memcpy(copy, text, len);
        snprintf(name, sizeof name, "f-%s", type);
        const struct dynamic_func *func = test_world_func(world, name);
        void *args = calloc(1, func->func.params->size + 1);
        wave_begin(wave, copy, len);
        bool good = wave_read_args(wave, func->wit, func->func.params, 0, args) && wave_end(wave);
        FILE *out = open_memstream(&written, &written_len);
        assert_true(args && out);
        if (good)
                wave_write_args(out, func->wit, func->func.params, 0, args);
        fclose(out);
        ward_value_free(func->func.params, args);
        free(args);
        free(copy);
        if (!good)
                free(written);
        return good ? written : NULL;
}

struct good {
        const char *type;
        const char *text;
        const char *canonical; /* NULL: the same */
};

static void expect_good(const struct good *cases, size_t n)
{
        struct test_world world = test_world_new(wit);
        for (size_t i = 0; i < n; i++) {
                struct wave wave;
                const char *canonical = cases[i].canonical ? cases[i].canonical : cases[i].text;
                OWNED(freep) char *once = convert(&world, cases[i].type, cases[i].text, &wave);
                if (!once || strcmp(once, canonical))
                        fail_msg("%s %s: %s, not %s", cases[i].type, cases[i].text, once ? once : wave.error.text, canonical);
                OWNED(freep) char *twice = convert(&world, cases[i].type, once, &wave);
                assert_true(twice && !strcmp(twice, once));
        }
        test_world_finish(&world);
}

TEST(scalars)
{
        static const struct good cases[] = {
                { "bool", "(true)", NULL },
                { "bool", " ( false // no\n ) ", "(false)" },
                { "u8", "(255)", NULL },
                { "s8", "(-128)", NULL },
                { "s8", "(-0)", "(0)" },
                { "u16", "(65535)", NULL },
                { "s16", "(-32768)", NULL },
                { "u32", "(4294967295)", NULL },
                { "s32", "(-2147483648)", NULL },
                { "u64", "(18446744073709551615)", NULL },
                { "s64", "(-9223372036854775808)", NULL },
                { "f64", "(0.1)", NULL },
                { "f64", "(-0.0)", "(-0)" },
                { "f64", "(6.022e+23)", NULL },
                { "f64", "(1E5)", "(1e+5)" },
                { "f64", "(123456)", NULL },
                { "f64", "(1.7976931348623157e+308)", NULL },
                { "f64", "(5e-324)", NULL },
                { "f64", "(nan)", NULL },
                { "f64", "(inf)", NULL },
                { "f64", "(-inf)", NULL },
                { "f32", "(0.1)", NULL },
                { "f32", "(3.4028234664e38)", "(3.4028235e+38)" },
                { "f32", "(3.4028234664e39)", "(inf)" },
                { "f32", "(1.4012984643e-46)", "(0)" },
                { "char", "('x')", NULL },
                { "char", "('☃')", NULL },
                { "char", "('\\u{1f600}')", "('😀')" },
                { "char", "('\\'')", NULL },
                { "char", "('\"')", NULL },
                { "char", "('\\\"')", "('\"')" },
                { "char", "('\\u{0}')", NULL },
                { "char", "('\\\\')", NULL },
        };
        expect_good(cases, COUNT_OF(cases));
}

TEST(strings)
{
        static const struct good cases[] = {
                { "string", "(\"\")", NULL },
                { "string", "(\"WAVE🌊\")", NULL },
                { "string", "(\"\\\\\\'\\\"\\t\\n\\r\")", "(\"\\\\'\\\"\\t\\n\\r\")" },
                { "string", "(\"☃\\u{2603}\\u{002603}\")", "(\"☃☃☃\")" },
                { "string", "(\"\\u{7f}\\u{85}\\u{202e}\")", NULL },
                { "string", "(\"\\u{D7FF}\\u{E000}\\u{10FFFF}\\u{80}\\u{7ff}\")",
                  "(\"\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf\\u{80}\xdf\xbf\")" },
                { "string", "(\"// no comment\") // one", "(\"// no comment\")" },
                { "string", "(\"\"\"\n\"\"\")", "(\"\")" },
                { "string", "(\"\"\"\none\n\"\"\")", "(\"one\")" },
                { "string", "(\"\"\"\r\n  one\r\n    two ☃\r\n  \r\n  \"\"\")", "(\"one\\n  two ☃\\n\")" },
                { "string", "(\"\"\"\n    trailing\n  dedents\n      it.\n  \"\"\")", "(\"  trailing\\ndedents\\n    it.\")" },
                { "string", "(\"\"\"\n\nempty lines\n\n\"\"\")", "(\"\\nempty lines\\n\")" },
                { "string", "(\"\"\"\nbreak up \"\"\\\"\"\n\\\\\\u{2603}\n\"\"\")", "(\"break up \\\"\\\"\\\"\\\"\\n\\\\☃\")" },
        };
        expect_good(cases, COUNT_OF(cases));
}

TEST(compounds)
{
        static const struct good cases[] = {
                { "list", "([])", NULL },
                { "list", "([1, 2, 3])", NULL },
                { "list", "([1,2,3,],)", "([1, 2, 3])" },
                { "lists", "([[], [\"a\"], [\"b\", \"c\"]])", NULL },
                { "array", "([1, 2, 3,])", "([1, 2, 3])" },
                { "map", "([])", NULL },
                { "map", "([(\"a\", 1), (\"b\", 2)])", NULL },
                { "map", "([(\"a\",1,),])", "([(\"a\", 1)])" },
                { "tuple", "((1, \"a\"))", NULL },
                { "tuple", "((1, \"a\", ))", "((1, \"a\"))" },
                { "point", "({x: 1})", NULL },
                { "point", "({y: none, x: 1})", "({x: 1})" },
                { "point", "({ y: 2 , x: 1, })", "({x: 1, y: some(2)})" },
                { "point", "({%x: 1, y: some(2)})", "({x: 1, y: some(2)})" },
                { "loose", "({:})", NULL },
                { "loose", "({ : })", "({:})" },
                { "loose", "({b: none})", "({:})" },
                { "words", "({true: true, none: none, ok: err})", "({true: true, ok: err})" },
                { "hand", "(left)", NULL },
                { "hand", "(%right)", "(right)" },
                { "keyword", "(%true)", NULL },
                { "keyword", "(%nan)", NULL },
                { "shape", "(dot)", NULL },
                { "shape", "(circle(1.5))", NULL },
                { "shape", "(circle ( 1.5 ))", "(circle(1.5))" },
                { "shape", "(%err(1))", NULL },
                { "rights", "({})", NULL },
                { "rights", "({exec, %read,})", "({read, exec})" },
                { "option", "(none)", NULL },
                { "option", "(some(1))", NULL },
                { "option", "(1)", "(some(1))" },
                { "deep", "(some(none))", NULL },
                { "deep", "(some(1))", "(some(some(1)))" },
                { "result", "(ok(1))", NULL },
                { "result", "(1)", "(ok(1))" },
                { "result", "(err(\"no\"))", NULL },
                { "ok", "(err)", NULL },
                { "err", "(ok)", NULL },
                { "bare", "(ok)", NULL },
                { "bare", "(err)", NULL },
                { "two", "(1, \"a\")", NULL },
                { "none", "()", NULL },
                { "some", "(1)", "(1, none, none)" },
                { "some", "(1, 2)", "(1, some(2), none)" },
                { "some", "(1, none, \"a\")", "(1, none, some(\"a\"))" },
        };
        expect_good(cases, COUNT_OF(cases));
}

struct bad {
        const char *type;
        const char *text; /* ^ before what is wrong; not a part of it */
        const char *why;
};

static void expect_bad(const struct test_world *world, const struct bad *bad)
{
        struct wave wave;
        char text[200];
        size_t at = strcspn(bad->text, "^");
        snprintf(text, sizeof text, "%.*s%s", (int)at, bad->text, bad->text + at + (bad->text[at] == '^'));
        OWNED(freep) char *taken = convert(world, bad->type, text, &wave);
        if (taken)
                fail_msg("%s %s: taken as %s", bad->type, text, taken);
        if (wave.error.at != at || !strstr(wave.error.text, bad->why))
                fail_msg("%s %s: at %zu: %s; not at %zu: %s", bad->type, text, wave.error.at, wave.error.text, at, bad->why);
}

static const struct bad mistakes[] = {
        { "bool", "(^yes)", "expected true or false, found 'yes'" },
        { "bool", "(^%true)", "expected true or false" },
        { "bool", "(^", "expected true or false, found the end" },
        { "bool", "^", "expected '(', found the end" },
        { "bool", "(true^", "expected ',' or ')', found the end" },
        { "bool", "(true) ^x", "expected nothing more, found 'x'" },
        { "u8", "(^256)", "expected a whole number from 0 to 255 (u8), found '256'" },
        { "u8", "(^-1)", "from 0 to 255 (u8), found '-1'" },
        { "u8", "(^1.5)", "from 0 to 255 (u8), found '1.5'" },
        { "u8", "(^1e1)", "found '1e1'" },
        { "u8", "(^01)", "found '01'" },
        { "u8", "(^0x1)", "found '0x1'" },
        { "u8", "(^+1)", "found '+1'" },
        { "u8", "(^\"1\")", "found a string" },
        { "u8", "(^☃)", "found '☃'" },
        { "s8", "(^-129)", "a whole number from -128 to 127 (s8)" },
        { "s8", "(^128)", "a whole number from -128 to 127 (s8)" },
        { "u64", "(^18446744073709551616)", "from 0 to 18446744073709551615 (u64)" },
        { "s64", "(^9223372036854775808)", "from -9223372036854775808 to 9223372036854775807 (s64)" },
        { "f64", "(^-nan)", "expected a number (f64), nan, inf or -inf" },
        { "f64", "(^NaN)", "expected a number (f64)" },
        { "f64", "(^infinity)", "expected a number (f64)" },
        { "f32", "(^.5)", "expected a number (f32)" },
        { "f32", "(^5.)", "expected a number (f32)" },
        { "f32", "(^1e)", "expected a number (f32)" },
        { "f32", "(^0x1p3)", "expected a number (f32)" },
        { "char", "(^x)", "expected a character, such as 'x', found 'x'" },
        { "char", "(^'')", "a character is missing between the quotes" },
        { "char", "('a^b')", "expected ' behind one character" },
        { "char", "('^\\x')", "this is no escape" },
        { "char", "('^\\u{d800}')", "this is no escape" },
        { "char", "('^\\u{110000}')", "this is no escape" },
        { "char", "('^\\u{}')", "this is no escape" },
        { "char", "('^\\u{0000041}')", "this is no escape" },
        { "string", "(^text)", "expected a string, such as \"text\", found 'text'" },
        { "string", "(^\"text)", "this string does not end in its line" },
        { "string", "(^\"te\nxt\")", "this string does not end in its line" },
        { "string", "(\"te^\\qxt\")", "this is no escape" },
        { "string", "(^\"\"\"\"\"\")", "behind \"\"\" the line has to end" },
        { "string", "(^\"\"\"x\n\"\"\")", "behind \"\"\" the line has to end" },
        { "string", "(\"\"\"\nx^\"\"\")", "the closing \"\"\" has to be in a line of its own" },
        { "string", "(^\"\"\"\n\"\")", "this string is not closed by \"\"\"" },
        { "string", "(\"\"\"\n    x\n^ y\n  \"\"\")", "has to be indented as much" },
        { "string", "(\"\"\"\n  x\n^\n  \"\"\")", "has to be indented as much" },
        { "list", "(^1)", "expected a list, such as [1, 2], found '1'" },
        { "list", "([1 ^2])", "expected ',' or ']', found '2'" },
        { "list", "([^,])", "from 0 to 255 (u8), found ','" },
        { "list", "([1, ^x, 3])", "from 0 to 255 (u8), found 'x'" },
        { "list", "([1, 2^", "expected ',' or ']', found the end" },
        { "lists", "([[\"a\"], [^1]])", "expected a string" },
        { "array", "([1, 2^])", "expected ',', found ']'" },
        { "array", "([1, 2,^])", "this list has to have 3 elements, not 2" },
        { "array", "([1, 2, 3, ^4])", "expected ']' behind 3 elements, found '4'" },
        { "map", "(^{})", "expected a map, such as [(1, 2)], found '{'" },
        { "map", "([(\"a\" ^1)])", "expected ',', found '1'" },
        { "tuple", "(^1, \"a\")", "expected a tuple of 2, such as (1, 2), found '1'" },
        { "tuple", "((1^))", "expected ',', found ')'" },
        { "tuple", "((1, \"a\", ^2))", "expected ')', found '2'" },
        { "point", "(^[1])", "expected a record, {…}, of x, y, found '['" },
        { "point", "({^z: 1})", "expected a field: x, y, found 'z'" },
        { "point", "(^{y: 1})", "this record lacks field x" },
        { "point", "({x: 1, ^x: 2})", "field x comes twice" },
        { "point", "({x ^1})", "expected ':', found '1'" },
        { "point", "({x: 1 ^y: 2})", "expected ',' or '}', found 'y'" },
        { "loose", "({^})", "expected a field, or ':' for a record without any, found '}'" },
        { "hand", "(^up)", "expected one of left, right, found 'up'" },
        { "hand", "(left^(1))", "left has no value" },
        { "keyword", "(^true)", "this is a keyword here; write %true" },
        { "shape", "(circle^)", "expected '(' and the value of circle, found ')'" },
        { "shape", "(circle(^\"a\"))", "expected a number (f64)" },
        { "shape", "(circle(1 ^2))", "expected ')', found '2'" },
        { "rights", "(^read)", "expected flags, {…}, of read, write, exec, found 'read'" },
        { "rights", "({^own})", "expected a flag: read, write, exec, found 'own'" },
        { "rights", "({read, ^read})", "flag read comes twice" },
        { "option", "(^x)", "from 0 to 255 (u8), found 'x'" },
        { "option", "(some^)", "expected '(' and the value of some" },
        { "option", "(none^(1))", "none has no value" },
        { "deep", "(^1)", "expected some(…) or none, found '1'" },
        { "result", "(ok^)", "expected '(' and the value of ok" },
        { "bare", "(ok^(1))", "ok has no value" },
        { "bare", "(^1)", "expected ok or err, found '1'" },
        { "two", "(1^)", "f-two needs 2 arguments, not 1: y is missing" },
        { "two", "(1, \"a\", ^2)", "expected ')': f-two takes 2 arguments, found '2'" },
        { "none", "(^1)", "expected ')': f-none takes 0 arguments, found '1'" },
        { "tape", "(^1)", "a handle of resource tape cannot be written" },
        { "string", "^(\"\xff\")", "this is not UTF-8" },
        { "u8", "(^\x01)", "found '\\x01'" },
};

TEST(says_what_is_wrong)
{
        struct test_world world = test_world_new(wit);
        for (size_t i = 0; i < COUNT_OF(mistakes); i++)
                expect_bad(&world, &mistakes[i]);
        test_world_finish(&world);
}

static bool take_number(struct wave *wave, const struct wit_type *type, const struct ward_type *descriptor, void *to)
{
        uint64_t number = 42;
        memcpy(to, &number, descriptor->size);
        return wave_expect(wave, '#');
}

TEST(handles_are_the_callers)
{
        struct test_world world = test_world_new(wit);
        const struct dynamic_func *func = test_world_func(&world, "f-tape");
        struct wave wave;
        uint64_t handle = 0;
        char *text = NULL;
        size_t len;
        wave_begin(&wave, "(#)", 3);
        wave.handle = take_number;
        assert_true(wave_read_args(&wave, func->wit, func->func.params, 0, &handle));
        FILE *out = open_memstream(&text, &len);
        wave_write_args(out, func->wit, func->func.params, 0, &handle);
        fclose(out);
        assert_string_equal(text, "(tape(42))");
        free(text);
        test_world_finish(&world);
}

static void expect_printed(const char *text, size_t at, const char *expected)
{
        struct wave wave;
        char *printed = NULL;
        size_t len;
        wave_begin(&wave, text, strlen(text));
        wave_fail(&wave, text + at, "wrong");
        FILE *out = open_memstream(&printed, &len);
        wave_error_print(&wave, out);
        fclose(out);
        assert_string_equal(printed, expected);
        free(printed);
}

TEST(points_at_the_column)
{
        expect_printed("f(1, x)", 5, "wrong\n  f(1, x)\n       ^\n");
        expect_printed("f(\"☃\", x)", 9, "wrong\n  f(\"☃\", x)\n         ^\n");
        expect_printed("f(1,\n  x,\n 2)", 7, "wrong\n    x,\n    ^\n");
        expect_printed("\x1b", 1, "wrong\n  \\x1b\n      ^\n");
        expect_printed("", 0, "wrong\n  \n  ^\n");
}

TEST(words)
{
        struct wave wave;
        wave_begin(&wave, " a:b/c@1.0.0#d (1)", 18);
        assert_true(span_is(wave_word(&wave, "("), "a:b/c@1.0.0#d"));
        assert_true(wave_take(&wave, '('));
        assert_int_equal(wave_word(&wave, ")1").len, 0);
        wave_fail(&wave, wave.at, "over");
        assert_int_equal(wave_word(&wave, ")").len, 0);
        assert_false(wave_take(&wave, '1'));
        assert_false(wave_end(&wave));
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(scalars), TEST_CASE(strings), TEST_CASE(compounds), TEST_CASE(says_what_is_wrong),
                         TEST_CASE(handles_are_the_callers), TEST_CASE(points_at_the_column), TEST_CASE(words));
}
