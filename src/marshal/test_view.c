/* Views and copies: what is pointed at, what is made, and what is refused. */
#include "marshal/marshal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/own.h"
#include "marshal/layout.h"
#include "marshal/test_types.h"
#include "marshal/test_values.h"
#include "test/harness/harness.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ADDRESS_SANITIZER 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define ADDRESS_SANITIZER 1
#endif

#define LIST_OF(...) ((const struct ward_type *const[]){ __VA_ARGS__ })

#define MEMORY(name, size)                                                                                                         \
        OWNED(test_memory_finish) struct test_memory name;                                                                         \
        test_memory_init(&name, size)

/* --- Views ------------------------------------------------------------------------------------ */

static bool lies_in(const struct test_memory *m, const void *at)
{
        const uint8_t *byte = at;
        return byte >= m->memory.base && byte < m->memory.base + m->memory.size;
}

TEST(what_has_the_same_form_is_read_in_place)
{
        struct types *t = types_new();
        const struct ward_type *u32 = types_int(t, 4, false), *pair = types_record(t, 2, LIST_OF(u32, types_float(t, 4)));
        const struct ward_type *string = types_string(t), *flag = types_bool(t);
        const struct ward_func *func = types_func(
                t, 5, LIST_OF(string, types_list(t, u32), types_list(t, pair), types_list(t, flag), types_list(t, string)), NULL);
        uint32_t numbers[] = { 1, 2, 3, 4 };
        bool flags[] = { true, false };
        struct block words[] = { { (void *)"one", 3 }, { NULL, 0 }, { (void *)"three", 5 } };
        struct block args[] = { { (void *)"hello", 5 }, { numbers, 4 }, { numbers, 2 }, { flags, 2 }, { words, 3 } }, view[5];
        struct marshal_scratch scratch = { .blocks = NULL };
        uint64_t slots[WARD_FLAT_MAX];
        MEMORY(m, 0);
        assert_int_equal(marshal_lower_params(func, args, slots, &m.memory, NULL), 0);
        assert_int_equal(marshal_view_params(func, slots, &m.memory, &scratch, view, NULL), 0);
        assert_true(values_equal(func->params, args, func->params, view));
        for (int i = 0; i < 3; i++)
                assert_ptr_equal(view[i].ptr, m.memory.base + slots[2 * i]);
        assert_false(lies_in(&m, view[3].ptr) || lies_in(&m, view[4].ptr));
        const struct block *seen = view[4].ptr;
        assert_true(lies_in(&m, seen[0].ptr) && lies_in(&m, seen[2].ptr));
        assert_null(seen[1].ptr);
        assert_null(scratch.blocks); /* all of it was small */
        marshal_scratch_finish(&scratch);
        types_free(t);
}

TEST(text_is_read_in_place_where_the_encodings_agree)
{
        struct types *t = types_new();
        const struct ward_func *func = types_func(t, 2, LIST_OF(types_string(t), types_string16(t)), NULL);
        static const uint16_t sixteen[] = { 'h', 0xfc };
        struct block args[] = { { (void *)"h\xc3\xbc", 3 }, { (void *)sixteen, 2 } }, view[2];
        for (int encoding = MARSHAL_UTF8; encoding <= MARSHAL_UTF16; encoding++) {
                struct marshal_scratch scratch = { .blocks = NULL };
                uint64_t slots[WARD_FLAT_MAX];
                MEMORY(m, 0);
                m.memory.encoding = (enum marshal_encoding)encoding;
                assert_int_equal(marshal_lower_params(func, args, slots, &m.memory, NULL), 0);
                assert_int_equal(marshal_view_params(func, slots, &m.memory, &scratch, view, NULL), 0);
                assert_true(values_equal(func->params, args, func->params, view));
                assert_true(lies_in(&m, view[encoding].ptr) && !lies_in(&m, view[1 - encoding].ptr));
                marshal_scratch_finish(&scratch);
        }
        types_free(t);
}

/* Lists of over 32 flags lie at multiples of 4 in memory, and of 8 in C. */
TEST(what_is_aligned_otherwise_is_not_read_in_place)
{
        struct types *t = types_new();
        const struct ward_func *func = types_func(t, 1, LIST_OF(types_list(t, types_flags(t, 64))), NULL);
        uint64_t flags[] = { UINT64_MAX, 1 };
        struct block args = { flags, 2 }, view;
        struct marshal_scratch scratch = { .blocks = NULL };
        uint64_t slots[WARD_FLAT_MAX];
        MEMORY(m, 4);
        m.used = 4;
        assert_int_equal(marshal_lower_params(func, &args, slots, &m.memory, NULL), 0);
        assert_int_equal(slots[0], 4);
        assert_int_equal(marshal_view_params(func, slots, &m.memory, &scratch, &view, NULL), 0);
        assert_int_equal((uintptr_t)view.ptr % 8, 0);
        assert_memory_equal(view.ptr, flags, sizeof flags);
        marshal_scratch_finish(&scratch);
        types_free(t);
}

