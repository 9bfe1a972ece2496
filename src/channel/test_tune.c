#include "channel/tune.h"

#include <stdlib.h>
#include "test/harness/harness.h"

enum { US = 1000, MS = 1000000 };

#define LONG_AGO UINT64_C(1000000000000)

static uint64_t now;

/* A wait beyond the first looks whose message comes @us after it began. A side that sleeps until then needs @wake_us to wake up.
 * Returns the time it spun. */
static uint64_t wait_us(struct tune *tune, uint64_t us, uint64_t wake_us)
{
        uint64_t spins = tune_begin(tune, now);
        bool slept = us * US > spins;
        uint64_t waited = us * US + (slept ? wake_us * US : 0);
        now += waited;
        tune_end(tune, waited, slept, now);
        return slept ? spins : waited;
}

static struct tune fresh(void)
{
        now = LONG_AGO;
        return (struct tune){ 0 };
}

static struct tune resting(void)
{
        struct tune tune = fresh();
        while (!tune.rests)
                wait_us(&tune, 10000, 20);
        return tune;
}

TEST(a_fresh_side_spins_longer_than_a_wake_up_takes)
{
        struct tune tune = fresh();
        assert_true(tune_looks(&tune));
        assert_true(tune_begin(&tune, now) > 100 * US);
}

TEST(a_long_wait_of_a_fresh_side_makes_it_rest)
{
        struct tune tune = fresh();
        wait_us(&tune, 10000, 20);
        assert_false(tune_looks(&tune));
        for (int i = 0; i < 1000; i++)
                assert_true(wait_us(&tune, 10000, 20) == 0);
}

TEST(one_long_wait_among_many_short_ones_changes_nothing)
{
        struct tune tune = fresh();
        for (int i = 0; i < 1000; i++) {
                for (int j = 0; j < 20; j++)
                        tune_quick(&tune);
                wait_us(&tune, 10000, 20);
                assert_true(tune_looks(&tune));
        }
}

TEST(a_side_that_rests_spins_again_once_waits_are_short)
{
        struct tune tune = resting();
        int waits = 0;
        while (tune.rests && ++waits < 100)
                wait_us(&tune, 2, 20);
        assert_true(waits < 20);
}

TEST(naps_find_out_that_a_wake_up_is_cheap)
{
        struct tune tune = fresh();
        int waits = 0;
        /* 60 µs are worth spinning for if a wake-up takes 50, and not if it takes 5. */
        while (!tune.rests && ++waits < 1000)
                wait_us(&tune, 60, 5);
        assert_in_range(waits, 2, 200);
        assert_true(tune.cost < 20 * US);
}

TEST(naps_become_rare_when_there_is_nothing_to_learn)
{
        struct tune tune = fresh();
        int naps = 0;
        for (int i = 0; i < 20000; i++) {
                naps += tune_begin(&tune, now) == 0;
                now += 60 * US;
                bool napped = tune.mode == TUNE_NAPS;
                tune_end(&tune, (napped ? 110 : 60) * US, napped, now);
        }
        assert_in_range(naps, 10, 40);
        assert_in_range(tune.cost, 45 * US, 55 * US);
}

TEST(tries_find_out_that_a_wake_up_is_dear)
{
        struct tune tune = resting();
        tune.cost = 5 * US;
        for (int i = 0; i < 10000 && tune.rests; i++)
                wait_us(&tune, 55, 60);
        assert_false(tune.rests);
        assert_true(tune.cost > 18 * US);
}

TEST(tries_take_a_hundredth_of_the_time)
{
        struct tune tune = resting();
        uint64_t start = now, spun = 0;
        tune.cost = 5 * US;
        /* Never worth it. */
        while (now < start + 10 * (uint64_t)1000 * MS)
                spun += wait_us(&tune, 100, 5);
        assert_true(spun > 0);
        assert_true(spun <= (now - start + TUNE_SAVED) / TUNE_SHARE + TUNE_TRY_MAX);
}

TEST(who_is_descheduled_while_it_spins_rests_ever_longer)
{
        struct tune tune = fresh();
        uint64_t before = 0;
        for (int i = 0; i < 6; i++) {
                tune_begin(&tune, now);
                tune_jumped(&tune, 3 * MS, now);
                uint64_t pause = tune.next_try - now;
                assert_false(tune_looks(&tune));
                assert_true(pause >= 8 * 3 * MS && pause > before);
                before = pause;
                now = tune.next_try;
        }
        now += 100 * before;
        tune_jumped(&tune, 3 * MS, now);
        assert_true(tune.next_try - now == 8 * 3 * MS);
}

TEST(a_process_that_was_stopped_for_days_rests_for_seconds_only)
{
        struct tune tune = fresh();
        for (int i = 0; i < 20; i++)
                tune_jumped(&tune, UINT64_C(1) << 60, now);
        assert_true(tune.next_try - now < UINT64_C(20000) * MS);
}

TEST(a_fixed_time_is_kept)
{
        struct tune tune = fresh();
        tune.fixed = 7 * US;
        for (int i = 0; i < 100; i++) {
                assert_true(tune_begin(&tune, now) == 7 * US);
                tune_jumped(&tune, 3 * MS, now);
                tune_end(&tune, 10 * MS, true, now);
                assert_true(tune_looks(&tune));
        }
}

TEST(nothing_that_is_seen_leads_astray)
{
        struct tune tune = fresh();
        srand(1);
        for (int i = 0; i < 1000000; i++) {
                uint64_t any = (uint64_t)rand() << (rand() % 32);
                for (int quick = rand() % 4; quick; quick--)
                        tune_quick(&tune);
                assert_true(tune_begin(&tune, now) <= TUNE_TRY_MAX);
                if (rand() % 16 == 0)
                        tune_jumped(&tune, any, now);
                now += rand() % 100 ? any % MS : any;
                tune_end(&tune, any, rand() % 2, now);
                assert_true(!tune.cost || (tune.cost >= TUNE_COST_MIN && tune.cost <= TUNE_COST_MAX));
                assert_true(abs(tune.balance) <= TUNE_SPIN_MAX);
        }
}

int main(int argc, char **argv)
{
        return TEST_MAIN(
                argc, argv, TEST_CASE(a_fresh_side_spins_longer_than_a_wake_up_takes),
                TEST_CASE(a_long_wait_of_a_fresh_side_makes_it_rest),
                TEST_CASE(one_long_wait_among_many_short_ones_changes_nothing),
                TEST_CASE(a_side_that_rests_spins_again_once_waits_are_short), TEST_CASE(naps_find_out_that_a_wake_up_is_cheap),
                TEST_CASE(naps_become_rare_when_there_is_nothing_to_learn), TEST_CASE(tries_find_out_that_a_wake_up_is_dear),
                TEST_CASE(tries_take_a_hundredth_of_the_time), TEST_CASE(who_is_descheduled_while_it_spins_rests_ever_longer),
                TEST_CASE(a_process_that_was_stopped_for_days_rests_for_seconds_only), TEST_CASE(a_fixed_time_is_kept),
                TEST_CASE(nothing_that_is_seen_leads_astray));
}
