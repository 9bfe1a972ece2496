/* Domains with several instances of each add-in: calls of several threads run at once, each in an instance of its own. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <ward/usage.h>
#include "keeper_host.h"
#include "pooled_host.h"
#include "test/support.h"

enum { THREADS_MAX = 16 };

struct stage {
        struct ward_host *host;
        struct pooled *pooled;
        pthread_barrier_t meeting; /* of those that meet(0) */
        _Atomic uint32_t destroyed;
        _Atomic uint32_t ones;         /* how often an instance counted to one */
        _Atomic uint32_t how, started; /* instances */
        _Atomic uint32_t met;          /* meetings of one */
};

struct test_pooled_things_thing_t {
        uint32_t number;
};

/* --- What the host provides ------------------------------------------------------------------- */

/* 0: waits until all others are here as well; else calls back so many times. */
static uint32_t meet(void *data, uint32_t n)
{
        struct stage *stage = data;
        struct ward_fault fault;
        uint32_t count;
        atomic_fetch_add(&stage->met, 1);
        if (!n)
                pthread_barrier_wait(&stage->meeting);
        for (uint32_t i = 0; i < n; i++)
                assert_good(pooled_count(stage->pooled, &count, &fault), &fault);
        return n;
}

static uint32_t start_how(void *data)
{
        struct stage *stage = data;
        atomic_fetch_add(&stage->started, 1);
        return atomic_load(&stage->how);
}

static uint32_t thing_number(void *data, test_pooled_things_borrow_thing_t thing)
{
        return thing->number;
}

static void thing_destroy(void *data, test_pooled_things_thing_t *thing)
{
        struct stage *stage = data;
        atomic_fetch_add(&stage->destroyed, 1);
        free(thing);
}

static struct pooled_services services_of(struct stage *stage)
{
        return (struct pooled_services){ .data = stage,
                                         .meet = meet,
                                         .start = start_how,
                                         .things_method_thing_number = thing_number,
                                         .things_thing_destructor = thing_destroy };
}

/* --- The stage -------------------------------------------------------------------------------- */

static struct pooled_services services;

static void set(struct stage *stage, uint32_t instances, uint32_t deadline_ms)
{
        struct ward_activate_options options = options_for(WARD_WASM);
        struct ward_fault fault;
        memset(stage, 0, sizeof *stage);
        options.deadline_ms = deadline_ms;
        options.instances = instances;
        stage->host = host_start();
        services = services_of(stage);
        assert_good(pooled_activate(stage->host, addin_file("pooled", WARD_WASM), &options, &services, &stage->pooled, &fault),
                    &fault);
}

static void strike(struct stage *stage)
{
        pooled_release(stage->pooled);
        ward_host_free(stage->host);
}

static void run(uint32_t n, void *(*start)(void *), void *data)
{
        pthread_t threads[THREADS_MAX];
        for (uint32_t i = 0; i < n; i++)
                assert_int_equal(pthread_create(&threads[i], NULL, start, data), 0);
        for (uint32_t i = 0; i < n; i++)
                pthread_join(threads[i], NULL);
}

static pooled_string_t text(const char *from)
{
        pooled_string_t string;
        pooled_string_set(&string, from);
        return string;
}

/* --- Tests ------------------------------------------------------------------------------------ */

TEST(options)
{
        struct ward_host *host = host_start();
        struct stage stage;
        const struct pooled_services own = services_of(&stage);
        struct ward_activate_options options = options_for(WARD_PROCESS);
        struct ward_domain_options domain_options = { .size = sizeof domain_options, .isolation = WARD_PROCESS, .instances = 2 };
        struct pooled *pooled;
        struct ward_domain *domain;
        struct ward_fault fault;
        options.instances = 2;
        assert_int_equal(pooled_activate(host, addin_file("pooled", WARD_PROCESS), &options, &own, &pooled, &fault),
                         -WARD_FAULT_USAGE);
        assert_says(&fault, "only wasm domains can be pooled");
        assert_int_equal(ward_domain_new(host, &domain_options, &domain, &fault), -WARD_FAULT_USAGE);
        domain_options.isolation = WARD_WASM;
        domain_options.instances = 1025;
        assert_int_equal(ward_domain_new(host, &domain_options, &domain, &fault), -WARD_FAULT_USAGE);
        assert_says(&fault, "1024");
        domain_options.instances = 1024;
        assert_good(ward_domain_new(host, &domain_options, &domain, &fault), &fault);
        ward_domain_release(domain);
        ward_host_free(host);
}

