#include "worker/account.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/clock.h"
#include "test/harness/harness.h"
#include "worker/pace.h"

enum { MIB = 1 << 20, MS = 1000000 };

/* --- pace --------------------------------------------------------------------------------------- */

/* Somebody who uses @speed units a nanosecond whenever it may, looked at @late ns after each time; how much that was a second. */
static double use_for(double rate, double speed, uint64_t late, uint64_t seconds)
{
        const uint64_t end = seconds * 1000000000u;
        struct pace pace = pace_make(rate, 0, 0);
        uint64_t now = 0;
        double used = 0;
        while (now < end) {
                uint64_t then = pace_look(&pace, now, (uint64_t)used) + late;
                used += pace.waits ? 0 : speed * (double)(then - now);
                now = then;
        }
        return used / ((double)now / 1e9);
}

TEST(a_share_holds_over_time_however_late_the_looks_come)
{
        static const struct {
                double rate, speed;
                uint64_t late;
        } cases[] = { { 200e6, 1, 0 },       { 200e6, 1, 3 * MS }, { 10e6, 1, 0 },        { 1500e6, 2, MS },
                      { 200e6, 1, 20 * MS }, { MIB, 0.5, MS },     { 200e6, 0.1, 5 * MS } };
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                double allowed = cases[i].rate, possible = cases[i].speed * 1e9, got;
                got = use_for(allowed, cases[i].speed, cases[i].late, 60);
                allowed = possible < allowed ? possible : allowed;
                if (got < 0.95 * allowed || got > 1.05 * allowed)
                        fail_msg("case %zu: %.0f of %.0f a second", i, got, allowed);
        }
}

TEST(who_uses_nothing_is_hardly_looked_at_and_saves_little)
{
        struct pace pace = pace_make(200e6, 0, 0);
        uint64_t now = 0, looks = 0;
        for (; now < 60 * 1000000000ull; looks++)
                now = pace_look(&pace, now, 0);
        assert_in_range(looks, 100, 200);
        assert_true(pace.credit <= 200e6 * 0.05);
        pace_look(&pace, now, 50 * MS); /* more than what was saved */
        assert_true(pace.waits);
}

