#include "channel/ring.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include "test/harness/harness.h"

/* Both sides over the same memory. */
struct pair {
        uint8_t *base;
        struct ring worker;
        struct ring host;
};

static struct pair pair_new(void)
{
        struct pair pair = { .base = aligned_alloc(POOL_PAGE, RING_EXTENT) };
        memset(pair.base, 0, RING_EXTENT);
        ring_attach(pair.base, (struct extent){ 0, RING_EXTENT }, &pair.worker);
        ring_attach(pair.base, (struct extent){ 0, RING_EXTENT }, &pair.host);
        return pair;
}

static bool put(struct pair *pair, uint32_t n_slots, uint64_t value)
{
        uint32_t size = 8 + 8 * n_slots;
        uint8_t *at = ring_room(&pair->worker, size);
        if (!at)
                return false;
        for (uint32_t i = 0; i < n_slots; i++)
                memcpy(at + 8 + 8 * i, &(uint64_t){ value + i }, 8);
        ring_put(&pair->worker, size, 3, 7);
        return true;
}

/* The next record's first slot. */
static uint64_t take(struct pair *pair, uint32_t n_slots)
{
        struct ring_record record = { 0 };
        assert_true(ring_next(&pair->host, &record));
        assert_int_equal(record.instance, 3);
        assert_int_equal(record.function, 7);
        assert_int_equal(record.n_slots, n_slots);
        uint64_t value = n_slots ? record.slots[0] : 0;
        for (uint32_t i = 0; i < n_slots; i++)
                assert_int_equal(record.slots[i], value + i);
        ring_done(&pair->host, &record);
        return value;
}

TEST(records_come_in_order)
{
        struct pair pair = pair_new();
        assert_true(ring_look(&pair.host));
        assert_true(ring_is_empty(&pair.host));
        for (uint32_t i = 0; i < 20; i++)
                assert_true(put(&pair, i, 100 * i));
        assert_true(ring_look(&pair.host));
        for (uint32_t i = 0; i < 20; i++)
                assert_int_equal(take(&pair, i), 100 * i);
        assert_true(ring_is_empty(&pair.host));
        free(pair.base);
}

/* Sizes that do not divide the ring's, so that it ends at all places. */
TEST(the_ring_goes_round)
{
        struct pair pair = pair_new();
        uint64_t put_next = 0, take_next = 0;
        for (int round = 0; round < 200; round++) {
                uint32_t n = 1 + (uint32_t)round * 37 % 5000;
                for (; put(&pair, n, put_next); put_next++)
                        ;
                assert_true(ring_left(&pair.worker) < 2 * (8 + 8 * n));
                assert_true(ring_look(&pair.host));
                for (; !ring_is_empty(&pair.host); take_next++)
                        assert_int_equal(take(&pair, n), take_next);
                ring_pass(&pair.host);
                assert_int_equal(take_next, put_next);
        }
        free(pair.base);
}

enum { MANY = 300000 };

static void *produce(void *data)
{
        struct pair *pair = data;
        for (uint64_t i = 0; i < MANY; i++)
                while (!put(pair, 1 + i % 3, i))
                        sched_yield();
        return NULL;
}

TEST(both_sides_at_once)
{
        struct pair pair = pair_new();
        pthread_t thread;
        pthread_create(&thread, NULL, produce, &pair);
        for (uint64_t i = 0; i < MANY;) {
                assert_true(ring_look(&pair.host));
                if (ring_is_empty(&pair.host))
                        sched_yield();
                for (; !ring_is_empty(&pair.host); i++)
                        assert_int_equal(take(&pair, 1 + i % 3), i);
                ring_pass(&pair.host);
        }
        pthread_join(thread, NULL);
        free(pair.base);
}

static bool next(struct pair *pair)
{
        struct ring_record record;
        return ring_next(&pair->host, &record);
}

/* What a worker may have written. */
TEST(lies_are_seen)
{
        struct pair pair = pair_new();
        struct ring *host = &pair.host;
        uint64_t *first = (void *)host->records;
        atomic_store(&host->words->head, RING_BYTES + 8);
        assert_false(ring_look(host));
        atomic_store(&host->words->head, 12);
        assert_false(ring_look(host));
        atomic_store(&host->words->head, UINT32_MAX - 7);
        assert_false(ring_look(host));
        atomic_store(&host->words->head, 16);
        assert_true(ring_look(host));
        *first = 0; /* a skip to behind the head */
        assert_false(next(&pair));
        *first = 3; /* beyond the head */
        assert_false(next(&pair));
        *first = UINT64_MAX;
        assert_false(next(&pair));
        host->tail = host->passed = RING_BYTES - 16; /* beyond the ring's end */
        atomic_store(&host->words->head, RING_BYTES + 16);
        assert_true(ring_look(host));
        memcpy(host->records + RING_BYTES - 16, &(uint64_t){ 4 }, 8);
        assert_false(next(&pair));
        memset(host->records + RING_BYTES - 16, 0, 8); /* two skips */
        *first = 0;
        assert_false(next(&pair));
        free(pair.base);
}

/* Never out of bounds, never without end, whatever lies there. */
TEST(noise_ends)
{
        struct pair pair = pair_new();
        srandom(1);
        for (int round = 0; round < 2000; round++) {
                uint32_t at = (uint32_t)random() % RING_BYTES & ~7u;
                for (uint32_t i = 0; i < RING_BYTES; i += 8)
                        memcpy(pair.host.records + i, &(uint64_t){ (uint64_t)random() % 200 }, 8);
                pair.host.tail = pair.host.passed = at;
                atomic_store(&pair.host.words->head, at + ((uint32_t)random() % (RING_BYTES + 64)));
                if (!ring_look(&pair.host))
                        continue;
                struct ring_record record;
                uint64_t sum = 0;
                while (!ring_is_empty(&pair.host) && ring_next(&pair.host, &record)) {
                        for (uint32_t i = 0; i < record.n_slots; i++)
                                sum += record.slots[i];
                        ring_done(&pair.host, &record);
                }
                assert_true(pair.host.head - pair.host.tail <= RING_BYTES);
                (void)sum;
        }
        free(pair.base);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(records_come_in_order), TEST_CASE(the_ring_goes_round),
                         TEST_CASE(both_sides_at_once), TEST_CASE(lies_are_seen), TEST_CASE(noise_ends));
}
