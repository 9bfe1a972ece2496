#include "monitor/monitor.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/own.h"

enum {
        STACK_SIZE = 256 * 1024,
        EVENTS_MAX = 16,
        KICK_ID = 0, /* the eventfd's */
        TIMER_ID = 1,
        FIRST_ID = 2, /* watches count from there */
        /* Between two calls of an alarm's @due that stays past: from the one to the other. */
        AGAIN_LEAST_NS = 50000,
        AGAIN_MOST_NS = 1000000,
};

struct monitor {
        struct monitor_head head;
        _Atomic uint32_t *here; /* a page that a fork wipes: 1 where the thread is */
        int epoll;
        int event;
        int timer;      /* epoll_wait's own time limit is up to a thousandth late, so that wake-ups can be put together */
        uint64_t timed; /* what it is set to */
        /* What the last one who kicked wanted. A caller that makes short calls clears its alarm before the monitor comes to see it;
         * if it then slept for good, each of those calls would find it asleep, and kick again. So it sleeps until this time
         * at most, and the calls that follow, whose time is as long, rely on that. */
        _Atomic uint64_t wanted;
        pthread_t thread;
        pthread_mutex_t lock; /* guards what follows */
        pthread_cond_t idle;  /* @running has changed */
        struct list watches;
        struct list alarms; /* those that are not OUT */
        uint64_t last_id;
        const void *running; /* the watch or alarm whose callback runs, or NULL */
        bool stop;
};

static size_t page_size(void)
{
        return (size_t)sysconf(_SC_PAGESIZE);
}

static bool is_here(const struct monitor *monitor)
{
        return atomic_load_explicit(monitor->here, memory_order_relaxed);
}

/* --- The thread ------------------------------------------------------------------------------- */

/* When @alarm is to be called next. */
static uint64_t alarm_time(struct monitor_alarm *alarm)
{
        uint64_t at = atomic_load(&alarm->at);
        return at == alarm->meant && at < alarm->again ? alarm->again : at;
}

/* The alarm to be called first. Called with the lock held. */
static struct monitor_alarm *first_alarm(struct monitor *monitor, uint64_t *ret_time)
{
        struct monitor_alarm *first = NULL;
        *ret_time = CLOCK_NEVER;
        for (struct list *l = monitor->alarms.next; l != &monitor->alarms; l = l->next) {
                struct monitor_alarm *alarm = CONTAINER_OF(l, struct monitor_alarm, link);
                uint64_t time = alarm_time(alarm);
                if (time < *ret_time) {
                        *ret_time = time;
                        first = alarm;
                }
        }
        return first;
}

static bool is_off(struct monitor_alarm *alarm)
{
        return atomic_load(&alarm->at) == CLOCK_NEVER;
}

/* Until when it may sleep as far as is known: those that are off may leave. */
static uint64_t first_time(struct monitor *monitor)
{
        uint64_t time, wanted = atomic_load(&monitor->wanted);
        for (struct list *l = monitor->alarms.next; l != &monitor->alarms; l = l->next) {
                struct monitor_alarm *alarm = CONTAINER_OF(l, struct monitor_alarm, link);
                if (is_off(alarm))
                        atomic_store(&alarm->place, MONITOR_ALARM_LEAVING);
        }
        first_alarm(monitor, &time);
        return wanted < time && wanted > clock_now() ? wanted : time;
}

/* Those that are still off do leave. */
static void let_leave(struct monitor *monitor)
{
        struct list *next;
        for (struct list *l = monitor->alarms.next; l != &monitor->alarms; l = next) {
                struct monitor_alarm *alarm = CONTAINER_OF(l, struct monitor_alarm, link);
                next = l->next;
                if (atomic_load(&alarm->place) != MONITOR_ALARM_LEAVING)
                        continue;
                bool off = is_off(alarm);
                if (off)
                        list_remove(l);
                /* the last that is done with it: it may be freed */
                atomic_store(&alarm->place, off ? MONITOR_ALARM_OUT : MONITOR_ALARM_LISTED);
        }
}

