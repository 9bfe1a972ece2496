/* What a process domain uses, against what it is known to have done. */
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/clock.h"
#include "test/limits/limits.h"
#include "test/process/process.h"

#define MS ((uint64_t)1000000)

enum {
        ALWAYS = WARD_USAGE_CPU | WARD_USAGE_TIMES | WARD_USAGE_PEAK | WARD_USAGE_PAGE_FAULTS | WARD_USAGE_SWITCHES |
                 WARD_USAGE_IO | WARD_USAGE_ADDINS | WARD_USAGE_FAULTS,
        NOW = WARD_USAGE_RESIDENT | WARD_USAGE_PROPORTIONAL | WARD_USAGE_PROCESSES
};

static struct ward_usage usage_of(const struct ward_domain *domain)
{
        struct ward_usage usage = { .size = sizeof usage };
        struct ward_fault fault;
        assert_good(ward_domain_usage(domain, &usage, &fault), &fault);
        return usage;
}

static void check_work(enum ward_level level)
{
        struct ward_host *host = limits_host(KEPT_BY_LOOKING);
        uint64_t begun = clock_read(CLOCK_REALTIME);
        struct hog *hog = limits_activate_at(host, level, NULL, NULL);
        struct ward_domain *domain = hog_domain(hog);
        struct ward_usage before = usage_of(domain);
        /* from the supervisor too */
        const uint32_t hidden = geteuid() ? WARD_USAGE_IO | (has_namespaces() ? 0u : WARD_USAGE_PROPORTIONAL) : 0;
        assert_int_equal((before.counted | hidden) & (ALWAYS | NOW), ALWAYS | NOW);
        assert_in_range(before.start_ns, begun, clock_read(CLOCK_REALTIME));
        assert_int_equal(before.processes, 1);
        assert_int_equal(before.addins, 1);
        limits_fact(hog, "burn", 200);
        limits_fact(hog, "touch", 32 * LIMITS_MIB);
        limits_fact(hog, "sleep", 50);
        struct ward_usage after = usage_of(domain);
        assert_in_range(after.cpu_ns - before.cpu_ns, 170 * MS, 1000 * MS);
        assert_int_equal(after.cpu_ns, after.user_ns + after.system_ns);
        assert_in_range(after.resident_bytes - before.resident_bytes, 31 * LIMITS_MIB, 40 * LIMITS_MIB);
        if (after.counted & WARD_USAGE_PROPORTIONAL)
                assert_in_range(after.proportional_bytes - before.proportional_bytes, 31 * LIMITS_MIB, 40 * LIMITS_MIB);
        assert_true(after.virtual_bytes >= after.resident_bytes);
        assert_true(after.peak_resident_bytes + LIMITS_MIB >= after.resident_bytes);
        assert_in_range(after.minor_faults - before.minor_faults, 32 * LIMITS_MIB / 4096, 32 * LIMITS_MIB / 4096 + 2000);
        assert_true(after.voluntary_switches - before.voluntary_switches >= 50);
        assert_int_equal(after.start_ns, before.start_ns);
        hog_release(hog);
        ward_host_free(host);
}

TEST(work_is_counted_at_full_trust)
{
        check_work(WARD_LEVEL_FULL_TRUST);
}

TEST(work_is_counted_where_a_domain_is_hidden)
{
        support_needs_level(WARD_LEVEL_INTERNET);
        check_work(WARD_LEVEL_INTERNET);
}

TEST(what_it_has_started_is_counted_too)
{
        struct ward_host *host = limits_host(KEPT_BY_LOOKING);
        struct hog *hog = limits_activate(host, NULL, NULL);
        limits_fact(hog, "sleep", 0); /* from here on there is a thread for this one */
        struct ward_usage before = usage_of(hog_domain(hog));
        assert_int_equal(limits_fact(hog, "processes", 3), 3);
        assert_int_equal(limits_fact(hog, "threads", 5), 5);
        struct ward_usage after = usage_of(hog_domain(hog));
        assert_int_equal(after.processes, before.processes + 3);
        assert_int_equal(after.threads, before.threads + 3 + 5);
        assert_true(after.virtual_bytes > before.virtual_bytes);
        hog_release(hog);
        ward_host_free(host);
}

TEST(what_is_written_to_disks_is_counted)
{
        struct ward_host *host = limits_host(KEPT_BY_LOOKING);
        struct hog *hog = limits_activate(host, NULL, NULL);
        if (limits_fact(hog, "write", 2 * LIMITS_MIB) < 0)
                harness_skip("no disk here that this user may write to");
        struct ward_usage usage = usage_of(hog_domain(hog));
        if (!usage.written_bytes)
                harness_skip("writing is not counted here");
        assert_in_range(usage.written_bytes, 2 * LIMITS_MIB, 4 * LIMITS_MIB);
        hog_release(hog);
        ward_host_free(host);
}

