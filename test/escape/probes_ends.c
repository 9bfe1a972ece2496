/* What costs the attacker its own domain and nobody anything else: hogs, crashes, lies. */
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include "test/escape/acts.h"
#include "test/escape/areas.h"

/* --- Hogs: each stops at a multiple of what the runner allows, which is a failure ----------------
 *
 * Where limits are kept by looking now and then, it waits a while with what it has got. */

enum { WATCHED_S = 2 };

static void wait_for_watchdog(bool got_all)
{
        if (got_all)
                sleep(WATCHED_S);
}

enum { MANY_PROCESSES = 2 * LIMIT_PROCESSES, MANY_FILES = 4 * LIMIT_FILES, MANY_MB = 4 * LIMIT_MB, MB = 1 << 20 };

static long fork_bomb(const struct stage *stage, struct outcome *outcome, long argument)
{
        static pid_t children[MANY_PROCESSES];
        int n = 0;
        long error = 0;
        while (n < MANY_PROCESSES && !error) {
                pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
                if (!pid)
                        for (;;)
                                pause();
                error = done(pid);
                if (!error)
                        children[n++] = pid;
        }
        wait_for_watchdog(!error);
        for (int i = 0; i < n; i++) {
                kill(children[i], SIGKILL);
                waitpid(children[i], NULL, 0);
        }
        return error;
}

static void *wait_for_end(void *end)
{
        char byte;
        return read(*(int *)end, &byte, 1) ? end : NULL;
}

static long thread_bomb(const struct stage *stage, struct outcome *outcome, long argument)
{
        static pthread_t threads[MANY_PROCESSES];
        pthread_attr_t small;
        int ends[2], n = 0, error = 0;
        if (pipe2(ends, O_CLOEXEC))
                return errno;
        pthread_attr_init(&small);
        pthread_attr_setstacksize(&small, 64 << 10);
        while (n < MANY_PROCESSES && !(error = pthread_create(&threads[n], &small, wait_for_end, &ends[0])))
                n++;
        wait_for_watchdog(!error);
        close(ends[1]);
        for (int i = 0; i < n; i++)
                pthread_join(threads[i], NULL);
        close(ends[0]);
        return error;
}

