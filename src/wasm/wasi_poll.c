/* WASI: waiting for times, and for the streams. Files are always ready, and so is what goes to the host's callbacks. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/own.h"
#include "wasm/wasi_parts.h"

enum {
        SUBSCRIPTIONS_MAX = 1024,
        LOOK_NS = 1000000, /* how often a clock of the host's is looked at */
        ABSOLUTE = 1,
        HANGUP = 1,
};

/* One subscription, and what became of it. */
struct awaited {
        uint64_t userdata;
        uint64_t until; /* of a clock: by CLOCK_MONOTONIC, or by that of the host */
        uint32_t clock;
        uint64_t n_bytes;
        uint8_t tag;
        bool ready;
        bool hangup;
        enum wasi_errno error;
};

struct poll {
        uint32_t n;
        struct awaited *of; /* owned */
        struct pollfd *fds; /* owned; for each: fd -1 for what is not waited for */
        uint64_t until;     /* the first clock */
        bool ready;         /* something is, already */
        bool by_host;       /* clocks are the host's */
};

/* --- What is waited for ----------------------------------------------------------------------- */

static enum wasi_errno await_clock(struct wasi_call *call, const struct wasi_subscription *subscription, struct awaited *ret)
{
        uint64_t now, left = subscription->timeout, monotonic = clock_now();
        if (subscription->of > 1)
                return WASI_INVAL;
        enum wasi_errno error = wasi_clock(call, subscription->of, &now);
        if (error)
                return error;
        if ((uint16_t)subscription->flags & ABSOLUTE)
                left = left > now ? left - now : 0;
        if (call->wasi->host.now)
                monotonic = now;
        ret->clock = subscription->of;
        ret->until = left < INT64_MAX - monotonic ? monotonic + left : INT64_MAX;
        return WASI_OK;
}

/* What can be read, and is there an end? */
static void look_at_file(const struct wasi_descriptor *descriptor, struct awaited *ret)
{
        struct stat st;
        off_t at = descriptor->form == WASI_FILE ? lseek(descriptor->fd, 0, SEEK_CUR) : -1;
        if (at >= 0 && fstat(descriptor->fd, &st) == 0 && st.st_size > at)
                ret->n_bytes = (uint64_t)(st.st_size - at);
}

static void await_descriptor(struct wasi_call *call, const struct wasi_subscription *subscription, struct awaited *ret,
                             struct pollfd *ret_fd)
{
        struct wasi_descriptor *descriptor;
        const struct wasi_host *host = &call->wasi->host;
        uint64_t access = ret->tag == SUBSCRIBED_READ ? RIGHT_FD_READ : RIGHT_FD_WRITE;
        ret->error = wasi_descriptor_with(call, subscription->of, access | RIGHT_POLL, &descriptor);
        ret->ready = true;
        if (ret->error)
                return;
        if (descriptor->form != WASI_STREAM) {
                if (ret->tag == SUBSCRIBED_READ)
                        look_at_file(descriptor, ret);
        } else if (ret->tag == SUBSCRIBED_READ) {
                ret->n_bytes = host->input ? 1 : 0;
                ret->hangup = !host->input;
        } else if (!host->output) {
                ret->ready = false;
                *ret_fd = (struct pollfd){ .fd = descriptor->fd, .events = POLLOUT };
        }
}

static enum wasi_errno take(struct wasi_call *call, const uint8_t *at, struct poll *poll, uint32_t i)
{
        struct wasi_subscription subscription;
        struct awaited *awaited = &poll->of[i];
        memcpy(&subscription, at, sizeof subscription);
        awaited->userdata = subscription.userdata;
        awaited->tag = (uint8_t)subscription.tag;
        poll->fds[i].fd = -1;
        if (awaited->tag > SUBSCRIBED_WRITE)
                return WASI_INVAL;
        if (awaited->tag != SUBSCRIBED_CLOCK) {
                await_descriptor(call, &subscription, awaited, &poll->fds[i]);
                poll->ready |= awaited->ready;
                return WASI_OK;
        }
        enum wasi_errno error = await_clock(call, &subscription, awaited);
        if (!error && awaited->until < poll->until)
                poll->until = awaited->until;
        poll->by_host |= !error && call->wasi->host.now;
        return error;
}

/* --- Waiting ---------------------------------------------------------------------------------- */

/* Until something is ready, or the call is to end: a signal makes it look. One that came just before the system call is sent
 * again. */
