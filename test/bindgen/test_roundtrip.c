/* Every type goes from the host view to the add-in view and back, as it is and through imports, without leaks or double frees
 * (run under ASan too). */
#include "test/bindgen/checks.h"
#include "test/bindgen/fake.h"
#include "test/harness/harness.h"

static void check(enum crossing how)
{
        struct types *types = NULL;
        struct many *many = NULL;
        struct values *values = NULL;
        crossing = how;
        assert_int_equal(types_activate(NULL, ECHO_ADDIN, NULL, &types_test_services, &types, NULL), 0);
        check_types(types);
        types_release(types);
        assert_int_equal(many_activate(NULL, MANY_ADDIN, NULL, &many_test_services, &many, NULL), 0);
        check_many(many);
        many_release(many);
        assert_int_equal(values_activate(NULL, VALUES_ADDIN, NULL, &values_test_services, &values, NULL), 0);
        check_values(values);
        values_release(values);
}

TEST(connects_directly)
{
        check(CROSS_DIRECT);
}

TEST(copies)
{
        check(CROSS_COPY);
}

TEST(crosses_a_linear_memory)
{
        check(CROSS_MEMORY);
}

TEST(misses_a_service)
{
        struct types_services some = types_test_services;
        struct types *types = NULL;
        struct ward_fault fault;
        some.give_text = NULL;
        assert_int_equal(types_activate(NULL, ECHO_ADDIN, NULL, &some, &types, &fault), -WARD_FAULT_USAGE);
        assert_int_equal(fault.kind, WARD_FAULT_USAGE);
        assert_string_equal(fault.text, "types_activate: services->give_text is not set: an add-in may call every function of "
                                        "struct types_services");
        assert_int_equal(types_activate(NULL, ECHO_ADDIN, NULL, NULL, &types, NULL), -WARD_FAULT_USAGE);
        assert_null(types);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(connects_directly), TEST_CASE(copies), TEST_CASE(crosses_a_linear_memory),
                         TEST_CASE(misses_a_service));
}
