/* The C view of one world: what the writers of header and source print. Made from the checked contract, with every name chosen
 * and both layouts known.
 *
 * 1. model_new  2. print  3. model_free
 *
 * An interface that a world both imports and exports gives two sets of C types (wit-bindgen's convention), so one type of the
 * contract may have several C types. Everything lives in the model's pool. */
#ifndef GENERATE_MODEL_H
#define GENERATE_MODEL_H

#include <stdint.h>
#include "contract/abi.h"
#include "contract/contract.h"
#include "generate/generate.h"
#include "generate/names.h"

struct c_type;
struct c_resource;

/* A record's field, tuple's element, variant's case or function's parameter; list, fixed list, option: the element; map: the
 * entry; result: ok, then err. */
struct c_member {
        const char *name;  /* in C's struct or union; NULL for an enum's cases and flags */
        const char *macro; /* of an enum, flags or variant: the case's macro, else NULL */
        const char *docs;
        const struct c_type *type; /* NULL: no payload */
        uint32_t abi_at;
};

struct c_type {
        enum wit_kind kind;           /* of what is meant: never WIT_ALIAS. A map's entry is a WIT_RECORD */
        const struct wit_type *shape; /* of what is meant */
        const struct c_type *alias;   /* a typedef of this one, or NULL */
        const char *name;             /* "double", "calculator_list_f64_t" */
        const char *stem;             /* "calculator_list_f64"; NULL for those that C has */
        const char *table;            /* its descriptor: "type_list_f64"; an alias: that of what is meant */
        const char *docs;
        const char *free; /* its free function; NULL where there is none: wit-bindgen's rule, see build_type.c */
        bool frees;       /* there is one */
        bool tagged;      /* struct NAME { … } NAME, rather than an anonymous struct */
        bool plain;       /* WARD_TYPE_PLAIN */
        bool owns;        /* WARD_TYPE_OWNS */
        bool handles;     /* WARD_TYPE_HANDLES */
        bool lent;        /* is or holds a borrow of a resource of the host's */
        struct wit_abi abi;
        struct c_member *members;
        size_t n_members;
        uint32_t length;             /* fixed list */
        struct c_resource *resource; /* own, borrow, or the resource itself: that is in model->types for its definitions */
};

/* A resource on one side of the world: one that is imported and exported is two. */
struct c_resource {
        const struct wit_type *wit;
        const struct wit_item *item; /* the interface, of the world; NULL: the world itself */
        const char *id;              /* "ns:pkg/iface@1.0.0#r", "r" of the world itself */
        const char *module;          /* "$root", "ns:pkg/iface@1.0.0" */
        const char *name;            /* as written: "r" */
        const char *stem;            /* C names begin with it: "ns_pkg_iface_r" */
        const char *prefix;          /* "ns_pkg_iface" */
        const char *table;           /* its struct ward_resource: "resource_r" */
        size_t index;                /* in model->resources */
        bool by_addin;               /* exported */
        const char *shared;          /* Ward's own: "buffer" or "stream" of <ward/buffer.h>; else NULL */
        struct c_type *own;          /* C forms: see <ward/value.h>, and types.c for how they are spelled */
        struct c_type *borrow;
        const char *object; /* the type that its implementer defines, "ns_pkg_iface_r_t"; NULL on the other side */
        /* Functions: NULL where the view has no such. */
        const char *drop_own;
        const char *drop_borrow; /* add-in view, of the host's, unless borrows are dropped by the stubs */
        const char *lend;        /* own to borrow, for who does not implement it */
        const char *make;        /* add-in view, of its own: object to own, */
        const char *rep;         /* and own to object */
        const char *destructor;  /* for who implements it: add-in, the C function; host, the services' member */
};