/* Says until when the monitor sleeps, then looks whether an alarm was set before it was said. */
static uint64_t announce_sleep(struct monitor *monitor)
{
        uint64_t time;
        pthread_mutex_lock(&monitor->lock);
        uint64_t until = first_time(monitor);
        atomic_store(&monitor->head.wakes_at, until);
        if (!list_is_empty(&monitor->alarms)) {
                barrier_heavy();
                let_leave(monitor);
                first_alarm(monitor, &time);
                if (time < until) {
                        until = time;
                        atomic_store(&monitor->head.wakes_at, until);
                }
        }
        pthread_mutex_unlock(&monitor->lock);
        return until;
}

/* Sets the timer to @until. False where that is past. */
static bool set_timer(struct monitor *monitor, uint64_t until)
{
        struct itimerspec when = { .it_value = clock_timespec(until == CLOCK_NEVER ? 0 : until) };
        if (until <= clock_now())
                return false;
        if (until != monitor->timed && !timerfd_settime(monitor->timer, TFD_TIMER_ABSTIME, &when, NULL))
                monitor->timed = until;
        return true;
}

/* Runs a callback with the lock released, as what removal waits for. Called, and returns, with the lock held. */
static void call(struct monitor *monitor, const void *what, void (*callback)(void *), void *data)
{
        monitor->running = what;
        pthread_mutex_unlock(&monitor->lock);
        callback(data);
        pthread_mutex_lock(&monitor->lock);
        monitor->running = NULL;
        pthread_cond_broadcast(&monitor->idle);
}

/* Calls the watch with this id, unless it was removed since the kernel reported it. */
static void run_watch(struct monitor *monitor, uint64_t id)
{
        pthread_mutex_lock(&monitor->lock);
        for (struct list *l = monitor->watches.next; l != &monitor->watches; l = l->next) {
                const struct monitor_watch *watch = CONTAINER_OF(l, struct monitor_watch, link);
                if (watch->id == id) {
                        call(monitor, watch, watch->ready, watch->data);
                        break;
                }
        }
        pthread_mutex_unlock(&monitor->lock);
}

/* Not again at once, and less and less often, for as long as it means the same time. */
static void put_off(struct monitor_alarm *alarm, uint64_t now)
{
        uint64_t at = atomic_load(&alarm->at);
        alarm->pause = at != alarm->meant ? AGAIN_LEAST_NS : alarm->pause >= AGAIN_MOST_NS / 2 ? AGAIN_MOST_NS : 2 * alarm->pause;
        alarm->meant = at;
        alarm->again = now + alarm->pause;
}

/* Calls every alarm that is due, each once: @again moves past @now. */
static void run_alarms(struct monitor *monitor)
{
        uint64_t now = clock_now(), time;
        struct monitor_alarm *alarm;
        pthread_mutex_lock(&monitor->lock);
        while ((alarm = first_alarm(monitor, &time)) && time <= now) {
                put_off(alarm, now);
                call(monitor, alarm, alarm->due, alarm->data);
        }
        pthread_mutex_unlock(&monitor->lock);
}

/* Sleeps until @until or an event, and runs what the events are for. */
static void wait_for_events(struct monitor *monitor, uint64_t until)
{
        struct epoll_event events[EVENTS_MAX];
        uint64_t count;
        int n = epoll_wait(monitor->epoll, events, EVENTS_MAX, set_timer(monitor, until) ? -1 : 0);
        atomic_store(&monitor->head.wakes_at, 0);
        /* A host that closes all descriptors, as daemons do, must not find a thread that spins. */
        if (n < 0 && errno != EINTR)
                clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){ .tv_nsec = AGAIN_MOST_NS }, NULL);
        for (int i = 0; i < n; i++) {
                ssize_t r = 0;
                if (events[i].data.u64 == KICK_ID)
                        r = read(monitor->event, &count, sizeof count);
                else if (events[i].data.u64 == TIMER_ID)
                        monitor->timed = 0; /* unread: it is reported once for each time that it goes off */
                else
                        run_watch(monitor, events[i].data.u64);
                (void)r;
        }
}

static bool is_stopping(struct monitor *monitor)
{
        pthread_mutex_lock(&monitor->lock);
        bool stop = monitor->stop;
        pthread_mutex_unlock(&monitor->lock);
        return stop;
}

