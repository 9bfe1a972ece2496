/* A double clone. The host's thread clones the launcher; the launcher clones the warden, which executes ward-worker; the launcher
 * ends. Both share the host's memory and suspend whoever made them (CLONE_VM | CLONE_VFORK), which is quick however large the host
 * is.
 *
 * The launcher has no exit signal, so neither SIGCHLD nor a wait() without __WCLONE ever sees it; it must not execute a program,
 * which would give it one. The warden is the launcher's child, so the host never had it. The launcher shares the host's descriptors
 * (CLONE_FILES), since it makes the warden's pidfd for the host.
 *
 * Everything between here and exec runs beside the host's other threads, in their memory, with a copy of their signal handlers:
 * with all signals blocked, and by raw system calls only: the C library's functions may be points of cancellation. errno is that of
 * the host's thread, which sleeps. */
#include "domain/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/fault.h"
#include "channel/message.h"

enum { STACK = 64 << 10, SIGNAL_SET = 8 /* bytes of the kernel's sigset */, PROGRAM = WIRE_HOST + 1, HIGH_FD = 8 };

/* Sanitizers keep accounts of stacks and threads; these are none that they know. clone(2)'s wrapper they replace by one that takes
 * the host's thread for a forked child from then on; by its other name in the C library it is left alone. */
#define RAW __attribute__((no_sanitize("address"), no_sanitize("thread"), no_sanitize("undefined")))
int __clone(int (*run)(void *), void *stack, int flags, void *data, ...);

/* What ends the warden's descendants with it, the strongest first. */
enum hold {
        HOLD_PID_NAMESPACE,  /* the kernel */
        HOLD_USER_NAMESPACE, /* the kernel; the PID namespace belongs to a user namespace, for a host without privileges */
        HOLD_SUBREAPER,      /* the warden, unless it is killed itself: then workers end, but not what they started */
};

struct launch {
        const struct worker_program *program;
        int socket;
        int host;
        char uid_map[32];
        char gid_map[32];
        cpu_set_t cpus;  /* the host's, as of its first thread: who starts a warden may keep to one of its own */
        uint8_t *stacks; /* the launcher's, then the warden's */
        enum hold hold;
        int pidfd;
        int error;        /* errno of the last try; 0: the warden runs */
        const char *step; /* what failed */
};

/* --- In the warden, before exec --------------------------------------------------------------- */

RAW static int raw_open(const char *path, int flags)
{
        return (int)syscall(SYS_openat, AT_FDCWD, path, flags);
}

RAW static int write_file(const char *path, const char *text)
{
        long len = 0;
        while (text[len])
                len++;
        int fd = raw_open(path, O_WRONLY | O_CLOEXEC);
        if (fd < 0)
                return -1;
        long n = syscall(SYS_write, fd, text, len);
        syscall(SYS_close, fd);
        return n == len ? 0 : -1;
}

/* The user stays who it was, so the rights to make namespaces, and to read of workers what is hidden from others, must be ambient
 * ones to survive exec. */
RAW static int keep_rights(void)
{
        struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct caps[2];
        if (syscall(SYS_capget, &head, caps) < 0)
                return -1;
        caps[0].inheritable |= 1u << CAP_SYS_ADMIN | 1u << CAP_SYS_PTRACE;
        if (syscall(SYS_capset, &head, caps) < 0 ||
            syscall(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_PTRACE, 0, 0) < 0)
                return -1;
        return (int)syscall(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_ADMIN, 0, 0);
}

RAW static int become_user(const struct launch *launch)
{
        if (write_file("/proc/self/setgroups", "deny") < 0 || write_file("/proc/self/uid_map", launch->uid_map) < 0 ||
            write_file("/proc/self/gid_map", launch->gid_map) < 0)
                return -1;
        return keep_rights();
}

/* Handlers are reset by exec, but ignored signals would stay ignored. */
RAW static void reset_signals(void)
{
        for (int i = 1; i <= 64; i++) {
                struct {
                        void *handler;
                        unsigned long flags;
                        void *restorer;
                        uint64_t mask;
                } none = { NULL };
                syscall(SYS_rt_sigaction, i, &none, NULL, SIGNAL_SET);
        }
}

/* Whether @fd is a stream that the host would give a child: open, and not one of its own that took a closed stream's number. */
RAW static bool is_stream(int fd)
{
        long flags = syscall(SYS_fcntl, fd, F_GETFD);
        return flags >= 0 && !(flags & FD_CLOEXEC);
}

/* First everything out of the way of the numbers that are to be taken. */
RAW static int raise_fd(int fd)
{
        return fd < 0 ? -1 : (int)syscall(SYS_fcntl, fd, F_DUPFD, HIGH_FD);
}

RAW static int put_fd(int fd, int number)
{
        return (int)syscall(SYS_dup3, fd, number, 0);
}

