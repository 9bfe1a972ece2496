/* The add-in view of every type: what wit-bindgen's users know, and what our own options change. */
#include "generate/test_view.h"

static const char *header(struct fixture *f)
{
        return fixture_view(f, GENERATE_ADDIN, false);
}

static const char *source(struct fixture *f)
{
        return fixture_view(f, GENERATE_ADDIN, true);
}

/* --- Values ----------------------------------------------------------------------------------- */

TEST(numbers_flags)
{
        FIXTURE(f,
                "interface i { flags few { a, b-c } flags none-left { f0, f1, f2, f3, f4, f5, f6, f7, f8 } f: func(x: few) -> few; "
                "}",
                "import i;");
        const char *text = header(&f);
        assert_has(text, "typedef uint8_t t_p_i_few_t;\n#define T_P_I_FEW_A (1 << 0)\n#define T_P_I_FEW_B_C (1 << 1)\n");
        assert_has(text, "typedef uint16_t t_p_i_none_left_t;\n");
        assert_has(text, "t_p_i_few_t t_p_i_f(t_p_i_few_t x);");
}

/* A flag above all ints, and flags that the ABI has two words for. */
TEST(numbers_many_flags)
{
        char items[1024];
        size_t at = (size_t)sprintf(items, "flags word {");
        for (int i = 0; i < 32; i++)
                at += (size_t)sprintf(items + at, "a%d,", i);
        at += (size_t)sprintf(items + at, "} flags two {");
        for (int i = 0; i < 33; i++)
                at += (size_t)sprintf(items + at, "b%d,", i);
        strcpy(items + at, "} export f: func(x: word, y: two);");
        FIXTURE(f, "", items);
        const char *text = header(&f);
        assert_has(text, "#define W_WORD_A30 (1 << 30)\n#define W_WORD_A31 (1u << 31)\n");
        assert_has(
                text,
                "#ifdef __wasm__\ntypedef uint64_t w_two_t __attribute__((aligned(4)));\n#else\ntypedef uint64_t w_two_t;\n#endif\n"
                "#define W_TWO_B0 (1ull << 0)\n");
        assert_has(text, "#define W_TWO_B32 (1ull << 32)\n");
        assert_lacks(fixture_view(&f, GENERATE_HOST, false), "aligned(4)");
        assert_string_equal(f.model->exports[0].core_signature, "iii>");
        assert_false(f.model->exports[0].scalar);
}

TEST(has_variants_with_payloads)
{
        FIXTURE(f, "interface i { variant v { none, int(u8), a-text(string) } variant bare { x, y } g: func(x: v) -> bare; }",
                "export i;");
        const char *text = header(&f);
        assert_has(text,
                   "typedef struct exports_t_p_i_v_t {\n        uint8_t tag;\n        union {\n                uint8_t int_;\n"
                   "                w_string_t a_text;\n        } val;\n} exports_t_p_i_v_t;\n");
        assert_has(text, "#define EXPORTS_T_P_I_V_NONE 0\n#define EXPORTS_T_P_I_V_INT 1\n#define EXPORTS_T_P_I_V_A_TEXT 2\n");
        assert_has(text, "typedef struct exports_t_p_i_bare_t {\n        uint8_t tag;\n} exports_t_p_i_bare_t;\n");
        assert_has(text, "void exports_t_p_i_g(exports_t_p_i_v_t *x, exports_t_p_i_bare_t *ret);");
        assert_has(text, "void exports_t_p_i_v_free(exports_t_p_i_v_t *ptr);");
        assert_has(source(&f),
                   "_fields[] = {\n        { NULL, 0, 0 },\n        { &type_u8, offsetof(exports_t_p_i_v_t, val), 4 },\n");
}

TEST(has_maps_as_lists_of_entries)
{
        FIXTURE(f, "", "type ages = map<string, u32>; export f: func(x: ages, y: map<u8, list<char>>);");
        const char *text = header(&f);
        assert_has(text, "typedef struct {\n        w_string_t key;\n        uint32_t value;\n} w_ages_entry_t;\n\n"
                         "typedef struct w_ages_t {\n        w_ages_entry_t *ptr;\n        size_t len;\n} w_ages_t;\n");
        assert_has(text, "        w_map_u8_list_char32_entry_t *ptr;\n        size_t len;\n} w_map_u8_list_char32_t;\n");
        assert_has(text, "void w_ages_free(w_ages_t *ptr);");
        assert_lacks(text, "w_map_string_u32");
}

