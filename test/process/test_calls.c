/* Calls into a worker, and what a worker is. */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "test/process/process.h"

TEST(scalars)
{
        struct stage stage = stage_set(NULL);
        struct ward_fault fault;
        int32_t sum;
        for (int32_t i = -1000; i < 1000; i++) {
                assert_good(acts_add(stage.acts, i, INT32_MAX, &sum, &fault), &fault);
                assert_int_equal(sum, (int32_t)((uint32_t)i + INT32_MAX));
        }
        assert_good(acts_nothing(stage.acts, &fault), &fault);
        stage_strike(&stage);
}

TEST(strings_of_every_size)
{
        struct stage stage = stage_set(NULL);
        struct ward_fault fault;
        for (size_t len = 0; len < (size_t)40 << 20; len = len * 7 + 1) {
                acts_string_t text = { malloc(len + 1), len }, back;
                memset(text.ptr, 'a' + (int)(len % 26), len);
                assert_good(acts_echo(stage.acts, &text, &back, &fault), &fault);
                assert_int_equal(back.len, len);
                assert_memory_equal(back.ptr, text.ptr, len);
                acts_string_free(&back);
                free(text.ptr);
        }
        stage_strike(&stage);
}

TEST(nested_values)
{
        struct stage stage = stage_set(NULL);
        struct ward_fault fault;
        uint16_t values[] = { 1, 2, 65535 };
        acts_item_t items[] = { { .name = { (uint8_t *)"one", 3 }, .values = { values, 3 }, .flag = { true, true } },
                                { .name = { (uint8_t *)"", 0 }, .flag = { true, false } },
                                { .name = { (uint8_t *)"über", 5 }, .values = { values, 1 } } };
        acts_list_item_t list = { items, 3 }, back;
        assert_good(acts_turn(stage.acts, &list, &back, &fault), &fault);
        assert_int_equal(back.len, 3);
        assert_memory_equal(back.ptr[0].name.ptr, "über", 5);
        assert_false(back.ptr[0].flag.is_some);
        assert_int_equal(back.ptr[2].values.len, 3);
        assert_int_equal(back.ptr[2].values.ptr[2], 65535);
        assert_true(back.ptr[2].flag.is_some && back.ptr[2].flag.val && back.ptr[1].flag.is_some && !back.ptr[1].flag.val);
        acts_list_item_free(&back);
        stage_strike(&stage);
}

TEST(more_than_sixteen_parameters)
{
        struct stage stage = stage_set(NULL);
        struct ward_fault fault;
        acts_string_t q, back;
        acts_string_set(&q, "end");
        assert_good(acts_many(stage.acts, 255, 65535, 3, UINT64_MAX, -5, -6, -7, INT64_MIN, 1.5f, -2.25, true, 0x10ffff, 13, 14, 15,
                              16, &q, &back, &fault),
                    &fault);
        const char *expected = "255 65535 3 18446744073709551615 -5 -6 -7 -9223372036854775808 1.5 -2.25 1 1114111 13 14 15 16 end";
        assert_int_equal(back.len, strlen(expected));
        assert_memory_equal(back.ptr, expected, back.len);
        acts_string_free(&back);
        stage_strike(&stage);
}

TEST(callbacks_nest)
{
        struct stage stage = stage_set(NULL);
        struct ward_fault fault;
        int32_t ret;
        assert_good(acts_depth(stage.acts, 41, &ret, &fault), &fault);
        assert_int_equal(ret, 42);
        assert_good(acts_depth(stage.acts, -40, &ret, &fault), &fault);
        assert_int_equal(ret, 1);
        stage_strike(&stage);
}

TEST(nesting_has_a_limit)
{
        struct stage stage = stage_set(NULL);
        struct ward_fault fault;
        int32_t ret;
        assert_good(acts_depth(stage.acts, -1000, &ret, &fault), &fault);
        assert_int_equal(ret, -1000); /* what the host's ask says when its call is refused */
        assert_good(acts_depth(stage.acts, -5, &ret, &fault), &fault);
        stage_strike(&stage);
}