/* One thread needs one instance. */
TEST(one_thread)
{
        struct stage stage;
        struct ward_fault fault;
        uint32_t count, met;
        pooled_string_t err, hello = text("hello"), back;
        set(&stage, 4, 2000);
        for (uint32_t i = 1; i <= 100; i++) {
                assert_good(pooled_count(stage.pooled, &count, &fault), &fault);
                assert_int_equal(count, i);
        }
        assert_good(pooled_nest(stage.pooled, 5, &met, &err, &fault), &fault);
        assert_int_equal(met, 6);
        assert_good(pooled_echo(stage.pooled, &hello, &back, &fault), &fault);
        assert_int_equal(back.len, 5);
        pooled_string_free(&back);
        strike(&stage);
}

static void *meet_others(void *data)
{
        struct stage *stage = data;
        struct ward_fault fault;
        pooled_string_t err;
        uint32_t met;
        for (int i = 0; i < 20; i++)
                assert_good(pooled_nest(stage->pooled, 0, &met, &err, &fault), &fault);
        return NULL;
}

/* None of them would come back if they took turns. */
TEST(all_at_once)
{
        struct stage stage;
        set(&stage, 4, 10000);
        pthread_barrier_init(&stage.meeting, NULL, 4);
        run(4, meet_others, &stage);
        strike(&stage);
}

static void *meet_once(void *data)
{
        struct stage *stage = data;
        struct ward_fault fault;
        pooled_string_t err;
        uint32_t met;
        assert_good(pooled_nest(stage->pooled, 0, &met, &err, &fault), &fault);
        return NULL;
}

/* Two are in, and stay there until the third has heard that there is no place for it. */
TEST(no_place)
{
        struct stage stage;
        pthread_t in[2];
        struct ward_fault fault;
        uint32_t count;
        set(&stage, 2, 0);
        pthread_barrier_init(&stage.meeting, NULL, 3);
        for (int i = 0; i < 2; i++)
                pthread_create(&in[i], NULL, meet_once, &stage);
        while (atomic_load(&stage.met) < 2)
                sched_yield();
        ward_instance_set_deadline((struct ward_instance *)stage.pooled, 50);
        assert_int_equal(pooled_count(stage.pooled, &count, &fault), -WARD_FAULT_DEADLINE);
        assert_says(&fault, "the 2 instances");
        pthread_barrier_wait(&stage.meeting);
        for (int i = 0; i < 2; i++)
                pthread_join(in[i], NULL);
        ward_instance_set_deadline((struct ward_instance *)stage.pooled, 0);
        assert_good(pooled_count(stage.pooled, &count, &fault), &fault);
        strike(&stage);
}

static void *count_much(void *data)
{
        struct stage *stage = data;
        struct ward_fault fault;
        uint32_t count, met;
        pooled_string_t err;
        for (int i = 0; i < 2000; i++) {
                assert_good(pooled_count(stage->pooled, &count, &fault), &fault);
                if (count == 1)
                        atomic_fetch_add(&stage->ones, 1);
                if (i % 16 == 0)
                        assert_int_equal(pooled_nest(stage->pooled, 3, &met, &err, &fault), 0);
        }
        return NULL;
}

/* More threads than instances: each gets one in time, no more are made, and nobody is in one with another. */
TEST(many_threads)
{
        struct stage stage;
        set(&stage, 3, 20000);
        run(THREADS_MAX, count_much, &stage);
        assert_in_range(atomic_load(&stage.ones), 1, 3);
        strike(&stage);
}

