/* An add-in's own threads, which call the host. */
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>
#include "test/events/stage.h"

static void set_threads(void)
{
        stage_set(WARD_PROCESS, NULL);
}

/* --- Who dispatches --------------------------------------------------------------------------- */

TEST(one_thread_asks_an_idle_host)
{
        set_threads();
        act("each", 1000);
        act("start ask", 1);
        assert_int_equal(stage->n_asks, 0);
        dispatch_until(&stage->n_asks, 1000);
        assert_true(pthread_equal(stage->last, pthread_self()));
        assert_int_equal(act("join", 0), 0);
        while (ward_host_dispatch(stage->host, 0, NULL) == 0)
                ;
        stage_strike();
}

TEST(many_threads_ask)
{
        set_threads();
        act("each", 20);
        act("start ask", 90); /* more than there are lanes for */
        dispatch_until(&stage->n_asks, 90 * 20);
        assert_int_equal(act("join", 0), 0);
        stage_strike();
}

/* Who has rung does not ring again, however many there are. */
TEST(each_asks_once)
{
        set_threads();
        act("each", 1);
        for (uint32_t round = 1; round <= 20; round++) {
                act("start ask", 60);
                dispatch_until(&stage->n_asks, round * 60);
                assert_int_equal(act("join", 0), 0);
        }
        stage_strike();
}

TEST(a_helper_thread_serves_them)
{
        set_threads();
        assert_int_equal(ward_host_dispatch_start(stage->host, NULL), 0);
        act("each", 500);
        act("start ask", 8);
        assert_int_equal(act("join", 0), 0); /* the host is in a call meanwhile */
        assert_int_equal(stage->n_asks, 4000);
        assert_false(pthread_equal(stage->last, pthread_self()));
        assert_int_equal(ward_host_dispatch_stop(stage->host, NULL), 0);
        stage_strike();
}

static _Atomic bool leaves;

static void *dispatch(void *data)
{
        while (!atomic_load(&leaves))
                ward_host_dispatch(stage->host, 10, NULL);
        return NULL;
}

TEST(several_threads_dispatch)
{
        pthread_t threads[3];
        set_threads();
        for (int i = 0; i < 3; i++)
                pthread_create(&threads[i], NULL, dispatch, NULL);
        act("each", 300);
        for (int round = 0; round < 3; round++) {
                act("start ask", 6);
                assert_int_equal(act("join", 0), 0);
                act("start post then ask", 4);
                assert_int_equal(act("join", 0), 0);
        }
        atomic_store(&leaves, true);
        for (int i = 0; i < 3; i++)
                pthread_join(threads[i], NULL);
        assert_int_equal(stage->n_asks, 3 * 6 * 300);
        assert_int_equal(stage->n_notes, 3 * 4 * 600);
        stage_strike();
}

/* A loop of the host's own, with other descriptors in it. */
TEST(an_epoll_loop_serves_them)
{
        struct epoll_event event = { .events = EPOLLIN };
        int fd = -1, again = -1, loop = epoll_create1(EPOLL_CLOEXEC);
        set_threads();
        assert_int_equal(ward_host_fd(stage->host, &fd, NULL), 0);
        assert_int_equal(ward_host_fd(stage->host, &again, NULL), 0);
        assert_int_equal(fd, again);
        assert_int_equal(epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event), 0);
        assert_int_equal(epoll_wait(loop, &event, 1, 0), 0);
        act("each", 200);
        act("start ask", 4);
        while (stage->n_asks < 800) {
                assert_int_equal(epoll_wait(loop, &event, 1, 15000), 1);
                assert_true(ward_host_dispatch(stage->host, 0, NULL) >= 0);
        }
        assert_int_equal(act("join", 0), 0);
        while (ward_host_dispatch(stage->host, 0, NULL) == 0)
                ;
        assert_int_equal(epoll_wait(loop, &event, 1, 0), 0);
        close(loop);
        stage_strike();
}

/* --- Posting ---------------------------------------------------------------------------------- */

/* Each thread's come in order. */
static void assert_each_in_order(uint32_t threads, uint32_t each)
{
        uint32_t next[256] = { 0 };
        assert_int_equal(stage->n_notes, threads * each);
        for (uint32_t i = 0; i < threads * each; i++) {
                uint32_t note = stage->notes[i];
                if ((note & 0xffffff) != next[note >> 24]++)
                        fail_msg("note %u of thread %u comes as number %u", note & 0xffffff, note >> 24, i);
        }
}

TEST(threads_post)
{
        set_threads();
        act("each", 50000);
        act("start post", 4);
        dispatch_until(&stage->n_notes, 200000);
        assert_each_in_order(4, 50000);
        act("join", 0);
        stage_strike();
}