RAW static int arrange_fds(const struct launch *launch)
{
        int first = raw_open("/dev/null", O_RDWR);
        int null = raise_fd(first), socket = raise_fd(launch->socket), host = raise_fd(launch->host),
            program = raise_fd(launch->program->fd);
        if (null < 0 || socket < 0 || host < 0 || program < 0)
                return -1;
        for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++)
                if ((fd == first || !is_stream(fd)) && put_fd(null, fd) < 0)
                        return -1;
        if (put_fd(null, STDIN_FILENO) < 0 || put_fd(socket, WIRE_SOCKET) < 0 || put_fd(host, WIRE_HOST) < 0 ||
            syscall(SYS_dup3, program, PROGRAM, O_CLOEXEC) < 0)
                return -1;
        return (int)syscall(SYS_close_range, PROGRAM + 1, ~0U, 0);
}

RAW static int fail(struct launch *launch, const char *step)
{
        launch->error = errno;
        launch->step = step;
        return 127;
}

/* By its path where it is a script, whose interpreter could not open it any more. */
RAW static void execute(const struct launch *launch)
{
        char *const arguments[] = { "ward-worker", "--warden", NULL };
        char *const environment[] = { NULL };
        syscall(SYS_execveat, PROGRAM, "", arguments, environment, AT_EMPTY_PATH);
        if (errno == ENOENT)
                syscall(SYS_execve, launch->program->path, arguments, environment);
}

RAW static int warden(void *data)
{
        struct launch *launch = data;
        syscall(SYS_setsid);
        if (launch->hold == HOLD_USER_NAMESPACE && become_user(launch) < 0)
                return fail(launch, "map its user");
        reset_signals();
        if (syscall(SYS_chdir, "/") < 0)
                return fail(launch, "go to /");
        if (arrange_fds(launch) < 0)
                return fail(launch, "arrange its descriptors");
        syscall(SYS_sched_setaffinity, 0, sizeof launch->cpus, &launch->cpus);
        syscall(SYS_personality, PER_LINUX); /* a host under a debugger may have no address space randomization */
        execute(launch);
        launch->hold = HOLD_SUBREAPER; /* another kind of hold would not help */
        return fail(launch, "execute the program");
}

/* --- In the launcher -------------------------------------------------------------------------- */

RAW static void try_hold(struct launch *launch, int namespaces)
{
        launch->error = 0;
        int pid = __clone(warden, launch->stacks + 2 * STACK, CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD | namespaces, launch,
                          &launch->pidfd);
        if (pid < 0) {
                fail(launch, "make a process");
        } else if (launch->error) {
                syscall(SYS_close, launch->pidfd);
                syscall(SYS_wait4, pid, NULL, __WALL, NULL);
        }
}

RAW static int launcher(void *data)
{
        static const int namespaces[] = {
                [HOLD_PID_NAMESPACE] = CLONE_NEWPID,
                [HOLD_USER_NAMESPACE] = CLONE_NEWUSER | CLONE_NEWPID,
                [HOLD_SUBREAPER] = 0,
        };
        struct launch *launch = data;
        for (;;) {
                try_hold(launch, namespaces[launch->hold]);
                if (!launch->error || launch->hold == HOLD_SUBREAPER)
                        return 0;
                launch->hold++;
        }
}

/* --- In the host ------------------------------------------------------------------------------ */

/* All signals, those of the C library's own too: a handler in the launcher would run in the host's memory. */
RAW static int run_launcher(struct launch *launch)
{
        uint64_t all = ~(uint64_t)0, before;
        syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, SIGNAL_SET);
        int pid = __clone(launcher, launch->stacks + STACK, CLONE_VM | CLONE_VFORK | CLONE_FILES, launch);
        int error = errno;
        /* ECHILD: a thread of the host that waits with __WALL was quicker. */
        while (pid > 0 && syscall(SYS_wait4, pid, NULL, __WCLONE, NULL) < 0 && errno == EINTR)
                continue;
        syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, NULL, SIGNAL_SET);
        return pid < 0 ? error : 0;
}

int launch(const struct worker_program *program, int socket, int host, int *ret_pidfd, struct ward_fault *fault)
{
        struct launch launch = { .program = program, .socket = socket, .host = host, .pidfd = -1, .step = "make a process" };
        snprintf(launch.uid_map, sizeof launch.uid_map, "%u %u 1", geteuid(), geteuid());
        snprintf(launch.gid_map, sizeof launch.gid_map, "%u %u 1", getegid(), getegid());
        sched_getaffinity(getpid(), sizeof launch.cpus, &launch.cpus);
        launch.stacks = mmap(NULL, 2 * STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
        if (launch.stacks == MAP_FAILED)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, errno, "cannot start the worker program '%s'", program->path);
        int error = run_launcher(&launch);
        if (!error)
                error = launch.error;
        munmap(launch.stacks, 2 * STACK);
        if (error)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, error, "cannot start the worker program '%s': it cannot %s",
                                       program->path, launch.step);
        *ret_pidfd = launch.pidfd;
        return 0;
}
