/* Begun calls. */
#include "domain/pending.h"
#include "base/clock.h"
#include "base/fault.h"
#include "host/host.h"

int ward_call_begin(struct ward_instance *head, uint32_t export_index, const void *args, struct ward_pending **ret_pending,
                    struct ward_fault *fault)
{
        if (!head || !ret_pending)
                return fault_set(fault, WARD_FAULT_USAGE, "ward_call_begin needs an instance and a place for the call");
        return pending_begin((struct instance *)head, export_index, args, ret_pending, fault);
}

bool ward_pending_done(const struct ward_pending *pending)
{
        return pending_is_done(pending);
}

int ward_pending_wait(struct ward_pending *pending, int timeout_ms, struct ward_fault *fault)
{
        if (!pending)
                return fault_set(fault, WARD_FAULT_USAGE, "ward_pending_wait needs a call");
        return pending_wait(pending, timeout_ms ? clock_deadline(timeout_ms < 0 ? 0 : (uint32_t)timeout_ms) : 0, fault);
}

void ward_pending_on_done(struct ward_pending *pending, ward_on_done on_done, void *data)
{
        pending_on_done(pending, on_done, data);
}

void ward_pending_cancel(struct ward_pending *pending)
{
        pending_cancel(pending);
}

int ward_call_finish(struct ward_pending *pending, void *ret, struct ward_fault *fault)
{
        if (!pending)
                return fault_set(fault, WARD_FAULT_USAGE, "ward_call_finish needs a call");
        return pending_finish(pending, ret, fault);
}

struct ward_pending *ward_pending_abandon(struct ward_pending *pending)
{
        if (pending)
                pending_abandon(pending);
        return NULL;
}
