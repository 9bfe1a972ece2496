#include "worker/acts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "test/harness/harness.h"

static struct acts acts;
static struct wire_act act;

TEST(an_act_is_told_as_it_was)
{
        acts_refused(&acts, 2, EACCES, "/etc/passwd");
        assert_true(acts_take(&acts, 1, &act));
        assert_int_equal(act.call, 2);
        assert_int_equal(act.error, EACCES);
        assert_int_equal(act.use, WIRE_USE_NONE);
        assert_int_equal(act.count, 1);
        assert_string_equal(act.subject, "/etc/passwd");
        assert_false(acts_take(&acts, 1, &act));
        acts_finish(&acts);
}

TEST(equal_acts_are_told_as_one)
{
        for (int i = 0; i < 1000; i++)
                acts_refused(&acts, 2, EACCES, i % 2 ? "/a" : "/b");
        assert_true(acts_take(&acts, 1, &act));
        assert_int_equal(act.count, 500);
        assert_true(acts_take(&acts, 1, &act));
        assert_int_equal(act.count, 500);
        assert_false(acts_take(&acts, 1, &act));
        acts_finish(&acts);
}

TEST(a_flood_of_different_acts_loses_subjects_and_no_count)
{
        uint64_t sum = 0;
        char path[32];
        for (int i = 0; i < 100000; i++) {
                snprintf(path, sizeof path, "/%d", i);
                acts_refused(&acts, 2, EACCES, path);
        }
        while (acts_take(&acts, 1, &act))
                sum += act.count;
        assert_int_equal(sum, 100000);
        acts_finish(&acts);
}

TEST(what_is_refused_is_told_so_often_in_a_time)
{
        enum { SECOND = 1000000000, MANY = 100000 };
        int told = 0;
        for (int i = 0; i < MANY; i++) {
                acts_refused(&acts, 2, EACCES, "/a");
                told += acts_take(&acts, SECOND, &act);
        }
        assert_in_range(told, 10, 100);
        for (int i = 0; i < 1000; i++) {
                acts_refused(&acts, 2, EACCES, "/a");
                told += acts_take(&acts, 2l * SECOND, &act);
        }
        assert_in_range(told, 20, 200);
        acts_finish(&acts);
}

TEST(what_was_used_is_told_once)
{
        for (int i = 0; i < 100; i++) {
                acts_used(&acts, 2, WIRE_USE_READ, "/a");
                acts_used(&acts, 2, WIRE_USE_WRITE, "/a");
        }
        assert_true(acts_take(&acts, 1, &act));
        assert_int_equal(act.use, WIRE_USE_READ);
        assert_int_equal(act.count, 1);
        assert_true(acts_take(&acts, 1, &act));
        assert_int_equal(act.use, WIRE_USE_WRITE);
        acts_used(&acts, 2, WIRE_USE_READ, "/a");
        assert_false(acts_take(&acts, 1, &act));
        acts_finish(&acts);
}

TEST(what_was_used_is_never_lost_and_never_late)
{
        char path[32];
        for (int i = 0; i < 20000; i++) {
                while (!acts_have_room(&acts)) {
                        assert_true(acts_take(&acts, 1, &act));
                        assert_int_equal(act.count, 1);
                }
                snprintf(path, sizeof path, "/%d", i);
                acts_used(&acts, 2, WIRE_USE_READ, path);
        }
        assert_true(acts_take(&acts, 1, &act));
        acts_finish(&acts);
}

TEST(subjects_are_cut)
{
        char *path = malloc(5000);
        memset(path, 'a', 4999);
        path[4999] = 0;
        acts_refused(&acts, 2, EACCES, path);
        acts_used(&acts, 2, WIRE_USE_READ, path);
        assert_true(acts_take(&acts, 1, &act));
        assert_int_equal(strlen(act.subject), sizeof act.subject - 1);
        assert_false(acts_take(&acts, 1, &act));
        free(path);
        acts_finish(&acts);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(an_act_is_told_as_it_was), TEST_CASE(equal_acts_are_told_as_one),
                         TEST_CASE(a_flood_of_different_acts_loses_subjects_and_no_count),
                         TEST_CASE(what_is_refused_is_told_so_often_in_a_time), TEST_CASE(what_was_used_is_told_once),
                         TEST_CASE(what_was_used_is_never_lost_and_never_late), TEST_CASE(subjects_are_cut));
}
