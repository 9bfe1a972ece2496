/* Properties: what is lowered here and lifted, viewed or copied there is the same value, whatever its type. */
#include "marshal/marshal.h"

#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "marshal/layout.h"
#include "marshal/test_types.h"
#include "marshal/test_values.h"
#include "test/harness/harness.h"

#define LIST_OF(...) ((const struct ward_type *const[]){ __VA_ARGS__ })

enum { PLENTY = 1 << 28, RANDOM_VALUES = 2000, DEPTH = 4 };

/* One value of a function's parameters, and of its result, on its way: from @here to @there. */
struct trip {
        struct types *types;
        const struct ward_func *here, *there;
        struct test_memory m;
        uint64_t seed, number, slots[WARD_FLAT_MAX];
        void *args, *ret;
};

static void trip_start(struct trip *trip, uint64_t number)
{
        *trip = (struct trip){ .types = types_new(), .number = number, .seed = number * 0x9e3779b97f4a7c15u };
        trip->here = random_func(trip->types, &trip->seed, DEPTH);
        trip->there = random_below(&trip->seed, 2) ? trip->here : types_func_other_side(trip->types, trip->here);
        test_memory_init(&trip->m, 0);
        trip->m.memory.encoding = random_below(&trip->seed, 2) ? MARSHAL_UTF16 : MARSHAL_UTF8;
        trip->args = random_new(trip->here->params, &trip->seed);
        trip->ret = trip->here->result ? random_new(trip->here->result, &trip->seed) : NULL;
}

static void trip_end(struct trip *trip)
{
        value_free(trip->here->params, trip->args);
        if (trip->ret)
                value_free(trip->here->result, trip->ret);
        test_memory_finish(&trip->m);
        types_free(trip->types);
}

#define EACH_TRIP(trip)                                                                                                            \
        for (uint64_t number = 1; number <= RANDOM_VALUES && (trip_start(&trip, number), true); trip_end(&trip), number++)

static void check_equal(const struct trip *trip, const struct ward_type *here, const void *sent, const struct ward_type *there,
                        const void *received)
{
        if (!values_equal(here, sent, there, received))
                fail_msg("type and value number %llu came back different", (unsigned long long)trip->number);
}

static void lower_args(struct trip *trip)
{
        unsigned before = trip->m.handles.lowered;
        assert_int_equal(marshal_lower_params(trip->here, trip->args, trip->slots, &trip->m.memory, NULL), 0);
        assert_int_equal(trip->m.handles.lowered - before, handles_in(trip->here->params, trip->args));
}

TEST(parameters_come_back_the_same)
{
        struct trip trip;
        EACH_TRIP(trip)
        {
                uint64_t budget = PLENTY;
                void *back = value_new(trip.there->params);
                lower_args(&trip);
                assert_int_equal(marshal_lift_params(trip.there, trip.slots, &trip.m.memory, &budget, back, NULL), 0);
                check_equal(&trip, trip.here->params, trip.args, trip.there->params, back);
                assert_int_equal(trip.m.handles.lifted, handles_in(trip.here->params, trip.args));
                value_free(trip.there->params, back);
        }
}

static void lift_result(struct trip *trip)
{
        uint64_t budget = PLENTY;
        void *back = value_new(trip->there->result);
        assert_int_equal(marshal_lift_result(trip->there, trip->slots, &trip->m.memory, &budget, back, NULL), 0);
        check_equal(trip, trip->here->result, trip->ret, trip->there->result, back);
        value_free(trip->there->result, back);
}

TEST(results_come_back_the_same)
{
        struct trip trip;
        EACH_TRIP(trip)
        {
                const struct ward_type *type = trip.here->result;
                uint32_t at;
                if (!type)
                        continue;
                assert_int_equal(marshal_lower_result(trip.here, trip.ret, trip.slots, &trip.m.memory, NULL), 0);
                lift_result(&trip);
                if (!ward_func_returns_pointer(trip.here))
                        continue;
                assert_int_equal(trip.m.memory.alloc(&trip.m.memory, type->abi_size, type->abi_align, &at, NULL), 0);
                assert_int_equal(marshal_store_result(trip.here, trip.ret, at, &trip.m.memory, NULL), 0);
                trip.slots[0] = at;
                lift_result(&trip);
        }
}

