/* The host, as its own files see it. */
#ifndef HOST_HOST_H
#define HOST_HOST_H

#include "domain/domain.h"

struct ward_host {
        struct domains domains;
        struct ward_domain *default_domain;
};

#endif
