/* Executors: the threads of Ward's own that a domain's begun calls run on.
 *
 * 1. executor_get  2. executor_submit  3. executor_wait  4. executor_end, or executor_unref
 *
 * A domain gets one with its first begun call. Its thread, all signals blocked, runs jobs in the order of submission, each in the
 * domain's turn, which it takes before it takes the job: a thread that is in the turn and waits for a job runs it itself.
 *
 *      host's thread                 executor's thread
 *      submit ──────────── job ────> runs it: is in the add-in
 *      wait, or dispatch <── ask ──  the add-in calls the host: waits for the answer
 *      serves it, and calls
 *      the same domain ── errand ──> runs it, nested in the ask, for it is this thread that is in the domain
 *
 * What an add-in calls never runs on the executor's thread: that would be a thread which the host knows nothing of. It is asked of
 * whoever waits for a job of the executor, or dispatches; who comes first has it. A thread that serves an ask has the innermost
 * call of that executor's thread in its hands: what it does with the domain is done there, as an errand. An ask within an errand is
 * for the thread that waits for the errand. So the two stacks grow and shrink together, as if they were one.
 *
 * Locking: @lock guards all that is not atomic; held for moments, and not while a job, an ask or an errand runs. The dispatcher's
 * lock is taken under it, and no other. In a forked child there is no thread, and the lock may be held for good: executor_is_here
 * says so. */
#ifndef DOMAIN_EXECUTOR_H
#define DOMAIN_EXECUTOR_H

#include <pthread.h>
#include "domain/dispatch.h"
#include "domain/domain.h"

enum { EXECUTOR_JOBS = 1024 }; /* in flight */

enum executor_job_state {
        EXECUTOR_QUEUED,
        EXECUTOR_RUNNING,
        EXECUTOR_DONE,
};

struct executor_job {
        struct list link;
        _Atomic uint32_t state;
        bool in_row;            /* a begun call, which may be in flight with others */
        _Atomic bool cancelled; /* somebody wishes that it ended */
        _Atomic uint32_t *told; /* a word that says so to the add-in, or NULL; guarded by the lock */
        uint64_t deadline;      /* the executor waits no longer for the domain's turn than that */
        /* On the executor's thread. @ended: there is to be no more of it, the job is to fail. */
        void (*run)(struct executor_job *job, bool ended);
        /* With the lock held, just before the job is done, on the executor's thread or on that which withdrew it. True: nobody
         * waits for the job, and @drop is called next, without the lock, on the executor's thread. */
        bool (*over)(struct executor_job *job);
        void (*drop)(struct executor_job *job);
};

struct ask;

struct executor {
        struct ward_domain *domain; /* borrowed: whoever submits or runs a job holds it */
        struct domain_state *page;  /* only its `here` */
        struct domains *domains;    /* whose list has it by a reference; NULL, as @dispatch, when it is off that */
        struct list link;
        struct dispatch *dispatch;
        _Atomic uint32_t references;
        pthread_mutex_t lock;
        pthread_cond_t work; /* for the executor's thread */
        pthread_cond_t news; /* for the host's: a job is done, an ask is there */
        struct list queue;   /* of jobs */
        uint32_t n_jobs;     /* not done */
        struct ask *ask;     /* the innermost */
        struct row *row;     /* domain/row.h; the thread's own */
        bool ending;         /* no more jobs; those there are fail */
        _Atomic bool over;
        bool started, joined;
        pthread_t thread;
};

/* The domain's, made on first need, for as long as the domain is held. NULL with @fault. */
struct executor *executor_get(struct ward_domain *domain, struct ward_fault *fault);
struct executor *executor_ref(struct executor *executor);
/* The last one ends the thread, which then goes by itself. Takes NULL, returns NULL. */
struct executor *executor_unref(struct executor *executor);

/* False in a forked child, where nothing but executor_unref is of use. */
bool executor_is_here(const struct executor *executor);

