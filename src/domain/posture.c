#include "domain/posture.h"

#include "domain/kind.h"
#include "sandbox/seen.h"

int domain_posture(struct ward_domain *domain, struct ward_posture *ret_posture, struct ward_fault *fault)
{
        *ret_posture = (struct ward_posture){
                .size = sizeof *ret_posture,
                .isolation = domain->kind->isolation,
                .level = domain->level,
        };
        if (!domain_is_running(domain))
                return domain_unloaded_fault(domain, fault);
        return domain->kind->posture ? domain->kind->posture(domain, ret_posture, fault) : 0;
}

const char *posture_source(const struct ward_posture *posture, unsigned layer)
{
        const char *where = seen_where(layer);
        if (posture->isolation != WARD_PROCESS)
                return "of this kind no layer of the kernel's is asked for";
        if (posture->read & layer && where)
                return where;
        if (layer == WARD_LAYER_LANDLOCK)
                return "the worker tried what it refuses, before it loaded any add-in";
        if (layer == WARD_LAYER_HIDDEN)
                return "the worker asked the system, before it loaded any add-in";
        return "/proc could not be read: what the worker said before it loaded any add-in";
}
