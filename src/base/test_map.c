#include "base/map.h"
#include "test/harness/harness.h"

static int values[20000];

TEST(empty)
{
        struct map map = { 0 };
        assert_null(map_find(&map, 1));
        assert_null(map_find(&map, 0));
        assert_null(map_remove(&map, 1));
        map_finish(&map);
}

TEST(add_find_remove)
{
        struct map map = { 0 };
        for (uint64_t i = 1; i < 20000; i++)
                assert_int_equal(map_add(&map, i, &values[i]), 0);
        assert_int_equal(map.n, 19999);
        for (uint64_t i = 1; i < 20000; i += 2)
                assert_ptr_equal(map_remove(&map, i), &values[i]);
        for (uint64_t i = 1; i < 20000; i++)
                assert_ptr_equal(map_find(&map, i), i % 2 ? NULL : &values[i]);
        for (uint64_t i = 2; i < 20000; i += 2)
                assert_ptr_equal(map_remove(&map, i), &values[i]);
        assert_int_equal(map.n, 0);
        assert_null(map_find(&map, 0));
        map_finish(&map);
}

/* A few keys at a time in a small map: holes of every kind, also around its end. */
TEST(churn)
{
        struct map map = { 0 };
        uint64_t state = 1;
        int held[32] = { 0 };
        for (int round = 0; round < 100000; round++) {
                state = state * 6364136223846793005u + 1442695040888963407u;
                uint64_t key = (state >> 40) % 31 + 1;
                if (held[key])
                        assert_ptr_equal(map_remove(&map, key << 33), &values[key]);
                else
                        assert_int_equal(map_add(&map, key << 33, &values[key]), 0);
                held[key] = !held[key];
                for (uint64_t k = 1; k < 32; k++)
                        assert_ptr_equal(map_find(&map, k << 33), held[k] ? &values[k] : NULL);
        }
        map_finish(&map);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(empty), TEST_CASE(add_find_remove), TEST_CASE(churn));
}