TEST(has_lists_of_fixed_length_in_place)
{
        FIXTURE(f, "", "type quad = list<f32, 4>; export f: func(x: quad) -> list<list<string, 2>, 3>;");
        const char *text = header(&f);
        assert_has(text, "typedef struct w_quad_t {\n        float val[4];\n} w_quad_t;\n");
        assert_has(text, "        w_list2_string_t val[3];\n} w_list3_list2_string_t;\n");
        assert_has(text, "void exports_w_f(w_quad_t *x, w_list3_list2_string_t *ret);");
        assert_lacks(text, "w_quad_free");
        assert_has(text, "void w_list3_list2_string_free(w_list3_list2_string_t *ptr);");
        assert_has(source(&f), "WARD_TYPE_ARRAY, WARD_TYPE_PLAIN, 0, 4, 16, sizeof(w_quad_t), 4, 4, type_quad_fields, NULL");
}

/* --- Resources -------------------------------------------------------------------------------- */

#define DOCS                                                                                                                       \
        "interface docs { resource my-doc { constructor(name: string); open: static func() -> result<my-doc>; read: func(n: u8); " \
        "}"

TEST(has_buffers_as_pointers)
{
        static const struct generate_options autodrop = { .autodrop_borrows = true };
        FIXTURE_WITH(
                f, &autodrop, "",
                "use ward:domain/memory@0.1.0.{buffer}; export f: func(b: borrow<buffer>) -> buffer; import g: func() -> buffer;");
        const char *text = header(&f);
        assert_has(text, "#include <ward/buffer.h>\n");
        assert_has(text, "ward_domain_memory_own_buffer_t exports_w_f(ward_domain_memory_borrow_buffer_t b);");
        assert_lacks(text, "drop_own");
        assert_lacks(text, "method_buffer"); /* <ward/buffer.h> has them */
        text = source(&f);
        assert_has(text, "#define WARD_ADDIN_ENV env\n#include <ward/addin_buffer.h>\n");
        assert_has(text, "return (int32_t)(intptr_t)exports_w_f((ward_domain_memory_borrow_buffer_t)(intptr_t)p0);");
        assert_has(text, "return (ward_domain_memory_own_buffer_t)(intptr_t)ward_core_import_g();");
        assert_lacks(text, "drop_handle");
        assert_lacks(text, "ward_lent_note");
}

TEST(has_handles_of_the_hosts_objects)
{
        FIXTURE(f, DOCS " close: func(d: my-doc) -> option<my-doc>; }", "import docs;");
        const char *text = header(&f);
        assert_has(text, "typedef struct t_p_docs_own_my_doc_t {\n        int32_t __handle;\n} t_p_docs_own_my_doc_t;\n"
                         "typedef struct t_p_docs_borrow_my_doc_t {\n        int32_t __handle;\n} t_p_docs_borrow_my_doc_t;\n");
        assert_has(text, "t_p_docs_own_my_doc_t t_p_docs_constructor_my_doc(w_string_t *name);");
        assert_has(text, "bool t_p_docs_static_my_doc_open(t_p_docs_own_my_doc_t *ret);");
        assert_has(text, "void t_p_docs_method_my_doc_read(t_p_docs_borrow_my_doc_t self, uint8_t n);");
        assert_has(text, "bool t_p_docs_close(t_p_docs_own_my_doc_t d, t_p_docs_own_my_doc_t *ret);");
        assert_has(text, "t_p_docs_borrow_my_doc_t t_p_docs_borrow_my_doc(t_p_docs_own_my_doc_t handle);\n"
                         "void t_p_docs_my_doc_drop_own(t_p_docs_own_my_doc_t handle);\n"
                         "void t_p_docs_my_doc_drop_borrow(t_p_docs_borrow_my_doc_t handle);\n");
        assert_lacks(text, "t_p_docs_my_doc_t");
        text = source(&f);
        assert_has(text, "resource_t_p_docs_my_doc = { \"t:p/docs@1.0.0#my-doc\", 0, false, WARD_SHARED_NOT };");
        assert_has(text, "import_module(\"t:p/docs@1.0.0\"), import_name(\"[resource-drop]my-doc\")");
        assert_has(text, "import_name(\"[method]my-doc.read\")");
        assert_has(text, "        { &resource_t_p_docs_my_doc, NULL },\n");
        assert_lacks(text, "new_handle");
}

