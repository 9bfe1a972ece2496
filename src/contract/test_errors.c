/* What is refused: where, and in which words. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "contract/contract.h"
#include "test/harness/harness.h"

/* Texts begin with a package header on line 1 unless they are about that: bodies of an interface `i`, or of a world `w`, have it
 * and the opening brace there. */
struct bad {
        const char *text;
        size_t line;
        size_t column;
        const char *phrase;
};

static void expect_error(const char *text, const struct bad *bad)
{
        struct contract_error error = { 0 };
        struct contract *contract = contract_read_text("bad.wit", text, strlen(text), NULL, &error);
        char place[64] = "";
        if (bad->line)
                snprintf(place, sizeof place, "bad.wit:%zu:%zu: ", bad->line, bad->column);
        if (contract || error.line != bad->line || error.column != bad->column || !error.text ||
            strncmp(error.text, place, strlen(place)) || !strstr(error.text, bad->phrase))
                fail_msg("%.300s\nshould be refused at %zu:%zu with \"%s\", but: %s", text, bad->line, bad->column, bad->phrase,
                         contract ? "it was read" : error.text);
        free(error.text);
}

static void expect_errors(const char *before, const char *after, const struct bad *bad, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                OWNED(freep) char *text = NULL;
                assert_true(asprintf(&text, "%s%s%s", before, bad[i].text, after) >= 0);
                expect_error(text, &bad[i]);
        }
}

TEST(bad_characters)
{
        static const struct bad bad[] = {
                { "// \xff\n", 1, 4, "not UTF-8" },
                { "package a:b;\n// ok \xc3\xa4\n// \xc0\x80\n", 3, 4, "not UTF-8" },
                { "// \xed\xa0\x80\n", 1, 4, "not UTF-8" },
                { "// \xe2\x98\x83\xe2\x98\x83\xff", 1, 10, "not UTF-8" },
                { "// \xe2\x98\x83\xe2\x98", 1, 7, "not UTF-8" },
                { "// \xf0\x9f\x90\xb1\xf5\x80\x80\x80", 1, 8, "not UTF-8" },
                { "package a:b;\n  \x01", 2, 3, "U+0001: control characters" },
                { "package a:b;\x7f", 1, 13, "U+007F" },
                { "// \xc2\x85", 1, 4, "U+0085" },
                { "// \xe2\x80\xae", 1, 4, "U+202E: characters that change the direction" },
                { "// \xe2\x81\xa6", 1, 4, "U+2066" },
                { "// \xc5\x89", 1, 4, "Unicode discourages" },
                { "package a:b; #", 1, 14, "'#' has no place" },
                { "package a:b; /* /* */", 1, 14, "has no end" },
                { "package a:b; \"x", 1, 16, "string has no end" },
                { "package a:b;\n\xc3\xa4", 2, 1, "is no name" },
        };
        expect_errors("", "", bad, COUNT_OF(bad));
}

TEST(bad_names)
{
        static const struct bad bad[] = {
                { "a_b: func();", 2, 1, "letters, digits and `-` only" },
                { "aB: func();", 2, 1, "in lower case or in upper case" },
                { "a-bC: func();", 2, 1, "in lower case or in upper case" },
                { "a-: func();", 2, 1, "on either side of `-`" },
                { "a--b: func();", 2, 1, "on either side of `-`" },
                { "%: func();", 2, 1, "must follow `%`" },
                { "%-a: func();", 2, 1, "begins with a letter" },
                { "%1a: func();", 2, 1, "begins with a letter" },
                { "1a: func();", 2, 1, "expected `use`, a type, a function's name or '}', found '1'" },
                { "_: func();", 2, 1, "found '_'" },
                { "_a: func();", 2, 1, "`_a` is no name" },
                { "option: func();", 2, 1, "a keyword is used as a name with % before it" },
                { "from: func();", 2, 1, "found keyword `from`" },
                { "with: func();", 2, 1, "found keyword `with`" },
        };
        expect_errors("package a:b; interface i {\n", "}", bad, COUNT_OF(bad));
}

