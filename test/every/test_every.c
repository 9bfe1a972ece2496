/* Every type of value at every kind, host -> add-in -> host and through a callback: random values, the same in each run. The
 * generated view is taken in as a whole, since its descriptors say what a value is. */
#include "every_host.c"

#include "test/every/exchange.h"

TEST(direct)
{
        check(WARD_DIRECT, "every");
}

TEST(wasm)
{
        check(WARD_WASM, "every");
}

TEST(process)
{
        check(WARD_PROCESS, "every");
}

TEST(utf16_direct)
{
        check(WARD_DIRECT, "every_utf16");
}

TEST(utf16_wasm)
{
        check(WARD_WASM, "every_utf16");
}

TEST(utf16_process)
{
        check(WARD_PROCESS, "every_utf16");
}

enum { MANY = 24 << 20 }; /* more than a channel keeps of its arenas */

/* Memory that goes back to the system must not be read still. */
static void check_many_bytes(struct every *every)
{
        struct ward_fault fault;
        test_every_types_w_bytes_t bytes = { .v = { malloc(MANY), MANY } }, back;
        for (size_t i = 0; i < MANY; i++)
                bytes.v.ptr[i] = (uint8_t)(i >> 12 | 1);
        assert_good(every_relay_of_bytes(every, &bytes, &back, &fault), &fault);
        assert_int_equal(back.v.len, MANY);
        assert_memory_equal(back.v.ptr, bytes.v.ptr, MANY);
        test_every_types_w_bytes_free(&bytes);
        test_every_types_w_bytes_free(&back);
}

/* A megabyte of text in each of many places, and one string that is none. */
static void check_large(enum ward_isolation isolation)
{
        struct ward_fault fault;
        struct every *every;
        struct ward_host *host = host_start();
        struct ward_activate_options options = options_for(isolation);
        test_every_types_w_fixed_texts_t *texts = calloc(2, sizeof *texts);
        static struct ward_import all[IMPORTS_MAX];
        struct ward_contract same = served(all);
        struct ward_instance *instance;
        options.deadline_ms = 20000;
        assert_good(ward_activate(host, addin_file("every", isolation), &options, &same, NULL, &instance, &fault), &fault);
        every = (struct every *)instance;
        for (int i = 0; i < 3; i++) {
                texts->v.val[i] = (every_string_t){ malloc(1 << 20), 1 << 20 };
                memset(texts->v.val[i].ptr, 'a' + i, 1 << 20);
        }
        assert_good(every_relay_of_fixed_texts(every, texts, texts + 1, &fault), &fault);
        for (int i = 0; i < 3; i++)
                assert_memory_equal(texts[0].v.val[i].ptr, texts[1].v.val[i].ptr, 1 << 20);
        test_every_types_w_fixed_texts_free(texts + 1);
        for (int i = 0; i < 4; i++)
                check_many_bytes(every);
        texts->v.val[1].ptr[77] = 0xff;
        texts[1].v.val[0].len = 7; /* not to be touched */
        if (isolation != WARD_DIRECT) {
                assert_int_equal(every_echo_of_fixed_texts(every, texts, texts + 1, &fault), -WARD_FAULT_USAGE);
                assert_says(&fault, "UTF-8");
                assert_int_equal(texts[1].v.val[0].len, 7);
        }
        test_every_types_w_fixed_texts_free(texts);
        free(texts);
        ward_release(instance);
        ward_host_free(host);
}

TEST(large_direct)
{
        check_large(WARD_DIRECT);
}

TEST(large_wasm)
{
        check_large(WARD_WASM);
}

TEST(large_process)
{
        check_large(WARD_PROCESS);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(direct), TEST_CASE(wasm), TEST_CASE(process), TEST_CASE(utf16_direct),
                         TEST_CASE(utf16_wasm), TEST_CASE(utf16_process), TEST_CASE(large_direct), TEST_CASE(large_wasm),
                         TEST_CASE(large_process));
}
