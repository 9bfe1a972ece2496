/* Lifting from slots and memory that lie. */
#include "marshal/marshal.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/own.h"
#include "marshal/layout.h"
#include "marshal/test_values.h"
#include "test/harness/harness.h"

#define LIST_OF(...) ((const struct ward_type *const[]){ __VA_ARGS__ })

enum { WORDS = 1024, BYTES = WORDS * 8, PLENTY = 1 << 24 };

static uint64_t words[WORDS];

static struct marshal_memory memory_of(uint64_t size)
{
        return (struct marshal_memory){ .base = (uint8_t *)words, .size = size };
}

static void put32(uint32_t at, uint32_t value)
{
        memcpy((uint8_t *)words + at, &value, sizeof value);
}

/* Lifts one parameter of @type, which must fail, and leave nothing to free. */
static void refuse_budget(struct types *t, const struct ward_type *type, const uint64_t *slots, uint64_t budget, int kind,
                          const char *text)
{
        const struct ward_func *func = types_func(t, 2, LIST_OF(types_int(t, 8, false), type), NULL);
        struct marshal_memory memory = memory_of(BYTES);
        struct ward_fault fault = { 0 };
        uint64_t all[WARD_FLAT_MAX] = { 0 };
        memcpy(all + 1, slots, type->flat * sizeof *slots);
        OWNED(freep) void *args = malloc(func->params->size);
        int r = marshal_lift_params(func, all, &memory, &budget, args, &fault);
        assert_string_equal(fault.text, text);
        assert_int_equal(r, -kind);
        assert_int_equal(fault.kind, kind);
        assert_int_equal(marshal_lift_params(func, all, &memory, &budget, args, NULL), -kind);
}

static void refuse(struct types *t, const struct ward_type *type, const uint64_t *slots, const char *text)
{
        refuse_budget(t, type, slots, PLENTY, WARD_FAULT_PROTOCOL, text);
}

#define SLOTS(...) ((const uint64_t[]){ __VA_ARGS__ })

TEST(bad_strings)
{
        struct types *t = types_new();
        const struct ward_type *type = types_string(t);
        refuse(t, type, SLOTS(0, BYTES + 1),
               "f: parameter 2: a string of 8193 bytes at offset 0 reaches past the end of memory (8192 bytes)");
        refuse(t, type, SLOTS(BYTES, 1),
               "f: parameter 2: a string of 1 bytes at offset 8192 reaches past the end of memory (8192 bytes)");
        refuse(t, type, SLOTS(BYTES + 1, 0),
               "f: parameter 2: a string of 0 bytes at offset 8193 reaches past the end of memory (8192 bytes)");
        refuse(t, type, SLOTS(0xfffffff0, 0x20),
               "f: parameter 2: a string of 32 bytes at offset 4294967280 reaches past the end of memory (8192 bytes)");
        refuse(t, type, SLOTS(0, 1 << 28), "f: parameter 2: a string of 268435456 bytes; at most 268435455 are allowed");
        refuse(t, type, SLOTS(0, 0xffffffff), "f: parameter 2: a string of 4294967295 bytes; at most 268435455 are allowed");
        put32(0, 0x61a0ed61); /* a surrogate */
        refuse(t, type, SLOTS(0, 4), "f: parameter 2: a string of 4 bytes that is not UTF-8");
        types_free(t);
}

TEST(bad_lists)
{
        struct types *t = types_new();
        const struct ward_type *type = types_list(t, types_int(t, 8, false));
        refuse(t, type, SLOTS(0, WORDS + 1),
               "f: parameter 2: a list of 1025 elements of 8 bytes at offset 0 reaches past the end of memory (8192 bytes)");
        refuse(t, type, SLOTS(BYTES + 8, 0),
               "f: parameter 2: a list of 0 elements of 8 bytes at offset 8200 reaches past the end of memory (8192 bytes)");
        refuse(t, type, SLOTS(0xfffffff8, 1),
               "f: parameter 2: a list of 1 elements of 8 bytes at offset 4294967288 reaches past the end of memory (8192 bytes)");
        refuse(t, type, SLOTS(4, 1), "f: parameter 2: a list at offset 4, which is not a multiple of 8");
        refuse(t, type, SLOTS(1, 0), "f: parameter 2: a list at offset 1, which is not a multiple of 8");
        refuse(t, type, SLOTS(0, 1 << 25),
               "f: parameter 2: a list of 33554432 elements of 8 bytes; at most 268435455 bytes are allowed");
        refuse(t, type, SLOTS(0, 0x20000001),
               "f: parameter 2: a list of 536870913 elements of 8 bytes; at most 268435455 bytes are allowed");
        types_free(t);
}