static void *give_things(void *data)
{
        struct stage *stage = data;
        struct ward_fault fault;
        for (uint32_t i = 0; i < 500; i++) {
                test_pooled_things_thing_t *thing = malloc(sizeof *thing);
                uint32_t number;
                thing->number = i;
                assert_good(pooled_take(stage->pooled, thing, &number, &fault), &fault);
                assert_int_equal(number, i);
        }
        return NULL;
}

TEST(objects_of_the_hosts)
{
        struct stage stage;
        set(&stage, 4, 10000);
        run(4, give_things, &stage);
        assert_int_equal(atomic_load(&stage.destroyed), 4 * 500);
        strike(&stage);
}

static void *remember(void *data)
{
        struct stage *stage = data;
        struct ward_fault fault;
        pooled_string_t key = text("key"), value = text("value");
        uint32_t good;
        for (int i = 0; i < 500; i++) {
                assert_good(pooled_remember(stage->pooled, &key, &value, &good, &fault), &fault);
                assert_int_equal(good, 1);
        }
        return NULL;
}

/* The domain's data are one for all. */
TEST(data)
{
        struct stage stage;
        struct ward_fault fault;
        void *value;
        size_t len;
        set(&stage, 4, 10000);
        run(4, remember, &stage);
        assert_good(ward_domain_get(pooled_domain(stage.pooled), "key", &value, &len, &fault), &fault);
        assert_string_equal(value, "value");
        free(value);
        strike(&stage);
}

TEST(objects_of_its_own)
{
        struct ward_host *host = host_start();
        struct ward_activate_options options = options_for(WARD_WASM);
        struct keeper *keeper;
        struct ward_fault fault;
        options.instances = 2;
        assert_int_equal(keeper_activate(host, addin_file("pooled", WARD_WASM), &options, NULL, &keeper, &fault),
                         -WARD_FAULT_CONTRACT);
        assert_says(&fault, "box");
        assert_says(&fault, "live in one instance");
        ward_host_free(host);
}

static struct ward_usage usage_of(struct stage *stage)
{
        struct ward_usage usage = { .size = sizeof usage };
        struct ward_fault fault;
        assert_good(ward_domain_usage(pooled_domain(stage->pooled), &usage, &fault), &fault);
        return usage;
}

/* What all instances use is the domain's. */
TEST(usage)
{
        struct stage stage;
        set(&stage, 4, 10000);
        struct ward_usage one = usage_of(&stage);
        assert_int_equal(one.instances, 1);
        assert_int_equal(one.calls, 0);
        pthread_barrier_init(&stage.meeting, NULL, 4);
        run(4, meet_others, &stage);
        struct ward_usage four = usage_of(&stage);
        assert_int_equal(four.addins, 1);
        assert_int_equal(four.instances, 4);
        assert_int_equal(four.memory_bytes, 4 * one.memory_bytes);
        assert_int_equal(four.table_entries, 4 * one.table_entries);
        assert_int_equal(four.calls, 4 * 20);
        strike(&stage);
}

/* There is memory for one only: who needs another hears so, and nobody else takes harm. */
TEST(no_memory_for_another)
{
        struct stage stage;
        pthread_t first;
        struct ward_fault fault;
        uint32_t count;
        set(&stage, 2, 10000);
        const uint64_t bytes = usage_of(&stage).memory_bytes;
        strike(&stage);
        struct ward_activate_options options = options_for(WARD_WASM);
        stage = (struct stage){ .host = host_start() };
        options.instances = 2;
        options.limits = (struct ward_limits){ .size = sizeof options.limits, .memory_bytes = bytes + bytes / 2 };
        services = services_of(&stage);
        assert_good(pooled_activate(stage.host, addin_file("pooled", WARD_WASM), &options, &services, &stage.pooled, &fault),
                    &fault);
        pthread_barrier_init(&stage.meeting, NULL, 2);
        pthread_create(&first, NULL, meet_once, &stage);
        while (!atomic_load(&stage.met))
                sched_yield();
        assert_int_equal(pooled_count(stage.pooled, &count, &fault), -WARD_FAULT_LIMIT);
        assert_says(&fault, "memory");
        pthread_barrier_wait(&stage.meeting);
        pthread_join(first, NULL);
        assert_good(pooled_count(stage.pooled, &count, &fault), &fault);
        assert_int_equal(usage_of(&stage).memory_bytes, bytes);
        strike(&stage);
}

