/* Control files: their names, what is written to them, and what is read from them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/own.h"
#include "sandbox/cgroup_parts.h"

int cgroup_file_write(int folder, const char *name, const char *text)
{
        OWNED(fd_closep) int fd = openat(folder, name, O_WRONLY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        ssize_t n = write(fd, text, strlen(text));
        return n < 0 ? -errno : 0;
}

int cgroup_file_read(int folder, const char *name, char *ret_text, size_t size)
{
        OWNED(fd_closep) int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
        ssize_t n = fd < 0 ? -1 : read(fd, ret_text, size - 1);
        if (n < 0)
                return -errno;
        ret_text[n] = 0;
        return (int)n;
}

unsigned cgroup_controllers_named(unsigned version, const char *names, const char *separators)
{
        static const struct {
                const char *names[2]; /* by version */
                unsigned controllers[2];
        } known[] = {
                { { "memory", "memory" }, { CGROUP_MEMORY, CGROUP_MEMORY } },
                { { "cpu", "cpu" }, { CGROUP_CPU, CGROUP_CPU } },
                { { "pids", "pids" }, { CGROUP_PIDS, CGROUP_PIDS } },
                { { "cpuacct", "" }, { CGROUP_TIME, 0 } },
                { { "blkio", "io" }, { CGROUP_READ, CGROUP_READ | CGROUP_WRITE } },
        };
        unsigned found = 0;
        for (const char *at = names; *at;) {
                size_t len = strcspn(at, separators);
                for (size_t i = 0; len && i < COUNT_OF(known); i++)
                        if (strlen(known[i].names[version - 1]) == len && !memcmp(at, known[i].names[version - 1], len))
                                found |= known[i].controllers[version - 1];
                at += len;
                at += strspn(at, separators);
        }
        return found;
}

/* One after the other: one that cannot be is no reason for others not to be. */
void cgroup_hand_down(int folder, unsigned controllers)
{
        static const struct {
                unsigned controllers;
                const char *name;
        } known[] = {
                { CGROUP_MEMORY, "+memory" },
                { CGROUP_CPU, "+cpu" },
                { CGROUP_PIDS, "+pids" },
                { CGROUP_READ | CGROUP_WRITE, "+io" },
        };
        for (size_t i = 0; i < COUNT_OF(known); i++)
                if (known[i].controllers & controllers)
                        cgroup_file_write(folder, "cgroup.subtree_control", known[i].name);
}

/* --- Limits ----------------------------------------------------------------------------------- */

static bool set(int folder, const char *name, const char *format, ...) __attribute__((format(printf, 3, 4)));

static bool set(int folder, const char *name, const char *format, ...)
{
        char text[256];
        va_list args;
        va_start(args, format);
        vsnprintf(text, sizeof text, format, args);
        va_end(args);
        return !cgroup_file_write(folder, name, text);
}

/* What lies in swap counts, where the kernel can count it. At version 2 the kernel then ends all of a group, rather than one of
 * its processes. */
static bool set_memory(unsigned version, int folder, uint64_t bytes)
{
        if (version == 1) {
                bool held = set(folder, "memory.limit_in_bytes", "%" PRIu64, bytes);
                set(folder, "memory.memsw.limit_in_bytes", "%" PRIu64, bytes);
                return held;
        }
        set(folder, "memory.swap.max", "0");
        set(folder, "memory.oom.group", "1");
        return set(folder, "memory.max", "%" PRIu64, bytes);
}

/* A domain that has used its share waits for the rest of a period: the shorter that is, the less a call takes longer. The kernel
 * gives out no less than a millisecond. */
static bool set_cpu(unsigned version, int folder, uint32_t percent)
{
        enum { PERIOD_US = 20000, QUOTA_US = 1000 };
        uint64_t period = (uint64_t)PERIOD_US * percent / 100 < QUOTA_US ? 100 * QUOTA_US / percent : PERIOD_US;
        uint64_t quota = period * percent / 100;
        if (version == 1)
                return set(folder, "cpu.cfs_period_us", "%" PRIu64, period) && set(folder, "cpu.cfs_quota_us", "%" PRIu64, quota);
        return set(folder, "cpu.max", "%" PRIu64 " %" PRIu64, quota, period);
}

/* The limit is for each disk. */
static bool set_disk(unsigned version, int folder, const char *disk, const struct sandbox_limits *limits)
{
        char read[40] = "rbps=max", write[40] = "wbps=max";
        if (version == 1)
                return set(folder, "blkio.throttle.read_bps_device", "%s %" PRIu64, disk, limits->read_bytes);
        if (limits->read_bytes)
                snprintf(read, sizeof read, "rbps=%" PRIu64, limits->read_bytes);
        if (limits->write_bytes)
                snprintf(write, sizeof write, "wbps=%" PRIu64, limits->write_bytes);
        return set(folder, "io.max", "%s %s %s", disk, read, write);
}

