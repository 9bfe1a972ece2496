/* Calls of the host that the add-in does not wait for. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "test/events/stage.h"

/* --- At every kind ---------------------------------------------------------------------------- */

static void comes_in_order(enum ward_isolation isolation)
{
        stage_set(isolation, NULL);
        uint32_t n = 0;
        for (uint32_t i = 0; i < 100; i++) {
                assert_int_equal(act("post", 1), 1);
                n++;
                assert_int_equal(stage->n_notes, n); /* before the call has returned */
        }
        stage->n_notes = 0;
        assert_int_equal(act("post", 500000), 500000);
        assert_notes(500000);
        stage_strike();
}

static void comes_before_what_follows(enum ward_isolation isolation)
{
        stage_set(isolation, NULL);
        assert_int_equal(act("post and ask", 1000), 500500);
        assert_notes(2000);
        stage_strike();
}

static void brings_values_of_all_forms(enum ward_isolation isolation)
{
        stage_set(isolation, NULL);
        act("post all", 20000);
        assert_int_equal(stage->n_others, 60000);
        assert_int_equal(stage->wrong, 0);
        stage->n_others = 0;
        act("say", 150);
        assert_int_equal(stage->n_others, 150);
        assert_int_equal(stage->said, 1000 * 149 * 150 / 2);
        stage->n_others = 0;
        act("readings", 5000);
        assert_int_equal(stage->n_others, 5000);
        assert_int_equal(stage->wrong, 0);
        stage_strike();
}

/* A result that lies in shared memory is not harmed by what was posted before it. */
static void comes_before_a_long_result(enum ward_isolation isolation)
{
        struct ward_fault fault;
        events_string_t text;
        stage_set(isolation, NULL);
        for (uint32_t n = 0; n < 300000; n = 3 * n + 1) {
                stage->n_notes = 0;
                assert_good(events_text(stage->events, n, &text, &fault), &fault);
                assert_notes(n);
                assert_int_equal(text.len, n);
                for (uint32_t i = 0; i < n; i++)
                        assert_int_equal(text.ptr[i], 't');
                events_string_free(&text);
        }
        stage_strike();
}

static uint32_t flushed(uint32_t n)
{
        return stage->n_notes;
}

static void can_be_flushed(enum ward_isolation isolation)
{
        stage_set(isolation, NULL);
        stage->when_asked = flushed;
        act("flush", 10);
        assert_notes(10);
        stage_strike();
}

