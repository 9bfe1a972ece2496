#include "test/harness/harness.h"

#include <sched.h>
#include <string.h>
#include "base/clock.h"
#include "tool/bench_limits.h"
#include "tool/bench_pingpong.h"

static struct bench_plan plan;
static struct bench_place place;

TEST(places_are_two_different_allowed_processors)
{
        bench_place_choose(&place);
        if (place.worker < 0)
                harness_skip("this machine offers one processor only");
        assert_true(place.host != place.worker);
        assert_true(CPU_ISSET(place.host, &place.before) && CPU_ISSET(place.worker, &place.before));
        assert_int_equal(bench_place_affinity(place.worker), UINT64_C(1) << place.worker);
        assert_ptr_equal(strstr(place.two, "two cores "), place.two);
        assert_ptr_equal(strstr(place.one, "one core: processor "), place.one);
}

TEST(pinning_is_undone)
{
        cpu_set_t now;
        bench_place_choose(&place);
        bench_place_pin(&place);
        if (place.host >= 0)
                assert_int_equal(sched_getcpu(), place.host);
        bench_place_restore(&place);
        sched_getaffinity(0, sizeof now, &now);
        assert_true(CPU_EQUAL(&now, &place.before));
}

/* Where all is one processor, there is no second one to speak of. */
TEST(one_processor_is_one_core)
{
        cpu_set_t one;
        bench_place_choose(&place);
        CPU_ZERO(&one);
        for (int i = 0; i < CPU_SETSIZE && !CPU_COUNT(&one); i++)
                if (CPU_ISSET(i, &place.before))
                        CPU_SET(i, &one);
        assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
        bench_place_choose(&place);
        assert_true(CPU_ISSET(place.host, &one));
        assert_int_equal(place.worker, -1);
        assert_int_equal(bench_place_affinity(place.worker), 0);
        assert_string_equal(place.two, place.one);
}

static void play(enum pingpong_game game, uint64_t times)
{
        struct pingpong *pingpong;
        uint64_t ns = 0;
        bench_place_choose(&place);
        if (place.worker < 0)
                harness_skip("this machine offers one processor only");
        assert_int_equal(pingpong_open(place.worker, &pingpong, NULL), 0);
        for (int i = 0; i < 3; i++) {
                assert_int_equal(pingpong_play(pingpong, game, times, &ns, NULL), 0);
                assert_true(ns > times * 10);
        }
        pingpong_close(pingpong);
}

TEST(the_ball_comes_back_spinning)
{
        play(PINGPONG_SPINNING, 1000);
        play(PINGPONG_ONE_LINE, 1000);
}

TEST(the_ball_comes_back_on_futexes)
{
        play(PINGPONG_FUTEX, 100);
}

/* On one processor as well, and the pauses are not counted. */
TEST(the_ball_comes_back_after_a_sleep)
{
        struct pingpong *pingpong;
        uint64_t ns = 0;
        bench_place_choose(&place);
        bench_place_pin(&place);
        assert_int_equal(pingpong_open(place.host, &pingpong, NULL), 0);
        uint64_t start = clock_now();
        assert_int_equal(pingpong_play(pingpong, PINGPONG_PARKED, 10, &ns, NULL), 0);
        uint64_t all = clock_now() - start;
        assert_true(ns > 0 && all >= UINT64_C(10) * PINGPONG_PARK_NS && ns <= all - UINT64_C(10) * PINGPONG_PARK_NS);
        pingpong_close(pingpong);
}

/* It waits for its turn in its sleep, so that the process may do other things between two games. */
TEST(games_may_alternate)
{
        struct pingpong *pingpong;
        uint64_t ns;
        assert_int_equal(pingpong_open(-1, &pingpong, NULL), 0);
        for (int i = 0; i < 20; i++)
                assert_int_equal(pingpong_play(pingpong, i % 2 ? PINGPONG_FUTEX : PINGPONG_ONE_LINE, 10, &ns, NULL), 0);
        assert_null(pingpong_close(pingpong));
        assert_null(pingpong_close(NULL));
}

/* Without the module the plain call is missing, and nothing else. */
TEST(limits_go_on_without_the_module)
{
        struct bench_limits *limits = NULL;
        bench_place_choose(&place);
        assert_int_equal(bench_limits_open(&plan, &place, "/nowhere/bench.so", &limits, NULL), 0);
        for (size_t i = 0; i < plan.n_tasks; i++) {
                bench_calibrate(&plan.tasks[i], 100000);
                bench_sample(&plan.tasks[i]);
        }
        assert_null(bench_find(&plan, "limit.call"));
        assert_non_null(bench_find(&plan, "limit.futex"));
        assert_non_null(bench_find(&plan, "limit.futex.parked.one_core"));
        assert_string_equal(bench_find(&plan, "limit.futex")->place, place.two);
        assert_string_equal(bench_find(&plan, "limit.futex.one_core")->place, place.one);
        assert_non_null(bench_find(&plan, "limit.memcpy.10"));
        assert_non_null(bench_find(&plan, "limit.memcpy.10000000"));
        assert_true(plan.sides[0].out);
        assert_non_null(strstr(plan.sides[0].why.text, "/nowhere/bench.so"));
        assert_null(bench_limits_close(limits));
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(places_are_two_different_allowed_processors), TEST_CASE(pinning_is_undone),
                         TEST_CASE(one_processor_is_one_core), TEST_CASE(the_ball_comes_back_spinning),
                         TEST_CASE(the_ball_comes_back_on_futexes), TEST_CASE(the_ball_comes_back_after_a_sleep),
                         TEST_CASE(games_may_alternate), TEST_CASE(limits_go_on_without_the_module));
}
