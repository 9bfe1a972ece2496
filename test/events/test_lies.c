/* What a worker may say by its ring and its doorbell: the host is unharmed, and the domain lost where it matters. */
#include <unistd.h>
#include "test/events/stage.h"

static void is_found_out(const char *what)
{
        struct ward_fault fault;
        uint32_t ret;
        stage_set(WARD_PROCESS, NULL);
        assert_int_equal(stage_try(what, 0, &ret, &fault), -WARD_FAULT_PROTOCOL);
        assert_says(&fault, "posted");
        assert_int_equal(ward_domain_state(events_domain(stage->events)), WARD_DOMAIN_UNLOADED);
        stage_strike();
}

TEST(a_head_that_cannot_be)
{
        is_found_out("lie head");
        is_found_out("lie odd head");
}

TEST(records_that_cannot_be)
{
        is_found_out("lie none");
        is_found_out("lie long");
        is_found_out("lie beyond");
        is_found_out("lie short");
}

TEST(events_that_there_are_not)
{
        is_found_out("lie instance");
        is_found_out("lie far instance");
        is_found_out("lie function");
        is_found_out("lie answered");
}

/* Any outcome will do but harm. */
TEST(noise_does_no_harm)
{
        struct ward_fault fault;
        uint32_t ret;
        for (int i = 0; i < 20; i++) {
                struct ward_activate_options options = options_for(WARD_PROCESS);
                options.deadline_ms = 300;
                stage_set(WARD_PROCESS, &options);
                int r = stage_try("lie noise", 100000, &ret, &fault);
                for (int j = 0; !r && j < 10; j++)
                        r = stage_try("post all", 10000, &ret, &fault);
                assert_true(r <= 0);
                stage_strike();
        }
}

/* It rings for all lanes without end, and reads the doorbell empty itself. */
TEST(a_flood_of_rings_does_no_harm)
{
        stage_set(WARD_PROCESS, NULL);
        act("lie flood", 0);
        for (int i = 0; i < 500; i++)
                assert_true(ward_host_dispatch(stage->host, 1, NULL) >= 0);
        act("each", 20);
        act("start ask", 4);
        dispatch_until(&stage->n_asks, 80);
        assert_int_equal(act("join", 0), 0);
        assert_int_equal(ward_host_dispatch_start(stage->host, NULL), 0);
        act("start ask", 4);
        assert_int_equal(act("join", 0), 0);
        stage_strike();
}

static uint32_t dispatch_within(uint32_t n)
{
        assert_true(ward_host_dispatch(stage->host, 1, NULL) >= 0);
        return n + 1;
}

/* The lane that is served is rung all the time. */
TEST(a_flood_does_not_keep_who_dispatches_within_an_ask)
{
        stage_set(WARD_PROCESS, NULL);
        stage->when_asked = dispatch_within;
        act("each", 20);
        act("lie flood", 0);
        act("start ask", 4);
        dispatch_until(&stage->n_asks, 80);
        assert_int_equal(act("join", 0), 0);
        stage_strike();
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(a_head_that_cannot_be), TEST_CASE(records_that_cannot_be),
                         TEST_CASE(events_that_there_are_not), TEST_CASE_LONG(noise_does_no_harm, 60),
                         TEST_CASE(a_flood_of_rings_does_no_harm), TEST_CASE(a_flood_does_not_keep_who_dispatches_within_an_ask));
}
