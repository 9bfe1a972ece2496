#include "test/harness/harness.h"

#include <string.h>
#include "base/fault.h"
#include "tool/bench_plan.h"

/* Takes ten nanoseconds a time. */
static int run_even(const struct bench_task *task, uint64_t times, uint64_t *ret_ns, struct ward_fault *fault)
{
        *ret_ns = times * 10;
        return 0;
}

/* Takes what its numbers say, one after the other. */
static int run_listed(const struct bench_task *task, uint64_t times, uint64_t *ret_ns, struct ward_fault *fault)
{
        const uint64_t **next = task->held;
        *ret_ns = *(*next)++;
        return 0;
}

static int run_broken(const struct bench_task *task, uint64_t times, uint64_t *ret_ns, struct ward_fault *fault)
{
        return fault_set(fault, WARD_FAULT_TRAP, "broken at %s", task->name);
}

static struct bench_plan plan; /* too big for the stack's comfort; each test has a process, and so a fresh one, of its own */

static struct bench_task *add(const char *name, int (*run)(const struct bench_task *, uint64_t, uint64_t *, struct ward_fault *))
{
        struct bench_task *task = bench_add(&plan, bench_add_side(&plan, "side"), "%s", name);
        task->run = run;
        task->times = 1;
        return task;
}

TEST(a_sample_is_as_long_as_asked)
{
        struct bench_task *task = add("even", run_even);
        bench_calibrate(task, 1000000);
        assert_in_range(task->times, 50000, 100000);
        bench_sample(task);
        assert_float_equal(bench_median(task), 10, 1e-9);
        assert_string_equal(bench_unit(task), "ns");
}

TEST(what_takes_longer_than_a_sample_is_done_once)
{
        struct bench_task *task = add("even", run_even);
        bench_calibrate(task, 15);
        assert_int_equal(task->times, 1);
}

/* Ten nanoseconds a time, and every second run is interrupted for a millisecond. */
static int run_disturbed(const struct bench_task *task, uint64_t times, uint64_t *ret_ns, struct ward_fault *fault)
{
        bool *disturbed = task->held;
        *disturbed = !*disturbed;
        *ret_ns = times * 10 + (*disturbed ? 1000000 : 0);
        return 0;
}

TEST(an_interruption_makes_no_sample_too_short)
{
        bool disturbed = false;
        struct bench_task *task = add("disturbed", run_disturbed);
        task->held = &disturbed;
        bench_calibrate(task, 1000000);
        task->held = NULL;
        assert_in_range(task->times, 50000, 100000);
}

static void sample_listed(struct bench_task *task, const uint64_t *ns, unsigned n)
{
        task->held = &ns;
        for (unsigned i = 0; i < n; i++)
                bench_sample(task);
        task->held = NULL;
}

TEST(the_median_is_the_middle_one)
{
        struct bench_task *task = add("listed", run_listed);
        sample_listed(task, (const uint64_t[]){ 50, 10, 900, 20, 30 }, 5);
        assert_float_equal(bench_median(task), 30, 1e-9);
        assert_float_equal(bench_min(task), 10, 1e-9);
}

TEST(the_median_of_an_even_number_lies_between_two)
{
        struct bench_task *task = add("listed", run_listed);
        sample_listed(task, (const uint64_t[]){ 40, 10, 900, 20 }, 4);
        assert_float_equal(bench_median(task), 30, 1e-9);
}

TEST(bytes_give_megabytes_per_second)
{
        struct bench_task *task = add("listed", run_listed);
        task->bytes = 1000;
        sample_listed(task, (const uint64_t[]){ 500, 1000, 2000 }, 3);
        assert_float_equal(bench_median(task), 1000, 1e-9);
        assert_float_equal(bench_min(task), 500, 1e-9);
        assert_string_equal(bench_unit(task), "MB/s");
}

TEST(rates_are_per_second)
{
        struct bench_task *task = add("listed", run_listed);
        task->rate = true;
        sample_listed(task, (const uint64_t[]){ 500, 1000, 2000 }, 3);
        assert_float_equal(bench_median(task), 1e6, 1e-6);
        assert_string_equal(bench_unit(task), "1/s");
}

TEST(a_sample_is_no_more_than_it_may_be)
{
        struct bench_task *task = add("even", run_even);
        task->times_max = 20;
        bench_calibrate(task, 1000000);
        assert_int_equal(task->times, 20);
}

TEST(tasks_have_the_place_that_they_were_added_at)
{
        plan.place = "there";
        assert_string_equal(add("first", run_even)->place, "there");
        plan.place = NULL;
        assert_null(add("second", run_even)->place);
}

TEST(no_time_at_all_is_no_division_by_zero)
{
        struct bench_task *task = add("listed", run_listed);
        task->bytes = 10;
        sample_listed(task, (const uint64_t[]){ 0 }, 1);
        assert_true(bench_median(task) > 0 && bench_median(task) < 1e9);
}

TEST(samples_beyond_the_room_are_dropped)
{
        struct bench_task *task = add("even", run_even);
        for (int i = 0; i < BENCH_ROUNDS_MAX + 5; i++)
                bench_sample(task);
        assert_int_equal(task->n_samples, BENCH_ROUNDS_MAX);
}

/* One that fails takes the others of its side with it, and only those. */
TEST(a_side_that_fails_is_out)
{
        struct bench_task *broken = add("broken", run_broken);
        struct bench_task *mate = add("mate", run_even);
        struct bench_task *other = add("other", run_even);
        mate->side = broken->side;
        bench_calibrate(broken, 1000);
        bench_sample(mate);
        bench_sample(other);
        assert_true(broken->side->out);
        assert_string_equal(broken->side->why.text, "broken at broken");
        assert_null(bench_find(&plan, "broken"));
        assert_null(bench_find(&plan, "mate"));
        assert_ptr_equal(bench_find(&plan, "other"), other);
}

TEST(finds_by_the_whole_name)
{
        struct bench_task *task = add("call.void", run_even);
        bench_sample(task);
        assert_ptr_equal(bench_find(&plan, "call.void"), task);
        assert_null(bench_find(&plan, "call"));
        assert_null(bench_find(&plan, "call.void.direct"));
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(a_sample_is_as_long_as_asked),
                         TEST_CASE(what_takes_longer_than_a_sample_is_done_once),
                         TEST_CASE(an_interruption_makes_no_sample_too_short), TEST_CASE(the_median_is_the_middle_one),
                         TEST_CASE(the_median_of_an_even_number_lies_between_two), TEST_CASE(bytes_give_megabytes_per_second),
                         TEST_CASE(rates_are_per_second), TEST_CASE(a_sample_is_no_more_than_it_may_be),
                         TEST_CASE(tasks_have_the_place_that_they_were_added_at), TEST_CASE(no_time_at_all_is_no_division_by_zero),
                         TEST_CASE(samples_beyond_the_room_are_dropped), TEST_CASE(a_side_that_fails_is_out),
                         TEST_CASE(finds_by_the_whole_name));
}
