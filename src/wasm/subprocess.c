/* A process that execs becomes an ordinary child, whatever it was cloned as: the kernel sets its exit signal to SIGCHLD. So there
 * are two: a launcher, cloned without exit signal, which only makes system calls and never execs, so that neither wait(-1) nor a
 * SIGCHLD handler ever sees it; and its child, the program. The launcher ends the program when the host is gone. */
#include "wasm/subprocess.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/own.h"

enum {
        STATUS_FD = 3, /* the launcher's end of the pipe, after its descriptors were put in order */
        HIGH_FD = 10,
        EXEC_FAILED = 127,
};

struct report {
        int error; /* 0, or a positive errno */
        int status;
};

/* Like fork, without what the C library does around it, which is not to be done in the launcher. */
static pid_t clone_process(unsigned long exit_signal)
{
        return (pid_t)syscall(SYS_clone, exit_signal, 0L, 0L, 0L, 0L);
}

/* --- In the program's process, until it execs ------------------------------------------------- */

static void default_signals(void)
{
        sigset_t none;
        for (int number = 1; number < NSIG; number++)
                sigaction(number, &(struct sigaction){ .sa_handler = SIG_DFL }, NULL);
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Never more than the host itself may have. */
static bool limit(int resource, uint64_t max)
{
        struct rlimit now;
        if (getrlimit(resource, &now) < 0)
                return false;
        rlim_t most = max < now.rlim_max ? max : now.rlim_max;
        return !setrlimit(resource, &(struct rlimit){ most, most });
}

/* No core file either: it would be written to the folder. */
static bool limit_all(const struct subprocess *program)
{
        return (!program->file_bytes || limit(RLIMIT_FSIZE, program->file_bytes)) &&
               (!program->memory_bytes || limit(RLIMIT_AS, program->memory_bytes)) && limit(RLIMIT_CORE, 0);
}

static void run_program(const struct subprocess *program, pid_t launcher) __attribute__((noreturn));
static void run_program(const struct subprocess *program, pid_t launcher)
{
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != launcher)
                _exit(EXEC_FAILED);
        setsid();
        default_signals();
        if (!limit_all(program))
                _exit(EXEC_FAILED);
        execve(program->path, (char *const *)(uintptr_t)program->argv, (char *const *)(uintptr_t)program->envp);
        _exit(EXEC_FAILED);
}

/* --- In the launcher -------------------------------------------------------------------------- */

/* Leaves 0 to STATUS_FD and nothing else: a pipe or socket of the host's must not stay open through this process. */
static int order_descriptors(const struct subprocess *program, int status)
{
        int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
        int from[] = { null, program->log, program->log, status };
        if (null < 0 || fchdir(program->folder) < 0)
                return -errno;
        for (size_t i = 0; i < COUNT_OF(from); i++) {
                from[i] = fcntl(from[i], F_DUPFD_CLOEXEC, HIGH_FD);
                if (from[i] < 0)
                        return -errno;
        }
        for (size_t i = 0; i < COUNT_OF(from); i++)
                if (dup3(from[i], (int)i, i == STATUS_FD ? O_CLOEXEC : 0) < 0)
                        return -errno;
        return syscall(SYS_close_range, STATUS_FD + 1, ~0u, 0) < 0 ? -errno : 0;
}

/* Waits for the program's end, the host's end (nobody reads the pipe any more) or the time's. */
static int wait_for(pid_t pid, unsigned seconds)
{
        int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
        struct pollfd fds[] = { { .fd = pidfd, .events = POLLIN }, { .fd = STATUS_FD } };
        if (pidfd < 0)
                return -errno;
        int n = poll(fds, COUNT_OF(fds), (int)seconds * 1000);
        if (n < 0)
                return -errno;
        return fds[0].revents ? 0 : -ETIMEDOUT;
}

static void launch(const struct subprocess *program, int status) __attribute__((noreturn));
static void launch(const struct subprocess *program, int status)
{
        struct report report = { 0 };
        pid_t self = getpid(), pid = -1;
        /* A host that ignores SIGCHLD would have the kernel reap the program before it is waited for. */
        sigaction(SIGCHLD, &(struct sigaction){ .sa_handler = SIG_DFL }, NULL);
        report.error = -order_descriptors(program, status);
        if (!report.error)
                status = STATUS_FD;
        if (!report.error && (pid = clone_process(SIGCHLD)) < 0)
                report.error = errno;
        if (!pid)
                run_program(program, self);
        if (!report.error)
                report.error = -wait_for(pid, program->seconds);
        if (pid > 0) {
                kill(-pid, SIGKILL); /* its group, should it have left something */
                kill(pid, SIGKILL);
                while (waitpid(pid, &report.status, 0) < 0 && errno == EINTR)
                        ;
        }
        if (write(status, &report, sizeof report) < 0)
                _exit(1);
        _exit(0);
}

/* --- In the host ------------------------------------------------------------------------------ */

static int start(const struct subprocess *program, int *ret_status_fd, pid_t *ret_launcher)
{
        sigset_t all, before;
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) < 0)
                return -errno;
        /* Blocked for good in the launcher: a handler of the host's must not run there. */
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        pid_t launcher = clone_process(0);
        if (!launcher)
                launch(program, ends[1]);
        int error = errno;
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        close(ends[1]);
        if (launcher < 0) {
                close(ends[0]);
                return -error;
        }
        *ret_status_fd = ends[0];
        *ret_launcher = launcher;
        return 0;
}

static int read_report(int fd, struct report *ret_report)
{
        ssize_t n;
        do
                n = read(fd, ret_report, sizeof *ret_report);
        while (n < 0 && errno == EINTR);
        return n == sizeof *ret_report ? -ret_report->error : -ECHILD;
}

int subprocess_run(const struct subprocess *program, int *ret_status)
{
        struct report report = { 0 };
        int fd = -1, state;
        pid_t launcher;
        pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
        int r = start(program, &fd, &launcher);
        if (!r) {
                r = read_report(fd, &report);
                close(fd);
                while (waitpid(launcher, NULL, __WALL) < 0 && errno == EINTR)
                        ;
        }
        pthread_setcancelstate(state, NULL);
        if (r)
                return r;
        *ret_status = report.status;
        return 0;
}
