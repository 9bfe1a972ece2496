#include <stdlib.h>
#include <string.h>
#include <ward/value.h>
#include "base/own.h"
#include "generate/generate.h"
#include "generate/model.h"
#include "test/harness/harness.h"

/* A contract with one world w, that holds @items; the test ends if it cannot be read. */
struct fixture {
        struct contract *contract;
        struct model *model;
};

static struct fixture read_world(const char *before, const char *items, enum generate_side side)
{
        struct contract_error error = { 0 };
        char *text = NULL;
        assert_true(asprintf(&text, "package t:p@1.0.0;\n%s\nworld w {\n%s\n}\n", before, items) > 0);
        struct fixture f = { .contract = contract_read_text("t.wit", text, strlen(text), NULL, &error) };
        if (!f.contract)
                fail_msg("%s", error.text);
        free(text);
        f.model = model_new(f.contract, contract_world(f.contract, "w"), side, NULL);
        return f;
}

static void finish(struct fixture *f)
{
        model_free(f->model);
        contract_free(f->contract);
}

#define FIXTURE(name, before, items) OWNED(finish) struct fixture name = read_world(before, items, GENERATE_ADDIN)

/* The layout of the type called @wit, in a world with @definitions. */
static struct c_type layout_of(const char *definitions, const char *wit)
{
        char *items = NULL;
        assert_true(asprintf(&items, "%s export f: func(x: %s);", definitions, wit) > 0);
        FIXTURE(f, "", items);
        free(items);
        return *f.model->exports[0].params->members[0].type; /* only its numbers are good from here on */
}

static void assert_layout(const char *wit, uint32_t size, uint32_t align, uint32_t flat)
{
        struct wit_abi l = layout_of("", wit).abi;
        if (l.size != size || l.align != align || l.flat != flat)
                fail_msg("%s: size %u, align %u, flat %u", wit, l.size, l.align, l.flat);
}

/* CanonicalABI.md, "Alignment" and "Element Size". */
TEST(lays_out_as_the_abi_does)
{
        assert_layout("bool", 1, 1, 1);
        assert_layout("s16", 2, 2, 1);
        assert_layout("char", 4, 4, 1);
        assert_layout("f64", 8, 8, 1);
        assert_layout("string", 8, 4, 2);
        assert_layout("list<u64>", 8, 4, 2);
        assert_layout("tuple<u8>", 1, 1, 1);
        assert_layout("tuple<u8, u16, u8>", 6, 2, 3);
        assert_layout("tuple<u8, u64, u16>", 24, 8, 3);
        assert_layout("option<u8>", 2, 1, 2);
        assert_layout("option<u64>", 16, 8, 2);
        assert_layout("option<option<u32>>", 12, 4, 3);
        assert_layout("result", 1, 1, 1);
        assert_layout("result<u8>", 2, 1, 2);
        assert_layout("result<_, string>", 12, 4, 3);
        assert_layout("result<f64, string>", 16, 8, 3);
        assert_layout("result<tuple<u32, u8>, u64>", 16, 8, 3);
        assert_layout("result<tuple<u8, u8, u8>, u16>", 6, 2, 4);
}

static uint32_t enum_size(size_t n_cases)
{
        char *text = NULL;
        size_t len = 0;
        FILE *out = open_memstream(&text, &len);
        fputs("enum e {", out);
        for (size_t i = 0; i < n_cases; i++)
                fprintf(out, " c%zu,", i);
        fputs("}", out);
        fclose(out);
        uint32_t size = layout_of(text, "e").abi.size;
        free(text);
        return size;
}

TEST(gives_enums_the_smallest_tag)
{
        assert_int_equal(enum_size(1), 1);
        assert_int_equal(enum_size(256), 1);
        assert_int_equal(enum_size(257), 2);
        assert_int_equal(enum_size(65536), 2);
        assert_int_equal(enum_size(65537), 4);
}

TEST(knows_what_may_be_copied_whole)
{
        assert_true(layout_of("", "tuple<u32, f32>").plain);
        assert_true(layout_of("", "tuple<u64, tuple<s32, u32>>").plain);
        assert_false(layout_of("", "tuple<u8, u32>").plain); /* padding */
        assert_false(layout_of("", "tuple<u64, u32>").plain);
        assert_false(layout_of("", "bool").plain); /* not every byte is one */
        assert_false(layout_of("", "char").plain);
        assert_false(layout_of("", "option<u8>").plain);
        assert_true(layout_of("", "tuple<u8, option<string>>").owns);
        assert_true(layout_of("", "list<u8>").owns);
        assert_false(layout_of("", "result<u8, f64>").owns);
}

/* The core signature of an export with @type, and of an import with it. */
static void assert_core(const char *type, const char *exported, const char *imported)
{
        char *items = NULL;
        assert_true(asprintf(&items, "export f: func%s; import f: func%s;", type, type) > 0);
        FIXTURE(f, "", items);
        free(items);
        assert_string_equal(f.model->exports[0].core_signature, exported);
        assert_string_equal(f.model->imports[0].core_signature, imported);
}