TEST(bad_headers)
{
        static const struct bad bad[] = {
                { "", 0, 0, "bad.wit: the package has no name" },
                { "interface a {}", 0, 0, "package some:name;" },
                { "package", 1, 8, "expected the package's namespace, found the end of the file" },
                { "package a;", 1, 10, "expected ':', found ';'" },
                { "package a:b", 1, 12, "expected ';' or '{', found the end" },
                { "package a:b:c;", 1, 12, "expected ';' or '{', found ':'" },
                { "package a:b/c;", 1, 12, "expected ';' or '{', found '/'" },
                { "package a:b {}", 0, 0, "bad.wit: the package has no name: begin with `package some:name;`" },
                { "package a:b; package c:d { package e:f {} }", 1, 36, "may not stand in another one that is nested" },
                { "package a:b; package c:d;", 1, 25, "`package …;` stands once in a file" },
                { "package a:b@1;", 1, 14, "expected a version such as 1.0.0 (three numbers), found ';'" },
                { "package a:b@1.2;", 1, 16, "version" },
                { "package a:b@01.0.0;", 1, 13, "version" },
                { "package a:b@1.0.0-01;", 1, 13, "version" },
                { "package a:b@1.0.0-;", 1, 13, "version" },
                { "package a:b@1.0.0+;", 1, 13, "version" },
                { "package a:b@;", 1, 13, "version" },
                { "package a:b@", 1, 13, "version" },
                { "package interface:b;", 1, 9, "found keyword `interface`" },
                { "package a:b; func", 1, 14, "expected `package`, `interface`, `world` or `use`" },
                { "package a:b; interface {}", 1, 24, "expected the interface's name, found '{'" },
                { "package a:b; interface a", 1, 25, "expected '{', found the end of the file" },
                { "package a:b; interface a {", 1, 27, "found the end of the file" },
                { "package a:b; interface a {} interface a {}", 1, 39,
                  "`a` is defined twice; the first is an interface at bad.wit:1:24" },
                { "package a:b; interface a {} world a {}", 1, 35, "is defined twice" },
                { "package a:b; interface a {} world A {}", 1, 35,
                  "differs from `a` at bad.wit:1:24 in upper and lower case only" },
                { "package a:b; use c;", 1, 18, "there is no interface `c`: package `a:b` defines none" },
                { "package a:b; use c.{d};", 1, 19, "types are used inside" },
                { "package a:b; use c:d/e;", 1, 18, "package `c:d` is not there; known are: a:b, ward:domain@0.1.0" },
                { "package a:b; use c:d;", 1, 21, "`c:d` names a package" },
                { "package a:b; interface a {} interface b {} use a as b;", 1, 53,
                  "`b` is there twice; the first is an interface" },
                { "package a:b; interface a {} use a as c; use a as c;", 1, 50, "`c` is there twice" },
                { "package a:b; world a {} use a as b; interface c { use b.{t}; }", 1, 55, "is a world, not an interface" },
                { "package ward:domain@0.1.0; interface data {}", 1, 9, "is built in" },
        };
        expect_errors("", "", bad, COUNT_OF(bad));
}

