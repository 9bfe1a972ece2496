/* Hosts that die, fork, have no privileges, or have the wrong worker program. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/own.h"
#include "test/process/process.h"

/* --- Death ------------------------------------------------------------------------------------ */

/* The host to be killed: everything it starts holds its standard output, so whoever reads the other end sees when all are gone. */
static void live(int out)
{
        dup2(out, STDOUT_FILENO);
        close(out);
        for (;;) {
                struct stage stage = stage_set(NULL);
                struct ward_fault fault;
                acts_string_t what;
                int64_t ret;
                int32_t sum;
                for (int32_t i = 0; i < 20; i++)
                        acts_add(stage.acts, i, i, &sum, &fault);
                acts_string_set(&what, "family orphan");
                acts_act(stage.acts, &what, &ret, &fault);
                acts_string_set(&what, "null");
                acts_act(stage.acts, &what, &ret, &fault);
                stage_again(&stage);
                stage_strike(&stage);
        }
}

static pid_t start_host(int *ret_output)
{
        int ends[2];
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        pid_t pid = fork();
        if (!pid) {
                close(ends[0]);
                live(ends[1]);
        }
        close(ends[1]);
        *ret_output = ends[0];
        return pid;
}

/* True when nobody holds the other end any more. */
static bool is_deserted(int output)
{
        uint64_t until = now_ms() + 5000;
        char text[256];
        while (now_ms() < until) {
                struct pollfd polled = { .fd = output, .events = POLLIN };
                if (poll(&polled, 1, 100) > 0 && !read(output, text, sizeof text))
                        return true;
        }
        return false;
}

TEST(a_killed_host_leaves_no_process)
{
        static const int signals[] = { SIGKILL, SIGTERM, SIGSEGV, SIGKILL };
        signal(SIGSEGV, SIG_DFL); /* in place of the test runner's handler, for the hosts */
        for (int i = 0; i < 60; i++) {
                int output, status;
                pid_t pid = start_host(&output);
                usleep((unsigned)(rand() % (i < 30 ? 12000 : 150000)));
                kill(pid, signals[i % 4]);
                waitpid(pid, &status, 0);
                assert_true(WIFSIGNALED(status));
                assert_true(is_deserted(output));
                close(output);
        }
}

TEST(a_host_that_becomes_another_program_leaves_no_worker)
{
        int ends[2], status;
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        pid_t pid = fork();
        if (!pid) {
                int own = dup(STDOUT_FILENO);
                dup2(ends[1], STDOUT_FILENO);
                struct stage stage = stage_set(NULL);
                if (!stage.acts)
                        _exit(1);
                dup2(own, STDOUT_FILENO);
                close(own);
                execl("/bin/sleep", "sleep", "10", NULL);
        }
        close(ends[1]);
        assert_true(is_deserted(ends[0]));
        kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
        close(ends[0]);
}

/* A control group of this test's own, whose memory is limited: the folder, or NULL where there can be none. */
static const char *make_poor(void)
{
        static char folder[256];
        char own[128] = "";
        FILE *list = popen("sed -n 's/^[0-9]*:memory://p' /proc/self/cgroup", "re");
        if (!list || fscanf(list, "%127s", own) != 1)
                own[0] = 0;
        pclose(list);
        snprintf(folder, sizeof folder, "/sys/fs/cgroup/memory%s/poor-%d", own, (int)getpid());
        return *own && !mkdir(folder, 0755) ? folder : NULL;
}

static bool tell(const char *folder, const char *file, const char *text)
{
        char path[300];
        snprintf(path, sizeof path, "%s/%s", folder, file);
        OWNED(fd_closep) int fd = open(path, O_WRONLY | O_CLOEXEC);
        return fd >= 0 && write(fd, text, strlen(text)) > 0;
}

static void take_all_memory(const char *folder, int out)
{
        enum { PIECE = 1 << 20 };
        if (!tell(folder, "tasks", "0"))
                _exit(1);
        dup2(out, STDOUT_FILENO);
        struct stage stage = stage_set(NULL);
        fact(&stage, "family orphan");
        for (volatile char *piece; (piece = malloc(PIECE));)
                for (size_t i = 0; i < PIECE; i += 1024)
                        piece[i] = 1;
        _exit(1);
}

