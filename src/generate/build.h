/* The making of a model: the part that walks types (build_type.c), the part that walks the world (build_world.c), and the part that
 * chooses the names that nobody is promised (build_names.c). */
#ifndef GENERATE_BUILD_H
#define GENERATE_BUILD_H

#include "generate/model.h"

/* Where types are being named: a world's interface, or the world itself (item NULL). */
struct scope {
        const struct wit_item *item;
        const struct wit_interface *interface;
        const char *prefix;
        bool exported;
};

/* An interface that the world has twice exists twice in C: the second time all its types, and the anonymous ones that it meets, are
 * made anew. So there are two C types for some types of the contract (wit-bindgen's nominal types). */
struct builder {
        struct model *model;
        const struct wit_world *world;
        struct c_type **made;  /* by wit_type.index */
        struct c_type **again; /* the same, in interfaces that are made again */
        bool repeating;        /* the present interface is made again */
        struct scope scope;
};

/* The C type for @type in the present scope, made and appended to the model's definitions where it is new, its parts first. */
struct c_type *build_type(struct builder *b, const struct wit_type *type);

/* A record that the contract has no type for. No name is chosen for it, and it is not appended. */
struct c_type *build_record(struct builder *b, struct wit_member *members, size_t n);

/* What the kind and parts of a new type say of its layout. */
void build_traits(struct c_type *made);

/* Appends a type that is to be defined. */
void build_append(struct model *model, struct c_type *type);

/* The C names that belong to @type: its stem and name. */
void build_name(struct builder *b, struct c_type *made, const struct wit_type *type);

/* build_resource.c: the resource, and a handle of it. */
struct c_type *build_resource(struct builder *b, const struct wit_type *type);
struct c_type *build_handle(struct builder *b, const struct wit_type *type);
/* Whether @interface, which may be NULL, is ward:domain/memory. */
bool build_is_memory(const struct wit_interface *interface);

/* Made of nothing but lists, options, tuples and maps of primitives without a name: one C type serves the whole world. */
bool build_is_shared(const struct wit_type *type);

/* build_world.c: types and functions of the world. build_forget.c: forgets the types that exported interfaces define anew: all but
 * those of interfaces that are only imported, and needed. */
void build_world(struct builder *b);
void build_forget(struct builder *b);

/* build_names.c */
void build_reserve_names(struct model *model);
void build_names(struct builder *b);

#endif