TEST(views_show_the_same)
{
        struct trip trip;
        EACH_TRIP(trip)
        {
                struct marshal_scratch scratch = { .blocks = NULL };
                OWNED(freep) void *view = value_new(trip.there->params);
                lower_args(&trip);
                assert_int_equal(marshal_view_params(trip.there, trip.slots, &trip.m.memory, &scratch, view, NULL), 0);
                check_equal(&trip, trip.here->params, trip.args, trip.there->params, view);
                marshal_scratch_finish(&scratch);
        }
}

TEST(copies_are_the_same)
{
        struct trip trip;
        EACH_TRIP(trip)
        {
                const struct ward_type *here = trip.here->params, *there = trip.there->params;
                struct test_handles lower, lift;
                test_handles_init(&lower);
                test_handles_init(&lift);
                void *copy = value_new(there);
                assert_int_equal(marshal_copy(here, trip.args, &lower.handles, there, copy, &lift.handles, NULL), 0);
                check_equal(&trip, here, trip.args, there, copy);
                assert_int_equal(lower.lowered, handles_in(here, trip.args));
                assert_int_equal(lift.lifted, handles_in(here, trip.args));
                value_free(there, copy);
        }
}

/* --- When it fails in the middle -------------------------------------------------------------- */

/* Whatever was made until then is freed: the sanitizer looks. */
TEST(a_full_memory_is_reported)
{
        struct trip trip;
        unsigned failed = 0;
        EACH_TRIP(trip)
        {
                struct ward_fault fault;
                unsigned limit = random_below(&trip.seed, 6);
                trip.m.left = limit;
                int r = marshal_lower_params(trip.here, trip.args, trip.slots, &trip.m.memory, &fault);
                if (!r)
                        continue;
                assert_int_equal(r, -WARD_FAULT_LIMIT);
                assert_string_equal(fault.text, "the memory is full");
                failed++;
        }
        assert_true(failed > 50);
}

TEST(a_small_budget_is_reported)
{
        struct trip trip;
        unsigned failed = 0;
        EACH_TRIP(trip)
        {
                uint64_t budget = random_below(&trip.seed, 2000);
                OWNED(freep) void *back = value_new(trip.there->params);
                lower_args(&trip);
                int r = marshal_lift_params(trip.there, trip.slots, &trip.m.memory, &budget, back, NULL);
                assert_true(!r || r == -WARD_FAULT_LIMIT);
                if (!r)
                        ward_value_free(trip.there->params, back);
                failed += r < 0;
        }
        assert_true(failed > 50);
}

static int refuse_late(void *context, const struct ward_type *type, uint32_t number, void *to, struct ward_fault *fault)
{
        unsigned *left = context;
        if (!*left)
                return -WARD_FAULT_PROTOCOL;
        --*left;
        bits_write(to, type->size, handle_form(type, number));
        return 0;
}

TEST(a_refused_handle_ends_it)
{
        struct trip trip;
        unsigned failed = 0;
        EACH_TRIP(trip)
        {
                const struct ward_type *here = trip.here->params, *there = trip.there->params;
                unsigned n = handles_in(here, trip.args), left = n ? random_below(&trip.seed, n) : 0, again = left;
                struct marshal_handles lift = { NULL, refuse_late, &left }, copy_lift = { NULL, refuse_late, &again };
                struct marshal_memory memory;
                OWNED(freep) void *back = value_new(there);
                uint64_t budget = PLENTY;
                lower_args(&trip);
                memory = trip.m.memory;
                memory.handles = &lift;
                int r = marshal_lift_params(trip.there, trip.slots, &memory, &budget, back, NULL);
                assert_int_equal(r, n ? -WARD_FAULT_PROTOCOL : 0);
                if (!r)
                        ward_value_free(there, back);
                r = marshal_copy(here, trip.args, &trip.m.handles.handles, there, back, &copy_lift, NULL);
                assert_int_equal(r, n ? -WARD_FAULT_PROTOCOL : 0);
                if (!r)
                        ward_value_free(there, back);
                failed += r < 0;
        }
        assert_true(failed > 50);
}

