#include <stdlib.h>
#include <string.h>
#include "base/own.h"
#include "contract/contract.h"
#include "generate/generate.h"
#include "test/harness/harness.h"

/* A host view, or an add-in view. */
struct view {
        char *header;
        char *source;
};

static void finish(struct view *view)
{
        free(view->header);
        free(view->source);
}

/* The view of world w, of package t:p@1.0.0, that has @items; @before stands before it. */
static struct view make(enum generate_side side, const struct generate_options *options, const char *before, const char *items)
{
        struct contract_error error = { 0 };
        OWNED(freep) char *text = NULL;
        struct view view = { 0 };
        size_t len[2];
        assert_true(asprintf(&text, "package t:p@1.0.0;\n%s\nworld w {\n%s\n}\n", before, items) > 0);
        struct contract *contract = contract_read_text("t.wit", text, strlen(text), NULL, &error);
        if (!contract)
                fail_msg("%s", error.text);
        FILE *header = open_memstream(&view.header, &len[0]), *source = open_memstream(&view.source, &len[1]);
        generate_view(contract, contract_world(contract, "w"), side, options, header, source);
        fclose(header);
        fclose(source);
        contract_free(contract);
        return view;
}

#define HOST(name, options, before, items) OWNED(finish) struct view name = make(GENERATE_HOST, options, before, items)

static void assert_has(const char *text, const char *part)
{
        if (!strstr(text, part))
                fail_msg("'%s' is not in\n%s", part, text);
}

static void assert_lacks(const char *text, const char *part)
{
        if (strstr(text, part))
                fail_msg("'%s' is in\n%s", part, text);
}

static const char objects[] = "interface docs { resource doc { constructor(name: string); title: func() -> string;\n"
                              "    open: static func(name: string) -> result<doc, string>; } close: func(d: doc); }\n"
                              "interface tapes { use docs.{doc};\n"
                              "  resource tape { constructor(n: u32); play: func(d: borrow<doc>) -> u32; }\n"
                              "  join: func(a: borrow<tape>, b: tape) -> option<tape>; }\n";

TEST(holds_the_hosts_objects_by_pointers)
{
        HOST(view, NULL, objects, "import docs;");
        assert_has(view.header, "typedef struct t_p_docs_doc_t t_p_docs_doc_t;\n"
                                "typedef t_p_docs_doc_t *t_p_docs_own_doc_t;\n"
                                "typedef t_p_docs_doc_t *t_p_docs_borrow_doc_t;\n");
        assert_has(view.header, "t_p_docs_own_doc_t (*docs_constructor_doc)(void *data, w_string_t *name);");
        assert_has(view.header, "void (*docs_method_doc_title)(void *data, t_p_docs_borrow_doc_t self_, w_string_t *ret);");
        assert_has(view.header,
                   "bool (*docs_static_doc_open)(void *data, w_string_t *name, t_p_docs_own_doc_t *ret, w_string_t *err);");
        assert_has(view.header, "void (*docs_close)(void *data, t_p_docs_own_doc_t d);");
        assert_has(view.header, "void (*docs_doc_destructor)(void *data, t_p_docs_doc_t *rep);");
}

static const char memory[] =
        "use ward:domain/memory@0.1.0.{buffer, byte-stream}; type picture = buffer;\n"
        "import show: func(p: borrow<picture>); export f: func(b: buffer, l: list<borrow<buffer>>) -> byte-stream;\n"
        "export g: func(p: own<picture>);";

TEST(has_buffers_as_pointers)
{
        HOST(view, NULL, "", memory);
        assert_has(view.header, "#include <ward/buffer.h>\n");
        assert_has(view.header, "typedef struct ward_buffer *ward_domain_memory_own_buffer_t;\n"
                                "typedef struct ward_buffer *ward_domain_memory_borrow_buffer_t;\n");
        assert_has(view.header, "void (*show)(void *data, ward_domain_memory_borrow_buffer_t p);");
        assert_has(view.header, "int w_g(struct w *self, ward_domain_memory_own_buffer_t p, struct ward_fault *fault);");
        assert_lacks(view.header, "destructor");
        assert_lacks(view.header, "(*memory_");
        assert_has(view.source, "#buffer\", 0, false, WARD_SHARED_BUFFER };");
        assert_has(view.source, "#byte-stream\", 1, false, WARD_SHARED_STREAM };");
        assert_has(view.source, "{ &import_memory_method_buffer_read_func, NULL }, /* libward's own */");
}

