/* What an executor's thread asks of the host's threads, and what they have it do meanwhile. */
#include "base/clock.h"
#include "base/fault.h"
#include "base/own.h"
#include "domain/deadline.h"
#include "domain/executor.h"
#include "domain/kind.h"

enum { SLICE_NS = 1000000 };

struct errand {
        void (*run)(void *data);
        void *data;
        bool done;
};

/* On the stack of the executor's thread. All but @executor is guarded by its lock. */
struct ask {
        struct executor *executor;
        struct ask *outer; /* there is one: only the thread that serves that one, and waits for its errand, serves this */
        struct dispatch_job job;
        void (*run)(void *data);
        void *data;
        uint64_t deadline; /* what is called in it inherits */
        struct errand *errand;
        bool taken, answered;
};

/* On the stack of a host's thread. */
struct serving {
        struct ask *ask;
        struct serving *outer;
};

__thread struct executor *executor_own __attribute__((tls_model("initial-exec")));
static __thread struct serving *innermost __attribute__((tls_model("initial-exec")));

void executor_become(struct executor *executor)
{
        executor_own = executor;
}

/* --- Serving, on a host's thread -------------------------------------------------------------- */

/* With the lock, and the ask in this thread's hands. */
static void serve(struct executor *executor, struct ask *ask)
{
        struct serving serving = { ask, innermost };
        uint64_t outer = deadline_inherited;
        ask->taken = true;
        pthread_mutex_unlock(&executor->lock);
        innermost = &serving;
        deadline_inherited = ask->deadline;
        ask->run(ask->data);
        deadline_inherited = outer;
        innermost = serving.outer;
        pthread_mutex_lock(&executor->lock);
        ask->answered = true;
        pthread_cond_broadcast(&executor->work);
}

/* The dispatcher has begun it, so that nobody else does, and the asker waits: the executor is there until it has its answer. */
static void serve_dispatched(struct dispatch_job *job)
{
        struct ask *ask = CONTAINER_OF(job, struct ask, job);
        struct executor *executor = executor_ref(ask->executor);
        pthread_mutex_lock(&executor->lock);
        serve(executor, ask);
        pthread_mutex_unlock(&executor->lock);
        executor_unref(executor);
}

/* With the lock: an ask that nobody has begun to serve is this thread's from here on. */
static bool take(const struct executor *executor, struct ask *ask)
{
        return !ask->taken && (!executor->dispatch || ask->outer || dispatch_cancel(executor->dispatch, &ask->job));
}

bool executor_serve_one(struct executor *executor)
{
        struct ask *ask = executor->ask;
        if (!ask || ask->outer || !take(executor, ask))
                return false;
        serve(executor, ask);
        return true;
}

bool executor_wait_news(struct executor *executor, uint64_t deadline)
{
        struct timespec until = clock_timespec(deadline);
        if (deadline == CLOCK_NEVER)
                return !pthread_cond_wait(&executor->news, &executor->lock);
        return !pthread_cond_timedwait(&executor->news, &executor->lock, &until);
}

/* --- Errands ---------------------------------------------------------------------------------- */

/* The innermost ask of @executor that this thread serves. */
static struct ask *served(const struct executor *executor)
{
        for (const struct serving *serving = innermost; serving; serving = serving->outer)
                if (serving->ask->executor == executor)
                        return serving->ask;
        return NULL;
}

/* With the lock. What the errand asks for is this thread's to serve. */
static void send(struct executor *executor, struct ask *ask, struct errand *errand)
{
        ask->errand = errand;
        pthread_cond_broadcast(&executor->work);
        while (!errand->done) {
                if (executor->ask != ask && executor->ask->outer == ask && take(executor, executor->ask))
                        serve(executor, executor->ask);
                else
                        executor_wait_news(executor, CLOCK_NEVER);
        }
}

bool executor_errand(const struct ward_domain *domain, void (*run)(void *data), void *data)
{
        struct executor *executor = innermost ? atomic_load_explicit(&domain->executor, memory_order_acquire) : NULL;
        struct ask *ask = executor && executor_is_here(executor) ? served(executor) : NULL;
        struct errand errand = { run, data, false };
        if (!ask)
                return false;
        pthread_mutex_lock(&executor->lock);
        send(executor, ask, &errand);
        pthread_mutex_unlock(&executor->lock);
        return true;
}

