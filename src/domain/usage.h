/* Reading a domain's account, and keeping to its quota. */
#ifndef DOMAIN_USAGE_H
#define DOMAIN_USAGE_H

#include "domain/domain.h"

/* As ward_domain_usage, of the newest form. */
void domain_usage(const struct ward_domain *domain, struct ward_usage *ret_usage);

/* With the turn, before one more add-in is loaded. */
int domain_check_addins(struct ward_domain *domain, const char *module, struct ward_fault *fault);

#endif
