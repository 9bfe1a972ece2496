/* What is told of a worker's acts, and when its calls are served again. */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/own.h"
#include "worker/notice_parts.h"

enum {
        BURST_NS = 200000000, /* of calls, paid in advance */
        TICK_NS = 20000000,
};

/* Not as long as the host is slow: what comes meanwhile is counted together. */
void notices_tell(struct child *child)
{
        struct acts *acts = &child->notices.acts;
        const struct wire_head head = { .kind = WIRE_ACT, .id = child->id };
        struct wire_act act;
        while (!child->warden->host_is_slow && acts_take(acts, clock_now(), &act))
                warden_tell(child->warden, &head, &act, sizeof act);
}

void notices_end(struct child *child)
{
        const struct wire_head head = { .kind = WIRE_ACT, .id = child->id };
        struct wire_act act;
        while (acts_take(&child->notices.acts, CLOCK_NEVER / 2, &act))
                warden_tell(child->warden, &head, &act, sizeof act);
}

static bool may_serve(const struct notices *notices)
{
        if (notices->level == FILTER_OBSERVE && !acts_have_room(&notices->acts))
                return false;
        return allowance_is_left(notices->served_until, clock_now(), BURST_NS);
}

/* A listener that is not looked at tells of its end only. */
static void set_rest(struct child *child, bool rests)
{
        struct epoll_event event = { .events = rests ? 0 : EPOLLIN, .data.ptr = &child->listener };
        if (child->listener.fd >= 0 && child->notices.rests != rests)
                epoll_ctl(child->warden->epoll, EPOLL_CTL_MOD, child->listener.fd, &event);
        child->notices.rests = rests;
}

static void on_clock(struct warden *warden, struct source *source)
{
        uint64_t ticks;
        struct child *child = CONTAINER_OF(source, struct child, notices.clock);
        if (read(source->fd, &ticks, sizeof ticks) < 0 && errno != EAGAIN)
                warden_unwatch(warden, source);
        notices_tell(child);
        notices_look_again(child);
}

static void start_clock(struct child *child)
{
        const struct itimerspec tick = { { 0, TICK_NS }, { 0, TICK_NS } };
        struct source *clock = &child->notices.clock;
        if (clock->fd >= 0)
                return;
        *clock = (struct source){ timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), on_clock };
        if (clock->fd < 0 || timerfd_settime(clock->fd, 0, &tick, NULL) < 0 || warden_watch(child->warden, clock) < 0)
                warden_unwatch(child->warden, clock);
}

/* Whether the worker's calls are to wait, and the clock to run. Without a clock nobody waits. */
void notices_look_again(struct child *child)
{
        struct notices *notices = &child->notices;
        bool rests = !may_serve(notices);
        if (rests || notices->acts.n)
                start_clock(child);
        else
                warden_unwatch(child->warden, &notices->clock);
        set_rest(child, rests && notices->clock.fd >= 0);
}
