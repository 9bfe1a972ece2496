#include "domain/dispatch.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/uio.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/fault.h"
#include "base/own.h"
#include "domain/dispatch_parts.h"
#include "domain/domain.h"

enum {
        JOBS_ID = 0,   /* the eventfd of the jobs; sources count from 1 */
        JOBS_MAX = 64, /* in one go: a job may post another */
        EVENTS_MAX = 16,
};

/* --- Construction and destruction ------------------------------------------------------------- */

static void init(struct dispatch *dispatch)
{
        pthread_mutex_init(&dispatch->lock, NULL);
        pthread_mutex_init(&dispatch->helper_lock, NULL);
        list_init(&dispatch->jobs);
        list_init(&dispatch->sources);
        list_init(&dispatch->again);
        dispatch->epoll = dispatch->event = dispatch->end = -1;
        dispatch->rung = dispatch->helps = false;
}

static void close_descriptors(struct dispatch *dispatch)
{
        dispatch->epoll = fd_close(dispatch->epoll);
        dispatch->event = fd_close(dispatch->event);
        dispatch->end = fd_close(dispatch->end);
}

struct dispatch *dispatch_new(const _Atomic uint32_t *here, struct ward_fault *fault)
{
        struct dispatch *dispatch = calloc(1, sizeof *dispatch);
        if (!dispatch) {
                fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot make a host");
                return NULL;
        }
        init(dispatch);
        dispatch->here = here;
        return dispatch;
}

void dispatch_adopt(struct dispatch *dispatch)
{
        close_descriptors(dispatch);
        map_finish(&dispatch->by_id);
        init(dispatch);
}

