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
#include "contract/contract.h"
#include "generate/generate.h"
#include "generate/names.h"

struct c_type;

/* A record's field, tuple's element or function's parameter; list, option: the element; result: ok, then err. An enum's cases are
 * macros without a type; so is an absent part of a result. */
struct c_member {
        const char *name;
        const char *docs;
        const struct c_type *type;
        uint32_t abi_at;
};

/* The Canonical ABI's view of a type (CanonicalABI.md: "Alignment", "Element Size", "Flattening"). */
struct layout {
        uint32_t size;
        uint32_t align;
        uint32_t flat; /* number of flat values */
        uint32_t tag;  /* size of the tag of a result, option or enum, else 0 */
        bool plain;    /* WARD_TYPE_PLAIN */
        bool owns;     /* WARD_TYPE_OWNS */
};

struct c_type {
        enum wit_kind kind;         /* of what is meant: never WIT_ALIAS */
        const struct c_type *alias; /* a typedef of this one, or NULL */
        const char *name;           /* "double", "calculator_list_f64_t" */
        const char *stem;           /* "calculator_list_f64"; NULL for those that C has */
        const char *table;          /* its descriptor: "type_list_f64"; an alias: that of what is meant */
        const char *docs;
        bool tagged; /* struct NAME { … } NAME, rather than an anonymous struct */
        bool frees;  /* a free function exists: */
        const char *free;
        struct layout layout;
        struct c_member *members;
        size_t n_members;
};

struct c_func {
        const struct wit_func *wit;
        const struct wit_item *item; /* of the world */
        const char *name;            /* add-in: the C function; host: the C function, or the services' member */
        const char *isolated;        /* host, connects: the C function that does not connect directly */
        const char *id;              /* in names that are private to the source: "operate", "import_log" */
        const char *core_name;       /* "operate", "ns:pkg/iface@1.0.0#f" */
        const char *module;          /* "$root", "ns:pkg/iface@1.0.0" */
        bool by_ward;                /* an import that libward provides */
        bool scalar;                 /* parameters and result are scalars, few enough for registers */
        bool connects;               /* in one process the add-in's own C function can be called: nothing changes its owner */
        struct c_type *params;       /* the argument struct: a record that no name is chosen for */
        const char **param_names;    /* in C's signatures: "operands", "maybe_limit" */
        const struct c_type *result; /* or NULL */
};

struct model {
        struct pool pool;
        const struct wit_world *world;
        enum generate_side side;
        const char *prefix;                        /* "calculator" */
        const char *tag;                           /* the same as a word of its own: "class_" where the prefix is "class" */
        struct c_type *primitives[WIT_STRING + 1]; /* by kind; NULL where not used */
        const char *string_helpers;                /* what their names begin with: "calculator_string" */
        struct c_type **types;                     /* the others that are to be defined, in order */
        size_t n_types;
        struct c_func *imports;
        size_t n_imports;
        struct c_func *exports;
        size_t n_exports;
        struct names names; /* in C's file scope, and those that generated functions use themselves */
};

struct model *model_new(const struct contract *contract, const struct wit_world *world, enum generate_side side);
struct model *model_free(struct model *model);

/* Passed by value in C: everything that is one register. */
bool type_is_scalar(const struct c_type *type);

/* As a parameter a pointer that may be NULL. An alias of an option is not: wit-bindgen's rule. */
bool type_is_maybe(const struct c_type *type);

/* The type that an alias means. */
const struct c_type *type_meant(const struct c_type *type);

/* naming.c: "ns:pkg/iface@1.0.0", an inline interface's label; the C prefix of an interface's names; "example:calculator@1.0.0". */
const char *naming_interface(struct pool *pool, const struct wit_item *item);
/* Without its package: its name, or an inline one's label. */
const char *naming_plain(const struct wit_interface *interface);
const char *naming_world(struct pool *pool, const struct wit_world *world);
const char *naming_package(struct pool *pool, const struct wit_package *package);
const char *naming_prefix(struct pool *pool, const struct contract *contract, const struct wit_interface *interface, bool exported);

/* The part of a C name that stands for a type: "list_string", "result_f64_void", or its own name. */
const char *naming_encode(struct pool *pool, const struct wit_type *type);

/* layout.c */
void layout_set(struct c_type *type);

/* Core types of a function as the add-in has it: "iiii>i". */
const char *layout_core(struct pool *pool, const struct c_func *func, bool import);

/* Writes the core types of the parameters, a pointer if they do not fit, and NUL; returns their number. */
enum { CORE_MAX = 17 };
size_t layout_core_params(const struct c_func *func, char core[CORE_MAX + 1]);

/* The core type of the result as one flat value, or 0 if it has none or more. */
char layout_core_result(const struct c_func *func);

#endif