TEST(much_of_it_takes_memory)
{
        enum { N = 10000 };
        struct types *t = types_new();
        const struct ward_type *flags = types_list(t, types_bool(t));
        const struct ward_func *func = types_func(t, 2, LIST_OF(flags, types_list(t, flags)), NULL);
        bool *many = calloc(N, sizeof *many);
        struct block *lists = calloc(N, sizeof *lists);
        for (int i = 0; i < N; i++) {
                many[i] = i % 3;
                lists[i] = (struct block){ many, (size_t)i % 50 };
        }
        struct block args[] = { { many, N }, { lists, N } }, view[2];
        struct marshal_scratch scratch = { .blocks = NULL };
        uint64_t slots[WARD_FLAT_MAX];
        struct marshal_memory memory = { .base = NULL };
        OWNED(test_memory_finish) struct test_memory m;
        test_memory_init(&m, 0);
        args[1].len = 300; /* this memory moves at every block */
        assert_int_equal(marshal_lower_params(func, args, slots, &m.memory, NULL), 0);
        memory = m.memory;
        for (int i = 0; i < 2; i++) { /* what was finished can be used again */
                assert_int_equal(marshal_view_params(func, slots, &memory, &scratch, view, NULL), 0);
                assert_true(values_equal(func->params, args, func->params, view));
                assert_non_null(scratch.blocks);
                marshal_scratch_finish(&scratch);
                assert_true(!scratch.blocks && !scratch.used);
        }
        free(lists);
        free(many);
        types_free(t);
}

/* The memory is trusted, but offsets are still checked, and what was made until then is freed. */
TEST(views_stay_in_bounds)
{
        struct types *t = types_new();
        const struct ward_func *func = types_func(t, 2, LIST_OF(types_list(t, types_bool(t)), types_string(t)), NULL);
        static uint8_t bytes[4096];
        const struct marshal_memory memory = { .base = bytes, .size = sizeof bytes };
        struct marshal_scratch scratch = { .blocks = NULL };
        struct ward_fault fault;
        struct block view[2];
        const uint64_t slots[] = { 0, 4096, 4000, 97 };
        assert_int_equal(marshal_view_params(func, slots, &memory, &scratch, view, &fault), -WARD_FAULT_PROTOCOL);
        assert_string_equal(fault.text,
                            "f: parameter 2: a string of 97 bytes at offset 4000 reaches past the end of memory (4096 bytes)");
        assert_non_null(scratch.blocks);
        marshal_scratch_finish(&scratch);
        types_free(t);
}

/* --- Copies ----------------------------------------------------------------------------------- */

static void refuse_copy(const struct ward_type *from_type, const void *from, const struct ward_type *to_type, int kind,
                        const char *text)
{
        OWNED(freep) void *to = value_new(to_type);
        struct ward_fault fault;
        assert_int_equal(marshal_copy(from_type, from, NULL, to_type, to, NULL, &fault), -kind);
        assert_string_equal(fault.text, text);
        assert_int_equal(marshal_copy(from_type, from, NULL, to_type, to, NULL, NULL), -kind);
}

TEST(copies_refuse_what_is_no_value)
{
        struct types *t = types_new();
        const struct ward_type *eight = types_string(t), *sixteen = types_string16(t);
        const struct ward_type *own = types_handle(t, WARD_TYPE_OWN, &test_resource, 4);
        const struct ward_type *pair = types_record(t, 2, LIST_OF(eight, sixteen)), *other = types_other_side(t, pair);
        const struct ward_type *choice = types_option(t, eight);
        static const uint16_t half[] = { 0xdc00 };
        struct block texts[] = { { (void *)"good", 4 }, { (void *)half, 1 } };
        uint64_t option[3] = { 2 };
        refuse_copy(pair, texts, other, WARD_FAULT_USAGE, "a string of 2 bytes that is not UTF-16");
        texts[0] = (struct block){ (void *)"a\x80", 2 };
        refuse_copy(pair, texts, other, WARD_FAULT_USAGE, "a string of 2 bytes that is not UTF-8");
        texts[0].ptr = NULL;
        refuse_copy(pair, texts, other, WARD_FAULT_USAGE, "a string of 2 bytes at NULL");
        refuse_copy(types_list(t, own), texts, types_list(t, own), WARD_FAULT_USAGE, "a list of 2 elements at NULL");
        refuse_copy(choice, option, choice, WARD_FAULT_USAGE, "there is no case 2 in a type of 2 cases");
        refuse_copy(own, "\0\0\0", own, WARD_FAULT_USAGE, "a handle of t:t/t#r, and no table to look it up in");
        types_free(t);
}

