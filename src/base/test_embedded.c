#include <stdio.h>
#include <stdlib.h>
#include "base/embedded.h"
#include "base/own.h"
#include "test/harness/harness.h"

static const char good[] =
        "ward-contract 1\n"
        "world example:calculator/calculator@1.0.0\n"
        "encoding utf8\n"
        "export func operate func(operation: string, operands: list<f64>) -> result<f64, string>\n"
        "export func example:calculator/tapes#[method]tape.play func(self: borrow<example:calculator/tapes#tape>)\n"
        "import func log func(line: string)\n"
        "export resource example:calculator/tapes#tape\n"
        "\n"
        "package example:calculator@1.0.0 {\n}\n";

/* From a block exactly as long, so that a sanitizer sees every byte read behind it. @use may be NULL. */
static int read_exact(struct ward_span bytes, struct ward_fault *fault, void (*use)(const struct embedded *embedded))
{
        struct embedded embedded;
        uint8_t *copy = malloc(bytes.len ? bytes.len : 1);
        assert_non_null(copy);
        if (bytes.len)
                memcpy(copy, bytes.at, bytes.len);
        int r = embedded_read((struct ward_span){ copy, bytes.len }, "calc.so", &embedded, fault);
        if (!r && use)
                use(&embedded);
        free(copy);
        return r;
}

static void expect_refused(struct ward_span bytes, const char *why)
{
        struct ward_fault fault = { 0 };
        assert_int_equal(read_exact(bytes, &fault, NULL), -WARD_FAULT_CONTRACT);
        if (!strstr(fault.text, why) || strncmp(fault.text, "module 'calc.so': ", 18))
                fail_msg("'%s', not '%s'", fault.text, why);
}

static void look(const struct embedded *embedded)
{
        static const struct {
                bool import, resource;
                const char *name;
        } expected[] = { { false, false, "operate" },
                         { false, false, "example:calculator/tapes#[method]tape.play" },
                         { true, false, "log" },
                         { false, true, "example:calculator/tapes#tape" } };
        struct embedded_cursor at = embedded_begin(embedded);
        struct embedded_entry entry = { 0 };
        assert_true(span_is(embedded->world, "example:calculator/calculator@1.0.0"));
        assert_false(embedded->utf16);
        for (size_t i = 0; i < COUNT_OF(expected); i++) {
                assert_true(embedded_next(&at, &entry));
                assert_int_equal(entry.import, expected[i].import);
                assert_int_equal(entry.resource, expected[i].resource);
                assert_true(span_is(entry.name, expected[i].name));
        }
        assert_int_equal(entry.signature.len, 0);
        assert_false(embedded_next(&at, &entry));
        assert_false(embedded_next(&at, &entry));
        assert_true(span_is(embedded->wit, "package example:calculator@1.0.0 {\n}\n"));
}

TEST(reads)
{
        assert_int_equal(read_exact(span_of(good), NULL, look), 0);
}

static void search(const struct embedded *embedded)
{
        struct embedded_entry entry;
        assert_true(embedded_find(embedded, true, false, "log", &entry));
        assert_true(span_is(entry.signature, "func(line: string)"));
        assert_false(embedded_find(embedded, false, false, "log", &entry));
        assert_false(embedded_find(embedded, true, true, "log", &entry));
        assert_false(embedded_find(embedded, true, false, "lo", &entry));
}

TEST(finds)
{
        assert_int_equal(read_exact(span_of(good), NULL, search), 0);
}

static void look_smallest(const struct embedded *embedded)
{
        struct embedded_cursor at = embedded_begin(embedded);
        struct embedded_entry entry;
        assert_true(embedded->utf16);
        assert_false(embedded_next(&at, &entry));
        assert_int_equal(embedded->wit.len, 0);
}

TEST(takes_the_smallest)
{
        assert_int_equal(read_exact(span_of("ward-contract 1\nworld w\nencoding utf16\n\n"), NULL, look_smallest), 0);
}

#define HEAD "ward-contract 1\nworld a:b/c\nencoding utf8\n"

TEST(refuses)
{
        static const struct {
                const char *text;
                const char *why;
        } cases[] = {
                { "", "line 1 of its contract is damaged: expected a line more" },
                { "example:calculator/calculator@1.0.0", "line 1 of its contract is damaged" },
                { "ward-contract 2\n", "line 1 of its contract is damaged: expected 'ward-contract 1', found 'ward-contract 2'" },
                { "ward-contract 1\nworl a:b/c\n", "line 2 of its contract is damaged: expected 'world NAME', found 'worl a:b/c'" },
                { "ward-contract 1\nworld \n", "expected 'world NAME'" },
                { "ward-contract 1\nworld a:b/c\nencoding latin1\n",
                  "line 3 of its contract is damaged: expected 'encoding utf8'" },
                { HEAD, "line 4 of its contract is damaged: expected a line more" },
                { HEAD "export func f func()", "line 4 of its contract is damaged: expected a line more" },
                { HEAD "export func f\n\n", "line 4 of its contract is damaged: expected an export or import" },
                { HEAD "export func f \n\n", "expected an export or import" },
                { HEAD "export func  func()\n\n", "expected an export or import" },
                { HEAD "export resource r s\n\n", "expected an export or import" },
                { HEAD "export resource \n\n", "expected an export or import" },
                { HEAD "export func f func()\nexports\n\n", "line 5 of its contract" },
                { HEAD "export func f\x1b func()\n\n",
                  "expected text without control characters, found 'export func f\\x1b func()'" },
                { HEAD "\n\xff", "it is not UTF-8" },
        };
        for (size_t i = 0; i < COUNT_OF(cases); i++)
                expect_refused(span_of(cases[i].text), cases[i].why);
        expect_refused((struct ward_span){ (const uint8_t *)HEAD "export func f\0 func()\n\n", sizeof HEAD + 22 },
                       "without control characters");
}

TEST(cut_anywhere)
{
        size_t head = (size_t)(strstr(good, "\n\n") + 2 - good);
        for (size_t len = 0; len < head; len++)
                expect_refused((struct ward_span){ (const uint8_t *)good, len }, "of its contract is damaged");
        assert_int_equal(read_exact((struct ward_span){ (const uint8_t *)good, head }, NULL, NULL), 0);
}

TEST(is_bounded)
{
        char *text = NULL;
        size_t len = 0;
        FILE *out = open_memstream(&text, &len);
        assert_non_null(out);
        fputs(HEAD, out);
        for (size_t i = 0; i < EMBEDDED_ENTRIES_MAX; i++)
                fputs("export func f func()\n", out);
        fputs("\n", out);
        fflush(out);
        assert_int_equal(read_exact((struct ward_span){ (uint8_t *)text, len }, NULL, NULL), 0);
        fseek(out, -1, SEEK_CUR);
        fputs("import resource r\n\n", out);
        fflush(out);
        expect_refused((struct ward_span){ (uint8_t *)text, len }, "expected no more than 30000 functions and resources");
        fclose(out);
        free(text);
        OWNED(freep) uint8_t *large = calloc(1, EMBEDDED_BYTES_MAX + 1);
        assert_non_null(large);
        expect_refused((struct ward_span){ large, EMBEDDED_BYTES_MAX + 1 }, "has 4194305 bytes; Ward takes at most 4194304");
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(reads), TEST_CASE(finds), TEST_CASE(takes_the_smallest), TEST_CASE(refuses),
                         TEST_CASE(cut_anywhere), TEST_CASE(is_bounded));
}
