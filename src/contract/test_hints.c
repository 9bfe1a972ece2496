/* What is said to those who write WIT for the first time: what may have been meant, and how that is written. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "contract/contract.h"
#include "contract/foreign.h"
#include "test/harness/harness.h"

struct hint {
        const char *text;
        const char *phrase; /* the end of the first message, or NULL where there is no hint */
};

static void expect_hint(const char *text, const char *phrase)
{
        struct contract_error error = { 0 };
        struct contract *contract = contract_read_text("h.wit", text, strlen(text), NULL, &error);
        if (contract)
                fail_msg("%s\nwas read", text);
        char *end = strchr(error.text, '\n'), *hint;
        if (end)
                *end = 0;
        hint = strchr(error.text, ';');
        if (hint && !strncmp(hint, ";'", 2))
                hint = strchr(hint + 1, ';');
        size_t len = strlen(error.text), tail = phrase ? strlen(phrase) : 0;
        if (phrase ? tail > len || strcmp(error.text + len - tail, phrase) : hint != NULL)
                fail_msg("%s\nshould end in \"%s\", but: %s", text, phrase ? phrase : "no hint", error.text);
        free(error.text);
}

static void expect_hints(const char *before, const char *after, const struct hint *hints, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                OWNED(freep) char *text = NULL;
                assert_true(asprintf(&text, "%s%s%s", before, hints[i].text, after) >= 0);
                expect_hint(text, hints[i].phrase);
        }
}

TEST(in_a_file)
{
        static const struct hint hints[] = {
                { "package calculator;", "; a package has a namespace: `package you:calculator;`" },
                { "package calculator@1.0.0;", "; a package has a namespace: `package you:calculator@…`" },
                { "package a:b@1.0;", "expected a version such as 1.0.0 (three numbers), found ';'" },
                { "package a:b; interface i { };", "; no `;` stands behind `}`" },
                { "package a:b; type t = u8;", "; types belong in an interface: `interface name { … }`" },
                { "package a:b; struct s { }", "; WIT calls it `record`" },
                { "package a:b; f: func();", "; functions belong in an interface: `interface name { … }`" },
                { "package a:b; func f();", "; functions belong in an interface: `interface name { … }`" },
                { "package a:b; import x;", "; `import` belongs in a world: `world name { … }`" },
                { "package a:b; interface Calculator { }", "; write `calculator`" },
                { "package a:b; interface i {", "; the '{' at h.wit:1:26 is not closed" },
                { "package a:b; interface i {\nrecord r {\n", "; the '{' at h.wit:2:10 is not closed" },
                { "package a:b; world w {\nf: func();", "; begin with `import` or `export`: `export f: …`" },
                { "package a:b; interface i {\ninterface j { }",
                  "; the '{' at h.wit:1:26 is not closed, and this may not stand in it" },
                { "package a:b; interface i { f: func(", "found the end of the file; the '(' at h.wit:1:35 is not closed" },
                { "package a:b; # words", "; a comment begins with `//`" },
                { "package a:b:c;", NULL },
                { "package a:b", NULL },
        };
        expect_hints("", "", hints, COUNT_OF(hints));
}

TEST(in_an_interface)
{
        static const struct hint hints[] = {
                { "struct x { a: u32 }", "; WIT calls it `record`" },
                { "class x { }", "; WIT calls it `resource`" },
                { "function f();", "; a function is written `name: func(…)`" },
                { "f: function();", "; a function is written `name: func(…)`" },
                { "const x: u32;", "; WIT has no `const`; a constant can be what a function returns" },
                { "func add(a: u32);", "; the name comes first: `add: func(…)`" },
                { "add(a: u32);", "; a function is written `add: func(…)`" },
                { "add: (a: u32);", "; a function is written `func(…)`" },
                { "addNumbers: func();", "; write `add-numbers`" },
                { "add_numbers: func();", "; write `add-numbers`" },
                { "import x;", "; `import` belongs in a world: `world name { … }`" },
                { "export x: func();", "; `export` belongs in a world: `world name { … }`" },
                { "include w;", "; `include` belongs in a world: `world name { … }`" },
                { "constructor();", "; a constructor belongs in a `resource`" },
                { "f: static func();", "; `static func` belongs in a `resource`" },
                { "resource r { f(); }", "; a function is written `f: func(…)`" },
                { "option: func();", "; a keyword is used as a name with % before it" },
                { "use k;", "; name the types: `use k.{t};`" },
                { "use k.t;", "; types stand in braces: `.{t}`" },
                { "use k.*;", "; name each type: `.{t, u}`" },
                { "enum e { a };", "; no `;` stands behind `}`" },
                { "f: func()\ng: func();", NULL },
        };
        expect_hints("package a:b; interface i {\n", "}", hints, COUNT_OF(hints));
}

