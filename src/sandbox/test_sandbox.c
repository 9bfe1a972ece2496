#include "sandbox/plan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/own.h"
#include "sandbox/layers.h"
#include "test/harness/harness.h"

static const struct sandbox_limits no_limits = { .memory_bytes = 1 << 30 };

/* Applies the plan of @level and @limits in a child, then runs @check there. */
static void in_sandbox(enum ward_level level, const struct sandbox_limits *limits, const char *const *environment,
                       bool (*check)(void))
{
        static const char *const none[] = { NULL };
        const struct grants grants = { .environment = environment ? environment : none };
        const struct sandbox_wish wish = { .level = level, .layers = layers_wanted(level), .limits = limits, .grants = &grants };
        struct sandbox_result result;
        struct sandbox_plan plan;
        int status;
        assert_int_equal(sandbox_plan_make(&wish, &plan), 0);
        pid_t pid = fork();
        if (!pid) {
                const struct sandbox_place place = { .proc = open("/proc", O_PATH), .empty = -1 };
                int r = sandbox_apply(&plan, &place, &result);
                if (r)
                        fprintf(stderr, "%s: %s\n", result.step, strerror(-r));
                _exit(!r && check() ? 0 : 1);
        }
        waitpid(pid, &status, 0);
        assert_int_equal(status, 0);
        sandbox_plan_finish(&plan);
}

static bool environment_is_exact(void)
{
        return environ[0] && !strcmp(environ[0], "A=1") && environ[1] && !strcmp(environ[1], "B=") && !environ[2];
}

TEST(the_environment_is_what_was_given)
{
        static const char *const given[] = { "A=1", "B=", NULL };
        setenv("SECRET", "of the host", 1);
        in_sandbox(WARD_LEVEL_FULL_TRUST, &no_limits, given, environment_is_exact);
}

static bool environment_is_empty(void)
{
        return !environ || !environ[0];
}

TEST(no_environment_is_an_empty_one)
{
        in_sandbox(WARD_LEVEL_FULL_TRUST, &no_limits, NULL, environment_is_empty);
}

static void *take(size_t size)
{
        void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        return at == MAP_FAILED ? NULL : at;
}

