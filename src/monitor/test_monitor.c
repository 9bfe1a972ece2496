#include "monitor/monitor.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/own.h"
#include "test/harness/harness.h"

enum { MS = 1000000 };

static struct monitor *start(void)
{
        struct monitor *monitor = NULL;
        struct ward_fault fault;
        assert_int_equal(monitor_new(&monitor, &fault), 0);
        return monitor;
}

static uint64_t wakes_at(struct monitor *monitor)
{
        return atomic_load(&((struct monitor_head *)(void *)monitor)->wakes_at);
}

static void sleep_ms(unsigned ms)
{
        usleep(ms * 1000);
}

/* Waits until the monitor sleeps with nothing due. */
static void settle(struct monitor *monitor)
{
        for (int i = 0; i < 5000 && wakes_at(monitor) != CLOCK_NEVER; i++)
                sleep_ms(1);
        assert_true(wakes_at(monitor) == CLOCK_NEVER);
}

static void wait_for(_Atomic int *counter, int value)
{
        for (int i = 0; i < 5000 && atomic_load(counter) < value; i++)
                sleep_ms(1);
        assert_true(atomic_load(counter) >= value);
}

/* --- Callbacks: what happened, and what to do about it ---------------------------------------- */

struct seen {
        struct monitor *monitor;
        struct monitor_alarm alarm;
        struct monitor_watch watch;
        _Atomic int begun;
        _Atomic int ended;
        _Atomic uint64_t when;
        unsigned takes_ms;
};

static void on_due_once(void *data)
{
        struct seen *seen = data;
        atomic_store(&seen->when, clock_now());
        monitor_alarm_clear(&seen->alarm);
        atomic_fetch_add(&seen->begun, 1);
}

static void on_due_again(void *data)
{
        struct seen *seen = data;
        atomic_fetch_add(&seen->begun, 1);
}

static void on_due_rest(void *data)
{
        struct seen *seen = data;
        monitor_alarm_rest(&seen->alarm, 30 * MS);
        atomic_fetch_add(&seen->begun, 1);
}

static void on_due_slowly(void *data)
{
        struct seen *seen = data;
        monitor_alarm_clear(&seen->alarm);
        atomic_fetch_add(&seen->begun, 1);
        sleep_ms(seen->takes_ms);
        atomic_fetch_add(&seen->ended, 1);
}

static void on_due_remove(void *data)
{
        struct seen *seen = data;
        monitor_alarm_remove(seen->monitor, &seen->alarm);
        atomic_fetch_add(&seen->begun, 1);
}

static void on_ready_read(void *data)
{
        struct seen *seen = data;
        uint64_t value;
        if (read(seen->watch.fd, &value, sizeof value) > 0)
                atomic_fetch_add(&seen->begun, 1);
}

static void on_ready_slowly(void *data)
{
        on_ready_read(data);
        on_due_slowly(data);
}

static void on_ready_remove(void *data)
{
        struct seen *seen = data;
        monitor_watch_remove(seen->monitor, &seen->watch);
        atomic_fetch_add(&seen->begun, 1);
}

static void add_alarm(struct seen *seen, struct monitor *monitor, void (*due)(void *))
{
        seen->monitor = monitor;
        seen->alarm.due = due;
        seen->alarm.data = seen;
        atomic_store(&seen->alarm.at, CLOCK_NEVER);
        monitor_alarm_add(monitor, &seen->alarm);
}

static void add_watch(struct seen *seen, struct monitor *monitor, void (*ready)(void *))
{
        struct ward_fault fault;
        seen->monitor = monitor;
        seen->watch.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        seen->watch.ready = ready;
        seen->watch.data = seen;
        assert_int_equal(monitor_watch_add(monitor, &seen->watch, &fault), 0);
}

static void post(const struct seen *seen)
{
        uint64_t one = 1;
        assert_int_equal(write(seen->watch.fd, &one, sizeof one), sizeof one);
}

/* --- Life ------------------------------------------------------------------------------------- */

TEST(starts_and_ends)
{
        for (int i = 0; i < 100; i++)
                assert_null(monitor_free(start()));
        assert_null(monitor_free(NULL));
}

