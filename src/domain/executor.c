#include "domain/executor.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include "base/clock.h"
#include "base/fault.h"
#include "base/own.h"
#include "domain/kind.h"
#include "domain/pending.h"
#include "domain/state.h"

/* --- The thread ------------------------------------------------------------------------------- */

/* With the lock; NULL where there is none. */
static struct executor_job *first_job(struct executor *executor)
{
        return list_is_empty(&executor->queue) ? NULL : CONTAINER_OF(executor->queue.next, struct executor_job, link);
}

static bool await_job(struct executor *executor)
{
        while (list_is_empty(&executor->queue)) {
                if (executor->ending)
                        return false;
                pthread_cond_wait(&executor->work, &executor->lock);
        }
        return true;
}

static bool finish_job(struct executor *executor, struct executor_job *job)
{
        bool dropped = job->over(job);
        executor->n_jobs--;
        pthread_cond_broadcast(&executor->news);
        atomic_store_explicit(&job->state, EXECUTOR_DONE, memory_order_release); /* whoever sees it takes the lock once */
        return dropped;
}

static bool is_for_row(const struct executor *executor, const struct executor_job *job)
{
        return job && job->in_row && !executor->ending && executor->domain->kind->row;
}

struct executor_job *executor_next(struct executor *executor)
{
        pthread_mutex_lock(&executor->lock);
        struct executor_job *job = first_job(executor);
        if (is_for_row(executor, job)) {
                list_remove(&job->link);
                atomic_store_explicit(&job->state, EXECUTOR_RUNNING, memory_order_relaxed);
        } else {
                job = NULL;
        }
        pthread_mutex_unlock(&executor->lock);
        return job;
}

void executor_done(struct executor *executor, struct executor_job *job)
{
        pthread_mutex_lock(&executor->lock);
        bool dropped = finish_job(executor, job);
        pthread_mutex_unlock(&executor->lock);
        if (dropped)
                job->drop(job);
}

/* With the lock. */
static bool run_row(struct executor *executor)
{
        if (!is_for_row(executor, first_job(executor)))
                return false;
        pthread_mutex_unlock(&executor->lock);
        bool ran = pending_run_row(executor);
        pthread_mutex_lock(&executor->lock);
        return ran;
}

static void run_first(struct executor *executor)
{
        if (first_job(executor) && !run_row(executor) && first_job(executor))
                executor_run_job(executor, first_job(executor));
}

/* With the lock. What comes too late for its turn has its job say so. */
static void run_in_turn(struct executor *executor)
{
        struct ward_domain *domain = executor->domain;
        uint64_t deadline = first_job(executor)->deadline;
        pthread_mutex_unlock(&executor->lock);
        bool taken = turn_take(&domain->turn, deadline);
        pthread_mutex_lock(&executor->lock);
        if (taken)
                run_first(executor);
        else if (first_job(executor))
                executor_run_job(executor, first_job(executor));
        if (taken)
                turn_give(&domain->turn);
}

void executor_run_job(struct executor *executor, struct executor_job *job)
{
        bool ending = executor->ending;
        list_remove(&job->link);
        atomic_store_explicit(&job->state, EXECUTOR_RUNNING, memory_order_relaxed);
        pthread_mutex_unlock(&executor->lock);
        job->run(job, ending);
        pthread_mutex_lock(&executor->lock);
        if (!finish_job(executor, job))
                return;
        pthread_mutex_unlock(&executor->lock);
        job->drop(job);
        pthread_mutex_lock(&executor->lock);
}

static void *run(void *data)
{
        struct executor *executor = data;
        executor_become(executor);
        pthread_mutex_lock(&executor->lock);
        while (await_job(executor)) {
                if (executor->domain->kind->unlocked || executor->domain->free_threaded)
                        run_first(executor);
                else
                        run_in_turn(executor);
        }
        executor->over = true;
        pthread_cond_broadcast(&executor->news);
        struct row *row = STEAL(executor->row);
        pthread_mutex_unlock(&executor->lock);
        if (row)
                executor->domain->kind->row->close(row);
        executor_unref(executor);
        return NULL;
}

/* Threads inherit the mask. With the lock: the thread holds a reference. */
static int start(struct executor *executor, struct ward_fault *fault)
{
        sigset_t all, before;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        int error = pthread_create(&executor->thread, NULL, run, executor_ref(executor));
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        if (error) {
                atomic_fetch_sub(&executor->references, 1);
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, error, "cannot start the thread for begun calls");
        }
        pthread_setname_np(executor->thread, "ward-executor");
        executor->started = true;
        return 0;
}

/* --- Jobs ------------------------------------------------------------------------------------- */

/* With the lock. */
static int enqueue(struct executor *executor, struct executor_job *job, struct ward_fault *fault)
{
        if (executor->ending)
                return -WARD_FAULT_UNLOADED;
        if (executor->n_jobs >= EXECUTOR_JOBS)
                return fault_set(fault, WARD_FAULT_LIMIT, "domain '%s' has %d calls in flight already: finish some first",
                                 executor->domain->name, EXECUTOR_JOBS);
        int r = executor->started ? 0 : start(executor, fault);
        if (r)
                return r;
        executor->n_jobs++;
        atomic_store_explicit(&job->state, EXECUTOR_QUEUED, memory_order_relaxed);
        list_append(&executor->queue, &job->link);
        pthread_cond_signal(&executor->work);
        return 0;
}

