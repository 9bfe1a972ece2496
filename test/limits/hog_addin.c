/* The add-in of test_limits.c and test_usage.c: uses much of one thing. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "base/clock.h"
#include "hog.h"

#define MS ((uint64_t)1000000)

enum { PAGE = 4096 };

int32_t exports_hog_add(int32_t a, int32_t b)
{
        return a + b;
}

static int64_t refused(void)
{
        return -1 - errno;
}

/* --- Processor -------------------------------------------------------------------------------- */

/* @amount: milliseconds of processor time. */
static int64_t burn(uint64_t amount)
{
        uint64_t end = clock_read(CLOCK_PROCESS_CPUTIME_ID) + amount * MS;
        while (clock_read(CLOCK_PROCESS_CPUTIME_ID) < end)
                continue;
        return 0;
}

/* Milliseconds on the clock; how many of these it had a processor. */
static int64_t spin(uint64_t amount)
{
        uint64_t begun = clock_read(CLOCK_PROCESS_CPUTIME_ID), end = clock_now() + amount * MS;
        while (clock_now() < end)
                continue;
        return (int64_t)((clock_read(CLOCK_PROCESS_CPUTIME_ID) - begun) / MS);
}

/* In a process of its own, as long as it lives. */
static int64_t burn_apart(uint64_t amount)
{
        pid_t pid = fork();
        if (pid < 0)
                return refused();
        if (!pid)
                burn(amount);
        if (!pid)
                _exit(0);
        return 0;
}

static int64_t count_processors(uint64_t amount)
{
        cpu_set_t set;
        return sched_getaffinity(0, sizeof set, &set) ? refused() : CPU_COUNT(&set);
}

static int64_t sleep_often(uint64_t amount)
{
        const struct timespec moment = { .tv_nsec = 1000 };
        for (uint64_t i = 0; i < amount; i++)
                nanosleep(&moment, NULL);
        return 0;
}

/* --- Memory ----------------------------------------------------------------------------------- */

static int64_t map(uint64_t amount, int flags)
{
        uint8_t *at = mmap(NULL, amount, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
        if (at == MAP_FAILED)
                return refused();
        madvise(at, amount, MADV_NOHUGEPAGE);
        for (uint64_t i = 0; i < amount; i += PAGE)
                at[i] = 1;
        return 0;
}

static int64_t touch(uint64_t amount)
{
        return map(amount, MAP_PRIVATE);
}

static int64_t touch_shared(uint64_t amount)
{
        return map(amount, MAP_SHARED);
}

/* As a file that nobody has mapped. */
static int64_t fill_file(uint64_t amount)
{
        static char block[1 << 20];
        int fd = memfd_create("hog", 0);
        for (uint64_t done = 0; fd >= 0 && done < amount; done += sizeof block)
                if (write(fd, block, sizeof block) < 0)
                        return refused();
        return fd < 0 ? refused() : 0;
}

/* --- Processes, threads, files ---------------------------------------------------------------- */

static void *wait_long(void *unused)
{
        pause();
        return unused;
}

/* How many there were before one was refused. */
static int64_t start_threads(uint64_t amount)
{
        for (uint64_t i = 0; i < amount; i++) {
                pthread_t thread;
                if (pthread_create(&thread, NULL, wait_long, NULL))
                        return (int64_t)i;
        }
        return (int64_t)amount;
}

static int64_t start_processes(uint64_t amount)
{
        for (uint64_t i = 0; i < amount; i++) {
                pid_t pid = fork();
                if (pid < 0)
                        return (int64_t)i;
                if (!pid)
                        for (;;)
                                pause();
        }
        return (int64_t)amount;
}

static int64_t open_files(uint64_t amount)
{
        for (uint64_t i = 0; i < amount; i++)
                if (dup(STDIN_FILENO) < 0)
                        return (int64_t)i;
        return (int64_t)amount;
}

/* Through to the disk; milliseconds that it took. */
static int64_t write_disk(uint64_t amount)
{
        static char block[1 << 18];
        int fd = open("/var/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
        uint64_t begun = clock_now();
        if (fd < 0)
                return refused();
        for (uint64_t done = 0; done < amount; done += sizeof block)
                if (write(fd, block, sizeof block) < 0 || fdatasync(fd))
                        return refused();
        close(fd);
        return (int64_t)((clock_now() - begun) / MS);
}

/* 1: the kernel would write one; 2: and may. */
static int64_t core_limit(uint64_t amount)
{
        struct rlimit limit;
        return getrlimit(RLIMIT_CORE, &limit) ? refused() : 2 * (limit.rlim_max != 0) + prctl(PR_GET_DUMPABLE);
}

static int64_t raise_limit(uint64_t amount)
{
        const struct rlimit limit = { amount, amount };
        return setrlimit(RLIMIT_NOFILE, &limit) ? refused() : 0;
}

int64_t exports_hog_act(hog_string_t *what, uint64_t amount)
{
        static const struct {
                const char *name;
                int64_t (*run)(uint64_t amount);
        } acts[] = {
                { "burn", burn },
                { "spin", spin },
                { "burn-apart", burn_apart },
                { "processors", count_processors },
                { "sleep", sleep_often },
                { "touch", touch },
                { "touch-shared", touch_shared },
                { "fill-file", fill_file },
                { "threads", start_threads },
                { "processes", start_processes },
                { "files", open_files },
                { "write", write_disk },
                { "core", core_limit },
                { "raise", raise_limit },
        };
        int64_t ret = INT64_MIN;
        for (size_t i = 0; i < sizeof acts / sizeof *acts; i++)
                if (strlen(acts[i].name) == what->len && !memcmp(acts[i].name, what->ptr, what->len))
                        ret = acts[i].run(amount);
        hog_string_free(what);
        return ret;
}
