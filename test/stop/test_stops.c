/* Calls that do not end are ended: at their deadline, and when their domain is unloaded. */
#include <pthread.h>
#include <string.h>
#include "test/stop/stage.h"

enum { MS = 1000000 };

static const char *const twenty = "within 20 ms";

static void is_over(struct stage *stage, int kind)
{
        struct ward_fault fault;
        assert_int_equal(ward_domain_state(stops_domain(stage->stops)), WARD_DOMAIN_UNLOADED);
        assert_true(ward_domain_fault(stops_domain(stage->stops), &fault));
        assert_int_equal(fault.kind, kind);
        assert_int_equal(stage_twice(stage, "more", &fault), -WARD_FAULT_UNLOADED);
        stage_clear(stage);
}

/* --- Deadlines -------------------------------------------------------------------------------- */

TEST(ends_at_the_deadline)
{
        struct stage stage = { 0 };
        struct ward_fault fault;
        for (int i = 0; stage_ways[i]; i++) {
                stage_set(&stage, 0);
                assert_good(stage_twice(&stage, "good", &fault), &fault);
                stops_set_deadline(stage.stops, 20);
                uint64_t began = now();
                assert_int_equal(stage_act(&stage, stage_ways[i], &fault), -WARD_FAULT_DEADLINE);
                assert_in_range((now() - began) / MS, 20, 5000);
                assert_says(&fault, twenty);
                assert_string_equal(fault.function, "act");
                is_over(&stage, WARD_FAULT_DEADLINE);
        }
        stage_strike(&stage);
}

TEST(ends_while_it_is_initialized)
{
        struct stage stage = { 0 };
        struct ward_fault fault;
        stage_set(&stage, 0); /* compiled */
        stage_clear(&stage);
        for (int i = 0; stage_ways[i]; i++) {
                uint64_t began = now();
                assert_int_equal(stage_try(&stage, 50, stage_ways[i], &fault), -WARD_FAULT_DEADLINE);
                assert_in_range((now() - began) / MS, 10, 5000);
                assert_says(&fault, "in its time");
        }
        stage_strike(&stage);
}

TEST(ends_while_values_cross)
{
        struct stage stage = { 0 };
        struct ward_fault fault;
        for (int frees = 0; frees <= 1; frees++) {
                stage_set(&stage, 0);
                assert_good(stage_twice(&stage, "good", &fault), &fault);
                assert_good(stops_hold(stage.stops, !frees, frees, &fault), &fault);
                stops_set_deadline(stage.stops, 20);
                assert_int_equal(stage_twice(&stage, "more", &fault), -WARD_FAULT_DEADLINE);
                assert_says(&fault, twenty);
                is_over(&stage, WARD_FAULT_DEADLINE);
        }
        stage_strike(&stage);
}

static exports_test_stops_things_own_thing_t thing_of(struct stage *stage, bool loops)
{
        exports_test_stops_things_own_thing_t thing;
        struct ward_fault fault;
        assert_good(stops_things_constructor_thing(stage->stops, loops, &thing, &fault), &fault);
        return thing;
}

TEST(ends_a_destructor)
{
        struct stage stage = { 0 };
        struct ward_fault fault;
        stage_set(&stage, 0);
        exports_test_stops_things_own_thing_t thing = thing_of(&stage, true);
        stops_set_deadline(stage.stops, 20);
        assert_int_equal(stops_things_thing_drop_own(stage.stops, thing, &fault), -WARD_FAULT_DEADLINE);
        assert_says(&fault, twenty);
        is_over(&stage, WARD_FAULT_DEADLINE);

        /* without a deadline of its own it has a second */
        stage_set(&stage, 0);
        thing = thing_of(&stage, false);
        assert_good(stops_things_thing_drop_own(stage.stops, thing, &fault), &fault);
        thing = thing_of(&stage, true);
        uint64_t began = now();
        assert_int_equal(stops_things_thing_drop_own(stage.stops, thing, &fault), -WARD_FAULT_DEADLINE);
        assert_in_range((now() - began) / MS, 1000, 8000);
        assert_says(&fault, "within 1000 ms");
        is_over(&stage, WARD_FAULT_DEADLINE);
        stage_strike(&stage);
}

/* An unload destroys what the host still holds, for a second. */
TEST(ends_a_destructor_at_an_unload)
{
        struct stage stage = { 0 };
        struct ward_fault fault;
        stage_set(&stage, 0);
        thing_of(&stage, true);
        uint64_t began = now();
        assert_good(ward_domain_unload(stops_domain(stage.stops), &fault), &fault);
        assert_in_range((now() - began) / MS, 900, 8000);
        stage_strike(&stage);
}

/* --- Callbacks -------------------------------------------------------------------------------- */

static uint32_t visit_for_long(struct stage *stage, uint32_t n)
{
        if (n == 1000)
                pause_us(50000);
        return n;
}

/* The host's own code is not left: its call ends when it returns. */
TEST(ends_when_the_host_returns)
{
        struct stage stage = { .visit = visit_for_long };
        struct ward_fault fault;
        stage_set(&stage, 20);
        uint64_t began = now();
        assert_int_equal(stage_act(&stage, "visit", &fault), -WARD_FAULT_DEADLINE);
        assert_in_range((now() - began) / MS, 50, 5000);
        assert_int_equal(stage.visits, 1);
        is_over(&stage, WARD_FAULT_DEADLINE);
        stage_strike(&stage);
}

