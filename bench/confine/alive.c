/* Many domains at once, idle: what each takes, in its process, in the host and in the kernel; and calls to all of them in turn. */
#include "bench/confine/bench.h"

#include <ctype.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/own.h"
#include "channel/message.h"

/* KiB, of the machine but for @host and @workers. What the kernel takes for processes is in several of its accounts. */
struct memory {
        int64_t host;    /* proportional size of this process */
        int64_t workers; /* of all that the warden has started */
        int64_t kernel;
        int64_t all; /* that is not available */
        uint32_t n;  /* processes that were counted */
};

/* The figure behind "@name:" in a file of /proc, or 0. */
static int64_t figure(const char *path, const char *name)
{
        char line[256];
        int64_t found = 0;
        FILE *file = fopen(path, "re");
        while (file && !found && fgets(line, sizeof line, file))
                if (!strncmp(line, name, strlen(name)) && line[strlen(name)] == ':')
                        found = strtoll(line + strlen(name) + 1, NULL, 10);
        if (file)
                fclose(file);
        return found;
}

static int64_t kernel_memory(void)
{
        static const char *const accounts[] = { "Slab", "KernelStack", "PageTables", "SecPageTables", "Percpu" };
        int64_t sum = 0;
        for (size_t i = 0; i < COUNT_OF(accounts); i++)
                sum += figure("/proc/meminfo", accounts[i]);
        return sum;
}

static int64_t proportional(const char *process)
{
        char path[300];
        snprintf(path, sizeof path, "/proc/%s/smaps_rollup", process);
        return figure(path, "Pss");
}

/* The warden is the one process that has a descriptor of this one, and the workers are its children. */
static bool is_warden(const char *process)
{
        char path[300];
        snprintf(path, sizeof path, "/proc/%s/fdinfo/%d", process, WIRE_HOST);
        return figure(path, "Pid") == getpid();
}

static int64_t find_warden(void)
{
        int64_t found = 0;
        DIR *proc = opendir("/proc");
        for (struct dirent *entry; proc && !found && (entry = readdir(proc));)
                if (isdigit((unsigned char)entry->d_name[0]) && is_warden(entry->d_name))
                        found = strtoll(entry->d_name, NULL, 10);
        if (proc)
                closedir(proc);
        return found;
}

static bool is_child(const char *process, int64_t parent)
{
        char path[300];
        snprintf(path, sizeof path, "/proc/%s/status", process);
        return figure(path, "PPid") == parent;
}

static struct memory memory_now(void)
{
        struct memory memory = { .host = proportional("self"), .kernel = kernel_memory() };
        memory.all = figure("/proc/meminfo", "MemTotal") - figure("/proc/meminfo", "MemAvailable");
        int64_t warden = find_warden();
        DIR *proc = opendir("/proc");
        for (struct dirent *entry; proc && warden && (entry = readdir(proc));) {
                if (!isdigit((unsigned char)entry->d_name[0]) || !is_child(entry->d_name, warden))
                        continue;
                memory.workers += proportional(entry->d_name);
                memory.n++;
        }
        if (proc)
                closedir(proc);
        return memory;
}

static uint32_t fill(struct bench *bench, enum ward_level level, struct cage **cages)
{
        uint32_t n = 0;
        while (n < bench->alive && !bench_activate(bench, level, &cages[n]))
                n++;
        return n;
}

/* Twice: in the first round each has been asleep for long, and what it needs is in no cache. Nanoseconds each. */
static uint64_t call_all(struct bench *bench, struct cage **cages, uint32_t n)
{
        uint32_t sum = 0;
        uint64_t start = clock_now();
        for (uint32_t i = 0; i < n; i++)
                if (cage_add(cages[i], sum, 1, &sum, &bench->fault))
                        return 0;
        return (clock_now() - start) / n;
}

static void print_each(const struct memory *before, const struct memory *now, uint32_t n)
{
        printf("  %22s each: worker %.0f KiB", "", (double)(now->workers - before->workers) / n);
        if (now->workers <= before->workers)
                printf(" (not readable)");
        printf(", host %.1f KiB, kernel %.0f KiB; of the machine's memory %.0f KiB; %.2f processes\n",
               (double)(now->host - before->host) / n, (double)(now->kernel - before->kernel) / n,
               (double)(now->all - before->all) / n, (double)(now->n - before->n) / n);
}

static void measure_level(struct bench *bench, enum ward_level level, struct cage **cages)
{
        const struct memory before = memory_now();
        uint64_t start = clock_now();
        uint32_t n = fill(bench, level, cages);
        uint64_t filled = clock_now();
        printf("  %-22s", ward_level_name(level));
        if (n < bench->alive)
                printf("%u, then: %s\n", n, bench->why);
        if (!n)
                return;
        const struct memory now = memory_now();
        uint64_t first = call_all(bench, cages, n), second = call_all(bench, cages, n), called = clock_now();
        for (uint32_t i = 0; i < n; i++)
                cage_release(cages[i]);
        printf("%u made in %.0f us each, called in turn in %.1f us, then %.1f us, unloaded in %.0f us\n", n,
               (double)(filled - start) / n / 1000, (double)first / 1000, (double)second / 1000,
               (double)(clock_now() - called) / n / 1000);
        print_each(&before, &now, n);
}

/* The first of a host's starts the warden, which is no domain's. */
void measure_alive(struct bench *bench)
{
        OWNED(freep) struct cage **cages = calloc(bench->alive, sizeof(*cages));
        struct cage *first = NULL;
        if (!cages || bench_activate(bench, WARD_LEVEL_DEFAULT, &first))
                return;
        cage_release(first);
        printf("\n%u domains alive, idle:\n", bench->alive);
        for (int i = 0; i < BENCH_LEVELS; i++)
                measure_level(bench, bench_levels[i], cages);
}