TEST(bad_attributes)
{
        static const struct bad bad[] = {
                { "@since\nf: func();", 3, 1, "expected '(', found `f`" },
                { "@since() f: func();", 2, 8, "expected `version`, found ')'" },
                { "@since(feature = a) f: func();", 2, 8, "expected `version`, found `feature`" },
                { "@since(version 1.0.0) f: func();", 2, 16, "expected '='" },
                { "@since(version = 1.0) f: func();", 2, 21, "a version" },
                { "@since(version = 1.0.0 f: func();", 2, 24, "expected ')'" },
                { "@since(version = 1.2.4) f: func();", 2, 25, "is later than the version of the package, 1.2.3" },
                { "@since(version = 1.2.3) @since(version = 1.2.3) f: func();", 2, 26, "stands here twice" },
                { "@since(version = 1.2.3) @unstable(feature = a) f: func();", 2, 2, "not both" },
                { "@deprecated(version = 1.2.3) f: func();", 2, 2, "goes with `@since` or `@unstable`" },
                { "@unstable(version = a) f: func();", 2, 11, "expected `feature`, found `version`" },
                { "@unstable(feature = 1) f: func();", 2, 21, "expected the feature's name" },
                { "@other f: func();", 2, 2, "there is no attribute `@other`" },
                { "@external-id(x) f: func();", 2, 14, "expected a string" },
                { "@external-id(\"x\") @external-id(\"y\") f: func();", 2, 20, "stands here twice" },
                { "@external-id(\"\\q\") f: func();", 2, 16, "no such escape" },
                { "@external-id(\"\\u{d800}\") f: func();", 2, 16, "no character" },
                { "@external-id(\"\\u{1_}\") f: func();", 2, 19, "a hexadecimal digit belongs behind `_`" },
                { "@external-id(\"\\u1\") f: func();", 2, 17, "'{' belongs" },
                { "@external-id(\"\\0g\") f: func();", 2, 17, "a hexadecimal digit" },
                { "@external-id(\"\\00\") f: func();", 2, 16, "character 0" },
                { "@external-id(\"\\ff\") f: func();", 2, 14, "not UTF-8" },
                { "@external-id(\"a\n\") f: func();", 2, 16, "ends on the line" },
                { "@since(version = 1.0.0) }", 2, 25, "found '}'" },
                { "@unstable(feature = a) type t = u8; f: func() -> t;", 2, 37,
                  "the type `t`, which is left out: it is @unstable" },
                { "@unstable(feature = a) f: func(); f: func();", 2, 35, "is defined twice" },
        };
        expect_errors("package a:b@1.2.3; interface i {\n", "}", bad, COUNT_OF(bad));
        static const struct bad unversioned = { "package a:b; @since(version = 1.0.0) interface i {}", 1, 48,
                                                "needs a package with a version" };
        expect_error(unversioned.text, &unversioned);
}

TEST(bad_interfaces)
{
        static const struct bad bad[] = {
                { "abcd\n", 3, 1, "expected ':', found '}'" },
                { "a func();", 2, 3, "expected ':', found keyword `func`" },
                { "a: func();\nb: func()\n", 4, 1, "expected ';', found '}'" },
                { "a: func;", 2, 8, "expected '('" },
                { "a: func(;", 2, 9, "expected a parameter's name, found ';'" },
                { "a: func(x);", 2, 10, "expected ':'" },
                { "a: func(x: u8 y: u8);", 2, 15, "expected ',' or ')', found `y`" },
                { "a: func(x: u8, x: u8);", 2, 16, "`x` stands here twice; the first is a parameter at bad.wit:2:9" },
                { "a: func(x: u8, X: u8);", 2, 16, "in upper and lower case only" },
                { "a: func() -> ;", 2, 14, "expected a type, found ';'" },
                { "a: func() -> (b: u8);", 2, 14, "expected a type, found '('" },
                { "a: func() -> nothing;", 2, 14, "there is no type `nothing`" },
                { "a: async static func();", 2, 10, "expected keyword `func`, found keyword `static`" },
                { "a: static func();", 2, 4, "expected keyword `func`, found keyword `static`" },
                { "a: func(); a: func();", 2, 12, "`a` is defined twice; the first is a function at bad.wit:2:1" },
                { "type a = u8; a: func();", 2, 14, "the first is a type" },
                { "a: func(); b: func(x: a);", 2, 23, "`a` is a function, not a type" },
                { "import x: func();", 2, 1, "found keyword `import`" },
                { "constructor();", 2, 1, "found keyword `constructor`" },
                { "use i.{a};", 1, 24, "the interface `i` depends on itself: i -> i" },
                { "use j.{a};", 2, 5, "there is no interface `j` in package `a:b`; there is: i" },
                { "use world.{a};", 2, 5, "keyword" },
                { "use c:d/e.{a};", 2, 5, "package `c:d` is not there" },
                { "use a:b/i.{a};", 2, 5, "package `a:b` depends on itself" },
                { "use a:b@1.0.0;", 2, 8, "`a:b` names a package" },
                { "use ward:domain/data@0.1.0.{a};", 2, 29, "there is no type `a`: interface `data` defines none" },
                { "use ward:domain/data@0.1.0.{get};", 2, 29, "`get` is a function; only types can be used" },
                { "use ward:domain/data@0.2.0.{a};", 2, 5, "package `ward:domain@0.2.0` is not there" },
                { "use i;", 2, 6, "expected '.'" },
                { "use i.{a b};", 2, 10, "expected ',' or '}'" },
                { "use i.{a as };", 2, 13, "expected the new name" },
        };
        expect_errors("package a:b; interface i {\n", "}", bad, COUNT_OF(bad));
}

