/* Each limit, reached by an add-in that runs: what it is told, what its host is told, and what others notice. */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/clock.h"
#include "test/limits/limits.h"
#include "test/process/process.h"

/* Whoever is in @act goes over a limit, and nobody else notices. */
static void goes_over(enum limits_kept kept, const struct ward_quota *quota, const char *act, uint64_t amount, const char *says)
{
        struct ward_host *host = limits_host(kept);
        struct hog *sibling = limits_activate(host, NULL, NULL), *hog = limits_activate(host, NULL, quota);
        struct ward_fault fault;
        int64_t ret;
        int32_t sum;
        assert_int_equal(limits_act(hog, act, amount, &ret, &fault), WARD_FAULT_LIMIT);
        assert_says(&fault, says);
        assert_says(&fault, "add-in 'hog' (domain 'hog");
        assert_says(&fault, "over its limit of");
        assert_string_equal(fault.function, "act");
        assert_int_equal(hog_add(hog, 1, 2, &sum, &fault), -WARD_FAULT_UNLOADED);
        assert_says(&fault, "over its limit of");
        assert_good(hog_add(sibling, 1, 2, &sum, &fault), &fault);
        assert_int_equal(sum, 3);
        hog_release(hog);
        assert_int_equal(limits_count_domains(), 0);
        hog_release(sibling);
        ward_host_free(host);
        assert_int_equal(limits_count_groups(), 0);
}

/* --- Processor time and share ------------------------------------------------------------------- */

static const struct ward_quota half_a_second = { .size = sizeof half_a_second, .cpu_ms = 500 };

TEST(processor_time_by_groups)
{
        goes_over(KEPT_BY_GROUPS, &half_a_second, "burn", 100000, "limit of processor time (cpu_ms) in act: used 5");
}

TEST(processor_time_by_looking)
{
        goes_over(KEPT_BY_LOOKING, &half_a_second, "burn", 100000, "allowed 500 ms");
}

/* Nobody is in a call: the next one learns why. */
static void started_processes_count(enum limits_kept kept)
{
        struct ward_host *host = limits_host(kept);
        struct hog *hog = limits_activate(host, NULL, &half_a_second);
        struct ward_fault fault;
        int32_t sum;
        int r = 0;
        assert_int_equal(limits_fact(hog, "burn-apart", 100000), 0);
        for (uint64_t end = clock_now() + 8000000000u; !r && clock_now() < end;)
                r = hog_add(hog, 1, 2, &sum, &fault);
        assert_true(r == -WARD_FAULT_LIMIT || r == -WARD_FAULT_UNLOADED);
        assert_says(&fault, "processor time (cpu_ms)");
        hog_release(hog);
        ward_host_free(host);
}

TEST(started_processes_take_processor_time_by_groups)
{
        started_processes_count(KEPT_BY_GROUPS);
}

TEST(started_processes_take_processor_time_by_looking)
{
        started_processes_count(KEPT_BY_LOOKING);
}

/* Half of a fifth, or of what there is where the machine is busy with other things. */
static double least(struct ward_host *host)
{
        enum { MS = 300 };
        struct hog *unlimited = limits_activate(host, NULL, NULL);
        double there = (double)limits_fact(unlimited, "spin", MS) / MS;
        hog_release(unlimited);
        return there < 0.2 ? there / 2 : 0.1;
}

static void assert_a_fifth(double share, double at_least)
{
        if (share < at_least || share > 0.3)
                fail_msg("%.3f of a processor instead of 0.2", share);
}

static void a_fifth(enum limits_kept kept)
{
        const struct ward_quota quota = { .size = sizeof quota, .cpu_percent = 20 };
        struct ward_host *host = limits_host(kept);
        struct hog *hog = limits_activate(host, NULL, &quota);
        double at_least = least(host);
        limits_fact(hog, "spin", 300); /* what it may use at once is used up */
        assert_a_fifth((double)limits_fact(hog, "spin", 2000) / 2000, at_least);
        hog_release(hog);
        ward_host_free(host);
}

