/* Objects inside of other values, at every kind, whatever the options of the add-in's view. */
#include "test/bindgen/check_shelf.h"
#include "test/support.h"

static void check(enum ward_isolation isolation, const char *addin)
{
        struct ward_fault fault;
        struct shelf *shelf;
        struct ward_host *host = host_start();
        struct ward_activate_options options = options_for(isolation);
        assert_good(shelf_activate(host, addin_file(addin, isolation), &options, &shelf_test_services, &shelf, &fault), &fault);
        for (int i = 0; i < 3; i++) {
                check_addins_things(shelf);
                check_hosts_things(shelf);
        }
        shelf_release(shelf);
        ward_host_free(host);
}

TEST(direct)
{
        check(WARD_DIRECT, "shelf");
}

TEST(direct_views)
{
        check(WARD_DIRECT, "shelf_other");
}

TEST(wasm)
{
        check(WARD_WASM, "shelf");
}

TEST(wasm_views)
{
        check(WARD_WASM, "shelf_other");
}

TEST(process)
{
        check(WARD_PROCESS, "shelf");
}

TEST(process_views)
{
        check(WARD_PROCESS, "shelf_other");
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(direct), TEST_CASE(direct_views), TEST_CASE_LONG(wasm, 60),
                         TEST_CASE_LONG(wasm_views, 60), TEST_CASE(process), TEST_CASE(process_views));
}
