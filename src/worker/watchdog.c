#include "worker/watchdog.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/own.h"
#include "worker/child.h"

#define MS ((uint64_t)1000000)

enum {
        SAMPLE_MS = 50,  /* while a domain works; up to */
        IDLE_MS = 500,   /* while it does nothing */
        GROUP_MS = 1000, /* where the kernel keeps the limit, and has only to be asked whether it had to */
        SHARE = 10,      /* of the warden's time, one domain gets one in so many at most */
};

/* --- The timer -------------------------------------------------------------------------------- */

int watchdog_init(struct watchdog *watchdog, int proc)
{
        *watchdog = (struct watchdog){ .next = CLOCK_NEVER, .timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK) };
        account_open(proc, &watchdog->account);
        return watchdog->timer < 0 ? -errno : 0;
}

static void arm(struct watchdog *watchdog, uint64_t next)
{
        const struct itimerspec at = { .it_value = clock_timespec(next == CLOCK_NEVER ? 0 : next) };
        if (next == watchdog->next)
                return;
        watchdog->next = next;
        timerfd_settime(watchdog->timer, TFD_TIMER_ABSTIME, &at, NULL);
}

/* --- What is told ----------------------------------------------------------------------------- */

static void tell(struct child *child, enum sandbox_limit limit, uint64_t used, uint64_t bound, bool refused)
{
        const struct wire_head head = { .kind = WIRE_LIMIT, .id = child->id };
        const struct sandbox_excess excess = { .limit = limit, .refused = refused, .used = used, .bound = bound };
        warden_tell(child->warden, &head, &excess, sizeof excess);
}

static void tell_over(struct child *child, enum sandbox_limit limit, uint64_t used, uint64_t bound)
{
        if (!child->watched.over)
                tell(child, limit, used, bound, false);
        child->watched.over = true;
}

/* What the kernel has done for a group: forks that it refused, and processes that it ended for want of memory. */
static void tell_group(struct child *child, const struct cgroup_figures *figures)
{
        struct watched *watched = &child->watched;
        const struct sandbox_limits *limits = &watched->limits;
        if (watched->groups & CGROUP_MEMORY && figures->oom_kills)
                tell_over(child, SANDBOX_LIMIT_MEMORY, figures->memory_peak, limits->domain_bytes);
        if (figures->pids_refused <= watched->refused)
                return;
        watched->refused = figures->pids_refused;
        tell(child, SANDBOX_LIMIT_PROCESSES, figures->pids, limits->processes, true);
}

/* --- Looking ---------------------------------------------------------------------------------- */

/* Limits that no group keeps, by what has to be read of /proc for them. */
static unsigned to_sum(const struct watched *watched)
{
        const struct sandbox_limits *limits = &watched->limits;
        unsigned none = ~watched->groups;
        bool share = limits->cpu_percent && none & CGROUP_CPU, time = limits->cpu_ns,
             tasks = limits->processes && none & CGROUP_PIDS, memory = limits->domain_bytes && none & CGROUP_MEMORY,
             read = limits->read_bytes && none & CGROUP_READ, write = limits->write_bytes && none & CGROUP_WRITE;
        return ((((share || time) && none & CGROUP_TIME) || tasks || memory) ? ACCOUNT_CPU : 0u) | (memory ? ACCOUNT_MEMORY : 0u) |
               (read || write ? ACCOUNT_IO : 0u);
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
        return a < b ? a : b;
}

/* With all processors at work it cannot be used up before that. */
static uint64_t when_used_up(uint64_t now, uint64_t left)
{
        long processors = sysconf(_SC_NPROCESSORS_ONLN);
        uint64_t least = left / (processors > 0 ? (uint64_t)processors : 1);
        return now + (least > 5 * MS ? least : 5 * MS);
}

static uint64_t look_at_time(struct child *child, uint64_t now)
{
        uint64_t bound = child->watched.limits.cpu_ns, cpu_ns = child->watched.cpu_ns;
        if (!bound)
                return CLOCK_NEVER;
        if (cpu_ns >= bound)
                tell_over(child, SANDBOX_LIMIT_CPU, cpu_ns, bound);
        return cpu_ns >= bound ? CLOCK_NEVER : when_used_up(now, bound - cpu_ns);
}

