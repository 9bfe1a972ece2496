#include "worker/heritage.h"

#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/own.h"

enum { FILES = 1024 }; /* what select(2) can be given */

static struct rlimit files;

/* Soft limits are what a process asks of itself. Those of stack and core stay: the one is how memory is laid out, the other is a
 * level's affair. */
static void raise_limits(void)
{
        static const int limits[] = { RLIMIT_AS,     RLIMIT_CPU,   RLIMIT_DATA,   RLIMIT_FSIZE,      RLIMIT_LOCKS,   RLIMIT_MEMLOCK,
                                      RLIMIT_NOFILE, RLIMIT_NPROC, RLIMIT_RTTIME, RLIMIT_SIGPENDING, RLIMIT_MSGQUEUE };
        struct rlimit limit;
        getrlimit(RLIMIT_NOFILE, &files);
        for (size_t i = 0; i < COUNT_OF(limits); i++) {
                if (getrlimit(limits[i], &limit) < 0)
                        continue;
                limit.rlim_cur = limit.rlim_max;
                setrlimit(limits[i], &limit);
        }
}

/* A host's thread may run in real time: an add-in is not to, nor its supervisor. */
static void run_as_any(void)
{
        enum { IOPRIO_WHO_PROCESS = 1 };
        const struct sched_param none = { .sched_priority = 0 };
        if (sched_getscheduler(0) != SCHED_OTHER)
                sched_setscheduler(0, SCHED_OTHER, &none);
        if (getpriority(PRIO_PROCESS, 0) < 0)
                setpriority(PRIO_PROCESS, 0, 0);
        syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, 0);
        prctl(PR_SET_TIMERSLACK, 0);
}

void heritage_drop(void)
{
        raise_limits();
        run_as_any();
        umask(umask(0) | S_IWGRP | S_IWOTH); /* never less than usual; one who is stricter knows why */
}

void heritage_restore_files(void)
{
        struct rlimit limit = { .rlim_cur = FILES, .rlim_max = files.rlim_max };
        if (limit.rlim_cur < files.rlim_cur)
                limit.rlim_cur = files.rlim_cur;
        if (limit.rlim_cur > limit.rlim_max)
                limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
}