/* --- Edges ------------------------------------------------------------------------------------ */

/* Lowers @args in each encoding, and lifts, views and copies it on a side that has all the other way round. */
static void there_and_back(struct types *t, const struct ward_func *here, void *args)
{
        const struct ward_func *there = types_func_other_side(t, here);
        void *back = value_new(there->params);
        for (int encoding = MARSHAL_UTF8; encoding <= MARSHAL_UTF16; encoding++) {
                OWNED(test_memory_finish) struct test_memory m;
                struct marshal_scratch scratch = { .blocks = NULL };
                uint64_t slots[WARD_FLAT_MAX], budget = PLENTY;
                OWNED(freep) void *view = value_new(here->params);
                test_memory_init(&m, 0);
                m.memory.encoding = (enum marshal_encoding)encoding;
                assert_int_equal(marshal_lower_params(here, args, slots, &m.memory, NULL), 0);
                assert_int_equal(marshal_lift_params(there, slots, &m.memory, &budget, back, NULL), 0);
                assert_true(values_equal(here->params, args, there->params, back));
                ward_value_free(there->params, back);
                assert_int_equal(marshal_view_params(here, slots, &m.memory, &scratch, view, NULL), 0);
                assert_true(values_equal(here->params, args, here->params, view));
                marshal_scratch_finish(&scratch);
        }
        assert_int_equal(marshal_copy(here->params, args, NULL, there->params, back, NULL, NULL), 0);
        assert_true(values_equal(here->params, args, there->params, back));
        value_free(there->params, back);
}

static void random_there_and_back(struct types *t, const struct ward_func *func, uint64_t seed)
{
        void *args = random_new(func->params, &seed);
        there_and_back(t, func, args);
        value_free(func->params, args);
}

TEST(as_many_flat_values_as_fit_and_one_more)
{
        struct types *t = types_new();
        const struct ward_type *params[20];
        for (uint32_t n = 0; n <= 17; n++) {
                for (uint32_t i = 0; i < n; i++)
                        params[i] = i % 3 ? types_int(t, 1u << i % 4, true) : types_char(t);
                const struct ward_func *func = types_func(t, n, params, NULL);
                assert_int_equal(ward_func_spills(func), n > 16);
                random_there_and_back(t, func, n + 1);
                params[0] = types_array(t, types_flags(t, 40), 7); /* 14 of them */
                random_there_and_back(t, types_func(t, n ? n : 1, params, NULL), n + 1);
        }
        types_free(t);
}

TEST(the_first_and_last_of_many_cases)
{
        static const uint32_t numbers[] = { 1, 256, 257, 65536, 65537, 100000 };
        for (size_t i = 0; i < COUNT_OF(numbers); i++) {
                struct types *t = types_new();
                uint32_t n = numbers[i];
                const struct ward_type **payloads = calloc(n, sizeof *payloads);
                payloads[n - 1] = types_record(t, 2, LIST_OF(types_int(t, 8, false), types_string16(t)));
                const struct ward_type *type = types_variant(t, n, payloads);
                const struct ward_func *func = types_func(t, 2, LIST_OF(type, types_list(t, types_variant(t, n, NULL))), NULL);
                assert_int_equal(type->tag_size, n <= 256 ? 1 : n <= 65536 ? 2 : 4);
                uint64_t seed = 7;
                char *args = random_new(func->params, &seed);
                ward_value_free(type, args);
                memset(args, 0, type->size);
                there_and_back(t, func, args);
                bits_write(args, type->tag_size, n - 1);
                random_value(payloads[n - 1], &seed, args + type->fields[n - 1].at);
                there_and_back(t, func, args);
                value_free(func->params, args);
                free(payloads);
                types_free(t);
        }
}

/* A type as deep as a contract may have. */
TEST(deep_nesting)
{
        enum { DEEP = 100 };
        for (int kind = 0; kind < 4; kind++) {
                struct types *t = types_new();
                const struct ward_type *type = types_string(t);
                for (int i = 0; i < DEEP; i++) {
                        const struct ward_type *made[] = { types_option(t, type), types_record(t, 1, &type),
                                                           types_array(t, type, 1), types_result(t, type, NULL) };
                        type = made[kind];
                }
                for (uint64_t seed = 1; seed <= 20; seed++)
                        random_there_and_back(t, types_func(t, 1, &type, NULL), seed);
                types_free(t);
        }
}

