#include "channel/pool.h"

#include <stdbool.h>
#include <stdlib.h>
#include "test/harness/harness.h"

enum { PAGES = 64, BASE = 3 * POOL_PAGE };

static struct pool pool_of_pages(void)
{
        struct pool pool;
        assert_int_equal(pool_init(&pool, (struct extent){ BASE, BASE + PAGES * POOL_PAGE }), 0);
        return pool;
}

TEST(extents_are_whole_pages_that_do_not_overlap)
{
        struct pool pool = pool_of_pages();
        struct extent one, two, three;
        assert_int_equal(pool_take(&pool, 1, &one), 0);
        assert_int_equal(pool_take(&pool, POOL_PAGE + 1, &two), 0);
        assert_int_equal(extent_size(one), POOL_PAGE);
        assert_int_equal(extent_size(two), 2 * POOL_PAGE);
        assert_int_equal(one.end, two.start);
        assert_int_equal(pool_take(&pool, (PAGES - 2) * POOL_PAGE, &three), 1);
        assert_int_equal(pool_take(&pool, (PAGES - 3) * POOL_PAGE, &three), 0);
        assert_int_equal(pool.left, 0);
        assert_int_equal(pool_take(&pool, 1, &three), 1);
        assert_int_equal(pool_take(&pool, UINT64_MAX / 2, &three), 1);
        pool_finish(&pool);
}

/* Who asks for nothing, and gives it back when the pages there are another's. */
TEST(no_extent_is_empty)
{
        struct pool pool = pool_of_pages();
        struct extent nothing[8], rest;
        for (int i = 0; i < 8; i++) {
                assert_int_equal(pool_take(&pool, 0, &nothing[i]), 0);
                assert_int_equal(extent_size(nothing[i]), POOL_PAGE);
        }
        assert_int_equal(pool_take(&pool, pool.left, &rest), 0);
        assert_int_equal(pool_take(&pool, 0, &rest), 1);
        for (int i = 0; i < 8; i++)
                pool_give(&pool, nothing[i]);
        assert_int_equal(pool.n, 1);
        pool_finish(&pool);
}

/* Any order of taking and giving ends with one extent again, and no page is ever held twice. */
TEST(pages_are_held_once_and_come_together_again)
{
        struct pool pool = pool_of_pages();
        struct extent held[PAGES];
        unsigned n = 0;
        uint8_t owner[PAGES] = { 0 };
        srand(7);
        for (int i = 0; i < 20000; i++) {
                bool takes = n < PAGES && rand() % 2;
                if (takes && !pool_take(&pool, (uint64_t)(1 + rand() % 5) * POOL_PAGE, &held[n])) {
                        for (uint32_t p = (held[n].start - BASE) / POOL_PAGE; p < (held[n].end - BASE) / POOL_PAGE; p++)
                                assert_int_equal(owner[p]++, 0);
                        n++;
                } else if (n) {
                        unsigned which = (unsigned)rand() % n;
                        for (uint32_t p = (held[which].start - BASE) / POOL_PAGE; p < (held[which].end - BASE) / POOL_PAGE; p++)
                                owner[p]--;
                        pool_give(&pool, held[which]);
                        held[which] = held[--n];
                }
        }
        while (n)
                pool_give(&pool, held[--n]);
        assert_int_equal(pool.n, 1);
        assert_int_equal(pool.left, PAGES * POOL_PAGE);
        assert_int_equal(extent_size(pool.free[0]), PAGES * POOL_PAGE);
        pool_finish(&pool);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(extents_are_whole_pages_that_do_not_overlap), TEST_CASE(no_extent_is_empty),
                         TEST_CASE(pages_are_held_once_and_come_together_again));
}
