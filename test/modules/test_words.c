/* examples/assemblyscript: an add-in that no C compiler made, and whose memory a collector tends. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "test/support.h"
#include "words_host.h"

static struct ward_host *host;
static char logged[256];

static void log_line(void *data, words_string_t *line)
{
        snprintf(logged, sizeof logged, "%.*s", (int)line->len, (const char *)line->ptr);
}

static void stop_words(void *data, words_list_string_t *ret)
{
        static const char *const words[] = { "the", "", "größer" };
        ret->len = sizeof words / sizeof words[0];
        ret->ptr = calloc(ret->len, sizeof *ret->ptr);
        for (size_t i = 0; i < ret->len; i++)
                words_string_dup(&ret->ptr[i], words[i]);
}

static const struct words_services services = { .log = log_line, .stop_words = stop_words };

static struct words *activate(void)
{
        struct ward_activate_options options = options_for(WARD_WASM);
        struct words *words = NULL;
        struct ward_fault fault;
        logged[0] = 0;
        host = host ? host : host_start();
        assert_good(words_activate(host, addin_file("words", WARD_WASM), &options, &services, &words, &fault), &fault);
        return words;
}

static void end(struct words *words)
{
        words_release(words);
        host = ward_host_free(host);
}

static void cuts(struct words *words, const char *text, size_t n, const char *const *expected)
{
        words_string_t whole;
        words_list_string_t ret;
        struct ward_fault fault;
        words_string_set(&whole, text);
        assert_good(words_words(words, &whole, &ret, &fault), &fault);
        assert_int_equal(ret.len, n);
        for (size_t i = 0; i < n; i++) {
                assert_int_equal(ret.ptr[i].len, strlen(expected[i]));
                assert_memory_equal(ret.ptr[i].ptr, expected[i], ret.ptr[i].len);
        }
        words_list_string_free(&ret);
}

static void shouts(struct words *words, const char *text, uint32_t times, const char *expected)
{
        words_string_t said, ret;
        struct ward_fault fault;
        words_string_set(&said, text);
        assert_good(words_shout(words, &said, times, &ret, &fault), &fault);
        assert_int_equal(ret.len, strlen(expected));
        assert_memory_equal(ret.ptr, expected, ret.len);
        words_string_free(&ret);
}

TEST(numbers_text_and_lists)
{
        double numbers[] = { 1, 2, 6 }, ret = 0;
        int32_t mixed[] = { 3, INT32_MIN, 0, INT32_MAX, -1 }, ordered[] = { INT32_MIN, -1, 0, 3, INT32_MAX };
        const words_list_f64_t list = { numbers, 3 };
        const words_list_s32_t unsorted = { mixed, 5 };
        words_list_s32_t sorted;
        struct ward_fault fault;
        struct words *words = activate();
        assert_string_equal(logged, "ready");
        assert_good(words_mean(words, &list, &ret, &fault), &fault);
        assert_true(ret == 3);
        assert_good(words_total(words, UINT64_C(1) << 63, INT64_MIN, 0.5f, &ret, &fault), &fault);
        assert_true(ret == 0.5);
        assert_good(words_sorted(words, &unsorted, &sorted, &fault), &fault);
        assert_int_equal(sorted.len, 5);
        assert_memory_equal(sorted.ptr, ordered, sizeof ordered);
        words_list_s32_free(&sorted);
        cuts(words, "the small and  the größer one", 3, (const char *const[]){ "small", "and", "one" });
        cuts(words, "", 0, NULL);
        shouts(words, "naïve 日本 💩 ", 2, "NAÏVE 日本 💩 NAÏVE 日本 💩 ");
        assert_string_equal(logged, "shouting NAÏVE 日本 💩 ");
        shouts(words, "", 5, "");
        shouts(words, "x", 0, "");
        end(words);
}

/* What is passed and given is freed: the memory does not grow, though a limit would let it. */
TEST(many_calls_need_no_more_memory)
{
        enum { CALLS = 20000, LARGE = 20000 };
        static int32_t numbers[LARGE];
        const words_list_s32_t unsorted = { numbers, LARGE };
        words_list_s32_t sorted;
        struct ward_activate_options options = options_for(WARD_WASM);
        struct words *words = NULL;
        struct ward_fault fault;
        host = host_start();
        options.limits.memory_bytes = 8 << 20;
        assert_good(words_activate(host, addin_file("words", WARD_WASM), &options, &services, &words, &fault), &fault);
        for (int i = 0; i < CALLS; i++)
                shouts(words, "abc ", 3, "ABC ABC ABC ");
        for (int i = 0; i < 500; i++) {
                assert_good(words_sorted(words, &unsorted, &sorted, &fault), &fault);
                words_list_s32_free(&sorted);
        }
        end(words);
}

/* AssemblyScript checks its arrays: a trap, and the host goes on. */
TEST(a_string_too_long_for_it_costs_the_domain)
{
        words_string_t said, ret;
        struct ward_fault fault;
        struct words *words = activate();
        words_string_set(&said, "abc");
        assert_int_equal(words_shout(words, &said, 2000000000, &ret, &fault), -WARD_FAULT_TRAP);
        assert_says(&fault, "unreachable");
        assert_int_equal(ward_domain_state(words_domain(words)), WARD_DOMAIN_UNLOADED);
        words_release(words);
        words = activate();
        shouts(words, "again", 1, "AGAIN");
        end(words);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE_LONG(numbers_text_and_lists, 60), TEST_CASE_LONG(many_calls_need_no_more_memory, 60),
                         TEST_CASE(a_string_too_long_for_it_costs_the_domain));
}