int executor_submit(struct executor *executor, struct executor_job *job, struct ward_fault *fault)
{
        pthread_mutex_lock(&executor->lock);
        int r = enqueue(executor, job, fault);
        pthread_mutex_unlock(&executor->lock);
        return r == -WARD_FAULT_UNLOADED ? domain_unloaded_fault(executor->domain, fault) : r;
}

bool executor_is_busy(struct executor *executor)
{
        pthread_mutex_lock(&executor->lock);
        bool busy = executor->n_jobs;
        pthread_mutex_unlock(&executor->lock);
        return busy;
}

/* With the lock: 0 if there was something to do other than waiting. */
static int help(struct executor *executor, struct executor_job *job, struct ward_fault *fault)
{
        int r = executor_run_within(executor, job, fault);
        return r > 0 && executor_serve_one(executor) ? 0 : r;
}

int executor_wait(struct executor *executor, struct executor_job *job, uint64_t deadline, struct ward_fault *fault)
{
        int r = 0;
        pthread_mutex_lock(&executor->lock);
        while (!executor_job_is_done(job)) {
                r = help(executor, job, fault);
                if (r < 0 || (r > 0 && !executor_wait_news(executor, deadline)))
                        break;
        }
        if (r >= 0)
                r = executor_job_is_done(job) ? 0 : 1;
        pthread_mutex_unlock(&executor->lock);
        return r;
}

void executor_tell(struct executor *executor, struct executor_job *job, _Atomic uint32_t *word)
{
        pthread_mutex_lock(&executor->lock);
        if (job->told)
                atomic_store_explicit(job->told, 0, memory_order_relaxed);
        job->told = word;
        if (word)
                atomic_store_explicit(word, atomic_load_explicit(&job->cancelled, memory_order_relaxed), memory_order_relaxed);
        pthread_mutex_unlock(&executor->lock);
}

void executor_cancel(struct executor *executor, struct executor_job *job)
{
        atomic_store_explicit(&job->cancelled, true, memory_order_relaxed);
        pthread_mutex_lock(&executor->lock);
        if (job->told)
                atomic_store_explicit(job->told, 1, memory_order_relaxed);
        pthread_mutex_unlock(&executor->lock);
        executor_withdraw(executor, job);
}

bool executor_withdraw(struct executor *executor, struct executor_job *job)
{
        pthread_mutex_lock(&executor->lock);
        bool queued = atomic_load_explicit(&job->state, memory_order_relaxed) == EXECUTOR_QUEUED;
        if (queued) {
                list_remove(&job->link);
                finish_job(executor, job);
        }
        pthread_mutex_unlock(&executor->lock);
        return queued;
}

/* --- Construction ----------------------------------------------------------------------------- */

static void destroy(struct executor *executor)
{
        domain_state_free(executor->page);
        pthread_cond_destroy(&executor->work);
        pthread_cond_destroy(&executor->news);
        pthread_mutex_destroy(&executor->lock);
        free(executor);
}

static struct executor *make(struct ward_domain *domain, struct ward_fault *fault)
{
        struct executor *executor = calloc(1, sizeof *executor);
        pthread_condattr_t attributes;
        if (!executor) {
                fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot begin a call");
                return NULL;
        }
        executor->page = domain_state_new(true, fault);
        if (!executor->page) {
                free(executor);
                return NULL;
        }
        pthread_condattr_init(&attributes);
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        pthread_cond_init(&executor->work, &attributes);
        pthread_cond_init(&executor->news, &attributes);
        pthread_condattr_destroy(&attributes);
        pthread_mutex_init(&executor->lock, NULL);
        list_init(&executor->queue);
        list_init(&executor->link);
        atomic_store(&executor->references, 1);
        executor->domain = domain;
        executor->domains = domain->domains;
        executor->dispatch = domain->domains->dispatch;
        return executor;
}

/* Under the lock of what the domains share: in a child that was forked the parent's executor gives way to one of the child's own.
 */
struct executor *executor_get(struct ward_domain *domain, struct ward_fault *fault)
{
        struct executor *executor = atomic_load_explicit(&domain->executor, memory_order_acquire);
        if (executor && executor_is_here(executor))
                return executor;
        executors_reap(domain->domains);
        struct executor *made = make(domain, fault), *before = NULL;
        if (!made)
                return NULL;
        domains_enter(domain->domains);
        executor = atomic_load_explicit(&domain->executor, memory_order_acquire);
        if (!executor || !executor_is_here(executor)) {
                before = executor;
                executor = executor_ref(STEAL(made));
                list_append(&domain->domains->executors, &executor->link);
                atomic_store_explicit(&domain->executor, executor, memory_order_release);
                instances_shut(domain);
        }
        domains_leave(domain->domains);
        executor_unref(before);
        executor_unref(made);
        return executor;
}

bool executor_is_here(const struct executor *executor)
{
        return atomic_load_explicit(&executor->page->here, memory_order_relaxed);
}

struct executor *executor_ref(struct executor *executor)
{
        atomic_fetch_add_explicit(&executor->references, 1, memory_order_relaxed);
        return executor;
}

struct executor *executor_unref(struct executor *executor)
{
        if (!executor || atomic_fetch_sub_explicit(&executor->references, 1, memory_order_acq_rel) != 1)
                return NULL;
        if (executor_is_here(executor) && executor->started && !executor->joined) {
                if (pthread_equal(executor->thread, pthread_self()))
                        pthread_detach(executor->thread);
                else
                        pthread_join(executor->thread, NULL);
        }
        destroy(executor);
        return NULL;
}