static uint64_t look_at_sums(struct child *child, uint64_t now, bool slept)
{
        struct watched *watched = &child->watched;
        const struct sandbox_limits *limits = &watched->limits;
        unsigned summed = to_sum(watched);
        if (limits->processes && !(watched->groups & CGROUP_PIDS) && watched->sum.tasks > limits->processes)
                tell_over(child, SANDBOX_LIMIT_PROCESSES, watched->sum.tasks, limits->processes);
        if (watched->sum.processes && !watched->sum.whole && summed)
                tell_over(child, SANDBOX_LIMIT_PROCESSES, watched->sum.tasks,
                          watched->sum.processes < ACCOUNT_PROCESSES ? ACCOUNT_THREADS : ACCOUNT_PROCESSES - 1);
        if (summed & ACCOUNT_MEMORY && watched->sum.memory > limits->domain_bytes)
                tell_over(child, SANDBOX_LIMIT_MEMORY, watched->sum.memory, limits->domain_bytes);
        if (!(summed & ACCOUNT_CPU))
                return CLOCK_NEVER;
        uint64_t longer = 2 * watched->interval;
        watched->interval = !slept ? SAMPLE_MS * MS : longer < IDLE_MS * MS ? longer : IDLE_MS * MS;
        return now + watched->interval;
}

/* One that has to wait stops all, and whoever was just being started, and so was missed, later. */
static uint64_t look_at_paces(struct child *child, uint64_t now, bool slept)
{
        struct watched *watched = &child->watched;
        struct {
                struct pace *pace;
                uint64_t used;
        } const paces[] = { { &watched->cpu, watched->cpu_ns },
                            { &watched->read, watched->sum.read_bytes },
                            { &watched->write, watched->sum.written_bytes } };
        uint64_t next = CLOCK_NEVER;
        bool waits = false;
        for (size_t i = 0; i < COUNT_OF(paces); i++) {
                if (paces[i].pace->rate <= 0)
                        continue;
                next = sooner(next, pace_look(paces[i].pace, now, paces[i].used));
                waits |= paces[i].pace->waits;
        }
        if (waits != watched->stopped || (waits && !slept))
                account_signal(&child->warden->watchdog.account, watched->number, waits ? SIGSTOP : SIGCONT);
        watched->stopped = waits;
        return next;
}

/* Whoever uses no processor takes no memory either, and starts nothing. A worker that is alone is asked in a microsecond. */
static bool has_slept(struct child *child)
{
        struct watched *watched = &child->watched;
        uint64_t before = watched->own_ns;
        watched->own_ns = account_own_time(child->pid);
        return watched->sum.processes == 1 && watched->own_ns == before;
}

static void read_all(struct child *child)
{
        struct watched *watched = &child->watched;
        const struct watchdog *watchdog = &child->warden->watchdog;
        struct cgroup_figures figures = { 0 };
        account_sum(&watchdog->account, watched->number, to_sum(watched), &watched->sum);
        if (watched->groups & (CGROUP_TIME | CGROUP_MEMORY | CGROUP_PIDS)) {
                cgroup_read(&watchdog->groups, child->id, watched->groups, &figures);
                tell_group(child, &figures);
        }
        watched->cpu_ns = watched->groups & CGROUP_TIME ? figures.cpu_ns : watched->sum.cpu_ns;
}

static uint64_t look_at(struct child *child, uint64_t now)
{
        struct watched *watched = &child->watched;
        uint64_t next = CLOCK_NEVER;
        bool slept = has_slept(child);
        if (!slept)
                read_all(child);
        next = sooner(next, look_at_time(child, now));
        next = sooner(next, look_at_sums(child, now, slept));
        next = sooner(next, look_at_paces(child, now, slept));
        if (watched->groups & (CGROUP_MEMORY | CGROUP_PIDS))
                next = sooner(next, now + GROUP_MS * MS);
        if (!watched->over)
                return next;
        child_kill(child);
        return CLOCK_NEVER;
}

/* The more there is to be looked at, the less often. */
static uint64_t look_in_turn(struct child *child)
{
        uint64_t begin = clock_now(), next = look_at(child, begin), end = clock_now(), soonest = end + SHARE * (end - begin);
        return next < soonest ? soonest : next;
}

void watchdog_look(struct warden *warden)
{
        struct watchdog *watchdog = &warden->watchdog;
        uint64_t now = clock_now(), next = CLOCK_NEVER, times;
        if (read(watchdog->timer, &times, sizeof times) < 0)
                return;
        for (struct list *at = warden->children.next; at != &warden->children; at = at->next) {
                struct child *child = CONTAINER_OF(at, struct child, link);
                if (child->watched.next <= now)
                        child->watched.next = look_in_turn(child);
                next = sooner(next, child->watched.next);
        }
        watchdog->next = now; /* it has gone off */
        arm(watchdog, next);
}

/* --- A worker's life -------------------------------------------------------------------------- */

/* Not before a limit needs a group: most hosts have none. What others have left behind goes then, too. */
static struct cgroups *find_groups(struct watchdog *watchdog)
{
        if (!watchdog->looked) {
                cgroups_find("/proc/self/mountinfo", "/proc/self/cgroup", account_number_of(&watchdog->account, WIRE_HOST),
                             &watchdog->groups);
                cgroups_sweep(&watchdog->groups);
        }
        watchdog->looked = true;
        return &watchdog->groups;
}

