#include "domain/wasm_terms.h"

#include <stdio.h>
#include <string.h>
#include "base/own.h"
#include "test/harness/harness.h"
#include "wasm/wasi.h"

static const struct ward_type none = { .kind = WARD_TYPE_RECORD };
static const struct ward_func export = { "a:b/c@1.0.0#f", "func()", ">", &none, NULL },
                              import = { "g", "func()", ">", &none, NULL };
static const struct ward_func *const exports[] = { &export };
static const struct ward_import imports[] = { { &import, NULL } };
static const struct ward_resource hosts = { "d:e/f@2.0.0#log", 0, false }, own = { "a:b/c@1.0.0#my-res", 1, true },
                                  worlds = { "plain", 2, false };
static const struct ward_contract_resource resources[] = { { &hosts, NULL }, { &own, NULL }, { &worlds, NULL } };
static const struct ward_contract contract = { "a:b/w", 1, 1, exports, imports, 3, resources };

static void check_offer(const struct wasm_contract_terms *terms, size_t i, const char *module, const char *field, const char *core)
{
        assert_string_equal(terms->offers[i].module, module);
        assert_string_equal(terms->offers[i].field, field);
        assert_string_equal(terms->offers[i].core, core);
}

TEST(resources_are_offered)
{
        struct wasm_contract_terms *terms = NULL;
        static const struct {
                enum wasm_act act;
                uint32_t resource;
        } expected[] = {
                { WASM_ACT_DROP, 0 }, { WASM_ACT_DROP, 1 }, { WASM_ACT_NEW, 1 }, { WASM_ACT_REP, 1 }, { WASM_ACT_DROP, 2 }
        };
        assert_int_equal(wasm_terms_new(&contract, &wasm_scheme_plain, &terms, NULL), 0);
        check_offer(terms, 0, "$root", "g", ">");
        check_offer(terms, 1, "d:e/f@2.0.0", "[resource-drop]log", "i>");
        check_offer(terms, 2, "[export]a:b/c@1.0.0", "[resource-drop]my-res", "i>");
        check_offer(terms, 3, "[export]a:b/c@1.0.0", "[resource-new]my-res", "i>i");
        check_offer(terms, 4, "[export]a:b/c@1.0.0", "[resource-rep]my-res", "i>i");
        check_offer(terms, 5, "$root", "[resource-drop]plain", "i>");
        assert_int_equal(wasm_resource_offers(&contract), 5);
        assert_int_equal(terms->terms.n_offers, 1 + 5 + WASI_FUNCTIONS + 1);
        for (uint32_t i = 0; i < 5; i++) {
                uint32_t resource = 99;
                assert_int_equal(wasm_resource_offer(&contract, i, &resource), expected[i].act);
                assert_int_equal(resource, expected[i].resource);
        }
        wasm_terms_free(terms);
}

/* C code generators write a destructor's name with underscores. */
TEST(destructors_are_needed_in_two_spellings)
{
        struct wasm_contract_terms *terms = NULL;
        assert_int_equal(wasm_terms_new(&contract, &wasm_scheme_plain, &terms, NULL), 0);
        uint32_t need = wasm_need_dtor(&contract, 1);
        assert_string_equal(terms->needs[need].name, "a:b/c@1.0.0#[dtor]my-res");
        assert_string_equal(terms->needs[need + 1].name, "a:b/c@1.0.0#[dtor]my_res");
        assert_true(terms->needs[need].optional && terms->needs[need + 1].optional);
        assert_string_equal(terms->needs[need].core, "i>");
        assert_int_equal(terms->terms.n_needs, need + 2);
        assert_string_equal(terms->needs[wasm_need_initialize(&contract)].name, "_initialize");
        wasm_terms_free(terms);
}