TEST(a_host_that_the_system_ends_for_its_memory_leaves_nothing)
{
        const char *folder = geteuid() ? NULL : make_poor();
        int ends[2], status;
        if (!folder || !tell(folder, "memory.limit_in_bytes", "268435456"))
                harness_skip("no control groups of version 1 for memory");
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        pid_t pid = fork();
        if (!pid)
                take_all_memory(folder, ends[1]);
        close(ends[1]);
        waitpid(pid, &status, 0);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        assert_true(is_deserted(ends[0]));
        close(ends[0]);
        for (int i = 0; i < 1000 && rmdir(folder); i++)
                usleep(5000);
        assert_int_equal(access(folder, F_OK), -1);
}

/* --- Signals, children, descriptors ----------------------------------------------------------- */

static volatile sig_atomic_t child_signals;

static void count_child(int signal)
{
        child_signals++;
}

TEST(the_host_sees_no_children)
{
        struct sigaction action = { .sa_handler = count_child }, after;
        sigset_t mask, mask_after;
        sigaction(SIGCHLD, &action, NULL);
        sigemptyset(&mask);
        sigaddset(&mask, SIGUSR1);
        sigprocmask(SIG_SETMASK, &mask, NULL);
        struct stage stage = stage_set(NULL);
        struct ward_fault fault;
        int64_t ret;
        assert_int_equal(waitpid(-1, NULL, WNOHANG | __WALL), -1);
        assert_int_equal(act(&stage, "null", &ret, &fault), WARD_FAULT_SIGNAL);
        assert_int_equal(waitpid(-1, NULL, WNOHANG | __WALL), -1);
        stage_strike(&stage);
        assert_int_equal(child_signals, 0);
        sigaction(SIGCHLD, NULL, &after);
        assert_ptr_equal(after.sa_handler, count_child);
        sigprocmask(SIG_SETMASK, NULL, &mask_after);
        assert_int_equal(sigismember(&mask_after, SIGUSR1), 1);
        assert_int_equal(sigismember(&mask_after, SIGINT), 0);
}

TEST(an_ignored_sigchld_is_no_obstacle)
{
        signal(SIGCHLD, SIG_IGN);
        struct stage stage = stage_set(NULL);
        struct ward_fault fault;
        int64_t ret;
        assert_int_equal(act(&stage, "exit", &ret, &fault), WARD_FAULT_EXIT);
        stage_strike(&stage);
}

/* The warden's own descriptors must not become the streams of a host that has none. */
TEST(a_host_without_streams_works)
{
        int status;
        pid_t pid = fork();
        if (!pid) {
                struct ward_fault fault;
                int32_t sum = 0;
                close(0), close(1), close(2);
                struct stage stage = stage_set(NULL);
                int r = acts_add(stage.acts, 20, 22, &sum, &fault);
                bool good = !r && sum == 42 && fact(&stage, "descriptors") == 5;
                stage_strike(&stage);
                _exit(good ? 0 : 1);
        }
        waitpid(pid, &status, 0);
        assert_int_equal(status, 0);
}

TEST(signals_for_the_hosts_group_do_not_reach_workers)
{
        struct stage stage = stage_set(NULL);
        signal(SIGINT, SIG_IGN);
        signal(SIGTSTP, SIG_IGN);
        kill(0, SIGINT);
        kill(0, SIGTSTP);
        usleep(20000);
        assert_int_equal(fact(&stage, "process"), fact(&stage, "process"));
        stage_strike(&stage);
}

static int in_child(struct stage *stage)
{
        struct ward_fault fault;
        int32_t sum;
        if (ward_domain_state(acts_domain(stage->acts)) != WARD_DOMAIN_UNLOADED)
                return 1;
        if (acts_add(stage->acts, 1, 2, &sum, &fault) != -WARD_FAULT_UNLOADED)
                return 2;
        stage_again(stage);
        if (acts_add(stage->acts, 1, 2, &sum, &fault) || sum != 3)
                return 3;
        stage_strike(stage);
        return 0;
}

TEST(a_forked_child_has_workers_of_its_own)
{
        struct stage stage = stage_set(NULL);
        struct ward_fault fault;
        int32_t sum;
        int status;
        pid_t pid = fork();
        if (!pid)
                _exit(in_child(&stage));
        waitpid(pid, &status, 0);
        assert_int_equal(status, 0);
        assert_good(acts_add(stage.acts, 1, 2, &sum, &fault), &fault);
        stage_strike(&stage);
}

enum { NO_NAMESPACES = 77 };

