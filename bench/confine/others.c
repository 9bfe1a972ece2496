/* What Ward's times are to be seen beside: processes that are started and confined without it, until their first byte. */
#include "bench/confine/bench.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/own.h"

/* A process, and the pipes that it is heard and held by: it ends when the host closes @hold. */
struct child {
        pid_t pid;
        int said[2], hold[2];
};

static int child_init(struct bench *bench, struct child *child)
{
        *child = (struct child){ .pid = -1, .said = { -1, -1 }, .hold = { -1, -1 } };
        if (!pipe2(child->said, O_CLOEXEC) && !pipe2(child->hold, O_CLOEXEC))
                return 0;
        bench->why = "no pipes";
        return -1;
}

/* Waits for its byte, then ends it as one that is not asked. */
static int child_time(struct bench *bench, struct child *child, uint64_t start, uint64_t *ret_begin, uint64_t *ret_end)
{
        char byte;
        child->said[1] = fd_close(child->said[1]);
        bool heard = child->pid > 0 && read(child->said[0], &byte, 1) == 1;
        uint64_t begun = clock_now();
        if (child->pid > 0) {
                child->hold[1] = fd_close(child->hold[1]);
                kill(child->pid, SIGKILL);
                waitpid(child->pid, NULL, 0);
        }
        *ret_begin = begun - start;
        *ret_end = clock_now() - begun;
        for (int i = 0; i < 2; i++) {
                fd_close(child->said[i]);
                fd_close(child->hold[i]);
        }
        bench->why = "it does not start here";
        return heard ? 0 : -1;
}

int sample_fork(struct bench *bench, const struct row *row, uint64_t *ret_begin, uint64_t *ret_end)
{
        struct child child;
        char byte = 0;
        if (child_init(bench, &child))
                return -1;
        uint64_t start = clock_now();
        child.pid = fork();
        if (!child.pid) {
                fd_close(child.hold[1]);
                if (write(child.said[1], &byte, 1) == 1)
                        while (read(child.hold[0], &byte, 1) < 0)
                                continue;
                _exit(0);
        }
        return child_time(bench, &child, start, ret_begin, ret_end);
}

/* As posix_spawn does it: without a copy of the host. With namespaces it is that clone which makes them, as process 1 of them. */
static pid_t start_program(const struct child *child, int flags, const char *const *arguments)
{
        pid_t pid = (pid_t)syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL);
        if (pid)
                return pid;
        dup2(child->hold[0], STDIN_FILENO);
        dup2(child->said[1], STDOUT_FILENO);
        execv(arguments[0], (char *const *)(uintptr_t)arguments);
        _exit(127);
}

static pid_t spawn_program(const struct child *child, const char *const *arguments)
{
        posix_spawn_file_actions_t actions;
        pid_t pid = -1;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, child->hold[0], STDIN_FILENO);
        posix_spawn_file_actions_adddup2(&actions, child->said[1], STDOUT_FILENO);
        if (posix_spawn(&pid, arguments[0], &actions, NULL, (char *const *)(uintptr_t)arguments, NULL))
                pid = -1;
        posix_spawn_file_actions_destroy(&actions);
        return pid;
}

int sample_exec(struct bench *bench, const struct row *row, uint64_t *ret_begin, uint64_t *ret_end)
{
        const char *const arguments[] = { bench->tiny, NULL };
        struct child child;
        if (child_init(bench, &child))
                return -1;
        uint64_t start = clock_now();
        child.pid = row->flags ? start_program(&child, row->flags, arguments) : spawn_program(&child, arguments);
        return child_time(bench, &child, start, ret_begin, ret_end);
}

/* Killed, it takes what it started along only where that is told to: by --die-with-parent. */
int sample_bwrap(struct bench *bench, const struct row *row, uint64_t *ret_begin, uint64_t *ret_end)
{
        static const char bwrap[] = "/usr/bin/bwrap";
        const char *const arguments[] = { bwrap, "--unshare-all", "--die-with-parent", "--ro-bind", "/", "/", bench->tiny, NULL };
        struct child child;
        if (access(bwrap, X_OK)) {
                bench->why = "not installed (Debian: bubblewrap)";
                return -1;
        }
        if (child_init(bench, &child))
                return -1;
        uint64_t start = clock_now();
        child.pid = spawn_program(&child, arguments);
        return child_time(bench, &child, start, ret_begin, ret_end);
}
