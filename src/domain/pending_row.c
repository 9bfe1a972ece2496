/* Begun calls, several in flight: at kinds that have rows. */
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/fault.h"
#include "base/own.h"
#include "domain/deadline.h"
#include "domain/executor.h"
#include "domain/kind.h"
#include "domain/pending_parts.h"

/* Calls before the turn is given back, for others to have it. */
enum { MOST = 1024, IN_FLIGHT = 64, MOMENT_NS = 100000000 };

static void settle(struct executor *executor, struct ward_pending *pending, int r, struct ward_fault *fault)
{
        pending_set_status(pending, r, fault);
        executor_done(executor, &pending->job);
}

/* False: it is over already. */
static bool send(struct executor *executor, struct ward_pending *pending)
{
        const struct row_ops *ops = executor->domain->kind->row;
        struct ward_fault fault;
        _Atomic uint32_t *word;
        int r = pending_check(pending, false, &fault);
        if (!r)
                r = ops->send(executor->row, pending->instance, pending->export_index, pending->args, pending->ms, &word, &fault);
        if (r)
                settle(executor, pending, r, &fault);
        else
                executor_tell(executor, &pending->job, word);
        return !r;
}

/* Its time passed behind those before it, and it may not have begun: then it is not to. Else it has a moment, for only a call that
 * does not end is to cost the domain. */
static bool is_late(struct ward_pending *pending)
{
        uint64_t now = pending->job.deadline == CLOCK_NEVER ? 0 : clock_now();
        if (now < pending->job.deadline)
                return false;
        atomic_store_explicit(pending->job.told, 1, memory_order_relaxed);
        deadline_inherited = now + MOMENT_NS;
        return true;
}

static void take(struct executor *executor, struct ward_pending *pending)
{
        struct ward_fault fault;
        struct pending_around around = pending_enter(pending);
        bool late = is_late(pending);
        int r = executor->domain->kind->row->take(executor->row, pending->ret, &fault);
        pending_leave(around);
        if (late && r == -WARD_FAULT_CANCELLED)
                r = pending_check(pending, false, &fault);
        executor_tell(executor, &pending->job, NULL);
        executor->domain->kind->row->leave(executor->row);
        settle(executor, pending, r, &fault);
}

bool pending_run_row(struct executor *executor)
{
        const struct row_ops *ops = executor->domain->kind->row;
        struct ward_pending *in_flight[IN_FLIGHT];
        uint32_t head = 0, tail = 0;
        struct executor_job *job;
        if (!executor->row && ops->open(executor->domain, &executor->row, NULL))
                return false;
        for (;;) {
                while (tail - head < ops->most && tail < MOST && (job = executor_next(executor)))
                        if (send(executor, CONTAINER_OF(job, struct ward_pending, job)))
                                in_flight[tail++ % IN_FLIGHT] = CONTAINER_OF(job, struct ward_pending, job);
                if (head == tail)
                        return true;
                take(executor, in_flight[head++ % IN_FLIGHT]);
        }
}
