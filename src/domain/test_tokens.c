#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>
#include "domain/objects.h"
#include "domain/test_stage.h"
#include "test/harness/harness.h"

static uint64_t hand_out(struct instance *instance, uint32_t number)
{
        uint64_t token = 0;
        assert_int_equal(tokens_add(instance, STAGE_COUNTER, number, true, &token, NULL), 0);
        assert_true(token);
        return token;
}

static int give_back(uint64_t token)
{
        return objects_release(stage->domains.tokens, token, NULL);
}

TEST(objects_go_with_the_last_token)
{
        struct stage here;
        uint64_t again;
        stage_start(&here, REFERENCES_KEPT_BY_ADDIN, false, false);
        struct instance *instance = stage_instance("a");
        uint64_t token = hand_out(instance, 7);
        assert_ptr_equal(tokens_instance(here.domains.tokens, token), instance);
        assert_int_equal(tokens_acquire(here.domains.tokens, token, &again, NULL), 0);
        assert_true(again != token && tokens_same(here.domains.tokens, token, again));
        assert_int_equal(give_back(token), 0);
        assert_int_equal(here.n_destroyed, 0);
        assert_int_equal(give_back(token), -WARD_FAULT_USAGE);
        assert_false(tokens_same(here.domains.tokens, token, again));
        assert_null(tokens_instance(here.domains.tokens, token));
        assert_int_equal(give_back(again), 0);
        assert_int_equal(here.n_destroyed, 1);
        assert_int_equal(here.destroyed[0], 7);
        assert_int_equal(give_back(again), -WARD_FAULT_USAGE);
        assert_int_equal(instance->holders, 1);
        instance_unref(instance);
        stage_finish();
}

TEST(numbers_are_never_used_twice)
{
        struct stage here;
        stage_start(&here, REFERENCES_KEPT_BY_ADDIN, false, false);
        struct instance *instance = stage_instance("a");
        uint64_t last = 0;
        for (int i = 0; i < 50; i++) {
                uint64_t token = hand_out(instance, 1);
                assert_true(token > last);
                last = token;
                assert_int_equal(give_back(token), 0);
        }
        instance_unref(instance);
        stage_finish();
        stage_start(&here, REFERENCES_KEPT_BY_ADDIN, false, false); /* another host */
        instance = stage_instance("a");
        uint64_t token = hand_out(instance, 1);
        assert_true(token > last);
        assert_int_equal(give_back(last), -WARD_FAULT_USAGE);
        assert_int_equal(give_back(token), 0);
        instance_unref(instance);
        stage_finish();
}

TEST(a_number_is_held_once)
{
        struct stage here;
        struct ward_fault fault;
        uint64_t token, other;
        stage_start(&here, REFERENCES_KEPT_BY_ADDIN, false, false);
        struct instance *instance = stage_instance("a"), *second = stage_instance("b");
        token = hand_out(instance, 3);
        assert_int_equal(tokens_add(instance, STAGE_COUNTER, 3, true, &other, &fault), -WARD_FAULT_PROTOCOL);
        assert_non_null(strstr(fault.text, "object 3"));
        other = hand_out(second, 3); /* another add-in's */
        assert_false(tokens_same(here.domains.tokens, token, other));
        assert_int_equal(give_back(token), 0);
        token = hand_out(instance, 3);
        assert_int_equal(give_back(token), 0);
        assert_int_equal(give_back(other), 0);
        instance_unref(instance);
        instance_unref(second);
        stage_finish();
}

TEST(instances_have_tokens)
{
        struct stage here;
        uint64_t one, two;
        stage_start(&here, REFERENCES_KEPT_BY_ADDIN, false, true);
        struct instance *instance = stage_instance("a");
        assert_int_equal(tokens_add(instance, TOKENS_INSTANCE, 0, false, &one, NULL), 0);
        assert_int_equal(tokens_add(instance, TOKENS_INSTANCE, 0, false, &two, NULL), 0);
        assert_true(tokens_same(here.domains.tokens, one, two));
        instance_unref(instance);
        assert_int_equal(give_back(one), 0);
        assert_int_equal(here.n_released, 0);
        assert_true(domain_is_running(here.domain));
        assert_int_equal(give_back(two), 0);
        assert_int_equal(here.n_released, 1);
        assert_false(domain_is_running(here.domain));
        assert_int_equal(here.n_stopped, 1);
        assert_int_equal(here.n_destroyed, 0);
        stage_finish();
}