struct c_func {
        const struct wit_func *wit;
        const struct wit_item *item; /* of the world */
        const char *name;            /* add-in: the C function; host: the C function, or the services' member */
        const char *isolated;        /* host, connects or connects_views: the C function that does not connect directly */
        const char *post;            /* add-in: the C function that calls an import and does not wait; NULL: there is none */
        const char *begin;           /* host, options.async: the C functions, and the struct that is their handle, */
        const char *finish;
        const char *pending;        /* and the function that gives it as Ward's */
        const char *id;             /* in names that are private to the source: "operate", "import_log" */
        const char *core_name;      /* "operate", "ns:pkg/iface@1.0.0#[method]r.f" */
        const char *module;         /* "$root", "ns:pkg/iface@1.0.0" */
        const char *core;           /* core types of the parameters as the add-in has them, without a return pointer: "iiii" */
        char core_result;           /* core type of the result as one flat value, or 0 if it has none or more */
        const char *core_signature; /* wit_core() */
        bool by_ward;               /* an import that libward provides */
        bool drops;                 /* add-in: the borrows that an export was lent are dropped by its stub */
        bool scalar;              /* parameters and result are one flat value each, few enough for registers: no stub but a call */
        bool connects;            /* in one process the add-in's own C function can be called: nothing changes its owner */
        bool connects_views;      /* the same, where the add-in's arguments are views */
        struct c_type *params;    /* the argument struct: a record that no name is chosen for */
        const char **param_names; /* in C's signatures: "operands", "maybe_limit" */
        const struct c_type *result; /* or NULL */
};

struct model {
        struct pool pool;
        const struct contract *contract;
        const struct wit_world *world;
        enum generate_side side;
        struct generate_options options;
        const char *prefix;                        /* "calculator" */
        const char *tag;                           /* the same as a word of its own: "class_" where the prefix is "class" */
        struct c_type *primitives[WIT_STRING + 1]; /* by kind; NULL where not used */
        const char *flush;                         /* add-in: the C function that sends what was posted; NULL: nothing is */
        const char *string_helpers;                /* what their names begin with: "calculator_string" */
        struct c_type **types;                     /* the others that are to be defined, in order */
        size_t n_types;
        struct c_resource **resources; /* in the order of ward_contract.resources and ward_addin.resources */
        size_t n_resources;
        struct c_func *imports;
        size_t n_imports;
        struct c_func *exports;
        size_t n_exports;
        struct names names; /* in C's file scope, and those that generated functions use themselves */
};

struct model *model_new(const struct contract *contract, const struct wit_world *world, enum generate_side side,
                        const struct generate_options *options);
struct model *model_free(struct model *model);

/* Passed by value in C: numbers, enums, flags, handles. */
bool type_is_scalar(const struct c_type *type);

/* As a parameter a pointer that may be NULL. An alias of an option is not: wit-bindgen's rule. */
bool type_is_maybe(const struct c_type *type);

/* The type that an alias means. */
const struct c_type *type_meant(const struct c_type *type);

/* Whether it has resources whose handles are numbers; and those of <ward/buffer.h>, which are pointers. */
bool model_has_handles(const struct model *model);
bool model_has_memory(const struct model *model);

/* Whether parameters are passed as a pointer, and the result comes as one, by the Canonical ABI. */
bool func_spills(const struct c_func *func);
bool func_returns_pointer(const struct c_func *func);

/* naming.c: texts that end in the pool. */

/* What an interface is called in core names: "ns:pkg/iface@1.0.0", or the label that it has in the world. */
const char *naming_interface(struct pool *pool, const struct wit_item *item);
/* Without its package: its name, or its label. */
const char *naming_plain(const struct wit_item *item);
const char *naming_world(struct pool *pool, const struct wit_world *world);
const char *naming_package(struct pool *pool, const struct wit_package *package);
/* What C names of an interface begin with. */
const char *naming_prefix(struct model *model, const struct wit_item *item, bool exported);
/* The rename for an interface of this core name, or NULL. */
const struct generate_rename *naming_rename(const struct generate_options *options, const char *interface);

/* The part of a C name that stands for a type: "list_string", "result_f64_void", or its own name. */
const char *naming_encode(struct pool *pool, const struct wit_type *type);

#endif
