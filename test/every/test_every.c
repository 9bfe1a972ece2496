/* Every type of value at every kind, host -> add-in -> host and through a callback: random values, the same in each run. The
 * generated view is taken in as a whole, since its descriptors say what a value is. */
#include "every_host.c"

#include <stdlib.h>
#include "base/own.h"
#include "marshal/marshal.h"
#include "marshal/test_values.h"
#include "test/support.h"

enum { ROUNDS = 12 };

/* Functions have one parameter and give it back, or some, which they give back as a record. */
static const void *given(const struct ward_func *func, const void *args, uint32_t i)
{
        return (const char *)args + func->params->fields[i].at;
}

static bool comes_back_whole(const struct ward_func *func)
{
        return func->params->n == 1 && func->params->fields[0].type == func->result;
}

/* The host's half of a callback. */
static void back(const struct ward_import *import, const void *services, const void *args, void *ret)
{
        const struct ward_func *func = import->func;
        (void)services;
        if (!func->result)
                return;
        for (uint32_t i = 0; i < func->params->n; i++) {
                const struct ward_type *type = func->params->fields[i].type;
                uint32_t at = comes_back_whole(func) ? 0 : func->result->fields[i].at;
                assert_int_equal(marshal_copy(type, given(func, args, i), NULL, type, (char *)ret + at, NULL, NULL), 0);
        }
}

static bool is_same(const struct ward_func *func, const void *args, const void *ret)
{
        if (!func->result)
                return true;
        if (comes_back_whole(func))
                return values_equal(func->result, given(func, args, 0), func->result, ret);
        for (uint32_t i = 0; i < func->params->n; i++)
                if (!values_equal(func->params->fields[i].type, given(func, args, i), func->result->fields[i].type,
                                  (const char *)ret + func->result->fields[i].at))
                        return false;
        return true;
}

static void send(struct ward_instance *instance, uint32_t index, uint64_t *seed)
{
        const struct ward_func *func = contract.exports[index];
        struct ward_fault fault;
        uint64_t began = *seed;
        void *args = random_new(func->params, seed);
        void *ret = func->result ? value_new(func->result) : NULL;
        assert_good(ward_call(instance, index, args, ret, &fault), &fault);
        if (!is_same(func, args, ret))
                fail_msg("%s: another value came back, seed %#llx", func->name, (unsigned long long)began);
        value_free(func->params, args);
        if (ret)
                value_free(func->result, ret);
}

/* The contract with all that the host serves served by the one function. */
static struct ward_contract served(struct ward_import *all)
{
        struct ward_contract same = contract;
        for (uint32_t i = 0; i < contract.n_imports; i++)
                all[i] = (struct ward_import){ contract.imports[i].func, back };
        same.imports = all;
        return same;
}

static void check(enum ward_isolation isolation, const char *addin)
{
        static struct ward_import all[COUNT_OF(imports)];
        struct ward_contract same = served(all);
        struct ward_fault fault;
        struct ward_instance *instance;
        struct ward_host *host = host_start();
        struct ward_activate_options options = options_for(isolation);
        options.deadline_ms = 20000;
        uint64_t seed = 20;
        assert_good(ward_activate(host, addin_file(addin, isolation), &options, &same, NULL, &instance, &fault), &fault);
        for (int round = 0; round < ROUNDS; round++)
                for (uint32_t i = 0; i < contract.n_exports; i++)
                        send(instance, i, &seed);
        ward_release(instance);
        ward_host_free(host);
}

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
        static struct ward_import all[COUNT_OF(imports)];
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
