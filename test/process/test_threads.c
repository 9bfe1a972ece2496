/* Many threads of a host and one process domain: whose calls run where, and what becomes of lanes. */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "test/support.h"
#include "threads_host.h"

enum { MANY = 64, LANES = 1023 };

static struct ward_host *host;
static struct threads *addin;

static uint64_t again(void *data, uint32_t depth)
{
        uint64_t ret = 0;
        return threads_nest(addin, depth, &ret, NULL) ? 0 : ret;
}

static const struct threads_services services = { .again = again };

static void activate(bool free_threaded)
{
        struct ward_activate_options options = options_for(WARD_PROCESS);
        struct ward_fault fault;
        options.free_threaded = free_threaded;
        assert_good(threads_activate(host, addin_file("threads", WARD_PROCESS), &options, &services, &addin, &fault), &fault);
}

static void start(bool free_threaded)
{
        host = host_start();
        activate(free_threaded);
}

static void finish(void)
{
        addin = threads_release(addin);
        host = ward_host_free(host);
}

/* Runs @run on @n threads at once, each with a place in @results; joins them. */
struct runner {
        pthread_t thread;
        int r;
        uint64_t result;
        struct ward_fault fault;
};

static void run_all(struct runner *runners, int n, void *(*run)(void *runner))
{
        memset(runners, 0, (size_t)n * sizeof *runners);
        for (int i = 0; i < n; i++)
                assert_int_equal(pthread_create(&runners[i].thread, NULL, run, &runners[i]), 0);
        for (int i = 0; i < n; i++)
                pthread_join(runners[i].thread, NULL);
}

static uint64_t who(void)
{
        struct ward_fault fault;
        uint64_t ret = 0;
        assert_good(threads_who(addin, &ret, &fault), &fault);
        return ret;
}

static uint32_t ended(void)
{
        uint32_t ret = 0;
        assert_good(threads_ended(addin, &ret, NULL), NULL);
        return ret;
}

static void nap(void)
{
        nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
}

/* --- Whose thread ----------------------------------------------------------------------------- */

static pthread_barrier_t together;

static void *run_count(void *data)
{
        struct runner *runner = data;
        uint32_t n = 0;
        runner->result = who();
        pthread_barrier_wait(&together);
        for (uint32_t i = 1; i <= 20 && !runner->r; i++) {
                runner->r = threads_count(addin, &n, &runner->fault);
                if (!runner->r && (n != i || who() != runner->result))
                        runner->r = 1;
        }
        return NULL;
}

static void check_identity(bool free_threaded)
{
        static struct runner runners[MANY];
        start(free_threaded);
        pthread_barrier_init(&together, NULL, MANY);
        run_all(runners, MANY, run_count);
        pthread_barrier_destroy(&together);
        for (int i = 0; i < MANY; i++) {
                assert_good(runners[i].r, &runners[i].fault);
                for (int j = 0; j < i; j++)
                        assert_true(runners[i].result != runners[j].result);
        }
        /* With its host's, each of the worker's threads has ended. */
        for (int i = 0; i < 5000 && ended() < MANY; i++)
                nap();
        assert_int_equal(ended(), MANY);
        finish();
}

TEST(each_thread_has_one_of_the_workers)
{
        check_identity(false);
        check_identity(true);
}

static void *run_nest(void *data)
{
        struct runner *runner = data;
        runner->r = threads_nest(addin, 20, &runner->result, &runner->fault);
        if (!runner->r && runner->result != who())
                runner->r = 1;
        return NULL;
}

TEST(nested_calls_stay_on_their_thread)
{
        static struct runner runners[8];
        for (int free_threaded = 0; free_threaded < 2; free_threaded++) {
                start(free_threaded);
                run_all(runners, 8, run_nest);
                for (int i = 0; i < 8; i++)
                        assert_good(runners[i].r, &runners[i].fault);
                finish();
        }
}

/* --- How many at once ------------------------------------------------------------------------- */

static void *run_gather(void *data)
{
        struct runner *runner = data;
        uint32_t n = 0;
        runner->r = threads_gather(addin, MANY, &n, &runner->fault);
        runner->result = n;
        return NULL;
}

TEST(threads_are_in_a_free_threaded_domain_at_once)
{
        static struct runner runners[MANY];
        start(true);
        run_all(runners, MANY, run_gather);
        for (int i = 0; i < MANY; i++) {
                assert_good(runners[i].r, &runners[i].fault);
                assert_int_equal(runners[i].result, MANY);
        }
        finish();
}

