#include "domain/pending.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/fault.h"
#include "base/own.h"
#include "domain/deadline.h"
#include "domain/pending_parts.h"
#include "domain/references.h"

__thread struct executor_job *pending_running __attribute__((tls_model("initial-exec"), visibility("hidden")));

bool pending_is_cancelled(void)
{
        return pending_running && atomic_load_explicit(&pending_running->cancelled, memory_order_relaxed);
}

void pending_watch(_Atomic uint32_t *word)
{
        executor_tell(CONTAINER_OF(pending_running, struct ward_pending, job)->executor, pending_running, word);
}

static const struct ward_func *func_of(const struct ward_pending *pending)
{
        return pending->instance->contract->exports[pending->export_index];
}

/* --- Values ----------------------------------------------------------------------------------- */

/* Handles are copied as they are: what comes out of lowering is lifted at once. */
static int handle_from(void *context, const struct ward_type *type, const void *from, uint32_t *ret_number,
                       struct ward_fault *fault)
{
        (void)type, (void)fault;
        *(const void **)context = from;
        *ret_number = 0;
        return 0;
}

static int handle_to(void *context, const struct ward_type *type, uint32_t number, void *to, struct ward_fault *fault)
{
        (void)number, (void)fault;
        memcpy(to, *(const void **)context, type->size);
        return 0;
}

static int copy_args(const struct ward_type *params, const void *from, void *to, struct ward_fault *fault)
{
        const void *handle = NULL;
        const struct marshal_handles handles = { handle_from, handle_to, &handle };
        return marshal_copy(params, from, &handles, params, to, &handles, fault);
}

/* Handles that nobody will have: the host's objects are destroyed, the add-in's are given back. */
static void drop_result(const struct ward_pending *pending)
{
        const struct ward_type *type = func_of(pending)->result;
        struct crossing crossing;
        if (!type)
                return;
        crossing_begin(&crossing, type->flags & WARD_TYPE_HANDLES ? pending->instance->references : NULL);
        crossing_refuse(&crossing, type, pending->ret);
        crossing_end(&crossing);
        ward_value_free(type, pending->ret);
}

/* --- On the executor's thread ----------------------------------------------------------------- */

struct pending_around pending_enter(struct ward_pending *pending)
{
        struct pending_around around = { deadline_inherited, pending_running };
        deadline_inherited = pending->job.deadline;
        pending_running = &pending->job;
        return around;
}

void pending_leave(struct pending_around around)
{
        pending_running = around.running;
        deadline_inherited = around.deadline;
}

int pending_check(const struct ward_pending *pending, bool ended, struct ward_fault *fault)
{
        if (ended)
                return domain_unloaded_fault(pending->instance->domain, fault);
        if (pending->job.deadline == CLOCK_NEVER || clock_now() < pending->job.deadline)
                return 0;
        return fault_set(fault, WARD_FAULT_DEADLINE,
                         "%s did not start before its deadline: the calls that were begun before it took that long",
                         func_of(pending)->name);
}

void pending_set_status(struct ward_pending *pending, int r, struct ward_fault *fault)
{
        pending->status = r;
        if (!r)
                return;
        fault_name(fault, pending->instance->name, pending->instance->domain->name, func_of(pending)->name);
        pending->fault = malloc(sizeof *fault);
        if (pending->fault)
                *pending->fault = *fault;
}

static void run(struct executor_job *job, bool ended)
{
        struct ward_pending *pending = CONTAINER_OF(job, struct ward_pending, job);
        struct ward_fault fault;
        int r = pending_check(pending, ended, &fault);
        if (!r) {
                struct pending_around around = pending_enter(pending);
                r = instance_call(pending->instance, pending->export_index, pending->args, pending->ret, &fault);
                pending_leave(around);
        }
        pending_set_status(pending, r, &fault);
}

/* --- The end of a call ------------------------------------------------------------------------ */

static void destroy(struct ward_pending *pending)
{
        struct executor *executor = pending->executor;
        ward_value_free(func_of(pending)->params, pending->args);
        instance_unref(pending->instance);
        free(pending->fault);
        free(pending);
        executor_unref(executor);
}

/* With the lock. True for the last one. */
static bool unref(struct ward_pending *pending)
{
        return !--pending->references;
}