TEST(destroys_the_hosts_objects_by_a_service)
{
        HOST(view, NULL, objects, "import docs;");
        assert_has(view.source, "{ \"t:p/docs@1.0.0#doc\", 0, false, WARD_SHARED_NOT };");
        assert_has(view.source, "static void resource_t_p_docs_doc_destroy(const void *services, void *object)\n{\n"
                                "        const struct w_services *own = (const struct w_services *)services;\n"
                                "        own->docs_doc_destructor(own->data, (t_p_docs_doc_t *)object);\n}\n");
        assert_has(view.source, "        { &resource_t_p_docs_doc, resource_t_p_docs_doc_destroy },\n");
        assert_has(view.source, "        1, /* resources */\n        resources,\n};\n");
        assert_has(view.source, "return missing(fault, \"services->docs_doc_destructor\");");
}

TEST(holds_the_addins_objects_by_tokens)
{
        HOST(view, NULL, objects, "import docs; export tapes;");
        assert_has(view.header, "typedef struct exports_t_p_tapes_own_tape_t {\n        uint64_t __handle;\n");
        assert_has(view.header, "typedef struct exports_t_p_tapes_borrow_tape_t {\n        uint64_t __handle;\n");
        assert_has(view.header, "int w_tapes_constructor_tape(struct w *self, uint32_t n, exports_t_p_tapes_own_tape_t *ret, "
                                "struct ward_fault *fault);");
        assert_has(view.header, "int w_tapes_method_tape_play(struct w *self, exports_t_p_tapes_borrow_tape_t self_, ");
        assert_has(view.header,
                   "static inline exports_t_p_tapes_borrow_tape_t w_tapes_borrow_tape(exports_t_p_tapes_own_tape_t own)\n");
        assert_has(view.header,
                   "int w_tapes_tape_drop_own(struct w *self, exports_t_p_tapes_own_tape_t own, struct ward_fault *fault);");
        assert_has(view.source, "ward_token_release(ward_instance_host((struct ward_instance *)self), own.__handle, fault);");
        assert_has(view.source, "        { &resource_exports_t_p_tapes_tape, NULL },\n");
}

/* Handles are another number on the other side: they cross through libward, whatever the kind. */
TEST(connects_no_handles)
{
        HOST(view, NULL, objects, "import docs; export tapes; export f: func(x: u8) -> u8;");
        assert_lacks(view.header, "w_tapes_join_isolated");
        assert_lacks(view.header, "w_tapes_constructor_tape_isolated");
        assert_has(view.header, "w_f_isolated");
}

TEST(connects_plain_values_by_copies)
{
        HOST(view, NULL, "", "record q { x: u8 } export f: func(a: q, b: u32) -> u8;");
        assert_has(view.header, "        if (direct) {\n"
                                "                w_q_t copy_0_ = *a;\n"
                                "                *ret = ((uint8_t (*)(w_q_t *, uint32_t))direct[0])(&copy_0_, b);\n"
                                "                return 0;\n        }\n"
                                "        return w_f_isolated(self, a, b, ret, fault);\n");
}

/* The add-in may be one that owns its arguments: then it has no function to connect to. */
TEST(connects_views_where_the_addin_has_them)
{
        HOST(view, NULL, "", "export f: func(a: list<u8>, b: option<u16>); export g: func(s: string) -> string;");
        assert_has(view.header, "        if (direct && direct[0]) { /* its arguments are views as well */\n"
                                "                ((void (*)(const w_list_u8_t *, const uint16_t *))direct[0])(a, maybe_b);\n");
        assert_lacks(view.header, "w_g_isolated");
}

TEST(connects_no_texts_of_another_encoding)
{
        const char *items = "export f: func(s: list<string>) -> u8; export g: func(b: list<u8>) -> u8;";
        struct generate_options wide = { .encoding = GENERATE_UTF16 };
        HOST(view, NULL, "", items);
        HOST(wide_view, &wide, "", items);
        assert_has(view.header, "w_f_isolated");
        assert_has(view.header, "w_g_isolated");
        assert_lacks(wide_view.header, "w_f_isolated");
        assert_has(wide_view.header, "w_g_isolated");
}

TEST(lays_texts_out_as_asked)
{
        struct generate_options wide = { .encoding = GENERATE_UTF16 };
        HOST(view, &wide, "", "export f: func(s: string);");
        assert_has(view.header, "        uint16_t *ptr;\n");
        assert_has(view.header, "bool w_string_dup(w_string_t *ret, const char16_t *s);");
        assert_has(view.source, "WARD_TYPE_UTF16");
}