struct nested_job {
        struct executor *executor;
        struct executor_job *job;
};

static void run_nested(void *data)
{
        const struct nested_job *nested = data;
        pthread_mutex_lock(&nested->executor->lock);
        if (atomic_load_explicit(&nested->job->state, memory_order_relaxed) == EXECUTOR_QUEUED)
                executor_run_job(nested->executor, nested->job);
        pthread_mutex_unlock(&nested->executor->lock);
}

int executor_run_within(struct executor *executor, struct executor_job *job, struct ward_fault *fault)
{
        struct ask *ask = served(executor);
        struct nested_job nested = { executor, job };
        struct errand errand = { run_nested, &nested, false };
        bool queued = atomic_load_explicit(&job->state, memory_order_relaxed) == EXECUTOR_QUEUED;
        if (!ask && !turn_is_mine(&executor->domain->turn))
                return 1;
        if (!queued)
                return fault_set(fault, WARD_FAULT_USAGE, "a call waits for its own end, or for that of one that it is part of");
        if (ask)
                send(executor, ask, &errand);
        else
                executor_run_job(executor, job);
        return 0;
}

bool executor_take_turn(struct ward_domain *domain, uint64_t deadline)
{
        struct executor *executor = atomic_load_explicit(&domain->executor, memory_order_acquire);
        if (!executor || executor_is_own() || !executor_is_here(executor))
                return turn_take(&domain->turn, deadline);
        for (;;) {
                uint64_t soon = clock_now() + SLICE_NS;
                bool last = deadline <= soon;
                if (turn_take(&domain->turn, last ? deadline : soon))
                        return true;
                if (last)
                        return false;
                pthread_mutex_lock(&executor->lock);
                executor_serve_one(executor);
                pthread_mutex_unlock(&executor->lock);
        }
}

/* --- Asking, on the executor's thread --------------------------------------------------------- */

static void run_errand(struct executor *executor, struct ask *ask)
{
        struct errand *errand = STEAL(ask->errand);
        pthread_mutex_unlock(&executor->lock);
        errand->run(errand->data);
        pthread_mutex_lock(&executor->lock);
        errand->done = true;
        pthread_cond_broadcast(&executor->news);
}

/* At kind direct a call cannot be ended, only the host. */
static bool is_over(const struct executor *executor)
{
        const struct ward_domain *domain = executor->domain;
        if (domain->kind->unlocked)
                return executor->ending;
        return !domain_is_running(domain) || clock_now() >= deadline_inherited;
}

static void wait_work(struct executor *executor, uint64_t deadline)
{
        struct timespec until = clock_timespec(deadline);
        if (deadline == CLOCK_NEVER)
                pthread_cond_wait(&executor->work, &executor->lock);
        else
                pthread_cond_timedwait(&executor->work, &executor->lock, &until);
}

/* With the lock: until it is answered, or was taken back. */
static void await_answer(struct executor *executor, struct ask *ask, bool must)
{
        bool patient = must || executor->domain->kind->unlocked;
        while (!ask->answered) {
                if (ask->errand)
                        run_errand(executor, ask);
                else if (!must && !ask->taken && is_over(executor) && take(executor, ask))
                        return;
                else
                        wait_work(executor, patient || ask->taken ? CLOCK_NEVER : deadline_inherited);
        }
}

bool executor_is_ending(void)
{
        struct executor *executor = executor_own;
        pthread_mutex_lock(&executor->lock);
        bool ending = executor->ending;
        pthread_mutex_unlock(&executor->lock);
        return ending;
}

bool executor_ask(void (*run)(void *data), void *data, bool must)
{
        struct executor *executor = executor_own;
        struct ask ask = {
                .executor = executor, .job.run = serve_dispatched, .run = run, .data = data, .deadline = deadline_inherited
        };
        list_init(&ask.job.link);
        pthread_mutex_lock(&executor->lock);
        ask.outer = executor->ask;
        executor->ask = &ask;
        if (executor->dispatch && !ask.outer)
                dispatch_post(executor->dispatch, &ask.job);
        pthread_cond_broadcast(&executor->news);
        await_answer(executor, &ask, must);
        executor->ask = ask.outer;
        pthread_mutex_unlock(&executor->lock);
        return ask.answered;
}