/* The job is the executor's until it is done. 0, or a fault: LIMIT, UNLOADED, SYSTEM. */
int executor_submit(struct executor *executor, struct executor_job *job, struct ward_fault *fault);

/* Whether there are jobs that are not done. */
bool executor_is_busy(struct executor *executor);

static inline bool executor_job_is_done(const struct executor_job *job)
{
        return atomic_load_explicit(&job->state, memory_order_acquire) == EXECUTOR_DONE;
}

/* Waits until @job is done, and serves asks meanwhile. 0; 1 at @deadline, which may be 0: then what there is to serve is served; or
 * USAGE, if it waits for what this thread is in the middle of. */
int executor_wait(struct executor *executor, struct executor_job *job, uint64_t deadline, struct ward_fault *fault);

/* Has it told in @word from now on, until NULL is given: then the last word is cleared. */
void executor_tell(struct executor *executor, struct executor_job *job, _Atomic uint32_t *word);
void executor_cancel(struct executor *executor, struct executor_job *job);

/* A job that was not begun will not be: it is over and done. False: too late. */
bool executor_withdraw(struct executor *executor, struct executor_job *job);

/* executor_end.c */

/* Fails what is queued, serves what is asked, and waits until the thread is gone, unless this is the thread. Any further job is
 * refused. Takes NULL. */
void executor_end(struct executor *executor);
/* The same for all of a host's, and for those whose threads went by themselves. */
void executors_end(struct domains *domains);
void executors_reap(struct domains *domains);
/* The same without waiting: the thread goes when it comes to it. Takes NULL. */
void executor_close(struct executor *executor);
/* The domain is unloaded: who waits for the host in it looks again. Takes NULL. */
void executor_nudge(struct executor *executor);

/* --- executor_ask.c: the two threads and each other --------------------------------------------- */

extern __thread struct executor *executor_own __attribute__((tls_model("initial-exec"), visibility("hidden")));

/* Whether this thread is an executor's. */
static inline bool executor_is_own(void)
{
        return executor_own;
}

/* On an executor's thread: has a thread of the host's run @run. Within a call that is to end (its deadline, its domain's unload)
 * false is possible: it was not run, and will not be. @must: not even then. */
bool executor_ask(void (*run)(void *data), void *data, bool must);
/* On an executor's thread: whether that is because its domain ends, though it may be one that is never unloaded: the host's own. */
bool executor_is_ending(void);

/* Runs what is asked of the host on the executor's behalf, or at once where this is no executor's thread. */
static inline bool executor_host(void (*run)(void *data), void *data, bool must)
{
        if (executor_is_own())
                return executor_ask(run, data, must);
        run(data);
        return true;
}

/* Where this thread serves an ask of @domain's executor: has that run @run, within the ask, and waits for it. False: it does not,
 * and the domain is to be entered as usual. */
bool executor_errand(const struct ward_domain *domain, void (*run)(void *data), void *data);

/* turn_take on the turn of @domain, which the executor's thread may hold while it waits for this one. */
bool executor_take_turn(struct ward_domain *domain, uint64_t deadline);

/* For executor.c, with the lock. */
bool executor_serve_one(struct executor *executor);
bool executor_wait_news(struct executor *executor, uint64_t deadline);
/* 0: @job ran in the midst of the call of this domain that this thread serves, or makes; 1: there is none; USAGE. */
int executor_run_within(struct executor *executor, struct executor_job *job, struct ward_fault *fault);
void executor_run_job(struct executor *executor, struct executor_job *job);

/* For who runs jobs in a row, on the executor's thread without the lock: the first of the queue, if it may be in a row, which runs
 * from here on; NULL otherwise, or at the end. And it is done. */
struct executor_job *executor_next(struct executor *executor);
void executor_done(struct executor *executor, struct executor_job *job);
void executor_become(struct executor *executor);

#endif
