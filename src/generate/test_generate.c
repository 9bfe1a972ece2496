#include "generate/test_view.h"
#include <ward/value.h>

/* The type called @wit, in a world with @definitions: only its numbers are good, it is freed. */
static struct c_type type_of(const char *definitions, const char *wit)
{
        char *items = NULL;
        assert_true(asprintf(&items, "%s export f: func(x: %s);", definitions, wit) > 0);
        FIXTURE(f, "", items);
        free(items);
        return *f.model->exports[0].params->members[0].type;
}

TEST(knows_what_may_be_copied_whole)
{
        assert_true(type_of("", "tuple<u32, f32>").plain);
        assert_true(type_of("", "tuple<u64, tuple<s32, u32>>").plain);
        assert_false(type_of("", "tuple<u8, u32>").plain); /* padding */
        assert_false(type_of("", "tuple<u64, u32>").plain);
        assert_false(type_of("", "bool").plain); /* not every byte is one */
        assert_false(type_of("", "char").plain);
        assert_false(type_of("", "option<u8>").plain);
        assert_true(type_of("", "tuple<u8, option<string>>").owns);
        assert_true(type_of("", "list<u8>").owns);
        assert_false(type_of("", "result<u8, f64>").owns);
        assert_true(type_of("", "map<u8, u8>").owns);
        assert_true(type_of("", "list<u16, 4>").plain && !type_of("", "list<u16, 4>").owns);
        assert_true(type_of("", "list<string, 4>").owns);
        assert_false(type_of("", "list<bool, 4>").plain);
        assert_true(type_of("variant v { a, b(tuple<u8, string>) }", "v").owns);
        assert_false(type_of("variant v { a, b(u8) }", "v").owns);
}

/* Bits that are no flags are cleared, and more than 32 are aligned otherwise in C than in the ABI. */
TEST(knows_which_flags_may_be_copied_whole)
{
        static const struct {
                size_t n;
                bool plain;
        } cases[] = { { 7, false },  { 8, true },  { 9, false },  { 16, true },
                      { 31, false }, { 32, true }, { 33, false }, { 64, false } };
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                char flags[1024];
                size_t at = (size_t)sprintf(flags, "flags f {");
                for (size_t k = 0; k < cases[i].n; k++)
                        at += (size_t)sprintf(flags + at, " b%zu,", k);
                strcpy(flags + at, " }");
                assert_int_equal(type_of(flags, "f").plain, cases[i].plain);
        }
}

TEST(knows_what_holds_handles)
{
        static const char resource[] = "resource r;";
        assert_true(type_of(resource, "r").handles && !type_of(resource, "r").lent && !type_of(resource, "r").owns);
        assert_true(type_of(resource, "borrow<r>").lent);
        assert_true(type_of(resource, "list<tuple<u8, option<borrow<r>>>>").lent);
        assert_true(type_of(resource, "map<u8, r>").handles);
        assert_true(type_of(resource, "result<_, list<r, 2>>").handles);
        assert_false(type_of(resource, "list<tuple<u8, r>, 2>").plain);
        assert_false(type_of(resource, "list<string>").handles);
}

TEST(spells_signatures_out)
{
        FIXTURE(f, "interface i { record r { x: f32, y-z: list<e> } enum e { a, b-c } }",
                "use i.{r, e}; type s = option<r>;"
                "export f: func(a: s, b: tuple<e, char>) -> result<_, string>; export g: func() -> result<u8>;"
                "export h: func(%in: result) -> result<u8, s8>;");
        const char *text = fixture_view(&f, GENERATE_HOST, true);
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
        const char *addin = fixture_view(&f, GENERATE_ADDIN, false);
        assert_has(addin, "void t_p_deep_blue_play(uint8_t x);");
        assert_has(addin, "void w_tell(void);");
        assert_has(addin, "void chess_move(void);");
        assert_has(addin, "void exports_t_p_deep_blue_play(uint8_t x);");
        assert_has(addin, "void exports_w_tell_me(void);");
        assert_has(addin, "void board_clear(void);");
        const char *host = fixture_view(&f, GENERATE_HOST, false);
        assert_has(host, "void (*deep_blue_play)(void *data, uint8_t x);");
        assert_has(host, "void (*chess_move)(void *data);");
        assert_has(host, "int w_deep_blue_play(struct w *self, uint8_t x, struct ward_fault *fault)");
        assert_has(host, "int w_tell_me(struct w *self, struct ward_fault *fault)");
        assert_has(host, "int w_board_clear(struct w *self, struct ward_fault *fault)");
        const char *source = fixture_view(&f, GENERATE_ADDIN, true);
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
        const char *text = fixture_view(&f, GENERATE_ADDIN, false);
        assert_has(text, "bool exports_w_f(uint8_t *maybe_a, w_string_t *maybe_b, w_p_t *c, w_r_t *d, w_e_t g, w_string_t *s, "
                         "w_result_void_void_t *t,\n                 w_string_t *ret);");
        assert_has(text, "bool exports_w_h(w_e_t *err);");
        assert_has(text, "void exports_w_i(w_r_t *ret);");
        assert_has(text, "bool exports_w_j(w_string_t *ret);");
        assert_has(text, "bool exports_w_k(void);");
        assert_lacks(text, "w_r_free");
        assert_has(text, "void w_result_void_void_free(w_result_void_void_t *ptr);");
}

TEST(leaves_what_libward_serves_to_it)
{
        FIXTURE(f, "", "import ward:domain/data@0.1.0;");
        const char *header = fixture_view(&f, GENERATE_HOST, false);
        assert_has(header, "struct w_services {\n        void *data; /* passed to each function */\n};");
        assert_has(fixture_view(&f, GENERATE_HOST, true), "{ &import_data_get_func, NULL }, /* libward's own */");
        assert_has(fixture_view(&f, GENERATE_ADDIN, false), "bool ward_domain_data_get(w_string_t *key, w_list_u8_t *ret);");
}

TEST(keeps_documentation_inside_comments)
{
        FIXTURE(f, "", "/// ends */ int x; /* and begins /*/ again\n/// ///\nexport f: func();");
        const char *text = fixture_view(&f, GENERATE_ADDIN, false);
        assert_has(text, "/* ends * / int x; / * and begins / * / again\n");
}

TEST(writes_the_same_each_time)
{
        FIXTURE(f, "interface i { f: func(a: list<option<string>>) -> result<list<u8>>; }",
                "import i; export i; export g: func();");
        for (int i = 0; i < 4; i++)
                assert_string_equal(fixture_view(&f, i & 1 ? GENERATE_HOST : GENERATE_ADDIN, i & 2),
                                    fixture_view(&f, i & 1 ? GENERATE_HOST : GENERATE_ADDIN, i & 2));
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
        pool_free_all(&pool);
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
        pool_free_all(&pool);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(knows_what_may_be_copied_whole), TEST_CASE(knows_which_flags_may_be_copied_whole),
                         TEST_CASE(knows_what_holds_handles), TEST_CASE(spells_signatures_out),
                         TEST_CASE(names_functions_for_both_sides), TEST_CASE(passes_by_wit_bindgens_conventions),
                         TEST_CASE(leaves_what_libward_serves_to_it), TEST_CASE(keeps_documentation_inside_comments),
                         TEST_CASE(writes_the_same_each_time), TEST_CASE(names_files_after_the_world), TEST_CASE(makes_identifiers),
                         TEST_CASE(keeps_names_apart));
}
