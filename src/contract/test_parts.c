/* The parts below the parser: memory, names, order, versions, tokens, documentation. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "contract/lex.h"
#include "contract/names.h"
#include "contract/semver.h"
#include "contract/toposort.h"
#include "test/harness/harness.h"

/* Never jumped to: no test that uses it comes near the budget. */
static jmp_buf out_of_memory;

static struct arena *arena(void)
{
        struct arena *arena = arena_new(&out_of_memory, 64 * 1024 * 1024);
        assert_non_null(arena);
        return arena;
}

TEST(arena_gives_zeroed_memory)
{
        struct arena *a = arena();
        for (size_t size = 0; size < 20000; size += 37) {
                char *at = arena_take(a, size);
                assert_int_equal((uintptr_t)at % _Alignof(max_align_t), 0);
                for (size_t i = 0; i < size; i++)
                        assert_int_equal(at[i], 0);
                memset(at, 0xff, size);
        }
        arena_free(a);
        arena_free(NULL);
}

TEST(arena_jumps_at_its_budget)
{
        jmp_buf out;
        struct arena *a = arena_new(&out, 100 * 1024);
        volatile size_t taken = 0;
        if (!setjmp(out))
                for (;;) {
                        arena_take(a, 1000);
                        taken += 1000;
                }
        assert_in_range(taken, 50 * 1024, 300 * 1024);
        volatile bool jumped = false;
        if (!setjmp(out))
                arena_take(a, SIZE_MAX - 8);
        else
                jumped = true;
        assert_true(jumped);
        arena_free(a);
}

TEST(vectors_grow)
{
        struct arena *a = arena();
        int *items = NULL;
        for (int i = 0; i < 1000; i++) {
                items = arena_room(a, items, (size_t)i, sizeof *items);
                items[i] = i;
        }
        for (int i = 0; i < 1000; i++)
                assert_int_equal(items[i], i);
        assert_string_equal(arena_format(a, "%s-%d", "x", 7), "x-7");
        assert_string_equal(arena_copy(a, "abcdef", 3), "abc");
        arena_free(a);
}

TEST(names_are_one)
{
        struct arena *a = arena();
        struct names names = { .texts = a, .tables = a };
        const char *first[2000];
        char text[32];
        for (int i = 0; i < 2000; i++)
                first[i] = names_intern(&names, text, (size_t)snprintf(text, sizeof text, "name-%d", i));
        for (int i = 0; i < 2000; i++)
                assert_ptr_equal(first[i], names_intern(&names, text, (size_t)snprintf(text, sizeof text, "name-%d", i)));
        assert_ptr_not_equal(names_intern(&names, "a", 1), names_intern(&names, "a\0", 2));
        assert_ptr_equal(names_fold(&names, "Name-7"), first[7]);
        assert_string_equal(names_intern(&names, "", 0), "");
        arena_free(a);
}

TEST(maps_hold_pairs)
{
        struct arena *a = arena();
        struct map map = { .tables = a };
        static char keys[300];
        assert_null(map_get(&map, NULL, keys));
        for (size_t i = 0; i < COUNT_OF(keys); i++)
                map_put(&map, &keys[i], &keys[i % 7], &keys[i]);
        map_put(&map, NULL, keys, &keys[1]);
        for (size_t i = 0; i < COUNT_OF(keys); i++)
                assert_ptr_equal(map_get(&map, &keys[i], &keys[i % 7]), &keys[i]);
        assert_null(map_get(&map, &keys[1], &keys[2]));
        assert_ptr_equal(map_get(&map, NULL, keys), &keys[1]);
        map_put(&map, NULL, keys, &keys[2]);
        assert_ptr_equal(map_get(&map, NULL, keys), &keys[2]);
        arena_free(a);
}

static void expect_order(size_t n, const struct edge *edges, size_t n_edges, bool sorts, const char *expected)
{
        struct arena *a = arena();
        size_t order[32], length = n;
        char text[128] = "";
        assert_int_equal(toposort(a, n, edges, n_edges, order, &length), sorts);
        for (size_t i = 0; i < length + !sorts; i++)
                snprintf(text + strlen(text), sizeof text - strlen(text), " %zu", order[i]);
        assert_string_equal(text, expected);
        arena_free(a);
}

TEST(order_is_kept_where_it_can_be)
{
        expect_order(0, NULL, 0, true, "");
        expect_order(4, NULL, 0, true, " 0 1 2 3");
        expect_order(4, (struct edge[]){ { 0, 3 } }, 1, true, " 1 2 3 0");
        expect_order(4, (struct edge[]){ { 0, 3 }, { 0, 3 }, { 1, 0 } }, 3, true, " 2 3 0 1");
        expect_order(5, (struct edge[]){ { 0, 1 }, { 1, 4 }, { 2, 0 }, { 3, 2 } }, 4, true, " 4 1 0 2 3");
}