/* --- Ends ------------------------------------------------------------------------------------- */

static void *run_on(void *data)
{
        struct stage *stage = data;
        struct ward_fault fault;
        int r = pooled_forever(stage->pooled, &fault);
        assert_int_equal(r, -WARD_FAULT_UNLOADED);
        return NULL;
}

static void *trap_once(void *data)
{
        struct stage *stage = data;
        struct ward_fault fault;
        pooled_string_t err;
        uint32_t met;
        pooled_nest(stage->pooled, 0, &met, &err, &fault);
        assert_int_equal(pooled_trap(stage->pooled, &fault), -WARD_FAULT_TRAP);
        return NULL;
}

static void *meet_and_run_on(void *data)
{
        struct stage *stage = data;
        struct ward_fault fault;
        pooled_string_t err;
        uint32_t met;
        int r = pooled_nest(stage->pooled, 0, &met, &err, &fault); /* may be ended on its way back already */
        assert_true(!r || r == -WARD_FAULT_UNLOADED);
        return run_on(data);
}

static void *meet_or_not(void *data)
{
        struct stage *stage = data;
        struct ward_fault fault;
        pooled_string_t err;
        uint32_t met;
        assert_int_equal(pooled_nest(stage->pooled, 0, &met, &err, &fault), -WARD_FAULT_UNLOADED);
        return NULL;
}

/* A trap costs the domain, whoever else is in it. */
TEST(a_trap)
{
        for (int i = 0; i < 10; i++) {
                struct stage stage;
                struct ward_fault fault;
                pthread_t others[3], trapper;
                uint32_t count;
                set(&stage, 4, 0);
                pthread_barrier_init(&stage.meeting, NULL, 4);
                for (int j = 0; j < 3; j++)
                        pthread_create(&others[j], NULL, meet_and_run_on, &stage);
                pthread_create(&trapper, NULL, trap_once, &stage);
                pthread_join(trapper, NULL);
                for (int j = 0; j < 3; j++)
                        pthread_join(others[j], NULL);
                assert_int_equal(pooled_count(stage.pooled, &count, &fault), -WARD_FAULT_UNLOADED);
                assert_says(&fault, "unreachable");
                strike(&stage);
        }
}

TEST(a_deadline)
{
        struct stage stage;
        struct ward_fault fault;
        set(&stage, 4, 30);
        assert_int_equal(pooled_forever(stage.pooled, &fault), -WARD_FAULT_DEADLINE);
        assert_int_equal(ward_domain_state(pooled_domain(stage.pooled)), WARD_DOMAIN_UNLOADED);
        strike(&stage);
}

static void *call_until_the_end(void *data)
{
        struct stage *stage = data;
        struct ward_fault fault;
        pooled_string_t hello = text("hello"), back, err;
        uint32_t n;
        int r = 0;
        for (uint32_t i = 0; !r; i++) {
                if (i % 4 == 0)
                        r = pooled_count(stage->pooled, &n, &fault);
                else if (i % 4 == 1)
                        r = pooled_work(stage->pooled, 300, &n, &fault);
                else if (i % 4 == 2)
                        r = pooled_nest(stage->pooled, 2, &n, &err, &fault);
                else if (!(r = pooled_echo(stage->pooled, &hello, &back, &fault)))
                        pooled_string_free(&back);
                atomic_fetch_add(&stage->ones, 1);
        }
        assert_int_equal(r, -WARD_FAULT_UNLOADED);
        return NULL;
}

