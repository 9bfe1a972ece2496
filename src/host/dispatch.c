/* The public functions on what add-ins begin by themselves. */
#include "domain/dispatch.h"
#include "base/fault.h"
#include "host/host.h"

/* In a forked child, none of the parent's. */
static struct dispatch *dispatch_of(struct ward_host *host)
{
        domains_enter(&host->domains);
        struct dispatch *dispatch = host->domains.dispatch;
        domains_leave(&host->domains);
        return dispatch;
}

int ward_host_fd(struct ward_host *host, int *ret_fd, struct ward_fault *fault)
{
        if (!host || !ret_fd)
                return fault_set(fault, WARD_FAULT_USAGE, "ward_host_fd needs a host and a place for the descriptor");
        return dispatch_fd(dispatch_of(host), ret_fd, fault);
}

int ward_host_dispatch(struct ward_host *host, int timeout_ms, struct ward_fault *fault)
{
        if (!host)
                return fault_set(fault, WARD_FAULT_USAGE, "ward_host_dispatch needs a host");
        return dispatch_run(dispatch_of(host), timeout_ms, fault);
}

int ward_host_dispatch_start(struct ward_host *host, struct ward_fault *fault)
{
        if (!host)
                return fault_set(fault, WARD_FAULT_USAGE, "ward_host_dispatch_start needs a host");
        return dispatch_start(dispatch_of(host), fault);
}

int ward_host_dispatch_stop(struct ward_host *host, struct ward_fault *fault)
{
        if (!host)
                return fault_set(fault, WARD_FAULT_USAGE, "ward_host_dispatch_stop needs a host");
        return dispatch_stop(dispatch_of(host), fault);
}