/* Runs @run in process 1 of a PID namespace, started by a child, since who asks for a namespace can start nothing elsewhere any
 * more. 0 if that gave 0, or NO_NAMESPACES. */
static int run_as_first(int (*run)(struct stage *stage), struct stage *stage)
{
        int status;
        pid_t pid = fork();
        if (!pid) {
                if (unshare(CLONE_NEWPID) < 0)
                        _exit(NO_NAMESPACES);
                pid_t first = fork();
                if (!first)
                        _exit(run(stage));
                waitpid(first, &status, 0);
                _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
        }
        waitpid(pid, &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static int strike_as_first(struct stage *stage)
{
        stage_strike(stage);
        return getpid() != 1;
}

static int have_a_child_of_the_same_number(struct stage *stage)
{
        struct ward_fault fault;
        int32_t sum = 0;
        *stage = stage_set(NULL);
        if (getpid() != 1 || run_as_first(strike_as_first, stage))
                return 1;
        int r = acts_add(stage->acts, 40, 2, &sum, &fault);
        stage_strike(stage);
        return r || sum != 42;
}

TEST(a_forked_child_with_its_parents_number_is_another_process)
{
        struct stage stage;
        int r = run_as_first(have_a_child_of_the_same_number, &stage);
        if (r == NO_NAMESPACES)
                harness_skip("no PID namespaces for this user");
        assert_int_equal(r, 0);
}

static pid_t forked_by_callback;

static int32_t fork_when_asked(void *data, int32_t n)
{
        forked_by_callback = fork();
        return n;
}

/* It comes back from the callback as the parent does, into a call that is the parent's alone. */
TEST(a_child_that_a_callback_forks_has_no_part_in_the_call)
{
        const struct acts_services services = { .ask = fork_when_asked, .note = acts_services.note };
        const struct ward_activate_options options = options_for(WARD_PROCESS);
        struct stage stage = { .host = host_start() };
        struct ward_fault fault;
        int32_t ret = 0;
        int status;
        assert_good(acts_activate(stage.host, addin_file("acts", WARD_PROCESS), &options, &services, &stage.acts, &fault), &fault);
        int r = acts_depth(stage.acts, 42, &ret, &fault);
        if (!forked_by_callback)
                _exit(r == -WARD_FAULT_UNLOADED ? 0 : 1);
        assert_good(r, &fault);
        assert_int_equal(ret, 42);
        waitpid(forked_by_callback, &status, 0);
        assert_int_equal(status, 0);
        stage_strike(&stage);
}

static void *unload(void *data)
{
        ward_domain_unload(data, NULL);
        return NULL;
}

/* While the warden is stopped, the unloading thread waits for the worker's end. */
TEST(a_child_forked_while_a_domain_is_unloaded_can_free_the_host)
{
        struct stage stage = stage_set(NULL);
        pthread_t thread;
        int status;
        pid_t warden = find_warden();
        kill(warden, SIGSTOP);
        assert_int_equal(pthread_create(&thread, NULL, unload, acts_domain(stage.acts)), 0);
        usleep(50000);
        pid_t pid = fork();
        if (!pid) {
                alarm(2);
                stage_strike(&stage);
                _exit(0);
        }
        waitpid(pid, &status, 0);
        kill(warden, SIGCONT);
        assert_int_equal(status, 0);
        pthread_join(thread, NULL);
        stage_strike(&stage);
}

/* --- Privileges ------------------------------------------------------------------------------- */

/* What must hold whoever the host is: an add-in's children go with it. */
static int be_useful(void)
{
        struct stage stage = stage_set(NULL);
        struct ward_fault fault;
        acts_string_t what;
        int64_t ret;
        int32_t sum;
        char name[16], family[32];
        if (acts_add(stage.acts, 40, 2, &sum, &fault) || sum != 42)
                return 1;
        snprintf(name, sizeof name, "kin%d", (int)getpid());
        snprintf(family, sizeof family, "family %s", name);
        acts_string_set(&what, family);
        if (acts_act(stage.acts, &what, &ret, &fault) || count_processes(name) != 2)
                return 2;
        acts_string_set(&what, "abort");
        if (acts_act(stage.acts, &what, &ret, &fault) != -WARD_FAULT_SIGNAL || fault.signal != SIGABRT)
                return 3;
        if (settle_processes(name))
                return 4;
        stage_again(&stage);
        acts_string_set(&what, family);
        if (acts_act(stage.acts, &what, &ret, &fault))
                return 5;
        stage_strike(&stage);
        return settle_processes(name) ? 6 : 0;
}

enum { NOBODY = 65534 };

static void copy_file(const char *from, const char *to)
{
        OWNED(fd_closep) int in = open(from, O_RDONLY | O_CLOEXEC), out = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
        struct stat st;
        assert_int_equal(fstat(in, &st), 0);
        for (off_t done = 0; done < st.st_size;)
                assert_true(sendfile(out, in, &done, (size_t)(st.st_size - done)) > 0);
        assert_int_equal(fchmod(out, 0755), 0);
        out = fd_close(out);
}

/* The build may lie where only its owner can reach it: another user gets copies of what it needs. */
static void copy_for_all(char *folder, char worker[256], char addin[256])
{
        assert_non_null(mkdtemp(folder));
        assert_int_equal(chmod(folder, 0755), 0);
        snprintf(worker, 256, "%s/ward-worker", folder);
        snprintf(addin, 256, "%s/acts.so", folder);
        copy_file(getenv("WARD_WORKER"), worker);
        copy_file(addin_file("acts", WARD_PROCESS), addin);
        setenv("WARD_WORKER", worker, 1);
        setenv("WARD_TEST_ADDINS", folder, 1);
}

static void run_as(void (*become)(void))
{
        char folder[] = "/tmp/ward-test-XXXXXX", worker[256], addin[256];
        int status;
        copy_for_all(folder, worker, addin);
        pid_t pid = fork();
        if (!pid) {
                become();
                _exit(be_useful());
        }
        waitpid(pid, &status, 0);
        unlink(worker);
        unlink(addin);
        rmdir(folder);
        assert_int_equal(status, 0);
}

static void become_nobody(void)
{
        if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY))
                _exit(99);
}