TEST(an_object_holds_its_add_in)
{
        struct stage here;
        stage_start(&here, REFERENCES_KEPT_BY_ADDIN, false, true);
        struct instance *instance = stage_instance("a"), *second = stage_instance("b");
        uint64_t token = hand_out(instance, 1);
        instance_unref(instance);
        assert_int_equal(here.n_released, 0);
        assert_int_equal(give_back(token), 0);
        assert_int_equal(here.n_released, 1);
        assert_true(domain_is_running(here.domain)); /* the other one lives there too */
        instance_unref(second);
        assert_int_equal(here.n_released, 2);
        assert_false(domain_is_running(here.domain));
        stage_finish();
}

TEST(a_domain_of_the_hosts_own_is_left_alone)
{
        struct stage here;
        stage_start(&here, REFERENCES_KEPT_BY_ADDIN, false, false);
        instance_unref(stage_instance("a"));
        assert_int_equal(here.n_released, 1);
        assert_true(domain_is_running(here.domain));
        stage_finish();
}

/* The last reference goes while a call is in flight. */
TEST(an_end_waits_for_the_call)
{
        struct stage here;
        stage_start(&here, REFERENCES_KEPT_BY_ADDIN, false, true);
        struct instance *instance = stage_instance("a");
        uint64_t token = hand_out(instance, 1);
        struct visit *visit;
        assert_int_equal(domain_enter(here.domain, 0, &visit, NULL), 0);
        instance_unref(instance);
        assert_int_equal(give_back(token), 0);
        assert_int_equal(here.n_destroyed, 1);
        assert_int_equal(here.n_released, 0);
        domain_leave(here.domain, visit);
        assert_int_equal(here.n_released, 1);
        assert_false(domain_is_running(here.domain));
        stage_finish();
}

TEST(an_unload_destroys_objects_first)
{
        struct stage here;
        uint64_t again;
        stage_start(&here, REFERENCES_KEPT_BY_ADDIN, false, false);
        struct instance *instance = stage_instance("a"), *second = stage_instance("b");
        uint64_t tokens[] = { hand_out(instance, 1), hand_out(second, 2), hand_out(instance, 3) };
        domain_unload(here.domain, NULL);
        assert_int_equal(here.n_destroyed, 3);
        assert_int_equal(here.n_stopped, 1);
        assert_int_equal(here.n_released, 0);
        assert_int_equal(tokens_acquire(here.domains.tokens, tokens[0], &again, NULL), -WARD_FAULT_UNLOADED);
        for (int i = 0; i < 3; i++)
                assert_int_equal(give_back(tokens[i]), 0);
        assert_int_equal(here.n_destroyed, 3);
        assert_int_equal(give_back(tokens[0]), -WARD_FAULT_USAGE);
        instance_unref(instance);
        instance_unref(second);
        assert_int_equal(here.n_released, 2);
        stage_finish();
}

TEST(a_failed_domain_destroys_nothing)
{
        struct stage here;
        const struct ward_fault fault = { .kind = WARD_FAULT_TRAP };
        stage_start(&here, REFERENCES_KEPT_BY_ADDIN, false, false);
        struct instance *instance = stage_instance("a");
        uint64_t tokens[] = { hand_out(instance, 1), hand_out(instance, 2) };
        assert_true(domain_fail(here.domain, &fault));
        assert_int_equal(give_back(tokens[0]), 0);
        domain_unload(here.domain, NULL);
        assert_int_equal(give_back(tokens[1]), 0);
        assert_int_equal(here.n_destroyed, 0);
        instance_unref(instance);
        stage_finish();
}

static struct instance *third;

static void activate_and_hand_out(struct stage *here)
{
        here->when_destroyed = NULL;
        third = stage_instance("c");
        hand_out(third, 9);
        domain_unload(here->domain, NULL);
}