/* The first instance is in use, and another does not start. */
static void start_second(uint32_t how, uint32_t ms, enum ward_fault_kind expected, const char *phrase)
{
        struct stage stage;
        pthread_t first;
        struct ward_fault fault;
        uint32_t count;
        set(&stage, 2, 0);
        assert_int_equal(atomic_load(&stage.started), 1);
        atomic_store(&stage.how, how);
        pthread_barrier_init(&stage.meeting, NULL, 2);
        pthread_create(&first, NULL, meet_or_not, &stage);
        while (!atomic_load(&stage.met))
                sched_yield();
        ward_instance_set_deadline((struct ward_instance *)stage.pooled, ms);
        assert_int_equal(pooled_count(stage.pooled, &count, &fault), -(int)expected);
        assert_says(&fault, phrase);
        assert_string_equal(fault.addin, "pooled");
        assert_int_equal(ward_domain_state(pooled_domain(stage.pooled)), WARD_DOMAIN_UNLOADED);
        pthread_barrier_wait(&stage.meeting);
        pthread_join(first, NULL);
        assert_int_equal(atomic_load(&stage.started), 2);
        strike(&stage);
}

TEST(an_instance_that_does_not_start)
{
        start_second(1, 0, WARD_FAULT_TRAP, "unreachable");
        start_second(2, 30, WARD_FAULT_DEADLINE, "_initialize");
}

static uint32_t meet_and_unload(void *data, uint32_t n)
{
        struct stage *stage = data;
        ward_domain_unload(pooled_domain(stage->pooled), NULL);
        return n;
}

/* From within a call: that returns, and the last to leave frees what was used. */
TEST(unload_within)
{
        struct stage stage;
        struct ward_fault fault;
        pthread_t other;
        pooled_string_t err;
        uint32_t met;
        set(&stage, 2, 0);
        pthread_barrier_init(&stage.meeting, NULL, 2);
        pthread_create(&other, NULL, meet_and_run_on, &stage);
        pthread_barrier_wait(&stage.meeting);
        services.meet = meet_and_unload;
        assert_int_equal(pooled_nest(stage.pooled, 0, &met, &err, &fault), -WARD_FAULT_UNLOADED);
        pthread_join(other, NULL);
        strike(&stage);
}

/* For the callbacks of calls that are ended: the domain may be gone by then. */
static uint32_t meet_quietly(void *data, uint32_t n)
{
        struct stage *stage = data;
        uint32_t count;
        for (uint32_t i = 0; i < n; i++)
                pooled_count(stage->pooled, &count, NULL);
        return n;
}

/* Unloaded in the middle, by another thread, at any time; more threads than places, so that some wait. */
TEST(unload_in_the_middle)
{
        struct ward_host *host = host_start();
        for (uint32_t i = 0; i < 100; i++) {
                struct stage stage = { .host = host };
                struct ward_activate_options options = options_for(WARD_WASM);
                struct pooled_services own = services_of(&stage);
                struct ward_fault fault;
                pthread_t threads[4];
                own.meet = meet_quietly;
                options.deadline_ms = 0;
                options.instances = 3;
                assert_good(pooled_activate(host, addin_file("pooled", WARD_WASM), &options, &own, &stage.pooled, &fault), &fault);
                for (int j = 0; j < 4; j++)
                        pthread_create(&threads[j], NULL, call_until_the_end, &stage);
                while (atomic_load(&stage.ones) < 10 * i)
                        sched_yield();
                assert_good(ward_domain_unload(pooled_domain(stage.pooled), &fault), &fault);
                for (int j = 0; j < 4; j++)
                        pthread_join(threads[j], NULL);
                pooled_release(stage.pooled);
        }
        ward_host_free(host);
}

/* Those that run and those that wait for a place. */
TEST(unload_ends_all)
{
        struct stage stage;
        struct ward_fault fault;
        pthread_t in[2], waits[2];
        set(&stage, 2, 0);
        pthread_barrier_init(&stage.meeting, NULL, 3);
        for (int i = 0; i < 2; i++)
                pthread_create(&in[i], NULL, meet_and_run_on, &stage);
        pthread_barrier_wait(&stage.meeting);
        for (int i = 0; i < 2; i++)
                pthread_create(&waits[i], NULL, run_on, &stage);
        usleep(20000); /* so that they probably wait; where they do not, the outcome is the same */
        assert_good(ward_domain_unload(pooled_domain(stage.pooled), &fault), &fault);
        for (int i = 0; i < 2; i++) {
                pthread_join(in[i], NULL);
                pthread_join(waits[i], NULL);
        }
        strike(&stage);
}

