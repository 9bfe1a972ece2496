/* What descriptors are made with. Private to this folder. */
#ifndef DYNAMIC_BUILD_H
#define DYNAMIC_BUILD_H

#include "contract/arena.h"
#include "dynamic/dynamic.h"

/* A descriptor, and what it does not say. */
struct described {
        struct ward_type type;
        uint32_t align; /* of the C type */
};

/* Which side's descriptors: a type that an exported interface refers to may be another than what an imported one does. */
enum side { SIDE_IMPORT, SIDE_EXPORT, SIDES };

struct builder {
        struct arena *arena;
        const struct contract *contract;
        const struct described **types[SIDES];         /* by index, then primitives by kind; NULL: not made yet */
        const struct ward_resource **resources[SIDES]; /* by the type's index */
        bool *exported;                                /* by the interface's index: the world exports it */
        const char *failed;                            /* the first type that is too large, or a resource that nobody has; sticky */
        bool no_memory;
};

/* types.c. Never NULL; after a failure of no use. */
const struct described *describe(struct builder *b, enum side side, const struct wit_type *type);

/* The argument struct of @func. */
const struct described *describe_params(struct builder *b, enum side side, const struct wit_func *func);

#endif
