/* Lifting from slots and memory that lie. */
#include "marshal/marshal.h"

#include <sys/mman.h>
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

/* @type lifted from memory of UTF-16. */
static void refuse16(struct types *t, const struct ward_type *type, const uint64_t *slots, const char *text)
{
        const struct ward_func *func = types_func(t, 1, &type, NULL);
        struct marshal_memory memory = memory_of(BYTES);
        struct ward_fault fault = { 0 };
        uint64_t budget = PLENTY;
        OWNED(freep) void *args = malloc(type->size);
        memory.encoding = MARSHAL_UTF16;
        assert_int_equal(marshal_lift_params(func, slots, &memory, &budget, args, &fault), -WARD_FAULT_PROTOCOL);
        assert_string_equal(fault.text, text);
}

TEST(bad_strings_of_utf16)
{
        struct types *t = types_new();
        const struct ward_type *type = types_string(t);
        refuse16(t, type, SLOTS(1, 1), "f: parameter 1: a string at offset 1, which is not a multiple of 2");
        refuse16(t, type, SLOTS(3, 0), "f: parameter 1: a string at offset 3, which is not a multiple of 2");
        refuse16(t, type, SLOTS(BYTES - 2, 2),
                 "f: parameter 1: a string of 4 bytes at offset 8190 reaches past the end of memory (8192 bytes)");
        refuse16(t, type, SLOTS(BYTES + 2, 0),
                 "f: parameter 1: a string of 0 bytes at offset 8194 reaches past the end of memory (8192 bytes)");
        refuse16(t, type, SLOTS(0, 1 << 27), "f: parameter 1: a string of 268435456 bytes; at most 268435455 are allowed");
        refuse16(t, type, SLOTS(0, 0xffffffff), "f: parameter 1: a string of 8589934590 bytes; at most 268435455 are allowed");
        refuse16(t, type, SLOTS(0, 0x80000004), "f: parameter 1: a string of 4294967304 bytes; at most 268435455 are allowed");
        put32(0, 0x0061d83d); /* half of a pair */
        refuse16(t, type, SLOTS(0, 2), "f: parameter 1: a string of 4 bytes that is not UTF-16");
        refuse16(t, types_string16(t), SLOTS(0, 2), "f: parameter 1: a string of 4 bytes that is not UTF-16");
        put32(0, 0x0000dc00);
        refuse16(t, types_string16(t), SLOTS(0, 1), "f: parameter 1: a string of 2 bytes that is not UTF-16");
        types_free(t);
}

TEST(bad_handles)
{
        struct types *t = types_new();
        const struct ward_type *own = types_handle(t, WARD_TYPE_OWN, &test_resource, 8);
        const struct ward_type *pair = types_record(t, 2, LIST_OF(types_string(t), own));
        const struct ward_func *func = types_func(t, 1, LIST_OF(types_list(t, pair)), own);
        struct marshal_memory memory = memory_of(BYTES);
        struct test_handles handles;
        struct ward_fault fault = { 0 };
        struct block args;
        uint64_t budget = PLENTY, ret = 5;
        test_handles_init(&handles);
        put32(0, 64), put32(4, 1), put32(8, 1), put32(12, 64), put32(16, 1), put32(20, HANDLES_MAX);
        put32(64, 'x');
        assert_int_equal(marshal_lift_params(func, SLOTS(0, 2), &memory, &budget, &args, &fault), -WARD_FAULT_USAGE);
        assert_string_equal(fault.text, "f: parameter 1: a handle of t:t/t#r, and no table to look it up in");
        memory.handles = &handles.handles;
        assert_int_equal(marshal_lift_params(func, SLOTS(0, 2), &memory, &budget, &args, &fault), -WARD_FAULT_PROTOCOL);
        assert_string_equal(fault.text, "f: parameter 1: 65536 is no handle of t:t/t#r");
        assert_int_equal(handles.lifted, 1);
        assert_int_equal(marshal_lift_result(func, SLOTS(0xffffffff), &memory, &budget, &ret, &fault), -WARD_FAULT_PROTOCOL);
        assert_string_equal(fault.text, "f: the result: 4294967295 is no handle of t:t/t#r");
        assert_int_equal(ret, 5);
        assert_int_equal(marshal_lift_result(func, SLOTS(0x1200000007), &memory, &budget, &ret, &fault), 0);
        assert_int_equal(ret, handle_form(own, 7)); /* what lies above an i32 is not looked at */
        types_free(t);
}

