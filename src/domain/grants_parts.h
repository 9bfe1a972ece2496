/* What grants.c shares with its other files. */
#ifndef DOMAIN_GRANTS_PARTS_H
#define DOMAIN_GRANTS_PARTS_H

#include "domain/grants.h"

int grants_no_memory(struct ward_fault *fault);

/* grants_address.c: the place or, of a name, the places that @permission is to connect to. */
int grants_add_address(struct domain_grants *grants, const struct permission *permission, struct ward_fault *fault);

/* grants_environment.c: the request's variables and those of its permissions. */
int grants_add_environment(struct domain_grants *grants, const struct grants_request *request, struct ward_fault *fault);

#endif
