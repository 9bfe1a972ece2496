/* The same views and add-ins at every isolation kind: what the host writes does not change. */
#include "test/bindgen/check_objects.h"
#include "test/bindgen/checks.h"
#include "test/support.h"

static void check(enum ward_isolation isolation)
{
        struct ward_fault fault;
        struct types *types;
        struct many *many;
        struct values *values;
        struct ward_host *host = host_start();
        struct ward_activate_options options = options_for(isolation);
        assert_good(types_activate(host, addin_file("echo", isolation), &options, &types_test_services, &types, &fault), &fault);
        assert_good(many_activate(host, addin_file("many_echo", isolation), &options, &many_test_services, &many, &fault), &fault);
        assert_good(values_activate(host, addin_file("values_echo", isolation), &options, &values_test_services, &values, &fault),
                    &fault);
        for (int i = 0; i < 3; i++) {
                check_types(types);
                check_many(many);
                check_values(values);
        }
        types_release(types);
        many_release(many);
        values_release(values);
        ward_host_free(host);
}

static void check_references(enum ward_isolation isolation, const char *addin)
{
        struct ward_fault fault;
        struct objects *objects;
        struct ward_host *host = host_start();
        struct ward_activate_options options = options_for(isolation);
        assert_good(objects_activate(host, addin_file(addin, isolation), &options, &objects_test_services, &objects, &fault),
                    &fault);
        check_objects(objects);
        check_objects(objects);
        leave_objects(objects);
        objects_release(objects);
        ward_host_free(host);
        assert_int_equal(count_documents(), 0);
}

/* The add-in's view may be made with other options: the host need not know. */
static void check_both(enum ward_isolation isolation)
{
        check_references(isolation, "objects");
        check_references(isolation, "objects_other");
}

TEST(direct)
{
        check(WARD_DIRECT);
}

TEST(objects_direct)
{
        check_both(WARD_DIRECT);
}

TEST(wasm)
{
        check(WARD_WASM);
}

TEST(objects_wasm)
{
        check_both(WARD_WASM);
}

TEST(process)
{
        check(WARD_PROCESS);
}

TEST(objects_process)
{
        check_both(WARD_PROCESS);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(direct), TEST_CASE_LONG(wasm, 60), TEST_CASE(process), TEST_CASE(objects_direct),
                         TEST_CASE_LONG(objects_wasm, 60), TEST_CASE(objects_process));
}
