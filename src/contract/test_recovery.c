/* Several errors in one run: each is told once, and none that only follows from another one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "contract/contract.h"
#include "contract/report.h"
#include "test/harness/harness.h"

/* @places: "LINE:COLUMN " of each. */
static void expect_places(const char *text, const char *places)
{
        struct contract_error error = { 0 };
        char found[512] = "";
        size_t n = 0;
        assert_null(contract_read_text("r.wit", text, strlen(text), NULL, &error));
        for (const char *at = error.text; (at = strstr(at, "r.wit:")); n++) {
                int line, column;
                at += strlen("r.wit:");
                if (sscanf(at, "%d:%d: ", &line, &column) == 2 && (at == error.text + 6 || at[-7] == '\n'))
                        snprintf(found + strlen(found), sizeof found - strlen(found), "%d:%d ", line, column);
        }
        if (strcmp(found, places))
                fail_msg("%s\nshould have errors at %s, but:\n%s", text, places, error.text);
        assert_true(error.n >= 1 && error.n <= REPORT_MAX);
        free(error.text);
}

TEST(items_are_passed_over)
{
        expect_places("package a:b;\n"
                      "interface i {\n"
                      "  type a u8;\n"
                      "  f: func(x u8) -> u8;\n"
                      "  record r { x: u8 y: u8 }\n"
                      "  g: func(;\n"
                      "  enum e { a, b };\n"
                      "  ok: func();\n"
                      "  use k;\n"
                      "}\n"
                      "world w {\n"
                      "  import ;\n"
                      "  export x: u8;\n"
                      "  import ok: func();\n"
                      "}\n",
                      "3:10 4:13 5:20 6:11 7:18 9:8 12:10 13:13 ");
}

TEST(a_missing_semicolon_costs_one_error)
{
        expect_places("package a:b;\ninterface i {\n  type a = u8\n  type b = u16;\n  f: func()\n  g: func();\n  h: func(x);\n}\n",
                      "4:3 6:3 7:12 ");
}

TEST(a_missing_brace_costs_one_error)
{
        expect_places("package a:b;\ninterface i {\n  record r {\n    x: u8\n  f: func();\n}\ninterface j { a b }\n", "5:3 7:17 ");
        expect_places("package a:b;\ninterface i {\n  f: func();\ninterface j { type x; }\nworld w { import }\n", "4:1 4:21 5:18 ");
        expect_places("package a:b;\ninterface i {\n  resource r {\n  f: func();\n\nworld w { }\n", "6:1 ");
        expect_places("package a:b;\nworld w {\n  import x: interface {\n    f: func();\n\nworld v { import ; }\n", "6:1 6:18 ");
        expect_places("package a:b;\ninterface i {", "2:14 ");
        expect_places("package a:b;\ninterface i { x: ", "2:18 ");
}

TEST(a_brace_too_many_costs_one_error)
{
        expect_places("package a:b;\nworld w {\n  interface i { f: func(); }\n  import x;\n}\n}\nworld v { import ; }\n",
                      "3:3 7:18 ");
        expect_places("package a:b;\ninterface i { } }\nworld w { import ; }\n", "2:17 3:18 ");
        expect_places("package a:b;\n}}}\nworld w { import ; }\n", "2:1 3:18 ");
}

TEST(bad_tokens_are_passed_over)
{
        expect_places("package a:b;\ninterface i {\n  a_b: func();\n  c: func(x: u8#);\n  d: fun();\n}\n", "3:3 4:16 5:6 ");
        expect_places("package a:b;\ninterface i {\n  type a u8;\n  /* no end\n  type b u8;\n}\n", "3:10 4:3 ");
        expect_places("package a:b;\ninterface i {\n  @external-id(\"a)\n  f: func();\n  g: fun();\n}\n", "3:19 5:6 ");
}

TEST(a_semicolon_for_a_comma_costs_one_error)
{
        expect_places("package a:b;\ninterface i {\n  f: func(a: list<u8; 4>);\n  type t = list<u8; 4>;\n  g: fun();\n}\n",
                      "3:21 4:19 5:6 ");
        expect_places("package a:b;\ninterface i {\n  f: func(a: u8; b: u8);\n  g: func(\n;\n  h: func(y);\n}\n", "3:16 5:1 6:12 ");
}

TEST(comments_of_other_languages)
{
        expect_places("# use this\npackage a:b;\n  # /* interface\ninterface i { # f: func();\n  g: func(x);\n}\n#",
                      "1:1 3:3 4:15 5:12 7:1 ");
        expect_places("$\npackage a:b;\ninterface i { g: func(x); }\n", "1:1 3:24 ");
}