TEST(bad_scalars_and_cases)
{
        struct types *t = types_new();
        const struct ward_type *many = types_variant(t, 300, NULL), *wide = types_variant(t, 70000, NULL);
        const struct ward_type *character = types_char(t), *option = types_option(t, character);
        refuse(t, character, SLOTS(0xd800), "f: parameter 2: 0xd800 is no Unicode character");
        refuse(t, character, SLOTS(0xdfff), "f: parameter 2: 0xdfff is no Unicode character");
        refuse(t, character, SLOTS(0x110000), "f: parameter 2: 0x110000 is no Unicode character");
        refuse(t, character, SLOTS(0xffffffff), "f: parameter 2: 0xffffffff is no Unicode character");
        refuse(t, option, SLOTS(1, 0xd800), "f: parameter 2: 0xd800 is no Unicode character");
        refuse(t, option, SLOTS(2, 0), "f: parameter 2: there is no case 2 in a type of 2 cases");
        refuse(t, option, SLOTS(0x101, 0), "f: parameter 2: there is no case 257 in a type of 2 cases");
        refuse(t, many, SLOTS(300), "f: parameter 2: there is no case 300 in a type of 300 cases");
        refuse(t, many, SLOTS(0x10000), "f: parameter 2: there is no case 65536 in a type of 300 cases");
        refuse(t, wide, SLOTS(0xffffffff), "f: parameter 2: there is no case 4294967295 in a type of 70000 cases");
        words[0] = 0xd800ull << 32 | 1; /* some(0xd800) in memory */
        refuse(t, types_list(t, option), SLOTS(0, 1), "f: parameter 2: 0xd800 is no Unicode character");
        words[0] = 2;
        refuse(t, types_list(t, option), SLOTS(0, 1), "f: parameter 2: there is no case 2 in a type of 2 cases");
        words[0] = 300;
        refuse(t, types_list(t, many), SLOTS(0, 1), "f: parameter 2: there is no case 300 in a type of 300 cases");
        types_free(t);
}

/* The bad one comes after good ones, at every depth: what was made until then is freed (the sanitizer looks). */
TEST(a_late_fault_frees_what_was_made)
{
        struct types *t = types_new();
        const struct ward_type *string = types_string(t), *inner = types_list(t, string);
        const struct ward_type *record = types_record(t, 3, LIST_OF(string, types_option(t, inner), types_char(t)));
        memset(words, 0, sizeof words);
        for (uint32_t i = 0; i < 8; i++) { /* 8 records of 24 bytes at 0, each with a list of two strings at 512 */
                uint32_t at = i * 24;
                put32(at, 600), put32(at + 4, 5);
                put32(at + 8, 1), put32(at + 12, 512), put32(at + 16, 2);
                put32(at + 20, i < 7 ? 'x' : 0xdddd);
        }
        put32(512, 600), put32(516, 4), put32(520, 601), put32(524, 3);
        memcpy((char *)words + 600, "hello", 5);
        assert_int_equal(record->abi_size, 24);
        refuse(t, types_list(t, record), SLOTS(0, 8), "f: parameter 2: 0xdddd is no Unicode character");
        put32(7 * 24 + 20, 'x');
        ((char *)words)[604] = (char)0x80;
        refuse(t, types_list(t, record), SLOTS(0, 8), "f: parameter 2: a string of 5 bytes that is not UTF-8");
        types_free(t);
}

TEST(bad_results_leave_ret_alone)
{
        struct types *t = types_new();
        const struct ward_type *type = types_record(t, 2, LIST_OF(types_string(t), types_char(t)));
        const struct ward_func *func = types_func(t, 0, NULL, type);
        struct marshal_memory memory = memory_of(BYTES);
        struct ward_fault fault;
        char ret[24], before[24];
        uint64_t budget = PLENTY, slots[1] = { BYTES - 8 };
        assert_int_equal(type->size, sizeof ret);
        memset(ret, 0x5a, sizeof ret);
        memcpy(before, ret, sizeof ret);
        assert_int_equal(marshal_lift_result(func, slots, &memory, &budget, ret, &fault), -WARD_FAULT_PROTOCOL);
        assert_string_equal(fault.text,
                            "f: the result: a record of 12 bytes at offset 8184 reaches past the end of memory (8192 bytes)");
        slots[0] = 2;
        assert_int_equal(marshal_lift_result(func, slots, &memory, &budget, ret, &fault), -WARD_FAULT_PROTOCOL);
        assert_string_equal(fault.text, "f: the result: a record at offset 2, which is not a multiple of 4");
        slots[0] = 0;
        put32(0, 64), put32(4, 1), put32(8, 0xdc00);
        put32(64, 'y');
        assert_int_equal(marshal_lift_result(func, slots, &memory, &budget, ret, &fault), -WARD_FAULT_PROTOCOL);
        assert_string_equal(fault.text, "f: the result: 0xdc00 is no Unicode character");
        assert_memory_equal(ret, before, sizeof ret);
        types_free(t);
}

