#include "sandbox/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "sandbox/plan.h"
#include "test/harness/harness.h"

#define MIB ((uint64_t)1 << 20)

/* Applies @limits in a child, then runs @what there; how that ended. */
static int held(const struct sandbox_limits *limits, int (*what)(void))
{
        int status;
        pid_t pid = fork();
        if (!pid)
                _exit(limits_apply(limits, open("/proc", O_PATH | O_DIRECTORY)) ? 99 : what());
        waitpid(pid, &status, 0);
        return status;
}

TEST(what_is_asked_for_is_what_holds)
{
        const struct ward_limits limits = { .size = sizeof limits, .memory_bytes = 64 * MIB, .arena_bytes = MIB };
        const struct ward_quota quota = { .size = sizeof quota,
                                          .cpu_ms = 1500,
                                          .cpu_percent = 20,
                                          .processes = 3,
                                          .open_files = 20,
                                          .file_bytes = 4096,
                                          .io_read_bytes = 5,
                                          .io_write_bytes = 6 };
        struct sandbox_limits made;
        limits_make(WARD_LEVEL_FULL_TRUST, &limits, &quota, &made);
        assert_int_equal(made.memory_bytes, 64 * MIB);
        assert_int_equal(made.domain_bytes, (64 + 1 + 32) * MIB);
        assert_int_equal(made.cpu_ns, 1500000000);
        assert_int_equal(made.cpu_percent, 20);
        assert_int_equal(made.processes, 3);
        assert_int_equal(made.open_files, 20);
        assert_int_equal(made.file_bytes, 4096);
        assert_int_equal(made.read_bytes, 5);
        assert_int_equal(made.write_bytes, 6);
}

TEST(without_a_quota_a_process_has_its_memory_limit_only)
{
        const struct ward_limits none = { .size = sizeof none }, huge = { .size = sizeof huge, .memory_bytes = UINT64_MAX };
        const struct ward_quota quota = { .size = sizeof quota, .memory_bytes = 5 * MIB, .cpu_ms = UINT64_MAX };
        struct sandbox_limits made;
        limits_make(WARD_LEVEL_FULL_TRUST, &none, NULL, &made);
        assert_int_equal(made.memory_bytes, sandbox_default_memory());
        assert_int_equal(made.domain_bytes, 0);
        assert_int_equal(made.cpu_ns | made.file_bytes | made.processes | made.open_files, 0);
        limits_make(WARD_LEVEL_FULL_TRUST, &huge, NULL, &made);
        assert_true(made.domain_bytes == UINT64_MAX);
        limits_make(WARD_LEVEL_FULL_TRUST, &none, &quota, &made);
        assert_int_equal(made.domain_bytes, 5 * MIB);
        assert_int_equal(made.cpu_ns, 0); /* longer than anything lives */
}

TEST(who_is_not_trusted_has_limits_that_nobody_asked_for)
{
        const struct ward_limits none = { .size = sizeof none };
        const struct ward_quota quota = { .size = sizeof quota, .memory_bytes = 5 * MIB, .processes = 2 };
        struct sandbox_limits made;
        limits_make(WARD_LEVEL_INTERNET, &none, NULL, &made);
        assert_int_equal(made.domain_bytes, sandbox_default_memory() + (512 + 32) * MIB);
        assert_true(!made.processes && made.least_processes == 1024);
        limits_make(WARD_LEVEL_INTRANET, &none, &quota, &made);
        assert_int_equal(made.domain_bytes, 5 * MIB);
        assert_int_equal(made.processes, 2);
}

static int open_many(void)
{
        for (int i = 0; i < 100; i++)
                if (open("/dev/null", O_RDONLY) < 0)
                        return errno == EMFILE ? 0 : 1;
        return 1;
}

TEST(open_files_are_limited)
{
        assert_int_equal(held(&(struct sandbox_limits){ .open_files = 50 }, open_many), 0);
}

