/* Calls that are made, not begun, while the domain's executor is or may be in it. */
#include "base/clock.h"
#include "base/fault.h"
#include "base/own.h"
#include "domain/deadline.h"
#include "domain/executor.h"
#include "domain/pending.h"

struct made_call {
        struct executor_job job;
        struct instance *instance;
        uint32_t export_index;
        const void *args;
        void *ret;
        struct ward_fault *fault;
        int status;
};

static void run_made(void *data)
{
        struct made_call *call = data;
        uint64_t outer = deadline_inherited;
        deadline_inherited = call->job.deadline;
        call->status = instance_cross(call->instance, call->export_index, call->args, call->ret, call->fault);
        deadline_inherited = outer;
}

static void run_made_job(struct executor_job *job, bool ended)
{
        struct made_call *call = CONTAINER_OF(job, struct made_call, job);
        if (ended)
                call->status = domain_unloaded_fault(call->instance->domain, call->fault);
        else
                run_made(call);
}

static bool never_dropped(struct executor_job *job)
{
        (void)job;
        return false;
}

/* In its turn; it has the time that waiting for that leaves. */
static void run_in_order(struct executor *executor, struct made_call *call)
{
        call->job.run = run_made_job;
        call->job.over = never_dropped;
        int r = executor_submit(executor, &call->job, call->fault);
        if (!r && !executor_wait(executor, &call->job, call->job.deadline, NULL))
                return;
        if (!r && !executor_withdraw(executor, &call->job))
                executor_wait(executor, &call->job, CLOCK_NEVER, NULL);
        else if (r)
                call->status = r;
        else
                call->status = fault_set(call->fault, WARD_FAULT_DEADLINE,
                                         "domain '%s' was busy with other calls until the deadline; this call did not start",
                                         call->instance->domain->name);
}

bool pending_call(struct instance *instance, uint32_t export_index, const void *args, void *ret, struct ward_fault *fault,
                  int *ret_status)
{
        struct executor *executor = atomic_load_explicit(&instance->domain->executor, memory_order_acquire);
        if (!executor || executor_is_own() || !executor_is_here(executor))
                return false;
        struct made_call call = { .instance = instance,
                                  .export_index = export_index,
                                  .args = args,
                                  .ret = ret,
                                  .fault = fault,
                                  .job.deadline = deadline_inherited };
        if (!executor_errand(instance->domain, run_made, &call)) {
                if (turn_is_mine(&instance->domain->turn) || !executor_is_busy(executor))
                        return false;
                call.job.deadline = pending_deadline(instance);
                run_in_order(executor, &call);
        }
        *ret_status = call.status;
        return true;
}