static void *run(void *data)
{
        struct monitor *monitor = data;
        while (!is_stopping(monitor)) {
                wait_for_events(monitor, announce_sleep(monitor));
                run_alarms(monitor);
        }
        return NULL;
}

/* --- Construction and destruction ------------------------------------------------------------- */

/* Threads inherit the mask: with all blocked, none of the host's signals is ever handled on this one. */
static int start_thread(struct monitor *monitor)
{
        pthread_attr_t attr;
        sigset_t all, before;
        pthread_attr_init(&attr);
        pthread_attr_setstacksize(&attr, STACK_SIZE);
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        int error = pthread_create(&monitor->thread, &attr, run, monitor);
        if (error == EINVAL) /* a host with much static thread-local data, which glibc takes from the stack */
                error = pthread_create(&monitor->thread, NULL, run, monitor);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        pthread_attr_destroy(&attr);
        if (!error)
                pthread_setname_np(monitor->thread, "ward-monitor");
        return error;
}

/* Frees all but the thread. */
static void destroy(struct monitor *monitor)
{
        if (monitor->here)
                munmap(monitor->here, page_size());
        fd_close(monitor->epoll);
        fd_close(monitor->event);
        fd_close(monitor->timer);
        free(monitor);
}

static void destroyp(struct monitor **monitor)
{
        if (*monitor)
                destroy(*monitor);
}

static int map_here(struct monitor *monitor)
{
        void *page = mmap(NULL, page_size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (page == MAP_FAILED)
                return -errno;
        monitor->here = page;
        atomic_store(monitor->here, 1);
        return madvise(page, page_size(), MADV_WIPEONFORK) ? -errno : 0;
}

static int open_descriptors(struct monitor *monitor)
{
        struct epoll_event event = { .events = EPOLLIN, .data.u64 = KICK_ID };
        struct epoll_event timer = { .events = EPOLLIN | EPOLLET, .data.u64 = TIMER_ID };
        monitor->epoll = epoll_create1(EPOLL_CLOEXEC);
        monitor->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        monitor->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
        if (monitor->epoll < 0 || monitor->event < 0 || monitor->timer < 0)
                return -errno;
        if (epoll_ctl(monitor->epoll, EPOLL_CTL_ADD, monitor->event, &event) ||
            epoll_ctl(monitor->epoll, EPOLL_CTL_ADD, monitor->timer, &timer))
                return -errno;
        return 0;
}

int monitor_new(struct monitor **ret_monitor, struct ward_fault *fault)
{
        OWNED(destroyp) struct monitor *monitor = calloc(1, sizeof *monitor);
        if (!monitor)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot start Ward's monitor");
        monitor->epoll = monitor->event = monitor->timer = -1;
        monitor->timed = CLOCK_NEVER;
        monitor->last_id = FIRST_ID;
        barrier_prepare();
        list_init(&monitor->watches);
        list_init(&monitor->alarms);
        pthread_mutex_init(&monitor->lock, NULL);
        pthread_cond_init(&monitor->idle, NULL);
        int r = map_here(monitor);
        if (!r)
                r = open_descriptors(monitor);
        if (!r)
                r = -start_thread(monitor);
        if (r)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, -r, "cannot start Ward's monitor");
        *ret_monitor = STEAL(monitor);
        return 0;
}

/* Makes epoll_wait return. A full counter, the only way for the write to fail, does that already. A thread that was cancelled
 * between the exchange in monitor_kick and the write would leave the monitor asleep for good. */
static void wake(struct monitor *monitor)
{
        uint64_t one = 1;
        int saved = errno, state;
        pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
        ssize_t r = write(monitor->event, &one, sizeof one);
        (void)r;
        pthread_setcancelstate(state, NULL);
        errno = saved;
}

