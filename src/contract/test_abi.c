/* What the Canonical ABI makes of a contract, against values worked out by hand from CanonicalABI.md. */
#include "contract/abi.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "test/harness/harness.h"

static struct contract *contract;

static void finish(void)
{
        contract = contract_free(contract);
}

static void read_package(const char *text)
{
        struct contract_error error = { 0 };
        contract = contract_read_text("abi.wit", text, strlen(text), NULL, &error);
        if (!contract)
                fail_msg("%s", error.text);
}

/* An interface `a:b/t@1.0.0` with what @format makes in it, and a world `w` that exports it. */
__attribute__((format(printf, 1, 2))) static void read_interface(const char *format, ...)
{
        char *body = NULL, *text = NULL;
        va_list args;
        va_start(args, format);
        assert_true(vasprintf(&body, format, args) >= 0);
        va_end(args);
        assert_true(asprintf(&text, "package a:b@1.0.0;\ninterface t {\n%s\n}\nworld w { export t; }\n", body) >= 0);
        read_package(text);
        free(body);
        free(text);
}

static const struct wit_type *type_called(const char *name)
{
        for (size_t i = 0; i < contract->n_types; i++)
                if (contract->types[i]->name && !strcmp(contract->types[i]->name, name))
                        return contract->types[i];
        fail_msg("no type %s", name);
        return NULL;
}

static const struct wit_func *func_called(const char *name)
{
        for (size_t i = 0; i < contract->n_interfaces; i++)
                for (size_t k = 0; k < contract->interfaces[i]->n_funcs; k++)
                        if (!strcmp(contract->interfaces[i]->funcs[k]->name, name))
                                return contract->interfaces[i]->funcs[k];
        fail_msg("no function %s", name);
        return NULL;
}

static void check(char *text, const char *expected)
{
        assert_non_null(text);
        assert_string_equal(text, expected);
        free(text);
}

/* --- Sizes ------------------------------------------------------------------------------------ */

static void check_abi(const struct wit_type *type, struct wit_abi abi)
{
        if (type->abi.size != abi.size || type->abi.align != abi.align || type->abi.flat != abi.flat || type->abi.tag != abi.tag)
                fail_msg("%s: size %u align %u flat %u tag %u, expected %u %u %u %u", type->name, type->abi.size, type->abi.align,
                         type->abi.flat, type->abi.tag, abi.size, abi.align, abi.flat, abi.tag);
}

TEST(types_have_the_size_and_alignment_of_the_specification)
{
        static const struct {
                const char *type;
                struct wit_abi abi;
        } cases[] = {
                { "bool", { 1, 1, 1, 0 } },
                { "u8", { 1, 1, 1, 0 } },
                { "s16", { 2, 2, 1, 0 } },
                { "u32", { 4, 4, 1, 0 } },
                { "s64", { 8, 8, 1, 0 } },
                { "f32", { 4, 4, 1, 0 } },
                { "f64", { 8, 8, 1, 0 } },
                { "char", { 4, 4, 1, 0 } },
                { "string", { 8, 4, 2, 0 } },
                { "list<u64>", { 8, 4, 2, 0 } },
                { "map<string, u64>", { 8, 4, 2, 0 } },
                { "list<u8, 3>", { 3, 1, 3, 0 } },
                { "list<tuple<u8, u16>, 2>", { 8, 2, 4, 0 } },
                { "list<list<u32, 2>, 3>", { 24, 4, 6, 0 } },
                { "tuple<u8, u32, u16>", { 12, 4, 3, 0 } },
                { "tuple<u8, u64>", { 16, 8, 2, 0 } },
                { "tuple<string, u8>", { 12, 4, 3, 0 } },
                { "option<u8>", { 2, 1, 2, 1 } },
                { "option<u64>", { 16, 8, 2, 1 } },
                { "option<option<u8>>", { 3, 1, 3, 1 } },
                { "result", { 1, 1, 1, 1 } },
                { "result<u16>", { 4, 2, 2, 1 } },
                { "result<_, u64>", { 16, 8, 2, 1 } },
                { "result<u16, string>", { 12, 4, 3, 1 } },
        };
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                read_interface("type x = %s;", cases[i].type);
                check_abi(type_called("x"), cases[i].abi);
                finish();
        }
}