/* What runs while objects are destroyed may change everything. */
TEST(destructors_call_the_host)
{
        struct stage here;
        stage_start(&here, REFERENCES_KEPT_BY_ADDIN, false, false);
        struct instance *instance = stage_instance("a");
        hand_out(instance, 1);
        hand_out(instance, 2);
        here.when_destroyed = activate_and_hand_out;
        domain_unload(here.domain, NULL);
        assert_int_equal(here.n_destroyed, 1); /* then it was unloaded */
        instance_unref(instance);
        instance_unref(third);
        stage_finish(); /* the tokens go with the host */
        assert_int_equal(here.n_released, 2);
}

TEST(faults_of_destructors_are_returned)
{
        struct stage here;
        struct ward_fault fault;
        stage_start(&here, REFERENCES_KEPT_BY_ADDIN, false, false);
        struct instance *instance = stage_instance("a");
        uint64_t token = hand_out(instance, 1);
        here.result = -WARD_FAULT_TRAP;
        assert_int_equal(objects_release(here.domains.tokens, token, &fault), -WARD_FAULT_TRAP);
        assert_string_equal(fault.addin, "a");
        assert_int_equal(give_back(token), -WARD_FAULT_USAGE);
        instance_unref(instance);
        stage_finish();
}

TEST(a_host_goes_with_tokens_held)
{
        struct stage here;
        uint64_t token, again;
        stage_start(&here, REFERENCES_KEPT_BY_ADDIN, true, false);
        struct instance *instance = stage_instance("a");
        token = hand_out(instance, 1);
        hand_out(instance, 2);
        assert_int_equal(tokens_acquire(here.domains.tokens, token, &again, NULL), 0);
        struct domains *domains = tokens_domains(instance->tokens);
        assert_ptr_equal(domains, &here.domains);
        domain_end_objects(here.domain);
        assert_int_equal(here.n_destroyed, 2);
        domains_finish(&here.domains);
        assert_null(tokens_domains(instance->tokens));
        assert_int_equal(instance->holders, 1);
        assert_int_equal(tokens_add(instance, STAGE_COUNTER, 4, true, &token, NULL), -WARD_FAULT_UNLOADED);
        instance_unref(instance);
        assert_int_equal(here.n_released, 1);
        domain_unref(here.domain);
}

static void in_child(struct stage *here, uint64_t token, uint64_t other)
{
        alarm(10);
        assert_ptr_equal(tokens_instance(here->domains.tokens, token), tokens_instance(here->domains.tokens, other));
        _exit(give_back(token) || give_back(other) ? 1 : 0);
}

/* The lock is held by a thread that a child does not have. */
static void *hold_and_fork(void *data)
{
        struct stage *here = data;
        for (int i = 0; i < 1000; i++) {
                uint64_t token;
                if (!tokens_add(third, STAGE_COUNTER, 100 + (uint32_t)i, true, &token, NULL))
                        objects_release(here->domains.tokens, token, NULL);
                here->n_destroyed = 0;
        }
        return NULL;
}

TEST(a_forked_child_has_no_owner_of_the_lock)
{
        struct stage here;
#ifdef __SANITIZE_THREAD__
        harness_skip("ThreadSanitizer takes the child for threads of its parent");
#endif
        pthread_t thread;
        stage_start(&here, REFERENCES_KEPT_BY_ADDIN, true, false);
        third = stage_instance("a");
        uint64_t token = hand_out(third, 1), other = hand_out(third, 2);
        pthread_create(&thread, NULL, hold_and_fork, &here);
        for (int i = 0; i < 50; i++) {
                int status = -1;
                pid_t child = fork();
                if (!child) {
                        alarm(10);
                        tokens_same(here.domains.tokens, token, other); /* a table in the middle of a change is forgotten */
                        _exit(0);
                }
                waitpid(child, &status, 0);
                assert_int_equal(status, 0);
        }
        pthread_join(thread, NULL);
        pid_t child = fork();
        int status = -1;
        if (!child)
                in_child(&here, token, other);
        waitpid(child, &status, 0);
        assert_int_equal(status, 0);
        assert_int_equal(give_back(token), 0);
        assert_int_equal(give_back(other), 0);
        instance_unref(third);
        stage_finish();
}