/* CanonicalABI.md, "Flattening". */
TEST(flattens_as_the_abi_does)
{
        assert_core("()", ">", ">");
        assert_core("(a: u8, b: f32, c: f64)", "ifF>", "ifF>");
        assert_core("(a: s64, b: char) -> bool", "Ii>i", "Ii>i");
        assert_core("(a: string) -> string", "ii>i", "iii>");
        assert_core("() -> tuple<f32>", ">f", ">f");
        assert_core("() -> tuple<f32, f32>", ">i", "i>");
        assert_core("() -> result", ">i", ">i");
        assert_core("(a: option<f32>)", "if>", "if>");
        assert_core("(a: result<f32, u32>)", "ii>", "ii>");
        assert_core("(a: result<f32, f64>)", "iI>", "iI>");
        assert_core("(a: result<u64, string>)", "iIi>", "iIi>");
        assert_core("(a: result<f64, f64>)", "iF>", "iF>");
        assert_core("(a: result<result<f32, u8>, f64>)", "iIi>", "iIi>");
        assert_core("(a: result<option<f32>, tuple<u8, f32>>)", "iif>", "iif>");
        assert_core("(a: result<option<f32>, tuple<f32, u8>>)", "iii>", "iii>");
}

TEST(spills_what_does_not_fit)
{
        assert_core("(a: tuple<u8, u8, u8, u8, u8, u8, u8, u8>, b: tuple<u64, u64, u64, u64, u64, u64, u64, u64>)",
                    "iiiiiiiiIIIIIIII>", "iiiiiiiiIIIIIIII>");
        assert_core("(a: tuple<u8, u8, u8, u8, u8, u8, u8, u8>, b: tuple<u64, u64, u64, u64, u64, u64, u64, u64>, c: u8)", "i>",
                    "i>");
        assert_core("(a: tuple<string, string, string, string>, b: tuple<string, string, string, string>, c: f32) -> string", "i>i",
                    "ii>");
}

static const char *view(struct fixture *f, enum generate_side side, bool source)
{
        char *text[2] = { NULL };
        size_t len[2];
        FILE *out[2] = { open_memstream(&text[0], &len[0]), open_memstream(&text[1], &len[1]) };
        generate_view(f->contract, f->model->world, side, NULL, out[0], out[1]);
        fclose(out[0]);
        fclose(out[1]);
        const char *copy = pool_printf(&f->model->pool, "%s", text[source] ? text[source] : "");
        free(text[0]);
        free(text[1]);
        return copy;
}

static void assert_has(const char *text, const char *part)
{
        assert_non_null(text);
        assert_non_null(part);
        if (!strstr(text, part))
                fail_msg("'%s' is not in\n%s", part, text);
}

TEST(spells_signatures_out)
{
        FIXTURE(f, "interface i { record r { x: f32, y-z: list<e> } enum e { a, b-c } }",
                "use i.{r, e}; type s = option<r>;"
                "export f: func(a: s, b: tuple<e, char>) -> result<_, string>; export g: func() -> result<u8>;"
                "export h: func(%in: result) -> result<u8, s8>;");
        const char *text = view(&f, GENERATE_HOST, true);
        assert_has(text, "\"func(a: option<record { x: f32, y-z: list<enum { a, b-c }> }>, b: tuple<enum { a, b-c }, char>) -> "
                         "result<_, string>\"");
        assert_has(text, "\"func() -> result<u8>\"");
        assert_has(text, "\"func(in: result) -> result<u8, s8>\"");
}

TEST(names_functions_for_both_sides)
{
        FIXTURE(f, "interface deep-blue { play: func(x: u8); }",
                "import deep-blue; import tell: func(); import chess: interface { move: func(); }"
                "export deep-blue; export tell-me: func(); export board: interface { clear: func(); }");
        const char *addin = view(&f, GENERATE_ADDIN, false);
        assert_has(addin, "void t_p_deep_blue_play(uint8_t x);");
        assert_has(addin, "void w_tell(void);");
        assert_has(addin, "void chess_move(void);");
        assert_has(addin, "void exports_t_p_deep_blue_play(uint8_t x);");
        assert_has(addin, "void exports_w_tell_me(void);");
        assert_has(addin, "void board_clear(void);");
        const char *host = view(&f, GENERATE_HOST, false);
        assert_has(host, "void (*deep_blue_play)(void *data, uint8_t x);");
        assert_has(host, "void (*chess_move)(void *data);");
        assert_has(host, "int w_deep_blue_play(struct w *self, uint8_t x, struct ward_fault *fault)");
        assert_has(host, "int w_tell_me(struct w *self, struct ward_fault *fault)");
        assert_has(host, "int w_board_clear(struct w *self, struct ward_fault *fault)");
        const char *source = view(&f, GENERATE_ADDIN, true);
        assert_has(source, "{\n        \"t:p/deep-blue@1.0.0#play\",");
        assert_has(source, "import_module(\"t:p/deep-blue@1.0.0\"), import_name(\"play\")");
        assert_has(source, "export_name(\"board#clear\")");
        assert_has(source, "import_module(\"$root\"), import_name(\"tell\")");
}