static long take_private(const struct stage *stage, struct outcome *outcome, long argument)
{
        for (int i = 0; i < MANY_MB; i++) {
                char *at = mmap(NULL, MB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                if (at == MAP_FAILED)
                        return errno;
                memset(at, 1, MB);
        }
        return 0;
}

static long take_shared(const struct stage *stage, struct outcome *outcome, long argument)
{
        for (int i = 0; i < MANY_MB; i++) {
                char *at = mmap(NULL, MB, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
                if (at == MAP_FAILED)
                        return errno;
                memset(at, 1, MB);
        }
        wait_for_watchdog(true);
        return 0;
}

/* @fd stays open, and full. */
static long fill(int fd)
{
        static char block[MB];
        if (fd < 0)
                return errno;
        memset(block, 1, sizeof block);
        for (int i = 0; i < MANY_MB; i++)
                if (write(fd, block, sizeof block) < 0)
                        return errno;
        wait_for_watchdog(true);
        return 0;
}

static long fill_memory(const struct stage *stage, struct outcome *outcome, long argument)
{
        signal(SIGXFSZ, SIG_IGN);
        return fill(memfd_create("filler", MFD_CLOEXEC));
}

static long fill_file(const struct stage *stage, struct outcome *outcome, long argument)
{
        signal(SIGXFSZ, SIG_IGN);
        int fd = open(in(stage->writable, "filler"), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
        long error = fill(fd);
        if (fd >= 0)
                close(fd);
        unlink(in(stage->writable, "filler"));
        return error;
}

static long take_descriptors(const struct stage *stage, struct outcome *outcome, long argument)
{
        static int taken[MANY_FILES];
        int n = 0;
        long error = 0;
        while (n < MANY_FILES && !error) {
                int fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
                error = done(fd);
                if (!error)
                        taken[n++] = fd;
        }
        while (n)
                close(taken[--n]);
        return error;
}

static long spin(const struct stage *stage, struct outcome *outcome, long argument)
{
        for (volatile unsigned i = 0;; i++)
                continue;
        return 0;
}

/* --- Ends ------------------------------------------------------------------------------------- */

enum crash { ABORTS, TRAPS, DIVIDES };

__attribute__((no_sanitize("undefined"))) static long crash(const struct stage *stage, struct outcome *outcome, long how)
{
        volatile int zero = 0, one = 1;
        if (how == ABORTS)
                abort();
        if (how == TRAPS)
                __builtin_trap();
        return one / zero;
}

/* As process 1 of its namespace it is not reached by what it does not handle. */
static long crash_by_signal(const struct stage *stage, struct outcome *outcome, long number)
{
        struct sigaction plain = { .sa_handler = SIG_DFL };
        sigaction((int)number, &plain, NULL);
        return done(kill(getpid(), (int)number));
}

static long stop(const struct stage *stage, struct outcome *outcome, long argument)
{
        return done(kill(getpid(), SIGSTOP));
}

__attribute__((no_sanitize("undefined"))) static long write_nowhere(const struct stage *stage, struct outcome *outcome,
                                                                    long argument)
{
        int *volatile nowhere = (int *)8;
        *nowhere = 1;
        return 0;
}

static long overflow(const struct stage *stage, struct outcome *outcome, long depth)
{
        volatile char page[4096];
        page[depth % 4096] = (char)depth;
        return depth < LONG_MAX ? overflow(stage, outcome, depth + 1) + page[7] : 0;
}

static long leave(const struct stage *stage, struct outcome *outcome, long argument)
{
        if (argument)
                syscall(SYS_exit_group, 3);
        _exit(3);
}

/* --- Lies: to the host, by what the domain shares with it ------------------------------------------ */

static sigjmp_buf beyond;

static void step_back(int number)
{
        (void)number;
        siglongjmp(beyond, 1);
}

__attribute__((no_sanitize("address", "undefined"))) static void scrawl_page(uint8_t *page, bool noise)
{
        for (size_t i = 0; i < 4096; i += 8)
                *(volatile uint64_t *)(void *)(page + i) = noise ? ((uintptr_t)page + i) * 0x9e3779b97f4a7c15u : ~0ull;
}

/* From where values lie downwards, over the mailboxes, wherever it can be written. */
static long scrawl(const struct stage *stage, struct outcome *outcome, long noise)
{
        struct sigaction back = { .sa_handler = step_back, .sa_flags = SA_NODEFER }, old;
        uint8_t *const top = (uint8_t *)((uintptr_t)probe_shared & ~(uintptr_t)4095);
        volatile size_t written = 0;
        sigaction(SIGSEGV, &back, &old);
        for (volatile size_t n = 0; n < 64 * MB / 4096; n++)
                if (!sigsetjmp(beyond, 0)) {
                        scrawl_page(top - n * 4096, noise);
                        written++;
                }
        sigaction(SIGSEGV, &old, NULL);
        return written ? 0 : EFAULT;
}

/* What the domain's own descriptors take. */
static long babble(const struct stage *stage, struct outcome *outcome, long argument)
{
        static char noise[512];
        memset(noise, (int)argument, sizeof noise);
        for (int fd = STDERR_FILENO + 1; fd < 16; fd++)
                for (int i = 0; i < 64; i++) {
                        send(fd, noise, sizeof noise, MSG_DONTWAIT | MSG_NOSIGNAL);
                        if (write(fd, noise, 8) < 0 && errno == EAGAIN)
                                break;
                }
        return 0;
}

/* Passes what it has to whoever is at the other end. */
static long pass_descriptors(const struct stage *stage, struct outcome *outcome, long argument)
{
        union {
                struct cmsghdr head;
                char bytes[CMSG_SPACE(sizeof(int))];
        } control;
        for (int fd = STDERR_FILENO + 1; fd < 16; fd++) {
                struct iovec bytes = { (char *)"x", 1 };
                struct msghdr message = {
                        .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
                };
                control.head = (struct cmsghdr){ CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS };
                memcpy(CMSG_DATA(&control.head), &fd, sizeof fd);
                for (int i = 0; i < 64; i++)
                        sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
        }
        return 0;
}

#define NEVER(set)                                                                                                                 \
        {                                                                                                                          \
                set, set, set, set                                                                                                 \
        }
#define STOPS (AS(EAGAIN) | AS(EPERM) | AS(ENOMEM) | AS(LIMIT))
#define EATEN (AS(ENOMEM) | AS(LIMIT) | AS(EFBIG) | AS(ENOSPC) | AS(SIGNAL))
#define HOG   (FRESH | HELD_ONLY)
/* The attacker may hurt itself. */
#define LIED (AS(PROTOCOL) | AS(DEADLINE) | AS(SIGNAL) | AS(EXIT))
#define LIE  (HOG | SHORT)

static const struct probe limits[] = {
        { "fork-bomb", fork_bomb, 0, WITNESSED, NEVER(STOPS), HOG, .why = "processes are counted" },
        { "thread-bomb", thread_bomb, 0, WITNESSED, NEVER(STOPS), HOG, .why = "so are threads" },
        { "hog-memory", take_private, 0, WITNESSED, NEVER(EATEN), HOG, .why = "memory is counted" },
        { "hog-memory-shared", take_shared, 0, WITNESSED, NEVER(EATEN), HOG, .why = "so is what is shared with nobody" },
        { "hog-memory-file", fill_memory, 0, WITNESSED, NEVER(EATEN | REFUSED), HOG, .why = "so are files that lie in memory" },
        { "hog-file-filler", fill_file, 0, WITNESSED, { NOT_THERE, EATEN, EATEN, EATEN }, HOG, .why = "files have a size" },
        { "hog-descriptors", take_descriptors, 0, WITNESSED, NEVER(AS(EMFILE) | AS(LIMIT)), HOG, .why = "descriptors are counted" },
        { "hog-spin", spin, 0, WITNESSED, NEVER(AS(DEADLINE)), HOG | SHORT, .why = "a call ends in its time" },
};

static const struct probe ends[] = {
        { "end-null", write_nowhere, 0, WITNESSED, NEVER(AS(SIGNAL)), HOG, .why = "a crash is a fault" },
        { "end-overflow", overflow, 0, WITNESSED, NEVER(AS(SIGNAL)), HOG, .why = "so is a stack that is full" },
        { "end-abort", crash, ABORTS, WITNESSED, NEVER(AS(SIGNAL)), HOG, .why = "likewise" },
        { "end-trap", crash, TRAPS, WITNESSED, NEVER(AS(SIGNAL)), HOG, .why = "likewise" },
        { "end-divide", crash, DIVIDES, WITNESSED, NEVER(AS(SIGNAL)), HOG, .why = "likewise" },
        { "end-signal", crash_by_signal, SIGTERM, WITNESSED, NEVER(AS(SIGNAL) | WORKS), HOG,
          .why = "who ends itself by a signal is told of, unless the kernel does not let it" },
        { "end-kill", crash_by_signal, SIGKILL, WITNESSED, NEVER(AS(SIGNAL) | WORKS), HOG, .why = "likewise" },
        { "end-stop", stop, 0, WITNESSED, NEVER(AS(DEADLINE) | WORKS | REFUSED), HOG | SHORT,
          .why = "who stops itself is ended by the deadline" },
        { "end-exit", leave, 0, WITNESSED, NEVER(AS(EXIT)), HOG, .why = "its end is a fault" },
        { "end-exit-group", leave, 1, WITNESSED, NEVER(AS(EXIT)), HOG, .why = "likewise" },
};

static const struct probe lies[] = {
        { "lie-scrawl", scrawl, 0, WITNESSED, NEVER(LIED), LIE,
          .why = "what is shared is the domain's: nonsense in it is a fault" },
        { "lie-scrawl-noise", scrawl, 1, WITNESSED, NEVER(LIED), LIE, .why = "likewise" },
        { "lie-babble", babble, 0, WITNESSED, NEVER(LIED | WORKS), LIE, .why = "so is what comes by its socket" },
        { "lie-babble-ones", babble, 0xff, WITNESSED, NEVER(LIED | WORKS), LIE, .why = "likewise" },
        { "lie-pass-descriptors", pass_descriptors, 0, WITNESSED, NEVER(LIED | WORKS), LIE,
          .why = "descriptors that nobody asked for are closed" },
};

const struct area area_limits = { "limits", PROBES(limits) };
const struct area area_ends = { "ends", PROBES(ends) };
const struct area area_lies = { "lies", PROBES(lies) };
