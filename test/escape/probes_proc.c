/* /proc, /sys and devices: the kernel's own files. Those that would do something to the machine are opened, and not used. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "test/escape/acts.h"
#include "test/escape/areas.h"

static int32_t victim(const struct stage *stage, long sibling)
{
        return sibling ? stage->sibling : stage->host;
}

static long read_memory(const struct stage *stage, struct outcome *outcome, long sibling)
{
        int fd = open(of_process(victim(stage, sibling), "mem"), O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return errno;
        lseek(fd, (off_t)(sibling ? stage->sibling_secret : stage->host_secret), SEEK_SET);
        return tell(fd, outcome);
}

static long write_memory(const struct stage *stage, struct outcome *outcome, long sibling)
{
        int fd = open(of_process(victim(stage, sibling), "mem"), O_WRONLY | O_CLOEXEC);
        if (fd < 0)
                return errno;
        lseek(fd, (off_t)(sibling ? stage->sibling_word : stage->host_word), SEEK_SET);
        return scribble(fd);
}

static long read_descriptor(const struct stage *stage, struct outcome *outcome, long sibling)
{
        char name[32];
        snprintf(name, sizeof name, "fd/%d", sibling ? stage->sibling_file : stage->host_file);
        return tell_file(of_process(victim(stage, sibling), name), outcome);
}

static long read_of_host(const struct stage *stage, struct outcome *outcome, long argument)
{
        static const char *const names[] = { "environ", "maps", "cmdline", "status", "cwd/.", "auxv" };
        if (argument == 4)
                return try_open(of_process(stage->host, names[argument]), O_RDONLY | O_DIRECTORY);
        return tell_file(of_process(stage->host, names[argument]), outcome);
}

/* An environment is longer than what is told. */
static long read_environment(const struct stage *stage, struct outcome *outcome, long argument)
{
        char text[8192], *at;
        FILE *file = fopen(of_process(stage->host, "environ"), "re");
        if (!file)
                return errno;
        size_t n = fread(text, 1, sizeof text - 1, file);
        fclose(file);
        text[n] = 0;
        for (at = text; at < text + n && strncmp(at, "WARD_ESCAPE_TOKEN=", 18); at += strlen(at) + 1)
                continue;
        return at < text + n ? tell_text(at, outcome) : EACCES;
}

static long list_processes(const struct stage *stage, struct outcome *outcome, long argument)
{
        DIR *list = opendir("/proc");
        bool found = false;
        if (!list)
                return errno;
        for (const struct dirent *entry; (entry = readdir(list));)
                found |= atoi(entry->d_name) == stage->host;
        closedir(list);
        return found ? 0 : ESRCH;
}