TEST(passes_by_wit_bindgens_conventions)
{
        FIXTURE(f, "",
                "type o = option<string>; type p = o; record r { x: u8 } enum e { a }"
                "export f: func(a: option<u8>, b: o, c: p, d: r, g: e, s: string, t: result) -> o;"
                "export h: func() -> result<_, e>; export i: func() -> r; export j: func() -> p; export k: func() -> result;");
        const char *text = view(&f, GENERATE_ADDIN, false);
        assert_has(text, "bool exports_w_f(uint8_t *maybe_a, w_string_t *maybe_b, w_p_t *c, w_r_t *d, w_e_t g, w_string_t *s, "
                         "w_result_void_void_t *t,\n                 w_string_t *ret);");
        assert_has(text, "bool exports_w_h(w_e_t *err);");
        assert_has(text, "void exports_w_i(w_r_t *ret);");
        assert_has(text, "bool exports_w_j(w_string_t *ret);");
        assert_has(text, "bool exports_w_k(void);");
        assert_null(strstr(text, "w_r_free"));
        assert_has(text, "void w_result_void_void_free(w_result_void_void_t *ptr);");
}

TEST(leaves_what_libward_serves_to_it)
{
        FIXTURE(f, "", "import ward:domain/data@0.1.0;");
        const char *header = view(&f, GENERATE_HOST, false);
        assert_has(header, "struct w_services {\n        void *data; /* passed to each function */\n};");
        assert_has(view(&f, GENERATE_HOST, true), "{ &import_data_get_func, NULL }, /* libward's own */");
        assert_has(view(&f, GENERATE_ADDIN, false), "bool ward_domain_data_get(w_string_t *key, w_list_u8_t *ret);");
}

TEST(keeps_documentation_inside_comments)
{
        FIXTURE(f, "", "/// ends */ int x; /* and begins /*/ again\n/// ///\nexport f: func();");
        const char *text = view(&f, GENERATE_ADDIN, false);
        assert_has(text, "/* ends * / int x; / * and begins / * / again\n");
}

TEST(writes_the_same_each_time)
{
        FIXTURE(f, "interface i { f: func(a: list<option<string>>) -> result<list<u8>>; }",
                "import i; export i; export g: func();");
        for (int i = 0; i < 4; i++)
                assert_string_equal(view(&f, i & 1 ? GENERATE_HOST : GENERATE_ADDIN, i & 2),
                                    view(&f, i & 1 ? GENERATE_HOST : GENERATE_ADDIN, i & 2));
}

TEST(names_files_after_the_world)
{
        struct wit_world world = { .name = "deep-BLUE" };
        char *addin = generate_stem(&world, GENERATE_ADDIN);
        char *host = generate_stem(&world, GENERATE_HOST);
        assert_string_equal(addin, "deep_blue");
        assert_string_equal(host, "deep_blue_host");
        free(addin);
        free(host);
}

TEST(makes_identifiers)
{
        struct pool pool = { 0 };
        assert_string_equal(name_snake(&pool, "is-XML-2"), "is_xml_2");
        assert_string_equal(name_upper(&pool, "is-xml"), "IS_XML");
        assert_string_equal(name_ident(&pool, "operand"), "operand");
        static const char *const taken[] = { "alignas", "and-eq", "ret", "err", "stdin", "restrict", "xor-eq", "linux", "this" };
        for (size_t i = 0; i < COUNT_OF(taken); i++)
                assert_string_equal(name_ident(&pool, taken[i]), pool_printf(&pool, "%s_", name_snake(&pool, taken[i])));
        pool_finish(&pool);
}

TEST(keeps_names_apart)
{
        struct pool pool = { 0 };
        struct names names = { 0 };
        assert_false(names_has(&names, "a"));
        assert_string_equal(names_add(&names, &pool, "a"), "a");
        assert_string_equal(names_add(&names, &pool, "a"), "a_");
        assert_string_equal(names_add(&names, &pool, "a"), "a__");
        for (int i = 0; i < 1000; i++)
                names_add(&names, &pool, pool_printf(&pool, "n%d", i));
        assert_true(names_has(&names, "n0") && names_has(&names, "n999") && names_has(&names, "a__"));
        assert_false(names_has(&names, "n1000"));
        names_finish(&names);
        pool_finish(&pool);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(lays_out_as_the_abi_does), TEST_CASE(gives_enums_the_smallest_tag),
                         TEST_CASE(knows_what_may_be_copied_whole), TEST_CASE(flattens_as_the_abi_does),
                         TEST_CASE(spills_what_does_not_fit), TEST_CASE(spells_signatures_out),
                         TEST_CASE(names_functions_for_both_sides), TEST_CASE(passes_by_wit_bindgens_conventions),
                         TEST_CASE(leaves_what_libward_serves_to_it), TEST_CASE(keeps_documentation_inside_comments),
                         TEST_CASE(writes_the_same_each_time), TEST_CASE(names_files_after_the_world), TEST_CASE(makes_identifiers),
                         TEST_CASE(keeps_names_apart));
}