TEST(definitions_have_the_size_and_alignment_of_the_specification)
{
        read_interface("record r { a: u8, b: f64, c: bool }\n"
                       "record n { r: r, s: string }\n"
                       "variant v { none, one(u8), two(r), three(string) }\n"
                       "variant small { a(u16), b }\n"
                       "enum e { a, b }\n"
                       "resource s;\n"
                       "type own-s = own<s>;\n"
                       "type borrow-s = borrow<s>;\n"
                       "type again = r;\n");
        check_abi(type_called("r"), (struct wit_abi){ 24, 8, 3, 0 });
        check_abi(type_called("n"), (struct wit_abi){ 32, 8, 5, 0 });
        check_abi(type_called("v"), (struct wit_abi){ 32, 8, 4, 1 });
        check_abi(type_called("small"), (struct wit_abi){ 4, 2, 2, 1 });
        check_abi(type_called("e"), (struct wit_abi){ 1, 1, 1, 1 });
        check_abi(type_called("s"), (struct wit_abi){ 0 });
        check_abi(type_called("own-s"), (struct wit_abi){ 4, 4, 1, 0 });
        check_abi(type_called("borrow-s"), (struct wit_abi){ 4, 4, 1, 0 });
        check_abi(type_called("again"), (struct wit_abi){ 24, 8, 3, 0 });
        finish();
}

/* "x0,x1,…", malloc'd. */
static char *labels(size_t n)
{
        char *text = NULL;
        size_t len;
        FILE *out = open_memstream(&text, &len);
        for (size_t i = 0; i < n; i++)
                fprintf(out, "x%zu,", i);
        fclose(out);
        return text;
}

static void check_labelled(const char *keyword, size_t n, struct wit_abi abi)
{
        char *text = labels(n);
        read_interface("%s x { %s }", keyword, text);
        check_abi(type_called("x"), abi);
        finish();
        free(text);
}

TEST(tags_are_as_wide_as_the_cases_need)
{
        check_labelled("enum", 1, (struct wit_abi){ 1, 1, 1, 1 });
        check_labelled("enum", 256, (struct wit_abi){ 1, 1, 1, 1 });
        check_labelled("enum", 257, (struct wit_abi){ 2, 2, 1, 2 });
        check_labelled("variant", 65536, (struct wit_abi){ 2, 2, 1, 2 });
        check_labelled("enum", 65537, (struct wit_abi){ 4, 4, 1, 4 });
}

TEST(flags_are_words_of_32)
{
        check_labelled("flags", 1, (struct wit_abi){ 1, 1, 1, 0 });
        check_labelled("flags", 8, (struct wit_abi){ 1, 1, 1, 0 });
        check_labelled("flags", 9, (struct wit_abi){ 2, 2, 1, 0 });
        check_labelled("flags", 16, (struct wit_abi){ 2, 2, 1, 0 });
        check_labelled("flags", 17, (struct wit_abi){ 4, 4, 1, 0 });
        check_labelled("flags", 32, (struct wit_abi){ 4, 4, 1, 0 });
        check_labelled("flags", 33, (struct wit_abi){ 8, 4, 2, 0 });
        check_labelled("flags", 64, (struct wit_abi){ 8, 4, 2, 0 });
        check_labelled("flags", 65, (struct wit_abi){ 12, 4, 3, 0 });
}

TEST(parts_have_their_offsets)
{
        read_interface("record r { a: u8, b: f64, c: bool, d: string }\n"
                       "type t = tuple<u8, u16, u8>;\n"
                       "variant v { a(u8), b(u64) }\n"
                       "type o = option<u16>;\n"
                       "type e = result<u8, u32>;\n");
        const struct wit_type *r = type_called("r"), *t = type_called("t");
        assert_int_equal(wit_abi_offset(r, 0), 0);
        assert_int_equal(wit_abi_offset(r, 1), 8);
        assert_int_equal(wit_abi_offset(r, 2), 16);
        assert_int_equal(wit_abi_offset(r, 3), 20);
        assert_int_equal(wit_abi_offset(t, 1), 2);
        assert_int_equal(wit_abi_offset(t, 2), 4);
        assert_int_equal(wit_abi_offset(type_called("v"), 0), 8);
        assert_int_equal(wit_abi_offset(type_called("o"), 0), 2);
        assert_int_equal(wit_abi_offset(type_called("e"), 1), 4);
        finish();
}

/* --- Too large -------------------------------------------------------------------------------- */

