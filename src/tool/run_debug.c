/* Waiting for a debugger. No event tells that one has come, so it is looked for. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include "tool/run.h"

enum {
        LOOK_MS = 20,
        STEADY = 3, /* looks at which it ran: a debugger takes a moment to stop it */
};

long run_sender(int socket)
{
        char byte;
        _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct ucred))];
        struct iovec bytes = { &byte, 1 };
        struct msghdr message = { .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
        struct ucred sender;
        if (recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) != 1)
                return 0;
        for (struct cmsghdr *part = CMSG_FIRSTHDR(&message); part; part = CMSG_NXTHDR(&message, part))
                if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_CREDENTIALS &&
                    part->cmsg_len == CMSG_LEN(sizeof sender)) {
                        memcpy(&sender, CMSG_DATA(part), sizeof sender);
                        return sender.pid;
                }
        return 0;
}

/* False: there is no such process any more. */
static bool look(long pid, long *ret_tracer, char *ret_state)
{
        char path[64], line[256];
        snprintf(path, sizeof path, "/proc/%ld/status", pid);
        FILE *status = fopen(path, "re");
        if (!status)
                return false;
        *ret_tracer = 0;
        *ret_state = 'X';
        while (fgets(line, sizeof line, status)) {
                sscanf(line, "State: %c", ret_state);
                sscanf(line, "TracerPid: %ld", ret_tracer);
        }
        fclose(status);
        return *ret_state != 'X' && *ret_state != 'Z';
}

/* The debugger is to read the files that this process sees: what is held sees none, or others. */
static void explain(struct run *run, long pid)
{
        const struct run_target *target = run->target;
        fprintf(stderr, "ward run: process %ld waits for a debugger. In another terminal:\n\n", pid);
        fprintf(stderr, "  gdb -iex 'set sysroot /' -p %ld ", pid);
        if (target->function)
                fprintf(stderr, "-ex 'break %s' -ex continue\n\n", target->function);
        else
                fprintf(stderr, "-ex 'set follow-fork-mode child' -ex 'catch exec' -ex continue\n\n");
        fprintf(stderr, "It goes on when the debugger has let it continue.\n");
}

bool run_wait_for_debugger(struct run *run, long pid)
{
        int steady = 0;
        char state;
        explain(run, pid);
        while (steady < STEADY) {
                long tracer;
                if (!look(pid, &tracer, &state))
                        return false;
                steady = tracer && state != 't' && state != 'T' ? steady + 1 : 0;
                nanosleep(&(struct timespec){ .tv_nsec = LOOK_MS * 1000000L }, NULL);
        }
        return true;
}