TEST(frees_at_once_while_asleep)
{
        struct monitor *monitor = start();
        settle(monitor);
        uint64_t before = clock_now();
        monitor_free(monitor);
        assert_true(clock_now() - before < 1000u * MS);
}

static long other_thread(void)
{
        long found = 0;
        DIR *dir = opendir("/proc/self/task");
        for (struct dirent *e; (e = readdir(dir));)
                if (atol(e->d_name) > 0 && atol(e->d_name) != getpid())
                        found = atol(e->d_name);
        closedir(dir);
        return found;
}

/* The line of the monitor thread's /proc status that starts with @key. */
static void thread_status(const char *key, char *ret, size_t size)
{
        char path[64];
        snprintf(path, sizeof path, "/proc/self/task/%ld/status", other_thread());
        FILE *file = fopen(path, "re");
        assert_non_null(file);
        bool found = false;
        while (!found && fgets(ret, (int)size, file))
                found = !strncmp(ret, key, strlen(key));
        fclose(file);
        assert_true(found);
}

TEST(blocks_all_signals)
{
        struct monitor *monitor = start();
        char line[128];
        sigset_t mask;
        thread_status("SigBlk:", line, sizeof line);
        uint64_t blocked = strtoull(line + strlen("SigBlk:"), NULL, 16);
        /* all but KILL, STOP and the C library's own two */
        uint64_t exempt = 1u << (SIGKILL - 1) | 1u << (SIGSTOP - 1) | 3ull << 31;
        assert_true((blocked | exempt) == UINT64_MAX);
        pthread_sigmask(SIG_SETMASK, NULL, &mask);
        assert_false(sigismember(&mask, SIGINT));
        monitor_free(monitor);
}

TEST(sleeps_while_nothing_is_due)
{
        struct monitor *monitor = start();
        struct seen seen = { 0 };
        char before[128], after[128];
        add_alarm(&seen, monitor, on_due_once);
        monitor_alarm_set(monitor, &seen.alarm, clock_now() + 1 * MS);
        wait_for(&seen.begun, 1);
        settle(monitor);
        sleep_ms(20);
        thread_status("voluntary_ctxt_switches:", before, sizeof before);
        sleep_ms(300);
        thread_status("voluntary_ctxt_switches:", after, sizeof after);
        assert_string_equal(before, after);
        monitor_alarm_remove(monitor, &seen.alarm);
        monitor_free(monitor);
}

/* --- Alarms ----------------------------------------------------------------------------------- */

TEST(calls_when_due_and_not_before)
{
        struct monitor *monitor = start();
        struct seen seen = { 0 };
        add_alarm(&seen, monitor, on_due_once);
        for (int i = 1; i <= 10; i++) {
                uint64_t at = clock_now() + (uint64_t)i * 3 * MS;
                monitor_alarm_set(monitor, &seen.alarm, at);
                wait_for(&seen.begun, i);
                assert_true(atomic_load(&seen.when) >= at);
        }
        sleep_ms(5);
        assert_int_equal(atomic_load(&seen.begun), 10);
        monitor_alarm_remove(monitor, &seen.alarm);
        monitor_free(monitor);
}

TEST(calls_a_time_past_at_once)
{
        struct monitor *monitor = start();
        struct seen seen = { 0 };
        add_alarm(&seen, monitor, on_due_once);
        settle(monitor);
        monitor_alarm_set(monitor, &seen.alarm, 0);
        wait_for(&seen.begun, 1);
        monitor_alarm_remove(monitor, &seen.alarm);
        atomic_store(&seen.alarm.at, 1);
        settle(monitor);
        monitor_alarm_add(monitor, &seen.alarm); /* added when it is set already */
        wait_for(&seen.begun, 2);
        monitor_alarm_remove(monitor, &seen.alarm);
        monitor_free(monitor);
}

