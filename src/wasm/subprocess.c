/* A process that execs becomes an ordinary child, whatever it was cloned as: the kernel sets its exit signal to SIGCHLD. So there
 * are two: a launcher, cloned without exit signal, which only makes system calls and never execs, so that neither wait(-1) nor a
 * SIGCHLD handler ever sees it; and its child, the program. The launcher ends the program when the host is gone.
 *
 * Where the program has a PID namespace of its own, there is one more between them, process 1 of that. When it ends, all there do.
 */
#include "wasm/subprocess.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/own.h"
#include "wasm/scratch.h"

enum {
        STATUS_FD = 3, /* the launcher's end of the pipe, after its descriptors were put in order; then come the outputs */
        HIGH_FD = STATUS_FD + 1 + SUBPROCESS_OUTPUTS_MAX + 1,
        EXEC_FAILED = 127,
        LOOK_MS = 50, /* how often a folder is looked at that is not bounded by itself */
        OPEN_FILES = 256,
};

/* Shared by the launcher and its children until they exec. */
struct report {
        int error; /* 0, or a positive errno */
        int status;
        unsigned held;
};

/* Like fork, without what the C library does around it, which is not to be done in the launcher. */
static pid_t clone_process(unsigned long exit_signal)
{
        return (pid_t)syscall(SYS_clone, exit_signal, 0L, 0L, 0L, 0L);
}

static void reap(pid_t pid, int *ret_status)
{
        while (waitpid(pid, ret_status, 0) < 0 && errno == EINTR)
                ;
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
               (!program->memory_bytes || limit(RLIMIT_AS, program->memory_bytes)) &&
               (!program->processes || limit(RLIMIT_NPROC, program->processes)) &&
               (!program->confinement || (limit(RLIMIT_CPU, program->seconds) && limit(RLIMIT_NOFILE, OPEN_FILES))) &&
               limit(RLIMIT_CORE, 0);
}

static void run_program(const struct subprocess *program, struct report *report) __attribute__((noreturn));
static void run_program(const struct subprocess *program, struct report *report)
{
        int r = 0;
        setsid();
        default_signals();
        if (!limit_all(program))
                r = -errno;
        if (!r && program->confinement)
                r = confinement_seal(program->confinement, &report->held);
        if (!r)
                execve(program->path, (char *const *)(uintptr_t)program->argv, (char *const *)(uintptr_t)program->envp);
        report->error = r ? -r : errno;
        _exit(EXEC_FAILED);
}

/* --- In process 1 of the program's namespace -------------------------------------------------- */

static void be_first(const struct subprocess *program, struct report *report) __attribute__((noreturn));
static void be_first(const struct subprocess *program, struct report *report)
{
        int status;
        pid_t pid = clone_process(SIGCHLD), ended;
        if (!pid)
                run_program(program, report);
        if (pid < 0) {
                report->error = errno;
                _exit(EXEC_FAILED);
        }
        do
                ended = waitpid(-1, &status, 0);
        while (ended != pid && (ended > 0 || errno == EINTR));
        report->status = status;
        _exit(0);
}

/* --- In the launcher -------------------------------------------------------------------------- */

/* Puts the descriptors in order, and leaves no other: a pipe or socket of the host's must not stay open through this process. */
static int order_descriptors(const struct subprocess *program, int status)
{
        int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
        int from[STATUS_FD + 1 + SUBPROCESS_OUTPUTS_MAX] = { null, program->log, program->log, status };
        size_t n = STATUS_FD + 1;
        if (null < 0 || fchdir(program->folder) < 0)
                return -errno;
        for (size_t i = 0; i < program->n_outputs; i++)
                from[n++] = program->outputs[i].fd;
        for (size_t i = 0; i < n; i++) {
                from[i] = fcntl(from[i], F_DUPFD_CLOEXEC, HIGH_FD);
                if (from[i] < 0)
                        return -errno;
        }
        for (size_t i = 0; i < n; i++)
                if (dup3(from[i], (int)i, i >= STATUS_FD ? O_CLOEXEC : 0) < 0)
                        return -errno;
        return syscall(SYS_close_range, (unsigned)n, ~0u, 0) < 0 ? -errno : 0;
}

