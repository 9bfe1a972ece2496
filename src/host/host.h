/* The host, as its own files see it. */
#ifndef HOST_HOST_H
#define HOST_HOST_H

#include "domain/domain.h"

struct ward_host {
        struct domains domains;
        struct ward_domain *default_domain;
};

/* Whether the limits are of the struct that this library knows; all zeros are the defaults. */
int host_check_limits(const struct ward_limits *limits, struct ward_fault *fault);

#endif
