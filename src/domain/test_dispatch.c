#include "domain/dispatch.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/own.h"
#include "domain/test_stage.h"
#include "test/harness/harness.h"

struct job {
        struct dispatch_job job;
        struct dispatch *dispatch;
        int number;
        int again; /* so often it posts itself */
};

static _Atomic int ran[256], n_ran;

static void run(struct dispatch_job *base)
{
        struct job *job = CONTAINER_OF(base, struct job, job);
        int at = atomic_fetch_add(&n_ran, 1);
        if (at < (int)COUNT_OF(ran))
                atomic_store(&ran[at], job->number);
        if (job->again && job->again--)
                dispatch_post(job->dispatch, base);
}

static const _Atomic uint32_t here = 1;

static struct dispatch *start(void)
{
        struct dispatch *dispatch = dispatch_new(&here, NULL);
        assert_non_null(dispatch);
        return dispatch;
}

static void post(struct dispatch *dispatch, struct job *job, int number, int again)
{
        *job = (struct job){ .job.run = run, .dispatch = dispatch, .number = number, .again = again };
        dispatch_post(dispatch, &job->job);
}

static bool is_readable(struct dispatch *dispatch)
{
        int fd = -1;
        assert_int_equal(dispatch_fd(dispatch, &fd, NULL), 0);
        struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
        return poll(&poll_fd, 1, 0) == 1;
}

TEST(jobs_run_in_order)
{
        struct dispatch *dispatch = start();
        struct job jobs[8];
        for (int i = 0; i < 8; i++)
                post(dispatch, &jobs[i], i, 0);
        assert_true(is_readable(dispatch)); /* opened later than the jobs were posted */
        assert_int_equal(dispatch_run(dispatch, 0, NULL), 0);
        assert_int_equal(n_ran, 8);
        for (int i = 0; i < 8; i++)
                assert_int_equal(ran[i], i);
        assert_int_equal(dispatch_run(dispatch, 0, NULL), 1);
        assert_false(is_readable(dispatch));
        dispatch_free(dispatch);
}

TEST(nothing_is_opened_for_who_never_asks)
{
        int before = harness_count_fds();
        struct dispatch *dispatch = start();
        struct job job;
        post(dispatch, &job, 1, 0);
        assert_int_equal(harness_count_fds(), before);
        dispatch_free(dispatch);
        assert_int_equal(n_ran, 1);
}

TEST(a_job_is_cancelled_until_it_runs)
{
        struct dispatch *dispatch = start();
        struct job jobs[3];
        for (int i = 0; i < 3; i++)
                post(dispatch, &jobs[i], i, 0);
        assert_true(dispatch_cancel(dispatch, &jobs[1].job));
        assert_false(dispatch_cancel(dispatch, &jobs[1].job));
        assert_int_equal(dispatch_run(dispatch, -1, NULL), 0);
        assert_int_equal(n_ran, 2);
        assert_int_equal(ran[1], 2);
        assert_false(dispatch_cancel(dispatch, &jobs[0].job));
        dispatch_free(dispatch);
}

TEST(a_job_that_posts_itself_does_not_hold_the_thread)
{
        struct dispatch *dispatch = start();
        struct job job;
        post(dispatch, &job, 1, 1000);
        assert_int_equal(dispatch_run(dispatch, 0, NULL), 0);
        assert_true(n_ran < 1000);
        assert_true(is_readable(dispatch));
        while (dispatch_run(dispatch, 0, NULL) == 0)
                ;
        assert_int_equal(n_ran, 1001);
        dispatch_free(dispatch);
}

static void *post_later(void *data)
{
        struct job *job = data;
        usleep(20000);
        dispatch_post(job->dispatch, &job->job);
        return NULL;
}

TEST(waiting_ends_with_a_job)
{
        struct dispatch *dispatch = start();
        struct job job = { .job.run = run, .dispatch = dispatch, .number = 5 };
        pthread_t thread;
        assert_int_equal(dispatch_run(dispatch, 5, NULL), 1);
        pthread_create(&thread, NULL, post_later, &job);
        assert_int_equal(dispatch_run(dispatch, -1, NULL), 0);
        pthread_join(thread, NULL);
        assert_int_equal(ran[0], 5);
        dispatch_free(dispatch);
}

