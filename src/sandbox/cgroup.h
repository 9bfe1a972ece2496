/* Control groups: what the kernel counts, and keeps in bounds, for all processes of a domain together.
 *
 * 1. cgroups_find: below which groups of this process's own it may make others
 * 2. cgroup_make: a group of a domain, where its limits ask for one; the domain's first process enters it
 * 3. cgroup_read  4. cgroup_kill  5. cgroup_remove  6. cgroups_finish
 *
 * Version 2 of the interface has one tree for all controllers, version 1 a tree for each; a machine may have both, and then some
 * controllers are here and some there. Each tree gets one folder of this process's, and in that one a folder for each domain:
 *
 *      <the process's own group>/ward-<host>-<start>/<domain>      host: its process id; start: in us since boot
 *
 * At version 2 the own group cannot have processes beside groups with controllers. There it is the nearest ancestor that is
 * delegated to this user, or has its controllers handed down already.
 *
 * The folder is locked (flock) as long as this process lives. So whoever comes later can tell what a killed one has left behind,
 * and removes it: cgroups_sweep.
 *
 * What it costs: a folder and its files some 30 us for each controller. To enter one by cgroup.procs takes a grace period of the
 * kernel's, 6 ms on an idle machine. A process that puts itself there by "0" in the file `tasks` of version 1 does not wait for
 * that, nor does one that is cloned into its group (CLONE_INTO_CGROUP) at version 2. So they are the ways in here. */
#ifndef SANDBOX_CGROUP_H
#define SANDBOX_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "sandbox/limits.h"

enum cgroup_controller {
        CGROUP_MEMORY = 1,
        CGROUP_CPU = 2,
        CGROUP_TIME = 4, /* version 1: cpuacct; at version 2 every group has it */
        CGROUP_PIDS = 8,
        CGROUP_READ = 16,  /* version 1: blkio */
        CGROUP_WRITE = 32, /* version 2 only: at version 1 nobody knows who wrote what the kernel writes later */
        CGROUP_ALL = 63,
};

enum {
        CGROUP_TREES = 8,
        CGROUP_NAME = 64,
};

struct cgroup_tree {
        int parent;           /* the folder in which ours is */
        int folder;           /* ours; -1: none was needed yet */
        unsigned version;     /* 1 or 2 */
        unsigned controllers; /* that no tree before it has */
};

struct cgroups {
        char name[CGROUP_NAME];
        struct cgroup_tree trees[CGROUP_TREES];
        size_t n;
};

/* Reads the tables of mounts and groups of this process, "/proc/self/mountinfo" and "/proc/self/cgroup". @host: for the name.
 * Without trees where there is nothing to be had: then no group is ever made. */
void cgroups_find(const char *mounts, const char *own, pid_t host, struct cgroups *ret_groups);
/* All controllers that it has. */
unsigned cgroups_controllers(const struct cgroups *groups);
/* Removes this process's folders, with groups of which no process is left. */
void cgroups_finish(struct cgroups *groups);
/* Removes folders of processes that are no more, beside its own, and ends what is still in them. False where dying processes are
 * in the way: once more, then. */
bool cgroups_sweep(const struct cgroups *groups);

/* The controllers that these limits ask for. */
unsigned cgroup_wanted(const struct sandbox_limits *limits);

/* The ways into a group. */
struct cgroup_entry {
        int tasks[CGROUP_TREES]; /* the first process writes "0" to each, while it has one thread */
        size_t n;
        int into; /* it is to be cloned into this one; -1: none */
};

/* Makes the group @id (of this process, never used twice) as far as @limits ask for one. The controllers that hold them now, 0
 * where there is no group; those that a machine does not have, or refuses, are not among them. @ret_entry is the caller's. */
unsigned cgroup_make(struct cgroups *groups, uint64_t id, const struct sandbox_limits *limits, struct cgroup_entry *ret_entry);
void cgroup_entry_close(struct cgroup_entry *entry);
/* From within. 0, or a negative errno. */
int cgroup_enter(const struct cgroup_entry *entry);

/* What of a group was counted; of controllers that it has not, 0. */
struct cgroup_figures {
        uint64_t cpu_ns;
        uint64_t memory;
        uint64_t memory_peak;
        uint64_t oom_kills; /* processes that the kernel ended for being over the memory limit */
        uint64_t pids;
        uint64_t pids_refused; /* forks */
};
void cgroup_read(const struct cgroups *groups, uint64_t id, unsigned controllers, struct cgroup_figures *ret_figures);

/* Ends what is in it, with what that starts meanwhile. */
void cgroup_kill(const struct cgroups *groups, uint64_t id, unsigned controllers);
/* 0, or -EBUSY while processes are in it, dying ones too. */
int cgroup_remove(const struct cgroups *groups, uint64_t id, unsigned controllers);

#endif
