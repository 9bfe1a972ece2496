/* What really holds a domain. */
#ifndef DOMAIN_POSTURE_H
#define DOMAIN_POSTURE_H

#include <ward/posture.h>
#include "domain/domain.h"

/* As ward_domain_posture, of the newest form. */
int domain_posture(struct ward_domain *domain, struct ward_posture *ret_posture, struct ward_fault *fault);

/* As ward_posture_source. */
const char *posture_source(const struct ward_posture *posture, unsigned layer);

#endif