/* A table that says more than a fault's text can hold, in characters of several bytes. */
static int refuse_at_length(void *context, const struct ward_type *type, uint32_t number, void *to, struct ward_fault *fault)
{
        char text[WARD_FAULT_TEXT_MAX];
        for (size_t i = 0; i + 2 < sizeof text; i += 2)
                memcpy(text + i, "\xc3\xbc", 3);
        fault_set(fault, WARD_FAULT_PROTOCOL, "%s", text);
        strcpy(fault->domain, "here");
        return -WARD_FAULT_PROTOCOL;
}

TEST(long_texts_about_handles_are_cut)
{
        struct types *t = types_new();
        const struct ward_type *borrow = types_handle(t, WARD_TYPE_BORROW, &test_resource, 4);
        const struct ward_func *func = types_func(t, 1, &borrow, NULL);
        const struct marshal_handles handles = { NULL, refuse_at_length, NULL };
        struct marshal_memory memory = { .handles = &handles };
        struct ward_fault fault = { 0 };
        uint64_t budget = 0, args;
        assert_int_equal(marshal_lift_params(func, SLOTS(1), &memory, &budget, &args, &fault), -WARD_FAULT_PROTOCOL);
        assert_memory_equal(fault.text, "f: parameter 1: \xc3\xbc", 18);
        assert_true(text_is_utf8(fault.text, strlen(fault.text)));
        assert_string_equal(fault.domain, "here");
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

/* A page that is not there, before one that is. */
static struct marshal_memory memory_without_its_first_page(void)
{
        enum { PAGE = 4096, PAGES = 16 };
        uint8_t *base = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        assert_true(base != MAP_FAILED);
        assert_int_equal(mprotect(base, PAGE, PROT_NONE), 0);
        return (struct marshal_memory){ .base = base, .size = PAGES * PAGE, .low = PAGE };
}

TEST(nothing_lies_below_the_low_bound)
{
        struct types *t = types_new();
        const struct ward_type *text = types_string(t), *pair = types_record(t, 2, LIST_OF(text, text));
        const struct ward_func *func = types_func(t, 1, LIST_OF(text), pair),
                               *list = types_func(t, 1, LIST_OF(types_list(t, pair)), NULL);
        struct marshal_memory memory = memory_without_its_first_page();
        struct block args[2];
        struct ward_fault fault;
        uint64_t budget = PLENTY;
        assert_int_equal(marshal_lift_params(func, SLOTS(16, 4), &memory, &budget, args, &fault), -WARD_FAULT_PROTOCOL);
        assert_string_equal(fault.text, "f: parameter 1: a string at offset 16, where only a null pointer leads");
        assert_int_equal(marshal_lift_params(func, SLOTS(4095, 4), &memory, &budget, args, NULL), -WARD_FAULT_PROTOCOL);
        assert_int_equal(marshal_lift_params(func, SLOTS(16, 0), &memory, &budget, args, NULL), 0);
        assert_int_equal(marshal_lift_params(func, SLOTS(4096, 4), &memory, &budget, args, NULL), 0);
        ward_value_free(func->params, args);
        assert_int_equal(marshal_lift_params(list, SLOTS(4, 1), &memory, &budget, args, &fault), -WARD_FAULT_PROTOCOL);
        assert_string_equal(fault.text, "f: parameter 1: a list at offset 4, where only a null pointer leads");
        assert_int_equal(marshal_lift_result(func, SLOTS(8), &memory, &budget, args, &fault), -WARD_FAULT_PROTOCOL);
        assert_string_equal(fault.text, "f: the result: a record at offset 8, where only a null pointer leads");
        memset(args, 0, sizeof args);
        assert_int_equal(marshal_store_result(func, args, 8, &memory, &fault), -WARD_FAULT_PROTOCOL);
        assert_string_equal(fault.text, "f: the result: the room for it is at offset 8, where only a null pointer leads");
        munmap(memory.base, memory.size);
        types_free(t);
}

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

/* Wherever the values are said to be. */
TEST(nothing_is_read_below_the_low_bound)
{
        struct marshal_memory memory = memory_without_its_first_page();
        struct test_handles handles;
        unsigned refused = 0;
        test_handles_init(&handles);
        memory.handles = &handles.handles;
        for (uint64_t seed = 1; seed <= 2000; seed++) {
                uint64_t own = seed * 0x9e3779b97f4a7c15u, slots[WARD_FLAT_MAX];
                struct types *t = types_new();
                const struct ward_func *func = random_func(t, &own, 4);
                for (uint64_t i = memory.low; i < memory.size; i += 4) {
                        uint32_t word = random_below(&own, 2) ? random_below(&own, 8192) & ~7u : random_below(&own, 4);
                        memcpy(memory.base + i, &word, sizeof word);
                }
                for (int i = 0; i < WARD_FLAT_MAX; i++)
                        slots[i] = random_below(&own, 2) ? random_below(&own, 8192) & ~7u : random_below(&own, 3);
                refused += lift_and_check(func, slots, &memory) == -WARD_FAULT_PROTOCOL;
                types_free(t);
        }
        assert_true(refused > 200);
        munmap(memory.base, memory.size);
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

/* A view trusts what it points at, but points nowhere else. */
static void view_and_finish(const struct ward_func *func, const uint64_t *slots, const struct marshal_memory *memory)
{
        OWNED(freep) char *args = malloc(func->params->size + 1);
        struct marshal_scratch scratch = { .blocks = NULL };
        int r = marshal_view_params(func, slots, memory, &scratch, args, NULL);
        assert_true(!r || r == -WARD_FAULT_PROTOCOL);
        marshal_scratch_finish(&scratch);
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
                const struct ward_func *func = random_func(t, &seed, 4);
                void *args = random_new(func->params, &seed);
                struct test_memory memory;
                test_memory_init(&memory, 0);
                memory.memory.encoding = random_below(&seed, 2) ? MARSHAL_UTF16 : MARSHAL_UTF8;
                assert_int_equal(marshal_lower_params(func, args, slots, &memory.memory, NULL), 0);
                for (int i = 0; i < 20; i++) {
                        if (random_below(&seed, 4))
                                damage(&seed, memory.memory.base, memory.memory.size);
                        else
                                damage(&seed, slots, sizeof slots);
                        int r = lift_and_check(func, slots, &memory.memory);
                        refused += r < 0;
                        accepted += !r;
                        if (func->params->abi_size < 10000)
                                view_and_finish(func, slots, &memory.memory);
                }
                test_memory_finish(&memory);
                value_free(func->params, args);
                types_free(t);
        }
        assert_true(refused > 1000 && accepted > 1000);
}

/* --- A memory that changes while it is read --------------------------------------------------- */

/* Slots and the memory behind them, and as they were: now and then a word of it is right again. */
struct scribbler {
        uint32_t *words, *good;
        uint32_t n;
        _Atomic bool stop;
        _Atomic unsigned written;
};

static void *scribble(void *data)
{
        struct scribbler *s = data;
        uint64_t seed = 12345;
        while (!atomic_load_explicit(&s->stop, memory_order_relaxed)) {
                uint32_t at = random_below(&seed, s->n), value = s->good[at];
                switch (random_below(&seed, 5)) {
                case 0:
                        value = (uint32_t)random_next(&seed);
                        break;
                case 1:
                        value = random_below(&seed, 4 * s->n);
                        break;
                case 2:
                        value ^= 1u << random_below(&seed, 32);
                        break;
                default:
                        break;
                }
                *(volatile uint32_t *)(s->words + at) = value;
                atomic_fetch_add_explicit(&s->written, 1, memory_order_relaxed);
        }
        return NULL;
}

static struct scribbler scribbler_of(const uint64_t *slots, const struct marshal_memory *memory)
{
        size_t slots_size = WARD_FLAT_MAX * sizeof *slots, len = slots_size + (memory->size + 3) / 4 * 4;
        struct scribbler s = { malloc(len), calloc(1, len), (uint32_t)(len / 4), false, 0 };
        memcpy(s.good, slots, slots_size);
        if (memory->size)
                memcpy((uint8_t *)s.good + slots_size, memory->base, memory->size);
        memcpy(s.words, s.good, len);
        return s;
}

/* Lifts a value of @func many times, while a thread writes over it. Returns how often there was a value. */
static unsigned lift_while_it_changes(const struct ward_func *func, uint64_t *seed)
{
        uint64_t slots[WARD_FLAT_MAX] = { 0 };
        struct test_memory m;
        pthread_t thread;
        unsigned accepted = 0;
        void *args = random_new(func->params, seed);
        test_memory_init(&m, 0);
        m.memory.encoding = random_below(seed, 2) ? MARSHAL_UTF16 : MARSHAL_UTF8;
        assert_int_equal(marshal_lower_params(func, args, slots, &m.memory, NULL), 0);
        struct scribbler s = scribbler_of(slots, &m.memory);
        struct marshal_memory changing = m.memory;
        changing.base = (uint8_t *)s.words + sizeof slots;
        pthread_create(&thread, NULL, scribble, &s);
        for (int i = 0; i < 1000 || atomic_load(&s.written) < 5000; i++)
                accepted += !lift_and_check(func, (uint64_t *)(void *)s.words, &changing);
        atomic_store(&s.stop, true);
        pthread_join(thread, NULL);
        free(s.words);
        free(s.good);
        test_memory_finish(&m);
        value_free(func->params, args);
        return accepted;
}

TEST(memory_that_changes_while_it_is_lifted)
{
#ifdef __SANITIZE_THREAD__
        harness_skip("a data race is what this is about");
#endif
        unsigned accepted = 0;
        for (uint64_t number = 1; number <= 100; number++) {
                uint64_t seed = number * 0x9e3779b97f4a7c15u;
                struct types *t = types_new();
                accepted += lift_while_it_changes(random_func(t, &seed, 3), &seed);
                types_free(t);
        }
        assert_true(accepted > 0);
}

/* Nothing but strings and lists, in a memory so small that they often hit. */
TEST(a_small_memory_that_changes_while_it_is_lifted)
{
#ifdef __SANITIZE_THREAD__
        harness_skip("a data race is what this is about");
#endif
        struct types *t = types_new();
        const struct ward_type *leaf = types_variant(t, 4, LIST_OF(types_string(t), types_char(t), NULL, types_string16(t)));
        const struct ward_type *list = types_list(t, types_list(t, leaf)), *flags = types_flags(t, 45);
        const struct ward_type *handles = types_list(t, types_handle(t, WARD_TYPE_OWN, &test_resource, 8));
        const struct ward_func *func = types_func(t, 4, LIST_OF(list, types_array(t, types_string(t), 2), flags, handles), NULL);
        unsigned accepted = 0;
        for (uint64_t seed = 1; seed <= 50; seed++) {
                uint64_t own = seed;
                accepted += lift_while_it_changes(func, &own);
        }
        assert_true(accepted > 0);
        types_free(t);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(bad_strings), TEST_CASE(bad_lists), TEST_CASE(bad_scalars_and_cases),
                         TEST_CASE(bad_strings_of_utf16), TEST_CASE(bad_handles), TEST_CASE(long_texts_about_handles_are_cut),
                         TEST_CASE(a_late_fault_frees_what_was_made), TEST_CASE(bad_results_leave_ret_alone),
                         TEST_CASE(bad_spilled_parameters), TEST_CASE(an_empty_memory_holds_only_what_is_empty),
                         TEST_CASE(nothing_lies_below_the_low_bound), TEST_CASE(nothing_is_read_below_the_low_bound),
                         TEST_CASE(nested_lists_that_share_bytes_stop_at_the_budget), TEST_CASE(elements_without_bytes_are_bounded),
                         TEST_CASE(the_budget_is_a_limit), TEST_CASE(random_damage_is_refused_or_harmless),
                         TEST_CASE(memory_that_changes_while_it_is_lifted),
                         TEST_CASE(a_small_memory_that_changes_while_it_is_lifted));
}