TEST(a_fifth_of_a_processor_by_groups)
{
        a_fifth(KEPT_BY_GROUPS);
}

TEST(a_fifth_of_a_processor_by_looking)
{
        a_fifth(KEPT_BY_LOOKING);
}

/* What the domain has started is not left out. */
static void a_fifth_for_all(enum limits_kept kept)
{
        const struct ward_quota quota = { .size = sizeof quota, .cpu_percent = 20 };
        struct ward_host *host = limits_host(kept);
        struct hog *hog = limits_activate(host, NULL, &quota);
        assert_int_equal(limits_fact(hog, "burn-apart", 100000), 0);
        struct ward_usage before = { .size = sizeof before }, after = before;
        struct ward_fault fault;
        double at_least = least(host);
        limits_fact(hog, "spin", 300);
        uint64_t begun = clock_now();
        assert_good(ward_domain_usage(hog_domain(hog), &before, &fault), &fault);
        limits_fact(hog, "spin", 2000);
        assert_good(ward_domain_usage(hog_domain(hog), &after, &fault), &fault);
        assert_a_fifth((double)(after.cpu_ns - before.cpu_ns) / (double)(clock_now() - begun), at_least);
        hog_release(hog);
        ward_host_free(host);
}

TEST(a_fifth_of_a_processor_for_all_processes_by_groups)
{
        a_fifth_for_all(KEPT_BY_GROUPS);
}

TEST(a_fifth_of_a_processor_for_all_processes_by_looking)
{
        a_fifth_for_all(KEPT_BY_LOOKING);
}

TEST(processors_are_those_of_the_mask)
{
        const struct ward_limits limits = { .size = sizeof limits, .cpu_affinity = 1 };
        struct ward_host *host = limits_host(KEPT_BY_LOOKING);
        struct hog *hog = limits_activate(host, &limits, NULL);
        assert_int_equal(limits_fact(hog, "processors", 0), 1);
        hog_release(hog);
        ward_host_free(host);
}

/* --- Memory ----------------------------------------------------------------------------------- */

static const struct ward_quota some_memory = { .size = sizeof some_memory, .memory_bytes = 64 * LIMITS_MIB };

TEST(memory_by_groups)
{
        goes_over(KEPT_BY_GROUPS, &some_memory, "touch", 512 * LIMITS_MIB,
                  "memory of the whole domain (memory_bytes) in act: used 67");
}

TEST(memory_by_looking)
{
        goes_over(KEPT_BY_LOOKING, &some_memory, "touch", 2000ll * LIMITS_MIB, "allowed 67108864 bytes");
}

TEST(shared_memory_counts_by_groups)
{
        goes_over(KEPT_BY_GROUPS, &some_memory, "touch-shared", 512 * LIMITS_MIB, "memory of the whole domain");
}

TEST(shared_memory_counts_by_looking)
{
        goes_over(KEPT_BY_LOOKING, &some_memory, "touch-shared", 1000ll * LIMITS_MIB, "memory of the whole domain");
}

TEST(files_in_memory_count_by_groups)
{
        goes_over(KEPT_BY_GROUPS, &some_memory, "fill-file", 512 * LIMITS_MIB, "memory of the whole domain");
}

/* Asking for too much at once is refused, and nothing else happens. */
TEST(memory_of_a_process_is_refused)
{
        const struct ward_limits limits = { .size = sizeof limits, .memory_bytes = 64 * LIMITS_MIB };
        struct ward_host *host = limits_host(KEPT_BY_LOOKING);
        struct hog *hog = limits_activate(host, &limits, NULL);
        assert_int_equal(limits_fact(hog, "touch", 80 * LIMITS_MIB), -1 - ENOMEM);
        assert_int_equal(limits_fact(hog, "touch", 40 * LIMITS_MIB), 0);
        hog_release(hog);
        ward_host_free(host);
}