TEST(has_objects_of_its_own)
{
        FIXTURE(f, DOCS " look: func(d: list<borrow<my-doc>>); }", "export docs;");
        const char *text = header(&f);
        assert_has(text, "typedef struct exports_t_p_docs_my_doc_t exports_t_p_docs_my_doc_t;\n");
        assert_has(text, "typedef exports_t_p_docs_my_doc_t *exports_t_p_docs_borrow_my_doc_t;\n");
        assert_has(text, "exports_t_p_docs_own_my_doc_t exports_t_p_docs_my_doc_new(exports_t_p_docs_my_doc_t *rep);\n"
                         "exports_t_p_docs_my_doc_t *exports_t_p_docs_my_doc_rep(exports_t_p_docs_own_my_doc_t handle);\n"
                         "void exports_t_p_docs_my_doc_destructor(exports_t_p_docs_my_doc_t *rep);\n"
                         "void exports_t_p_docs_my_doc_drop_own(exports_t_p_docs_own_my_doc_t handle);\n");
        assert_lacks(text, "drop_borrow");
        text = source(&f);
        assert_has(text, "\"t:p/docs@1.0.0#my-doc\", 0, true, WARD_SHARED_NOT };");
        assert_has(text, "import_module(\"[export]t:p/docs@1.0.0\"), import_name(\"[resource-new]my-doc\")");
        assert_has(text, "import_module(\"[export]t:p/docs@1.0.0\"), import_name(\"[resource-rep]my-doc\")");
        assert_has(text, "import_module(\"[export]t:p/docs@1.0.0\"), import_name(\"[resource-drop]my-doc\")");
        assert_has(text, "export_name(\"t:p/docs@1.0.0#[dtor]my-doc\")");
        assert_has(text, "export_name(\"t:p/docs@1.0.0#[constructor]my-doc\")");
        assert_has(text, "{ &resource_exports_t_p_docs_my_doc, destroy_0_ },\n");
}

/* What is one number passes without an argument struct. */
TEST(passes_handles_as_numbers_to_wasm)
{
        FIXTURE(f, "interface i { resource r; f: func(x: r, y: borrow<r>, z: u8) -> r; }", "import i; export i;");
        const char *text = source(&f);
        assert_has(text, "t_p_i_own_r_t t_p_i_f(t_p_i_own_r_t x, t_p_i_borrow_r_t y, uint8_t z)\n{\n"
                         "        t_p_i_own_r_t handle = { ward_core_import_i_f(x.__handle, y.__handle, z) };\n"
                         "        return handle;\n}\n");
        assert_has(text, "int32_t ward_core_i_f(int32_t p0, int32_t p1, int32_t p2)\n{\n"
                         "        exports_t_p_i_own_r_t h0 = { p0 };\n"
                         "        return exports_t_p_i_f(h0, (exports_t_p_i_borrow_r_t)(intptr_t)p1, p2).__handle;\n}\n");
}

TEST(follows_resources_through_use_and_aliases)
{
        FIXTURE(f,
                "interface a { resource r; type s = r; f: func(x: s) -> borrow-er; type borrow-er = u8; }"
                "interface b { use a.{r, s as t}; g: func(x: r, y: borrow<t>, z: list<borrow<r>>) -> t; }",
                "import b; export h: func(x: u8);");
        const char *text = header(&f);
        assert_has(text, "typedef t_p_a_own_r_t t_p_a_own_s_t;\n");
        assert_has(text, "typedef t_p_a_own_r_t t_p_b_own_r_t;\n");
        assert_has(text, "typedef t_p_a_borrow_r_t t_p_b_borrow_t_t;\n");
        assert_has(text, "t_p_b_own_t_t t_p_b_g(t_p_b_own_r_t x, t_p_b_borrow_t_t y, t_p_b_list_borrow_r_t *z);");
        assert_int_equal(f.model->n_resources, 1);
}

/* The same interface on both sides has two resources, and what refers to it follows. */
TEST(keeps_both_sides_of_a_resource_apart)
{
        FIXTURE(f, "interface a { resource r; } interface b { use a.{r}; g: func(x: r) -> list<result<u8>>; }",
                "import b; export a; export b; export k: interface { use a.{r}; h: func(x: borrow<r>); }");
        const char *text = header(&f);
        assert_int_equal(f.model->n_resources, 2);
        assert_false(f.model->resources[0]->by_addin);
        assert_true(f.model->resources[1]->by_addin);
        assert_has(text, "typedef t_p_a_own_r_t t_p_b_own_r_t;\n");
        assert_has(text, "typedef exports_t_p_a_own_r_t exports_t_p_b_own_r_t;\n");
        assert_has(text, "typedef exports_t_p_a_borrow_r_t k_borrow_r_t;\n");
        assert_has(text, "} t_p_b_list_result_u8_void_t;\n");
        assert_has(text, "} exports_t_p_b_list_result_u8_void_t;\n");
}