TEST(passes_results_by_what_they_are)
{
        HOST(view, NULL, "", "export f: func() -> result<u8, string>; export g: func() -> option<u8>; export h: func() -> result;");
        assert_has(view.header, "int w_f(struct w *self, uint8_t *ret, w_string_t *ret_err, struct ward_fault *fault);");
        assert_has(view.header, "int w_g(struct w *self, w_option_u8_t *ret, struct ward_fault *fault);");
        assert_has(view.header, "int w_h(struct w *self, struct ward_fault *fault);");
        assert_has(view.source, "        if (status < 0)\n                return status;\n        if (!result.is_err)\n");
}

TEST(keeps_names_of_one_interface_in_two_packages_apart)
{
        const char *before = "package x:y { interface i { resource r; f: func(); } }\ninterface i { resource r; f: func(); }";
        HOST(view, NULL, before, "import x:y/i; import i; export x:y/i; export i;");
        assert_has(view.header, "void (*x_y_i_f)(void *data);");
        assert_has(view.header, "void (*t_p_i_r_destructor)(void *data, t_p_i_r_t *rep);");
        assert_has(view.header, "int w_x_y_i_r_drop_own(struct w *self, exports_x_y_i_own_r_t own, struct ward_fault *fault);");
        assert_has(view.header, "int w_t_p_i_f(struct w *self, struct ward_fault *fault)");
}

TEST(leaves_what_libward_serves_to_it)
{
        HOST(view, NULL, "", "import ward:domain/data@0.1.0;");
        assert_has(view.header, "struct w_services {\n        void *data; /* passed to each function */\n};");
        assert_has(view.header, "@services may be NULL: the contract imports nothing.");
        assert_has(view.source, "{ &import_data_get_func, NULL }, /* libward's own */");
}

TEST(begins_calls_where_asked)
{
        const struct generate_options options = { .async = true };
        HOST(view, &options, objects,
             "export f: func(a: u32, b: option<string>) -> result<u32, string>; export tapes; import docs;");
        assert_has(view.header, "\nstruct w_f_pending;\n"
                                "int w_f_begin(struct w *self, uint32_t a, const w_string_t *maybe_b, struct w_f_pending "
                                "**ret_pending, struct ward_fault *fault);\n"
                                "int w_f_finish(struct w_f_pending *pending, uint32_t *ret, w_string_t *ret_err, struct ward_fault "
                                "*fault);\n"
                                "static inline struct ward_pending *w_f_pending(struct w_f_pending *pending)\n");
        assert_has(view.header, "int w_tapes_method_tape_play_begin(struct w *self, ");
        assert_has(view.source, "        int status = ward_call_begin((struct ward_instance *)self, 0, &args, &begun, fault);\n");
        assert_has(view.source, "        int status = ward_call_finish((struct ward_pending *)pending, &result, fault);\n");
        HOST(plain, NULL, "", "export f: func();");
        assert_lacks(plain.header, "pending");
}

TEST(beginning_gives_way_to_the_contracts_names)
{
        const struct generate_options options = { .async = true };
        HOST(view, &options, "", "export f: func(pending: u32); export f-begin: func(); export f-pending: func();");
        assert_has(view.header, "int w_f_begin(struct w *self, struct ward_fault *fault)");
        assert_has(view.header, "int w_f_begin_(struct w *self, uint32_t pending_, struct w_f_pending_ **ret_pending, ");
        assert_has(view.header, "static inline struct ward_pending *w_f_pending_(struct w_f_pending_ *pending)");
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(holds_the_hosts_objects_by_pointers), TEST_CASE(has_buffers_as_pointers),
                         TEST_CASE(destroys_the_hosts_objects_by_a_service), TEST_CASE(holds_the_addins_objects_by_tokens),
                         TEST_CASE(connects_no_handles), TEST_CASE(connects_plain_values_by_copies),
                         TEST_CASE(connects_views_where_the_addin_has_them), TEST_CASE(connects_no_texts_of_another_encoding),
                         TEST_CASE(lays_texts_out_as_asked), TEST_CASE(passes_results_by_what_they_are),
                         TEST_CASE(keeps_names_of_one_interface_in_two_packages_apart), TEST_CASE(leaves_what_libward_serves_to_it),
                         TEST_CASE(begins_calls_where_asked), TEST_CASE(beginning_gives_way_to_the_contracts_names));
}
