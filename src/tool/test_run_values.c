#include "test/harness/harness.h"

#include <stdbool.h>
#include "base/own.h"
#include "tool/run.h"

TEST(sizes)
{
        static const struct {
                const char *text;
                uint64_t value; /* 0: it is none */
        } cases[] = {
                { "1", 1 },
                { "4096", 4096 },
                { "64K", 65536 },
                { "64k", 65536 },
                { "64KiB", 65536 },
                { "64M", 64 << 20 },
                { "1.5G", 1610612736 },
                { "2T", 2199023255552 },
                { "0", 0 },
                { "0.1", 0 },
                { "", 0 },
                { "-1", 0 },
                { "M", 0 },
                { "64Q", 0 },
                { "64MM", 0 },
                { "64M ", 0 },
                { "0x10", 0 },
                { "1e99", 0 },
                { "nan", 0 },
                { "inf", 0 },
        };
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                uint64_t value = 0;
                assert_int_equal(run_read_size(cases[i].text, &value), cases[i].value != 0);
                assert_int_equal(value, cases[i].value);
        }
}

TEST(times)
{
        static const struct {
                const char *text;
                uint32_t value;
        } cases[] = {
                { "5", 5 },        { "5ms", 5 }, { "1.5s", 1500 }, { "2m", 120000 }, { "0.1", 1 }, { "0", 0 },
                { "0s", 0 },       { "s", 0 },   { "5h", 0 },      { "5 s", 0 },     { "-5s", 0 }, { "4294967295", UINT32_MAX },
                { "4294968s", 0 },
        };
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                uint32_t value = 0;
                assert_int_equal(run_read_ms(cases[i].text, &value), cases[i].value != 0);
                assert_int_equal(value, cases[i].value);
        }
}

TEST(shares_and_numbers)
{
        uint32_t share;
        uint64_t number;
        assert_true(run_read_percent("20%", &share) && share == 20);
        assert_true(run_read_percent("150", &share) && share == 150);
        assert_false(run_read_percent("0%", &share));
        assert_false(run_read_percent("20%%", &share));
        assert_false(run_read_percent("much", &share));
        assert_true(run_read_number("0x1f", UINT64_MAX, &number) && number == 31);
        assert_true(run_read_number("18446744073709551615", UINT64_MAX, &number) && number == UINT64_MAX);
        assert_false(run_read_number("18446744073709551616", UINT64_MAX, &number));
        assert_false(run_read_number("11", 10, &number));
        assert_false(run_read_number(" 1", 10, &number));
        assert_false(run_read_number("", 10, &number));
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(sizes), TEST_CASE(times), TEST_CASE(shares_and_numbers));
}
