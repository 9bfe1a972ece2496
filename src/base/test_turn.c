#include <pthread.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/turn.h"
#include "test/harness/harness.h"

TEST(is_recursive)
{
        struct turn turn = { 0 };
        assert_false(turn_is_mine(&turn));
        assert_true(turn_take(&turn, CLOCK_NEVER));
        assert_true(turn_try(&turn));
        turn_give(&turn);
        assert_true(turn_is_mine(&turn));
        turn_give(&turn);
        assert_false(turn_is_mine(&turn));
        assert_int_equal(turn.word, TURN_FREE);
}

struct counted {
        struct turn turn;
        long count;
};

enum { THREADS = 4, ROUNDS = 100000 };

static void *count(void *data)
{
        struct counted *counted = data;
        for (int i = 0; i < ROUNDS; i++) {
                if (!turn_take(&counted->turn, CLOCK_NEVER))
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
        struct counted counted = { 0 };
        pthread_t threads[THREADS];
        for (int i = 0; i < THREADS; i++)
                assert_int_equal(pthread_create(&threads[i], NULL, count, &counted), 0);
        for (int i = 0; i < THREADS; i++)
                pthread_join(threads[i], NULL);
        assert_int_equal(counted.count, (long)THREADS * ROUNDS);
        assert_int_equal(counted.turn.word, TURN_FREE);
}

static void *try_for_a_while(void *data)
{
        struct turn *turn = data;
        bool tried = turn_try(turn), took = turn_take(turn, clock_now() + 20000000);
        return tried || took ? data : NULL;
}

static void *take_and_give(void *data)
{
        struct turn *turn = data;
        if (!turn_take(turn, clock_now() + 10000000000u))
                return NULL;
        turn_give(turn);
        return data;
}

TEST(waits_until_the_deadline)
{
        struct turn turn = { 0 };
        pthread_t thread;
        void *result;
        assert_true(turn_take(&turn, CLOCK_NEVER));
        uint64_t began = clock_now();
        pthread_create(&thread, NULL, try_for_a_while, &turn);
        pthread_join(thread, &result);
        assert_null(result);
        assert_true(clock_now() - began >= 20000000);
        /* who gave up waiting leaves nobody waiting in vain */
        pthread_create(&thread, NULL, take_and_give, &turn);
        usleep(20000);
        turn_give(&turn);
        pthread_join(thread, &result);
        assert_ptr_equal(result, &turn);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(is_recursive), TEST_CASE(one_at_a_time), TEST_CASE(waits_until_the_deadline));
}
