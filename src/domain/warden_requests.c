/* What the warden is told and asked about one of its workers. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include "base/clock.h"
#include "base/fault.h"
#include "base/own.h"
#include "channel/message.h"
#include "domain/warden_parts.h"
#include "sandbox/grants.h"

enum { SEND_MS = 1000 };

static int send_request(struct warden *warden, const struct wire_head *head, struct ward_span payload, const int *fds, size_t n_fds)
{
        _Alignas(struct cmsghdr) char control[CMSG_SPACE(WIRE_FDS * sizeof(int))] = { 0 };
        struct iovec parts[] = { { (void *)(uintptr_t)head, sizeof *head }, { (void *)(uintptr_t)payload.at, payload.len } };
        struct msghdr message = { .msg_iov = parts, .msg_iovlen = COUNT_OF(parts) };
        if (payload.len > WIRE_PAYLOAD)
                return -E2BIG;
        if (n_fds) {
                message.msg_control = control;
                message.msg_controllen = CMSG_SPACE(n_fds * sizeof *fds);
                struct cmsghdr *part = CMSG_FIRSTHDR(&message);
                *part = (struct cmsghdr){ .cmsg_level = SOL_SOCKET,
                                          .cmsg_type = SCM_RIGHTS,
                                          .cmsg_len = CMSG_LEN(n_fds * sizeof *fds) };
                memcpy(CMSG_DATA(part), fds, n_fds * sizeof *fds);
        }
        uint64_t deadline = clock_deadline(SEND_MS);
        while (sendmsg(warden->socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
                if (errno != EINTR && (errno != EAGAIN || !warden_poll(warden->socket, POLLOUT, deadline)))
                        return -errno;
        return 0;
}

static const struct ward_span nothing = { NULL, 0 };

int warden_spawn(struct warden *warden, struct warden_worker *worker, struct ward_span payload, const int *fds, size_t n_fds,
                 struct ward_fault *fault)
{
        worker->id = 1 + atomic_fetch_add(&warden->next_id, 1);
        worker->state = WORKER_RUNS;
        if (worker->grouped)
                atomic_store(&warden->grouped, true);
        pthread_mutex_lock(&warden->lock);
        list_append(&warden->workers, &worker->link);
        pthread_mutex_unlock(&warden->lock);
        const struct wire_head head = { .kind = WIRE_SPAWN, .id = worker->id };
        int r = send_request(warden, &head, payload, fds, n_fds);
        /* Whether it was lost is looked at after the worker was listed: who loses it looks at the list after that. */
        if (!r && !atomic_load(&warden->lost))
                return 0;
        pthread_mutex_lock(&warden->lock);
        while (worker->state == WORKER_IS_TOLD)
                pthread_cond_wait(&warden->changed, &warden->lock);
        list_remove(&worker->link);
        pthread_mutex_unlock(&warden->lock);
        return fault_set_errno(fault, WARD_FAULT_SYSTEM, r ? -r : EPIPE, "cannot ask the warden for a worker");
}

int warden_file(struct warden *warden, struct warden_worker *worker, const char *path, int fd, struct ward_fault *fault)
{
        const struct wire_head head = { .kind = WIRE_FILE, .id = worker->id };
        const struct ward_span name = { (const uint8_t *)path, strlen(path) + 1 };
        int r = send_request(warden, &head, name, &fd, fd >= 0);
        return r ? fault_set_errno(fault, WARD_FAULT_SYSTEM, -r, "cannot tell the warden of the file '%s'", path) : 0;
}

void warden_forget_files(struct warden *warden, const struct warden_worker *worker, const char *prefix)
{
        const struct wire_head head = { .kind = WIRE_FORGET, .id = worker->id };
        send_request(warden, &head, (struct ward_span){ (const uint8_t *)prefix, strlen(prefix) + 1 }, NULL, 0);
}

static int cannot_grant(int r, struct ward_fault *fault)
{
        return r ? fault_set_errno(fault, WARD_FAULT_SYSTEM, -r, "cannot tell the warden what its worker is granted") : 0;
}