static struct wit_type fixed_list(struct wit_type *element, uint32_t length)
{
        return (struct wit_type){ .kind = WIT_FIXED_LIST, .element = element, .length = length };
}

TEST(what_does_not_fit_32_bits_has_no_size)
{
        struct wit_type u64 = { .kind = WIT_U64 }, u8 = { .kind = WIT_U8 };
        assert_true(wit_abi_set(&u64) && wit_abi_set(&u8));
        struct wit_type fits = fixed_list(&u64, UINT32_MAX / 8), over = fixed_list(&u64, UINT32_MAX / 8 + 1);
        assert_true(wit_abi_set(&fits));
        assert_false(wit_abi_set(&over));

        struct wit_type half = fixed_list(&u8, UINT32_MAX / 2 + 1), most = fixed_list(&u8, UINT32_MAX);
        assert_true(wit_abi_set(&half) && wit_abi_set(&most));
        struct wit_member two[] = { { .type = &half }, { .type = &half } };
        struct wit_type record = { .kind = WIT_RECORD, .members = two, .n_members = 2 };
        assert_false(wit_abi_set(&record));

        struct wit_type option = { .kind = WIT_OPTION, .element = &most };
        assert_false(wit_abi_set(&option));
}

TEST(a_contract_with_an_overlarge_list_is_refused)
{
        static const char text[] = "package a:b;\ninterface t {\n  type x = list<u64, 1000000000>;\n}\n";
        struct contract_error error = { 0 };
        assert_null(contract_read_text("abi.wit", text, strlen(text), NULL, &error));
        assert_int_equal(error.line, 3);
        free(error.text);
}

/* --- Core types ------------------------------------------------------------------------------- */

static void check_core(const char *signature, const char *export, const char *import)
{
        read_interface(
                "variant v-if { a(u32), b(f32) }\n"
                "variant v-il { a(u32), b(u64) }\n"
                "variant v-ff { a(f32), b(f32) }\n"
                "variant v-fd { a(f32), b(f64) }\n"
                "variant v-dd { a(f64), b, c(f64) }\n"
                "variant v-ld { a(u64), b(f64) }\n"
                "variant v-sf { a(string), b(f32) }\n"
                "variant v-parts { a(tuple<f32, f64, u8>), b(f32), c(tuple<f32, u32>) }\n"
                "flags f33 { %s }\n"
                "f: func%s;",
                "a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, c0, c1, c2, c3, c4, c5, c6, "
                "c7, c8, c9, d0, d1, d2",
                signature);
        check(wit_core(func_called("f"), false), export);
        check(wit_core(func_called("f"), true), import);
        finish();
}

TEST(functions_have_core_types)
{
        check_core("()", ">", ">");
        check_core("(a: u32) -> u32", "i>i", "i>i");
        check_core("(a: bool, b: s8, c: char, d: s64) -> bool", "iiiI>i", "iiiI>i");
        check_core("(a: f32, b: f64, c: u64) -> f64", "fFI>F", "fFI>F");
        check_core("(a: string) -> string", "ii>i", "iii>");
        check_core("(a: list<u8>, b: map<u8, string>)", "iiii>", "iiii>");
        check_core("(a: list<f32, 3>) -> list<u8, 1>", "fff>i", "fff>i");
        check_core("(a: option<f32>) -> option<f32>", "if>i", "ifi>");
        check_core("(a: result) -> result", "i>i", "i>i");
        check_core("(a: f33) -> f33", "ii>i", "iii>");
}

TEST(cases_of_a_variant_share_core_types)
{
        check_core("(a: v-if)", "ii>", "ii>");
        check_core("(a: v-il)", "iI>", "iI>");
        check_core("(a: v-ff)", "if>", "if>");
        check_core("(a: v-fd)", "iI>", "iI>");
        check_core("(a: v-dd)", "iF>", "iF>");
        check_core("(a: v-ld)", "iI>", "iI>");
        check_core("(a: v-sf)", "iii>", "iii>");
        check_core("(a: v-parts)", "ifIi>", "ifIi>");
        check_core("(a: option<v-fd>, b: f32)", "iiIf>", "iiIf>");
        check_core("(a: result<f32, u32>)", "ii>", "ii>");
}

