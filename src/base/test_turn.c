#include <pthread.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/turn.h"
#include "test/harness/harness.h"

TEST(is_recursive)
{
        struct turn turn = { .depth = 0 };
        assert_true(turn_take(&turn, CLOCK_NEVER));
        assert_true(turn_take(&turn, CLOCK_NEVER));
        turn_give(&turn);
        assert_int_equal(turn.word, TURN_TAKEN);
        turn_give(&turn);
        assert_int_equal(turn.word, TURN_FREE);
}

/* Every mix of the two ways, on one thread. */
TEST(ways_nest)
{
        turn_prepare();
        for (int mix = 0; mix < 16; mix++) {
                struct turn turn = { .depth = 0 };
                for (int i = 0; i < 4; i++)
                        assert_true(mix >> i & 1 ? turn_enter(&turn) : turn_take(&turn, CLOCK_NEVER));
                for (int i = 0; i < 4; i++) {
                        assert_true(turn.word != TURN_FREE || turn.inside);
                        turn_give(&turn);
                }
                assert_true(turn.word == TURN_FREE && !turn.inside && !turn.depth);
        }
}

TEST(the_first_to_enter_is_the_favourite)
{
        struct turn turn = { .depth = 0 };
        turn_prepare();
        assert_true(turn_take(&turn, CLOCK_NEVER));
        turn_give(&turn);
        assert_null(turn.favourite);
        assert_true(turn_enter(&turn));
#ifndef __SANITIZE_THREAD__
        assert_ptr_equal(turn.favourite, &turn_thread);
        assert_int_equal(turn.word, TURN_FREE);
#endif
        turn_give(&turn);
        assert_false(turn.shared);
}

struct counted {
        struct turn turn;
        long count;
        _Atomic bool come;
};

enum { THREADS = 4, ROUNDS = 100000 };

static void *count(void *data)
{
        struct counted *counted = data;
        for (int i = 0; i < ROUNDS; i++) {
                if (!turn_enter(&counted->turn) && !turn_take(&counted->turn, CLOCK_NEVER))
                        return NULL;
                turn_take(&counted->turn, CLOCK_NEVER);
                counted->count++;
                turn_give(&counted->turn);
                turn_give(&counted->turn);
        }
        return NULL;
}

TEST(one_at_a_time)
{
        struct counted counted = { .count = 0 };
        pthread_t threads[THREADS];
        turn_prepare();
        for (int i = 0; i < THREADS; i++)
                assert_int_equal(pthread_create(&threads[i], NULL, count, &counted), 0);
        for (int i = 0; i < THREADS; i++)
                pthread_join(threads[i], NULL);
        assert_int_equal(counted.count, (long)THREADS * ROUNDS);
        assert_int_equal(counted.turn.word, TURN_FREE);
        assert_int_equal(counted.turn.inside, 0);
}

static void *come_once(void *data)
{
        struct counted *counted = data;
        atomic_store(&counted->come, true);
        if (!turn_take(&counted->turn, clock_now() + 10000000000u))
                return NULL;
        counted->count++;
        turn_give(&counted->turn);
        return data;
}

/* The moment at which a favourite loses its privilege, again and again. */
TEST(a_favourite_gives_way)
{
        turn_prepare();
        for (int round = 0; round < 2000; round++) {
                struct counted counted = { .count = 0 };
                pthread_t thread;
                void *result = NULL;
                long own = 0;
                assert_true(turn_enter(&counted.turn));
                turn_give(&counted.turn);
                assert_int_equal(pthread_create(&thread, NULL, come_once, &counted), 0);
                while (!counted.come || own < 10) {
                        assert_true(turn_enter(&counted.turn) || turn_take(&counted.turn, CLOCK_NEVER));
                        counted.count++;
                        own++;
                        turn_give(&counted.turn);
                }
                pthread_join(thread, &result);
                assert_ptr_equal(result, &counted);
                assert_int_equal(counted.count, own + 1);
        }
}

static void *try_for_a_while(void *data)
{
        struct turn *turn = data;
        bool entered = turn_enter(turn), took = turn_take(turn, clock_now() + 20000000);
        return entered || took ? data : NULL;
}

static void *take_and_give(void *data)
{
        struct turn *turn = data;
        if (!turn_take(turn, clock_now() + 10000000000u))
                return NULL;
        turn_give(turn);
        return data;
}

/* Taken by either way, and who gave up waiting leaves nobody waiting in vain. */
TEST(waits_until_the_deadline)
{
        turn_prepare();
        for (int favoured = 0; favoured < 2; favoured++) {
                struct turn turn = { .depth = 0 };
                pthread_t thread;
                void *result;
                assert_true(favoured ? turn_enter(&turn) : turn_take(&turn, CLOCK_NEVER));
                uint64_t began = clock_now();
                pthread_create(&thread, NULL, try_for_a_while, &turn);
                pthread_join(thread, &result);
                assert_null(result);
                assert_true(clock_now() - began >= 20000000);
                pthread_create(&thread, NULL, take_and_give, &turn);
                usleep(20000);
                turn_give(&turn);
                pthread_join(thread, &result);
                assert_ptr_equal(result, &turn);
        }
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(is_recursive), TEST_CASE(ways_nest), TEST_CASE(the_first_to_enter_is_the_favourite),
                         TEST_CASE(one_at_a_time), TEST_CASE_LONG(a_favourite_gives_way, 60), TEST_CASE(waits_until_the_deadline));
}
