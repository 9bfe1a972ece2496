#include "wasm/subprocess.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/own.h"
#include "test/harness/harness.h"

static char said[4096];

/* Runs a line of shell in /, and keeps what it says in @said. */
static int shell_within(const char *line, unsigned seconds, uint64_t file_bytes, uint64_t memory_bytes, int *ret_status)
{
        const char *argv[] = { "sh", "-c", line, NULL };
        const char *envp[] = { "PATH=/usr/bin:/bin", "ONLY=this", NULL };
        OWNED(fd_closep) int log = memfd_create("log", MFD_CLOEXEC);
        OWNED(fd_closep) int folder = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        const struct subprocess program = { "/bin/sh", argv, envp, folder, log, seconds, file_bytes, memory_bytes };
        struct subprocess_end end = { 0 };
        int r = subprocess_run(&program, &end);
        *ret_status = end.status;
        ssize_t n = pread(log, said, sizeof said - 1, 0);
        said[n > 0 ? n : 0] = 0;
        return r;
}

static int shell(const char *line, unsigned seconds, int *ret_status)
{
        return shell_within(line, seconds, 0, 0, ret_status);
}

TEST(tells_how_it_ended)
{
        int status = -1;
        assert_int_equal(shell("true", 10, &status), 0);
        assert_int_equal(status, 0);
        assert_int_equal(shell("exit 3", 10, &status), 0);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 3);
        assert_int_equal(shell("kill -9 $$", 10, &status), 0);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        const char *none[] = { NULL };
        int folder = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        const struct subprocess missing = { "/nowhere/program", none, none, folder, STDOUT_FILENO, 10 };
        struct subprocess_end end = { 0 };
        assert_int_equal(subprocess_run(&missing, &end), -ENOENT);
        close(folder);
}

TEST(gets_what_is_listed)
{
        int status;
        int mine = open("/dev/null", O_RDONLY); /* not close-on-exec: a descriptor that the host forgot */
        assert_int_equal(shell("pwd; echo \"$ONLY $HOME\"; cat; echo error >&2; ls /proc/self/fd", 10, &status), 0);
        assert_string_equal(said, "/\nthis \nerror\n0\n1\n2\n3\n"); /* 3 is the folder that ls reads */
        close(mine);
}

/* What it started is ended with it, on time. */
TEST(ends_in_its_time)
{
        int status, left[2];
        char line[64], byte;
        assert_int_equal(pipe(left), 0);
        snprintf(line, sizeof line, "(exec 3>/proc/%d/fd/%d; sleep 100) & sleep 100", (int)getpid(), left[1]);
        uint64_t began = clock_now();
        assert_int_equal(shell(line, 1, &status), -ETIMEDOUT);
        assert_true(clock_now() - began < 5000000000u);
        close(left[1]);
        assert_int_equal(read(left[0], &byte, 1), 0); /* nobody has the other end any more */
        close(left[0]);
}

static _Atomic int heard;

static void hear(int number)
{
        heard++;
}

static void *waits(void *stop)
{
        int found = 0;
        while (!atomic_load((_Atomic bool *)stop))
                found += waitpid(-1, NULL, WNOHANG) != -1 || errno != ECHILD;
        return (void *)(intptr_t)found;
}

TEST(leaves_no_trace_in_the_host)
{
        _Atomic bool stop = false;
        pthread_t thread;
        void *found;
        int status;
        sigset_t before, after;
        signal(SIGCHLD, hear);
        pthread_sigmask(SIG_BLOCK, NULL, &before);
        assert_int_equal(pthread_create(&thread, NULL, waits, &stop), 0);
        for (int i = 0; i < 20; i++) {
                assert_int_equal(shell("exit 5", 10, &status), 0);
                assert_int_equal(WEXITSTATUS(status), 5);
        }
        stop = true;
        pthread_join(thread, &found);
        assert_null(found);
        assert_int_equal(heard, 0);
        pthread_sigmask(SIG_BLOCK, NULL, &after);
        assert_memory_equal(&before, &after, 8);
}

/* The program has children of its own, whose ends it must see: it does not inherit what the host ignores. */
TEST(works_in_a_host_that_ignores_signals)
{
        int status;
        for (int number = 1; number < 32; number++)
                signal(number, SIG_IGN);
        assert_int_equal(shell("(exit 4); echo $?; kill -TERM $$", 10, &status), 0);
        assert_string_equal(said, "4\n");
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

/* The host dies in the middle: the program ends as well. */
TEST(ends_with_the_host)
{
        int left[2], status;
        char line[64], byte;
        assert_int_equal(pipe(left), 0);
        snprintf(line, sizeof line, "exec 3>/proc/%d/fd/%d; echo >&3; sleep 100", (int)getpid(), left[1]);
        pid_t pid = fork();
        if (!pid) {
                close(left[0]);
                shell(line, 100, &status);
                _exit(0);
        }
        assert_int_equal(read(left[0], &byte, 1), 1);
        close(left[1]);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        assert_int_equal(read(left[0], &byte, 1), 0);
        close(left[0]);
}

/* It and what it starts, however much the host may have. */
TEST(keeps_to_its_limits)
{
        int status;
        assert_int_equal(shell_within("ulimit -f; ulimit -v; ulimit -c", 10, 1 << 20, 1 << 30, &status), 0);
        assert_string_equal(said, "2048\n1048576\n0\n");
        assert_int_equal(shell_within("exec head -c 5000 /dev/zero", 10, 4096, 0, &status), 0);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ);
        assert_int_equal(strlen(said), 0); /* it is zeros */
        struct rlimit small = { 1 << 20, 1 << 20 };
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        assert_int_equal(shell_within("ulimit -f", 10, 1 << 30, 0, &status), 0);
        assert_string_equal(said, "2048\n");
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(tells_how_it_ended), TEST_CASE(gets_what_is_listed), TEST_CASE(ends_in_its_time),
                         TEST_CASE(leaves_no_trace_in_the_host), TEST_CASE(works_in_a_host_that_ignores_signals),
                         TEST_CASE(ends_with_the_host), TEST_CASE(keeps_to_its_limits));
}
