#include "test/harness/harness.h"

#include <stdlib.h>
#include <string.h>
#include "tool/bench_kinds.h"
#include "tool/bench_limits.h"

static struct bench_plan plan;
static struct bench_place place;

/* Where bench.so is: the build says so. */
static struct bench_kinds *open_kinds(struct bench_kinds_options options)
{
        struct bench_kinds *kinds = NULL;
        bench_place_choose(&place);
        options.place = &place;
        if (!options.folder)
                options.folder = getenv("WARD_BENCH_ADDINS");
        assert_non_null(options.folder);
        assert_int_equal(bench_kinds_open(&plan, &options, &kinds, NULL), 0);
        return kinds;
}

static void measure_once(void)
{
        for (size_t i = 0; i < plan.n_tasks; i++) {
                plan.tasks[i].times = 3;
                bench_sample(&plan.tasks[i]);
        }
}

static struct bench_kinds *open_direct(void)
{
        return open_kinds((struct bench_kinds_options){ .wanted = { [WARD_DIRECT] = true } });
}

TEST(calls_are_measured)
{
        struct bench_kinds *kinds = open_direct();
        bench_calls_add(&plan, kinds);
        measure_once();
        assert_false(plan.sides[0].out);
        assert_non_null(bench_find(&plan, "call.void.direct"));
        assert_non_null(bench_find(&plan, "call.void_struct.direct"));
        assert_non_null(bench_find(&plan, "callback.int_int.direct"));
        bench_kinds_close(kinds);
}

TEST(bulk_data_is_measured_in_bytes)
{
        struct bench_kinds *kinds = open_direct();
        assert_int_equal(bench_bulk_add(&plan, kinds, NULL), 0);
        assert_int_equal(plan.n_tasks, 4 * BENCH_SIZES);
        measure_once();
        assert_non_null(bench_find(&plan, "bulk.bytes.10000000.direct"));
        assert_non_null(bench_find(&plan, "bulk.block.10000000.direct"));
        const struct bench_task *structs = bench_find(&plan, "bulk.struct.100000.direct");
        assert_non_null(structs);
        assert_int_equal(structs->bytes, 800000);
        bench_kinds_close(kinds);
}

TEST(a_process_is_called_from_its_own_processor_too)
{
        struct bench_kinds *kinds = open_kinds((struct bench_kinds_options){ .wanted = { [WARD_PROCESS] = true } });
        bench_places_add(&plan, kinds);
        measure_once();
        assert_string_equal(bench_find(&plan, "parked.int_int.process")->place, place.two);
        assert_string_equal(bench_find(&plan, "call.int_int.process.one_core")->place, place.one);
        assert_non_null(bench_find(&plan, "parked.int_int.process.one_core"));
        bench_kinds_close(kinds);
}

/* Nobody is fast by leaving out the work. */
TEST(an_add_in_that_reads_something_else_is_out)
{
        struct bench_kinds *kinds = open_direct();
        assert_int_equal(bench_bulk_add(&plan, kinds, NULL), 0);
        kinds->bulk[64]++;
        plan.tasks[1].times = 1;
        bench_sample(&plan.tasks[1]);
        assert_true(plan.sides[0].out);
        assert_int_equal(plan.sides[0].why.kind, WARD_FAULT_PROTOCOL);
        assert_non_null(strstr(plan.sides[0].why.text, "bulk.bytes.100000.direct"));
        bench_kinds_close(kinds);
}

TEST(activation_is_measured_with_nothing_loaded)
{
        struct bench_kinds *kinds = open_direct();
        bench_kinds_release(kinds);
        bench_kinds_release(kinds);
        bench_activate_add(&plan, kinds);
        measure_once();
        assert_int_equal(plan.n_tasks, 1); /* a crash would be this program's */
        assert_non_null(bench_find(&plan, "activate.direct"));
        bench_kinds_close(kinds);
}

TEST(a_crash_is_measured_and_survived)
{
        struct bench_kinds *kinds = open_kinds((struct bench_kinds_options){ .wanted = { [WARD_PROCESS] = true } });
        bench_kinds_release(kinds);
        bench_activate_add(&plan, kinds);
        measure_once();
        assert_false(plan.sides[0].out);
        assert_non_null(bench_find(&plan, "activate.process"));
        assert_non_null(bench_find(&plan, "live.process"));
        assert_non_null(bench_find(&plan, "crash.process"));
        bench_kinds_close(kinds);
}

TEST(calls_are_begun)
{
        struct bench_kinds *kinds = open_direct();
        bench_async_add(&plan, kinds);
        measure_once();
        assert_false(plan.sides[0].out);
        assert_non_null(bench_find(&plan, "begun.int_int.direct"));
        bench_kinds_close(kinds);
}

TEST(a_crowd_calls_the_same_add_in)
{
        struct bench_kinds *kinds = open_direct();
        bench_kinds_release(kinds);
        bench_kinds_spread(kinds, &plan);
        bench_threads_add(&plan, kinds);
        measure_once();
        assert_string_equal(bench_unit(bench_find(&plan, "threads.1.direct")), "1/s");
        assert_non_null(bench_find(&plan, "threads.64.direct"));
        bench_kinds_close(kinds);
}

TEST(a_crowd_whose_calls_fail_is_out)
{
        struct bench_kinds *kinds = open_kinds((struct bench_kinds_options){ .wanted = { [WARD_PROCESS] = true } });
        bench_threads_add(&plan, kinds);
        ward_domain_unload(ward_instance_domain((struct ward_instance *)kinds->at[WARD_PROCESS].probe), NULL);
        measure_once();
        assert_true(plan.sides[0].out);
        assert_int_equal(plan.sides[0].why.kind, WARD_FAULT_UNLOADED);
        bench_kinds_close(kinds);
}

TEST(kinds_without_their_module_are_out)
{
        struct bench_kinds *kinds =
                open_kinds((struct bench_kinds_options){ .wanted = { true, true, true }, .folder = "/nowhere" });
        bench_calls_add(&plan, kinds);
        measure_once();
        assert_int_equal(plan.n_sides, BENCH_KINDS + 1);
        for (size_t i = 0; i < plan.n_sides; i++)
                assert_true(plan.sides[i].out && plan.sides[i].why.text[0]);
        for (size_t i = 0; i < plan.n_tasks; i++)
                assert_null(bench_find(&plan, plan.tasks[i].name));
        bench_kinds_close(kinds);
}

TEST(kinds_that_nobody_wants_are_not_there)
{
        struct bench_kinds *kinds = open_kinds((struct bench_kinds_options){ 0 });
        bench_calls_add(&plan, kinds);
        bench_activate_add(&plan, kinds);
        assert_int_equal(plan.n_sides + plan.n_tasks, 0);
        assert_null(bench_kinds_close(kinds));
        assert_null(bench_kinds_close(NULL));
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(calls_are_measured), TEST_CASE(a_process_is_called_from_its_own_processor_too),
                         TEST_CASE(bulk_data_is_measured_in_bytes), TEST_CASE(an_add_in_that_reads_something_else_is_out),
                         TEST_CASE(activation_is_measured_with_nothing_loaded), TEST_CASE(a_crash_is_measured_and_survived),
                         TEST_CASE(calls_are_begun), TEST_CASE(a_crowd_calls_the_same_add_in),
                         TEST_CASE(a_crowd_whose_calls_fail_is_out), TEST_CASE(kinds_without_their_module_are_out),
                         TEST_CASE(kinds_that_nobody_wants_are_not_there));
}
