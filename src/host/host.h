/* The host, as its own files see it. */
#ifndef HOST_HOST_H
#define HOST_HOST_H

#include "domain/domain.h"

struct ward_host {
        struct domains domains;
        struct ward_domain *default_domain;
};

/* A struct of options, whose first member is its size: as large as the first header had it, and as this one has it. */
struct host_options_form {
        const char *name; /* "ward_host_options" */
        size_t oldest, newest;
};

/* Copies @given, as much of it as its size says, to @ret, which is of the newest form then: what the caller's header did not know
 * is 0. */
int host_take_options(const struct host_options_form *form, const void *given, void *ret, struct ward_fault *fault);

/* Checks what *@quota, in a caller's options, says, and lets it point to a copy in @ret; NULL stays. */
int host_take_quota(const struct ward_quota **quota, struct ward_quota *ret, struct ward_fault *fault);

/* Whether the limits are of the struct that this library knows; all zeros are the defaults. */
int host_check_limits(const struct ward_limits *limits, struct ward_fault *fault);

#endif