static int add(struct dispatch *dispatch, int fd, uint64_t id)
{
        struct epoll_event event = { .events = EPOLLIN, .data.u64 = id };
        return epoll_ctl(dispatch->epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

/* Of our own. A full counter, the only way for a write to fail, is readable all the same. */
static void ring(int fd)
{
        uint64_t one = 1;
        int saved = errno;
        ssize_t r = write(fd, &one, sizeof one);
        (void)r;
        errno = saved;
}

/* False: somebody else has read it empty. A source's is shared with who rings it, who may let reading block (O_NONBLOCK). */
static bool hush(int fd)
{
        uint64_t count;
        const struct iovec buffer = { &count, sizeof count };
        ssize_t n = preadv2(fd, &buffer, 1, -1, RWF_NOWAIT);
        if (n < 0 && (errno == EOPNOTSUPP || errno == ENOSYS)) /* what stands in for a kernel may know less */
                n = read(fd, &count, sizeof count);
        return n > 0;
}

/* With the lock. */
static void ring_for_jobs(struct dispatch *dispatch)
{
        if (dispatch->event < 0 || dispatch->rung || (list_is_empty(&dispatch->jobs) && list_is_empty(&dispatch->again)))
                return;
        dispatch->rung = true;
        ring(dispatch->event);
}

/* The sources that came before the descriptors. */
static int add_sources(struct dispatch *dispatch)
{
        int r = 0;
        for (struct list *at = dispatch->sources.next; !r && at != &dispatch->sources; at = at->next) {
                const struct dispatch_source *source = CONTAINER_OF(at, struct dispatch_source, link);
                r = add(dispatch, source->fd, source->id);
        }
        return r;
}

/* With the lock. */
static int open_descriptors(struct dispatch *dispatch)
{
        if (dispatch->epoll >= 0)
                return 0;
        dispatch->epoll = epoll_create1(EPOLL_CLOEXEC);
        dispatch->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        int r = dispatch->epoll < 0 || dispatch->event < 0 ? -errno : add(dispatch, dispatch->event, JOBS_ID);
        if (!r)
                r = add_sources(dispatch);
        if (r)
                close_descriptors(dispatch);
        ring_for_jobs(dispatch);
        return r;
}

int dispatch_open(struct dispatch *dispatch, struct ward_fault *fault)
{
        pthread_mutex_lock(&dispatch->lock);
        int r = open_descriptors(dispatch);
        pthread_mutex_unlock(&dispatch->lock);
        return r ? fault_set_errno(fault, WARD_FAULT_SYSTEM, -r, "cannot open the descriptor of ward_host_fd") : 0;
}

int dispatch_fd(struct dispatch *dispatch, int *ret_fd, struct ward_fault *fault)
{
        int r = dispatch_open(dispatch, fault);
        if (!r)
                *ret_fd = dispatch->epoll;
        return r;
}

/* --- Jobs ------------------------------------------------------------------------------------- */

void dispatch_post(struct dispatch *dispatch, struct dispatch_job *job)
{
        pthread_mutex_lock(&dispatch->lock);
        list_append(&dispatch->jobs, &job->link);
        ring_for_jobs(dispatch);
        pthread_mutex_unlock(&dispatch->lock);
}

/* A job that was taken out points at itself. */
bool dispatch_cancel(struct dispatch *dispatch, struct dispatch_job *job)
{
        pthread_mutex_lock(&dispatch->lock);
        bool waiting = !list_is_empty(&job->link);
        list_remove(&job->link);
        pthread_mutex_unlock(&dispatch->lock);
        return waiting;
}

/* The first job, taken out; NULL where there is none, with @event no more readable. */
static struct dispatch_job *take_job(struct dispatch *dispatch)
{
        struct dispatch_job *job = NULL;
        pthread_mutex_lock(&dispatch->lock);
        if (!list_is_empty(&dispatch->jobs)) {
                job = CONTAINER_OF(dispatch->jobs.next, struct dispatch_job, link);
                list_remove(&job->link);
        } else if (dispatch->rung && list_is_empty(&dispatch->again)) {
                hush(dispatch->event);
                dispatch->rung = false;
        }
        pthread_mutex_unlock(&dispatch->lock);
        return job;
}

/* What runs may fork, and return here in the child too: the descriptors are the parent's then. */
static bool is_here(const struct dispatch *dispatch)
{
        return atomic_load_explicit(dispatch->here, memory_order_relaxed);
}

static int run_jobs(struct dispatch *dispatch, int most)
{
        int n = 0;
        for (struct dispatch_job *job; n < most && is_here(dispatch) && (job = take_job(dispatch)); n++)
                job->run(job);
        return n;
}

struct dispatch *dispatch_free(struct dispatch *dispatch)
{
        if (!dispatch)
                return NULL;
        dispatch_end_helper(dispatch);
        while (run_jobs(dispatch, JOBS_MAX))
                ;
        assert(list_is_empty(&dispatch->sources));
        close_descriptors(dispatch);
        map_finish(&dispatch->by_id);
        pthread_mutex_destroy(&dispatch->lock);
        pthread_mutex_destroy(&dispatch->helper_lock);
        free(dispatch);
        return NULL;
}

/* --- Sources ---------------------------------------------------------------------------------- */

/* With the lock. */
static int enter_source(struct dispatch *dispatch, struct dispatch_source *source)
{
        source->id = ++dispatch->last_id;
        int r = map_add(&dispatch->by_id, source->id, source);
        if (r)
                return r;
        r = dispatch->epoll >= 0 ? add(dispatch, source->fd, source->id) : 0;
        if (r)
                map_remove(&dispatch->by_id, source->id);
        else
                list_append(&dispatch->sources, &source->link);
        return r;
}

int dispatch_source_add(struct dispatch *dispatch, struct dispatch_source *source, struct ward_fault *fault)
{
        list_init(&source->link);
        list_init(&source->again);
        pthread_mutex_lock(&dispatch->lock);
        int r = enter_source(dispatch, source);
        pthread_mutex_unlock(&dispatch->lock);
        return r ? fault_set_errno(fault, WARD_FAULT_SYSTEM, -r, "cannot watch for what add-ins ask by themselves") : 0;
}

void dispatch_source_remove(struct dispatch *dispatch, struct dispatch_source *source)
{
        pthread_mutex_lock(&dispatch->lock);
        if (!list_is_empty(&source->link)) {
                if (dispatch->epoll >= 0)
                        epoll_ctl(dispatch->epoll, EPOLL_CTL_DEL, source->fd, NULL);
                map_remove(&dispatch->by_id, source->id);
                list_remove(&source->link);
                list_remove(&source->again);
        }
        pthread_mutex_unlock(&dispatch->lock);
}

/* What is to be served: the source's domain, with a reference. */
struct errand {
        uint64_t id;
        struct ward_domain *domain;
        bool (*serve)(struct ward_domain *domain);
};

/* With the lock. */
static struct errand errand_of(const struct dispatch_source *source)
{
        return (struct errand){ source->id, domain_ref(source->domain), source->serve };
}

/* A source that was rung. False: there is nothing to do any more. */
static bool take_ring(struct dispatch *dispatch, uint64_t id, struct errand *ret_errand)
{
        pthread_mutex_lock(&dispatch->lock);
        const struct dispatch_source *source = map_find(&dispatch->by_id, id);
        bool rung = source && hush(source->fd);
        if (rung)
                *ret_errand = errand_of(source);
        pthread_mutex_unlock(&dispatch->lock);
        return rung;
}

/* The next source that had more. */
static bool take_again(struct dispatch *dispatch, struct errand *ret_errand)
{
        pthread_mutex_lock(&dispatch->lock);
        bool found = !list_is_empty(&dispatch->again);
        if (found) {
                struct dispatch_source *source = CONTAINER_OF(dispatch->again.next, struct dispatch_source, again);
                list_remove(&source->again);
                *ret_errand = errand_of(source);
        }
        pthread_mutex_unlock(&dispatch->lock);
        return found;
}

/* Behind all others. The source's own eventfd is not written to: that might block. */
static void come_again(struct dispatch *dispatch, uint64_t id)
{
        pthread_mutex_lock(&dispatch->lock);
        struct dispatch_source *source = map_find(&dispatch->by_id, id);
        if (source && list_is_empty(&source->again)) {
                list_append(&dispatch->again, &source->again);
                ring_for_jobs(dispatch);
        }
        pthread_mutex_unlock(&dispatch->lock);
}

static void run_errand(struct dispatch *dispatch, const struct errand *errand)
{
        if (errand->serve(errand->domain))
                come_again(dispatch, errand->id);
        domain_unref(errand->domain);
}

static int run_source(struct dispatch *dispatch, uint64_t id)
{
        struct errand errand;
        if (!take_ring(dispatch, id, &errand))
                return 0;
        run_errand(dispatch, &errand);
        return 1;
}

/* Jobs, then sources that had more. */
static int run_own(struct dispatch *dispatch)
{
        struct errand errand;
        int n = run_jobs(dispatch, JOBS_MAX);
        for (int i = 0; i < EVENTS_MAX && is_here(dispatch) && take_again(dispatch, &errand); i++, n++)
                run_errand(dispatch, &errand);
        return n;
}

/* --- Running ---------------------------------------------------------------------------------- */

/* The kernel reports ready descriptors in turns, so that each source comes to its share. How many things were run, or -errno. */
static int run_events(struct dispatch *dispatch, int timeout_ms)
{
        struct epoll_event events[EVENTS_MAX];
        int done = 0, n = epoll_wait(dispatch->epoll, events, EVENTS_MAX, timeout_ms);
        if (n < 0)
                return -errno;
        for (int i = 0; i < n && is_here(dispatch); i++)
                done += events[i].data.u64 == JOBS_ID ? run_own(dispatch) : run_source(dispatch, events[i].data.u64);
        return done;
}

/* What is left until @deadline, rounded up. */
static int ms_until(uint64_t deadline)
{
        uint64_t now = clock_now();
        return deadline > now ? (int)((deadline - now + 999999u) / 1000000u) : 0;
}

int dispatch_run(struct dispatch *dispatch, int timeout_ms, struct ward_fault *fault)
{
        int done = dispatch_open(dispatch, fault);
        if (done)
                return done;
        uint64_t deadline = timeout_ms > 0 ? clock_deadline((uint32_t)timeout_ms) : 0;
        do {
                done = run_events(dispatch, timeout_ms > 0 ? ms_until(deadline) : timeout_ms);
        } while (!done && is_here(dispatch) && (timeout_ms < 0 || (timeout_ms > 0 && clock_now() < deadline)));
        if (done < 0 && done != -EINTR)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, -done, "cannot wait for what add-ins ask by themselves");
        return done > 0 ? 0 : 1;
}