/* All whole disks; not what lies in memory, nor loops, which end on disks. Where there is none, nothing is held. */
static bool set_disks(unsigned version, int folder, const struct sandbox_limits *limits)
{
        static const char *const others[] = { "loop", "ram", "zram" };
        DIR *list = opendir("/sys/block");
        bool any = false, all = true;
        for (const struct dirent *entry; list && (entry = readdir(list));) {
                char name[300], disk[32];
                bool other = entry->d_name[0] == '.';
                for (size_t i = 0; i < COUNT_OF(others); i++)
                        other |= !strncmp(entry->d_name, others[i], strlen(others[i]));
                snprintf(name, sizeof name, "%s/dev", entry->d_name);
                if (other || cgroup_file_read(dirfd(list), name, disk, sizeof disk) <= 0)
                        continue;
                disk[strcspn(disk, "\n")] = 0;
                any = true;
                all &= set_disk(version, folder, disk, limits);
        }
        if (list)
                closedir(list);
        return any && all;
}

unsigned cgroup_set(const struct cgroup_tree *tree, int folder, unsigned wanted, const struct sandbox_limits *limits)
{
        unsigned held = wanted & CGROUP_TIME, disks = wanted & (CGROUP_READ | CGROUP_WRITE);
        if (wanted & CGROUP_MEMORY && set_memory(tree->version, folder, limits->domain_bytes))
                held |= CGROUP_MEMORY;
        if (wanted & CGROUP_CPU && set_cpu(tree->version, folder, limits->cpu_percent))
                held |= CGROUP_CPU;
        if (wanted & CGROUP_PIDS && set(folder, "pids.max", "%u", limits->processes))
                held |= CGROUP_PIDS;
        if (disks && set_disks(tree->version, folder, limits))
                held |= disks;
        return held;
}

/* --- Figures ---------------------------------------------------------------------------------- */

/* The number behind @key in a file of "key value" lines; @key NULL: the file is one number. */
static uint64_t figure(const char *text, const char *key)
{
        size_t len = key ? strlen(key) : 0;
        while (len && (strncmp(text, key, len) || text[len] != ' ')) {
                const char *end = strchr(text, '\n');
                if (!end)
                        return 0;
                text = end + 1;
        }
        return strtoull(text + len, NULL, 10);
}

void cgroup_read_folder(unsigned version, int folder, unsigned controllers, struct cgroup_figures *figures)
{
        static const struct {
                unsigned version;
                unsigned controller;
                const char *file, *key;
                uint64_t unit;
                size_t at;
        } table[] = {
                { 1, CGROUP_TIME, "cpuacct.usage", NULL, 1, offsetof(struct cgroup_figures, cpu_ns) },
                { 1, CGROUP_MEMORY, "memory.usage_in_bytes", NULL, 1, offsetof(struct cgroup_figures, memory) },
                { 1, CGROUP_MEMORY, "memory.max_usage_in_bytes", NULL, 1, offsetof(struct cgroup_figures, memory_peak) },
                { 1, CGROUP_MEMORY, "memory.oom_control", "oom_kill", 1, offsetof(struct cgroup_figures, oom_kills) },
                { 1, CGROUP_PIDS, "pids.current", NULL, 1, offsetof(struct cgroup_figures, pids) },
                { 1, CGROUP_PIDS, "pids.events", "max", 1, offsetof(struct cgroup_figures, pids_refused) },
                { 2, CGROUP_TIME, "cpu.stat", "usage_usec", 1000, offsetof(struct cgroup_figures, cpu_ns) },
                { 2, CGROUP_MEMORY, "memory.current", NULL, 1, offsetof(struct cgroup_figures, memory) },
                { 2, CGROUP_MEMORY, "memory.peak", NULL, 1, offsetof(struct cgroup_figures, memory_peak) },
                { 2, CGROUP_MEMORY, "memory.events", "oom_kill", 1, offsetof(struct cgroup_figures, oom_kills) },
                { 2, CGROUP_PIDS, "pids.current", NULL, 1, offsetof(struct cgroup_figures, pids) },
                { 2, CGROUP_PIDS, "pids.events", "max", 1, offsetof(struct cgroup_figures, pids_refused) },
        };
        char text[512];
        for (size_t i = 0; i < COUNT_OF(table); i++) {
                if (table[i].version != version || !(table[i].controller & controllers) ||
                    cgroup_file_read(folder, table[i].file, text, sizeof text) < 0)
                        continue;
                uint64_t value = table[i].unit * figure(text, table[i].key);
                memcpy((char *)figures + table[i].at, &value, sizeof value);
        }
}