static int write_much(void)
{
        char block[4096] = { 0 };
        int fd = memfd_create("much", 0);
        for (int i = 0; i < 10; i++)
                if (write(fd, block, sizeof block) < 0)
                        return 1;
        return 0;
}

TEST(a_file_that_grows_too_large_is_a_signal)
{
        int status = held(&(struct sandbox_limits){ .file_bytes = 20000 }, write_much);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), SIGXFSZ);
        assert_int_equal(held(&(struct sandbox_limits){ .file_bytes = 50000 }, write_much), 0);
}

static int burn(void)
{
        for (volatile bool on = true; on;)
                continue;
        return 1;
}

TEST(processor_time_that_nobody_comes_to_look_at_is_a_signal)
{
        int status = held(&(struct sandbox_limits){ .cpu_ns = 1 }, burn);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), SIGXCPU);
}

static int cores(void)
{
        struct rlimit core;
        return getrlimit(RLIMIT_CORE, &core) || core.rlim_max;
}

TEST(core_dumps_are_forbidden_for_good)
{
        int status;
        pid_t pid = fork();
        if (!pid)
                _exit(limits_forbid_core() ? 99 : cores());
        waitpid(pid, &status, 0);
        assert_int_equal(status, 0);
}

static int take_64_mib(void)
{
        void *at = mmap(NULL, 64 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        return at == MAP_FAILED ? errno == ENOMEM ? 0 : 1 : 2;
}

TEST(memory_that_is_too_much_is_refused)
{
        assert_int_equal(held(&(struct sandbox_limits){ .memory_bytes = 32 * MIB }, take_64_mib), 0);
        assert_int_equal(WEXITSTATUS(held(&(struct sandbox_limits){ .memory_bytes = 80 * MIB }, take_64_mib)), 2);
}

static int least(void)
{
        void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        struct rlimit limit;
        if (limits_apply_least())
                return 1;
        if (!geteuid() && setresuid(65534, 65534, 65534))
                return 2;
        if (!syscall(SYS_mlock, at, 4096)) /* sanitizers make another function of the same name */
                return 3;
        return getrlimit(RLIMIT_MSGQUEUE, &limit) || limit.rlim_max || setpriority(PRIO_PROCESS, 0, -1) == 0;
}

TEST(what_a_domain_has_no_need_of_is_not_there)
{
        assert_int_equal(held(&(struct sandbox_limits){ 0 }, least), 0);
}

static int fork_two(void)
{
        enum { SOMEBODY = 1879000000 }; /* else of no processes */
        const struct sandbox_limits limits = { .processes = 2 };
        if (limits_apply_processes(&limits))
                return 1;
        if (setresuid(SOMEBODY, SOMEBODY, SOMEBODY))
                return 2;
        pid_t pids[2] = { fork(), 0 };
        if (!pids[0])
                pause();
        pids[1] = fork();
        if (!pids[1])
                pause();
        int error = errno;
        kill(pids[0], SIGKILL);
        return pids[0] > 0 && pids[1] < 0 && error == EAGAIN ? 0 : 3;
}

TEST(a_user_has_so_many_processes)
{
        if (geteuid())
                harness_skip("this needs a user to become");
        assert_int_equal(held(&(struct sandbox_limits){ 0 }, fork_two), 0);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(what_is_asked_for_is_what_holds),
                         TEST_CASE(without_a_quota_a_process_has_its_memory_limit_only),
                         TEST_CASE(who_is_not_trusted_has_limits_that_nobody_asked_for), TEST_CASE(open_files_are_limited),
                         TEST_CASE(a_file_that_grows_too_large_is_a_signal),
                         TEST_CASE(processor_time_that_nobody_comes_to_look_at_is_a_signal),
                         TEST_CASE(core_dumps_are_forbidden_for_good), TEST_CASE(memory_that_is_too_much_is_refused),
                         TEST_CASE(what_a_domain_has_no_need_of_is_not_there), TEST_CASE(a_user_has_so_many_processes));
}