TEST(bad_types)
{
        static const struct bad bad[] = {
                { "type option = u8;", 2, 6, "found keyword `option`" },
                { "type a u8;", 2, 8, "expected '='" },
                { "type a = u8\n", 3, 1, "expected ';'" },
                { "type a = bar;", 2, 10, "there is no type `bar`" },
                { "type abc = u8; type b = abd;", 2, 25, "did you mean `abc`?" },
                { "type a = a;", 2, 10, "the type `a` holds itself, which WIT does not allow: a -> a" },
                { "record a { x: b }\nrecord b { x: list<a> }", 2, 15, "a -> b -> a" },
                { "type z = a;\nrecord b { x: list<a> }\nrecord a { x: b }", 2, 10,
                  "the type `a` holds itself, which WIT does not allow: a -> b -> a" },
                { "type a = float32;", 2, 10, "WIT calls it `f32`" },
                { "type a = i32;", 2, 10, "WIT calls it `s32`" },
                { "type a = list;", 2, 14, "expected '<', found ';'" },
                { "type a = list<>;", 2, 15, "expected a type, found '>'" },
                { "type a = list<u8;", 2, 17, "expected '>', found ';'" },
                { "type a = list<u8, type", 2, 19, "expected the list's length, found keyword `type`" },
                { "type a = list<u8, 4294967296>;", 2, 19, "at most 4294967295" },
                { "type a = list<u64, 4294967295>;", 2, 6, "more than 4 GiB" },
                { "type a = option<u8, u8>;", 2, 19, "expected '>'" },
                { "type a = result<_>;", 2, 18, "expected ','" },
                { "type a = result<u8, _>;", 2, 21, "expected a type, found '_'" },
                { "type a = result<>;", 2, 17, "expected a type" },
                { "type a = tuple<u8", 2, 18, "expected ',' or '>'" },
                { "type a = tuple<,>;", 2, 16, "expected a type" },
                { "type a = map<u8>;", 2, 16, "expected ','" },
                { "type a = map<f32, u8>;", 2, 10, "the key of a map" },
                { "type k = u8; type a = map<k, u8>;", 2, 23, "the key of a map" },
                { "type a = own<b>;", 2, 14, "there is no type `b`" },
                { "type a = own<>;", 2, 14, "expected a resource's name" },
                { "type b = u8; type a = borrow<b>;", 2, 30, "`b` is no resource" },
                { "type b = u8; f: func(x: list<own<b>>);", 2, 34, "`b` is no resource" },
                { "resource r; f: func() -> borrow<r>;", 2, 13, "`f` returns a type that holds a borrow" },
                { "resource r; record a { x: list<borrow<r>> } f: func() -> option<a>;", 2, 45, "holds a borrow" },
                { "resource r { f: func() -> borrow<r>; }", 2, 14, "holds a borrow" },
                { "resource r { constructor(); constructor(); }", 2, 29, "two constructors" },
                { "resource r { a: func(); a: static func(); }", 2, 25, "`a` is defined twice" },
                { "resource r { a: func(self: u8); }", 2, 22, "`self` stands here twice" },
                { "resource r { constructor() -> r; }", 2, 31, "a constructor returns nothing, or `result<r>`" },
                { "resource r { constructor() -> result; }", 2, 31, "must hold `r`" },
                { "resource r { constructor() -> result<u8>; }", 2, 38, "must hold `r`" },
                { "resource r { type a = u8; }", 2, 14, "expected `constructor`, a function's name or '}'" },
                { "resource r { async constructor(); }", 2, 14, "`constructor`" },
                { "resource r { f: async static func(); }", 2, 23, "expected keyword `func`" },
                { "resource r", 2, 11, "expected ';' or '{'" },
                { "type a = future<>;", 2, 17, "expected a type" },
                { "type a = error-context<u8>;", 2, 23, "expected ';'" },
                { "type a = func();", 2, 10, "expected a type, found keyword `func`" },
                { "type a = u8; type a = u8;", 2, 19, "`a` is defined twice; the first is a type at bad.wit:2:6" },
                { "type a-b = u8; type A-B = u8;", 2, 21, "differs from `a-b`" },
                { "record a { b }", 2, 14, "expected ':'" },
                { "record a { b: u8; }", 2, 17, "expected ',' or '}', found ';'" },
                { "record a { b: u8, b: u8 }", 2, 19, "`b` stands here twice; the first is a field" },
                { "record a { , }", 2, 12, "expected a field or '}'" },
                { "enum a {}", 2, 6, "the enum `a` has no cases" },
                { "enum a { b, b }", 2, 13, "`b` stands here twice; the first is a case" },
                { "enum a { b(u8) }", 2, 11, "expected ',' or '}', found '('" },
                { "variant a {}", 2, 9, "the variant `a` has no cases" },
                { "variant a { b, b(u8) }", 2, 16, "`b` stands here twice; the first is a case" },
                { "variant a { b() }", 2, 15, "expected a type" },
                { "variant a { b(u8 }", 2, 18, "expected ')'" },
                { "variant a { b: u8 }", 2, 14, "expected ',' or '}'" },
                { "variant a { b(a) }", 2, 15, "holds itself" },
                { "flags a { b: u8 }", 2, 12, "expected ',' or '}'" },
                { "flags a { b, b }", 2, 14, "stands here twice" },
        };
        expect_errors("package a:b; interface i {\n", "}", bad, COUNT_OF(bad));
}