/* --- Threads ---------------------------------------------------------------------------------- */

enum { ROUNDS = 400, THREADS = 4 };

static _Atomic int given;
static uint64_t shared_tokens[ROUNDS];

static void *give_all(void *data)
{
        for (int i = 0; i < ROUNDS; i++)
                if (!give_back(shared_tokens[i]))
                        given++;
        return NULL;
}

/* Each token is given back once, whoever comes first. */
TEST(threads_give_back)
{
        struct stage here;
        pthread_t threads[THREADS];
        stage_start(&here, REFERENCES_KEPT_BY_ADDIN, false, true);
        struct instance *instance = stage_instance("a");
        shared_tokens[0] = hand_out(instance, 1);
        for (int i = 1; i < ROUNDS; i++)
                assert_int_equal(tokens_acquire(here.domains.tokens, shared_tokens[i - 1], &shared_tokens[i], NULL), 0);
        instance_unref(instance);
        for (int i = 0; i < THREADS; i++)
                pthread_create(&threads[i], NULL, give_all, NULL);
        for (int i = 0; i < THREADS; i++)
                pthread_join(threads[i], NULL);
        assert_int_equal(given, ROUNDS);
        assert_int_equal(here.n_destroyed, 1);
        assert_int_equal(here.n_released, 1);
        assert_false(domain_is_running(here.domain));
        stage_finish();
}

static void *acquire_and_give(void *data)
{
        uint64_t token = *(uint64_t *)data, again;
        for (int i = 0; i < ROUNDS; i++) {
                assert_int_equal(tokens_acquire(stage->domains.tokens, token, &again, NULL), 0);
                assert_true(tokens_same(stage->domains.tokens, token, again));
                assert_non_null(tokens_instance(stage->domains.tokens, again));
                assert_int_equal(give_back(again), 0);
        }
        return NULL;
}

static void *unload(void *data)
{
        domain_unload(stage->domain, NULL);
        return NULL;
}

TEST(threads_acquire_while_it_is_unloaded)
{
        struct stage here;
        pthread_t threads[THREADS];
        stage_start(&here, REFERENCES_KEPT_BY_ADDIN, false, false);
        struct instance *instance = stage_instance("a");
        uint64_t token = hand_out(instance, 1);
        for (int i = 0; i < THREADS; i++)
                pthread_create(&threads[i], NULL, acquire_and_give, &token);
        for (int i = 0; i < THREADS; i++)
                pthread_join(threads[i], NULL);
        for (int i = 0; i < ROUNDS; i++)
                shared_tokens[i] = i < 32 ? hand_out(instance, (uint32_t)i + 2) : 0;
        given = 0;
        pthread_create(&threads[0], NULL, give_all, NULL);
        pthread_create(&threads[1], NULL, unload, NULL);
        pthread_join(threads[0], NULL);
        pthread_join(threads[1], NULL);
        assert_int_equal(given, 32);
        assert_in_range(here.n_destroyed, 0, 33);
        assert_int_equal(give_back(token), 0);
        instance_unref(instance);
        stage_finish();
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(objects_go_with_the_last_token), TEST_CASE(numbers_are_never_used_twice),
                         TEST_CASE(a_number_is_held_once), TEST_CASE(instances_have_tokens), TEST_CASE(an_object_holds_its_add_in),
                         TEST_CASE(a_domain_of_the_hosts_own_is_left_alone), TEST_CASE(an_end_waits_for_the_call),
                         TEST_CASE(an_unload_destroys_objects_first), TEST_CASE(a_failed_domain_destroys_nothing),
                         TEST_CASE(destructors_call_the_host), TEST_CASE(faults_of_destructors_are_returned),
                         TEST_CASE(a_host_goes_with_tokens_held), TEST_CASE(a_forked_child_has_no_owner_of_the_lock),
                         TEST_CASE(threads_give_back), TEST_CASE(threads_acquire_while_it_is_unloaded));
}
