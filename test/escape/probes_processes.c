/* Other processes: the host, the warden, a sibling. Signals are SIGURG, which harms nobody who does not expect it; in a namespace
 * of the attacker's own the numbers mean nobody, or itself. */
#include <fcntl.h>
#include <linux/kcmp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include "test/escape/acts.h"
#include "test/escape/areas.h"

/* --- Signals ---------------------------------------------------------------------------------- */

static long signal_host(const struct stage *stage, struct outcome *outcome, long argument)
{
        return done(kill(stage->host, SIGURG));
}

/* Only asks whether there is anybody: on a machine without PID namespaces they would all be hit. */
static long signal_all(const struct stage *stage, struct outcome *outcome, long argument)
{
        return done(kill(-1, 0));
}

static long signal_group(const struct stage *stage, struct outcome *outcome, long argument)
{
        pid_t group = getpgid(stage->host);
        return group < 0 ? errno : done(kill(-group, 0));
}

static long signal_thread(const struct stage *stage, struct outcome *outcome, long argument)
{
        return done(syscall(SYS_tgkill, stage->host, stage->host_thread, SIGURG));
}

static long signal_thread_alone(const struct stage *stage, struct outcome *outcome, long argument)
{
        return done(syscall(SYS_tkill, stage->host_thread, SIGURG));
}

static long signal_queued(const struct stage *stage, struct outcome *outcome, long argument)
{
        return done(sigqueue(stage->host, SIGURG, (union sigval){ 0 }));
}

static int descriptor_of(int32_t pid)
{
        return (int)syscall(SYS_pidfd_open, pid, 0);
}

static long signal_descriptor(const struct stage *stage, struct outcome *outcome, long argument)
{
        int fd = descriptor_of(stage->host);
        if (fd < 0)
                return errno;
        long error = done(syscall(SYS_pidfd_send_signal, fd, SIGURG, NULL, 0));
        close(fd);
        return error;
}

static long signal_sibling(const struct stage *stage, struct outcome *outcome, long argument)
{
        return done(kill(stage->sibling, SIGKILL));
}

static long signal_warden(const struct stage *stage, struct outcome *outcome, long argument)
{
        return done(kill(stage->warden, SIGURG));
}

/* A descriptor's events can be had as a signal to anybody. The kernel says nothing of whether it may be sent. */
static long signal_by_descriptor(const struct stage *stage, struct outcome *outcome, long argument)
{
        int ends[2];
        if (pipe2(ends, O_CLOEXEC))
                return errno;
        long error = done(fcntl(ends[0], F_SETOWN, stage->host));
        if (!error)
                error = done(fcntl(ends[0], F_SETSIG, SIGURG));
        if (!error)
                error = done(fcntl(ends[0], F_SETFL, O_ASYNC | O_NONBLOCK));
        if (!error)
                error = done(write(ends[1], "x", 1));
        close(ends[0]);
        close(ends[1]);
        return error;
}

/* --- Tracing and memory ----------------------------------------------------------------------- */

static int32_t victim(const struct stage *stage, long sibling)
{
        return sibling ? stage->sibling : stage->host;
}

/* Does not stop it, and lets go at the tracer's end. */
static long seize(const struct stage *stage, struct outcome *outcome, long sibling)
{
        return done(ptrace(PTRACE_SEIZE, victim(stage, sibling), NULL, NULL));
}

static long seize_in_child(const struct stage *stage, struct outcome *outcome, long sibling)
{
        return in_child(seize, stage, outcome, sibling);
}