TEST(bad_spilled_parameters)
{
        struct types *t = types_new();
        const struct ward_type *members[20];
        for (int i = 0; i < 20; i++)
                members[i] = types_int(t, 8, false);
        const struct ward_func *func = types_func(t, 20, members, NULL);
        struct marshal_memory memory = memory_of(BYTES);
        struct ward_fault fault;
        uint64_t args[20], budget = 0, slots[1] = { 12 };
        assert_int_equal(marshal_lift_params(func, slots, &memory, &budget, args, &fault), -WARD_FAULT_PROTOCOL);
        assert_string_equal(fault.text, "f: the parameters: a record at offset 12, which is not a multiple of 8");
        slots[0] = BYTES - 152;
        assert_int_equal(marshal_lift_params(func, slots, &memory, &budget, args, &fault), -WARD_FAULT_PROTOCOL);
        assert_string_equal(fault.text,
                            "f: the parameters: a record of 160 bytes at offset 8040 reaches past the end of memory (8192 bytes)");
        slots[0] = BYTES - 160;
        assert_int_equal(marshal_lift_params(func, slots, &memory, &budget, args, &fault), 0);
        types_free(t);
}

TEST(an_empty_memory_holds_only_what_is_empty)
{
        struct types *t = types_new();
        const struct ward_func *func = types_func(t, 1, LIST_OF(types_string(t)), NULL);
        struct marshal_memory none = { 0 };
        struct block args;
        uint64_t budget = 0;
        assert_int_equal(marshal_lift_params(func, SLOTS(0, 0), &none, &budget, &args, NULL), 0);
        assert_int_equal(marshal_lift_params(func, SLOTS(1, 0), &none, &budget, &args, NULL), -WARD_FAULT_PROTOCOL);
        assert_int_equal(marshal_lift_params(func, SLOTS(0, 1), &none, &budget, &args, NULL), -WARD_FAULT_PROTOCOL);
        types_free(t);
}

/* --- Amplification ---------------------------------------------------------------------------- */

/* Each list is the whole memory, and each element of it the whole memory again. */
TEST(nested_lists_that_share_bytes_stop_at_the_budget)
{
        struct types *t = types_new();
        const struct ward_type *type = types_int(t, 1, false);
        for (int i = 0; i < 6; i++)
                type = types_list(t, type);
        for (uint32_t i = 0; i < WORDS; i++)
                put32(i * 8, 0), put32(i * 8 + 4, WORDS);
        const struct ward_func *func = types_func(t, 1, LIST_OF(type), NULL);
        struct marshal_memory memory = memory_of(BYTES);
        struct ward_fault fault;
        struct block args;
        uint64_t budget = PLENTY;
        assert_int_equal(marshal_lift_params(func, SLOTS(0, WORDS), &memory, &budget, &args, &fault), -WARD_FAULT_LIMIT);
        assert_int_equal(fault.kind, WARD_FAULT_LIMIT);
        assert_true(budget < 16 * WORDS + 16);
        types_free(t);
}

TEST(elements_without_bytes_are_bounded)
{
        struct types *t = types_new();
        const struct ward_type *type = types_list(t, types_record(t, 0, NULL));
        refuse(t, type, SLOTS(0, 0x10000000),
               "f: parameter 2: a list of 268435456 elements of 0 bytes; at most 268435455 bytes are allowed");
        refuse(t, type, SLOTS(BYTES + 1, 1),
               "f: parameter 2: a list of 1 elements of 0 bytes at offset 8193 reaches past the end of memory (8192 bytes)");
        refuse_budget(t, type, SLOTS(0, BYTES), BYTES, WARD_FAULT_LIMIT,
                      "f: parameter 2: 8192 bytes more would exceed what the values of one call may take (8192 bytes left)");
        types_free(t);
}

TEST(the_budget_is_a_limit)
{
        struct types *t = types_new();
        const struct ward_func *func = types_func(t, 1, LIST_OF(types_string(t)), NULL);
        struct marshal_memory memory = memory_of(BYTES);
        struct block args;
        memset(words, 'a', sizeof words);
        uint64_t budget = 2 * (1000 + 16);
        for (int i = 0; i < 2; i++) {
                assert_int_equal(marshal_lift_params(func, SLOTS(0, 1000), &memory, &budget, &args, NULL), 0);
                ward_value_free(func->params, &args);
        }
        assert_int_equal(budget, 0);
        assert_int_equal(marshal_lift_params(func, SLOTS(0, 1), &memory, &budget, &args, NULL), -WARD_FAULT_LIMIT);
        assert_int_equal(marshal_lift_params(func, SLOTS(0, 0), &memory, &budget, &args, NULL), 0);
        types_free(t);
}