static void wait_for(const struct wasi_call *call, struct poll *poll)
{
        int n = 0;
        while (!n && wasi_goes_on(call)) {
                uint64_t now = clock_now();
                bool due = poll->ready || poll->until <= now;
                struct timespec left = clock_timespec(due ? 0 : poll->until - now);
                n = ppoll(poll->fds, poll->n, poll->until == CLOCK_NEVER && !due ? NULL : &left, NULL);
                if (due || (n < 0 && errno != EINTR))
                        break;
                n = n < 0 ? 0 : n;
        }
}

/* By the host's clock: what is due, and else what will be first. NULL: there is nothing to wait for. */
static const struct awaited *look_at_clocks(struct wasi_call *call, struct poll *poll)
{
        const struct awaited *first = NULL;
        uint64_t now, least = UINT64_MAX;
        for (uint32_t i = 0; i < poll->n; i++) {
                struct awaited *awaited = &poll->of[i];
                if (awaited->tag != SUBSCRIBED_CLOCK)
                        continue;
                if (wasi_clock(call, awaited->clock, &now))
                        return NULL;
                awaited->ready = awaited->until <= now;
                poll->ready |= awaited->ready;
                if (awaited->until - now < least) {
                        least = awaited->until - now;
                        first = awaited;
                }
        }
        return poll->ready ? NULL : first;
}

/* The host waits, or its clock is looked at again and again; streams as often. */
static void wait_by_host(struct wasi_call *call, struct poll *poll)
{
        const struct wasi_host *host = &call->wasi->host;
        while (wasi_goes_on(call)) {
                const struct awaited *first = look_at_clocks(call, poll);
                struct timespec least = clock_timespec(first && !host->wait ? LOOK_NS : 0);
                if (ppoll(poll->fds, poll->n, &least, NULL) > 0 || !first)
                        break;
                if (host->wait)
                        call->ended = host->wait(host->context, first->clock, first->until, call->fault);
        }
}

static void put_event(uint8_t *at, const struct awaited *awaited)
{
        const struct wasi_event event = {
                .userdata = awaited->userdata,
                .error = (uint16_t)awaited->error,
                .type = awaited->tag,
                .n_bytes = awaited->n_bytes,
                .flags = awaited->hangup ? HANGUP : 0,
        };
        memcpy(at, &event, sizeof event);
}

static uint32_t put_events(const struct poll *poll, uint8_t *out)
{
        uint64_t now = clock_now();
        uint32_t n = 0;
        for (uint32_t i = 0; i < poll->n; i++) {
                struct awaited *awaited = &poll->of[i];
                if (awaited->tag == SUBSCRIBED_CLOCK)
                        awaited->ready |= awaited->until <= now && !poll->by_host;
                else if (!awaited->ready)
                        awaited->ready = poll->fds[i].revents;
                if (awaited->ready)
                        put_event(out + (size_t)n++ * sizeof(struct wasi_event), awaited);
        }
        return n;
}

static enum wasi_errno run(struct wasi_call *call, const uint8_t *in, uint8_t *out, struct poll *poll)
{
        for (uint32_t i = 0; i < poll->n; i++) {
                enum wasi_errno error = take(call, in + (size_t)i * sizeof(struct wasi_subscription), poll, i);
                if (error || call->ended)
                        return error;
        }
        if (poll->by_host)
                wait_by_host(call, poll);
        else
                wait_for(call, poll);
        if (call->ended)
                return WASI_INTR;
        return wasi_store32(call, wasi_argument(call, 3), put_events(poll, out));
}

enum wasi_errno wasi_poll_oneoff(struct wasi_call *call)
{
        struct poll poll = { .n = wasi_argument(call, 2), .until = CLOCK_NEVER };
        const uint8_t *in = wasi_range(call, wasi_argument(call, 0), (uint64_t)poll.n * sizeof(struct wasi_subscription));
        uint8_t *out = wasi_range(call, wasi_argument(call, 1), (uint64_t)poll.n * sizeof(struct wasi_event));
        if (!poll.n || poll.n > SUBSCRIPTIONS_MAX)
                return WASI_INVAL;
        if (!in || !out || !wasi_range(call, wasi_argument(call, 3), 4))
                return WASI_FAULT;
        OWNED(freep) struct awaited *of = poll.of = calloc(poll.n, sizeof *poll.of);
        OWNED(freep) struct pollfd *fds = poll.fds = calloc(poll.n, sizeof *poll.fds);
        return of && fds ? run(call, in, out, &poll) : WASI_NOMEM;
}
