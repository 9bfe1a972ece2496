/* The host's own clocks, as add-ins at kind `wasm` see them. */
#include <pthread.h>
#include <stdatomic.h>
#include "base/clock.h"
#include "test/managers/stage.h"

enum { S = 1000000000 };

/* A time that passes where somebody sleeps, and nowhere else. */
struct simulation {
        _Atomic uint64_t now;
        uint64_t step; /* how far a wait comes at a time; 0: all the way */
        _Atomic uint32_t waits;
        struct managers *managers;
        bool unloads;
};

static uint64_t now(void *data, enum ward_clock_id id)
{
        struct simulation *simulation = data;
        return atomic_load(&simulation->now) + (id == WARD_CLOCK_REALTIME ? 1000ull * S : 0);
}

static void wait_until(void *data, enum ward_clock_id id, uint64_t until)
{
        struct simulation *simulation = data;
        uint64_t to = id == WARD_CLOCK_REALTIME ? until - 1000ull * S : until;
        atomic_fetch_add(&simulation->waits, 1);
        if (simulation->step && simulation->now + simulation->step < to)
                to = simulation->now + simulation->step;
        atomic_store(&simulation->now, to);
        if (simulation->unloads)
                ward_domain_unload(managers_domain(simulation->managers), NULL);
}

static struct ward_host *host_in(struct simulation *simulation, bool waits)
{
        const struct ward_clock clock = { .size = sizeof clock, .data = simulation, .now = now, .wait = waits ? wait_until : NULL };
        *simulation = (struct simulation){ .now = 5ull * S };
        return stage_host((struct ward_host_options){ .clock = &clock }); /* which is copied */
}

static uint64_t time_of(struct managers *managers, uint32_t clock)
{
        struct ward_fault fault;
        uint64_t ns = 0;
        assert_good(managers_now(managers, clock, &ns, &fault), &fault);
        return ns;
}

TEST(the_time_is_the_hosts)
{
        struct simulation simulation;
        struct ward_host *host = host_in(&simulation, true);
        struct ward_activate_options options = options_for(WARD_WASM);
        struct managers *managers = stage_activate(host, addin_file("managers", WARD_WASM), &options);
        assert_int_equal(time_of(managers, 1), 5ull * S);
        assert_int_equal(time_of(managers, 0), 1005ull * S);
        simulation.now = 6ull * S + 7;
        assert_int_equal(time_of(managers, 1), 6ull * S + 7);
        managers_release(managers);
        ward_host_free(host);
}

/* A day passes at once. */
TEST(sleep_is_the_hosts)
{
        struct simulation simulation;
        struct ward_host *host = host_in(&simulation, true);
        struct ward_activate_options options = options_for(WARD_WASM);
        struct managers *managers = stage_activate(host, addin_file("managers", WARD_WASM), &options);
        const uint32_t day = 24 * 3600 * 1000;
        struct ward_fault fault;
        uint64_t slept;
        assert_good(managers_nap(managers, day, &slept, &fault), &fault);
        assert_int_equal(slept, day);
        assert_int_equal(simulation.waits, 1);
        simulation.step = S;
        assert_good(managers_nap(managers, 10500, &slept, &fault), &fault);
        assert_int_equal(slept, 10500);
        assert_int_equal(simulation.waits, 1 + 11);
        managers_release(managers);
        ward_host_free(host);
}

static void *let_time_pass(void *data)
{
        struct simulation *simulation = data;
        while (!simulation->waits) {
                atomic_fetch_add(&simulation->now, S);
                clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){ .tv_nsec = 100000 }, NULL);
        }
        return NULL;
}

/* One that runs by itself is looked at until it is time. */
TEST(a_clock_that_runs)
{
        struct simulation simulation;
        struct ward_host *host = host_in(&simulation, false);
        struct ward_activate_options options = options_for(WARD_WASM);
        struct managers *managers = stage_activate(host, addin_file("managers", WARD_WASM), &options);
        struct ward_fault fault;
        pthread_t thread;
        uint64_t slept;
        pthread_create(&thread, NULL, let_time_pass, &simulation);
        assert_good(managers_nap(managers, 60000, &slept, &fault), &fault);
        assert_true(slept >= 60000);
        simulation.waits = 1;
        pthread_join(thread, NULL);
        managers_release(managers);
        ward_host_free(host);
}

/* Time limits go by the machine's clock, whatever the host's says. */
TEST(a_clock_that_stands_still)
{
        struct simulation simulation;
        struct ward_host *host = host_in(&simulation, false);
        struct ward_activate_options options = options_for(WARD_WASM);
        options.deadline_ms = 50;
        struct managers *managers = stage_activate(host, addin_file("managers", WARD_WASM), &options);
        struct ward_fault fault;
        uint64_t slept, before = clock_now();
        assert_int_equal(managers_nap(managers, 1, &slept, &fault), -WARD_FAULT_DEADLINE);
        assert_true(clock_now() - before < 2ull * S);
        managers_release(managers);
        ward_host_free(host);
}

TEST(unloaded_while_it_sleeps)
{
        struct simulation simulation;
        struct ward_host *host = host_in(&simulation, true);
        struct ward_activate_options options = options_for(WARD_WASM);
        struct managers *managers = stage_activate(host, addin_file("managers", WARD_WASM), &options);
        struct ward_fault fault;
        uint64_t slept;
        simulation.step = 1;
        simulation.unloads = true;
        simulation.managers = managers;
        assert_int_equal(managers_nap(managers, 1000, &slept, &fault), -WARD_FAULT_UNLOADED);
        assert_int_equal(simulation.waits, 1);
        managers_release(managers);
        ward_host_free(host);
}

TEST(the_machines)
{
        struct ward_host *host = host_start();
        struct ward_activate_options options = options_for(WARD_WASM);
        struct managers *managers = stage_activate(host, addin_file("managers", WARD_WASM), &options);
        struct ward_fault fault;
        uint64_t slept, before = clock_now();
        assert_true(time_of(managers, 1) - before < 2ull * S);
        assert_good(managers_nap(managers, 2, &slept, &fault), &fault);
        assert_true(slept >= 2 && slept < 2000);
        managers_release(managers);
        ward_host_free(host);
}

TEST(clocks_that_are_none)
{
        struct ward_clock clock = { .size = 3, .now = now };
        struct ward_host_options options = { .size = sizeof options, .clock = &clock };
        struct ward_host *host;
        struct ward_fault fault;
        assert_int_equal(ward_host_new(&options, &host, &fault), -WARD_FAULT_USAGE);
        assert_says(&fault, "sizeof (struct ward_clock)");
        clock = (struct ward_clock){ .size = sizeof clock, .wait = wait_until };
        assert_int_equal(ward_host_new(&options, &host, &fault), -WARD_FAULT_USAGE);
        assert_says(&fault, "now");
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(the_time_is_the_hosts), TEST_CASE(sleep_is_the_hosts), TEST_CASE(a_clock_that_runs),
                         TEST_CASE(a_clock_that_stands_still), TEST_CASE(unloaded_while_it_sleeps), TEST_CASE(the_machines),
                         TEST_CASE(clocks_that_are_none));
}