TEST(bad_worlds)
{
        static const struct bad bad[] = {
                { "import;", 2, 7, "expected the name of an interface" },
                { "import bar;", 2, 8, "there is no interface `bar` in package `a:b`; there is: i1, i2, i3" },
                { "import v;", 2, 8, "`v` is a world, not an interface" },
                { "import x: u8;", 2, 11, "expected `func`, `interface` or the name of an interface, found keyword `u8`" },
                { "import x: nowhere;", 2, 11, "there is no interface `nowhere`" },
                { "import x: v;", 2, 11, "`v` is a world, not an interface" },
                { "import x: i1; import x: i2;", 2, 22, "`x` is there twice" },
                { "import x: func()", 2, 17, "expected ';'" },
                { "import c:d;", 2, 10, "there is no interface `d` in package `a:b`" },
                { "import c:d/e;", 2, 8, "package `c:d` is not there" },
                { "import i1; import i1;", 2, 19, "the interface `i1` is imported twice" },
                { "export i1; export i1;", 2, 19, "the interface `i1` is exported twice" },
                { "import a: func(); import a: func();", 2, 26, "`a` is there twice; the first is a function" },
                { "import a: func(); import A: func();", 2, 26, "in upper and lower case only" },
                { "export a: func(); export a: interface {}", 2, 26, "`a` is there twice" },
                { "type a = u8; import a: func();", 2, 21, "`a` is there twice; the first is a type" },
                { "import a: func(); type a = u8;", 2, 8, "`a` is there twice; the first is a type at bad.wit:2:24" },
                { "import f: func() -> f;", 2, 21, "`f` is a function, not a type" },
                { "import f: func(x: t);", 2, 19, "there is no type `t`" },
                { "use i1.{t}; type t = u8;", 2, 18, "`t` is defined twice" },
                { "include i1;", 2, 9, "`i1` is an interface, not a world" },
                { "include nowhere;", 2, 9, "there is no world `nowhere`" },
                { "include w;", 1, 119, "the world `w` depends on itself" },
                { "include v", 2, 10, "expected ';' or keyword `with`" },
                { "include v with { a };", 2, 20, "expected keyword `as`" },
                { "include v with { a as b };", 2, 26, "expected `import`" },
                { "include v with { a as b }", 2, 9, "neither imports nor exports `a`" },
                { "@since(version = 1.0.0) include v;", 2, 33, "needs a package with a version" },
                { "interface a {}", 2, 1, "expected '}', found keyword `interface`; the '{' at bad.wit:1:121 is not closed" },
                { "func();", 2, 1, "expected `import`, `export`, `include`, `use`, a type or '}'" },
                { "import x: interface { use i1.{q}; }", 2, 31, "there is no type `q` in interface `i1`; there is: t" },
                { "type q = u8; import x: interface { f: func() -> q; }", 2, 49, "there is no type `q`" },
                { "export i1; export i3;", 1, 119, "export every interface on the way to it, or none" },
                { "export i3; export i1;", 1, 119, "export every interface" },
                { "export x: interface { use i2.{t as t2}; use i1.{t}; } export i1;", 1, 119, "export every interface" },
        };
        expect_errors("package a:b; interface i1 { type t = u8; } interface i2 { use i1.{t}; } "
                      "world v {} interface i3 { use i2.{t}; } world w {\n",
                      "}", bad, COUNT_OF(bad));
}

