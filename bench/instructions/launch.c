/* In place of src/domain/launch.c, under valgrind: that knows no clone(2) but those of fork and of threads, and no pidfds. The
 * warden is a child, as any; a pidfd is the end of a pipe whose other end the process has as long as it lives. */
#include "domain/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/fault.h"
#include "channel/message.h"
#include "domain/worker_program.h"

enum { HIGH_FD = 8 };

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

long __wrap_syscall(long number, ...)
{
        long a[6];
        int ends[2];
        va_list args;
        va_start(args, number);
        for (int i = 0; i < 6; i++)
                a[i] = va_arg(args, long);
        va_end(args);
        if (number == SYS_pidfd_open)
                return pipe2(ends, O_CLOEXEC) < 0 ? -1 : ends[0];
        return __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static void run_warden(const char *path, int socket, int host) __attribute__((noreturn));

/* What is inherited beside these, the end of a pipe among it, stays open. */
static void run_warden(const char *path, int socket, int host)
{
        int high_socket = fcntl(socket, F_DUPFD_CLOEXEC, HIGH_FD), high_host = fcntl(host, F_DUPFD_CLOEXEC, HIGH_FD);
        if (dup2(high_socket, WIRE_SOCKET) == WIRE_SOCKET && dup2(high_host, WIRE_HOST) == WIRE_HOST)
                execl(path, "ward-worker", "--warden", (char *)NULL);
        _exit(127);
}

int launch(const struct worker_program *program, int socket, int host, int *ret_pidfd, struct ward_fault *fault)
{
        const char *path = program->path;
        int life[2], end = -1;
        if (pipe2(life, O_CLOEXEC) < 0 || (end = fcntl(life[1], F_DUPFD, HIGH_FD)) < 0)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, errno, "cannot start the worker program '%s'", path);
        pid_t warden = fork();
        if (!warden)
                run_warden(path, socket, host);
        close(life[1]);
        close(end);
        *ret_pidfd = life[0];
        if (warden < 0)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, errno, "cannot start the worker program '%s'", path);
        return 0;
}
