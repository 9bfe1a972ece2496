#include "channel/coming.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "test/harness/harness.h"

enum { LANE = 3, SIZE = 1 << 20 };

/* Both sides, in one process and one mapping. */
struct stage {
        struct shared shared;
        struct channel host, worker;
        struct extent extent;
        uint8_t *from;
        _Atomic uint32_t guard;
};

static void open_stage(struct stage *stage)
{
        struct ward_fault fault;
        memset(stage, 0, sizeof *stage);
        assert_int_equal(shared_new(8 << 20, &stage->shared, &fault), 0);
        channel_open_host(&stage->shared, LANE, &stage->host);
        channel_open(&stage->shared, LANE, &stage->worker);
        assert_int_equal(shared_take(&stage->shared, 2 * SIZE, &stage->extent), 0);
        atomic_store(&stage->guard, 1);
        stage->from = malloc(SIZE);
        for (int i = 0; i < SIZE; i++)
                stage->from[i] = (uint8_t)(i * 17 % 251);
}

static void close_stage(struct stage *stage)
{
        shared_give(&stage->shared, stage->extent);
        shared_finish(&stage->shared, false);
        free(stage->from);
}

struct reader {
        struct stage *stage;
        struct coming coming;
        bool good;
};

/* Reads what is there as it comes, by steps that are not the writer's. */
static void *read_all(void *data)
{
        struct reader *reader = data;
        struct channel *worker = &reader->stage->worker;
        reader->good = true;
        for (uint32_t i = 0; i < reader->coming.n; i++) {
                const struct coming_block *block = &reader->coming.blocks[i];
                for (uint32_t done = 0, n; done < block->len; done += n) {
                        n = block->len - done < 5000 ? block->len - done : 5000;
                        coming_await(worker, &reader->coming, block->at + done, n);
                        reader->good &= !memcmp(worker->base + block->at + done, reader->stage->from + i + done, n);
                }
        }
        return NULL;
}

static void announce(struct stage *stage, struct coming *coming)
{
        const uint32_t lens[] = { SIZE / 2 + 1, COMING_LEAST, COMING_LEAST + 65, SIZE / 4 };
        uint32_t at = stage->extent.start;
        *coming = (struct coming){ .n = 0 };
        for (uint32_t i = 0; i < CHANNEL_COMING; i++) {
                assert_true(coming_add(coming, at, stage->from + i, lens[i]));
                at += (lens[i] + 7) & ~7u;
        }
        memset(stage->shared.base + stage->extent.start, 0xff, 2 * SIZE);
        coming_announce(&stage->host, coming);
}

TEST(is_read_as_it_comes)
{
        struct stage stage;
        struct coming coming;
        pthread_t thread;
        open_stage(&stage);
        for (int i = 0; i < 50; i++) {
                struct reader reader = { .stage = &stage };
                announce(&stage, &coming);
                coming_expect(&stage.worker, &reader.coming);
                assert_int_equal(reader.coming.n, CHANNEL_COMING);
                assert_int_equal(pthread_create(&thread, NULL, read_all, &reader), 0);
                coming_write(&stage.host, &coming, &stage.guard);
                assert_int_equal(coming.n, 0);
                pthread_join(thread, NULL);
                assert_true(reader.good);
                coming_await_all(&stage.worker, &reader.coming);
        }
        close_stage(&stage);
}

/* Who waits for a host that takes its time sleeps, and is woken. */
TEST(who_waits_long_sleeps)
{
        struct stage stage;
        struct coming coming;
        struct reader reader = { .stage = &stage };
        pthread_t thread;
        open_stage(&stage);
        announce(&stage, &coming);
        coming_expect(&stage.worker, &reader.coming);
        assert_int_equal(pthread_create(&thread, NULL, read_all, &reader), 0);
        while (!(atomic_load(&stage.host.words->there) & 1)) /* the reader says so before it sleeps */
                nanosleep(&(struct timespec){ .tv_nsec = 100000 }, NULL);
        coming_write(&stage.host, &coming, &stage.guard);
        pthread_join(thread, NULL);
        assert_true(reader.good);
        close_stage(&stage);
}

TEST(small_ones_and_one_too_many_are_not_taken)
{
        struct coming coming = { .n = 0 };
        assert_false(coming_add(&coming, 0, "", COMING_LEAST - 1));
        for (int i = 0; i < CHANNEL_COMING; i++)
                assert_true(coming_add(&coming, 0, "", COMING_LEAST));
        assert_false(coming_add(&coming, 0, "", COMING_LEAST));
        assert_int_equal(coming.n, CHANNEL_COMING);
}

TEST(nothing_is_written_to_who_is_gone)
{
        struct stage stage;
        struct coming coming;
        open_stage(&stage);
        announce(&stage, &coming);
        atomic_store(&stage.guard, 0);
        coming_write(&stage.host, &coming, &stage.guard);
        assert_int_equal(coming.n, 0);
        assert_int_equal(stage.shared.base[stage.extent.start], 0xff);
        close_stage(&stage);
}

static void *scribble(void *data)
{
        struct stage *stage = data;
        struct lane_words *words = stage->worker.words;
        for (uint32_t i = 0; atomic_load(&stage->guard); i++) {
                atomic_store(&words->there, i * 0x9e3779b9u | 1);
                atomic_store(&words->n_coming, ~i);
                atomic_store(&words->coming[i % CHANNEL_COMING].at, ~i);
                atomic_store(&words->coming[i % CHANNEL_COMING].len, ~i);
        }
        return NULL;
}

/* What the host writes, and where, is what it knew before. */
TEST(the_words_are_not_believed)
{
        struct stage stage;
        struct coming coming;
        pthread_t thread;
        open_stage(&stage);
        announce(&stage, &coming);
        const struct coming before = coming;
        _Atomic uint32_t guard = 1;
        assert_int_equal(pthread_create(&thread, NULL, scribble, &stage), 0);
        coming_write(&stage.host, &coming, &guard);
        atomic_store(&stage.guard, 0);
        pthread_join(thread, NULL);
        for (uint32_t i = 0; i < before.n; i++)
                assert_memory_equal(stage.shared.base + before.blocks[i].at, stage.from + i, before.blocks[i].len);
        coming_expect(&stage.worker, &coming);
        assert_true(coming.n <= CHANNEL_COMING);
        close_stage(&stage);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(is_read_as_it_comes), TEST_CASE(who_waits_long_sleeps),
                         TEST_CASE(small_ones_and_one_too_many_are_not_taken), TEST_CASE(nothing_is_written_to_who_is_gone),
                         TEST_CASE(the_words_are_not_believed));
}