TEST(callbacks_carry_values)
{
        struct stage stage = stage_set(NULL);
        struct ward_fault fault;
        acts_item_t items[] = { { .name = { (uint8_t *)"x", 1 }, .flag = { true, false } }, { .name = { (uint8_t *)"yy", 2 } } };
        acts_list_item_t list = { items, 2 }, back;
        assert_good(acts_pass(stage.acts, &list, &back, &fault), &fault);
        assert_int_equal(back.len, 2);
        assert_true(back.ptr[0].flag.val && !back.ptr[1].flag.val);
        assert_int_equal(back.ptr[1].name.len, 2);
        acts_list_item_free(&back);
        stage_strike(&stage);
}

TEST(what_does_not_fit_the_arena_costs_only_the_call)
{
        struct ward_activate_options options = options_for(WARD_PROCESS);
        options.limits.arena_bytes = 1 << 20;
        struct stage stage = stage_set(&options);
        struct ward_fault fault;
        acts_string_t text = { calloc(1, 2 << 20), 2 << 20 }, back;
        acts_list_u8_t bytes;
        int32_t sum;
        assert_int_equal(acts_echo(stage.acts, &text, &back, &fault), -WARD_FAULT_LIMIT);
        assert_says(&fault, "arena_bytes");
        assert_int_equal(acts_bytes(stage.acts, 2 << 20, &bytes, &fault), -WARD_FAULT_LIMIT);
        assert_says(&fault, "arena_bytes");
        assert_good(acts_add(stage.acts, 1, 2, &sum, &fault), &fault);
        free(text.ptr);
        stage_strike(&stage);
}

/* --- What a worker is ------------------------------------------------------------------------- */

TEST(a_worker_has_only_what_it_was_given)
{
        struct stage stage = stage_set(NULL);
        assert_int_equal(fact(&stage, "descriptors"), 5);
        assert_int_equal(fact(&stage, "leads-session"), 1);
        assert_int_equal(fact(&stage, "blocked-signals"), 0);
        assert_int_equal(fact(&stage, "input"), 0);
        assert_int_equal(fact(&stage, "at-root"), 1);
        assert_int_equal(fact(&stage, "privileges"), 1);
        stage_strike(&stage);
}

static void has_environment(const struct stage *stage, const char *name, const char *value)
{
        struct ward_fault fault;
        acts_string_t key;
        acts_option_string_t back;
        acts_string_set(&key, name);
        assert_good(acts_environment(stage->acts, &key, &back, &fault), &fault);
        assert_int_equal(back.is_some, value != NULL);
        if (value) {
                assert_int_equal(back.val.len, strlen(value));
                assert_memory_equal(back.val.ptr, value, back.val.len);
        }
        acts_option_string_free(&back);
}

TEST(the_environment_is_the_hosts_choice)
{
        const char *const environment[] = { "COLOUR=green", "EMPTY=", NULL };
        struct ward_activate_options options = options_for(WARD_PROCESS);
        options.environment = environment;
        struct stage stage = stage_set(&options);
        has_environment(&stage, "COLOUR", "green");
        has_environment(&stage, "EMPTY", "");
        has_environment(&stage, "PATH", NULL);
        has_environment(&stage, "WARD_WORKER", NULL);
        stage_strike(&stage);
}

TEST(limits_hold)
{
        struct ward_activate_options options = options_for(WARD_PROCESS);
        options.limits.memory_bytes = 128 << 20;
        options.limits.cpu_affinity = 1;
        struct stage stage = stage_set(&options);
        assert_int_equal(fact(&stage, "memory"), 0);
        assert_int_equal(fact(&stage, "processors"), 1);
        stage_strike(&stage);
}

TEST(impossible_limits_are_told)
{
        struct ward_activate_options options = options_for(WARD_PROCESS);
        struct ward_host *host = host_start();
        struct acts *acts;
        struct ward_fault fault;
        options.limits.cpu_affinity = (uint64_t)1 << 63;
        assert_int_equal(acts_activate(host, addin_file("acts", WARD_PROCESS), &options, &acts_services, &acts, &fault),
                         -WARD_FAULT_SYSTEM);
        assert_says(&fault, "cpu_affinity");
        options = options_for(WARD_PROCESS);
        options.limits.arena_bytes = (uint64_t)1 << 40;
        assert_int_equal(acts_activate(host, addin_file("acts", WARD_PROCESS), &options, &acts_services, &acts, &fault),
                         -WARD_FAULT_USAGE);
        ward_host_free(host);
}