struct monitor *monitor_free(struct monitor *monitor)
{
        if (!monitor)
                return NULL;
        if (is_here(monitor)) {
                pthread_mutex_lock(&monitor->lock);
                assert(list_is_empty(&monitor->watches) && list_is_empty(&monitor->alarms));
                monitor->stop = true;
                pthread_mutex_unlock(&monitor->lock);
                wake(monitor);
                pthread_join(monitor->thread, NULL);
                pthread_cond_destroy(&monitor->idle);
                pthread_mutex_destroy(&monitor->lock);
        }
        destroy(monitor);
        return NULL;
}

bool monitor_is_here(const struct monitor *monitor)
{
        return is_here(monitor) && pthread_equal(pthread_self(), monitor->thread);
}

/* --- Watches and alarms ----------------------------------------------------------------------- */

/* Takes @link off its list, then waits for the callback of @what. In a forked child the neighbours are left alone: the parent may
 * have been changing them, and nobody walks the list any more. */
static void detach(struct monitor *monitor, struct list *link, const void *what)
{
        if (!is_here(monitor)) {
                list_init(link);
                return;
        }
        pthread_mutex_lock(&monitor->lock);
        list_remove(link);
        if (!pthread_equal(pthread_self(), monitor->thread))
                while (monitor->running == what)
                        pthread_cond_wait(&monitor->idle, &monitor->lock);
        pthread_mutex_unlock(&monitor->lock);
}

int monitor_watch_add(struct monitor *monitor, struct monitor_watch *watch, struct ward_fault *fault)
{
        struct epoll_event event = { .events = watch->when_writable ? EPOLLOUT : EPOLLIN };
        list_init(&watch->link);
        if (!is_here(monitor))
                return fault_set(fault, WARD_FAULT_UNLOADED, "Ward's monitor stayed behind when this process was forked");
        pthread_mutex_lock(&monitor->lock);
        watch->id = event.data.u64 = ++monitor->last_id;
        int error = epoll_ctl(monitor->epoll, EPOLL_CTL_ADD, watch->fd, &event) ? errno : 0;
        if (!error)
                list_append(&monitor->watches, &watch->link);
        pthread_mutex_unlock(&monitor->lock);
        if (error)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, error, "cannot watch descriptor %d", watch->fd);
        return 0;
}

void monitor_watch_remove(struct monitor *monitor, struct monitor_watch *watch)
{
        if (is_here(monitor)) /* the set of descriptors is shared with a forked child */
                epoll_ctl(monitor->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
        detach(monitor, &watch->link, watch);
}

void monitor_alarm_add(struct monitor *monitor, struct monitor_alarm *alarm)
{
        list_init(&alarm->link);
        alarm->again = alarm->pause = 0;
        alarm->meant = CLOCK_NEVER;
        atomic_init(&alarm->place, MONITOR_ALARM_OUT);
        uint64_t at = atomic_load(&alarm->at);
        if (at != CLOCK_NEVER)
                monitor_alarm_list(monitor, alarm, at);
}

void monitor_alarm_remove(struct monitor *monitor, struct monitor_alarm *alarm)
{
        if (atomic_load(&alarm->place) == MONITOR_ALARM_OUT)
                return;
        detach(monitor, &alarm->link, alarm);
        atomic_store(&alarm->place, MONITOR_ALARM_OUT);
}

void monitor_alarm_rest(struct monitor_alarm *alarm, uint64_t ns)
{
        alarm->again = clock_now() + ns;
}

void monitor_alarm_list(struct monitor *monitor, struct monitor_alarm *alarm, uint64_t at)
{
        if (!is_here(monitor))
                return;
        pthread_mutex_lock(&monitor->lock);
        if (atomic_load(&alarm->place) == MONITOR_ALARM_OUT)
                list_append(&monitor->alarms, &alarm->link);
        atomic_store(&alarm->place, MONITOR_ALARM_LISTED);
        pthread_mutex_unlock(&monitor->lock);
        if (at < atomic_load(&monitor->head.wakes_at))
                monitor_kick(monitor, at);
}

/* Whoever changes @wakes_at to 0 wakes the monitor; all others may rely on it. */
void monitor_kick(struct monitor *monitor, uint64_t at)
{
        if (!is_here(monitor) || !atomic_exchange(&monitor->head.wakes_at, 0))
                return;
        atomic_store(&monitor->wanted, at);
        wake(monitor);
}
