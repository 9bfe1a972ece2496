/* Hosts that fork, and hosts that become daemons. */
#include "test/harness/harness.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "test/embed/addin.h"

static const enum ward_isolation kinds[] = { WARD_PROCESS, WARD_WASM };

/* Runs @act in a child and returns its exit status, or -1 if it died. */
static int in_child(int (*act)(struct ward_host *, struct acts *), struct ward_host *host, struct acts *acts)
{
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (!pid)
                _exit(act(host, acts));
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int finds_it_gone(struct ward_host *host, struct acts *acts)
{
        addin_is_gone(acts);
        return 0;
}

static int frees_everything(struct ward_host *host, struct acts *acts)
{
        acts_release(acts);
        ward_host_free(host);
        return 0;
}

static int starts_its_own(struct ward_host *host, struct acts *acts)
{
        for (int i = 0; i < 2; i++) {
                struct acts *own = addin_start(host, kinds[i]);
                addin_works(own);
                acts_release(own);
        }
        return frees_everything(host, acts);
}

static int starts_its_own_host(struct ward_host *host, struct acts *acts)
{
        return starts_its_own(host_start(), NULL);
}

static void check_fork(enum ward_isolation kind)
{
        struct ward_host *host = host_start();
        struct acts *acts = addin_start(host, kind);
        addin_works(acts);
        assert_int_equal(in_child(finds_it_gone, host, acts), 0);
        addin_works(acts);
        assert_int_equal(in_child(frees_everything, host, acts), 0);
        addin_works(acts);
        assert_int_equal(in_child(starts_its_own, host, acts), 0);
        addin_works(acts);
        assert_int_equal(in_child(starts_its_own_host, host, acts), 0);
        addin_works(acts);
        frees_everything(host, acts);
}

TEST(fork_with_a_process_domain)
{
        check_fork(WARD_PROCESS);
}

TEST(fork_with_a_wasm_domain)
{
        check_fork(WARD_WASM);
}

/* The child outlives its parent, and holds what it inherited open: the parent's worker ends all the same. */
TEST(a_forked_child_keeps_no_worker_alive)
{
        int ready[2], stay[2];
        assert_int_equal(pipe(ready) | pipe(stay), 0);
        pid_t parent = fork();
        if (!parent) {
                struct acts *acts = addin_start(host_start(), WARD_PROCESS);
                int held = addin_hold(acts);
                pid_t child = fork();
                if (!child) {
                        char byte;
                        close(stay[1]);
                        _exit((int)read(stay[0], &byte, 1));
                }
                dprintf(ready[1], "%d", held);
                pause();
        }
        char number[16] = "";
        close(stay[0]);
        assert_true(read(ready[0], number, sizeof number - 1) > 0);
        char path[64];
        snprintf(path, sizeof path, "/proc/%d/fd/%s", (int)parent, number);
        int held = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        assert_true(held >= 0);
        kill(parent, SIGKILL);
        waitpid(parent, NULL, 0);
        pipe_ends(held);
        close(held);
        close(stay[1]);
        close(ready[0]);
        close(ready[1]);
}

/* What daemon() does, with the domain made before. */
static void become_daemon(void)
{
        pid_t pid = fork();
        if (pid)
                _exit(pid < 0);
        setsid();
}

static void run_daemon(int result)
{
        struct ward_host *host = host_start();
        struct acts *acts = addin_start(host, WARD_PROCESS);
        int held = addin_hold(acts);
        become_daemon();
        alarm(50); /* out of the test runner's reach from here on */
        addin_is_gone(acts);
        pipe_ends(held);
        starts_its_own(host, acts);
        if (write(result, "ok", 2) != 2)
                _exit(1);
        _exit(0);
}

TEST(a_host_becomes_a_daemon)
{
        int result[2];
        char said[3] = "";
        assert_int_equal(pipe(result), 0);
        pid_t pid = fork();
        if (!pid)
                run_daemon(result[1]);
        close(result[1]);
        waitpid(pid, NULL, 0);
        assert_int_equal(read(result[0], said, 2), 2);
        assert_string_equal(said, "ok");
        close(result[0]);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(fork_with_a_process_domain), TEST_CASE_LONG(fork_with_a_wasm_domain, 60),
                         TEST_CASE(a_forked_child_keeps_no_worker_alive), TEST_CASE_LONG(a_host_becomes_a_daemon, 60));
}