static struct stage inner;
static int inner_result;

static uint32_t visit_another(struct stage *stage, uint32_t n)
{
        struct ward_fault fault;
        inner_result = stage_act(&inner, "loop", &fault);
        return n;
}

/* A call in another domain lasts no longer than the one around it. */
TEST(ends_what_is_called_meanwhile)
{
        struct stage stage = { .visit = visit_another };
        struct ward_fault fault;
        stage_set(&stage, 20);
        inner.host = stage.host;
        stage_set(&inner, 0);
        uint64_t began = now();
        assert_int_equal(stage_act(&stage, "visit", &fault), -WARD_FAULT_DEADLINE);
        assert_in_range((now() - began) / MS, 20, 5000);
        assert_int_equal(inner_result, -WARD_FAULT_DEADLINE);
        stage_clear(&inner);
        stage_strike(&stage);
}

/* --- Unloads ---------------------------------------------------------------------------------- */

static void *unloads(void *data)
{
        struct stage *stage = data;
        pause_us(5000);
        ward_domain_unload(stops_domain(stage->stops), NULL);
        return NULL;
}

TEST(ends_at_an_unload)
{
        struct stage stage = { 0 };
        struct ward_fault fault;
        pthread_t thread;
        for (int i = 0; stage_ways[i]; i++) {
                stage_set(&stage, 0);
                assert_int_equal(pthread_create(&thread, NULL, unloads, &stage), 0);
                assert_int_equal(stage_act(&stage, stage_ways[i], &fault), -WARD_FAULT_UNLOADED);
                pthread_join(thread, NULL);
                stage_clear(&stage);
        }
        stage_strike(&stage);
}

/* --- Null pointers ---------------------------------------------------------------------------- */

TEST(traps_at_null_pointers)
{
        static const char *const ways[] = { "null", "fill-null", "fill-much-of-null", "copy-null" };
        struct stage stage = { 0 };
        struct ward_fault fault;
        for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
                stage_set(&stage, 0);
                assert_int_equal(stage_act(&stage, ways[i], &fault), -WARD_FAULT_TRAP);
                assert_says(&fault, "(a null pointer; linear memory is ");
                is_over(&stage, WARD_FAULT_TRAP);
        }
        stage_strike(&stage);
}

/* Nor does the host read there for an add-in. */
TEST(refuses_values_at_null_pointers)
{
        struct stage stage = { 0 };
        struct ward_fault fault;
        stage_set(&stage, 0);
        assert_int_equal(stage_act(&stage, "tell-null", &fault), -WARD_FAULT_PROTOCOL);
        assert_says(&fault, "null pointer");
        is_over(&stage, WARD_FAULT_PROTOCOL);
        stage_set(&stage, 0);
        assert_int_equal(stage_twice(&stage, "null", &fault), -WARD_FAULT_PROTOCOL);
        assert_says(&fault, "null pointer");
        is_over(&stage, WARD_FAULT_PROTOCOL);
        stage_strike(&stage);
}

/* --- Many at once ----------------------------------------------------------------------------- */

static _Atomic bool over;
static _Atomic uint32_t checked;

static void *computes(void *data)
{
        struct stage stage = { .host = data };
        struct ward_fault fault;
        stage_set(&stage, 60000);
        for (uint32_t i = 0; !over || i < 10; i++) {
                uint32_t ret = 0;
                assert_good(stops_mix(stage.stops, i, 20000, &ret, &fault), &fault);
                assert_int_equal(ret, mixed(i, 20000));
                checked++;
        }
        stage_clear(&stage);
        return NULL;
}

static void *hangs(void *data)
{
        struct stage stage = { .host = data };
        struct ward_fault fault;
        for (int i = 0; i < 20; i++) {
                stage_set(&stage, 3);
                assert_int_equal(stage_act(&stage, stage_ways[i % 11], &fault), -WARD_FAULT_DEADLINE);
                stage_clear(&stage);
        }
        return NULL;
}

/* A row of short calls in one domain, and many that hang in others. */
TEST(others_never_notice)
{
        struct ward_host *host = host_start();
        pthread_t computing, hanging[4];
        assert_int_equal(pthread_create(&computing, NULL, computes, host), 0);
        for (int i = 0; i < 4; i++)
                assert_int_equal(pthread_create(&hanging[i], NULL, hangs, host), 0);
        for (int i = 0; i < 4; i++)
                pthread_join(hanging[i], NULL);
        over = true;
        pthread_join(computing, NULL);
        assert_true(checked >= 10);
        ward_host_free(host);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE_LONG(ends_at_the_deadline, 120), TEST_CASE_LONG(ends_while_it_is_initialized, 60),
                         TEST_CASE_LONG(ends_while_values_cross, 60), TEST_CASE_LONG(ends_a_destructor, 60),
                         TEST_CASE_LONG(ends_a_destructor_at_an_unload, 60), TEST_CASE_LONG(ends_when_the_host_returns, 60),
                         TEST_CASE_LONG(ends_what_is_called_meanwhile, 60), TEST_CASE_LONG(ends_at_an_unload, 60),
                         TEST_CASE_LONG(traps_at_null_pointers, 60), TEST_CASE_LONG(refuses_values_at_null_pointers, 60),
                         TEST_CASE_LONG(others_never_notice, 60));
}
