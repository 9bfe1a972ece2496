/* kind->posture. */
#include <ward/posture.h>
#include "base/clock.h"
#include "base/fault.h"
#include "base/own.h"
#include "domain/process.h"
#include "sandbox/layers.h"

enum {
        ASK_MS = 1000,
        /* Limits for which a control group is made. */
        OF_ALL = WARD_LIMIT_MEMORY | WARD_LIMIT_CPU_TIME | WARD_LIMIT_CPU_SHARE | WARD_LIMIT_PROCESSES | WARD_LIMIT_READING |
                 WARD_LIMIT_WRITING,
};

/* False where there is no answer. */
static bool ask(struct process *process, struct wire_posture *ret_posture)
{
        struct warden *warden = process_hold_warden(process);
        if (!warden)
                return false;
        ssize_t n = warden_ask(warden, &process->worker, WIRE_POSTURE, ret_posture, sizeof *ret_posture, clock_deadline(ASK_MS));
        warden_unref(warden);
        return n == sizeof *ret_posture;
}

/* Without what its limits have no need of, and what stands in the way of core dumps that are asked for. */
static unsigned wanted(const struct ward_domain *domain, unsigned limits)
{
        const unsigned dumps = WARD_LAYER_NO_CORE | WARD_LAYER_HIDDEN;
        unsigned layers = layers_wanted(domain->level);
        if (domain->account.quota.core_dumps && !(layers & WARD_LAYER_FILTER))
                layers &= ~dumps;
        return limits & OF_ALL ? layers : layers & ~(unsigned)WARD_LAYER_CGROUP;
}

int process_posture(struct ward_domain *domain, struct ward_posture *posture, struct ward_fault *fault)
{
        struct wire_posture seen = { 0 };
        struct process *process = process_hold(domain);
        if (!process)
                return domain_unloaded_fault(domain, fault);
        bool answered = ask(process, &seen);
        posture->wanted = wanted(domain, seen.limits);
        posture->read = seen.shown;
        posture->held = seen.held | (process->held & ~seen.shown);
        posture->limits = seen.limits;
        posture->limits_by_group = seen.by_group;
        posture->limits_by_process = seen.by_process;
        posture->limits_by_looking = seen.by_looking;
        process_unref(process);
        if (answered)
                return 0;
        return domain_is_running(domain)
                       ? fault_set(fault, WARD_FAULT_SYSTEM,
                                   "what holds domain '%s' could not be found out: its supervisor did not answer", domain->name)
                       : domain_unloaded_fault(domain, fault);
}