/* A limit for each process is one for all together, too: shared memory is not a way out. */
TEST(a_memory_limit_is_one_of_the_domain_as_well)
{
        const struct ward_limits limits = { .size = sizeof limits, .memory_bytes = 16 * LIMITS_MIB, .arena_bytes = LIMITS_MIB };
        struct ward_host *host = limits_host(KEPT_BY_GROUPS);
        struct hog *hog = limits_activate(host, &limits, NULL);
        struct ward_fault fault;
        int64_t ret;
        assert_int_equal(limits_act(hog, "touch-shared", 200 * LIMITS_MIB, &ret, &fault), WARD_FAULT_LIMIT);
        assert_says(&fault, "allowed 51380224 bytes"); /* 16 + 1 + 32 MiB */
        hog_release(hog);
        ward_host_free(host);
}

/* --- Processes, threads, files ------------------------------------------------------------------ */

/* A new host per kind of thing: what was started stays. */
static int64_t refused_at(enum limits_kept kept, const char *act, uint32_t events)
{
        const struct ward_quota quota = { .size = sizeof quota, .processes = 10 };
        struct ward_host *host = limits_host(kept);
        struct hog *hog = limits_activate(host, NULL, &quota);
        atomic_store(&limits_events, 0);
        int64_t n = limits_fact(hog, act, 100);
        for (int i = 0; i < 3000 && atomic_load(&limits_events) < events; i++)
                usleep(1000);
        assert_int_equal(atomic_load(&limits_events) > 0, events > 0);
        hog_release(hog);
        ward_host_free(host);
        return n;
}

TEST(threads_over_the_limit_are_refused_and_told)
{
        assert_in_range(refused_at(KEPT_BY_GROUPS, "threads", 1), 6, 9);
}

TEST(processes_over_the_limit_are_refused_and_told)
{
        assert_in_range(refused_at(KEPT_BY_GROUPS, "processes", 1), 6, 9);
}

/* Who is a user of its own has so many, whatever groups there are; and no way to be somebody else. */
TEST(threads_of_a_user_of_its_own_are_refused)
{
        support_needs_level(WARD_LEVEL_INTERNET);
        const struct ward_quota quota = { .size = sizeof quota, .processes = 10 };
        struct ward_host *host = limits_host(KEPT_BY_LOOKING);
        struct hog *a = limits_activate_at(host, WARD_LEVEL_INTERNET, NULL, &quota),
                   *b = limits_activate_at(host, WARD_LEVEL_INTERNET, NULL, &quota);
        assert_in_range(limits_fact(a, "threads", 100), 6, 9);
        assert_in_range(limits_fact(b, "threads", 100), 6, 9);
        hog_release(a);
        hog_release(b);
        ward_host_free(host);
}

/* Where nothing can refuse, it is ended. */
TEST(processes_that_nothing_refuses_end_the_domain)
{
        const struct ward_quota quota = { .size = sizeof quota, .processes = 10 };
        struct ward_host *host = limits_host(KEPT_BY_LOOKING);
        struct hog *hog = limits_activate(host, NULL, &quota);
        struct ward_fault fault;
        int32_t sum;
        int64_t ret;
        int r = -limits_act(hog, "processes", 100, &ret, &fault);
        for (uint64_t end = clock_now() + 8000000000u; !r && clock_now() < end;)
                r = hog_add(hog, 1, 2, &sum, &fault);
        assert_true(r == -WARD_FAULT_LIMIT || r == -WARD_FAULT_UNLOADED);
        assert_says(&fault, "processes and threads (processes)");
        assert_says(&fault, "allowed 10");
        hog_release(hog);
        ward_host_free(host);
}

TEST(open_files_over_the_limit_are_refused_for_good)
{
        const struct ward_quota quota = { .size = sizeof quota, .open_files = 40 };
        struct ward_host *host = limits_host(KEPT_BY_LOOKING);
        struct hog *hog = limits_activate(host, NULL, &quota);
        assert_in_range(limits_fact(hog, "files", 100), 20, 38);
        if (geteuid())
                assert_int_equal(limits_fact(hog, "raise", 100), -1 - EPERM);
        hog_release(hog);
        ward_host_free(host);
}