TEST(has_resources_of_the_world)
{
        FIXTURE(f, "", "resource r { constructor(); m: func() -> r; } export f: func(x: borrow<r>);");
        const char *text = header(&f);
        assert_has(text, "w_own_r_t w_constructor_r(void);");
        assert_has(text, "w_own_r_t w_method_r_m(w_borrow_r_t self);");
        assert_has(text, "void exports_w_f(w_borrow_r_t x);");
        assert_has(source(&f), "import_module(\"$root\"), import_name(\"[resource-drop]r\")");
        assert_has(source(&f), "resource_r = { \"r\", 0, false, WARD_SHARED_NOT };");
}

/* --- Interfaces ------------------------------------------------------------------------------- */

/* What a world calls by a name of its own has the names, and all types are made for it again. */
TEST(names_interfaces_by_their_labels)
{
        FIXTURE(f, "interface a { record r { x: u8 } f: func(x: r) -> result<u8>; }", "import a; import mine: a; export yours: a;");
        const char *text = header(&f);
        assert_has(text, "bool t_p_a_f(t_p_a_r_t *x, uint8_t *ret);");
        assert_has(text, "bool mine_f(mine_r_t *x, uint8_t *ret);");
        assert_has(text, "bool yours_f(yours_r_t *x, uint8_t *ret);");
        assert_has(text, "typedef struct mine_r_t {");
        assert_has(source(&f), "import_module(\"mine\"), import_name(\"f\")");
        assert_has(source(&f), "export_name(\"yours#f\")");
}

/* Packages intern their types by themselves; a C name is defined once. */
TEST(defines_shared_types_once)
{
        FIXTURE(f,
                "interface i { f: func(x: list<u8>, y: result<u8>); }\npackage a:b { interface i { g: func(x: list<u8>, y: "
                "result<u8>); } }",
                "import i; import a:b/i; export h: func(x: list<u8>);");
        const char *text = header(&f);
        const char *once = strstr(text, "} w_list_u8_t;");
        assert_non_null(once);
        assert_null(strstr(once + 1, "} w_list_u8_t;"));
        assert_has(text, "void a_b_i_g(w_list_u8_t *x, a_b_i_result_u8_void_t *y);");
}

TEST(names_versions_where_there_are_several)
{
        FIXTURE(f, "package a:b@1.2.3-rc.1 { interface i { g: func(); } }\npackage a:b@2.0.0 { interface i { g: func(); } }",
                "import a:b/i@1.2.3-rc.1; import a:b/i@2.0.0;");
        const char *text = header(&f);
        assert_has(text, "void a_b_1_2_3_rc_1_i_g(void);");
        assert_has(text, "void a_b_2_0_0_i_g(void);");
}

/* --- Options ---------------------------------------------------------------------------------- */

TEST(renames_interfaces)
{
        static const struct generate_rename renames[] = { { "t:p/i@1.0.0", "Short" }, { "k", "label" } };
        static const struct generate_options options = { .renames = renames, .n_renames = 2 };
        FIXTURE_WITH(f, &options, "interface i { enum e { a } f: func(x: e); }",
                     "import i; export i; export k: interface { g: func(); }");
        const char *text = header(&f);
        assert_has(text, "typedef uint8_t Short_e_t;\n#define SHORT_E_A 0\n");
        assert_has(text, "void Short_f(Short_e_t x);");
        assert_has(text, "void exports_Short_f(exports_Short_e_t x);");
        assert_has(text, "void label_g(void);");
        assert_null(generate_idle_rename(f.model->world, &options));
        static const struct generate_rename idle[] = { { "k", "x" }, { "t:p/i", "y" } };
        assert_ptr_equal(generate_idle_rename(f.model->world, &(struct generate_options){ .renames = idle, .n_renames = 2 }),
                         &idle[1]);
}

TEST(holds_strings_in_utf16)
{
        static const struct generate_options options = { .encoding = GENERATE_UTF16 };
        FIXTURE_WITH(f, &options, "", "export f: func(x: string);");
        const char *text = header(&f);
        assert_has(text, "#include <uchar.h>\n");
        assert_has(text, "        uint16_t *ptr;\n        size_t len;\n} w_string_t;\n");
        assert_has(text, "void w_string_dup_n(w_string_t *ret, const char16_t *s, size_t len);");
        assert_has(text, "size_t w_string_len(const char16_t *s);");
        assert_has(source(&f), "WARD_TYPE_STRING, WARD_TYPE_OWNS | WARD_TYPE_UTF16, 0, 4, 8,");
        assert_has(source(&f), "malloc(len * 2)");
}

