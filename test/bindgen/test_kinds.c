/* The same views and add-ins at every isolation kind: what the host writes does not change. */
#include "test/bindgen/checks.h"
#include "test/support.h"

static void check(enum ward_isolation isolation)
{
        struct ward_fault fault;
        struct types *types;
        struct many *many;
        struct ward_host *host = host_start();
        struct ward_activate_options options = options_for(isolation);
        assert_good(types_activate(host, addin_file("echo", isolation), &options, &types_test_services, &types, &fault), &fault);
        assert_good(many_activate(host, addin_file("many_echo", isolation), &options, &many_test_services, &many, &fault), &fault);
        for (int i = 0; i < 3; i++) {
                check_types(types);
                check_many(many);
        }
        types_release(types);
        many_release(many);
        ward_host_free(host);
}

TEST(direct)
{
        check(WARD_DIRECT);
}

TEST(wasm)
{
        check(WARD_WASM);
}

TEST(process)
{
        check(WARD_PROCESS);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(direct), TEST_CASE_LONG(wasm, 60), TEST_CASE(process));
}
