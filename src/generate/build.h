/* The making of a model: the part that walks types (build_type.c), and the part that walks the world (model.c). */
#ifndef GENERATE_BUILD_H
#define GENERATE_BUILD_H

#include "generate/model.h"

/* A C type made for a type of the contract. Anonymous types count for each package by themselves, as in wit-bindgen. */
struct entry {
        struct entry *next;
        const struct wit_package *package; /* NULL: any */
        const struct c_type *made;
};

/* Where types are being named. */
struct scope {
        const struct wit_interface *interface; /* NULL: the world */
        const struct wit_package *package;
        const char *prefix;
};

struct builder {
        struct model *model;
        const struct contract *contract;
        const struct wit_world *world;
        struct entry **entries; /* by build_slot */
        struct scope scope;
        bool exporting; /* exported interfaces are being walked */
};

/* The C type for @type in the present scope, made and appended to the model's definitions where it is new, its parts first. */
const struct c_type *build_type(struct builder *b, const struct wit_type *type);

/* A record of the parameters, that no name is chosen for. */
struct c_type *build_params(struct builder *b, const struct wit_func *func);

/* Where the entries of @type are: primitives first. */
static inline size_t build_slot(const struct wit_type *type)
{
        return wit_is_primitive(type) ? (size_t)type->kind : WIT_ERROR_CONTEXT + 1 + type->index;
}

/* Made of nothing but lists, options and tuples of primitives without a name: one C type serves the whole world. */
bool build_is_shared(const struct wit_type *type);

/* The world exports @interface. */
bool build_exports(const struct builder *b, const struct wit_interface *interface);

/* build_forget.c: forgets the types that exported interfaces define anew: all but those of interfaces that are only imported, and
 * needed. */
void build_forget(struct builder *b);

#endif