/* Once it is over, there is what it has used in all. */
TEST(the_last_figures_stay)
{
        struct ward_host *host = limits_host(KEPT_BY_LOOKING);
        struct ward_domain_options options = { .size = sizeof options, .isolation = WARD_PROCESS, .level = WARD_LEVEL_FULL_TRUST };
        struct ward_activate_options activate = options_for(WARD_PROCESS);
        struct ward_domain *domain;
        struct ward_fault fault;
        struct hog *hog;
        assert_good(ward_domain_new(host, &options, &domain, &fault), &fault);
        activate.domain = domain;
        assert_good(hog_activate(host, addin_file("hog", WARD_PROCESS), &activate, NULL, &hog, &fault), &fault);
        limits_fact(hog, "burn", 150);
        limits_fact(hog, "touch", 16 * LIMITS_MIB);
        struct ward_usage before = usage_of(domain);
        hog_release(hog);
        assert_good(ward_domain_unload(domain, &fault), &fault);
        struct ward_usage last = usage_of(domain);
        assert_int_equal(last.counted & (ALWAYS | NOW), ALWAYS);
        assert_true(last.cpu_ns >= 140 * MS && last.cpu_ns + 20 * MS >= before.cpu_ns);
        assert_true(last.peak_resident_bytes >= 16 * LIMITS_MIB);
        assert_true(last.minor_faults >= before.minor_faults);
        assert_true(last.voluntary_switches > 0);
        assert_int_equal(last.start_ns, before.start_ns);
        assert_int_equal(last.resident_bytes | last.processes | last.threads, 0);
        ward_domain_release(domain);
        ward_host_free(host);
}

TEST(a_domain_that_failed_has_last_figures_too)
{
        const struct ward_quota quota = { .size = sizeof quota, .cpu_ms = 100 };
        struct ward_host *host = limits_host(KEPT_BY_LOOKING);
        struct hog *hog = limits_activate(host, NULL, &quota);
        struct ward_fault fault;
        int64_t ret;
        assert_int_equal(limits_act(hog, "burn", 100000, &ret, &fault), WARD_FAULT_LIMIT);
        struct ward_usage usage = usage_of(hog_domain(hog));
        assert_int_equal(usage.faults, 1);
        assert_true(usage.cpu_ns >= 100 * MS);
        hog_release(hog);
        ward_host_free(host);
}

TEST(older_and_shorter_structs_are_taken)
{
        struct ward_host *host = limits_host(KEPT_BY_LOOKING);
        struct ward_quota quota = { .size = offsetof(struct ward_quota, memory_bytes), .cpu_percent = 1 };
        struct hog *hog = limits_activate(host, NULL, &quota);
        struct ward_usage usage;
        struct ward_fault fault;
        memset(&usage, 0xee, sizeof usage);
        usage.size = offsetof(struct ward_usage, start_ns);
        assert_good(ward_domain_usage(hog_domain(hog), &usage, &fault), &fault);
        assert_int_equal(usage.size, offsetof(struct ward_usage, start_ns));
        assert_int_equal(usage.addins, 1);
        assert_true(usage.start_ns == 0xeeeeeeeeeeeeeeee);
        assert_true(limits_fact(hog, "spin", 300) > 20); /* not one percent */
        usage.size--;
        assert_int_equal(ward_domain_usage(hog_domain(hog), &usage, &fault), -WARD_FAULT_USAGE);
        hog_release(hog);
        ward_host_free(host);
}

TEST(a_forked_child_learns_nothing_and_does_not_wait)
{
        struct ward_host *host = limits_host(KEPT_BY_LOOKING);
        struct hog *hog = limits_activate(host, NULL, NULL);
        int status;
        pid_t pid = fork();
        if (!pid)
                _exit(usage_of(hog_domain(hog)).counted & WARD_USAGE_TIMES ? 1 : 0);
        waitpid(pid, &status, 0);
        assert_int_equal(status, 0);
        hog_release(hog);
        ward_host_free(host);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(work_is_counted_at_full_trust), TEST_CASE(work_is_counted_where_a_domain_is_hidden),
                         TEST_CASE(what_it_has_started_is_counted_too), TEST_CASE(what_is_written_to_disks_is_counted),
                         TEST_CASE(the_last_figures_stay), TEST_CASE(a_domain_that_failed_has_last_figures_too),
                         TEST_CASE(older_and_shorter_structs_are_taken),
                         TEST_CASE(a_forked_child_learns_nothing_and_does_not_wait));
}
