/* An object of one add-in is kept by the host, and served to another add-in in another domain: the host forwards. */
#include "forward.h"
#include "stage.h"

static int32_t add(const struct forward *forward, uint64_t token, int32_t n)
{
        int32_t sum = INT32_MIN;
        struct ward_fault fault;
        int r = objects_counters_method_counter_add((struct objects *)forward->to, lent((counter){ token }), n, &sum, &fault);
        return r ? r : sum;
}

static void check(struct ward_host *host, enum ward_isolation first, enum ward_isolation second)
{
        struct context context = { 0 };
        struct objects_services services = services_for(&context);
        struct objects *objects = activate(host, first, &services);
        const struct forward forward = { instance_of(objects), add };
        struct users *users = users_start(host, second, &forward);
        struct stand_in a = { counter_new(objects, 10).__handle, false }, b = { counter_new(objects, 20).__handle, false }, *back;
        struct ward_fault fault;
        int32_t sum;
        uint64_t token;
        assert_good(ward_object_acquire(host, a.token, &token, &fault), &fault);
        assert_good(users_lend(users, &a, 1, &sum, &fault), &fault);
        assert_int_equal(sum, 11);
        assert_good(users_lend(users, &b, 1, &sum, &fault), &fault);
        assert_int_equal(sum, 21);
        assert_false(a.gone || b.gone);
        assert_good(users_hand_over(users, &a, &fault), &fault);
        assert_good(users_take_back(users, &back, &fault), &fault);
        assert_true(back == &a && ward_token_same(host, back->token, token) && !ward_token_same(host, back->token, b.token));
        assert_good(users_take_back(users, &back, &fault), &fault);
        assert_null(back);
        assert_good(users_hand_over(users, &b, &fault), &fault);
        users_stop(users);
        assert_true(b.gone && !a.gone);
        assert_good(ward_token_release(host, b.token, &fault), &fault);
        assert_int_equal(destroyed(objects), 1);
        assert_good(ward_token_release(host, token, &fault), &fault);
        assert_int_equal(counter_add(objects, (counter){ a.token }, 0), 11);
        assert_good(ward_token_release(host, a.token, &fault), &fault);
        objects_release(objects);
}

TEST(every_pair_of_kinds)
{
        struct ward_host *host = host_start();
        enum ward_isolation first, second;
        FOR_EACH_KIND(first)
        FOR_EACH_KIND(second)
        check(host, first, second);
        ward_host_free(host);
}

/* The first add-in is gone: the second gets what the host makes of it. */
TEST(the_first_is_unloaded)
{
        struct ward_host *host = host_start();
        for (enum ward_isolation kind = WARD_WASM; kind <= WARD_PROCESS; kind++) {
                struct context context = { 0 };
                struct objects_services services = services_for(&context);
                struct objects *objects = activate(host, kind, &services);
                const struct forward forward = { instance_of(objects), add };
                struct users *users = users_start(host, kind, &forward);
                struct stand_in a = { counter_new(objects, 10).__handle, false };
                struct ward_fault fault;
                int32_t sum;
                assert_good(users_hand_over(users, &a, &fault), &fault);
                assert_good(ward_domain_unload(ward_instance_domain(instance_of(objects)), &fault), &fault);
                assert_good(users_lend(users, &a, 1, &sum, &fault), &fault);
                assert_int_equal(sum, -WARD_FAULT_UNLOADED);
                users_stop(users);
                assert_true(a.gone);
                assert_good(ward_token_release(host, a.token, &fault), &fault);
                objects_release(objects);
        }
        ward_host_free(host);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(every_pair_of_kinds), TEST_CASE(the_first_is_unloaded));
}
