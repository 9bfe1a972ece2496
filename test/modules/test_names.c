/* Kind `wasm`: the two schemes in which a module's functions may be called, and modules that are in neither. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "named_host.h"
#include "test/support.h"

/* --- The host's side -------------------------------------------------------------------------- */

struct test_named_words_book_t {
        uint32_t length;
        int destroyed;
};

static void upper(void *data, named_string_t *word, named_string_t *ret)
{
        named_string_dup_n(ret, (const char *)word->ptr, word->len);
        for (size_t i = 0; i < ret->len; i++)
                ret->ptr[i] = (uint8_t)toupper(ret->ptr[i]);
}

static uint32_t length(void *data, test_named_words_borrow_book_t self)
{
        return self->length;
}

static uint32_t seed(void *data)
{
        return 7;
}

static void destroy(void *data, test_named_words_book_t *book)
{
        book->destroyed++;
}

static const struct named_services services = {
        .words_upper = upper,
        .words_method_book_length = length,
        .seed = seed,
        .words_book_destructor = destroy,
};

static struct ward_host *host;

static struct named *activate(const char *variant)
{
        struct ward_activate_options options = options_for(WARD_WASM);
        struct ward_fault fault;
        struct named *named = NULL;
        host = host ? host : host_start();
        assert_good(named_activate(host, addin_file(variant, WARD_WASM), &options, &services, &named, &fault), &fault);
        return named;
}

/* --- What works ------------------------------------------------------------------------------- */

static int32_t added(struct named *named)
{
        struct ward_fault fault;
        int32_t sum = 0;
        assert_good(named_add(named, 1, 2, &sum, &fault), &fault);
        return sum - 3;
}

static void greets(struct named *named)
{
        named_string_t name, said;
        struct ward_fault fault;
        named_string_set(&name, "ward");
        assert_good(named_greet(named, &name, &said, &fault), &fault);
        assert_int_equal(said.len, 4);
        assert_memory_equal(said.ptr, "WARD", 4);
        named_string_free(&said);
}

static void sums(struct named *named)
{
        uint32_t numbers[] = { 1, 2, UINT32_MAX };
        const named_list_u32_t list = { numbers, 3 };
        struct ward_fault fault;
        uint64_t sum = 0;
        assert_good(named_numbers_sum(named, &list, &sum, &fault), &fault);
        assert_true(sum == (uint64_t)UINT32_MAX + 3);
}

static void reads(struct named *named)
{
        struct test_named_words_book_t book = { .length = 512 };
        struct ward_fault fault;
        uint32_t ret = 0;
        assert_good(named_read(named, &book, &ret, &fault), &fault);
        assert_int_equal(ret, 512);
        assert_int_equal(book.destroyed, 0);
}

static void counts(struct named *named)
{
        exports_test_named_numbers_own_counter_t counter;
        struct ward_fault fault;
        uint32_t ret = 0;
        assert_good(named_numbers_constructor_counter(named, 41, &counter, &fault), &fault);
        exports_test_named_numbers_borrow_counter_t borrow = { counter.__handle };
        assert_good(named_numbers_method_counter_next(named, borrow, &ret, &fault), &fault);
        assert_int_equal(ret, 42);
        assert_good(named_numbers_counter_drop_own(named, counter, &fault), &fault);
}

/* @given_back: what a result, and an object, that were given back are to the module. */
static void works(const char *variant, int32_t given_back)
{
        struct named *named = activate(variant);
        assert_int_equal(added(named), 7); /* initialize has asked for the seed */
        greets(named);
        sums(named);
        reads(named);
        counts(named);
        assert_int_equal(added(named), 7 + given_back);
        named_release(named);
        host = ward_host_free(host);
}

TEST(works_in_either_scheme)
{
        works("cm32p2", 1100);
        works("plain", 1100);
}

TEST(what_comes_after_a_call_is_optional)
{
        works("no_dtor", 0);
}

/* --- What does not ---------------------------------------------------------------------------- */

TEST(says_what_is_wrong_with_the_names)
{
        static const struct {
                const char *variant;
                const char *phrase;
        } bad[] = {
                { "mixed_export", "its export \"add\" is called as ns:pkg/iface#f are; build all of it in one" },
                { "mixed_interface", "its export \"test:named/numbers@0.2.1#sum\" is called as" },
                { "mixed_post", "its export \"cabi_post_greet\" is called as" },
                { "mixed_dtor", "its export \"test:named/numbers@0.2.1#[dtor]counter\" is called as" },
                { "mixed_realloc", "its export \"cabi_realloc\" is called as" },
                { "mixed_import", "its import of \"$root\" is called as" },
                { "mixed_act", "its import of \"[export]test:named/numbers@0.2.1\" is called as" },
                { "lacks_function", "exports no function \"cm32p2||add\"" },
                { "lacks_memory", "exports no memory as \"cm32p2_memory\"" },
                { "lacks_realloc", "exports no function \"cm32p2_realloc\"" },
                { "stray_export", "exports function \"cm32p2||multiply\", which the contract does not have" },
                { "stray_version", "exports function \"cm32p2|test:named/numbers@0.2.1|sum\", which the contract does not have" },
                { "stray_import", "imports function \"sow\" from \"cm32p2\", which the host does not offer" },
        };
        struct ward_activate_options options = options_for(WARD_WASM);
        host = host_start();
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
                struct named *named = NULL;
                struct ward_fault fault;
                int r = named_activate(host, addin_file(bad[i].variant, WARD_WASM), &options, &services, &named, &fault);
                if (r != -WARD_FAULT_CONTRACT)
                        fail_msg("%s: %d: %s", bad[i].variant, r, r ? fault.text : "");
                assert_says(&fault, bad[i].phrase);
                assert_null(named);
        }
        host = ward_host_free(host);
}

/* Whichever name a module has for it. */
TEST(what_is_denied_is_denied_in_either_scheme)
{
        static const char *const variants[] = { "cm32p2", "plain" };
        static const char *const denied[] = { "seed", "test:named/words@0.2.1", "test:named/words@0.2.1#upper", "test:named/*",
                                              "test:named/words@0.2.1#[resource-drop]book" };
        struct ward_activate_options options = options_for(WARD_WASM);
        host = host_start();
        for (size_t v = 0; v < 2; v++)
                for (size_t i = 0; i < sizeof denied / sizeof denied[0]; i++) {
                        const char *const names[] = { denied[i], NULL };
                        struct named *named = NULL;
                        struct ward_fault fault;
                        options.denied_imports = names;
                        int r = named_activate(host, addin_file(variants[v], WARD_WASM), &options, &services, &named, &fault);
                        if (r != -WARD_FAULT_REFUSED)
                                fail_msg("%s without %s: %d", variants[v], denied[i], r);
                        assert_says(&fault, "denied");
                }
        host = ward_host_free(host);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE_LONG(works_in_either_scheme, 120),
                         TEST_CASE_LONG(what_comes_after_a_call_is_optional, 120), TEST_CASE(says_what_is_wrong_with_the_names),
                         TEST_CASE(what_is_denied_is_denied_in_either_scheme));
}