/* --- Random damage ---------------------------------------------------------------------------- */

static int lift_and_check(const struct ward_func *func, const uint64_t *slots, const struct marshal_memory *memory)
{
        OWNED(freep) char *args = malloc(func->params->size + 1);
        uint64_t budget = PLENTY;
        int r = marshal_lift_params(func, slots, memory, &budget, args, NULL);
        if (!r) {
                assert_true(value_is_well_formed(func->params, args));
                ward_value_free(func->params, args);
        }
        assert_true(!r || r == -WARD_FAULT_PROTOCOL || r == -WARD_FAULT_LIMIT);
        return r;
}

static void damage(uint64_t *seed, void *bytes, size_t len)
{
        static const uint8_t likely[] = { 0, 1, 0x7f, 0x80, 0xff };
        if (!len)
                return;
        uint8_t *at = (uint8_t *)bytes + random_below(seed, (uint32_t)len);
        *at = random_below(seed, 2) ? likely[random_below(seed, sizeof likely)] : (uint8_t)random_next(seed);
}

TEST(random_damage_is_refused_or_harmless)
{
        unsigned refused = 0, accepted = 0;
        for (uint64_t number = 1; number <= 1500; number++) {
                uint64_t seed = number * 0x9e3779b97f4a7c15u, slots[WARD_FLAT_MAX] = { 0 };
                struct types *t = types_new();
                const struct ward_func *func = types_func(t, 2, LIST_OF(random_type(t, &seed, 4), random_type(t, &seed, 4)), NULL);
                void *args = calloc(1, func->params->size + 1);
                random_value(func->params, &seed, args);
                struct test_memory memory;
                test_memory_init(&memory, 0);
                assert_int_equal(marshal_lower_params(func, args, slots, &memory.memory, NULL), 0);
                for (int i = 0; i < 20; i++) {
                        if (random_below(&seed, 4))
                                damage(&seed, memory.memory.base, memory.memory.size);
                        else
                                damage(&seed, slots, sizeof slots);
                        int r = lift_and_check(func, slots, &memory.memory);
                        refused += r < 0;
                        accepted += !r;
                }
                test_memory_finish(&memory);
                ward_value_free(func->params, args);
                free(args);
                types_free(t);
        }
        assert_true(refused > 1000 && accepted > 1000);
}

/* --- A memory that changes while it is read --------------------------------------------------- */

struct scribbler {
        uint8_t *bytes;
        size_t len;
        _Atomic bool stop;
};

static void *scribble(void *data)
{
        struct scribbler *s = data;
        uint64_t seed = 12345;
        while (!atomic_load_explicit(&s->stop, memory_order_relaxed)) {
                size_t at = random_below(&seed, (uint32_t)s->len / 4) * 4;
                uint32_t value = random_below(&seed, 3) ? random_below(&seed, (uint32_t)s->len) : (uint32_t)random_next(&seed);
                *(volatile uint32_t *)(void *)(s->bytes + at) = value;
        }
        return NULL;
}

TEST(memory_that_changes_while_it_is_lifted)
{
#ifdef __SANITIZE_THREAD__
        harness_skip("a data race is what this is about");
#endif
        enum { LEN = 512 };
        struct types *t = types_new();
        const struct ward_type *leaf = types_variant(t, 3, LIST_OF(types_string(t), types_char(t), NULL));
        const struct ward_type *list = types_list(t, types_list(t, leaf));
        const struct ward_func *func = types_func(t, 2, LIST_OF(list, types_string(t)), NULL);
        struct scribbler s = { .bytes = calloc(1, LEN), .len = LEN };
        struct marshal_memory memory = { .base = s.bytes, .size = LEN };
        pthread_t thread;
        unsigned accepted = 0;
        pthread_create(&thread, NULL, scribble, &s);
        for (int i = 0; i < 100000; i++)
                accepted += !lift_and_check(func, SLOTS(8 * ((unsigned)i % 32), 1, 0, (unsigned)i % 3), &memory);
        atomic_store(&s.stop, true);
        pthread_join(thread, NULL);
        assert_true(accepted > 0);
        free(s.bytes);
        types_free(t);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(bad_strings), TEST_CASE(bad_lists), TEST_CASE(bad_scalars_and_cases),
                         TEST_CASE(a_late_fault_frees_what_was_made), TEST_CASE(bad_results_leave_ret_alone),
                         TEST_CASE(bad_spilled_parameters), TEST_CASE(an_empty_memory_holds_only_what_is_empty),
                         TEST_CASE(nested_lists_that_share_bytes_stop_at_the_budget), TEST_CASE(elements_without_bytes_are_bounded),
                         TEST_CASE(the_budget_is_a_limit), TEST_CASE(random_damage_is_refused_or_harmless),
                         TEST_CASE(memory_that_changes_while_it_is_lifted));
}