static bool holds_64_mib(void)
{
        return take(40 << 20) && !take(40 << 20) &&
               mmap(NULL, 1 << 30, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

TEST(memory_is_limited_and_address_space_is_not)
{
        const struct sandbox_limits limits = { .memory_bytes = 64 << 20 };
        in_sandbox(WARD_LEVEL_FULL_TRUST, &limits, NULL, holds_64_mib);
}

static bool default_is_limited(void)
{
        return !take((size_t)SANDBOX_MEMORY_DEFAULT + (1 << 20));
}

TEST(memory_is_limited_by_default)
{
        assert_true(sandbox_default_memory() > 0 && sandbox_default_memory() <= SANDBOX_MEMORY_DEFAULT);
        const struct sandbox_limits limits = { .memory_bytes = sandbox_default_memory() };
        in_sandbox(WARD_LEVEL_FULL_TRUST, &limits, NULL, default_is_limited);
}

static bool limits_cannot_be_raised(void)
{
        struct rlimit data, more;
        getrlimit(RLIMIT_DATA, &data);
        more = (struct rlimit){ data.rlim_max, data.rlim_max };
        return data.rlim_cur == data.rlim_max && data.rlim_cur != RLIM_INFINITY && !setrlimit(RLIMIT_DATA, &more);
}

TEST(soft_and_hard_limit_are_one)
{
        in_sandbox(WARD_LEVEL_FULL_TRUST, &no_limits, NULL, limits_cannot_be_raised);
}

static bool is_confined(void)
{
        struct rlimit core;
        getrlimit(RLIMIT_CORE, &core);
        return !core.rlim_max && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 && !prctl(PR_GET_DUMPABLE);
}

TEST(full_trust_gives_no_privileges_and_no_cores)
{
        in_sandbox(WARD_LEVEL_FULL_TRUST, &no_limits, NULL, is_confined);
}

static bool is_as_the_host(void)
{
        struct rlimit core;
        getrlimit(RLIMIT_CORE, &core);
        return !core.rlim_max && !prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) && prctl(PR_GET_DUMPABLE) == 1;
}

TEST(level_host_may_what_the_host_may)
{
        in_sandbox(WARD_LEVEL_HOST, &no_limits, NULL, is_as_the_host);
}

static bool runs_on_first_only(void)
{
        cpu_set_t set;
        sched_getaffinity(0, sizeof set, &set);
        return CPU_COUNT(&set) == 1 && CPU_ISSET(0, &set);
}

static const struct grants nothing = { .environment = (const char *const[]){ NULL } };

static int apply_with_cpus(uint64_t cpus, const char **ret_step)
{
        const struct sandbox_wish wish = {
                .level = WARD_LEVEL_FULL_TRUST, .cpu_affinity = cpus, .limits = &no_limits, .grants = &nothing
        };
        const struct sandbox_place place = { .proc = -1, .empty = -1 };
        struct sandbox_result result;
        struct sandbox_plan plan;
        assert_int_equal(sandbox_plan_make(&wish, &plan), 0);
        int r = sandbox_apply(&plan, &place, &result);
        *ret_step = result.step;
        sandbox_plan_finish(&plan);
        return r;
}

TEST(processors_are_chosen)
{
        const char *step;
        int status;
        pid_t pid = fork();
        if (!pid)
                _exit(apply_with_cpus(1, &step) || !runs_on_first_only());
        waitpid(pid, &status, 0);
        assert_int_equal(status, 0);
}

TEST(processors_that_are_not_there_are_an_error_that_says_so)
{
        const char *step;
        if (sysconf(_SC_NPROCESSORS_CONF) > 63)
                harness_skip("this machine has that many");
        assert_int_equal(apply_with_cpus((uint64_t)1 << 63, &step), -EINVAL);
        assert_non_null(strstr(step, "cpu_affinity"));
}

static bool is_offered_first(void)
{
        OWNED(fd_closep) int fd = open("/proc/self/oom_score_adj", O_RDONLY | O_CLOEXEC);
        char text[8] = "";
        return read(fd, text, 4) == 4 && !strcmp(text, "1000");
}

TEST(a_worker_goes_before_its_host_when_memory_ends)
{
        in_sandbox(WARD_LEVEL_FULL_TRUST, &no_limits, NULL, is_offered_first);
}

TEST(a_plan_survives_packing)
{
        static const char *const given[] = { "A=1", "LONG=…", NULL };
        static const struct sandbox_grant granted[] = { { "/a", SANDBOX_READ }, { "/b c", SANDBOX_WRITE } };
        const struct sandbox_limits limits = { .memory_bytes = 12345, .processes = 3 };
        const struct grants grants = { .grants = granted, .n = 2, .spawn = true, .environment = given };
        const struct sandbox_wish wish = { .level = WARD_LEVEL_INTRANET,
                                           .layers = WARD_LAYER_MOUNT_NAMESPACE | WARD_LAYER_LANDLOCK,
                                           .cpu_affinity = 3,
                                           .limits = &limits,
                                           .grants = &grants };
        struct sandbox_plan plan, copy;
        static uint8_t bytes[64 << 10];
        struct pack pack = { bytes, sizeof bytes, false };
        assert_int_equal(sandbox_plan_make(&wish, &plan), 0);
        sandbox_plan_pack(&plan, &pack);
        assert_false(pack.bad);
        size_t len = sizeof bytes - pack.left;
        struct cursor cursor = { bytes, len, false };
        assert_int_equal(sandbox_plan_unpack(&cursor, &copy), 0);
        assert_true(copy.limits.memory_bytes == 12345 && copy.limits.processes == 3 && copy.layers == wish.layers &&
                    copy.uid == plan.uid && CPU_EQUAL(&copy.cpus, &plan.cpus));
        assert_string_equal(copy.grants.environment[1], given[1]);
        assert_null(copy.grants.environment[2]);
        assert_true(copy.grants.n == 2 && copy.grants.spawn && copy.grants.grants[1].rights == SANDBOX_WRITE);
        assert_string_equal(copy.grants.grants[1].path, "/b c");
        assert_int_equal(copy.filter.program.len, plan.filter.program.len);
        sandbox_plan_release(&copy);
        for (size_t cut = 0; cut < len; cut++) {
                cursor = (struct cursor){ bytes, cut, false };
                assert_int_equal(sandbox_plan_unpack(&cursor, &copy), -EBADMSG);
        }
        struct pack small = { bytes, len - 1, false };
        sandbox_plan_pack(&plan, &small);
        assert_true(small.bad);
        sandbox_plan_finish(&plan);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(the_environment_is_what_was_given), TEST_CASE(no_environment_is_an_empty_one),
                         TEST_CASE(memory_is_limited_and_address_space_is_not), TEST_CASE(memory_is_limited_by_default),
                         TEST_CASE(soft_and_hard_limit_are_one), TEST_CASE(full_trust_gives_no_privileges_and_no_cores),
                         TEST_CASE(level_host_may_what_the_host_may), TEST_CASE(processors_are_chosen),
                         TEST_CASE(processors_that_are_not_there_are_an_error_that_says_so),
                         TEST_CASE(a_worker_goes_before_its_host_when_memory_ends), TEST_CASE(a_plan_survives_packing));
}