/* A record without fields is a byte in C++: the same record has its members elsewhere there, even where it is of the same size. */
TEST(copies_find_members_where_they_are)
{
        struct types *t = types_new();
        const struct ward_type *u8 = types_int(t, 1, false), *u32 = types_int(t, 4, false);
        const struct ward_type *from = types_record(t, 4, LIST_OF(u8, types_empty(t, 0), u8, u32));
        const struct ward_type *to = types_other_side(t, from);
        uint8_t value[2][8] = { { 1, 2, [4] = 3 }, { 4, 5, [4] = 6 } };
        const uint8_t expected[] = { 1, 0, 2, 0, 3, 0, 0, 0, 4, 0, 5, 0, 6, 0, 0, 0 };
        struct block list = { value, 2 }, copy;
        assert_true(from->size == 8 && to->size == 8);
        assert_int_equal(marshal_copy(types_list(t, from), &list, NULL, types_list(t, to), &copy, NULL, NULL), 0);
        for (int i = 0; i < 16; i += 8) {
                const uint8_t *item = (uint8_t *)copy.ptr + i;
                assert_true(item[0] == expected[i] && item[2] == expected[i + 2] && item[4] == expected[i + 4]);
        }
        ward_value_free(types_list(t, to), &copy);
        types_free(t);
}

TEST(plain_lists_are_copied_whole)
{
        enum { N = 100000 };
        struct types *t = types_new();
        const struct ward_type *point = types_record(t, 2, LIST_OF(types_float(t, 8), types_int(t, 8, true)));
        const struct ward_type *mixed = types_record(t, 3, LIST_OF(types_bool(t), types_char(t), types_flags(t, 50)));
        const struct ward_type *here = types_record(t, 2, LIST_OF(types_list(t, point), types_list(t, mixed)));
        const struct ward_type *there = types_other_side(t, here);
        uint64_t seed = 3;
        struct block args[2], copy[2];
        for (int i = 0; i < 2; i++) {
                const struct ward_type *element = i ? mixed : point;
                args[i] = (struct block){ calloc(N, element->size), N };
                for (size_t k = 0; k < N; k++)
                        random_value(element, &seed, (char *)args[i].ptr + k * element->size);
        }
        assert_int_equal(marshal_copy(here, args, NULL, there, copy, NULL, NULL), 0);
        assert_true(values_equal(here, args, there, copy));
        ward_value_free(here, args);
        ward_value_free(there, copy);
        types_free(t);
}

/* --- Without memory --------------------------------------------------------------------------- */

/* No large block more for this process, which is the test's own. */
static void take_no_more(void)
{
        unsigned long pages = 0;
        FILE *statm = fopen("/proc/self/statm", "re");
        assert_int_equal(fscanf(statm, "%lu", &pages), 1);
        fclose(statm);
        struct rlimit limit = { pages * 4096 + (16 << 20), RLIM_INFINITY };
        assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
}

TEST(no_memory_is_reported)
{
#ifdef ADDRESS_SANITIZER
        return; /* it takes address space as it likes */
#endif
        enum { LARGE = 200 << 20 };
        struct types *t = types_new();
        const struct ward_type *flags = types_list(t, types_bool(t));
        const struct ward_type *pair = types_record(t, 2, LIST_OF(flags, types_string(t)));
        const struct ward_func *func = types_func(t, 1, &pair, pair), *string = types_func(t, 1, LIST_OF(types_string(t)), NULL);
        const struct marshal_memory memory = { .base = calloc(1, LARGE), .size = LARGE };
        struct marshal_scratch scratch = { .blocks = NULL };
        struct block value[] = { { memory.base, 10 }, { memory.base, LARGE } }, to[2];
        struct ward_fault fault;
        uint64_t budget = UINT64_MAX, huge = 1;
        take_no_more();
        const uint64_t slots[] = { 0, 10, 0, LARGE }, all[] = { 0, LARGE, 0, 0 };
        assert_int_equal(marshal_lift_params(func, slots, &memory, &budget, to, &fault), -WARD_FAULT_SYSTEM);
        assert_string_equal(fault.text, "f: parameter 1: there is no memory for 209715200 bytes");
        assert_int_equal(marshal_view_params(func, all, &memory, &scratch, to, &fault), -WARD_FAULT_SYSTEM);
        assert_string_equal(fault.text, "f: parameter 1: there is no memory for 209715200 bytes");
        assert_int_equal(marshal_view_params(string, all, &memory, &scratch, to, &fault), 0);
        assert_int_equal(marshal_copy(pair, value, NULL, pair, to, NULL, &fault), -WARD_FAULT_SYSTEM);
        assert_string_equal(fault.text, "there is no memory to copy a value");
        const struct ward_func *large = types_func(t, 0, NULL, types_array(t, types_int(t, 1, false), LARGE));
        assert_int_equal(marshal_lift_result(large, &(uint64_t){ 0 }, &memory, &budget, &huge, &fault), -WARD_FAULT_SYSTEM);
        assert_string_equal(fault.text, "f: the result: there is no memory for 209715200 bytes");
        marshal_scratch_finish(&scratch);
        free(memory.base);
        types_free(t);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(what_has_the_same_form_is_read_in_place),
                         TEST_CASE(text_is_read_in_place_where_the_encodings_agree),
                         TEST_CASE(what_is_aligned_otherwise_is_not_read_in_place), TEST_CASE(much_of_it_takes_memory),
                         TEST_CASE(views_stay_in_bounds), TEST_CASE(copies_refuse_what_is_no_value),
                         TEST_CASE(copies_find_members_where_they_are), TEST_CASE(plain_lists_are_copied_whole),
                         TEST_CASE(no_memory_is_reported));
}