static void wait_for(_Atomic int *counter, int value)
{
        for (int i = 0; i < 10000 && atomic_load(counter) < value; i++)
                usleep(1000);
        assert_int_equal(atomic_load(counter), value);
}

TEST(a_helper_thread_runs_what_many_post)
{
        struct dispatch *dispatch = start();
        struct job jobs[200];
        int threads = harness_count_threads();
        assert_int_equal(dispatch_start(dispatch, NULL), 0);
        assert_int_equal(dispatch_start(dispatch, NULL), 0);
        assert_int_equal(harness_count_threads(), threads + 1);
        for (int i = 0; i < 200; i++)
                post(dispatch, &jobs[i], i, 0);
        wait_for(&n_ran, 200);
        assert_int_equal(dispatch_stop(dispatch, NULL), 0);
        assert_int_equal(dispatch_stop(dispatch, NULL), 0);
        post(dispatch, &jobs[0], 0, 0);
        assert_int_equal(n_ran, 200);
        assert_int_equal(dispatch_start(dispatch, NULL), 0);
        wait_for(&n_ran, 201);
        dispatch_free(dispatch);
}

static _Atomic int stop_result = 1;

static void stop_self(struct dispatch_job *base)
{
        struct job *job = CONTAINER_OF(base, struct job, job);
        atomic_store(&stop_result, dispatch_stop(job->dispatch, NULL));
        atomic_fetch_add(&n_ran, 1);
}

TEST(the_helper_cannot_stop_itself)
{
        struct dispatch *dispatch = start();
        struct job job = { .job.run = stop_self, .dispatch = dispatch };
        assert_int_equal(dispatch_start(dispatch, NULL), 0);
        dispatch_post(dispatch, &job.job);
        wait_for(&n_ran, 1);
        assert_int_equal(stop_result, -WARD_FAULT_USAGE);
        dispatch_free(dispatch);
}

/* --- Sources ---------------------------------------------------------------------------------- */

static _Atomic int n_served[2];
static _Atomic int n_more; /* so often there is more */
static struct ward_domain *domains[2];

static bool serve(struct ward_domain *domain)
{
        atomic_fetch_add(&n_served[domain == domains[1]], 1);
        return n_more > 0 && atomic_fetch_sub(&n_more, 1) > 0;
}

static struct dispatch_source source_of(struct ward_domain *domain)
{
        return (struct dispatch_source){ .fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), .domain = domain, .serve = serve };
}

static void source_end(struct dispatch *dispatch, struct dispatch_source *source)
{
        dispatch_source_remove(dispatch, source);
        dispatch_source_remove(dispatch, source);
        source->fd = fd_close(source->fd);
}

TEST(a_domain_that_rings_is_served)
{
        struct stage scene;
        stage_start(&scene, REFERENCES_KEPT_BY_ADDIN, false, false);
        struct dispatch *dispatch = scene.domains.dispatch;
        struct dispatch_source source = source_of(scene.domain);
        assert_int_equal(dispatch_source_add(dispatch, &source, NULL), 0);
        eventfd_write(source.fd, 1); /* before anybody asked for the descriptor */
        assert_true(is_readable(dispatch));
        eventfd_write(source.fd, 1);
        assert_int_equal(dispatch_run(dispatch, 0, NULL), 0);
        assert_int_equal(n_served[0], 1);
        assert_int_equal(dispatch_run(dispatch, 0, NULL), 1);
        n_more = 3;
        eventfd_write(source.fd, 1);
        while (dispatch_run(dispatch, 0, NULL) == 0)
                ;
        assert_int_equal(n_served[0], 5);
        eventfd_write(source.fd, 1);
        source_end(dispatch, &source);
        assert_int_equal(dispatch_run(dispatch, 0, NULL), 1);
        assert_int_equal(n_served[0], 5);
        stage_finish();
}