TEST(more_than_sixteen_parameters_go_through_memory)
{
        check_core("(a: list<u8, 16>)", "iiiiiiiiiiiiiiii>", "iiiiiiiiiiiiiiii>");
        check_core("(a: list<u8, 16>) -> string", "iiiiiiiiiiiiiiii>i", "iiiiiiiiiiiiiiiii>");
        check_core("(a: list<u8, 16>, b: f64)", "i>", "i>");
        check_core("(a: list<u8, 17>) -> string", "i>i", "ii>");
        check_core("(a: list<u8, 17>) -> f32", "i>f", "i>f");
        check_core("(a: list<u8, 4000000000>)", "i>", "i>");
        check_core("(a: option<list<u64, 15>>)", "iIIIIIIIIIIIIIII>", "iIIIIIIIIIIIIIII>");
}

TEST(functions_of_resources_have_core_types)
{
        read_interface("resource r {\n"
                       "  constructor(a: string);\n"
                       "  m: func(other: borrow<r>, mine: r) -> string;\n"
                       "  s: static func() -> option<r>;\n"
                       "}\n");
        check(wit_core(func_called("[constructor]r"), false), "ii>i");
        check(wit_core(func_called("[method]r.m"), false), "iii>i");
        check(wit_core(func_called("[method]r.m"), true), "iiii>");
        check(wit_core(func_called("[static]r.s"), true), "i>");
        finish();
}

/* --- Names and signatures --------------------------------------------------------------------- */

TEST(what_is_named_has_an_id)
{
        read_package("package a:b@1.0.0-rc.1;\n"
                     "interface t { resource r { m: func(); } f: func(); type again = r; g: func(x: again); }\n"
                     "interface u { use t.{r as theirs}; f: func(x: borrow<theirs>); }\n"
                     "world w {\n"
                     "  resource own-r { constructor(); }\n"
                     "  import f: func();\n"
                     "  export inside: interface { f: func(); }\n"
                     "  import u;\n"
                     "}\n");
        const struct wit_world *w = contract_world(contract, "w");
        const struct wit_interface *inside = w->exports[0].interface;
        check(wit_package_id(contract->main), "a:b@1.0.0-rc.1");
        check(wit_world_id(w), "a:b/w@1.0.0-rc.1");
        check(wit_interface_id(contract->main->interfaces[0]), "a:b/t@1.0.0-rc.1");
        check(wit_interface_id(inside), "inside");
        check(wit_func_id(contract->main->interfaces[0], func_called("[method]r.m")), "a:b/t@1.0.0-rc.1#[method]r.m");
        check(wit_func_id(inside, inside->funcs[0]), "inside#f");
        check(wit_func_id(NULL, inside->funcs[0]), "f");
        check(wit_resource_id(type_called("again")), "a:b/t@1.0.0-rc.1#r");
        check(wit_resource_id(type_called("theirs")), "a:b/t@1.0.0-rc.1#r");
        check(wit_resource_id(type_called("own-r")), "own-r");
        finish();
}

TEST(signatures_tell_all_but_the_names_of_types)
{
        read_interface("type count = u32;\n"
                       "record point { x: s32, y: count }\n"
                       "variant v { none, some(point) }\n"
                       "enum e { a, b }\n"
                       "flags f { c, d }\n"
                       "resource r;\n"
                       "type alias = point;\n"
                       "one: func(a: alias, b: list<v>, c: option<e>, d: f) -> result<f64, string>;\n"
                       "two: func(a: r, b: borrow<r>) -> result<_, tuple<u8, char>>;\n"
                       "three: func(a: map<string, bool>, b: list<u16, 4>) -> result;\n"
                       "four: func() -> result<s8>;\n");
        check(wit_signature(func_called("one")),
              "func(a: record { x: s32, y: u32 }, b: list<variant { none, some(record { x: s32, y: u32 }) }>, "
              "c: option<enum { a, b }>, d: flags { c, d }) -> result<f64, string>");
        check(wit_signature(func_called("two")),
              "func(a: own<a:b/t@1.0.0#r>, b: borrow<a:b/t@1.0.0#r>) -> result<_, tuple<u8, char>>");
        check(wit_signature(func_called("three")), "func(a: map<string, bool>, b: list<u16, 4>) -> result");
        check(wit_signature(func_called("four")), "func() -> result<s8>");
        finish();
}

/* --- What cannot be bound --------------------------------------------------------------------- */

