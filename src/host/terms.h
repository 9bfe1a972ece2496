/* The terms of a domain: what options say themselves, and by the permissions and the policy file that they name. */
#ifndef HOST_TERMS_H
#define HOST_TERMS_H

#include <ward/usage.h>
#include "domain/grants.h"

/* Of options of the newest form: level, limits and quota become those that hold, where the quota may come to lie in @room; and what
 * is granted, with @environment (NULL: none), goes to @ret_grants. 0, or a fault. */
int terms_take(struct ward_domain_options *options, const char *const *environment, struct ward_quota *room,
               struct domain_grants **ret_grants, struct ward_fault *fault);

/* Of an add-in that goes into a domain which is there: it can bring no permissions. 0, or REFUSED. */
int terms_refuse(const struct ward_activate_options *options, struct ward_fault *fault);

#endif