/* Soon after the first time, then every millisecond: 50, 100, 200, 400, 800, 1000, 1000, … microseconds. */
TEST(repeats_less_and_less_often_while_past)
{
        struct monitor *monitor = start();
        struct seen seen = { 0 };
        add_alarm(&seen, monitor, on_due_again);
        uint64_t before = clock_now();
        monitor_alarm_set(monitor, &seen.alarm, before);
        wait_for(&seen.begun, 20);
        for (int i = 0; i < 1000; i++)
                monitor_kick(monitor, 0); /* must not hasten it */
        uint64_t ms = (clock_now() - before) / MS;
        assert_true((uint64_t)atomic_load(&seen.begun) <= ms + 6);
        assert_true(ms >= 14);
        monitor_alarm_clear(&seen.alarm);
        settle(monitor);
        int begun = atomic_load(&seen.begun);
        sleep_ms(10);
        assert_int_equal(atomic_load(&seen.begun), begun);
        monitor_alarm_remove(monitor, &seen.alarm);
        monitor_free(monitor);
}

TEST(rests_where_nothing_is_to_be_done)
{
        struct monitor *monitor = start();
        struct seen seen = { 0 };
        add_alarm(&seen, monitor, on_due_rest);
        uint64_t before = clock_now();
        monitor_alarm_set(monitor, &seen.alarm, before);
        wait_for(&seen.begun, 3);
        assert_true(clock_now() - before >= 60 * MS);
        monitor_alarm_set(monitor, &seen.alarm, before + 1); /* another time: at once */
        before = clock_now();
        wait_for(&seen.begun, 4);
        wait_for(&seen.begun, 5);
        assert_true(clock_now() - before >= 29 * MS);
        monitor_alarm_remove(monitor, &seen.alarm);
        monitor_free(monitor);
}

/* Of many, on a machine that does other things, some are on time. */
TEST(is_on_time_where_it_can)
{
        struct monitor *monitor = start();
        struct seen seen = { 0 };
        int in_time = 0;
        add_alarm(&seen, monitor, on_due_once);
        for (int i = 1; i <= 100; i++) {
                uint64_t at = clock_now() + 2 * MS + (uint64_t)i * 7001;
                monitor_alarm_set(monitor, &seen.alarm, at);
                wait_for(&seen.begun, i);
                in_time += atomic_load(&seen.when) < at + MS / 2;
        }
        assert_in_range(in_time, 5, 100);
        monitor_alarm_remove(monitor, &seen.alarm);
        monitor_free(monitor);
}

TEST(calls_the_earlier_of_two_first)
{
        struct monitor *monitor = start();
        struct seen late = { 0 }, early = { 0 };
        add_alarm(&late, monitor, on_due_once);
        add_alarm(&early, monitor, on_due_once);
        monitor_alarm_set(monitor, &late.alarm, clock_now() + 60ull * 1000 * MS);
        sleep_ms(5);
        monitor_alarm_set(monitor, &early.alarm, clock_now() + 5 * MS);
        wait_for(&early.begun, 1);
        assert_int_equal(atomic_load(&late.begun), 0);
        monitor_alarm_remove(monitor, &late.alarm);
        monitor_alarm_remove(monitor, &early.alarm);
        monitor_free(monitor);
}

TEST(later_alarms_do_not_kick)
{
        struct monitor *monitor = start();
        struct seen first = { 0 }, seen = { 0 };
        uint64_t soon = clock_now() + 60ull * 1000 * MS;
        add_alarm(&first, monitor, on_due_once);
        add_alarm(&seen, monitor, on_due_once);
        monitor_alarm_set(monitor, &first.alarm, soon);
        do
                sleep_ms(50); /* long enough for a wake-up that raced with the first set */
        while (wakes_at(monitor) != soon);
        for (int i = 0; i < 100000; i++) {
                monitor_alarm_set(monitor, &seen.alarm, soon + (uint64_t)i);
                assert_true(wakes_at(monitor) == soon); /* a kick would have made it 0 */
                monitor_alarm_clear(&seen.alarm);
        }
        monitor_alarm_remove(monitor, &first.alarm);
        monitor_alarm_remove(monitor, &seen.alarm);
        monitor_free(monitor);
}

/* Calls with a deadline that never comes, and nothing else set: the monitor may not be woken for each. It wakes when the deadline
 * of the first would have come, at the latest, and once more is all that takes. */
