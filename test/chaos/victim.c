/* Whom to kill, and where: processes are found by whose children they are, and killed by descriptor. */
#include "test/chaos/chaos.h"

#include <ctype.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/own.h"

enum { MANY = 64, PATIENCE = 20000000 /* ns */ };

unsigned victim_children(pid_t parent, pid_t host, pid_t *ret_pids, unsigned n)
{
        char path[64];
        unsigned found = 0;
        int pid;
        snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)parent, (int)parent);
        FILE *list = fopen(path, "re");
        while (list && found < n && fscanf(list, "%d", &pid) == 1)
                if (pid != host)
                        ret_pids[found++] = pid;
        if (list)
                fclose(list);
        return found;
}

static bool is_called(pid_t pid, const char *name)
{
        char path[64], comm[32] = "";
        snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
        FILE *file = fopen(path, "re");
        bool is = file && fgets(comm, sizeof comm, file) && !strncmp(comm, name, strlen(name));
        if (file)
                fclose(file);
        return is;
}

/* One of the warden's children that is a zygote, or that is none. */
static pid_t find_below(pid_t warden, bool zygote)
{
        pid_t pids[MANY], fitting[MANY];
        unsigned n = victim_children(warden, 0, pids, MANY), fit = 0;
        for (unsigned i = 0; i < n; i++)
                if (is_called(pids[i], "ward-zygote") == zygote)
                        fitting[fit++] = pids[i];
        return fit ? fitting[(unsigned)rand() % fit] : 0;
}

static pid_t find(enum victim victim, pid_t host)
{
        pid_t warden = 0;
        if (victim == VICTIM_HOST || victim == VICTIM_HOST_AND_WARDEN)
                return host;
        if (!victim_children(getpid(), host, &warden, 1) || victim == VICTIM_WARDEN)
                return warden;
        return find_below(warden, victim == VICTIM_ZYGOTE);
}

/* A thread of @pid's: the first one of a host only waits for the others. */
static pid_t pick_thread(pid_t pid)
{
        char path[64];
        pid_t found = pid;
        unsigned n = 0;
        snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
        DIR *tasks = opendir(path);
        for (struct dirent *entry; tasks && (entry = readdir(tasks));)
                if (isdigit((unsigned char)entry->d_name[0]) && !((unsigned)rand() % ++n))
                        found = (pid_t)strtol(entry->d_name, NULL, 10);
        if (tasks)
                closedir(tasks);
        return found;
}

/* Waits until @thread stops: one that sleeps does not. */
static bool stops(pid_t thread)
{
        int status;
        for (uint64_t until = chaos_now() + PATIENCE; chaos_now() < until;) {
                pid_t r = waitpid(thread, &status, __WALL | WNOHANG);
                if (r)
                        return r == thread && WIFSTOPPED(status);
        }
        return false;
}

static bool step(pid_t thread, unsigned steps)
{
        if (ptrace(PTRACE_SEIZE, thread, NULL, (void *)(uintptr_t)PTRACE_O_EXITKILL) < 0)
                return false;
        ptrace(PTRACE_INTERRUPT, thread, NULL, NULL);
        while (steps-- && stops(thread))
                ptrace(PTRACE_SINGLESTEP, thread, NULL, NULL);
        return true;
}

/* Until this was waited for, nobody else is told of the end of what was traced. */
static void let_go(pid_t thread)
{
        int status;
        while (waitpid(thread, &status, __WALL) == thread && !WIFEXITED(status) && !WIFSIGNALED(status))
                continue;
}

/* Counted before and behind, so that whoever came in between has a reason as well. */
static void end(int fd, pid_t pid, unsigned steps, _Atomic uint32_t *kills)
{
        pid_t thread = steps ? pick_thread(pid) : 0;
        bool traced = thread && step(thread, steps);
        atomic_fetch_add(kills, 1);
        syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0);
        atomic_fetch_add(kills, 1);
        if (traced)
                let_go(thread);
}

bool victim_kill(enum victim victim, pid_t host, unsigned steps, _Atomic uint32_t *kills)
{
        pid_t pid = find(victim, host), warden = victim == VICTIM_HOST_AND_WARDEN ? find(VICTIM_WARDEN, host) : 0;
        OWNED(fd_closep) int fd = pid ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
        if (fd < 0)
                return false;
        end(fd, pid, steps, kills);
        if (warden)
                kill(warden, SIGKILL); /* a child of this process: nobody else has its number until it is waited for */
        return true;
}