static int proc(void)
{
        return open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* --- account ------------------------------------------------------------------------------------ */

static void burn(uint64_t ms)
{
        uint64_t end = clock_read(CLOCK_PROCESS_CPUTIME_ID) + ms * MS;
        while (clock_read(CLOCK_PROCESS_CPUTIME_ID) < end)
                continue;
}

static uint8_t *touch(size_t size, int flags)
{
        uint8_t *at = mmap(NULL, size, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
        assert_true(at != MAP_FAILED);
        for (size_t i = 0; i < size; i += 4096)
                at[i] = 1;
        return at;
}

/* A child that has done @work and waits. */
static pid_t start(void (*work)(void))
{
        int pipes[2];
        char done;
        assert_return_code(pipe(pipes), errno);
        pid_t pid = fork();
        if (!pid) {
                work();
                write(pipes[1], "", 1);
                for (;;)
                        pause();
        }
        close(pipes[1]);
        assert_int_equal(read(pipes[0], &done, 1), 1);
        close(pipes[0]);
        return pid;
}

static struct ward_usage usage_of(pid_t pid)
{
        struct account account;
        struct ward_usage usage = { .size = sizeof usage };
        account_open(proc(), &account);
        if (account.proc < 0)
                harness_skip("there is no /proc");
        account_read(&account, account_number(&account, pid), &usage);
        close(account.proc);
        return usage;
}

static void end(pid_t pid)
{
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
}

static void work_a_bit(void)
{
        burn(100);
        touch(32 * MIB, MAP_PRIVATE);
        for (int i = 0; i < 20; i++)
                usleep(100);
}

TEST(what_a_process_has_done_is_what_is_read)
{
        pid_t pid = start(work_a_bit);
        struct ward_usage usage = usage_of(pid);
        const uint32_t all = WARD_USAGE_CPU | WARD_USAGE_TIMES | WARD_USAGE_RESIDENT | WARD_USAGE_PROPORTIONAL | WARD_USAGE_PEAK |
                             WARD_USAGE_PAGE_FAULTS | WARD_USAGE_SWITCHES | WARD_USAGE_IO | WARD_USAGE_PROCESSES;
        assert_int_equal(usage.counted, all);
        uint64_t now = clock_read(CLOCK_REALTIME);
        assert_in_range(usage.start_ns, now - 20000000000u, now + 100 * MS);
        assert_in_range(usage.cpu_ns, 80 * MS, 400 * MS);
        assert_int_equal(usage.cpu_ns, usage.user_ns + usage.system_ns);
        assert_true(usage.virtual_bytes > usage.resident_bytes);
        assert_in_range(usage.resident_bytes, 32 * MIB, 64 * MIB);
        assert_in_range(usage.proportional_bytes, 32 * MIB, usage.resident_bytes);
        assert_in_range(usage.peak_resident_bytes, usage.resident_bytes - MIB, usage.resident_bytes + 8 * MIB);
        assert_true(usage.minor_faults > 1); /* huge pages are few */
        assert_true(usage.voluntary_switches >= 20);
        assert_int_equal(usage.processes, 1);
        assert_int_equal(usage.threads, 1);
        end(pid);
}

static void *sleep_on(void *unused)
{
        pause();
        return unused;
}

static void start_others(void)
{
        pthread_t thread;
        int pipes[2];
        char done;
        pthread_create(&thread, NULL, sleep_on, NULL);
        pid_t ended = fork();
        if (!ended) {
                burn(100);
                _exit(0);
        }
        waitpid(ended, NULL, 0);
        if (pipe(pipes))
                _exit(1);
        if (!fork()) {
                fork();
                burn(50);
                touch(8 * MIB, MAP_PRIVATE);
                write(pipes[1], "", 1);
                for (;;)
                        pause();
        }
        for (int i = 0; i < 2; i++)
                read(pipes[0], &done, 1);
}

static void end_family(pid_t pid)
{
        struct account account;
        account_open(proc(), &account);
        account_signal(&account, account_number(&account, pid), SIGKILL);
        close(account.proc);
        waitpid(pid, NULL, 0);
}

TEST(what_it_has_started_is_counted_with_it)
{
        pid_t pid = start(start_others);
        struct ward_usage usage = usage_of(pid);
        assert_int_equal(usage.processes, 3);
        assert_int_equal(usage.threads, 4);
        assert_in_range(usage.cpu_ns, 160 * MS, 1000 * MS); /* 100 of one that has ended, and two times 50 */
        struct account account;
        struct account_sum sum;
        account_open(proc(), &account);
        account_sum(&account, account_number(&account, pid), ACCOUNT_CPU | ACCOUNT_MEMORY, &sum);
        assert_int_equal(sum.tasks, 4);
        assert_int_equal(sum.processes, 3);
        assert_true(account_own_time(pid) <= sum.cpu_ns);
        assert_int_equal(account_own_time(pid), account_own_time(pid)); /* it waits */
        assert_in_range(sum.cpu_ns, usage.cpu_ns, usage.cpu_ns + 50 * MS);
        assert_in_range(sum.memory, 16 * MIB, 24 * MIB);
        close(account.proc);
        end_family(pid);
}

enum { MANY = 900 };

static void start_many(void)
{
        for (int i = 0; i < MANY; i++)
                if (!fork()) {
                        prctl(PR_SET_PDEATHSIG, SIGKILL);
                        for (;;)
                                pause();
                }
}

static struct account_sum sum_of(pid_t pid)
{
        struct account account;
        struct account_sum sum;
        account_open(proc(), &account);
        account_sum(&account, account_number(&account, pid), ACCOUNT_CPU, &sum);
        close(account.proc);
        return sum;
}

TEST(the_last_of_many_children_is_counted_as_the_first)
{
        pid_t pid = start(start_many);
        struct account_sum sum = sum_of(pid);
        assert_int_equal(sum.processes, 1 + MANY);
        assert_int_equal(sum.tasks, 1 + MANY);
        assert_true(sum.whole);
        end(pid);
}

static void start_too_many(void)
{
        start_many();
        start_many();
}

TEST(of_too_many_it_is_said_that_they_are)
{
        pid_t pid = start(start_too_many);
        struct account_sum sum = sum_of(pid);
        assert_int_equal(sum.processes, ACCOUNT_PROCESSES);
        assert_false(sum.whole);
        end(pid);
}

static void share(void)
{
        touch(16 * MIB, MAP_SHARED);
        if (!fork())
                for (;;)
                        pause();
}

TEST(memory_that_two_share_is_counted_once)
{
        pid_t pid = start(share);
        struct account account;
        struct account_sum sum;
        account_open(proc(), &account);
        account_sum(&account, account_number(&account, pid), ACCOUNT_MEMORY, &sum);
        assert_in_range(sum.memory, 15 * MIB, 20 * MIB);
        close(account.proc);
        end_family(pid);
}

static void do_nothing(void)
{
}

TEST(a_family_is_stopped_and_goes_on)
{
        struct account account;
        int status;
        account_open(proc(), &account);
        pid_t pid = start(do_nothing);
        pid_t number = account_number(&account, pid);
        assert_int_not_equal(number, 0);
        account_signal(&account, number, SIGSTOP);
        assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
        assert_true(WIFSTOPPED(status));
        account_signal(&account, number, SIGCONT);
        assert_int_equal(waitpid(pid, &status, WCONTINUED), pid);
        assert_true(WIFCONTINUED(status));
        end(pid);
        assert_int_equal(account_number(&account, pid), 0);
        account_signal(&account, 0, SIGKILL); /* nobody */
        close(account.proc);
}

TEST(what_has_ended_has_used_what_the_kernel_says)
{
        struct rusage rusage;
        struct ward_usage usage = { .size = sizeof usage };
        int status;
        pid_t pid = start(work_a_bit);
        kill(pid, SIGKILL);
        wait4(pid, &status, 0, &rusage);
        account_end(&rusage, &usage);
        assert_in_range(usage.cpu_ns, 90 * MS, 400 * MS);
        assert_true(usage.peak_resident_bytes > 32 * MIB);
        assert_true(usage.voluntary_switches >= 20);
        assert_int_equal(usage.resident_bytes, 0);
        assert_int_equal(usage.counted & (WARD_USAGE_RESIDENT | WARD_USAGE_PROCESSES), 0);
}

static void write_to_disk(void)
{
        static char block[MIB];
        int fd = open("ward-account-written", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        unlink("ward-account-written");
        memset(block, 1, sizeof block);
        for (int i = 0; i < 4; i++)
                write(fd, block, sizeof block);
}

TEST(what_is_written_is_counted)
{
        pid_t pid = start(write_to_disk);
        struct ward_usage usage = usage_of(pid);
        if (!usage.written_bytes)
                harness_skip("the file system here does not count what is written");
        assert_in_range(usage.written_bytes, 4 * MIB, 5 * MIB);
        end(pid);
}

TEST(without_proc_nothing_is_counted)
{
        const struct account none = { .proc = -1 };
        struct ward_usage usage = { .size = sizeof usage };
        struct account_sum sum;
        assert_int_equal(account_number(&none, getpid()), 0);
        account_read(&none, getpid(), &usage);
        assert_int_equal(usage.counted, 0);
        account_sum(&none, getpid(), ACCOUNT_CPU | ACCOUNT_MEMORY | ACCOUNT_IO, &sum);
        assert_int_equal(sum.tasks, 0);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(a_share_holds_over_time_however_late_the_looks_come),
                         TEST_CASE(who_uses_nothing_is_hardly_looked_at_and_saves_little),
                         TEST_CASE(what_a_process_has_done_is_what_is_read), TEST_CASE(what_it_has_started_is_counted_with_it),
                         TEST_CASE(the_last_of_many_children_is_counted_as_the_first),
                         TEST_CASE(of_too_many_it_is_said_that_they_are), TEST_CASE(memory_that_two_share_is_counted_once),
                         TEST_CASE(a_family_is_stopped_and_goes_on), TEST_CASE(what_has_ended_has_used_what_the_kernel_says),
                         TEST_CASE(what_is_written_is_counted), TEST_CASE(without_proc_nothing_is_counted));
}
