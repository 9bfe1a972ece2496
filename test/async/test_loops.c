/* Begun calls in a host that has an event loop: a plain one of epoll, or Ward's helper thread. */
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>
#include "async.h"

enum { CALLS = 50 };

static struct ward_fault fault;

/* What a test counts. */
struct tally {
        struct stage stage;
        _Atomic int done;
        _Atomic int wrong;
};

static void on_done(void *data, struct ward_pending *pending)
{
        struct tally *tally = data;
        struct ward_fault own;
        int32_t answer = 0;
        if (!ward_pending_done(pending) || begun_asks_finish((struct begun_asks_pending *)pending, &answer, &own) || answer != 8)
                tally->wrong++;
        tally->done++;
}

static void begin_all(struct tally *tally)
{
        struct begun_asks_pending *pending;
        for (int i = 0; i < CALLS; i++) {
                assert_good(begun_asks_begin(tally->stage.begun, 7, &pending, &fault), &fault);
                ward_pending_on_done(begun_asks_pending(pending), on_done, tally);
        }
}

static void check(struct tally *tally)
{
        assert_int_equal(tally->done, CALLS);
        assert_int_equal(tally->wrong, 0);
        assert_int_equal(tally->stage.asked, CALLS);
}

EACH_KIND(epoll_drives_them)
{
        struct tally tally = { .done = 0 };
        struct epoll_event event = { .events = EPOLLIN };
        int fd, epoll = epoll_create1(EPOLL_CLOEXEC);
        stage_set(&tally.stage, kind);
        assert_good(ward_host_fd(tally.stage.host, &fd, &fault), &fault);
        assert_int_equal(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), 0);
        begin_all(&tally);
        while (tally.done < CALLS) {
                assert_int_equal(epoll_wait(epoll, &event, 1, 5000), 1);
                assert_true(ward_host_dispatch(tally.stage.host, 0, &fault) >= 0);
                if (tally.stage.asked)
                        assert_true(pthread_equal(tally.stage.server, pthread_self()));
        }
        check(&tally);
        close(epoll);
        stage_strike(&tally.stage);
}

EACH_KIND(a_helper_thread_drives_them)
{
        struct tally tally = { .done = 0 };
        stage_set(&tally.stage, kind);
        assert_good(ward_host_dispatch_start(tally.stage.host, &fault), &fault);
        begin_all(&tally);
        struct begun_add_pending *last;
        int32_t sum;
        assert_good(begun_add_begin(tally.stage.begun, 1, 2, &last, &fault), &fault);
        assert_good(begun_add_finish(last, &sum, &fault), &fault);
        while (tally.done < CALLS)
                assert_true(ward_host_dispatch(tally.stage.host, 10, &fault) >= 0);
        check(&tally);
        stage_strike(&tally.stage);
}

static void never(void *data, struct ward_pending *pending)
{
        (void)pending;
        ((struct tally *)data)->wrong++;
}

EACH_KIND(who_finishes_first_is_not_told)
{
        struct tally tally = { .done = 0 };
        struct begun_add_pending *pending;
        int32_t sum;
        stage_set(&tally.stage, kind);
        assert_good(begun_add_begin(tally.stage.begun, 1, 2, &pending, &fault), &fault);
        ward_pending_on_done(begun_add_pending(pending), never, &tally);
        assert_good(begun_add_finish(pending, &sum, &fault), &fault);
        assert_int_equal(ward_host_dispatch(tally.stage.host, 0, &fault), 1);
        assert_good(begun_add_begin(tally.stage.begun, 1, 2, &pending, &fault), &fault);
        ward_pending_on_done(begun_add_pending(pending), never, &tally);
        ward_pending_abandon(begun_add_pending(pending));
        stage_strike(&tally.stage);
        assert_int_equal(tally.wrong, 0);
}

static void finish_add(void *data, struct ward_pending *pending)
{
        struct tally *tally = data;
        int32_t sum;
        tally->wrong += begun_add_finish((struct begun_add_pending *)pending, &sum, &fault) != 0;
        tally->done++;
}

EACH_KIND(who_asks_late_is_told)
{
        struct tally tally = { .done = 0 };
        struct begun_add_pending *pending;
        stage_set(&tally.stage, kind);
        assert_good(begun_add_begin(tally.stage.begun, 1, 2, &pending, &fault), &fault);
        assert_int_equal(ward_pending_wait(begun_add_pending(pending), -1, &fault), 0);
        ward_pending_on_done(begun_add_pending(pending), finish_add, &tally);
        assert_int_equal(tally.done, 0);
        while (!tally.done)
                assert_true(ward_host_dispatch(tally.stage.host, 1000, &fault) >= 0);
        assert_int_equal(tally.wrong, 0);
        stage_strike(&tally.stage);
}

/* Those that an unload ends, too. */
EACH_KIND(ends_are_told)
{
        struct tally tally = { .done = 0 };
        struct begun_asks_pending *first;
        struct begun_add_pending *pending;
        int32_t answer;
        stage_set(&tally.stage, kind);
        assert_good(begun_asks_begin(tally.stage.begun, 1, &first, &fault), &fault);
        assert_good(begun_add_begin(tally.stage.begun, 1, 2, &pending, &fault), &fault);
        ward_pending_on_done(begun_add_pending(pending), finish_add, &tally);
        assert_good(ward_domain_unload(begun_domain(tally.stage.begun), &fault), &fault);
        while (!tally.done)
                assert_true(ward_host_dispatch(tally.stage.host, 1000, &fault) >= 0);
        assert_int_equal(tally.wrong, 1);
        assert_int_equal(begun_asks_finish(first, &answer, &fault), -WARD_FAULT_UNLOADED);
        stage_strike(&tally.stage);
}

int main(int argc, char **argv)
{
        (void)test_ends_are_told_direct;
        return TEST_MAIN(argc, argv, KIND_CASES(epoll_drives_them), KIND_CASES(a_helper_thread_drives_them),
                         KIND_CASES(who_finishes_first_is_not_told), KIND_CASES(who_asks_late_is_told),
                         ISOLATED_CASES(ends_are_told));
}
