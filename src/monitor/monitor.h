/* The host's one internal thread: it watches descriptors and deadlines. All signals are blocked in it. It sleeps while
 * nothing is due.
 *
 * 1. monitor_new  2. monitor_watch, monitor_alarm_add  3. monitor_alarm_set around each call  4. monitor_free
 *
 * Thread-safe. A callback runs on the monitor's thread with no lock of the monitor's held; watch_remove and alarm_remove wait for
 * one that is running, except when called from the monitor's thread itself. In a forked child, where the thread is not, adding a
 * watch fails, removing only detaches, and nothing touches the parent's descriptors. */
#ifndef MONITOR_MONITOR_H
#define MONITOR_MONITOR_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <ward/fault.h>
#include "base/barrier.h"
#include "base/clock.h"
#include "base/list.h"

struct monitor;

/* Starts the thread. */
int monitor_new(struct monitor **ret_monitor, struct ward_fault *fault);
/* Ends the thread and joins it; every watch and alarm must be gone. In a forked child, where the thread is not, only frees. NULL is
 * fine. */
struct monitor *monitor_free(struct monitor *monitor);

/* Whether this is the monitor's thread. */
bool monitor_is_here(const struct monitor *monitor);

struct monitor_watch {
        struct list link;
        int fd; /* borrowed */
        void (*ready)(void *data);
        void *data;
        uint64_t id;        /* the monitor's own */
        bool when_writable; /* wait for room to write, in place of something to read */
};

/* Calls @watch->ready whenever @watch->fd is readable or hung up, again and again while it stays so: @ready reads it empty or
 * removes the watch. @watch stays the caller's. The descriptor is to be open still when the watch is removed. */
int monitor_watch_add(struct monitor *monitor, struct monitor_watch *watch, struct ward_fault *fault);
void monitor_watch_remove(struct monitor *monitor, struct monitor_watch *watch);

/* A time at which something is to happen, cheap to set and clear for every call: @at is read by the monitor when it wakes, and
 * the monitor is woken only if it would otherwise sleep too long. @due is called once the time has come, and again as long as @at
 * stays set and past: after 50 microseconds, then each time after twice as long, up to every millisecond. It may be called a
 * moment after @at was cleared or moved: it judges for itself whether there is still something to do. */
struct monitor_alarm {
        struct list link;
        _Atomic uint64_t at; /* CLOCK_NEVER: off; the caller's to set before it is added */
        void (*due)(void *data);
        void *data;
        /* The monitor's own. It looks at those alarms only that were set since it last looked: most of many are not. */
        _Atomic uint32_t place;
        uint64_t again; /* @due is not called before, */
        uint64_t pause; /* and the next time not for so long, */
        uint64_t meant; /* where it was called for this time before */
};

/* An alarm that is off when it is added, and was not set since, costs no lock. */
void monitor_alarm_add(struct monitor *monitor, struct monitor_alarm *alarm);
void monitor_alarm_remove(struct monitor *monitor, struct monitor_alarm *alarm);

/* From @due: there is nothing to be done about it for now, but there may be. It is not called again for @ns, unless @at is set to
 * another time. */
void monitor_alarm_rest(struct monitor_alarm *alarm, uint64_t ns);

/* The slow halves of monitor_alarm_set: has the monitor look at @alarm, whose time is @at; and makes it look again. */
void monitor_alarm_list(struct monitor *monitor, struct monitor_alarm *alarm, uint64_t at);
void monitor_kick(struct monitor *monitor, uint64_t at);

/* When the monitor will look next, at the latest; 0 while it is awake, since it looks before it sleeps. The first member of
 * struct monitor.
 *
 * No alarm is lost when it is set just as the monitor goes to sleep: one side writes @at, passes a barrier, then reads @place and
 * @wakes_at; the other writes these, passes a barrier, then reads @at; so at least one sees what the other wrote. */
struct monitor_head {
        _Atomic uint64_t wakes_at;
};

enum { MONITOR_ALARM_OUT, MONITOR_ALARM_LISTED, MONITOR_ALARM_LEAVING };

static inline void monitor_alarm_set(struct monitor *monitor, struct monitor_alarm *alarm, uint64_t at)
{
        struct monitor_head *head = (struct monitor_head *)(void *)monitor;
        atomic_store_explicit(&alarm->at, at, memory_order_release);
        barrier_light();
        if (atomic_load_explicit(&alarm->place, memory_order_relaxed) != MONITOR_ALARM_LISTED)
                monitor_alarm_list(monitor, alarm, at);
        else if (at < atomic_load_explicit(&head->wakes_at, memory_order_relaxed))
                monitor_kick(monitor, at);
}

static inline void monitor_alarm_clear(struct monitor_alarm *alarm)
{
        atomic_store_explicit(&alarm->at, CLOCK_NEVER, memory_order_release);
}

#endif