/* Lists as deep; each has one element, so that the innermost string is there. */
TEST(a_deep_list_holds_its_string)
{
        struct types *t = types_new();
        const struct ward_type *type = types_string(t);
        struct block block = { strdup("deep"), 4 };
        for (int i = 0; i < 100; i++) {
                struct block *item = malloc(sizeof *item);
                *item = block;
                block = (struct block){ item, 1 };
                type = types_list(t, type);
        }
        const struct ward_func *func = types_func(t, 1, &type, NULL);
        there_and_back(t, func, &block);
        ward_value_free(func->params, &block);
        types_free(t);
}

TEST(megabytes_of_text)
{
        static const char *const units[] = { "a", "\xc3\xbc", "\xe6\xbc\xa2", "\xf0\x9f\x98\x80",
                                             "long ascii, then \xe2\x82\xac. " };
        struct types *t = types_new();
        const struct ward_func *func = types_func(t, 1, LIST_OF(types_string(t)), NULL);
        for (size_t i = 0; i < COUNT_OF(units); i++) {
                size_t unit = strlen(units[i]), len = (3 << 20) / unit * unit;
                char *text = malloc(len);
                for (size_t at = 0; at < len; at += unit)
                        memcpy(text + at, units[i], unit);
                struct block args = { text, len };
                there_and_back(t, func, &args);
                free(text);
        }
        types_free(t);
}

TEST(long_arrays)
{
        struct types *t = types_new();
        const struct ward_type *elements[] = { types_int(t, 1, false), types_bool(t), types_flags(t, 33), types_string(t) };
        for (size_t i = 0; i < COUNT_OF(elements); i++) {
                const struct ward_type *array = types_array(t, elements[i], i == 3 ? 300 : 100000);
                random_there_and_back(t, types_func(t, 2, LIST_OF(array, types_option(t, array)), NULL), i + 1);
        }
        types_free(t);
}

TEST(all_numbers_of_flags)
{
        struct types *t = types_new();
        for (uint32_t n = 1; n <= 64; n++) {
                const struct ward_type *flags = types_flags(t, n), *list = types_list(t, flags);
                const struct ward_type *record = types_record(t, 3, LIST_OF(types_bool(t), flags, types_int(t, 8, true)));
                assert_int_equal(flags->flat, n > 32 ? 2 : 1);
                for (uint64_t seed = 1; seed <= 20; seed++)
                        random_there_and_back(t, types_func(t, 4, LIST_OF(flags, list, record, types_option(t, flags)), NULL),
                                              seed);
        }
        types_free(t);
}

/* Nothing at all, in every size that C gives it, and many of it. */
TEST(empty_records)
{
        struct types *t = types_new();
        for (uint32_t size = 0; size <= 1; size++) {
                const struct ward_type *none = types_empty(t, size), *list = types_list(t, none);
                const struct ward_type *record = types_record(t, 3, LIST_OF(types_int(t, 1, true), none, types_int(t, 4, true)));
                const struct ward_type *array = types_array(t, none, 3);
                const struct ward_func *func =
                        types_func(t, 6, LIST_OF(none, list, record, array, types_option(t, none), types_list(t, record)), none);
                for (uint64_t seed = 1; seed <= 50; seed++)
                        random_there_and_back(t, func, seed);
        }
        types_free(t);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(parameters_come_back_the_same), TEST_CASE(results_come_back_the_same),
                         TEST_CASE(views_show_the_same), TEST_CASE(copies_are_the_same), TEST_CASE(a_full_memory_is_reported),
                         TEST_CASE(a_small_budget_is_reported), TEST_CASE(a_refused_handle_ends_it),
                         TEST_CASE(as_many_flat_values_as_fit_and_one_more), TEST_CASE(the_first_and_last_of_many_cases),
                         TEST_CASE(deep_nesting), TEST_CASE(a_deep_list_holds_its_string), TEST_CASE(megabytes_of_text),
                         TEST_CASE(long_arrays), TEST_CASE(all_numbers_of_flags), TEST_CASE(empty_records));
}
