/* Finding add-ins: what ward_activate was told may be a path, or a name that the host resolves. */
#ifndef HOST_LOOKUP_H
#define HOST_LOOKUP_H

#include "domain/domain.h"

struct lookup {
        struct instance_source source;
        struct ward_module module; /* what the host said; path and bytes NULL: it was not asked, or did not know */
};

/* Where @module is. On success lookup_end is to follow, when it was read. */
int lookup_begin(struct domains *domains, const char *module, const struct ward_activate_options *options,
                 struct lookup *ret_lookup, struct ward_fault *fault);
/* The libraries that it needs, into @lookup->source; nothing is undone where one is missing. */
int lookup_libraries(struct domains *domains, const struct ward_activate_options *options, struct lookup *lookup,
                     struct ward_fault *fault);
void lookup_end(struct lookup *lookup);

#endif