TEST(two_addins_share_a_domain)
{
        struct ward_host *host = host_start();
        struct ward_domain *domain;
        struct ward_fault fault;
        struct ward_domain_options choice = { .size = sizeof choice,
                                              .isolation = WARD_PROCESS,
                                              .limits = { .size = sizeof(struct ward_limits) } };
        struct ward_activate_options options = options_for(WARD_PROCESS);
        struct acts *first, *second;
        assert_good(ward_domain_new(host, &choice, &domain, &fault), &fault);
        options.domain = domain;
        assert_good(acts_activate(host, addin_file("acts", WARD_PROCESS), &options, &acts_services, &first, &fault), &fault);
        for (int round = 0; round < 20; round++) {
                assert_good(acts_activate(host, addin_file("acts", WARD_PROCESS), &options, &acts_services, &second, &fault),
                            &fault);
                int32_t sum;
                assert_good(acts_add(second, 1, 2, &sum, &fault), &fault);
                assert_good(acts_add(first, 3, 4, &sum, &fault), &fault);
                assert_int_equal(sum, 7);
                acts_release(second);
                assert_int_equal(ward_domain_state(domain), WARD_DOMAIN_RUNNING);
        }
        acts_release(first);
        assert_int_equal(ward_domain_state(domain), WARD_DOMAIN_RUNNING);
        assert_good(ward_domain_unload(domain, &fault), &fault);
        ward_domain_release(domain);
        ward_host_free(host);
}

enum { THREADS = 4, CALLS = 2000 };

static void *call_often(void *data)
{
        struct acts *acts = data;
        struct ward_fault fault;
        for (int32_t i = 0; i < CALLS; i++) {
                int32_t sum;
                if (acts_add(acts, i, 1, &sum, &fault) || sum != i + 1)
                        return data;
        }
        return NULL;
}

TEST(threads_take_turns)
{
        struct stage stage = stage_set(NULL);
        acts_set_deadline(stage.acts, 10000);
        pthread_t threads[THREADS];
        for (int i = 0; i < THREADS; i++)
                assert_int_equal(pthread_create(&threads[i], NULL, call_often, stage.acts), 0);
        for (int i = 0; i < THREADS; i++) {
                void *failed;
                pthread_join(threads[i], &failed);
                assert_null(failed);
        }
        stage_strike(&stage);
}

static void *sleep_in(void *data)
{
        const struct stage stage = { .acts = data };
        struct ward_fault fault;
        int64_t ret;
        act(&stage, "sleep", &ret, &fault);
        return NULL;
}

/* Its callback's call waits for its turn in a domain that another thread is in, without a deadline of its own. */
TEST(waiting_for_a_busy_domain_ends_with_the_outer_call)
{
        struct stage outer = stage_set(NULL), busy = stage_set(NULL); /* the last is called back into */
        struct ward_fault fault;
        pthread_t thread;
        int32_t ret;
        acts_set_deadline(outer.acts, 200);
        acts_set_deadline(busy.acts, 0);
        assert_int_equal(pthread_create(&thread, NULL, sleep_in, busy.acts), 0);
        usleep(50000);
        uint64_t start = now_ms();
        assert_int_equal(acts_depth(outer.acts, -1, &ret, &fault), -WARD_FAULT_DEADLINE);
        assert_true(now_ms() - start < 2000);
        assert_good(ward_domain_unload(acts_domain(busy.acts), &fault), &fault);
        pthread_join(thread, NULL);
        stage_strike(&busy);
        stage_strike(&outer);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(scalars), TEST_CASE(strings_of_every_size), TEST_CASE(nested_values),
                         TEST_CASE(more_than_sixteen_parameters), TEST_CASE(callbacks_nest), TEST_CASE(nesting_has_a_limit),
                         TEST_CASE(callbacks_carry_values), TEST_CASE(what_does_not_fit_the_arena_costs_only_the_call),
                         TEST_CASE(a_worker_has_only_what_it_was_given), TEST_CASE(the_environment_is_the_hosts_choice),
                         TEST_CASE(limits_hold), TEST_CASE(impossible_limits_are_told), TEST_CASE(two_addins_share_a_domain),
                         TEST_CASE(threads_take_turns), TEST_CASE(waiting_for_a_busy_domain_ends_with_the_outer_call));
}