static long trace_me(const struct stage *stage, struct outcome *outcome, long argument)
{
        return done(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static long trace_me_in_child(const struct stage *stage, struct outcome *outcome, long argument)
{
        return in_child(trace_me, stage, outcome, 0);
}

static long read_vector(const struct stage *stage, struct outcome *outcome, long sibling)
{
        struct iovec here = { outcome->text, 32 };
        struct iovec there = { (void *)(uintptr_t)(sibling ? stage->sibling_secret : stage->host_secret), 32 };
        ssize_t n = process_vm_readv(victim(stage, sibling), &here, 1, &there, 1, 0);
        outcome->length = n > 0 ? (uint32_t)n : 0;
        return done(n);
}

static long write_vector(const struct stage *stage, struct outcome *outcome, long sibling)
{
        char word[8] = "was here";
        struct iovec here = { word, sizeof word };
        struct iovec there = { (void *)(uintptr_t)(sibling ? stage->sibling_word : stage->host_word), sizeof word };
        return done(process_vm_writev(victim(stage, sibling), &here, 1, &there, 1, 0));
}

static long take_descriptor(const struct stage *stage, struct outcome *outcome, long sibling)
{
        int fd = descriptor_of(victim(stage, sibling));
        if (fd < 0)
                return errno;
        int taken = (int)syscall(SYS_pidfd_getfd, fd, sibling ? stage->sibling_file : stage->host_file, 0);
        long error = done(taken);
        if (taken >= 0) {
                ssize_t n = pread(taken, outcome->text, sizeof outcome->text, 0);
                outcome->length = n > 0 ? (uint32_t)n : 0;
                close(taken);
        }
        close(fd);
        return error;
}

static long advise(const struct stage *stage, struct outcome *outcome, long argument)
{
        struct iovec there = { (void *)(uintptr_t)(stage->host_word & ~4095ull), 4096 };
        int fd = descriptor_of(stage->host);
        if (fd < 0)
                return errno;
        long error = done(syscall(SYS_process_madvise, fd, &there, 1, MADV_COLD, 0));
        close(fd);
        return error;
}

/* Whether two have one kernel object: an oracle of the kernel's addresses. */
static long compare(const struct stage *stage, struct outcome *outcome, long argument)
{
        return done(syscall(SYS_kcmp, getpid(), stage->host, KCMP_FILES, 0, 0));
}

static long robust_list(const struct stage *stage, struct outcome *outcome, long argument)
{
        void *head;
        size_t length;
        return done(syscall(SYS_get_robust_list, stage->host, &head, &length));
}

static long move_memory(const struct stage *stage, struct outcome *outcome, long argument)
{
        void *page = (void *)(uintptr_t)(stage->host_word & ~4095ull);
        int status = 0;
        return done(syscall(SYS_move_pages, stage->host, 1, &page, NULL, &status, 0));
}

/* --- Settings --------------------------------------------------------------------------------- */

static long set_limit(const struct stage *stage, struct outcome *outcome, long argument)
{
        struct rlimit old;
        if (prlimit(stage->host, RLIMIT_CORE, NULL, &old))
                return errno;
        old.rlim_cur = old.rlim_cur ? 0 : old.rlim_max > 4096 ? 4096 : old.rlim_max;
        return done(prlimit(stage->host, RLIMIT_CORE, &old, NULL));
}

/* To what it is: an ordinary user could not take it back. */
static long set_priority(const struct stage *stage, struct outcome *outcome, long argument)
{
        errno = 0;
        int old = getpriority(PRIO_PROCESS, (id_t)stage->host);
        return errno ? errno : done(setpriority(PRIO_PROCESS, (id_t)stage->host, old));
}

static long set_affinity(const struct stage *stage, struct outcome *outcome, long argument)
{
        cpu_set_t set;
        if (sched_getaffinity(stage->host, sizeof set, &set))
                return errno;
        for (int i = CPU_SETSIZE - 1; CPU_COUNT(&set) > 1; i--)
                CPU_CLR(i, &set);
        return done(sched_setaffinity(stage->host, sizeof set, &set));
}

static long set_scheduler(const struct stage *stage, struct outcome *outcome, long argument)
{
        const struct sched_param zero = { 0 };
        return done(sched_setscheduler(stage->host, SCHED_BATCH, &zero));
}

static long set_io_priority(const struct stage *stage, struct outcome *outcome, long argument)
{
        enum { WHO_PROCESS = 1, BEST_EFFORT_7 = 2 << 13 | 7 };
        return done(syscall(SYS_ioprio_set, WHO_PROCESS, stage->host, BEST_EFFORT_7));
}

static long real_time(const struct stage *stage, struct outcome *outcome, long argument)
{
        const struct sched_param one = { .sched_priority = 1 };
        return done(sched_setscheduler(0, SCHED_FIFO, &one));
}

static long nicest(const struct stage *stage, struct outcome *outcome, long argument)
{
        return done(setpriority(PRIO_PROCESS, 0, -20));
}

/* --- Children --------------------------------------------------------------------------------- */

static long clone_newer(const struct stage *stage, struct outcome *outcome, long flags)
{
        uint64_t arguments[8] = { (uint64_t)flags, 0, 0, 0, SIGCHLD };
        pid_t pid = (pid_t)syscall(SYS_clone3, arguments, sizeof arguments);
        if (!pid)
                _exit(0);
        if (pid > 0)
                waitpid(pid, NULL, 0);
        return done(pid);
}

static long fork_virtually(const struct stage *stage, struct outcome *outcome, long argument)
{
#ifdef SYS_fork
        pid_t pid = (pid_t)syscall(SYS_fork);
#else
        pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
#endif
        if (!pid)
                _exit(0);
        if (pid > 0)
                waitpid(pid, NULL, 0);
        return done(pid);
}

#define OUT                                                                                                                        \
        {                                                                                                                          \
                NOBODY, NOBODY, USER, USER                                                                                         \
        }
/* PID namespaces hold these at every level. */
#define NOT_HERE                                                                                                                   \
        {                                                                                                                          \
                NOBODY, NOBODY, NOBODY, NOBODY                                                                                     \
        }
#define RAISE                                                                                                                      \
        {                                                                                                                          \
                REFUSED, REFUSED, USER, USER                                                                                       \
        }

static const struct probe processes[] = {
        { "signal-host", signal_host, 0, SIGNALLED, NOT_HERE, .why = "the host is in no namespace that a worker can name" },
        { "signal-all", signal_all, 0, WITNESSED, NOT_HERE, .why = "a signal to all is a signal to the own namespace" },
        { "signal-group", signal_group, 0, WITNESSED, NOT_HERE, .why = "so are groups" },
        { "signal-thread", signal_thread, 0, SIGNALLED, NOT_HERE, .why = "threads are named as processes are" },
        { "signal-thread-alone", signal_thread_alone, 0, SIGNALLED, NOT_HERE, .why = "likewise" },
        { "signal-queued", signal_queued, 0, SIGNALLED, NOT_HERE, .why = "likewise" },
        { "signal-descriptor", signal_descriptor, 0, SIGNALLED, NOT_HERE, .why = "no descriptor can be had of who has no name" },
        { "signal-by-descriptor", signal_by_descriptor, 0, SIGNALLED, NOT_HERE,
          .why = "an owner of a descriptor has to have a name" },
        { "signal-sibling", signal_sibling, 0, SIBLING, NOT_HERE, .why = "each worker is in a namespace of its own" },
        { "signal-warden", signal_warden, 0, WITNESSED, NOT_HERE, HELD_ONLY, .why = "who ends the warden ends all domains" },
        { "trace-host", seize_in_child, 0, WITNESSED, NOT_HERE, .why = "who traces the host is the host" },
        { "trace-sibling", seize_in_child, 1, WITNESSED, NOT_HERE, .why = "domains are held from one another" },
        { "trace-me", trace_me_in_child, 0, WITNESSED, { REFUSED, REFUSED, USER, USER }, .why = "ptrace(2) is not needed at all" },
        { "vm-read-host", read_vector, 0, SECRET, NOT_HERE, .why = "the host's memory is its own" },
        { "vm-read-sibling", read_vector, 1, SECRET, NOT_HERE, .why = "a domain's memory is its own" },
        { "vm-write-host", write_vector, 0, MEMORY, NOT_HERE, .why = "above all to be written" },
        { "vm-write-sibling", write_vector, 1, SIBLING, NOT_HERE, .why = "above all to be written" },
        { "pidfd-getfd-host", take_descriptor, 0, SECRET, NOT_HERE, .why = "what another has open is its own" },
        { "pidfd-getfd-sibling", take_descriptor, 1, SECRET, NOT_HERE, .why = "also memory that has no name" },
        { "process-madvise", advise, 0, WITNESSED, NOT_HERE, .why = "what lies in memory tells by its time what the host does" },
        { "kcmp", compare, 0, WITNESSED, NOT_HERE, .why = "it orders the kernel's addresses" },
        { "robust-list", robust_list, 0, WITNESSED, NOT_HERE, .why = "it has addresses" },
        { "move-pages", move_memory, 0, WITNESSED, NOT_HERE, .why = "where another's memory lies is not to be set" },
        { "host-limits", set_limit, 0, SCHEDULED, NOT_HERE, .why = "the host's limits are its own" },
        { "host-priority", set_priority, 0, WITNESSED, NOT_HERE, .why = "so is its priority" },
        { "host-processors", set_affinity, 0, SCHEDULED, NOT_HERE, .why = "so is where it runs" },
        { "host-scheduler", set_scheduler, 0, SCHEDULED, NOT_HERE, .why = "so is how" },
        { "host-io-priority", set_io_priority, 0, WITNESSED, NOT_HERE, .why = "so is its turn at the disk" },
        { "real-time", real_time, 0, WITNESSED, RAISE, FRESH, .why = "who runs in real time starves the others" },
        { "nicest", nicest, 0, WITNESSED, { REFUSED, REFUSED, USER, USER }, FRESH, .why = "nor is anybody else to wait" },
        { "fork", fork_virtually, 0, WITNESSED, RAISE, .spawns = WORKS, .why = "processes need the permission spawn" },
        { "clone-untraced", clone_child, CLONE_UNTRACED, WITNESSED, RAISE, .why = "a child that tracers do not see" },
        { "clone-parent",
          clone_child,
          CLONE_PARENT,
          WITNESSED,
          { REFUSED, REFUSED, AS(EINVAL) | WORKS, AS(EINVAL) | WORKS },
          .why = "a child of the warden's would be nobody's" },
        { "clone3", clone_newer, 0, WITNESSED, RAISE, .why = "a filter cannot read its arguments, so it is said not to exist" },
};

const struct area area_processes = { "processes", PROBES(processes) };
