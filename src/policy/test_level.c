#include <string.h>
#include "policy/level.h"
#include "test/harness/harness.h"

static const enum ward_isolation kinds[] = { WARD_DIRECT, WARD_WASM, WARD_PROCESS };

TEST(levels)
{
        struct ward_fault fault;
        for (int i = 0; i < 3; i++) {
                assert_int_equal(level_check(kinds[i], WARD_LEVEL_DEFAULT, &fault), 0);
                assert_int_equal(level_check(kinds[i], WARD_LEVEL_FULL_TRUST, &fault), 0);
                assert_int_equal(level_check(kinds[i], WARD_LEVEL_HOST, &fault), 0);
                assert_int_equal(level_check(kinds[i], WARD_LEVEL_INTERNET, &fault), -WARD_FAULT_REFUSED);
                assert_non_null(strstr(fault.text, "internet"));
                assert_int_equal(level_check(kinds[i], WARD_LEVEL_INTRANET, &fault), -WARD_FAULT_REFUSED);
                assert_int_equal(level_check(kinds[i], (enum ward_level)17, &fault), -WARD_FAULT_USAGE);
        }
        assert_int_equal(level_effective(WARD_LEVEL_DEFAULT), WARD_LEVEL_FULL_TRUST);
        assert_int_equal(level_effective(WARD_LEVEL_HOST), WARD_LEVEL_HOST);
}

TEST(names)
{
        enum ward_level level;
        enum ward_isolation isolation;
        for (int i = WARD_LEVEL_DEFAULT; i <= WARD_LEVEL_HOST; i++) {
                assert_true(ward_level_from_name(ward_level_name((enum ward_level)i), &level));
                assert_int_equal(level, i);
        }
        for (int i = 0; i < 3; i++) {
                assert_true(ward_isolation_from_name(ward_isolation_name(kinds[i]), &isolation));
                assert_int_equal(isolation, kinds[i]);
        }
        assert_false(ward_level_from_name("root", &level));
        assert_false(ward_level_from_name(NULL, &level));
        assert_false(ward_isolation_from_name("thread", &isolation));
        assert_string_equal(ward_isolation_name((enum ward_isolation)9), "unknown");
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(levels), TEST_CASE(names));
}