#define AT_EVERY_KIND(name)                                                                                                        \
        TEST(name##_direct)                                                                                                        \
        {                                                                                                                          \
                name(WARD_DIRECT);                                                                                                 \
        }                                                                                                                          \
        TEST(name##_wasm)                                                                                                          \
        {                                                                                                                          \
                name(WARD_WASM);                                                                                                   \
        }                                                                                                                          \
        TEST(name##_process)                                                                                                       \
        {                                                                                                                          \
                name(WARD_PROCESS);                                                                                                \
        }

AT_EVERY_KIND(comes_in_order)
AT_EVERY_KIND(comes_before_what_follows)
AT_EVERY_KIND(brings_values_of_all_forms)
AT_EVERY_KIND(comes_before_a_long_result)
AT_EVERY_KIND(can_be_flushed)

/* --- What the host's function may do ---------------------------------------------------------- */

/* Calls back into the add-in, which posts in turn. */
static void call_back(uint32_t n)
{
        uint32_t ret;
        struct ward_fault fault;
        if (n < 1000 && n % 100 == 0) {
                assert_good(events_get(stage->events, n, &ret, &fault), &fault);
                assert_int_equal(ret, n + 1);
        }
}

static void may_be_answered_by_a_call(enum ward_isolation isolation)
{
        stage_set(isolation, NULL);
        stage->when_noted = call_back;
        act("post", 1000);
        assert_int_equal(stage->n_notes, 1010);
        stage_strike();
}

AT_EVERY_KIND(may_be_answered_by_a_call)

static uint32_t ask_back(uint32_t n)
{
        uint32_t ret = 0;
        if (n % 50 == 0)
                assert_int_equal(act("post", 50000), 50000);
        else
                assert_int_equal(events_get(stage->events, n, &ret, NULL), 0);
        return n + 1;
}

/* Posts of an outer call, of an inner one that fills the ring, and asks. */
TEST(nested_calls_post_too)
{
        stage_set(WARD_PROCESS, NULL);
        stage->when_asked = ask_back;
        assert_int_equal(act("post and ask", 100), 5050);
        assert_int_equal(stage->n_notes, 200 + 2 * 50000 + 98);
        stage_strike();
}

static void fill_inside(uint32_t n)
{
        if (n == 5 && stage->n_notes < 100)
                assert_int_equal(act("post", 100000), 100000);
}

TEST(a_call_from_within_an_event_may_fill_the_ring)
{
        stage_set(WARD_PROCESS, NULL);
        stage->when_noted = fill_inside;
        assert_int_equal(act("post", 200000), 200000);
        assert_int_equal(stage->n_notes, 300000);
        stage_strike();
}

static void unload_inside(uint32_t n)
{
        if (n == 20000)
                ward_domain_unload(events_domain(stage->events), NULL);
}

TEST(unloading_from_within_an_event_is_the_last_of_them)
{
        struct ward_fault fault;
        uint32_t ret;
        stage_set(WARD_PROCESS, NULL);
        stage->when_noted = unload_inside;
        assert_int_equal(stage_try("post", 500000, &ret, &fault), -WARD_FAULT_UNLOADED);
        assert_notes(20001);
        stage_strike();
}

/* --- Ends ------------------------------------------------------------------------------------- */

TEST(a_crash_costs_the_domain_only)
{
        struct ward_fault fault;
        uint32_t ret;
        stage_set(WARD_PROCESS, NULL);
        assert_int_equal(stage_try("post and crash", 1000, &ret, &fault), -WARD_FAULT_SIGNAL);
        assert_true(stage->n_notes <= 1000);
        stage_strike();
}

static void sleep_inside(uint32_t n)
{
        usleep(1000);
}

TEST(a_deadline_ends_what_is_posted)
{
        struct ward_activate_options options = options_for(WARD_PROCESS);
        struct ward_fault fault;
        uint32_t ret;
        options.deadline_ms = 300;
        stage_set(WARD_PROCESS, &options);
        stage->when_noted = sleep_inside;
        assert_int_equal(stage_try("post", 1000000, &ret, &fault), -WARD_FAULT_DEADLINE);
        assert_true(stage->n_notes < 10000);
        stage_strike();
}

TEST(a_bad_value_is_the_add_ins_fault)
{
        struct ward_fault fault;
        uint32_t ret;
        stage_set(WARD_PROCESS, NULL);
        assert_int_equal(stage_try("bad", 0, &ret, &fault), -WARD_FAULT_PROTOCOL);
        assert_says(&fault, "odd");
        stage_strike();
}

/* Where there is no memory for a ring, posting is calling. */
TEST(without_memory_it_is_an_ordinary_call)
{
        struct ward_activate_options options = options_for(WARD_PROCESS);
        options.limits = (struct ward_limits){ .size = sizeof options.limits, .arena_bytes = 128 << 10 };
        stage_set(WARD_PROCESS, &options);
        act("post", 1000);
        assert_notes(1000);
        act("post and ask", 10);
        stage_strike();
}

static void *call_often(void *data)
{
        for (int i = 0; i < 20; i++)
                assert_int_equal(act("post", 200), 200);
        return NULL;
}

TEST(threads_of_the_host_have_a_ring_each)
{
        struct ward_activate_options options = options_for(WARD_PROCESS);
        pthread_t threads[8];
        options.free_threaded = true;
        options.deadline_ms = 0;
        stage_set(WARD_PROCESS, &options);
        for (int round = 0; round < 3; round++) {
                for (int i = 0; i < 8; i++)
                        pthread_create(&threads[i], NULL, call_often, NULL);
                for (int i = 0; i < 8; i++)
                        pthread_join(threads[i], NULL);
        }
        assert_int_equal(stage->n_notes, 3 * 8 * 20 * 200);
        stage_strike();
}

/* Many begun calls in flight: each one's come before its answer. */
static void begun_calls_post(enum ward_isolation isolation)
{
        enum { CALLS = 200 };
        struct events_get_pending *pending[CALLS];
        struct ward_fault fault;
        uint32_t ret;
        stage_set(isolation, NULL);
        for (uint32_t i = 0; i < CALLS; i++)
                assert_good(events_get_begin(stage->events, i, &pending[i], &fault), &fault);
        for (uint32_t i = 0; i < CALLS; i++) {
                assert_good(events_get_finish(pending[i], &ret, &fault), &fault);
                assert_int_equal(ret, i + 1);
                assert_true(stage->n_notes > i);
                assert_int_equal(stage->notes[i], 1000 + i);
        }
        assert_int_equal(stage->n_notes, CALLS);
        stage_strike();
}

AT_EVERY_KIND(begun_calls_post)

#define CASES(name) TEST_CASE(name##_direct), TEST_CASE(name##_wasm), TEST_CASE(name##_process)

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, CASES(comes_in_order), CASES(comes_before_what_follows), CASES(brings_values_of_all_forms),
                         CASES(comes_before_a_long_result), CASES(can_be_flushed), CASES(may_be_answered_by_a_call),
                         TEST_CASE(nested_calls_post_too), TEST_CASE(a_call_from_within_an_event_may_fill_the_ring),
                         TEST_CASE(unloading_from_within_an_event_is_the_last_of_them), TEST_CASE(a_crash_costs_the_domain_only),
                         TEST_CASE(a_deadline_ends_what_is_posted), TEST_CASE(a_bad_value_is_the_add_ins_fault),
                         TEST_CASE(without_memory_it_is_an_ordinary_call), TEST_CASE(threads_of_the_host_have_a_ring_each),
                         CASES(begun_calls_post));
}