int warden_grant(struct warden *warden, const struct warden_worker *worker, const struct sandbox_grant *grant,
                 struct ward_fault *fault)
{
        const struct wire_head head = { .kind = WIRE_GRANT, .status = (int32_t)grant->rights, .id = worker->id };
        const struct ward_span path = { (const uint8_t *)grant->path, strlen(grant->path) + 1 };
        return cannot_grant(send_request(warden, &head, path, NULL, 0), fault);
}

int warden_address(struct warden *warden, const struct warden_worker *worker, const struct sandbox_address *address,
                   struct ward_fault *fault)
{
        const struct wire_head head = { .kind = WIRE_ADDRESS, .id = worker->id };
        const struct ward_span at = { (const uint8_t *)&address->at, address->len };
        return cannot_grant(send_request(warden, &head, at, NULL, 0), fault);
}

/* With the lock held: waits for a change as long as there is time. */
static bool wait_change(struct warden *warden, const struct timespec *until)
{
        return pthread_cond_timedwait(&warden->changed, &warden->lock, until) != ETIMEDOUT;
}

ssize_t warden_ask(struct warden *warden, struct warden_worker *worker, enum wire_question question, void *ret, size_t size,
                   uint64_t deadline)
{
        const struct wire_head head = { .kind = WIRE_ASK, .status = question, .id = worker->id };
        const struct timespec until = clock_timespec(deadline);
        struct warden_ask ask = { question, ret, size, -1 };
        bool in_time = !monitor_is_here(warden->monitor);
        pthread_mutex_lock(&warden->lock);
        while (in_time && worker->asks)
                in_time = wait_change(warden, &until);
        if (in_time) {
                worker->asks = &ask;
                pthread_mutex_unlock(&warden->lock);
                in_time = !send_request(warden, &head, nothing, NULL, 0);
                pthread_mutex_lock(&warden->lock);
                while (in_time && ask.answered < 0 && worker->state == WORKER_RUNS)
                        in_time = wait_change(warden, &until);
                worker->asks = NULL;
                pthread_cond_broadcast(&warden->changed);
        }
        pthread_mutex_unlock(&warden->lock);
        return ask.answered;
}

void warden_kill(struct warden *warden, const struct warden_worker *worker)
{
        const struct wire_head head = { .kind = WIRE_KILL, .id = worker->id };
        if (!atomic_load(&warden->lost))
                send_request(warden, &head, nothing, NULL, 0);
}

/* One that answers has not begun to end before. Of one that does not, the news may be on its way. */
bool warden_has_lost(struct warden *warden, struct warden_worker *worker)
{
        struct wire_posture posture;
        if (warden_ask(warden, worker, WIRE_POSTURE, &posture, sizeof posture, clock_deadline(WARDEN_NOTICE_MS)) >= 0)
                return false;
        const struct timespec until = clock_timespec(clock_deadline(WARDEN_NOTICE_MS));
        bool more = !monitor_is_here(warden->monitor);
        pthread_mutex_lock(&warden->lock);
        while (more && worker->state != WORKER_ENDED)
                more = wait_change(warden, &until);
        bool lost = worker->state == WORKER_ENDED;
        pthread_mutex_unlock(&warden->lock);
        return lost;
}

bool warden_forget(struct warden *warden, struct warden_worker *worker, uint64_t deadline)
{
        struct timespec until = clock_timespec(deadline);
        int r = 0;
        pthread_mutex_lock(&warden->lock);
        while (worker->state == WORKER_IS_TOLD || (worker->state == WORKER_RUNS && r != ETIMEDOUT))
                r = worker->state == WORKER_RUNS ? pthread_cond_timedwait(&warden->changed, &warden->lock, &until)
                                                 : pthread_cond_wait(&warden->changed, &warden->lock);
        while (worker->hears)
                pthread_cond_wait(&warden->changed, &warden->lock);
        bool ended = worker->state == WORKER_ENDED;
        list_remove(&worker->link);
        pthread_mutex_unlock(&warden->lock);
        return ended;
}