TEST(cycles_between_interfaces)
{
        static const struct bad bad = {
                "package a:b;\ninterface a { use b.{t}; }\ninterface b { use c.{t}; }\ninterface c { use a.{t}; }", 3, 11,
                "the interface `a` depends on itself: a -> b -> c -> a"
        };
        expect_error(bad.text, &bad);
}

/* @n times @text, between two others. */
static char *repeat(const char *before, const char *text, size_t n, const char *after)
{
        char *all = NULL;
        size_t len;
        FILE *out = open_memstream(&all, &len);
        assert_non_null(out);
        fputs(before, out);
        for (size_t i = 0; i < n; i++)
                fputs(text, out);
        fputs(after, out);
        assert_int_equal(fclose(out), 0);
        return all;
}

TEST(nesting_is_limited)
{
        OWNED(freep) char *deep = repeat("package a:b; interface i { type a =\n", "list<", 100 * 1000, "");
        expect_error(deep, &(struct bad){ NULL, 2, 501, "types nest more than 100 deep" });
        OWNED(freep) char *hidden = repeat("package a:b; interface i { type a =\n", "tuple<list<u8>, ", 1000, "");
        expect_error(hidden, &(struct bad){ NULL, 2, 1580, "types nest more than 100 deep" });
        OWNED(freep) char *comment = repeat("package a:b;\n", "/*", 100 * 1000, "");
        expect_error(comment, &(struct bad){ NULL, 2, 1, "has no end" });
}

TEST(depth_and_size_are_limited_with_names_resolved)
{
        static const char *const shapes[] = { "type t%d = list<t%d>;\n", "type t%d = tuple<t%d, t0>;\n" };
        for (size_t s = 0; s < COUNT_OF(shapes); s++) {
                OWNED(freep) char *text = NULL;
                size_t len;
                FILE *out = open_memstream(&text, &len);
                fputs("package a:b; interface i { type t0 = u8;\n", out);
                for (int i = 1; i < 5000; i++)
                        fprintf(out, shapes[s], i, i - 1);
                fputs("}", out);
                assert_int_equal(fclose(out), 0);
                expect_error(text, &(struct bad){ NULL, 100, 6, "nests more than 100 deep with all names resolved" });
        }
}

TEST(doubling_types_are_refused)
{
        OWNED(freep) char *text = NULL;
        size_t len;
        FILE *out = open_memstream(&text, &len);
        fputs("package a:b; interface i { type t0 = u8;\n", out);
        for (int i = 1; i < 90; i++)
                fprintf(out, "record t%d { a: t%d, b: t%d }\n", i, i - 1, i - 1);
        fputs("}", out);
        assert_int_equal(fclose(out), 0);
        expect_error(text, &(struct bad){ NULL, 17, 8, "more than 100000 parts" });
}