void watchdog_group(struct child *child, const struct sandbox_limits *limits, bool grouped, struct cgroup_entry *ret_entry)
{
        struct watched *watched = &child->watched;
        *watched = (struct watched){ .limits = *limits, .next = CLOCK_NEVER, .interval = SAMPLE_MS * MS };
        *ret_entry = (struct cgroup_entry){ .into = -1 };
        if (grouped && cgroup_wanted(limits))
                watched->groups = cgroup_make(find_groups(&child->warden->watchdog), child->id, limits, ret_entry);
}

void watchdog_drop(struct child *child)
{
        if (child->watched.groups)
                cgroup_remove(&child->warden->watchdog.groups, child->id, child->watched.groups);
        child->watched.groups = 0;
}

static void begin_paces(struct watched *watched, uint64_t now)
{
        enum { PERCENT_NS = 10000000 }; /* of a second */
        const struct sandbox_limits *limits = &watched->limits;
        if (limits->cpu_percent && !(watched->groups & CGROUP_CPU))
                watched->cpu = pace_make(limits->cpu_percent * (double)PERCENT_NS, now, 0);
        if (limits->read_bytes && !(watched->groups & CGROUP_READ))
                watched->read = pace_make((double)limits->read_bytes, now, 0);
        if (limits->write_bytes && !(watched->groups & CGROUP_WRITE))
                watched->write = pace_make((double)limits->write_bytes, now, 0);
}

void watchdog_begin(struct child *child)
{
        struct watchdog *watchdog = &child->warden->watchdog;
        struct watched *watched = &child->watched;
        uint64_t now = clock_now();
        watched->start_ns = clock_read(CLOCK_REALTIME);
        if (!watched->groups && !to_sum(watched))
                return;
        watched->number = account_number(&watchdog->account, child->pid);
        begin_paces(watched, now);
        watched->next = now + (to_sum(watched) || watched->limits.cpu_ns ? 5 : GROUP_MS) * MS;
        arm(watchdog, sooner(watchdog->next, watched->next));
}

/* Where a namespace of processes ends with the worker there are none. */
static void remove_left(struct watchdog *watchdog)
{
        for (size_t i = 0; i < watchdog->n_left;)
                if (cgroup_remove(&watchdog->groups, watchdog->left[i].id, watchdog->left[i].groups) == -EBUSY)
                        i++;
                else
                        watchdog->left[i] = watchdog->left[--watchdog->n_left];
}

static void remove_group(struct watchdog *watchdog, uint64_t id, unsigned groups)
{
        remove_left(watchdog);
        if (!groups || cgroup_remove(&watchdog->groups, id, groups) != -EBUSY)
                return;
        cgroup_kill(&watchdog->groups, id, groups);
        struct left *left = reallocarray(watchdog->left, watchdog->n_left + 1, sizeof *left);
        if (!left)
                return;
        watchdog->left = left;
        left[watchdog->n_left++] = (struct left){ id, groups };
}

/* Groups go before the host is told, so that nothing is left when an unload returns. */
void watchdog_end(struct child *child, const struct rusage *rusage, struct ward_usage *ret_usage)
{
        struct watched *watched = &child->watched;
        const struct sandbox_limits *limits = &watched->limits;
        struct cgroups *groups = &child->warden->watchdog.groups;
        struct cgroup_figures figures = { 0 };
        *ret_usage = (struct ward_usage){ .size = sizeof *ret_usage, .start_ns = watched->start_ns };
        account_end(rusage, ret_usage);
        if (watched->groups) {
                cgroup_read(groups, child->id, watched->groups, &figures);
                tell_group(child, &figures);
        }
        uint64_t cpu_ns = figures.cpu_ns > ret_usage->cpu_ns ? figures.cpu_ns : ret_usage->cpu_ns;
        if (limits->cpu_ns && cpu_ns >= limits->cpu_ns)
                tell_over(child, SANDBOX_LIMIT_CPU, cpu_ns, limits->cpu_ns);
        remove_group(&child->warden->watchdog, child->id, watched->groups);
}

void watchdog_usage(const struct child *child, struct ward_usage *ret_usage)
{
        const struct account *account = &child->warden->watchdog.account;
        *ret_usage = (struct ward_usage){ .size = sizeof *ret_usage };
        account_read(account, account_number(account, child->pid), ret_usage);
        ret_usage->start_ns = child->watched.start_ns;
}

bool watchdog_has_groups(const struct watchdog *watchdog)
{
        for (size_t i = 0; i < watchdog->groups.n; i++)
                if (watchdog->groups.trees[i].folder >= 0)
                        return true;
        return false;
}

void watchdog_finish(struct watchdog *watchdog)
{
        free(watchdog->left);
        if (watchdog->looked)
                cgroups_finish(&watchdog->groups);
        watchdog->timer = fd_close(watchdog->timer);
}