/* --- Lifetimes -------------------------------------------------------------------------------- */

static uint32_t meet_and_release(void *data, uint32_t n)
{
        struct stage *stage = data;
        stage->pooled = pooled_release(stage->pooled);
        return n;
}

/* The last reference goes within a call: so does the domain, behind it. */
TEST(released_within_a_call)
{
        struct stage stage = { .host = host_start() };
        struct ward_activate_options options = options_for(WARD_WASM);
        struct pooled_services own = services_of(&stage);
        struct ward_fault fault;
        pooled_string_t err;
        uint32_t met;
        own.meet = meet_and_release;
        options.instances = 2;
        assert_good(pooled_activate(stage.host, addin_file("pooled", WARD_WASM), &options, &own, &stage.pooled, &fault), &fault);
        assert_good(pooled_nest(stage.pooled, 0, &met, &err, &fault), &fault);
        assert_null(stage.pooled);
        ward_host_free(stage.host);
}

/* Two add-ins in one domain share its places. */
TEST(two_add_ins)
{
        struct stage stage = { .host = host_start() };
        struct ward_domain_options made = { .size = sizeof made, .isolation = WARD_WASM, .instances = 2 };
        struct ward_activate_options options = options_for(WARD_DIRECT);
        struct ward_fault fault;
        struct pooled *other;
        uint32_t count;
        services = services_of(&stage);
        assert_good(ward_domain_new(stage.host, &made, &options.domain, &fault), &fault);
        assert_good(pooled_activate(stage.host, addin_file("pooled", WARD_WASM), &options, &services, &stage.pooled, &fault),
                    &fault);
        assert_good(pooled_activate(stage.host, addin_file("pooled", WARD_WASM), &options, &services, &other, &fault), &fault);
        for (uint32_t i = 1; i < 10; i++) {
                assert_good(pooled_count(stage.pooled, &count, &fault), &fault);
                assert_int_equal(count, i);
                assert_good(pooled_count(other, &count, &fault), &fault);
                assert_int_equal(count, i);
        }
        pooled_release(other);
        assert_good(pooled_count(stage.pooled, &count, &fault), &fault);
        assert_int_equal(count, 10);
        ward_domain_release(options.domain);
        strike(&stage);
}

/* Begun calls are made one after the other, beside those that are not. */
TEST(begun_calls)
{
        struct stage stage;
        struct pooled_count_pending *pending[50];
        struct ward_fault fault;
        uint32_t count;
        set(&stage, 3, 10000);
        for (uint32_t i = 0; i < 50; i++)
                assert_good(pooled_count_begin(stage.pooled, &pending[i], &fault), &fault);
        run(3, count_much, &stage);
        for (uint32_t i = 0; i < 50; i++)
                assert_good(pooled_count_finish(pending[i], &count, &fault), &fault);
        strike(&stage);
}

TEST(forked_child)
{
        struct stage stage;
        struct ward_fault fault;
        uint32_t count;
        int status;
        set(&stage, 2, 1000);
        assert_good(pooled_count(stage.pooled, &count, &fault), &fault);
        pid_t child = fork();
        if (!child) {
                int r = pooled_count(stage.pooled, &count, &fault);
                strike(&stage);
                _exit(r == -WARD_FAULT_UNLOADED ? 0 : 1);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
        assert_good(pooled_count(stage.pooled, &count, &fault), &fault);
        strike(&stage);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(options), TEST_CASE(one_thread), TEST_CASE(all_at_once), TEST_CASE(no_place),
                         TEST_CASE(many_threads), TEST_CASE(objects_of_the_hosts), TEST_CASE(data), TEST_CASE(objects_of_its_own),
                         TEST_CASE(usage), TEST_CASE(no_memory_for_another), TEST_CASE(a_trap), TEST_CASE(a_deadline),
                         TEST_CASE(an_instance_that_does_not_start), TEST_CASE(unload_within), TEST_CASE(unload_in_the_middle),
                         TEST_CASE(unload_ends_all), TEST_CASE(released_within_a_call), TEST_CASE(two_add_ins),
                         TEST_CASE(begun_calls), TEST_CASE(forked_child));
}