/* The host's own function, on a thread that dispatches. */
static void tell(struct dispatch_job *job)
{
        struct ward_pending *pending = CONTAINER_OF(job, struct ward_pending, told);
        struct executor *executor = executor_ref(pending->executor);
        pthread_mutex_lock(&executor->lock);
        ward_on_done on_done = pending->on_done;
        void *data = pending->on_done_data;
        pthread_mutex_unlock(&executor->lock);
        if (on_done)
                on_done(data, pending);
        pthread_mutex_lock(&executor->lock);
        bool last = unref(pending);
        pthread_mutex_unlock(&executor->lock);
        if (last)
                destroy(pending);
        executor_unref(executor);
}

/* With the lock, once. */
static void post(struct ward_pending *pending)
{
        if (!pending->executor->dispatch)
                return;
        pending->references++;
        dispatch_post(pending->executor->dispatch, &pending->told);
}

static bool over(struct executor_job *job)
{
        struct ward_pending *pending = CONTAINER_OF(job, struct ward_pending, job);
        bool cancelled = atomic_load_explicit(&job->cancelled, memory_order_relaxed);
        if (cancelled && !pending->status && atomic_load_explicit(&job->state, memory_order_relaxed) == EXECUTOR_RUNNING)
                pending->cancelled_late = true;
        if (cancelled && !pending->status)
                pending->status = -WARD_FAULT_CANCELLED;
        if (pending->on_done && !pending->abandoned)
                post(pending);
        return pending->abandoned;
}

static void drop(struct executor_job *job)
{
        struct ward_pending *pending = CONTAINER_OF(job, struct ward_pending, job);
        if (!pending->status || pending->cancelled_late)
                drop_result(pending);
        destroy(pending);
}

/* --- Beginning -------------------------------------------------------------------------------- */

static size_t aligned(size_t size)
{
        return (size + 15) & ~(size_t)15;
}

static struct ward_pending *make(const struct ward_func *func)
{
        size_t head = aligned(sizeof(struct ward_pending)), args = aligned(func->params->size);
        struct ward_pending *pending = calloc(1, head + args + (func->result ? func->result->size : 0));
        if (!pending)
                return NULL;
        pending->args = (char *)pending + head;
        pending->ret = (char *)pending->args + args;
        pending->references = 1;
        pending->job.run = run;
        pending->job.in_row = true;
        pending->job.over = over;
        pending->job.drop = drop;
        pending->told.run = tell;
        list_init(&pending->job.link);
        list_init(&pending->told.link);
        return pending;
}

uint64_t pending_deadline(struct instance *instance)
{
        uint64_t own = clock_deadline(atomic_load_explicit(&instance->deadline_ms, memory_order_relaxed));
        return own < deadline_inherited ? own : deadline_inherited;
}

/* Takes @pending. */
static int submit(struct ward_pending *pending, struct instance *instance, struct ward_fault *fault)
{
        struct executor *executor = executor_get(instance->domain, fault);
        if (!executor) {
                ward_value_free(instance->contract->exports[pending->export_index]->params, pending->args);
                free(pending);
                return -WARD_FAULT_SYSTEM;
        }
        pending->executor = executor_ref(executor);
        pending->instance = instance_ref(instance);
        pending->job.deadline = pending_deadline(instance);
        pending->ms = atomic_load_explicit(&instance->deadline_ms, memory_order_relaxed);
        int r = executor_submit(executor, &pending->job, fault);
        if (r)
                destroy(pending);
        return r;
}

int pending_begin(struct instance *instance, uint32_t export_index, const void *args, struct ward_pending **ret_pending,
                  struct ward_fault *fault)
{
        const struct ward_contract *contract = instance->contract;
        if (export_index >= contract->n_exports)
                return fault_set(fault, WARD_FAULT_USAGE, "contract %s has no export %u", contract->name, export_index);
        const struct ward_func *func = contract->exports[export_index];
        if (!domain_is_running(instance->domain))
                return domain_unloaded_fault(instance->domain, fault);
        struct ward_pending *pending = make(func);
        if (!pending)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot begin a call of %s", func->name);
        pending->export_index = export_index;
        int r = copy_args(func->params, args, pending->args, fault);
        if (r)
                free(pending);
        else
                r = submit(pending, instance, fault);
        if (r)
                fault_name(fault, instance->name, instance->domain->name, func->name);
        else
                *ret_pending = pending;
        return r;
}