TEST(long_chains_are_refused)
{
        OWNED(freep) char *text = NULL;
        size_t len;
        FILE *out = open_memstream(&text, &len);
        fputs("package a:b; interface t0 { type t = u8; }\n", out);
        for (int i = 1; i < 5000; i++)
                fprintf(out, "interface t%d { use t%d.{t as s}; type t = u8; }\n", i, i - 1);
        assert_int_equal(fclose(out), 0);
        expect_error(text, &(struct bad){ NULL, 1002, 23, "more than 1000 deep" });
}

TEST(huge_worlds_are_refused)
{
        OWNED(freep) char *text = NULL;
        size_t len;
        FILE *out = open_memstream(&text, &len);
        fputs("package a:b; interface t0 { type t = u8; }\n", out);
        for (int i = 1; i < 990; i++)
                fprintf(out, "interface t%d { use t%d.{t as s}; type t = u8; }\n", i, i - 1);
        for (int i = 0; i < 3000; i++)
                fprintf(out, "world w%d { import t989; }\n", i);
        assert_int_equal(fclose(out), 0);
        expect_error(text, &(struct bad){ NULL, 0, 0, "more than 2000000 steps" });
}

/* One line only, with the caret below the place. */
static void expect_text(const char *text, const char *message)
{
        struct contract_error error = { 0 };
        assert_null(contract_read_text("c.wit", text, strlen(text), NULL, &error));
        assert_string_equal(error.text, message);
        free(error.text);
}

TEST(errors_show_the_line)
{
        expect_text("package a:b;\ninterface i {\n\ttype a = nothing;\n}",
                    "c.wit:3:11: there is no type `nothing` in interface `i`; there is: a\n"
                    "  3 |  type a = nothing;\n"
                    "    |           ^~~~~~~\n");
        expect_text("package a:b; /* \xc3\xa4\xc3\xb6 */ nope\r\nxyz",
                    "c.wit:1:25: expected `package`, `interface`, `world` or `use`, found `nope`\n"
                    "  1 | package a:b; /* \xc3\xa4\xc3\xb6 */ nope\n"
                    "    |                       ^~~~\n");
        expect_text("package a:b; interface i {", "c.wit:1:27: expected '}', found the end of the file; the '{' at c.wit:1:26 "
                                                  "is not closed\n"
                                                  "  1 | package a:b; interface i {\n"
                                                  "    |                           ^\n");
}

TEST(errors_cut_long_lines)
{
        OWNED(freep)
        char *text = repeat("package a:b; /*", "\xc3\xa4\xc3\xb6", 100000,
                            "*/ nope and more and more and more and more and more and more");
        struct contract_error error = { 0 };
        assert_null(contract_read_text("c.wit", text, strlen(text), NULL, &error));
        assert_int_equal(error.column, 400019);
        assert_true(strlen(error.text) < 500);
        assert_non_null(strstr(error.text, "  1 | …"));
        assert_non_null(strstr(error.text, "*/ nope and more and more and more and more and mor…\n"));
        free(error.text);
}

TEST(errors_are_fit_for_a_terminal)
{
        struct contract_error error = { 0 };
        static const char text[] = "package a:b; \x1b[31m \x9b";
        assert_null(contract_read_text("c.wit", text, strlen(text), NULL, &error));
        assert_null(strchr(error.text, '\x1b'));
        assert_null(strchr(error.text, '\x9b'));
        free(error.text);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(bad_characters), TEST_CASE(bad_names), TEST_CASE(bad_headers),
                         TEST_CASE(bad_attributes), TEST_CASE(bad_interfaces), TEST_CASE(bad_types), TEST_CASE(bad_worlds),
                         TEST_CASE(cycles_between_interfaces), TEST_CASE(nesting_is_limited),
                         TEST_CASE(depth_and_size_are_limited_with_names_resolved), TEST_CASE(doubling_types_are_refused),
                         TEST_CASE(long_chains_are_refused), TEST_CASE(huge_worlds_are_refused), TEST_CASE(errors_show_the_line),
                         TEST_CASE(errors_cut_long_lines), TEST_CASE(errors_are_fit_for_a_terminal));
}
