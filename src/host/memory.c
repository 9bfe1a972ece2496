/* The public functions on memory that the host passes from. */
#include "base/fault.h"
#include "domain/blocks.h"
#include "host/host.h"

int ward_alloc(struct ward_domain *domain, size_t size, void **ret_data, struct ward_fault *fault)
{
        if (!domain || !ret_data)
                return fault_set(fault, WARD_FAULT_USAGE, "ward_alloc needs a domain, and a place for the address");
        return block_new(domain, size, ret_data, fault);
}

int ward_free(struct ward_host *host, void *data, struct ward_fault *fault)
{
        if (!host)
                return fault_set(fault, WARD_FAULT_USAGE, "ward_free needs the host");
        return block_free(&host->domains, data, fault);
}
