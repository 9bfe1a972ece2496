#include "test/harness/harness.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SKIPPED = 77, SANITIZED_SLOWDOWN = 4 };

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SLOWDOWN SANITIZED_SLOWDOWN
#else
#define SLOWDOWN 1
#endif

static int count_entries(const char *folder)
{
        DIR *dir = opendir(folder);
        int n = 0;
        if (!dir)
                return -1;
        for (struct dirent *e; (e = readdir(dir));)
                n += e->d_name[0] != '.';
        closedir(dir);
        return n;
}

int harness_count_fds(void)
{
        return count_entries("/proc/self/fd") - 1; /* the folder's own */
}

int harness_count_threads(void)
{
        return count_entries("/proc/self/task");
}

void harness_skip(const char *reason)
{
        printf("  skipped: %s\n", reason);
        fflush(stdout);
        _exit(getenv("WARD_MUST_WORK") ? 1 : SKIPPED);
}

static void run_case(void **state)
{
        const struct test_case *test = *state;
        test->run();
}

static int run_here(const struct test_case *test)
{
        const struct CMUnitTest unit = { test->name, run_case, NULL, NULL, (void *)(uintptr_t)test };
        return _cmocka_run_group_tests(test->name, &unit, 1, NULL, NULL);
}

/* A thread that has been joined may be seen in /proc for a moment longer. */
static int settled_threads(int expected)
{
        int n = harness_count_threads();
        for (int i = 0; i < 200 && n > expected; i++) {
                nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
                n = harness_count_threads();
        }
        return n;
}

static int check_leaks(const struct test_case *test, int fds, int threads)
{
        int failed = 0, now = harness_count_fds();
        if (now != fds) {
                printf("  %s: %d descriptors before, %d after\n", test->name, fds, now);
                failed = 1;
        }
        now = settled_threads(threads);
        if (now > threads) {
                printf("  %s: %d threads before, %d after\n", test->name, threads, now);
                failed = 1;
        }
        pid_t child = waitpid(-1, NULL, WNOHANG | __WALL);
        if (child >= 0 || errno != ECHILD) {
                printf("  %s: a child process was left behind\n", test->name);
                failed = 1;
        }
        return failed;
}

static void *tell_tid(void *data)
{
        *(pid_t *)data = gettid();
        return NULL;
}

/* With the first thread of a process a sanitizer starts one of its own, which must not count. */
static void warm_up(void)
{
        pthread_t thread;
        pid_t tid;
        if (pthread_create(&thread, NULL, tell_tid, &tid))
                return;
        pthread_join(thread, NULL);
        while (!tgkill(getpid(), tid, 0))
                sched_yield();
}

/* In the child: a first run of the C library's lazy openings must not count. */
static int run_checked(const struct test_case *test)
{
        warm_up();
        int fds = harness_count_fds(), threads = harness_count_threads();
        int failed = run_here(test);
        failed |= check_leaks(test, fds, threads);
        fflush(NULL);
        return failed ? 1 : 0;
}

static int run_forked(const struct test_case *test)
{
        fflush(NULL);
        pid_t pid = fork();
        if (pid < 0)
                return 1;
        if (!pid) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                setpgid(0, 0);
                alarm(test->seconds * SLOWDOWN);
                exit(run_checked(test));
        }
        int status;
        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return 1;
        kill(-pid, SIGKILL);
        if (WIFEXITED(status))
                return WEXITSTATUS(status);
        if (WTERMSIG(status) == SIGALRM)
                printf("  %s: took longer than %u s\n", test->name, test->seconds * SLOWDOWN);
        else
                printf("  %s: died of %s\n", test->name, strsignal(WTERMSIG(status)));
        return 1;
}

static int wanted(const struct test_case *test, int argc, char **argv)
{
        for (int i = 1; i < argc; i++)
                if (!strcmp(test->name, argv[i]))
                        return 1;
        return argc < 2;
}

int harness_main(int argc, char **argv, const struct test_case *cases, size_t n)
{
        int failed = 0, ran = 0, skipped = 0;
        for (size_t i = 0; i < n; i++) {
                if (!wanted(&cases[i], argc, argv))
                        continue;
                int result = getenv("WARD_TEST_NOFORK") ? run_here(&cases[i]) : run_forked(&cases[i]);
                ran++;
                skipped += result == SKIPPED;
                if (result && result != SKIPPED) {
                        printf("FAILED: %s\n", cases[i].name);
                        failed++;
                }
        }
        printf("%d run, %d failed, %d skipped\n", ran, failed, skipped);
        return failed || !ran ? 1 : skipped == ran ? SKIPPED : 0;
}
