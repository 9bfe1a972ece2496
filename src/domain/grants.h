/* From the permissions of an activation to what its domain is granted.
 *
 *      1. grants_new, when a domain is made: names are resolved, variables of the host read
 *      2. kind->start and kind->load use it
 *      3. grants_free */
#ifndef DOMAIN_GRANTS_H
#define DOMAIN_GRANTS_H

#include "sandbox/grants.h"

#endif