/* A child must not outlive the launcher: it is asked to end with it, and looks whether that came too late. */
static pid_t start_child(const struct subprocess *program, struct report *report)
{
        int self = (int)syscall(SYS_pidfd_open, getpid(), 0);
        struct pollfd ended = { .fd = self, .events = POLLIN };
        if (self < 0)
                return -1;
        pid_t pid = clone_process(SIGCHLD);
        if (pid) {
                close(self);
                return pid;
        }
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (poll(&ended, 1, 0))
                _exit(EXEC_FAILED);
        close(self);
        if (report->held & WARD_LAYER_PID_NAMESPACE)
                be_first(program, report);
        run_program(program, report);
}

static bool is_watched(const struct subprocess *program, const struct report *report)
{
        return program->confinement && !(report->held & WARD_LAYER_OWN_ROOT);
}

/* Waits for the program's end, the host's end (nobody reads the pipe any more) or the time's. */
static int wait_for(pid_t pid, const struct subprocess *program, const struct report *report)
{
        OWNED(fd_closep) int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
        struct pollfd fds[] = { { .fd = pidfd, .events = POLLIN }, { .fd = STATUS_FD } };
        uint64_t until = clock_deadline((uint64_t)program->seconds * 1000);
        bool watched = is_watched(program, report);
        if (pidfd < 0)
                return -errno;
        for (;;) {
                int n = poll(fds, COUNT_OF(fds), watched ? LOOK_MS : (int)program->seconds * 1000);
                if (n < 0)
                        return -errno;
                if (fds[0].revents)
                        return 0;
                if (n || clock_now() >= until)
                        return -ETIMEDOUT;
                if (!scratch_is_within(&program->confinement->root))
                        return -EDQUOT;
        }
}

static int take_outputs(const struct subprocess *program)
{
        for (size_t i = 0; i < program->n_outputs; i++) {
                int r = scratch_copy(&program->confinement->root, program->outputs[i].name, STATUS_FD + 1 + (int)i);
                if (r)
                        return r;
        }
        return 0;
}

/* With its group, should it have left something, which is to be gone when this returns. */
static void end_all(pid_t pid, struct report *report)
{
        kill(-pid, SIGKILL);
        kill(pid, SIGKILL);
        reap(pid, report->held & WARD_LAYER_PID_NAMESPACE ? NULL : &report->status);
        if (report->held & WARD_LAYER_FILTER) /* nothing has left the group, so that all of it ends */
                while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
                        ;
}

static int run_confined(const struct subprocess *program, struct report *report)
{
        int r = program->confinement ? confinement_enter(program->confinement, &report->held) : 0;
        if (r)
                return r;
        prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
        pid_t pid = start_child(program, report);
        if (pid < 0)
                return -errno;
        r = wait_for(pid, program, report);
        end_all(pid, report);
        if (r || report->error)
                return r ? r : -report->error;
        return report->status ? 0 : take_outputs(program);
}

static void launch(const struct subprocess *program, int status) __attribute__((noreturn));
static void launch(const struct subprocess *program, int status)
{
        struct report none = { .error = ENOMEM };
        struct report *report = mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (report == MAP_FAILED)
                report = &none;
        /* A host that ignores SIGCHLD would have the kernel reap the program before it is waited for. */
        sigaction(SIGCHLD, &(struct sigaction){ .sa_handler = SIG_DFL }, NULL);
        int r = report->error ? -report->error : order_descriptors(program, status);
        if (!r) {
                status = STATUS_FD;
                r = run_confined(program, report);
        }
        report->error = -r;
        if (write(status, report, sizeof *report) < 0)
                _exit(1);
        _exit(0);
}

/* --- In the host ------------------------------------------------------------------------------ */

int subprocess_start(const struct subprocess *program, struct subprocess_running *ret_running)
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
        *ret_running = (struct subprocess_running){ .fd = ends[0], .launcher = launcher };
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

/* The launcher sees that nobody reads any more. */
static void end(struct subprocess_running *running)
{
        running->fd = fd_close(running->fd);
        while (waitpid(running->launcher, NULL, __WALL) < 0 && errno == EINTR)
                ;
}

int subprocess_finish(struct subprocess_running *running, struct subprocess_end *ret_end)
{
        struct report report = { 0 };
        int state;
        pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
        int r = read_report(running->fd, &report);
        end(running);
        pthread_setcancelstate(state, NULL);
        *ret_end = (struct subprocess_end){ report.status, report.held };
        return r;
}

void subprocess_abandon(struct subprocess_running *running)
{
        end(running);
}

int subprocess_run(const struct subprocess *program, struct subprocess_end *ret_end)
{
        struct subprocess_running running;
        int r = subprocess_start(program, &running);
        return r ? r : subprocess_finish(&running, ret_end);
}
