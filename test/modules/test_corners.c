/* Kind `wasm`: modules with odd corners, which no compiler would make, and which are fine. */
#include "corners_host.h"
#include "test/support.h"

static int32_t ticks;

static int32_t tick(void *data)
{
        return ++ticks;
}

static double tock(void *data, int64_t n, float x)
{
        return (double)n + (double)x;
}

static const struct corners_services services = { .tick = tick, .tock = tock };

static struct ward_host *host;

static struct corners *activate(const char *name)
{
        struct ward_activate_options options = options_for(WARD_WASM);
        struct corners *corners = NULL;
        struct ward_fault fault;
        ticks = 0;
        host = host ? host : host_start();
        assert_good(corners_activate(host, addin_file(name, WARD_WASM), &options, &services, &corners, &fault), &fault);
        return corners;
}

static void end(struct corners *corners)
{
        corners_release(corners);
        host = ward_host_free(host);
}

static int32_t add(struct corners *corners, int32_t a, int32_t b)
{
        struct ward_fault fault;
        int32_t ret = 0;
        assert_good(corners_add(corners, a, b, &ret, &fault), &fault);
        return ret;
}

static int32_t mix(struct corners *corners, int32_t a, int32_t b)
{
        struct ward_fault fault;
        int32_t ret = 0;
        assert_good(corners_mix(corners, a, b, &ret, &fault), &fault);
        return ret;
}

static int32_t count(struct corners *corners)
{
        struct ward_fault fault;
        int32_t ret = 0;
        assert_good(corners_count(corners, &ret, &fault), &fault);
        return ret;
}

TEST(a_module_without_memory)
{
        struct corners *corners = activate("bare");
        assert_int_equal(add(corners, -5, 3), -2);
        assert_int_equal(count(corners), 3);
        assert_int_equal(mix(corners, INT32_MAX, 1), INT32_MIN); /* the same function as add */
        end(corners);
}

TEST(a_memory_of_no_pages)
{
        struct corners *corners = activate("empty_memory");
        struct ward_fault fault;
        int32_t ret;
        assert_int_equal(count(corners), 1); /* started once, and has no page */
        assert_int_equal(add(corners, 20, 22), 42);
        assert_int_equal(add(corners, 20, 23), 43);
        assert_int_equal(count(corners), 201);
        corners_release(corners);
        corners = activate("empty_memory");
        assert_int_equal(corners_mix(corners, 0, 0, &ret, &fault), -WARD_FAULT_TRAP);
        assert_says(&fault, "out of bounds");
        end(corners);
}

TEST(imports_in_any_order_and_from_the_start)
{
        struct corners *corners = activate("start_asks");
        struct ward_fault fault;
        int32_t ret;
        assert_int_equal(ticks, 1);
        assert_int_equal(count(corners), 102);
        assert_int_equal(mix(corners, 107, 4), 107 - 16 + 4); /* and a half that is cut off */
        assert_int_equal(add(corners, 0, 1), 3 + 4);          /* tick, under two numbers of a table */
        assert_int_equal(add(corners, 4, 0), 1000 + 5);
        assert_int_equal(corners_add(corners, 4, 2, &ret, &fault), -WARD_FAULT_TRAP); /* tock is of another type */
        assert_says(&fault, "indirect call");
        end(corners);
}

TEST(several_results_within)
{
        struct corners *corners = activate("several");
        assert_int_equal(add(corners, 40, 2), 42);
        assert_int_equal(mix(corners, 10, 4), 6); /* the counter is odd: as they came */
        assert_int_equal(count(corners), 6);
        assert_int_equal(mix(corners, 10, 4), -6);
        end(corners);
}

TEST(names_that_nobody_sees)
{
        struct corners *corners = activate("odd_names");
        assert_int_equal(add(corners, 40, 2), 42);
        assert_int_equal(mix(corners, 6, 7), 42);
        assert_int_equal(count(corners), 9);
        end(corners);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE_LONG(a_module_without_memory, 60), TEST_CASE_LONG(a_memory_of_no_pages, 60),
                         TEST_CASE_LONG(imports_in_any_order_and_from_the_start, 60), TEST_CASE_LONG(several_results_within, 60),
                         TEST_CASE_LONG(names_that_nobody_sees, 60));
}
