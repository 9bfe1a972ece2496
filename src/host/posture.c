#include "domain/posture.h"

#include <string.h>
#include "base/fault.h"
#include "host/host.h"

enum { OLDEST = sizeof(struct ward_posture) };

/* The size that the caller's header knows. */
int ward_domain_posture(const struct ward_domain *domain, struct ward_posture *ret_posture, struct ward_fault *fault)
{
        struct ward_posture posture;
        size_t size = ret_posture->size;
        if (size < OLDEST || size > sizeof posture)
                return fault_set(fault, WARD_FAULT_USAGE,
                                 "ward_posture.size is %zu, not %zu: set it to sizeof (struct ward_posture)", size, sizeof posture);
        int r = domain_posture((struct ward_domain *)(uintptr_t)domain, &posture, fault); /* for its locks */
        if (r)
                return r;
        posture.size = size;
        memcpy(ret_posture, &posture, size);
        return 0;
}

const char *ward_posture_source(const struct ward_posture *posture, unsigned layer)
{
        return posture_source(posture, layer);
}