TEST(a_file_that_grows_too_large_ends_the_domain)
{
        const struct ward_quota quota = { .size = sizeof quota, .file_bytes = 10 * LIMITS_MIB };
        goes_over(KEPT_BY_LOOKING, &quota, "fill-file", 20 * LIMITS_MIB, "file size (file_bytes) in act: allowed 10485760 bytes");
        struct ward_host *host = limits_host(KEPT_BY_LOOKING);
        struct hog *hog = limits_activate(host, NULL, &quota);
        assert_int_equal(limits_fact(hog, "fill-file", 9 * LIMITS_MIB), 0);
        hog_release(hog);
        ward_host_free(host);
}

TEST(core_dumps_are_for_who_asks)
{
        const struct ward_quota quota = { .size = sizeof quota, .core_dumps = true };
        struct ward_host *host = limits_host(KEPT_BY_LOOKING);
        struct hog *without = limits_activate(host, NULL, NULL), *with = limits_activate(host, NULL, &quota);
        struct rlimit own;
        assert_return_code(getrlimit(RLIMIT_CORE, &own), errno);
        assert_int_equal(limits_fact(without, "core", 0), 0);
        assert_int_equal(limits_fact(with, "core", 0), 2 * (own.rlim_max != 0) + 1);
        hog_release(without);
        hog_release(with);
        ward_host_free(host);
}

/* In small parts: it is looked at now and then, and may have done a lot by the first look. */
static uint64_t write_parts(struct hog *hog)
{
        enum { PARTS = 64 };
        uint64_t start = clock_now();
        for (int i = 0; i < PARTS; i++)
                assert_true(limits_fact(hog, "write", 4 * LIMITS_MIB / PARTS) >= 0);
        return (clock_now() - start) / 1000000;
}

/* Four MiB at two a second take a second more than what may be written at once. */
TEST(writing_to_a_disk_is_slowed_down_by_looking)
{
        const struct ward_quota quota = { .size = sizeof quota, .io_write_bytes = 2 * LIMITS_MIB };
        struct ward_host *host = limits_host(KEPT_BY_LOOKING);
        struct hog *free = limits_activate(host, NULL, NULL), *hog = limits_activate(host, NULL, &quota);
        struct ward_usage usage = { .size = sizeof usage };
        struct ward_fault fault;
        int64_t quick = limits_fact(free, "write", 4 * LIMITS_MIB);
        assert_good(ward_domain_usage(hog_domain(free), &usage, &fault), &fault);
        if (quick < 0 || quick > 1000 || usage.written_bytes < 4 * LIMITS_MIB)
                harness_skip("no disk here to which this user's writing is quick and counted");
        assert_in_range(write_parts(hog), 1200, 6000);
        hog_release(hog);
        hog_release(free);
        ward_host_free(host);
}

/* --- What is left ----------------------------------------------------------------------------- */

TEST(a_group_lives_as_long_as_its_domain)
{
        struct ward_host *host = limits_host(KEPT_BY_GROUPS);
        struct hog *none = limits_activate(host, NULL, NULL);
        assert_int_equal(limits_count_groups(), 0);
        const struct ward_quota quota = { .size = sizeof quota, .processes = 100 };
        struct hog *a = limits_activate(host, NULL, &quota), *b = limits_activate(host, NULL, &quota);
        assert_int_equal(limits_count_groups(), 1);
        assert_int_equal(limits_count_domains(), 2);
        hog_release(a);
        assert_int_equal(limits_count_domains(), 1);
        hog_release(b);
        assert_int_equal(limits_count_domains(), 0);
        hog_release(none);
        ward_host_free(host);
        assert_int_equal(limits_count_groups(), 0);
}