TEST(one_post_arrives_by_itself)
{
        set_threads();
        act("each", 1);
        for (uint32_t i = 1; i <= 20; i++) {
                act("start post", 1);
                dispatch_until(&stage->n_notes, i);
                act("join", 0);
        }
        stage_strike();
}

TEST(a_post_comes_before_the_next_call)
{
        set_threads();
        act("each", 1000);
        act("start post then ask", 1);
        dispatch_until(&stage->n_notes, 2000);
        assert_notes(2000);
        act("join", 0);
        stage_strike();
}

TEST(values_of_any_size_pass)
{
        set_threads();
        assert_int_equal(ward_host_dispatch_start(stage->host, NULL), 0);
        for (int i = 0; i < 3; i++) {
                act("start echo", 5);
                assert_int_equal(act("join", 0), 0);
        }
        stage_strike();
}

/* What they keep is destroyed with the add-in. */
TEST(objects_pass)
{
        set_threads();
        assert_int_equal(ward_host_dispatch_start(stage->host, NULL), 0);
        act("each", 200);
        act("start use things", 6);
        assert_int_equal(act("join", 0), 0);
        assert_int_equal(stage->n_things, 24);
        assert_int_equal(ward_host_dispatch_stop(stage->host, NULL), 0); /* it holds the add-in for a moment behind its answer */
        stage->events = events_release(stage->events);
        assert_int_equal(stage->n_things, 0);
        stage_strike();
}

/* --- Calls from the host's functions ---------------------------------------------------------- */

static uint32_t call_back(uint32_t n)
{
        uint32_t ret = 0;
        struct ward_fault fault;
        assert_good(events_get(stage->events, n, &ret, &fault), &fault);
        return ret;
}

TEST(they_are_called_back_themselves)
{
        set_threads();
        stage->when_asked = call_back;
        act("each", 200);
        act("start ask", 4);
        dispatch_until(&stage->n_asks, 800);
        assert_int_equal(act("join", 0), 0);
        assert_int_equal(stage->n_notes, 800);
        stage_strike();
}

static void get_inside(uint32_t n)
{
        uint32_t ret;
        if (n < 1000)
                assert_int_equal(events_get(stage->events, n, &ret, NULL), 0);
}

TEST(what_they_post_may_be_answered_by_a_call)
{
        set_threads();
        stage->when_noted = get_inside;
        act("each", 900);
        act("start post", 1);
        dispatch_until(&stage->n_notes, 1800);
        act("join", 0);
        stage_strike();
}

/* --- Ends ------------------------------------------------------------------------------------- */

/* Nobody dispatches: they wait, until the domain ends. */
TEST(an_unload_ends_them)
{
        set_threads();
        act("each", 1000000);
        act("start ask", 5);
        act("start post", 5);
        assert_int_equal(ward_domain_unload(events_domain(stage->events), NULL), 0);
        assert_int_equal(stage->n_asks, 0);
        assert_true(ward_host_dispatch(stage->host, 0, NULL) >= 0);
        stage_strike();
}

static uint32_t unload(uint32_t n)
{
        if (n == 10)
                ward_domain_unload(events_domain(stage->events), NULL);
        return n + 1;
}

TEST(the_host_may_unload_while_it_serves)
{
        set_threads();
        stage->when_asked = unload;
        act("each", 100);
        act("start ask", 1);
        dispatch_until(&stage->n_asks, 11);
        assert_int_equal(ward_domain_state(events_domain(stage->events)), WARD_DOMAIN_UNLOADED);
        assert_true(ward_host_dispatch(stage->host, 0, NULL) >= 0);
        assert_int_equal(stage->n_asks, 11);
        stage_strike();
}

static uint32_t release(uint32_t n)
{
        if (n == 10)
                stage->events = events_release(stage->events);
        return n + 1;
}

TEST(the_host_may_release_while_it_serves)
{
        set_threads();
        stage->when_asked = release;
        act("each", 100);
        act("start ask", 1);
        dispatch_until(&stage->n_asks, 11);
        for (int i = 0; i < 20; i++)
                assert_true(ward_host_dispatch(stage->host, 1, NULL) >= 0);
        assert_int_equal(stage->n_asks, 11);
        stage_strike();
}

static void run_while(const char *what)
{
        struct ward_fault fault;
        set_threads();
        assert_int_equal(ward_host_dispatch_start(stage->host, NULL), 0);
        act("each", 1000000);
        act(what, 4);
        while (stage->n_asks + stage->n_notes < 100)
                usleep(100);
        ward_domain_unload(events_domain(stage->events), &fault);
        uint32_t n = stage->n_asks + stage->n_notes;
        usleep(1000);
        assert_int_equal(stage->n_asks + stage->n_notes, n);
        stage_strike();
}

