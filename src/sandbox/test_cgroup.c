/* Groups, where this machine lets us make them; and version 2 against a folder that looks like it, whose control files are plain
 * ones: what is written to NAME lies in NAME.written there. */
#include "sandbox/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/own.h"
#include "test/harness/harness.h"

enum { MIB = 1 << 20, TEXT = 1024 };

/* --- A machine that is not there -------------------------------------------------------------- */

static bool faking;

int __real_openat64(int folder, const char *name, int flags, ...);
int __wrap_openat64(int folder, const char *name, int flags, ...);
int __real_unlinkat(int folder, const char *name, int flags);
int __wrap_unlinkat(int folder, const char *name, int flags);

int __wrap_openat64(int folder, const char *name, int flags, ...)
{
        char written[TEXT];
        if (!faking || !(flags & O_WRONLY))
                return __real_openat64(folder, name, flags);
        snprintf(written, sizeof written, "%s.written", name);
        return __real_openat64(folder, written, flags | O_CREAT | O_APPEND, 0600);
}

int __wrap_unlinkat(int folder, const char *name, int flags)
{
        DIR *list = faking ? fdopendir(__real_openat64(folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) : NULL;
        for (const struct dirent *entry; list && (entry = readdir(list));)
                if (entry->d_type == DT_REG)
                        __real_unlinkat(dirfd(list), entry->d_name, 0);
        if (list)
                closedir(list);
        return __real_unlinkat(folder, name, flags);
}

static char fake[] = "/tmp/ward-cgroup-XXXXXX";

static const char *in_fake(const char *name)
{
        static char path[TEXT];
        snprintf(path, sizeof path, "%s/%.200s", fake, name);
        return path;
}

static void put(const char *name, const char *text)
{
        FILE *file = fopen(in_fake(name), "we");
        assert_non_null(file);
        fputs(text, file);
        fclose(file);
}

static void assert_file(const char *name, const char *text)
{
        char there[TEXT];
        FILE *file = fopen(in_fake(name), "re");
        if (!file)
                fail_msg("there is no %s", name);
        there[fread(there, 1, sizeof there - 1, file)] = 0;
        fclose(file);
        assert_string_equal(there, text);
}

static void fake_group(const char *name, const char *handed_down)
{
        char path[TEXT];
        assert_return_code(mkdir(in_fake(name), 0700), errno);
        snprintf(path, sizeof path, "%s/cgroup.subtree_control", name);
        put(path, handed_down);
        snprintf(path, sizeof path, "%s/cgroup.procs", name);
        put(path, "");
}

/* A machine on which this process is in /user/app/one, and /user is the last that has handed all down. */
static void fake_machine(void)
{
        char mounts[TEXT], v2[sizeof fake + 8];
        assert_non_null(mkdtemp(fake));
        snprintf(v2, sizeof v2, "%s/v2", fake);
        fake_group("v2", "cpuset");
        fake_group("v2/user", "cpu io memory pids\n");
        fake_group("v2/user/app", "memory\n");
        fake_group("v2/user/app/one", "");
        snprintf(mounts, sizeof mounts,
                 "22 1 0:20 / /proc rw shared:1 - proc proc rw\n"
                 "23 1 0:21 /%s %s rw,nosuid shared:2 master:1 - cgroup2 cgroup rw,nsdelegate\n",
                 "slice", v2);
        put("mounts", mounts);
        put("own", "0::/slice/user/app/one\n");
        faking = true;
}

static struct cgroups fake_find(void)
{
        struct cgroups groups;
        char mounts[TEXT], own[TEXT];
        snprintf(mounts, sizeof mounts, "%s", in_fake("mounts"));
        snprintf(own, sizeof own, "%s", in_fake("own"));
        cgroups_find(mounts, own, 42, &groups);
        return groups;
}

static void fake_end(void)
{
        char command[TEXT];
        snprintf(command, sizeof command, "rm -r %s", fake);
        assert_int_equal(system(command), 0);
}

TEST(version_2_makes_its_groups_where_most_is_handed_down)
{
        fake_machine();
        struct cgroups groups = fake_find();
        assert_int_equal(groups.n, 1);
        assert_int_equal(groups.trees[0].version, 2);
        assert_int_equal(cgroups_controllers(&groups), CGROUP_ALL);
        assert_memory_equal(groups.name, "ward-42-", 8);
        /* only groups of its own are asked to hand more down */
        assert_file("v2/user/app/one/cgroup.subtree_control.written", "+memory+cpu+pids+io");
        cgroups_finish(&groups);
        fake_end();
}

TEST(version_2_is_told_the_limits_in_its_words)
{
        fake_machine();
        struct cgroups groups = fake_find();
        const struct sandbox_limits limits = { .domain_bytes = 64 * MIB, .cpu_ns = 1, .cpu_percent = 150, .processes = 10 };
        struct cgroup_entry entry;
        char name[TEXT];
        assert_int_equal(cgroup_make(&groups, 7, &limits, &entry), CGROUP_MEMORY | CGROUP_CPU | CGROUP_PIDS | CGROUP_TIME);
        assert_int_equal(entry.n, 0);
        assert_true(entry.into >= 0);
        cgroup_entry_close(&entry);
#define AT(file) (snprintf(name, sizeof name, "v2/user/%s/%s", groups.name, file), name)
        assert_file(AT("cgroup.subtree_control.written"), "+memory+cpu+pids+io");
        assert_file(AT("7/memory.max.written"), "67108864");
        assert_file(AT("7/memory.swap.max.written"), "0");
        assert_file(AT("7/memory.oom.group.written"), "1");
        assert_file(AT("7/cpu.max.written"), "30000 20000");
        assert_file(AT("7/pids.max.written"), "10");
        cgroup_kill(&groups, 7, CGROUP_MEMORY);
        assert_file(AT("7/cgroup.kill.written"), "1");
        put(AT("7/cpu.stat"), "usage_usec 1500\nuser_usec 1000\nsystem_usec 500\n");
        put(AT("7/memory.current"), "4096\n");
        put(AT("7/memory.peak"), "8192\n");
        put(AT("7/memory.events"), "low 0\nhigh 0\nmax 3\noom 2\noom_kill 1\noom_group_kill 1\n");
        put(AT("7/pids.current"), "4\n");
        put(AT("7/pids.events"), "max 5\n");
        struct cgroup_figures figures;
        cgroup_read(&groups, 7, CGROUP_ALL, &figures);
        assert_int_equal(figures.cpu_ns, 1500000);
        assert_int_equal(figures.memory, 4096);
        assert_int_equal(figures.memory_peak, 8192);
        assert_int_equal(figures.oom_kills, 1);
        assert_int_equal(figures.pids, 4);
        assert_int_equal(figures.pids_refused, 5);
        assert_int_equal(cgroup_remove(&groups, 7, CGROUP_ALL), 0);
        cgroups_finish(&groups);
        assert_int_equal(access(AT(""), F_OK), -1);
        fake_end();
}

/* cpu is a tree of version 1 there, all else is one of version 2. */
TEST(controllers_are_found_wherever_they_are)
{
        char mounts[TEXT];
        fake_machine();
        fake_group("v1", "");
        fake_group("v1/x y", "");
        snprintf(mounts, sizeof mounts,
                 "20 1 0:19 / %s/v1 rw - cgroup cgroup rw,cpu,cpuacct\n"
                 "23 1 0:21 /slice %s/v2 rw - cgroup2 cgroup rw\n",
                 fake, fake);
        put("mounts", mounts);
        put("own", "3:name=systemd:/x\n2:cpu,cpuacct:/x y\n0::/slice/user/app/one\n");
        struct cgroups groups = fake_find();
        assert_int_equal(groups.n, 2);
        assert_int_equal(groups.trees[0].version, 1);
        assert_int_equal(groups.trees[0].controllers, CGROUP_CPU | CGROUP_TIME);
        assert_int_equal(groups.trees[1].controllers, CGROUP_MEMORY | CGROUP_PIDS | CGROUP_READ | CGROUP_WRITE);
        const struct sandbox_limits limits = { .cpu_percent = 2, .processes = 3 };
        struct cgroup_entry entry;
        char name[TEXT];
        assert_int_equal(cgroup_make(&groups, 1, &limits, &entry), CGROUP_CPU | CGROUP_PIDS);
        assert_int_equal(entry.n, 1);
        assert_true(entry.into >= 0);
        cgroup_entry_close(&entry);
        snprintf(name, sizeof name, "v1/x y/%s/1/cpu.cfs_quota_us.written", groups.name);
        assert_file(name, "1000"); /* the least there is, of a longer period */
        snprintf(name, sizeof name, "v1/x y/%s/1/cpu.cfs_period_us.written", groups.name);
        assert_file(name, "50000");
        cgroup_remove(&groups, 1, CGROUP_ALL);
        cgroups_finish(&groups);
        fake_end();
}

TEST(tables_that_say_nothing_give_nothing)
{
        static const char *const tables[][2] = {
                { "", "" },
                { "no such lines\n", "0\n1:\n::\n0::/\n2:memory:/\n" },
                { "1 2 3 / /nowhere rw - cgroup2 cgroup rw\n1 2 3 / /nowhere rw - cgroup cgroup rw,memory\n",
                  "0::/\n2:memory:/\n" },
                { "1 2 3 / /tmp rw - cgroup2 cgroup rw\n", "0::/../elsewhere\n" },
                { "1 2 3 /a /tmp rw - cgroup2 cgroup rw\n", "0::/ab\n" },
        };
        fake_machine();
        faking = false;
        for (size_t i = 0; i < COUNT_OF(tables); i++) {
                put("mounts", tables[i][0]);
                put("own", tables[i][1]);
                struct cgroups groups = fake_find();
                assert_int_equal(groups.n, 0);
        }
        put("mounts", tables[0][0]);
        struct cgroups groups;
        cgroups_find("/no such file", "/nor this", 1, &groups);
        assert_int_equal(cgroups_controllers(&groups), 0);
        fake_end();
}

/* --- This machine ----------------------------------------------------------------------------- */

static struct cgroups find(unsigned wanted)
{
        struct cgroups groups;
        cgroups_find("/proc/self/mountinfo", "/proc/self/cgroup", getpid(), &groups);
        if ((cgroups_controllers(&groups) & wanted) != wanted) {
                cgroups_finish(&groups);
                /* this machine need not have it: version 2 without these controllers is nobody's fault */
                puts("  skipped: no control groups of that kind to be made by this user");
                exit(77);
        }
        return groups;
}

/* Runs @what in a group with these limits; how it ended, and the group's figures. */
static int run(struct cgroups *groups, const struct sandbox_limits *limits, int (*what)(void), struct cgroup_figures *ret_figures)
{
        enum { ID = 1 };
        struct cgroup_entry entry;
        int status;
        unsigned held = cgroup_make(groups, ID, limits, &entry);
        assert_int_not_equal(held, 0);
        pid_t pid;
        if (entry.into >= 0) {
                struct clone_args args = { .flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (uint64_t)entry.into };
                pid = (pid_t)syscall(SYS_clone3, &args, sizeof args);
        } else {
                pid = fork();
        }
        if (!pid)
                _exit(cgroup_enter(&entry) ? 99 : what());
        assert_true(pid > 0);
        cgroup_entry_close(&entry);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        cgroup_read(groups, ID, held, ret_figures);
        cgroup_kill(groups, ID, held);
        for (int i = 0; i < 100 && cgroup_remove(groups, ID, held) == -EBUSY; i++)
                usleep(1000);
        assert_int_equal(cgroup_remove(groups, ID, held), 0);
        cgroups_finish(groups);
        return status;
}

static int touch_64_mib(void)
{
        uint8_t *at = mmap(NULL, 64 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        for (size_t i = 0; i < 64 * MIB; i += 4096)
                at[i] = 1;
        return 0;
}

TEST(memory_that_is_shared_counts_and_the_kernel_ends_who_has_too_much)
{
        struct cgroups groups = find(CGROUP_MEMORY);
        struct cgroup_figures figures;
        const struct sandbox_limits limits = { .domain_bytes = 16 * MIB };
        int status = run(&groups, &limits, touch_64_mib, &figures);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        assert_true(figures.oom_kills > 0);
        assert_in_range(figures.memory_peak, 15 * MIB, 16 * MIB);
}

static int fork_until_refused(void)
{
        for (int i = 0; i < 10; i++) {
                pid_t pid = fork();
                if (pid < 0)
                        return errno == EAGAIN ? i : 99;
                if (!pid)
                        pause();
        }
        return 99;
}

TEST(forks_over_the_limit_are_refused_and_counted)
{
        struct cgroups groups = find(CGROUP_PIDS);
        struct cgroup_figures figures;
        const struct sandbox_limits limits = { .processes = 4 };
        int status = run(&groups, &limits, fork_until_refused, &figures);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 3);
        assert_int_equal(figures.pids_refused, 1);
        assert_int_equal(figures.pids, 3);
}

static int burn_for_half_a_second(void)
{
        uint64_t end = clock_now() + 500000000;
        while (clock_now() < end)
                continue;
        return 0;
}

TEST(a_processor_share_is_kept)
{
        struct cgroups groups = find(CGROUP_CPU | CGROUP_TIME);
        struct cgroup_figures figures;
        const struct sandbox_limits limits = { .cpu_percent = 20, .cpu_ns = 1 };
        assert_int_equal(run(&groups, &limits, burn_for_half_a_second, &figures), 0);
        assert_in_range(figures.cpu_ns, 50 * 1000000, 150 * 1000000);
}

static int read_slowly(void)
{
        enum { SIZE = MIB };
        static _Alignas(4096) char block[SIZE];
        int fd = open("ward-cgroup-read", O_RDWR | O_CREAT | O_TRUNC | O_DIRECT, 0600);
        unlink("ward-cgroup-read");
        if (fd < 0 || write(fd, block, SIZE) != SIZE)
                return 77;
        uint64_t begun = clock_now();
        for (int i = 0; i < 3; i++)
                if (pread(fd, block, SIZE, 0) != SIZE)
                        return 77;
        return clock_now() - begun > 300 * 1000000 ? 0 : 1;
}

TEST(reading_from_a_disk_is_slowed_down)
{
        struct cgroups groups = find(CGROUP_READ);
        struct cgroup_figures figures;
        const struct sandbox_limits limits = { .read_bytes = 4 * MIB };
        int status = run(&groups, &limits, read_slowly, &figures);
        if (WEXITSTATUS(status) == 77)
                harness_skip("no disk here that is read past the cache");
        assert_int_equal(status, 0);
}

/* Whatever other controllers there are. */
TEST(version_2_is_entered_by_cloning)
{
        char own[] = "/tmp/ward-own-XXXXXX";
        int fd = mkstemp(own);
        dprintf(fd, "0::/\n");
        close(fd);
        struct cgroups groups;
        cgroups_find("/proc/self/mountinfo", own, getpid(), &groups);
        unlink(own);
        if (!groups.n) {
                puts("  skipped: no groups of version 2 to be made by this user");
                exit(77);
        }
        assert_int_equal(groups.trees[0].version, 2);
        struct cgroup_figures figures;
        const struct sandbox_limits limits = { .cpu_ns = 1 };
        assert_int_equal(run(&groups, &limits, burn_for_half_a_second, &figures), 0);
        assert_in_range(figures.cpu_ns, 100 * 1000000, 600 * 1000000);
}

/* --- What is left behind ---------------------------------------------------------------------- */

static bool is_there(const struct cgroups *groups, const char *name)
{
        struct stat there;
        return !fstatat(groups->trees[0].parent, name, &there, 0);
}

/* A process with a group in which there is another: the name of its folder comes through a pipe when that is in. */
static pid_t leave_behind(const struct sandbox_limits *limits, char ret_name[CGROUP_NAME])
{
        int pipes[2];
        assert_return_code(pipe(pipes), errno);
        pid_t pid = fork();
        if (!pid) {
                struct cgroups groups;
                struct cgroup_entry entry;
                cgroups_find("/proc/self/mountinfo", "/proc/self/cgroup", getpid(), &groups);
                cgroup_make(&groups, 1, limits, &entry);
                if (!fork()) {
                        /* its lock is not to live on in this one */
                        for (size_t i = 0; i < groups.n; i++)
                                fd_close(groups.trees[i].folder);
                        if (!cgroup_enter(&entry))
                                dprintf(pipes[1], "%s", groups.name);
                }
                for (;;)
                        pause();
        }
        ssize_t n = read(pipes[0], ret_name, CGROUP_NAME - 1);
        assert_true(n > 0);
        ret_name[n] = 0;
        close(pipes[0]);
        close(pipes[1]);
        return pid;
}

TEST(what_a_killed_process_left_is_swept_away_and_what_lives_is_not)
{
        struct cgroups groups = find(CGROUP_PIDS);
        const struct sandbox_limits limits = { .processes = 100 };
        char killed[CGROUP_NAME], alive[CGROUP_NAME];
        pid_t first = leave_behind(&limits, killed), second = leave_behind(&limits, alive);
        kill(first, SIGKILL);
        waitpid(first, NULL, 0);
        assert_true(is_there(&groups, killed) && is_there(&groups, alive));
        for (int i = 0; i < 1000 && !cgroups_sweep(&groups); i++)
                usleep(1000); /* for what was killed to be gone */
        assert_false(is_there(&groups, killed));
        assert_true(is_there(&groups, alive));
        kill(second, SIGKILL);
        waitpid(second, NULL, 0);
        for (int i = 0; i < 1000 && !cgroups_sweep(&groups); i++)
                usleep(1000);
        assert_false(is_there(&groups, alive));
        cgroups_finish(&groups);
}

TEST(what_is_only_called_alike_is_somebody_elses)
{
        struct cgroups groups = find(CGROUP_PIDS);
        static const char *const names[] = { "ward-others", "ward-1-others", "ward-1-2-others" };
        for (size_t i = 0; i < COUNT_OF(names); i++)
                assert_int_equal(mkdirat(groups.trees[0].parent, names[i], 0755), 0);
        assert_true(cgroups_sweep(&groups));
        for (size_t i = 0; i < COUNT_OF(names); i++)
                assert_int_equal(unlinkat(groups.trees[0].parent, names[i], AT_REMOVEDIR), 0);
        cgroups_finish(&groups);
}

TEST(a_group_with_processes_in_it_stays)
{
        struct cgroups groups = find(CGROUP_PIDS);
        const struct sandbox_limits limits = { .processes = 100 };
        struct cgroup_entry entry;
        int pipes[2];
        char in;
        assert_return_code(pipe(pipes), errno);
        unsigned held = cgroup_make(&groups, 5, &limits, &entry);
        pid_t pid = fork();
        if (!pid) {
                cgroup_enter(&entry);
                write(pipes[1], "", 1);
                pause();
        }
        cgroup_entry_close(&entry);
        assert_int_equal(read(pipes[0], &in, 1), 1);
        assert_int_equal(cgroup_remove(&groups, 5, held), -EBUSY);
        cgroup_kill(&groups, 5, held);
        waitpid(pid, NULL, 0);
        assert_int_equal(cgroup_remove(&groups, 5, held), 0);
        cgroups_finish(&groups);
        close(pipes[0]);
        close(pipes[1]);
}

TEST(no_limit_asks_for_no_group)
{
        struct cgroups groups;
        struct cgroup_entry entry;
        const struct sandbox_limits limits = { .memory_bytes = MIB, .open_files = 10, .file_bytes = 10 };
        cgroups_find("/proc/self/mountinfo", "/proc/self/cgroup", getpid(), &groups);
        assert_int_equal(cgroup_make(&groups, 1, &limits, &entry), 0);
        for (size_t i = 0; i < groups.n; i++)
                assert_int_equal(groups.trees[i].folder, -1);
        cgroups_finish(&groups);
}

TEST(who_may_not_make_groups_goes_without)
{
        enum { NOBODY = 65534 };
        struct cgroups groups;
        struct cgroup_entry entry;
        const struct sandbox_limits limits = { .processes = 10 };
        if (!geteuid() && setresuid(NOBODY, NOBODY, NOBODY))
                fail();
        cgroups_find("/proc/self/mountinfo", "/proc/self/cgroup", getpid(), &groups);
        if (!groups.n)
                assert_int_equal(cgroup_make(&groups, 1, &limits, &entry), 0);
        cgroups_finish(&groups);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(version_2_makes_its_groups_where_most_is_handed_down),
                         TEST_CASE(version_2_is_told_the_limits_in_its_words), TEST_CASE(controllers_are_found_wherever_they_are),
                         TEST_CASE(tables_that_say_nothing_give_nothing),
                         TEST_CASE(memory_that_is_shared_counts_and_the_kernel_ends_who_has_too_much),
                         TEST_CASE(forks_over_the_limit_are_refused_and_counted), TEST_CASE(a_processor_share_is_kept),
                         TEST_CASE(reading_from_a_disk_is_slowed_down), TEST_CASE(version_2_is_entered_by_cloning),
                         TEST_CASE(what_a_killed_process_left_is_swept_away_and_what_lives_is_not),
                         TEST_CASE(what_is_only_called_alike_is_somebody_elses), TEST_CASE(a_group_with_processes_in_it_stays),
                         TEST_CASE(no_limit_asks_for_no_group), TEST_CASE(who_may_not_make_groups_goes_without));
}