TEST(gives_views_of_arguments)
{
        static const struct generate_options options = { .ownership = GENERATE_BORROWING };
        FIXTURE_WITH(
                f, &options, "",
                "import g: func(x: string); export f: func(x: string, y: option<list<u8>>, z: u8, v: tuple<u8, u8>) -> string;");
        const char *text = header(&f);
        assert_has(text, "void exports_w_f(const w_string_t *x, const w_list_u8_t *maybe_y, uint8_t z, const w_tuple2_u8_u8_t *v, "
                         "w_string_t *ret);");
        assert_has(text, "void w_g(w_string_t *x);");
        assert_has(source(&f), "WARD_BORROWING,");
        assert_has(source(&f), "        f_call(&args, &result);\n        ward_value_free(&f_params, &args);\n");
}

TEST(drops_borrows_for_the_function)
{
        static const struct generate_options options = { .autodrop_borrows = true };
        FIXTURE_WITH(f, &options, "interface i { resource r; }",
                     "use i.{r}; import h: func(x: borrow<r>); export f: func(x: option<borrow<r>>); export g: func(x: r);");
        const char *text = source(&f);
        assert_lacks(header(&f), "drop_borrow");
        assert_has(text, "        ward_lent_note(&lent, &f_params, args);\n");
        assert_has(text, "        ward_lent_drop(&lent, drop_handle);\n");
        assert_lacks(text, "ward_lent_note(&lent, &g_params, args);");
        assert_lacks(text, "ward_lent_note(&lent, &import_h_params, args);");
}

/* --- Posting ---------------------------------------------------------------------------------- */

TEST(posts_what_is_not_answered)
{
        FIXTURE(f, "interface i { resource r { m: func(); } log: func(n: u32, text: option<string>); tell: func() -> bool; }",
                "import i; import take: func(x: borrow<r>); use i.{r}; import note: func();");
        const char *text = header(&f);
        assert_has(text,
                   "void t_p_i_log_post(uint32_t n, w_string_t *maybe_text);\nvoid w_note_post(void);\nvoid w_flush(void);\n");
        assert_lacks(text, "tell_post");
        assert_lacks(text, "take_post");
        assert_lacks(text, "m_post");
        text = source(&f);
        assert_has(text, "        ward_addin_post(env, 1, &args);\n");
        assert_has(text, "        t_p_i_log(n, maybe_text);\n");
}

TEST(posting_gives_way_to_the_contracts_names)
{
        FIXTURE(f, "", "import log: func(); import log-post: func(); import %flush: func();");
        const char *text = header(&f);
        assert_has(text, "void w_log_post(void);\n");
        assert_has(text,
                   "\nvoid w_log_post_(void);\nvoid w_log_post_post(void);\nvoid w_flush_post(void);\nvoid w_flush_(void);\n");
        FIXTURE(none, "", "import f: func() -> u8; export g: func();");
        assert_lacks(header(&none), "flush");
}

TEST(asks_whether_it_is_cancelled)
{
        FIXTURE(f, "", "export f: func();");
        assert_has(header(&f), "\nbool ward_cancelled(void);\n");
        assert_has(source(&f), "        return ward_addin_cancelled(env);\n");
        assert_has(source(&f), "import_module(\"ward:domain/call@0.1.0\"), import_name(\"cancelled\")");
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(numbers_flags), TEST_CASE(numbers_many_flags), TEST_CASE(has_variants_with_payloads),
                         TEST_CASE(has_maps_as_lists_of_entries), TEST_CASE(has_lists_of_fixed_length_in_place),
                         TEST_CASE(has_buffers_as_pointers), TEST_CASE(has_handles_of_the_hosts_objects),
                         TEST_CASE(has_objects_of_its_own), TEST_CASE(passes_handles_as_numbers_to_wasm),
                         TEST_CASE(follows_resources_through_use_and_aliases), TEST_CASE(keeps_both_sides_of_a_resource_apart),
                         TEST_CASE(has_resources_of_the_world), TEST_CASE(names_interfaces_by_their_labels),
                         TEST_CASE(defines_shared_types_once), TEST_CASE(names_versions_where_there_are_several),
                         TEST_CASE(renames_interfaces), TEST_CASE(holds_strings_in_utf16), TEST_CASE(gives_views_of_arguments),
                         TEST_CASE(drops_borrows_for_the_function), TEST_CASE(posts_what_is_not_answered),
                         TEST_CASE(posting_gives_way_to_the_contracts_names), TEST_CASE(asks_whether_it_is_cancelled));
}