TEST(cycles_are_found)
{
        expect_order(1, (struct edge[]){ { 0, 0 } }, 1, false, " 0 0");
        expect_order(3, (struct edge[]){ { 0, 1 }, { 1, 2 }, { 2, 1 } }, 3, false, " 0 1 2");
        expect_order(4, (struct edge[]){ { 0, 3 }, { 1, 0 }, { 1, 2 }, { 2, 1 } }, 4, false, " 2 2 3");
        expect_order(4, (struct edge[]){ { 0, 3 }, { 1, 2 }, { 2, 3 }, { 3, 1 } }, 4, false, " 0 3 1 2");
}

TEST(versions)
{
        static const struct {
                const char *text;
                size_t length;
        } cases[] = {
                { "1.2.3", 5 },
                { "0.0.0", 5 },
                { "1.2.3.{a}", 5 },
                { "1.2.3-rc.1.{a}", 10 },
                { "1.2.3-rc.1+b.01", 15 },
                { "1.2.3+001", 9 },
                { "1.2.3-0a", 8 },
                { "1.2.3--", 7 },
                { "10.20.30;", 8 },
                { "18446744073709551615.0.0", 24 },
                { "18446744073709551616.0.0", 0 },
                { "0.100000000000000000000.0", 0 },
                { "0.0.0-100000000000000000000", 27 },
                { "1.2", 0 },
                { "1.2.", 0 },
                { "", 0 },
                { "01.2.3", 0 },
                { "1.2.3-", 0 },
                { "1.2.3-01", 0 },
                { "1.2.3+", 0 },
                { "1.2.3-a.01", 7 },
                { "a", 0 },
                { "1..2", 0 },
                { "99999999999999999999.0.0", 0 },
        };
        for (size_t i = 0; i < COUNT_OF(cases); i++)
                assert_int_equal(semver_length(cases[i].text, strlen(cases[i].text)), cases[i].length);
}

TEST(versions_are_ordered)
{
        static const char *const sorted[] = {
                "0.0.1",         "0.1.0",
                "1.0.0-0",       "1.0.0-2",
                "1.0.0-10",      "1.0.0-alpha",
                "1.0.0-alpha.1", "1.0.0-alpha.beta",
                "1.0.0-beta",    "1.0.0-beta.2",
                "1.0.0-beta.11", "1.0.0-rc.1",
                "1.0.0",         "1.0.0+a",
                "1.0.0+b",       "1.0.1",
                "1.9.0",         "1.10.0",
                "2.0.0-rc",      "2.0.0",
                "10.0.0",        "99999999999999999999.0.0",
        };
        for (size_t i = 0; i < COUNT_OF(sorted); i++)
                for (size_t j = 0; j < COUNT_OF(sorted); j++) {
                        int order = semver_compare(sorted[i], sorted[j]);
                        if ((order > 0) - (order < 0) != (i > j) - (i < j))
                                fail_msg("%s and %s: %d", sorted[i], sorted[j], order);
                }
}

static struct source source_of(const char *text)
{
        return (struct source){ .name = (char *)"t.wit", .text = (char *)text, .len = strlen(text) };
}

static void expect_tokens(const char *text, const char *expected)
{
        struct source source = source_of(text);
        struct report report = { 0 };
        struct token token = { 0 };
        char found[256] = "", one[96];
        assert_true(lex_check(&source, &report));
        for (;;) {
                token = lex_token(&source, token.at + token.len, &report);
                if (token.kind == TOKEN_END || token.kind == TOKEN_BAD)
                        break;
                token_describe(&source, token, one, sizeof one);
                snprintf(found + strlen(found), sizeof found - strlen(found), " %s", one);
        }
        if (token.kind == TOKEN_BAD)
                strcat(found, " bad");
        assert_string_equal(found, expected);
        assert_int_equal(report.failed, token.kind == TOKEN_BAD);
        free(report.error.text);
}

TEST(tokens)
{
        expect_tokens("", "");
        expect_tokens(" \t\r\n// x", "");
        expect_tokens("/**/a/* /* */ */b//\nc", " `a` `b` `c`");
        expect_tokens("a:b/c@1", " `a` ':' `b` '/' `c` '@' '1'");
        expect_tokens("()->u8;", " '(' ')' '->' keyword `u8` ';'");
        expect_tokens("%u8 %from u-8 from", " `%u8` `%from` `u-8` keyword `from`");
        expect_tokens("a1-2-B3-c4 A-B", " `a1-2-B3-c4` `A-B`");
        expect_tokens("<_,x>", " '<' '_' ',' `x` '>'");
        expect_tokens("\"a\\\"b\" x", " '\"a\\\"b\"' `x`");
        expect_tokens("version error-context float32", " `version` keyword `error-context` `float32`");
        expect_tokens("a ! b", " `a` bad");
        expect_tokens("a /* b", " `a` bad");
        expect_tokens("a aB", " `a` bad");
        expect_tokens("12ab", " '12' `ab`");
}