/* The change of user left the process undumpable, so the maps of a user namespace cannot be written: a subreaper holds the workers.
 */
static void become_undumpable_nobody(void)
{
        become_nobody();
        assert_int_equal(prctl(PR_GET_DUMPABLE), 0);
}

static void become_plain_nobody(void)
{
        become_nobody();
        prctl(PR_SET_DUMPABLE, 1);
}

TEST(a_host_without_privileges_works)
{
        if (geteuid())
                harness_skip("not root, so every other test shows it");
        run_as(become_plain_nobody);
}

TEST(a_host_without_namespaces_works)
{
        if (geteuid())
                harness_skip("not root");
        run_as(become_undumpable_nobody);
}

/* --- Worker programs -------------------------------------------------------------------------- */

static void fails_with(const char *worker, const char *phrase)
{
        const struct ward_host_options options = { .size = sizeof options, .worker_path = worker };
        const struct ward_activate_options activation = options_for(WARD_PROCESS);
        struct ward_host *host;
        struct ward_fault fault;
        struct acts *acts = NULL;
        assert_good(ward_host_new(&options, &host, &fault), &fault);
        assert_int_equal(acts_activate(host, addin_file("acts", WARD_PROCESS), &activation, &acts_services, &acts, &fault),
                         -WARD_FAULT_SYSTEM);
        assert_says(&fault, phrase);
        if (worker)
                assert_says(&fault, worker);
        ward_host_free(host);
}

TEST(a_missing_worker_program)
{
        fails_with("/nowhere/ward-worker", "WARD_WORKER");
        setenv("WARD_WORKER", "/nowhere/else", 1);
        fails_with(NULL, "/nowhere/else");
        unsetenv("WARD_WORKER");
        fails_with(NULL, "worker_path");
}

TEST(a_program_that_is_no_worker)
{
        fails_with("/bin/true", "does not answer as ward-worker");
        fails_with("/bin/cat", "does not answer as ward-worker");
}

TEST(a_file_that_is_no_program)
{
        char path[] = "/tmp/ward-test-XXXXXX";
        OWNED(fd_closep) int fd = mkstemp(path);
        assert_int_equal(fchmod(fd, 0755), 0);
        assert_int_equal(write(fd, "\177ELF", 4), 4);
        fd = fd_close(fd);
        fails_with(path, "execute");
        unlink(path);
}

TEST(a_worker_of_another_release)
{
        fails_with(getenv("WARD_TEST_OTHER_WORKER"), "version 9.8.7");
}