static void *run_linger(void *data)
{
        struct runner *runner = data;
        uint32_t n = 0;
        for (int i = 0; i < 4 && !runner->r; i++)
                runner->r = threads_linger(addin, &n, &runner->fault);
        runner->result = n;
        return NULL;
}

TEST(threads_take_turns_in_a_synchronized_domain)
{
        static struct runner runners[MANY];
        start(false);
        run_all(runners, MANY, run_linger);
        for (int i = 0; i < MANY; i++) {
                assert_good(runners[i].r, &runners[i].fault);
                assert_int_equal(runners[i].result, 1);
        }
        finish();
}

static void *run_echo(void *data)
{
        struct runner *runner = data;
        static const size_t sizes[] = { 1, 5000, 200000, 1500000 };
        for (unsigned i = 0; i < 40 && !runner->r; i++) {
                size_t len = sizes[i % 4];
                threads_string_t text = { malloc(len), len }, back = { NULL, 0 };
                memset(text.ptr, 'a' + (int)((runner->thread >> 12) % 20), len);
                runner->r = threads_echo(addin, &text, &back, &runner->fault);
                if (!runner->r && (back.len != len || memcmp(back.ptr, text.ptr, len)))
                        runner->r = 1;
                threads_string_free(&back);
                free(text.ptr);
        }
        return NULL;
}

TEST(values_of_many_threads_do_not_mix)
{
        static struct runner runners[8];
        start(true);
        run_all(runners, 8, run_echo);
        for (int i = 0; i < 8; i++)
                assert_good(runners[i].r, &runners[i].fault);
        finish();
}

/* --- Lanes come and go ------------------------------------------------------------------------ */

static void *run_add(void *data)
{
        struct runner *runner = data;
        int32_t sum = 0;
        runner->r = threads_add(addin, 1, 2, &sum, &runner->fault);
        if (!runner->r && sum != 3)
                runner->r = 1;
        return NULL;
}

TEST(lanes_are_given_back_with_their_threads)
{
        struct runner runner;
        start(true);
        for (int i = 0; i < 2 * LANES; i++) {
                run_all(&runner, 1, run_add);
                assert_good(runner.r, &runner.fault);
        }
        finish();
}

/* A thread meets many domains, each of which goes. */
TEST(a_thread_outlives_its_domains)
{
        start(false);
        for (int i = 0; i < 50; i++) {
                uint64_t first = who();
                assert_true(first == who());
                addin = threads_release(addin);
                activate(i % 2);
        }
        finish();
}

static void *run_until_told(void *data)
{
        struct runner *runner = data;
        run_add(runner);
        pthread_barrier_wait(&together);
        pthread_barrier_wait(&together);
        return NULL;
}

TEST(a_domain_goes_before_its_threads)
{
        struct runner runners[4] = { 0 };
        start(true);
        pthread_barrier_init(&together, NULL, 5);
        for (int i = 0; i < 4; i++)
                pthread_create(&runners[i].thread, NULL, run_until_told, &runners[i]);
        pthread_barrier_wait(&together);
        finish();
        pthread_barrier_wait(&together);
        for (int i = 0; i < 4; i++) {
                pthread_join(runners[i].thread, NULL);
                assert_good(runners[i].r, &runners[i].fault);
        }
        pthread_barrier_destroy(&together);
}

static void *run_wait(void *data)
{
        struct runner *runner = data;
        run_add(runner);
        pthread_barrier_wait(&together);
        return NULL;
}

/* Their stacks take the memory of the worker, or there are no more lanes. */
TEST(more_threads_than_there_can_be_are_refused)
{
        enum { TOO_MANY = 100 };
        static struct runner runners[TOO_MANY];
        struct ward_activate_options options = options_for(WARD_PROCESS);
        struct ward_fault fault;
        int refused = 0;
        options.free_threaded = true;
        options.limits.memory_bytes = (uint64_t)64 << 20;
        host = host_start();
        assert_good(threads_activate(host, addin_file("threads", WARD_PROCESS), &options, &services, &addin, &fault), &fault);
        pthread_barrier_init(&together, NULL, TOO_MANY);
        run_all(runners, TOO_MANY, run_wait);
        pthread_barrier_destroy(&together);
        for (int i = 0; i < TOO_MANY; i++) {
                if (!runners[i].r)
                        continue;
                assert_int_equal(runners[i].r, -WARD_FAULT_LIMIT);
                assert_says(&runners[i].fault, "limits.memory_bytes");
                refused++;
        }
        assert_in_range(refused, 1, TOO_MANY - 1);
        /* Their stacks are free soon. */
        int32_t sum;
        int r = -1;
        for (int i = 0; r && i < 1000; i++, nap())
                r = threads_add(addin, 1, 2, &sum, &fault);
        assert_good(r, &fault);
        finish();
}