static void calls_seldom_kick(uint64_t deadline, bool pauses)
{
        struct monitor *monitor = start();
        struct seen seen = { 0 };
        uint64_t kicks = 0;
        add_alarm(&seen, monitor, on_due_once);
        settle(monitor);
        uint64_t before = clock_now();
        for (int i = 0; i < (pauses ? 300 : 100000); i++) {
                uint64_t at = clock_now() + deadline;
                kicks += atomic_load(&seen.alarm.place) == MONITOR_ALARM_OUT || wakes_at(monitor) > at;
                monitor_alarm_set(monitor, &seen.alarm, at);
                monitor_alarm_clear(&seen.alarm);
                if (pauses)
                        usleep(50);
        }
        assert_true(kicks <= 2 * ((clock_now() - before) / deadline + 1));
        assert_int_equal(atomic_load(&seen.begun), 0);
        monitor_alarm_remove(monitor, &seen.alarm);
        monitor_free(monitor);
}

TEST(short_calls_seldom_kick)
{
        calls_seldom_kick(1000ull * MS, false);
        calls_seldom_kick(10ull * MS, false);
        calls_seldom_kick(10ull * MS, true);
}

static bool is_out(struct seen *seen)
{
        return atomic_load(&seen->alarm.place) == MONITOR_ALARM_OUT;
}

/* What is off is not looked at, and may be freed without a word. */
TEST(forgets_what_is_off)
{
        struct monitor *monitor = start();
        struct seen *seen = calloc(1, sizeof *seen), other = { 0 };
        add_alarm(seen, monitor, on_due_once);
        add_alarm(&other, monitor, on_due_once);
        assert_true(is_out(seen));
        monitor_alarm_set(monitor, &seen->alarm, clock_now() + 10000ull * MS);
        assert_false(is_out(seen));
        monitor_alarm_clear(&seen->alarm);
        for (int i = 0; i < 5000 && !is_out(seen); i++) {
                monitor_alarm_set(monitor, &other.alarm, 0);
                sleep_ms(1);
        }
        assert_true(is_out(seen));
        monitor_alarm_remove(monitor, &seen->alarm);
        memset(seen, 0xaa, sizeof *seen);
        free(seen);
        monitor_alarm_set(monitor, &other.alarm, 0);
        wait_for(&other.begun, 1);
        monitor_alarm_remove(monitor, &other.alarm);
        monitor_free(monitor);
}

/* An alarm set just as the monitor goes to sleep is called all the same. */
static void *set_and_wait(void *data)
{
        struct seen *seen = data;
        unsigned seed = (unsigned)(uintptr_t)data;
        for (int i = 1; i <= 1500; i++) {
                monitor_alarm_set(seen->monitor, &seen->alarm, clock_now() + (uint64_t)(rand_r(&seed) % 200000));
                for (uint64_t limit = clock_now() + 5000ull * MS; atomic_load(&seen->begun) < i;)
                        assert_true(clock_now() < limit);
        }
        return NULL;
}

TEST(loses_no_alarm)
{
        struct monitor *monitor = start();
        struct seen seen[3] = { 0 };
        pthread_t threads[3];
        for (int i = 0; i < 3; i++) {
                add_alarm(&seen[i], monitor, on_due_once);
                pthread_create(&threads[i], NULL, set_and_wait, &seen[i]);
        }
        for (int i = 0; i < 3; i++) {
                pthread_join(threads[i], NULL);
                monitor_alarm_remove(monitor, &seen[i].alarm);
                assert_int_equal(atomic_load(&seen[i].begun), 1500);
        }
        monitor_free(monitor);
}

/* --- Removal ---------------------------------------------------------------------------------- */

TEST(removal_waits_for_a_running_callback)
{
        struct monitor *monitor = start();
        struct seen seen = { .takes_ms = 50 };
        add_alarm(&seen, monitor, on_due_slowly);
        monitor_alarm_set(monitor, &seen.alarm, 0);
        wait_for(&seen.begun, 1);
        monitor_alarm_remove(monitor, &seen.alarm);
        assert_int_equal(atomic_load(&seen.ended), 1);

        add_watch(&seen, monitor, on_ready_slowly);
        post(&seen);
        wait_for(&seen.begun, 3);
        monitor_watch_remove(monitor, &seen.watch);
        assert_int_equal(atomic_load(&seen.ended), 2);
        close(seen.watch.fd);
        monitor_free(monitor);
}

