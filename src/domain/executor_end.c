/* How executors end: with their domain, with the host, or by themselves. */
#include "base/clock.h"
#include "base/own.h"
#include "domain/executor.h"

void executor_close(struct executor *executor)
{
        if (!executor || !executor_is_here(executor))
                return;
        pthread_mutex_lock(&executor->lock);
        executor->ending = true;
        pthread_cond_broadcast(&executor->work);
        pthread_mutex_unlock(&executor->lock);
}

void executor_nudge(struct executor *executor)
{
        if (!executor || !executor_is_here(executor))
                return;
        pthread_mutex_lock(&executor->lock);
        pthread_cond_broadcast(&executor->work);
        pthread_mutex_unlock(&executor->lock);
}

/* With the lock: true for the one that is to join the thread. */
static bool await_end(struct executor *executor)
{
        executor->ending = true;
        pthread_cond_broadcast(&executor->work);
        while (executor->started && !executor->over)
                if (!executor_serve_one(executor))
                        executor_wait_news(executor, CLOCK_NEVER);
        bool joins = executor->started && !executor->joined;
        executor->joined = true;
        return joins;
}

/* Off the host's list, which has a reference. */
static void part(struct executor *executor)
{
        pthread_mutex_lock(&executor->lock);
        struct domains *domains = STEAL(executor->domains);
        executor->dispatch = NULL;
        pthread_mutex_unlock(&executor->lock);
        if (!domains)
                return;
        domains_enter(domains);
        list_remove(&executor->link);
        domains_leave(domains);
        executor_unref(executor);
}

void executor_end(struct executor *executor)
{
        if (!executor || !executor_is_here(executor))
                return;
        if (executor_is_own()) {
                executor_close(executor);
                return;
        }
        executor_ref(executor);
        pthread_mutex_lock(&executor->lock);
        bool joins = await_end(executor);
        pthread_mutex_unlock(&executor->lock);
        if (joins)
                pthread_join(executor->thread, NULL);
        part(executor);
        executor_unref(executor);
}

/* With the lock of @domains held: the first that is to end, with a reference. NULL when there is none. */
static struct executor *find(struct domains *domains, bool any)
{
        for (struct list *link = domains->executors.next; link != &domains->executors; link = link->next) {
                struct executor *executor = CONTAINER_OF(link, struct executor, link);
                if (any || atomic_load(&executor->over))
                        return executor_ref(executor);
        }
        return NULL;
}

static void end_all(struct domains *domains, bool any)
{
        struct executor *executor;
        do {
                domains_enter(domains);
                executor = find(domains, any);
                domains_leave(domains);
                executor_end(executor);
                executor_unref(executor);
        } while (executor);
}

void executors_end(struct domains *domains)
{
        end_all(domains, true);
}

void executors_reap(struct domains *domains)
{
        if (!executor_is_own())
                end_all(domains, false);
}