/* --- Ends ------------------------------------------------------------------------------------- */

static void *run_sleep(void *data)
{
        struct runner *runner = data;
        runner->r = threads_sleep(addin, &runner->fault);
        return NULL;
}

static void *run_crash(void *data)
{
        struct runner *runner = data;
        nap();
        runner->r = threads_crash(addin, &runner->fault);
        return NULL;
}

TEST(a_crash_is_told_of_the_call_that_crashed)
{
        struct runner sleepers[6] = { 0 }, crasher;
        start(true);
        for (int i = 0; i < 6; i++)
                pthread_create(&sleepers[i].thread, NULL, run_sleep, &sleepers[i]);
        run_all(&crasher, 1, run_crash);
        assert_int_equal(crasher.r, -WARD_FAULT_SIGNAL);
        assert_string_equal(crasher.fault.function, "crash");
        for (int i = 0; i < 6; i++) {
                pthread_join(sleepers[i].thread, NULL);
                assert_true(sleepers[i].r == -WARD_FAULT_SIGNAL || sleepers[i].r == -WARD_FAULT_UNLOADED);
                assert_says(&sleepers[i].fault, "in crash");
        }
        finish();
}

static _Atomic int n_calls;

static void *run_until_unloaded(void *data)
{
        struct runner *runner = data;
        int32_t sum;
        while (!(runner->r = threads_add(addin, 1, 2, &sum, &runner->fault)))
                n_calls++;
        return NULL;
}

static void unload_among_calls(bool free_threaded)
{
        struct runner runners[8] = { 0 };
        activate(free_threaded);
        n_calls = 0;
        for (int i = 0; i < 8; i++)
                pthread_create(&runners[i].thread, NULL, run_until_unloaded, &runners[i]);
        while (n_calls < 100)
                nap();
        assert_good(ward_domain_unload(threads_domain(addin), NULL), NULL);
        for (int i = 0; i < 8; i++) {
                pthread_join(runners[i].thread, NULL);
                assert_int_equal(runners[i].r, -WARD_FAULT_UNLOADED);
        }
        addin = threads_release(addin);
}

TEST(an_unload_waits_for_every_thread)
{
        host = host_start();
        for (int i = 0; i < 40; i++)
                unload_among_calls(i % 2);
        host = ward_host_free(host);
}

/* Thread-local data of Ward's is the parent's, there. */
TEST(a_forked_child_and_its_threads_leave_lanes_alone)
{
        start(true);
        who();
        pid_t pid = fork();
        if (!pid) {
                struct runner runner;
                int32_t sum;
                bool good = threads_add(addin, 1, 2, &sum, NULL) == -WARD_FAULT_UNLOADED;
                run_all(&runner, 1, run_add);
                _exit(good && runner.r == -WARD_FAULT_UNLOADED ? 0 : 1);
        }
        int status;
        waitpid(pid, &status, 0);
        assert_int_equal(status, 0);
        who();
        finish();
}

TEST(only_process_domains_can_be_free_threaded)
{
        struct ward_domain_options options = { .size = sizeof options, .isolation = WARD_WASM, .free_threaded = true };
        struct ward_domain *domain;
        struct ward_fault fault;
        host = host_start();
        assert_int_equal(ward_domain_new(host, &options, &domain, &fault), -WARD_FAULT_USAGE);
        assert_says(&fault, "only process domains");
        host = ward_host_free(host);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(
                argc, argv, TEST_CASE_LONG(each_thread_has_one_of_the_workers, 60), TEST_CASE(nested_calls_stay_on_their_thread),
                TEST_CASE_LONG(threads_are_in_a_free_threaded_domain_at_once, 60),
                TEST_CASE_LONG(threads_take_turns_in_a_synchronized_domain, 60),
                TEST_CASE_LONG(values_of_many_threads_do_not_mix, 60), TEST_CASE_LONG(lanes_are_given_back_with_their_threads, 60),
                TEST_CASE_LONG(a_thread_outlives_its_domains, 60), TEST_CASE(a_domain_goes_before_its_threads),
                TEST_CASE_LONG(more_threads_than_there_can_be_are_refused, 60), TEST_CASE(a_crash_is_told_of_the_call_that_crashed),
                TEST_CASE_LONG(an_unload_waits_for_every_thread, 120), TEST_CASE(a_forked_child_and_its_threads_leave_lanes_alone),
                TEST_CASE(only_process_domains_can_be_free_threaded));
}