static void check_unbound(const char *text, const char *expected)
{
        read_package(text);
        char *why = wit_unbound(contract->main->worlds[0]);
        if (!expected)
                assert_null(why);
        else
                check(why, expected);
        finish();
}

TEST(synchronous_worlds_can_be_bound)
{
        check_unbound("package a:b;\nworld w { import f: func(a: list<string>) -> result<u8>; export i: interface {} }", NULL);
        check_unbound("package a:b;\ninterface aside { f: async func(); }\nworld w { }", NULL);
}

#define SYNCHRONOUS ": only synchronous contracts can be bound yet"

TEST(asynchronous_worlds_say_what_is_asynchronous)
{
        check_unbound("package a:b;\nworld w { import f: async func(); }", "f is an async function" SYNCHRONOUS);
        check_unbound("package a:b;\nworld w { export f: func(a: u8, b: list<option<future<u8>>>); }",
                      "f passes a future" SYNCHRONOUS);
        check_unbound("package a:b@1.0.0;\ninterface i { f: func() -> result<stream>; }\nworld w { import i; }",
                      "a:b/i@1.0.0#f passes a stream" SYNCHRONOUS);
        check_unbound("package a:b;\ninterface i { resource r { m: func(e: error-context); } }\nworld w { export i; }",
                      "a:b/i#[method]r.m passes an error-context" SYNCHRONOUS);
}

TEST(types_and_resources_of_a_world_are_looked_at)
{
        check_unbound("package a:b;\nworld w { resource r { s: static async func(); } }",
                      "[static]r.s is an async function" SYNCHRONOUS);
        check_unbound("package a:b;\nworld w { record t { a: future } }", "t passes a future" SYNCHRONOUS);
        check_unbound("package a:b;\ninterface i { type t = stream<u8>; }\nworld w { import i; }",
                      "a:b/i#t passes a stream" SYNCHRONOUS);
        check_unbound(
                "package a:b;\ninterface i { type t = stream<u8>; }\nworld w { export f: func() -> u; use i.{t}; type u = t; }",
                "a:b/i#t passes a stream" SYNCHRONOUS);
}

TEST(flags_are_bound_up_to_64)
{
        char *most = labels(64), *over = labels(65), *text = NULL;
        assert_true(asprintf(&text, "package a:b;\nworld w { flags x { %s } }", most) >= 0);
        check_unbound(text, NULL);
        free(text);
        assert_true(asprintf(&text, "package a:b;\nworld w { flags x { %s } }", over) >= 0);
        check_unbound(text, "x passes more than 64 flags: 64 is what can be bound");
        free(text);
        free(most);
        free(over);
}

TEST(what_has_no_size_is_not_bound)
{
        check_unbound("package a:b;\nworld w { import f: func(a: list<u8, 4000000000>); }", NULL);
        check_unbound("package a:b;\nworld w { import f: func(a: list<u8, 4000000000>, b: list<u8, 4000000000>); }",
                      "f has parameters of more than 4 GiB: no add-in has as much memory");
        check_unbound("package a:b;\nworld w { type m = map<u64, list<u8, 4294967295>>; }",
                      "m passes a map whose entries take more than 4 GiB: no add-in has as much memory");
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(types_have_the_size_and_alignment_of_the_specification),
                         TEST_CASE(definitions_have_the_size_and_alignment_of_the_specification),
                         TEST_CASE(tags_are_as_wide_as_the_cases_need), TEST_CASE(flags_are_words_of_32),
                         TEST_CASE(parts_have_their_offsets), TEST_CASE(what_does_not_fit_32_bits_has_no_size),
                         TEST_CASE(a_contract_with_an_overlarge_list_is_refused), TEST_CASE(functions_have_core_types),
                         TEST_CASE(cases_of_a_variant_share_core_types), TEST_CASE(more_than_sixteen_parameters_go_through_memory),
                         TEST_CASE(functions_of_resources_have_core_types), TEST_CASE(what_is_named_has_an_id),
                         TEST_CASE(signatures_tell_all_but_the_names_of_types), TEST_CASE(synchronous_worlds_can_be_bound),
                         TEST_CASE(asynchronous_worlds_say_what_is_asynchronous),
                         TEST_CASE(types_and_resources_of_a_world_are_looked_at), TEST_CASE(flags_are_bound_up_to_64),
                         TEST_CASE(what_has_no_size_is_not_bound));
}