static void lose_warden(struct stage *stage)
{
        struct ward_fault fault;
        int64_t ret;
        int32_t sum = 0;
        kill(find_warden(), SIGKILL);
        assert_true(act(stage, "sleep", &ret, &fault) > 0);
        stage_again(stage);
        assert_good(acts_add(stage->acts, 40, 2, &sum, &fault), &fault);
        assert_int_equal(sum, 42);
}

/* Another release is put in its place; then there is none at all. What runs goes on, and so do further wardens. */
TEST(an_upgrade_meanwhile_does_no_harm)
{
        char folder[] = "/tmp/ward-test-XXXXXX", worker[256], addin[256], other[256];
        copy_for_all(folder, worker, addin);
        snprintf(other, sizeof other, "%s/other", folder);
        copy_file(getenv("WARD_TEST_OTHER_WORKER"), other);
        struct stage stage = stage_set(NULL);
        assert_int_equal(rename(other, worker), 0);
        lose_warden(&stage);
        assert_int_equal(unlink(worker), 0);
        lose_warden(&stage);
        stage_strike(&stage);
        fails_with(worker, "worker_path"); /* another host begins with what is there */
        unlink(addin);
        rmdir(folder);
}

/* For a debugger, or a checker of memory. */
TEST(a_worker_program_may_be_a_script)
{
        char path[] = "/tmp/ward-test-XXXXXX";
        OWNED(fd_closep) int fd = mkstemp(path);
        assert_true(dprintf(fd, "#!/bin/sh\nexec '%s' \"$@\"\n", getenv("WARD_WORKER")) > 0);
        assert_int_equal(fchmod(fd, 0755), 0);
        fd = fd_close(fd);
        setenv("WARD_WORKER", path, 1);
        struct stage stage = stage_set(NULL);
        assert_int_equal(fact(&stage, "leads-session"), 1);
        stage_strike(&stage);
        unlink(path);
}

/* Some of a worker's descriptors come, and the others have no room: it is not to be started with those of others in their places.
 */
TEST(a_warden_without_descriptors_says_so)
{
        struct stage stage = stage_set(NULL);
        struct ward_activate_options options = options_for(WARD_PROCESS);
        struct ward_fault fault;
        struct acts *acts = NULL;
        char free_number[64];
        struct rlimit before, few;
        pid_t warden = find_warden();
        few.rlim_cur = 0;
        do
                snprintf(free_number, sizeof free_number, "/proc/%d/fd/%d", (int)warden, (int)few.rlim_cur++);
        while (!access(free_number, F_OK));
        few.rlim_cur++; /* room for two */
        assert_int_equal(prlimit(warden, RLIMIT_NOFILE, NULL, &before), 0);
        few.rlim_max = before.rlim_max;
        assert_int_equal(prlimit(warden, RLIMIT_NOFILE, &few, NULL), 0);
        assert_int_equal(acts_activate(stage.host, addin_file("acts", WARD_PROCESS), &options, &acts_services, &acts, &fault),
                         -WARD_FAULT_SYSTEM);
        assert_says(&fault, strerror(EMFILE));
        assert_int_equal(prlimit(warden, RLIMIT_NOFILE, &before, NULL), 0);
        stage_again(&stage);
        stage_strike(&stage);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(
                argc, argv, TEST_CASE_LONG(a_killed_host_leaves_no_process, 60),
                TEST_CASE(a_host_that_becomes_another_program_leaves_no_worker),
                TEST_CASE(a_host_that_the_system_ends_for_its_memory_leaves_nothing), TEST_CASE(the_host_sees_no_children),
                TEST_CASE(an_ignored_sigchld_is_no_obstacle), TEST_CASE(a_host_without_streams_works),
                TEST_CASE(signals_for_the_hosts_group_do_not_reach_workers), TEST_CASE(a_forked_child_has_workers_of_its_own),
                TEST_CASE(a_forked_child_with_its_parents_number_is_another_process),
                TEST_CASE(a_child_that_a_callback_forks_has_no_part_in_the_call),
                TEST_CASE(a_child_forked_while_a_domain_is_unloaded_can_free_the_host), TEST_CASE(a_host_without_privileges_works),
                TEST_CASE(a_host_without_namespaces_works), TEST_CASE(a_missing_worker_program),
                TEST_CASE(a_program_that_is_no_worker), TEST_CASE(a_file_that_is_no_program),
                TEST_CASE(a_worker_of_another_release), TEST_CASE(an_upgrade_meanwhile_does_no_harm),
                TEST_CASE(a_worker_program_may_be_a_script), TEST_CASE(a_warden_without_descriptors_says_so));
}
