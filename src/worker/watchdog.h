/* Keeps domains within their limits, as far as that is the warden's to do: by control groups where they can be had, else by looking
 * now and then at what /proc says. And reads what domains use.
 *
 * 1. watchdog_init  2. watchdog_group: before a worker is cloned  3. watchdog_begin: its process is there, or watchdog_drop: it is
 * not
 * 4. watchdog_end: it was reaped  5. watchdog_finish
 *
 * Over a limit the host is told which (WIRE_LIMIT), then the worker is killed. A share of the processor or of a disk that no group
 * keeps is kept by stopping the domain's processes, and having them go on later (pace.h). One timer serves all domains; it is armed
 * while one has a limit that is looked after here. */
#ifndef WORKER_WATCHDOG_H
#define WORKER_WATCHDOG_H

#include <sys/resource.h>
#include "sandbox/cgroup.h"
#include "worker/account.h"
#include "worker/pace.h"

struct child;
struct warden;

/* What is watched of a worker, and of all that it starts. */
struct watched {
        struct sandbox_limits limits;
        unsigned groups;   /* enum cgroup_controller: what its group keeps */
        pid_t number;      /* in the account's /proc */
        uint64_t start_ns; /* CLOCK_REALTIME */
        uint64_t next;     /* when to look; CLOCK_NEVER: no need to */
        uint64_t interval; /* between looks, where nothing says how long it can wait */
        uint64_t own_ns;   /* processor time of the worker's process, at the last look, */
        uint64_t cpu_ns;   /* and of all */
        struct account_sum sum;
        uint64_t refused; /* forks that the host was told of */
        struct pace cpu, read, write;
        bool stopped;
        bool over; /* a limit, and the host was told */
};

struct watchdog {
        struct cgroups groups;
        bool looked;  /* for groups, and for what others have left behind */
        struct left { /* groups of workers that have ended, with processes in them that have not */
                uint64_t id;
                unsigned groups;
        } * left;
        size_t n_left;
        struct account account;
        int timer;     /* a timerfd, for the loop */
        uint64_t next; /* when it is to go off */
};

/* 0, or a negative errno. @proc: the folder /proc, or -1; stays the caller's. */
int watchdog_init(struct watchdog *watchdog, int proc);
/* The timer has gone off. */
void watchdog_look(struct warden *warden);
/* Whether groups were made. */
bool watchdog_has_groups(const struct watchdog *watchdog);
/* Removes what is left of its groups: nobody is in them any more. */
void watchdog_finish(struct watchdog *watchdog);

/* @grouped: it may have a group. @ret_entry: the ways into that, the caller's. */
void watchdog_group(struct child *child, const struct sandbox_limits *limits, bool grouped, struct cgroup_entry *ret_entry);
void watchdog_drop(struct child *child);
void watchdog_begin(struct child *child);
/* The figures are its last. */
void watchdog_end(struct child *child, const struct rusage *rusage, struct ward_usage *ret_usage);

/* What it uses now. */
void watchdog_usage(const struct child *child, struct ward_usage *ret_usage);

#endif