TEST(removal_does_not_wait_for_another_callback)
{
        struct monitor *monitor = start();
        struct seen slow = { .takes_ms = 300 }, idle = { 0 };
        add_alarm(&slow, monitor, on_due_slowly);
        add_alarm(&idle, monitor, on_due_once);
        monitor_alarm_set(monitor, &slow.alarm, 0);
        wait_for(&slow.begun, 1);
        monitor_alarm_remove(monitor, &idle.alarm);
        assert_int_equal(atomic_load(&slow.ended), 0);
        monitor_alarm_remove(monitor, &slow.alarm);
        monitor_free(monitor);
}

TEST(a_callback_removes_itself)
{
        struct monitor *monitor = start();
        struct seen seen = { 0 };
        add_alarm(&seen, monitor, on_due_remove);
        monitor_alarm_set(monitor, &seen.alarm, 0);
        wait_for(&seen.begun, 1);
        add_watch(&seen, monitor, on_ready_remove);
        post(&seen);
        wait_for(&seen.begun, 2);
        sleep_ms(5);
        assert_int_equal(atomic_load(&seen.begun), 2);
        close(seen.watch.fd);
        monitor_free(monitor);
}

/* Adds, fires, removes and frees, many times over: nothing may be called after its removal. */
static void *add_and_remove(void *data)
{
        struct monitor *monitor = data;
        for (int i = 0; i < 1000; i++) {
                struct seen *seen = calloc(1, sizeof *seen);
                add_alarm(seen, monitor, on_due_again);
                add_watch(seen, monitor, on_ready_read);
                monitor_alarm_set(monitor, &seen->alarm, clock_now());
                post(seen);
                monitor_watch_remove(monitor, &seen->watch);
                monitor_alarm_remove(monitor, &seen->alarm);
                close(seen->watch.fd);
                memset(seen, 0xaa, sizeof *seen);
                free(seen);
        }
        return NULL;
}

TEST(removal_races_with_events)
{
        struct monitor *monitor = start();
        pthread_t threads[3];
        for (int i = 0; i < 3; i++)
                pthread_create(&threads[i], NULL, add_and_remove, monitor);
        for (int i = 0; i < 3; i++)
                pthread_join(threads[i], NULL);
        monitor_free(monitor);
}

/* --- Watches ---------------------------------------------------------------------------------- */

TEST(watches_readable_descriptors)
{
        struct monitor *monitor = start();
        struct seen seen[40] = { 0 };
        for (int i = 0; i < 40; i++)
                add_watch(&seen[i], monitor, on_ready_read);
        for (int round = 1; round <= 20; round++) {
                for (int i = 0; i < 40; i++)
                        post(&seen[i]);
                for (int i = 0; i < 40; i++)
                        wait_for(&seen[i].begun, round);
        }
        for (int i = 0; i < 40; i++) {
                monitor_watch_remove(monitor, &seen[i].watch);
                close(seen[i].watch.fd);
        }
        monitor_free(monitor);
}

TEST(watches_a_hang_up)
{
        struct monitor *monitor = start();
        struct ward_fault fault;
        struct seen seen = { .monitor = monitor };
        int ends[2];
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        seen.watch = (struct monitor_watch){ .fd = ends[0], .ready = on_ready_remove, .data = &seen };
        assert_int_equal(monitor_watch_add(monitor, &seen.watch, &fault), 0);
        close(ends[1]);
        wait_for(&seen.begun, 1);
        close(ends[0]);
        monitor_free(monitor);
}

TEST(refuses_what_cannot_be_watched)
{
        struct monitor *monitor = start();
        struct ward_fault fault;
        struct monitor_watch watch = { .fd = -1 };
        assert_int_equal(monitor_watch_add(monitor, &watch, &fault), -WARD_FAULT_SYSTEM);
        assert_string_equal(fault.text, "cannot watch descriptor -1: Bad file descriptor");
        monitor_watch_remove(monitor, &watch); /* harmless */
        monitor_free(monitor);
}

/* --- Fork ------------------------------------------------------------------------------------- */