/* --- The owner -------------------------------------------------------------------------------- */

bool pending_is_done(const struct ward_pending *pending)
{
        return !executor_is_here(pending->executor) || executor_job_is_done(&pending->job);
}

int pending_wait(struct ward_pending *pending, uint64_t deadline, struct ward_fault *fault)
{
        if (pending_is_done(pending))
                return 0;
        return executor_wait(pending->executor, &pending->job, deadline, fault);
}

void pending_on_done(struct ward_pending *pending, ward_on_done on_done, void *data)
{
        struct executor *executor = pending->executor;
        if (!executor_is_here(executor))
                return;
        pthread_mutex_lock(&executor->lock);
        bool post_now = executor_job_is_done(&pending->job) && !pending->on_done && on_done;
        pending->on_done = on_done;
        pending->on_done_data = data;
        bool gone = post_now && !executor->dispatch;
        if (post_now && !gone)
                post(pending);
        pthread_mutex_unlock(&executor->lock);
        if (gone)
                on_done(data, pending);
}

void pending_cancel(struct ward_pending *pending)
{
        if (executor_is_here(pending->executor))
                executor_cancel(pending->executor, &pending->job);
}

/* In a forked child: of the call nothing is here but its memory. */
static int finish_forked(struct ward_pending *pending, struct ward_fault *fault)
{
        int r = domain_unloaded_fault(pending->instance->domain, fault);
        destroy(pending);
        return r;
}

static int tell_failure(const struct ward_pending *pending, struct ward_fault *fault)
{
        const struct instance *instance = pending->instance;
        const char *name = func_of(pending)->name;
        if (pending->fault && fault)
                *fault = *pending->fault;
        else if (pending->status == -WARD_FAULT_CANCELLED)
                fault_set(fault, WARD_FAULT_CANCELLED, "the call of %s was cancelled %s", name,
                          pending->cancelled_late ? "while it ran" : "before it began");
        else
                fault_set(fault, (enum ward_fault_kind) - pending->status, "the call of %s failed", name);
        fault_name(fault, instance->name, instance->domain->name, name);
        return pending->status;
}

static void take_result(const struct ward_pending *pending, void *ret)
{
        const struct ward_type *type = func_of(pending)->result;
        if (type && ret)
                memcpy(ret, pending->ret, type->size);
        else
                drop_result(pending);
}

/* The owner's reference; with the callback called off, if it was not yet called. */
static void let_go(struct ward_pending *pending)
{
        struct executor *executor = executor_ref(pending->executor);
        pthread_mutex_lock(&executor->lock);
        pending->on_done = NULL;
        if (executor->dispatch && dispatch_cancel(executor->dispatch, &pending->told))
                unref(pending);
        bool last = unref(pending);
        pthread_mutex_unlock(&executor->lock);
        if (last)
                destroy(pending);
        executor_unref(executor);
}

int pending_finish(struct ward_pending *pending, void *ret, struct ward_fault *fault)
{
        if (!executor_is_here(pending->executor))
                return finish_forked(pending, fault);
        int r = executor_wait(pending->executor, &pending->job, CLOCK_NEVER, fault);
        if (r)
                return r;
        r = pending->status;
        if (!r)
                take_result(pending, ret);
        else
                tell_failure(pending, fault);
        if (pending->cancelled_late)
                drop_result(pending);
        let_go(pending);
        return r;
}

void pending_abandon(struct ward_pending *pending)
{
        struct executor *executor = pending->executor;
        if (!executor_is_here(executor)) {
                destroy(pending);
                return;
        }
        executor_ref(executor);
        pthread_mutex_lock(&executor->lock);
        bool done = executor_job_is_done(&pending->job);
        pending->abandoned = true;
        pending->on_done = NULL;
        pthread_mutex_unlock(&executor->lock);
        if (done && (!pending->status || pending->cancelled_late))
                drop_result(pending);
        if (done)
                let_go(pending);
        executor_unref(executor);
}
