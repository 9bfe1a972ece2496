#include <string.h>
#include "policy/level.h"
#include "test/harness/harness.h"

static const enum ward_isolation kinds[] = { WARD_DIRECT, WARD_WASM, WARD_PROCESS };

TEST(levels)
{
        struct ward_fault fault;
        for (int i = 0; i < 3; i++) {
                int below = kinds[i] == WARD_DIRECT ? -WARD_FAULT_REFUSED : 0;
                assert_int_equal(level_check(kinds[i], WARD_LEVEL_DEFAULT, &fault), 0);
                assert_int_equal(level_check(kinds[i], WARD_LEVEL_FULL_TRUST, &fault), 0);
                assert_int_equal(level_check(kinds[i], WARD_LEVEL_HOST, &fault), 0);
                assert_int_equal(level_check(kinds[i], WARD_LEVEL_INTRANET, &fault), below);
                assert_int_equal(level_check(kinds[i], WARD_LEVEL_INTERNET, &fault), below);
                if (below)
                        assert_non_null(strstr(fault.text, "internet is refused at kind"));
                assert_int_equal(level_check(kinds[i], (enum ward_level)17, &fault), -WARD_FAULT_USAGE);
        }
        assert_int_equal(level_effective(WARD_LEVEL_DEFAULT), WARD_LEVEL_FULL_TRUST);
        assert_int_equal(level_effective(WARD_LEVEL_HOST), WARD_LEVEL_HOST);
}

TEST(the_stricter)
{
        assert_int_equal(level_stricter(WARD_LEVEL_DEFAULT, WARD_LEVEL_HOST), WARD_LEVEL_HOST);
        assert_int_equal(level_stricter(WARD_LEVEL_INTERNET, WARD_LEVEL_DEFAULT), WARD_LEVEL_INTERNET);
        assert_int_equal(level_stricter(WARD_LEVEL_INTRANET, WARD_LEVEL_FULL_TRUST), WARD_LEVEL_INTRANET);
        assert_int_equal(level_stricter(WARD_LEVEL_HOST, WARD_LEVEL_INTRANET), WARD_LEVEL_INTRANET);
}

/* By level, and by kind of permission: read, write, execute, connect, spawn, env. */
TEST(permissions)
{
        static const struct {
                enum ward_isolation isolation;
                enum ward_level level;
                const char *taken; /* a star for each that is */
        } rows[] = {
                { WARD_DIRECT, WARD_LEVEL_HOST, "      " },        { WARD_DIRECT, WARD_LEVEL_DEFAULT, "      " },
                { WARD_WASM, WARD_LEVEL_INTERNET, "     *" },      { WARD_WASM, WARD_LEVEL_INTRANET, "**   *" },
                { WARD_WASM, WARD_LEVEL_FULL_TRUST, "     *" },    { WARD_WASM, WARD_LEVEL_HOST, "     *" },
                { WARD_PROCESS, WARD_LEVEL_INTERNET, "     *" },   { WARD_PROCESS, WARD_LEVEL_INTRANET, "******" },
                { WARD_PROCESS, WARD_LEVEL_FULL_TRUST, "     *" }, { WARD_PROCESS, WARD_LEVEL_HOST, "     *" },
                { WARD_PROCESS, WARD_LEVEL_DEFAULT, "     *" },
        };
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
                for (unsigned kind = 0; kind < PERMISSION_KINDS; kind++) {
                        struct ward_fault fault;
                        int expected = rows[i].taken[kind] == '*' ? 0 : -WARD_FAULT_REFUSED;
                        assert_int_equal(
                                level_check_permission(rows[i].isolation, rows[i].level, (enum permission_kind)kind, &fault),
                                expected);
                        if (expected)
                                assert_non_null(strstr(fault.text, "; choose "));
                }
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
        return TEST_MAIN(argc, argv, TEST_CASE(levels), TEST_CASE(the_stricter), TEST_CASE(permissions), TEST_CASE(names));
}