TEST(a_flood_leaves_others_their_share)
{
        struct stage scene;
        stage_start(&scene, REFERENCES_KEPT_BY_ADDIN, false, false);
        struct dispatch *dispatch = scene.domains.dispatch;
        struct dispatch_source flood = source_of(scene.domain), calm = source_of(scene.domain);
        struct ward_domain *other;
        assert_int_equal(domain_new_default(&scene.domains, "other", &other, NULL), 0);
        calm.domain = domains[1] = other;
        assert_int_equal(dispatch_source_add(dispatch, &flood, NULL), 0);
        assert_int_equal(dispatch_source_add(dispatch, &calm, NULL), 0);
        n_more = 1000000;
        eventfd_write(flood.fd, 1);
        for (int i = 0; i < 100; i++)
                assert_int_equal(dispatch_run(dispatch, 0, NULL), 0);
        eventfd_write(calm.fd, 1);
        n_served[1] = 0;
        for (int i = 0; i < 4; i++)
                assert_int_equal(dispatch_run(dispatch, 0, NULL), 0);
        assert_true(n_served[1] > 0);
        source_end(dispatch, &flood);
        source_end(dispatch, &calm);
        domain_unref(other);
        stage_finish();
}

static int run_in_child(struct stage *from)
{
        int fd;
        domains_enter(&from->domains);
        domains_leave(&from->domains);
        struct dispatch *dispatch = from->domains.dispatch;
        if (dispatch_run(dispatch, 0, NULL) != 1 || n_ran)
                return 1;
        struct job job;
        post(dispatch, &job, 1, 0);
        if (dispatch_run(dispatch, 0, NULL) || n_ran != 1 || dispatch_fd(dispatch, &fd, NULL))
                return 2;
        return 0;
}

static void fork_child(struct dispatch_job *base)
{
        int status;
        pid_t pid = fork();
        if (pid)
                waitpid(pid, &status, 0);
        ran[0] = pid ? status : -1;
        atomic_fetch_add(&n_ran, 1);
}

/* The child returns from the same job; the parent's next one is not the child's. */
TEST(a_job_may_fork)
{
        struct stage scene;
        stage_start(&scene, REFERENCES_KEPT_BY_ADDIN, false, false);
        struct dispatch *dispatch = scene.domains.dispatch;
        struct job jobs[2] = { { .job.run = fork_child } };
        dispatch_post(dispatch, &jobs[0].job);
        post(dispatch, &jobs[1], 1, 0);
        dispatch_run(dispatch, 0, NULL);
        if (ran[0] == -1)
                _exit(n_ran == 1 ? 0 : 1);
        assert_int_equal(ran[0], 0);
        assert_int_equal(n_ran, 2);
        stage_finish();
}

/* The parent's descriptors are shared with the child: what it did with them would be seen here. */
TEST(a_forked_child_has_its_own)
{
        struct stage scene;
        struct job job;
        int status;
        stage_start(&scene, REFERENCES_KEPT_BY_ADDIN, false, false);
        struct dispatch *dispatch = scene.domains.dispatch;
        struct dispatch_source source = source_of(scene.domain);
        assert_int_equal(dispatch_source_add(dispatch, &source, NULL), 0);
        post(dispatch, &job, 1, 0);
        assert_int_equal(dispatch_start(dispatch, NULL), 0);
        wait_for(&n_ran, 1);
        n_ran = 0;
        pid_t pid = fork();
        if (!pid)
                _exit(run_in_child(&scene));
        waitpid(pid, &status, 0);
        assert_int_equal(status, 0);
        assert_int_equal(dispatch_stop(dispatch, NULL), 0);
        eventfd_write(source.fd, 1);
        assert_int_equal(dispatch_run(dispatch, 0, NULL), 0);
        assert_int_equal(n_served[0], 1);
        source_end(dispatch, &source);
        stage_finish();
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(jobs_run_in_order), TEST_CASE(nothing_is_opened_for_who_never_asks),
                         TEST_CASE(a_job_is_cancelled_until_it_runs), TEST_CASE(a_job_that_posts_itself_does_not_hold_the_thread),
                         TEST_CASE(waiting_ends_with_a_job), TEST_CASE(a_helper_thread_runs_what_many_post),
                         TEST_CASE(the_helper_cannot_stop_itself), TEST_CASE(a_domain_that_rings_is_served),
                         TEST_CASE(a_flood_leaves_others_their_share), TEST_CASE(a_job_may_fork),
                         TEST_CASE(a_forked_child_has_its_own));
}