/* The build target wasm32 of the component model: BuildTargets.md, "Interface Name Canonicalization". */
TEST(versions_are_cut_to_what_must_be_the_same)
{
        static const struct {
                const char *whole, *cut;
        } names[] = {
                { "a:b/c", "a:b/c" },
                { "a:b/c@1.2.3", "a:b/c@1" },
                { "a:b/c@12.0.0", "a:b/c@12" },
                { "a:b/c@1.2.3+alpha", "a:b/c@1" },
                { "a:b/c@0.1.2+alpha", "a:b/c@0.1" },
                { "a:b/c@0.10.0", "a:b/c@0.10" },
                { "a:b/c@0.0.1+alpha", "a:b/c@0.0.1" },
                { "a:b/c@0.0.0", "a:b/c@0.0.0" },
                { "a:b/c@1.2.3-nightly+alpha", "a:b/c@1.2.3-nightly" },
                { "a:b/c@0.2.0-rc-2023-12-05", "a:b/c@0.2.0-rc-2023-12-05" },
                { "a:b/c@1.0.0+with-dash", "a:b/c@1" },
        };
        for (size_t i = 0; i < COUNT_OF(names); i++) {
                char name[64];
                int len = (int)strlen(names[i].whole);
                snprintf(name, sizeof name, "%s#f-1+2", names[i].whole);
                assert_int_equal(wasm_scheme_interface(&wasm_scheme_plain, name, len), len);
                name[wasm_scheme_interface(&wasm_scheme_cm32p2, name, len)] = 0;
                assert_string_equal(name, names[i].cut);
        }
}

TEST(names_of_the_other_scheme)
{
        struct wasm_contract_terms *terms = NULL;
        assert_int_equal(wasm_terms_new(&contract, &wasm_scheme_cm32p2, &terms, NULL), 0);
        check_offer(terms, 0, "cm32p2", "g", ">");
        check_offer(terms, 1, "cm32p2|d:e/f@2", "log_drop", "i>");
        check_offer(terms, 2, "cm32p2|_ex_a:b/c@1", "my-res_drop", "i>");
        check_offer(terms, 3, "cm32p2|_ex_a:b/c@1", "my-res_new", "i>i");
        check_offer(terms, 4, "cm32p2|_ex_a:b/c@1", "my-res_rep", "i>i");
        check_offer(terms, 5, "cm32p2", "plain_drop", "i>");
        check_offer(terms, terms->terms.n_offers - 1, "cm32p2|ward:domain/call@0.1", "cancelled", ">i");
        assert_string_equal(terms->needs[wasm_need_export(0)].name, "cm32p2|a:b/c@1|f");
        assert_string_equal(terms->needs[wasm_need_post(&contract, 0)].name, "cm32p2|a:b/c@1|f_post");
        assert_string_equal(terms->needs[wasm_need_realloc(&contract)].name, "cm32p2_realloc");
        assert_string_equal(terms->needs[wasm_need_initialize(&contract)].name, "cm32p2_initialize");
        assert_string_equal(terms->needs[wasm_need_dtor(&contract, 1)].name, "cm32p2|a:b/c@1|my-res_dtor");
        wasm_terms_free(terms);
}

TEST(a_function_of_the_world_has_no_interface)
{
        static const struct ward_func run = { "run", "func()", ">", &none, NULL };
        static const struct ward_func *const runs[] = { &run };
        static const struct ward_contract bare = { "a:b/w", 1, 0, runs, NULL, 0, NULL };
        struct wasm_contract_terms *terms = NULL;
        assert_int_equal(wasm_terms_new(&bare, &wasm_scheme_cm32p2, &terms, NULL), 0);
        assert_string_equal(terms->needs[0].name, "cm32p2||run");
        assert_string_equal(terms->needs[1].name, "cm32p2||run_post");
        terms = wasm_terms_free(terms);
        assert_int_equal(wasm_terms_new(&bare, &wasm_scheme_plain, &terms, NULL), 0);
        assert_string_equal(terms->needs[0].name, "run");
        assert_string_equal(terms->needs[1].name, "cabi_post_run");
        wasm_terms_free(terms);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(resources_are_offered), TEST_CASE(destructors_are_needed_in_two_spellings),
                         TEST_CASE(versions_are_cut_to_what_must_be_the_same), TEST_CASE(names_of_the_other_scheme),
                         TEST_CASE(a_function_of_the_world_has_no_interface));
}