TEST(an_unload_comes_between_asks)
{
        for (int i = 0; i < 5; i++)
                run_while("start ask");
}

TEST(an_unload_comes_between_posts)
{
        for (int i = 0; i < 5; i++)
                run_while("start post");
}

TEST(a_crash_is_the_domains)
{
        struct ward_fault fault;
        set_threads();
        act("start fall", 1);
        for (int i = 0; i < 5000 && ward_domain_state(events_domain(stage->events)); i++)
                usleep(1000);
        assert_true(ward_domain_fault(events_domain(stage->events), &fault));
        assert_int_equal(fault.kind, WARD_FAULT_SIGNAL);
        stage_strike();
}

/* A thread's end is a part of it. */
TEST(the_end_of_a_thread_may_call)
{
        set_threads();
        act("start end with a call", 3);
        dispatch_until(&stage->n_asks, 5); /* the first does not call before */
        assert_int_equal(act("join", 0), 0);
        stage_strike();
}

static void *call_once(void *data)
{
        act("watch end", 0);
        return NULL;
}

/* The worker's side of a thread of the host's that has ended. */
TEST(the_end_of_the_hosts_thread_may_call)
{
        pthread_t thread;
        set_threads();
        pthread_create(&thread, NULL, call_once, NULL);
        pthread_join(thread, NULL);
        dispatch_until(&stage->n_asks, 1);
        stage_strike();
}

/* --- Forks ------------------------------------------------------------------------------------ */

static pid_t child = -1;

static void fork_once(void)
{
        if (child == -1)
                child = fork();
}

static uint32_t fork_inside(uint32_t n)
{
        fork_once();
        return n + 1;
}

static void fork_noting(uint32_t n)
{
        fork_once();
}

/* What the child returns into is the parent's, and left alone. */
static void leave_if_child(int result)
{
        if (child)
                return;
        bool good = ward_domain_state(events_domain(stage->events)) == WARD_DOMAIN_UNLOADED &&
                    ward_host_dispatch(stage->host, 0, NULL) == 1;
        stage_strike();
        _exit(good && result ? 0 : 1);
}

static void assert_child_left(void)
{
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
}

TEST(the_host_may_fork_while_it_serves)
{
        set_threads();
        stage->when_asked = fork_inside;
        act("each", 100);
        act("start ask", 2);
        while (child == -1)
                ward_host_dispatch(stage->host, 100, NULL);
        leave_if_child(1);
        dispatch_until(&stage->n_asks, 200);
        assert_int_equal(act("join", 0), 0);
        assert_child_left();
        stage_strike();
}

TEST(the_host_may_fork_in_an_event)
{
        uint32_t ret = 0;
        set_threads();
        stage->when_noted = fork_noting;
        int r = stage_try("post", 50000, &ret, NULL);
        leave_if_child(r);
        assert_int_equal(r, 0);
        assert_notes(50000);
        assert_child_left();
        stage_strike();
}

/* --- Direct ----------------------------------------------------------------------------------- */

TEST(at_kind_direct_they_call_on_their_own)
{
        stage_set(WARD_DIRECT, NULL);
        act("each", 1000);
        act("start ask", 4);
        assert_int_equal(act("join", 0), 0);
        act("start post", 4);
        act("join", 0);
        assert_int_equal(stage->n_asks, 4000);
        assert_int_equal(stage->n_notes, 4000);
        assert_false(pthread_equal(stage->last, pthread_self()));
        stage_strike();
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(one_thread_asks_an_idle_host), TEST_CASE(many_threads_ask),
                         TEST_CASE(each_asks_once), TEST_CASE(a_helper_thread_serves_them), TEST_CASE(several_threads_dispatch),
                         TEST_CASE(an_epoll_loop_serves_them), TEST_CASE(threads_post), TEST_CASE(one_post_arrives_by_itself),
                         TEST_CASE(a_post_comes_before_the_next_call), TEST_CASE(values_of_any_size_pass), TEST_CASE(objects_pass),
                         TEST_CASE(they_are_called_back_themselves), TEST_CASE(what_they_post_may_be_answered_by_a_call),
                         TEST_CASE(an_unload_ends_them), TEST_CASE(the_host_may_unload_while_it_serves),
                         TEST_CASE(the_host_may_release_while_it_serves), TEST_CASE(an_unload_comes_between_asks),
                         TEST_CASE(an_unload_comes_between_posts), TEST_CASE(a_crash_is_the_domains),
                         TEST_CASE(the_end_of_a_thread_may_call), TEST_CASE(the_end_of_the_hosts_thread_may_call),
                         TEST_CASE(the_host_may_fork_while_it_serves), TEST_CASE(the_host_may_fork_in_an_event),
                         TEST_CASE(at_kind_direct_they_call_on_their_own));
}
