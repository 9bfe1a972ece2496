/* The terms of a domain: what options say themselves, and the permissions and the policy file that they name. */
#ifndef HOST_TERMS_H
#define HOST_TERMS_H

#include <ward/usage.h>
#include "domain/grants.h"

/* 1. filled from options, but for the members at the end  2. terms_take: the rest, and what the policy says; or a fault
 * 3. used  4. terms_finish */
struct terms {
        enum ward_isolation isolation;
        enum ward_level level;
        struct ward_limits limits;
        const struct ward_quota *quota; /* NULL: none; later may point to @own_quota */
        const char *const *permissions; /* borrowed, as the next two; any may be NULL */
        const char *policy;
        const char *const *environment;
        struct ward_quota own_quota;
        struct domain_grants *grants; /* owned; for domain_new to take */
};

int terms_take(struct terms *terms, struct ward_fault *fault);
void terms_finish(struct terms *terms);

/* An add-in that goes into a domain which is there: no permissions are to be given for it. */
int terms_refuse(const struct terms *terms, const char *why, struct ward_fault *fault);

#endif