static void expect_docs(const char *text, const char *expected)
{
        struct arena *a = arena();
        struct source source = source_of(text);
        const char *docs = lex_docs(&source, 0, source.len, a, NULL);
        if (expected)
                assert_string_equal(docs, expected);
        else
                assert_null(docs);
        arena_free(a);
}

TEST(documentation)
{
        expect_docs("  \n", NULL);
        expect_docs("/// one", "one");
        expect_docs("/// one\n\n///  two\r\n", "one\n two");
        expect_docs("///  one\n///\n///   two\n///", "one\n\n two");
        expect_docs("// plain\n", "plain");
        expect_docs("/** block */", "block");
        expect_docs("/** block\r\n   more */ /// and", "block\n   more\nand");
        expect_docs("/* x */", "* x */");
        expect_docs("/** a /* b */ c */", "a /* b */ c");
        expect_docs("//", "");
        expect_docs("/**/", "/");
        expect_docs("///a\n/// b", "a\n b");
}

TEST(places)
{
        struct source source = source_of("ab\n\xc3\xa4"
                                         "b\r\n");
        size_t line, column;
        char text[64];
        place_position((struct place){ &source, 0, 1 }, &line, &column);
        assert_true(line == 1 && column == 1);
        place_position((struct place){ &source, 5, 1 }, &line, &column);
        assert_true(line == 2 && column == 3);
        place_position((struct place){ &source, source.len, 0 }, &line, &column);
        assert_true(line == 3 && column == 1);
        assert_string_equal(place_describe((struct place){ &source, 5, 1 }, text, sizeof text), "t.wit:2:3");
}

TEST(a_place_is_reported_once)
{
        struct source source = source_of("ab\ncd\n");
        struct report report = { 0 };
        report_at(&report, (struct place){ &source, 3, 2 }, "%s", "first");
        report_at(&report, (struct place){ &source, 3, 1 }, "again");
        report_at(&report, (struct place){ &source, 0, 2 }, "second");
        report_plain(&report, "nowhere");
        report_at(NULL, (struct place){ &source, 1, 1 }, "untold");
        assert_int_equal(report.error.n, 3);
        assert_int_equal(report.error.line, 2);
        assert_int_equal(report.error.column, 1);
        assert_string_equal(report.error.text, "t.wit:2:1: first\n  2 | cd\n    | ^~\n"
                                               "t.wit:1:1: second\n  1 | ab\n    | ^~\n"
                                               "nowhere\n");
        free(report.error.text);
}

TEST(reports_are_limited)
{
        struct report report = { 0 };
        for (int i = 0; i < 30; i++) {
                assert_int_equal(report.full, i >= REPORT_MAX);
                report_plain(&report, "%d", i);
        }
        assert_int_equal(report.error.n, REPORT_MAX);
        assert_int_equal(report.error.line, 0);
        assert_non_null(strstr(report.error.text, "18\n19\n20 errors; what else is wrong is not shown\n"));
        free(report.error.text);
}

static void expect_said(const char *text, const char *expected)
{
        struct source source = source_of(text);
        struct report report = { 0 };
        char said[64];
        size_t len = lex_string(&source, 0, &report, said);
        assert_int_equal(len, expected ? source.len : 0);
        assert_int_equal(report.failed, !expected);
        if (expected)
                assert_string_equal(said, expected);
        free(report.error.text);
}

TEST(strings)
{
        expect_said("\"\"", "");
        expect_said("\"a b\"", "a b");
        expect_said("\"\\\"\\'\\\\\\t\\n\\r\"", "\"'\\\t\n\r");
        expect_said("\"\\41\\c3\\A4\"", "A\xc3\xa4");
        expect_said("\"\\u{7f}\\u{e4}\\u{20_ac}\\u{1F600}\"", "\x7f\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
        expect_said("\"", NULL);
        expect_said("\"\\", NULL);
        expect_said("\"\\\"", NULL);
        expect_said("\"\\u{110000}\"", NULL);
        expect_said("\"\\u{}\"", NULL);
        expect_said("\"\\u{1\"", NULL);
        expect_said("\"\\4\"", NULL);
        expect_said("\"\x7f\"", NULL);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(arena_gives_zeroed_memory), TEST_CASE(arena_jumps_at_its_budget),
                         TEST_CASE(vectors_grow), TEST_CASE(names_are_one), TEST_CASE(maps_hold_pairs),
                         TEST_CASE(order_is_kept_where_it_can_be), TEST_CASE(cycles_are_found), TEST_CASE(versions),
                         TEST_CASE(versions_are_ordered), TEST_CASE(tokens), TEST_CASE(documentation), TEST_CASE(places),
                         TEST_CASE(a_place_is_reported_once), TEST_CASE(reports_are_limited), TEST_CASE(strings));
}
