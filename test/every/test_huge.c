/* Enums and variants of more than 2^16 cases, whose tags take four bytes, at every kind. */
#include "huge_host.c"

#include "test/every/exchange.h"

TEST(direct)
{
        check(WARD_DIRECT, "huge");
}

TEST(wasm)
{
        check(WARD_WASM, "huge");
}

TEST(process)
{
        check(WARD_PROCESS, "huge");
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(direct), TEST_CASE(wasm), TEST_CASE(process));
}
