#include "test/escape/acts.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

static char *next_path(void)
{
        static _Thread_local char paths[4][256];
        static _Thread_local unsigned next;
        return paths[next++ % 4];
}

const char *in(const char *folder, const char *name)
{
        char *path = next_path();
        snprintf(path, 256, "%s/%s", folder, name);
        return path;
}

const char *of_process(int32_t pid, const char *name)
{
        char *path = next_path();
        snprintf(path, 256, "/proc/%d/%s", pid, name);
        return path;
}

long tell(int fd, struct outcome *outcome)
{
        if (fd < 0)
                return errno;
        ssize_t n = read(fd, outcome->text, sizeof outcome->text);
        long error = done(n);
        outcome->length = n > 0 ? (uint32_t)n : 0;
        close(fd);
        return error;
}

long tell_file(const char *path, struct outcome *outcome)
{
        return tell(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), outcome);
}

long tell_text(const char *text, struct outcome *outcome)
{
        outcome->length = (uint32_t)strnlen(text, sizeof outcome->text);
        memcpy(outcome->text, text, outcome->length);
        return 0;
}

long scribble(int fd)
{
        if (fd < 0)
                return errno;
        long error = done(write(fd, "was here", 8));
        close(fd);
        return error;
}

long try_open(const char *path, int flags)
{
        int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        if (fd < 0)
                return errno;
        close(fd);
        return 0;
}

struct report {
        struct outcome outcome;
        long error;
};

long in_child(long (*run)(const struct stage *stage, struct outcome *outcome, long argument), const struct stage *stage,
              struct outcome *outcome, long argument)
{
        struct report *report = mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (report == MAP_FAILED)
                return run(stage, outcome, argument);
        report->error = EINTR; /* unless it says more */
        pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
        if (!pid) {
                report->error = run(stage, &report->outcome, argument);
                _exit(0);
        }
        if (pid > 0)
                waitpid(pid, NULL, 0);
        else
                report->error = run(stage, &report->outcome, argument);
        *outcome = report->outcome;
        long error = report->error;
        munmap(report, sizeof *report);
        return error;
}

/* ELF of one segment: exit(42). */
#if defined(__x86_64__)
static const uint8_t exit_code[] = { 0xbf, 42, 0, 0, 0, 0xb8, 60, 0, 0, 0, 0x0f, 0x05 };
enum { MACHINE = 62 };
#else
static const uint8_t exit_code[] = { 0x40, 0x05, 0x80, 0xd2, 0xa8, 0x0b, 0x80, 0xd2, 0x01, 0, 0, 0xd4 };
enum { MACHINE = 183 };
#endif

long take_fd(int fd)
{
        if (fd < 0)
                return errno;
        close(fd);
        return 0;
}

long clone_child(const struct stage *stage, struct outcome *outcome, long flags)
{
        pid_t pid = (pid_t)syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL);
        if (!pid)
                _exit(0);
        if (pid > 0)
                waitpid(pid, NULL, 0);
        return done(pid);
}

int tiny_program(void)
{
        enum { AT = 0x400000, HEAD = 64, SEGMENT = 56 };
        uint8_t image[HEAD + SEGMENT + sizeof exit_code] = { 0x7f, 'E', 'L', 'F', 2, 1, 1 };
        const uint16_t kind[] = { 2, MACHINE }, sizes[] = { HEAD, SEGMENT, 1 };
        const uint64_t head[] = { AT + HEAD + SEGMENT, HEAD };
        const uint64_t segment[] = { 1 | 5ull << 32, 0, AT, AT, sizeof image, sizeof image, 4096 };
        memcpy(image + 16, kind, sizeof kind);
        image[20] = 1;
        memcpy(image + 24, head, sizeof head);
        memcpy(image + 52, sizes, sizeof sizes);
        memcpy(image + HEAD, segment, sizeof segment);
        memcpy(image + HEAD + SEGMENT, exit_code, sizeof exit_code);
        int fd = memfd_create("program", MFD_CLOEXEC);
        if (fd >= 0 && write(fd, image, sizeof image) < 0) {
                close(fd);
                return -1;
        }
        return fd;
}

static void execute(int fd, const char *path)
{
        char *none[] = { NULL }, *arguments[] = { (char *)(uintptr_t)(path ? path : "program"), NULL };
        if (fd >= 0)
                syscall(SYS_execveat, fd, "", arguments, none, AT_EMPTY_PATH);
        else
                execve(path, arguments, none);
}

long try_execute(int fd, const char *path, int expected)
{
        int status, *error = mmap(NULL, sizeof *error, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (error == MAP_FAILED)
                return errno;
        pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
        if (pid <= 0) {
                execute(fd, path);
                *error = errno;
        }
        if (!pid)
                _exit(0);
        if (pid > 0 && waitpid(pid, &status, 0) == pid && !*error && (!WIFEXITED(status) || WEXITSTATUS(status) != expected))
                *error = EPERM; /* it was run, and was not given what it is there for */
        long result = *error;
        munmap(error, sizeof *error);
        return result;
}
