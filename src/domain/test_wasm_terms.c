#include "domain/wasm_terms.h"

#include <string.h>
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
        assert_int_equal(wasm_terms_new(&contract, &terms, NULL), 0);
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
        assert_int_equal(wasm_terms_new(&contract, &terms, NULL), 0);
        uint32_t need = wasm_need_dtor(&contract, 1);
        assert_string_equal(terms->needs[need].name, "a:b/c@1.0.0#[dtor]my-res");
        assert_string_equal(terms->needs[need + 1].name, "a:b/c@1.0.0#[dtor]my_res");
        assert_true(terms->needs[need].optional && terms->needs[need + 1].optional);
        assert_string_equal(terms->needs[need].core, "i>");
        assert_int_equal(terms->terms.n_needs, need + 2);
        assert_string_equal(terms->needs[wasm_need_initialize(&contract)].name, "_initialize");
        wasm_terms_free(terms);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(resources_are_offered), TEST_CASE(destructors_are_needed_in_two_spellings));
}