TEST(a_killed_supervisor_leaves_no_group)
{
        struct ward_host *host = limits_host(KEPT_BY_GROUPS);
        const struct ward_quota quota = {
                .size = sizeof quota, .processes = 100, .cpu_percent = 50, .memory_bytes = 64 * LIMITS_MIB
        };
        struct hog *hog = limits_activate(host, NULL, &quota);
        struct ward_fault fault;
        int32_t sum;
        limits_fact(hog, "processes", 3);
        assert_int_equal(limits_count_domains(), 3);
        kill(find_warden(), SIGKILL);
        while (!hog_add(hog, 1, 2, &sum, &fault))
                continue;
        for (int i = 0; i < 2000 && limits_count_groups(); i++)
                usleep(1000);
        assert_int_equal(limits_count_groups(), 0);
        hog_release(hog);
        ward_host_free(host);
}

/* Counts by its name what the killed host had. */
static int count_of(pid_t host)
{
        char command[200];
        snprintf(command, sizeof command, "find /sys/fs/cgroup -name 'ward-%d-*' 2>/dev/null | wc -l", (int)host);
        FILE *output = popen(command, "re");
        int n = -1;
        assert_int_equal(fscanf(output, "%d", &n), 1);
        pclose(output);
        return n;
}

TEST(a_killed_host_leaves_no_group)
{
        int pipes[2];
        char ready;
        ward_host_free(limits_host(KEPT_BY_GROUPS)); /* or it is skipped */
        assert_return_code(pipe(pipes), errno);
        pid_t pid = fork();
        if (!pid) {
                struct ward_host *host = limits_host(KEPT_BY_GROUPS);
                const struct ward_quota quota = { .size = sizeof quota, .processes = 100, .cpu_percent = 50 };
                limits_fact(limits_activate(host, NULL, &quota), "processes", 3);
                write(pipes[1], "", 1);
                for (;;)
                        pause();
        }
        assert_int_equal(read(pipes[0], &ready, 1), 1);
        assert_true(count_of(pid) > 0);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        for (int i = 0; i < 200 && count_of(pid); i++)
                usleep(1000);
        assert_int_equal(count_of(pid), 0);
        close(pipes[0]);
        close(pipes[1]);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(
                argc, argv, TEST_CASE(processor_time_by_groups), TEST_CASE(processor_time_by_looking),
                TEST_CASE(started_processes_take_processor_time_by_groups),
                TEST_CASE(started_processes_take_processor_time_by_looking), TEST_CASE(a_fifth_of_a_processor_by_groups),
                TEST_CASE(a_fifth_of_a_processor_by_looking), TEST_CASE(a_fifth_of_a_processor_for_all_processes_by_groups),
                TEST_CASE(a_fifth_of_a_processor_for_all_processes_by_looking), TEST_CASE(processors_are_those_of_the_mask),
                TEST_CASE(memory_by_groups), TEST_CASE(memory_by_looking), TEST_CASE(shared_memory_counts_by_groups),
                TEST_CASE(shared_memory_counts_by_looking), TEST_CASE(files_in_memory_count_by_groups),
                TEST_CASE(memory_of_a_process_is_refused), TEST_CASE(a_memory_limit_is_one_of_the_domain_as_well),
                TEST_CASE(threads_over_the_limit_are_refused_and_told), TEST_CASE(processes_over_the_limit_are_refused_and_told),
                TEST_CASE(threads_of_a_user_of_its_own_are_refused), TEST_CASE(processes_that_nothing_refuses_end_the_domain),
                TEST_CASE(open_files_over_the_limit_are_refused_for_good), TEST_CASE(a_file_that_grows_too_large_ends_the_domain),
                TEST_CASE(core_dumps_are_for_who_asks), TEST_CASE(writing_to_a_disk_is_slowed_down_by_looking),
                TEST_CASE(a_group_lives_as_long_as_its_domain), TEST_CASE(a_killed_supervisor_leaves_no_group),
                TEST_CASE(a_killed_host_leaves_no_group));
}
