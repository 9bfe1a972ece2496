/* The host's one internal thread: it watches descriptors and deadlines. All signals are blocked in it. It sleeps while
 * nothing is due.
 *
 * 1. monitor_new  2. monitor_watch, monitor_alarm_add  3. monitor_alarm_set around each call  4. monitor_free
 *
 * Thread-safe. A callback runs on the monitor's thread with no lock of the monitor's held; unwatch and alarm_remove wait for
 * one that is running, except when called from the monitor's thread itself. */
#ifndef MONITOR_MONITOR_H
#define MONITOR_MONITOR_H

#include <stdatomic.h>
#include <stdint.h>
#include <ward/fault.h>
#include "base/clock.h"
#include "base/list.h"

struct monitor;

/* Starts the thread. */
int monitor_new(struct monitor **ret_monitor, struct ward_fault *fault);
/* Ends the thread and joins it; every watch and alarm must be gone. In a forked child, where the thread is not, only frees. NULL is
 * fine. */
struct monitor *monitor_free(struct monitor *monitor);

struct monitor_watch {
        struct list link;
        int fd; /* borrowed */
        void (*ready)(void *data);
        void *data;
};

/* Calls @watch->ready whenever @watch->fd is readable or hung up. @watch stays the caller's. */
int monitor_watch_add(struct monitor *monitor, struct monitor_watch *watch, struct ward_fault *fault);
void monitor_watch_remove(struct monitor *monitor, struct monitor_watch *watch);

/* A time at which something is to happen, cheap to set and clear for every call: @at is read by the monitor when it wakes, and
 * the monitor is woken only if it would otherwise sleep too long. @due is called once the time has come, and again every
 * millisecond as long as @at stays set and past. */
struct monitor_alarm {
        struct list link;
        _Atomic uint64_t at; /* CLOCK_NEVER: off */
        void (*due)(void *data);
        void *data;
};

void monitor_alarm_add(struct monitor *monitor, struct monitor_alarm *alarm);
void monitor_alarm_remove(struct monitor *monitor, struct monitor_alarm *alarm);

/* The slow half of monitor_alarm_set: makes the monitor look again. */
void monitor_kick(struct monitor *monitor);

/* When the monitor will look next, at the latest. The first member of struct monitor. */
struct monitor_head {
        _Atomic uint64_t wakes_at;
};

static inline void monitor_alarm_set(struct monitor *monitor, struct monitor_alarm *alarm, uint64_t at)
{
        atomic_store(&alarm->at, at);
        if (at < atomic_load(&((struct monitor_head *)(void *)monitor)->wakes_at))
                monitor_kick(monitor);
}

static inline void monitor_alarm_clear(struct monitor_alarm *alarm)
{
        atomic_store_explicit(&alarm->at, CLOCK_NEVER, memory_order_release);
}

#endif