/* Its own score, before everybody else's. */
static long spare_me(const struct stage *stage, struct outcome *outcome, long argument)
{
        int fd = open(argument ? of_process(stage->host, "oom_score_adj") : "/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
        if (fd < 0)
                return errno;
        long error = argument ? done(write(fd, "500", 3)) : done(write(fd, "-1000", 5));
        close(fd);
        return error;
}

static const struct {
        const char *path;
        int flags;
} kernel_files[] = {
        { "/proc/kcore", O_RDONLY },
        { "/proc/kmsg", O_RDONLY },
        { "/proc/kallsyms", O_RDONLY },
        { "/proc/sysrq-trigger", O_WRONLY },
        { "/proc/sys/kernel/core_pattern", O_WRONLY },
        { "/proc/sys/kernel/hostname", O_WRONLY },
        { "/proc/sys/kernel/modprobe", O_WRONLY },
        { "/proc/sys/vm/overcommit_memory", O_WRONLY },
        { "/proc/self/maps", O_RDONLY },
        { "/proc/mounts", O_RDONLY },
        { "/proc/net/tcp", O_RDONLY },
        { "/proc/meminfo", O_RDONLY },
        { "/sys/kernel/mm/transparent_hugepage/enabled", O_WRONLY },
        { "/sys/class/net", O_RDONLY },
        { "/sys/kernel/uevent_helper", O_WRONLY },
        { "/sys/fs/cgroup", O_RDONLY },
        { "/dev/mem", O_RDONLY },
        { "/dev/kmsg", O_RDONLY },
        { "/dev/null", O_RDWR },
        { "/dev/urandom", O_RDONLY },
        { "/dev/kvm", O_RDWR },
        { "/dev/fuse", O_RDWR },
        { "/dev/ptmx", O_RDWR },
        { "/dev/tty0", O_RDWR },
        { "/dev/net/tun", O_RDWR },
        { "/dev/loop-control", O_RDWR },
        { "/dev/shm", O_RDONLY },
};

enum kernel_file {
        KCORE,
        KMSG,
        KALLSYMS,
        SYSRQ,
        CORE_PATTERN,
        HOSTNAME,
        MODPROBE,
        OVERCOMMIT,
        MAPS,
        MOUNTS,
        NET_TCP,
        MEMINFO,
        HUGEPAGES,
        CLASS_NET,
        UEVENT,
        CGROUPS,
        DEV_MEM,
        DEV_KMSG,
        DEV_NULL,
        DEV_RANDOM,
        DEV_KVM,
        DEV_FUSE,
        DEV_PTMX,
        DEV_TTY0,
        DEV_TUN,
        DEV_LOOP,
        DEV_SHM,
};

static long open_kernel_file(const struct stage *stage, struct outcome *outcome, long number)
{
        return try_open(kernel_files[number].path, kernel_files[number].flags);
}

static long open_disk(const struct stage *stage, struct outcome *outcome, long argument)
{
        return stage->disk[0] ? try_open(stage->disk, O_RDONLY) : ENODEV;
}

#define OUT                                                                                                                        \
        {                                                                                                                          \
                NOT_THERE, NOT_THERE, USER, USER                                                                                   \
        }
#define NO_ENTRY AS(ENOENT)

static const struct probe proc[] = {
        { "host-memory-read", read_memory, 0, SECRET, OUT, .why = "the host's memory is its own" },
        { "host-memory-write", write_memory, 0, MEMORY, OUT, .why = "above all to be written" },
        { "sibling-memory-read", read_memory, 1, SECRET, OUT, .why = "a domain's memory is its own" },
        { "sibling-memory-write", write_memory, 1, SIBLING, OUT, .why = "above all to be written" },
        { "host-descriptor", read_descriptor, 0, SECRET, OUT, .why = "/proc/PID/fd opens what another has open" },
        { "sibling-descriptor", read_descriptor, 1, SECRET, OUT, .why = "also memory that has no name" },
        { "host-environment", read_environment, 0, SECRET, OUT, .why = "environments hold passwords" },
        { "host-maps", read_of_host, 1, WITNESSED, OUT, .why = "addresses are half of an attack" },
        { "host-command-line", read_of_host, 2, WITNESSED, OUT, .why = "command lines hold passwords too" },
        { "host-status", read_of_host, 3, WITNESSED, OUT, .why = "who else runs is nobody's business" },
        { "host-folder", read_of_host, 4, WITNESSED, OUT, .why = "the host's working directory is a way to its files" },
        { "host-auxv", read_of_host, 5, WITNESSED, OUT, .why = "it has addresses" },
        { "host-oom-score", spare_me, 1, SCHEDULED, OUT, .why = "the host is not to be the first that memory is taken from" },
        { "own-oom-score", spare_me, 0, WITNESSED, OUT, .flags = FRESH, .absent = AS(EACCES), .why = "nor this one the last" },
        { "processes",
          list_processes,
          0,
          WITNESSED,
          { NOBODY | NO_ENTRY, NOBODY | NO_ENTRY, USER, USER },
          .why = "who else runs is nobody's business" },
        { "own-maps", open_kernel_file, MAPS, WITNESSED, OUT, .why = "no /proc, so that there is nothing to find in it" },
        { "mounts", open_kernel_file, MOUNTS, WITNESSED, OUT, .why = "what is mounted says what the machine is" },
        { "connections", open_kernel_file, NET_TCP, WITNESSED, OUT, .why = "who talks to whom is nobody's business" },
        { "meminfo", open_kernel_file, MEMINFO, WITNESSED, OUT, .why = "no /proc" },
        { "kcore", open_kernel_file, KCORE, WITNESSED, OUT, .absent = NO_ENTRY | AS(EPERM), .why = "all memory of the machine" },
        { "kmsg", open_kernel_file, KMSG, WITNESSED, OUT, .why = "the kernel's messages have addresses" },
        { "kallsyms", open_kernel_file, KALLSYMS, WITNESSED, OUT, .absent = NO_ENTRY, .why = "the kernel's addresses" },
        { "sysrq", open_kernel_file, SYSRQ, WITNESSED, OUT, .absent = NO_ENTRY | AS(EIO), .why = "reboots the machine" },
        { "core-pattern", open_kernel_file, CORE_PATTERN, WITNESSED, OUT, .why = "names a program that the kernel runs as root" },
        { "hostname-file", open_kernel_file, HOSTNAME, WITNESSED, OUT, .why = "the machine's name is not the add-in's to give" },
        { "modprobe", open_kernel_file, MODPROBE, WITNESSED, OUT, .absent = NO_ENTRY,
          .why = "names a program that the kernel runs as root" },
        { "overcommit", open_kernel_file, OVERCOMMIT, WITNESSED, OUT, .why = "settings are for all of the machine" },
        { "hugepages", open_kernel_file, HUGEPAGES, WITNESSED, OUT, .absent = NO_ENTRY,
          .why = "settings are for all of the machine" },
        { "network-devices", open_kernel_file, CLASS_NET, WITNESSED, OUT, .absent = NO_ENTRY, .why = "no /sys" },
        { "uevent-helper", open_kernel_file, UEVENT, WITNESSED, OUT, .absent = NO_ENTRY,
          .why = "names a program that the kernel runs as root" },
        { "cgroups", open_kernel_file, CGROUPS, WITNESSED, OUT, .absent = NO_ENTRY,
          .why = "where limits are kept is where they are lifted" },
        { "dev-mem", open_kernel_file, DEV_MEM, WITNESSED, OUT, .absent = NO_ENTRY, .why = "all memory of the machine" },
        { "dev-kmsg", open_kernel_file, DEV_KMSG, WITNESSED, OUT, .absent = NO_ENTRY,
          .why = "the kernel's messages have addresses" },
        { "dev-disk", open_disk, 0, WITNESSED, OUT, .why = "a disk has everybody's files" },
        { "dev-null", open_kernel_file, DEV_NULL, WITNESSED, OUT, .absent = NO_ENTRY,
          .why = "there is no file at all, not even this" },
        { "dev-urandom", open_kernel_file, DEV_RANDOM, WITNESSED, OUT, .absent = NO_ENTRY, .why = "there is getrandom(2)" },
        { "dev-kvm", open_kernel_file, DEV_KVM, WITNESSED, OUT, .absent = NO_ENTRY | AS(EBUSY),
          .why = "a large part of the kernel that nobody needs" },
        { "dev-fuse", open_kernel_file, DEV_FUSE, WITNESSED, OUT, .absent = NO_ENTRY, .why = "a file system of the attacker's" },
        { "dev-ptmx", open_kernel_file, DEV_PTMX, WITNESSED, OUT, .absent = NO_ENTRY,
          .why = "a large part of the kernel that nobody needs" },
        { "dev-tty0", open_kernel_file, DEV_TTY0, WITNESSED, OUT, .absent = NO_ENTRY | AS(EIO),
          .why = "the console is somebody's" },
        { "dev-tun", open_kernel_file, DEV_TUN, WITNESSED, OUT, .absent = NO_ENTRY, .why = "a network of the attacker's" },
        { "dev-loop", open_kernel_file, DEV_LOOP, WITNESSED, OUT, .absent = NO_ENTRY, .why = "a disk of the attacker's" },
        { "dev-shm", open_kernel_file, DEV_SHM, WITNESSED, OUT, .absent = NO_ENTRY, .why = "others' memory has names there" },
};

const struct area area_proc = { "proc, sys, devices", PROBES(proc) };