TEST(in_a_function)
{
        static const struct hint hints[] = {
                { "(int a);", "; the name comes first: `a: s32`" },
                { "(string a);", "; the name comes first: `a: string`" },
                { "(a: u8, unsigned int b);", "; the name comes first: `name: type`" },
                { "(list<u8> a);", "; the name comes first: `name: list<…>`" },
                { "(x point);", NULL },
                { "(void);", "; a function without parameters is `func()`, and one without a result has no `->`" },
                { "(a: u32; b: u32);", "; `,` stands between parameters" },
                { "(;", NULL },
                { "(a: char*);", "; WIT has no pointers: text is `string`, bytes are `list<u8>`" },
                { "(a: uint8_t);", "; WIT calls it `u8`" },
                { "(a: size_t);", "; WIT calls it `u32` or `u64`" },
                { "(a: usize);", "; WIT calls it `u32` or `u64`" },
                { "(a: String);", "; write `string`" },
                { "(a: u8[]);", "; a list is `list<…>`" },
                { "(a: [u8]);", "; a list is `list<…>`" },
                { "(a: string?);", "; what may be missing is `option<…>`" },
                { "(a: list<u8; 4>);", "; a list's length follows `,`: `list<u8, 4>`" },
                { "(a: (u8, u8));", "; several types together are `tuple<…>`" },
                { "() -> (a: u32, b: u32);", "; a function has one result: a record, or `tuple<…>`" },
                { "() -> ();", "; a function without a result has no `->`" },
                { "() -> void;", "; a function without parameters is `func()`, and one without a result has no `->`" },
                { "() u32;", "; a result follows `->`: `-> u32`" },
                { "() => u32;", "; a result follows `->`" },
                { "(): u32;", "; a result follows `->`: `-> u32`" },
        };
        expect_hints("package a:b; interface i {\nf: func", "}", hints, COUNT_OF(hints));
}

TEST(in_a_definition)
{
        static const struct hint hints[] = {
                { "variant v { a: u32 }", "; a case that holds a value is `a(u32)`" },
                { "enum e { a: u32 }", "; only the cases of a `variant` hold values" },
                { "enum e { a(u32) }", "; only the cases of a `variant` hold values" },
                { "enum e { a = 1 }", "; no number is given; they are numbered as they stand" },
                { "record r { a: u32; b: u32 }", "; `,` stands between fields" },
                { "variant v { a; b }", "; `,` stands between cases" },
                { "flags f { a; b }", "; `,` stands between names" },
                { "record r { u32 a }", "; the name comes first: `a: u32`" },
                { "record r { a?: u32 }", "; what may be missing is `option<…>`" },
                { "type Name = u8;", "; write `name`" },
                { "type t = double;", "; WIT calls it `f64`" },
        };
        expect_hints("package a:b; interface i {\n", "}", hints, COUNT_OF(hints));
}

TEST(in_a_world)
{
        static const struct hint hints[] = {
                { "add: func();", "; begin with `import` or `export`: `export add: …`" },
                { "add(a: u32);", "; a function is written `export add: func(…)` or `import add: func(…)`" },
                { "func add();", "; a function is written `export add: func(…)` or `import add: func(…)`" },
                { "export add(a: u32);", "; a function is written `export add: func(…)`" },
                { "import add(a: u32);", "; a function is written `import add: func(…)`" },
                { "export func add();", "; the name comes first: `export add: func(…)`" },
                { "export i, j;", "; each one has an `export` of its own" },
                { "import i, j;", "; each one has an `import` of its own" },
                { "use i;", "; name the types: `use i.{t};`" },
                { "fn add();", "; a function is written `name: func(…)`" },
        };
        expect_hints("package a:b; interface i { } world w {\n", "}", hints, COUNT_OF(hints));
}

TEST(kebab_case)
{
        static const struct {
                const char *name;
                const char *kebab; /* or NULL */
        } cases[] = {
                { "addNumbers", "add-numbers" },
                { "HTTPServer", "http-server" },
                { "x2Y", "x2-y" },
                { "__a__b_", "a-b" },
                { "A-bC", "a-b-c" },
                { "MAX_SIZE", "max-size" },
                { "_1a", NULL },
                { "__", NULL },
                { "", NULL },
                { "na\xc3\xafve", NULL },
        };
        char text[32];
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                bool there = foreign_kebab(cases[i].name, strlen(cases[i].name), text, sizeof text);
                assert_int_equal(there, cases[i].kebab != NULL);
                if (there)
                        assert_string_equal(text, cases[i].kebab);
        }
        assert_false(foreign_kebab("aaaaaaaaaaaaaaaa", 16, text, sizeof text));
        assert_true(foreign_kebab("aAaAaAaAaAaAaAa", 15, text, sizeof text));
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(in_a_file), TEST_CASE(in_an_interface), TEST_CASE(in_a_function),
                         TEST_CASE(in_a_definition), TEST_CASE(in_a_world), TEST_CASE(kebab_case));
}