/* In the child: nothing hangs, nothing of the parent's is touched. */
static int use_in_child(struct monitor *monitor, struct seen *seen)
{
        struct ward_fault fault;
        struct monitor_watch watch = { .fd = 0 };
        monitor_watch_remove(monitor, &seen->watch);
        monitor_alarm_set(monitor, &seen->alarm, 0);
        monitor_alarm_remove(monitor, &seen->alarm);
        monitor_alarm_add(monitor, &seen->alarm);
        if (monitor_watch_add(monitor, &watch, &fault) != -WARD_FAULT_UNLOADED)
                return 1;
        monitor_free(monitor);
        return 0;
}

TEST(a_forked_child_frees_it)
{
        struct monitor *monitor = start();
        struct seen seen = { 0 };
        int status;
        add_alarm(&seen, monitor, on_due_once);
        add_watch(&seen, monitor, on_ready_read);
        settle(monitor);
        for (int i = 0; i < 20; i++) {
                pid_t pid = fork();
                if (!pid)
                        _exit(use_in_child(monitor, &seen));
                assert_int_equal(waitpid(pid, &status, 0), pid);
                assert_int_equal(status, 0);
        }
        post(&seen);
        wait_for(&seen.begun, 1);
        monitor_watch_remove(monitor, &seen.watch);
        monitor_alarm_remove(monitor, &seen.alarm);
        close(seen.watch.fd);
        monitor_free(monitor);
}

static void on_ready_fill(void *data)
{
        struct seen *seen = data;
        char bytes[4096] = "";
        atomic_fetch_add(&seen->begun, 1);
        if (write(seen->watch.fd, bytes, sizeof bytes) < 0)
                atomic_fetch_add(&seen->ended, 1);
}

/* A full pipe is no reason to wake up, until somebody reads. */
TEST(watches_for_room_to_write)
{
        struct monitor *monitor = start();
        char bytes[8192];
        int fds[2];
        assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
        struct seen seen = { .watch = { .fd = fds[1], .ready = on_ready_fill, .data = &seen, .when_writable = true } };
        assert_int_equal(monitor_watch_add(monitor, &seen.watch, NULL), 0);
        wait_for(&seen.begun, fcntl(fds[1], F_GETPIPE_SZ) / 4096);
        settle(monitor);
        int full = atomic_load(&seen.begun);
        assert_int_equal(read(fds[0], bytes, sizeof bytes), sizeof bytes);
        wait_for(&seen.begun, full + 2);
        assert_int_equal(atomic_load(&seen.ended), 0);
        monitor_watch_remove(monitor, &seen.watch);
        close(fds[0]);
        close(fds[1]);
        monitor_free(monitor);
}

TEST(a_forked_child_starts_its_own)
{
#ifdef __SANITIZE_THREAD__
        harness_skip("the thread sanitizer allows no new thread after a fork");
#endif
        struct monitor *monitor = start();
        int status;
        settle(monitor); /* a sanitizer's locks are not safe to fork with a thread that starts */
        pid_t pid = fork();
        if (!pid) {
                monitor_free(monitor);
                monitor_free(start());
                _exit(0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
        monitor_free(monitor);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(
                argc, argv, TEST_CASE(starts_and_ends), TEST_CASE(frees_at_once_while_asleep), TEST_CASE(blocks_all_signals),
                TEST_CASE(sleeps_while_nothing_is_due), TEST_CASE(calls_when_due_and_not_before),
                TEST_CASE(calls_a_time_past_at_once), TEST_CASE(repeats_less_and_less_often_while_past),
                TEST_CASE(calls_the_earlier_of_two_first), TEST_CASE(later_alarms_do_not_kick), TEST_CASE(short_calls_seldom_kick),
                TEST_CASE(rests_where_nothing_is_to_be_done), TEST_CASE(is_on_time_where_it_can), TEST_CASE(forgets_what_is_off),
                TEST_CASE(loses_no_alarm), TEST_CASE(removal_waits_for_a_running_callback),
                TEST_CASE(removal_does_not_wait_for_another_callback), TEST_CASE(a_callback_removes_itself),
                TEST_CASE(removal_races_with_events), TEST_CASE(watches_readable_descriptors), TEST_CASE(watches_a_hang_up),
                TEST_CASE(watches_for_room_to_write), TEST_CASE(refuses_what_cannot_be_watched), TEST_CASE(a_forked_child_frees_it),
                TEST_CASE(a_forked_child_starts_its_own));
}