TEST(nested_packages_go_on)
{
        expect_places("package a:b;\n"
                      "package c:d {\n"
                      "  interface i { type x }\n"
                      "  interface j { type y }\n"
                      "  nonsense\n"
                      "}\n"
                      "package e:f {\n"
                      "  interface k {\n"
                      "}\n"
                      "package g:h { world w { import ; } }\n",
                      "3:24 4:24 5:3 10:32 ");
}

TEST(several_files)
{
        expect_places("type x = u8;\nfunc\ninterface a { type }\n", "1:1 2:1 3:20 ");
}

/* Names that mean nothing are each told, and stand for a type in what follows. */
TEST(unknown_names)
{
        expect_places("package a:b;\n"
                      "interface i {\n"
                      "  type a = nothing;\n"
                      "  type b = list<a>;\n"
                      "  type c = own<a>;\n"
                      "  f: func(x: b) -> none;\n"
                      "  use k.{x};\n"
                      "  use j.{y, t};\n"
                      "  type d = borrow<y>;\n"
                      "  enum e { }\n"
                      "}\n"
                      "interface j { type t = u8; }\n"
                      "world w { use i.{zero}; import no; export f: func(q: q); include v; }\n",
                      "7:7 13:66 8:10 3:12 10:8 6:20 13:18 13:32 13:54 ");
}

TEST(unknown_packages_do_not_hide_the_rest)
{
        expect_places(
                "package a:b;\n"
                "use e:f/g;\n"
                "world w { import types; export i; use c:d/e.{t}; import c:d/f; include c:d/v; export g: func(x: t, y: q); }\n"
                "interface j { use g.{x}; type y = x; type z = nothing; }\n",
                "2:5 3:39 3:72 3:57 4:47 3:18 3:32 3:103 ");
}

TEST(cycles_do_not_hide_the_rest)
{
        expect_places("package a:b;\n"
                      "interface i { type a = b; type b = a; f: func(x: a, y: zero); }\n"
                      "interface j { use i.{a}; g: func(x: one); }\n",
                      "2:24 2:56 3:37 ");
}

TEST(what_is_left_out)
{
        expect_places("package a:b@1.0.0;\n"
                      "interface i {\n"
                      "  @unstable(feature = x) type a = u8;\n"
                      "  record r { x: a, y: list<a>, z: u8 }\n"
                      "  @since(version = 2.0.0) record s { l: list<u16>, m: list<u64> }\n"
                      "  f: func() -> a;\n"
                      "  @unstable(feature = x) resource t { m: func(); }\n"
                      "}\n"
                      "@unstable(feature = x) interface j { type b = u8; }\n",
                      "4:14 4:20 5:41 6:3 7:39 9:43 ");
}

TEST(there_is_a_limit)
{
        OWNED(freep) char *text = NULL;
        struct contract_error error = { 0 };
        size_t len;
        FILE *out = open_memstream(&text, &len);
        fputs("package a:b; interface i {\n", out);
        for (int i = 0; i < 100000; i++)
                fprintf(out, "type t%d u8;\n", i);
        fputs("}", out);
        assert_int_equal(fclose(out), 0);
        assert_null(contract_read_text("r.wit", text, strlen(text), NULL, &error));
        assert_int_equal(error.n, REPORT_MAX);
        assert_int_equal(error.line, 2);
        assert_non_null(strstr(error.text, "r.wit:21:10:"));
        assert_null(strstr(error.text, "r.wit:22:"));
        free(error.text);
}

TEST(too_many_packages_cost_one_error)
{
        OWNED(freep) char *text = NULL;
        struct contract_error error = { 0 };
        size_t len;
        FILE *out = open_memstream(&text, &len);
        fputs("package a:b;\n", out);
        for (int i = 0; i < 1100; i++)
                fprintf(out, "package c:p%d { }\n", i);
        assert_int_equal(fclose(out), 0);
        assert_null(contract_read_text("r.wit", text, strlen(text), NULL, &error));
        assert_int_equal(error.n, 1);
        assert_non_null(strstr(error.text, "more than 1000 packages"));
        free(error.text);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(items_are_passed_over), TEST_CASE(a_missing_semicolon_costs_one_error),
                         TEST_CASE(a_missing_brace_costs_one_error), TEST_CASE(a_brace_too_many_costs_one_error),
                         TEST_CASE(bad_tokens_are_passed_over), TEST_CASE(a_semicolon_for_a_comma_costs_one_error),
                         TEST_CASE(comments_of_other_languages), TEST_CASE(unknown_packages_do_not_hide_the_rest),
                         TEST_CASE(too_many_packages_cost_one_error), TEST_CASE(nested_packages_go_on), TEST_CASE(several_files),
                         TEST_CASE(unknown_names), TEST_CASE(cycles_do_not_hide_the_rest), TEST_CASE(what_is_left_out),
                         TEST_CASE(there_is_a_limit));
}
