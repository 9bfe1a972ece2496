/* WIT text -> a checked model (Component Model, WIT.md).
 *
 * 1. contract_read  2. look at contract->worlds …  3. contract_free
 *
 * Everything in the model is owned by the contract and lives as long as it does. Names are as written, in kebab case, without a
 * leading %. Errors name file:line:column, show the line with a caret, and say what was expected. */
#ifndef CONTRACT_CONTRACT_H
#define CONTRACT_CONTRACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wit_kind {
        WIT_BOOL,
        WIT_U8,
        WIT_U16,
        WIT_U32,
        WIT_U64,
        WIT_S8,
        WIT_S16,
        WIT_S32,
        WIT_S64,
        WIT_F32,
        WIT_F64,
        WIT_CHAR,
        WIT_STRING,
        WIT_ERROR_CONTEXT, /* the last primitive; asynchronous: it can be read and printed, not bound */
        WIT_LIST,
        WIT_FIXED_LIST, /* list<T, N> */
        WIT_MAP,
        WIT_OPTION,
        WIT_RESULT,
        WIT_TUPLE,
        WIT_RECORD,
        WIT_VARIANT,
        WIT_ENUM,
        WIT_FLAGS,
        WIT_RESOURCE,
        WIT_OWN,
        WIT_BORROW,
        WIT_FUTURE, /* asynchronous, as error-context */
        WIT_STREAM,
        WIT_ALIAS, /* `type a = b`, and what `use` makes */
};

/* What whoever walks a type may rely on. */
enum {
        WIT_DEPTH_MAX = 100,
        WIT_PARTS_MAX = 100000,
};

/* No index. */
#define WIT_NONE SIZE_MAX

struct wit_package;
struct wit_interface;
struct wit_world;
struct wit_type;

/* `@since`, `@unstable`, `@deprecated`; all NULL for none. */
struct wit_stability {
        const char *since;      /* a version, or NULL */
        const char *feature;    /* of @unstable, or NULL */
        const char *deprecated; /* a version, or NULL */
};

/* A record's field, a tuple's element (no name), a case of a variant (type may be NULL), an enum or flags (no type), a parameter.
 */
struct wit_member {
        const char *name;
        struct wit_type *type;
        const char *docs; /* or NULL */
};

/* The Canonical ABI's layout of a type (CanonicalABI.md: "Alignment", "Element Size", "Flattening"); all 0 for what cannot be
 * passed: a resource itself, and what is asynchronous. */
struct wit_abi {
        uint32_t size;
        uint32_t align;
        uint32_t flat; /* number of flat values, not capped */
        uint32_t tag;  /* size of the tag of a variant, enum, option or result, else 0 */
};

/* A type. Primitives are shared singletons of the contract, outside of contract->types. Anonymous types have no name and no owner;
 * equal ones are one object within a package. */
struct wit_type {
        enum wit_kind kind;
        const char *name;
        const char *docs;
        const char *external_id; /* or NULL */
        struct wit_stability stability;
        struct wit_interface *interface; /* its owner: one of these, or neither */
        struct wit_world *world;
        struct wit_type *element; /* list, fixed list, map: the value; option; alias; own, borrow: the resource or an alias of one;
                                     result: ok, or NULL; future, stream: or NULL */
        struct wit_type *error;   /* result: err, or NULL */
        struct wit_type *key;     /* map */
        uint32_t length;          /* fixed list */
        struct wit_member *members; /* record, tuple, variant, enum, flags */
        size_t n_members;
        bool used;    /* alias: made by `use` */
        bool async;   /* it, or a part of it, is asynchronous */
        size_t index; /* place in contract->types; of a primitive WIT_NONE */
        size_t depth; /* how deep it nests, aliases counted: a primitive 1, at most WIT_DEPTH_MAX */
        size_t parts; /* the types and cases that a walk over all of it meets, at most WIT_PARTS_MAX */
        struct wit_abi abi;
};

enum wit_func_kind {
        WIT_FREESTANDING,
        WIT_METHOD, /* the first parameter is `self` */
        WIT_STATIC,
        WIT_CONSTRUCTOR,
};

struct wit_func {
        enum wit_func_kind kind;
        bool async;
        const char *name;          /* in full: "f", "[method]r.f", "[static]r.f", "[constructor]r" */
        const char *item_name;     /* "f"; of a constructor "r" */
        struct wit_type *resource; /* of a method, static function or constructor, else NULL */
        const char *docs;
        const char *external_id;
        struct wit_stability stability;
        struct wit_member *params;
        size_t n_params;
        struct wit_type *result; /* or NULL */
};

struct wit_package {
        const char *ns;      /* "example" */
        const char *name;    /* "calculator" */
        const char *version; /* "1.0.0", or NULL */
        const char *docs;
        size_t index;                      /* in contract->packages */
        struct wit_interface **interfaces; /* named ones, in index order */
        size_t n_interfaces;
        struct wit_world **worlds;
        size_t n_worlds;
};

struct wit_interface {
        struct wit_package *package;
        const char *name;  /* NULL for an inline one */
        const char *label; /* of an inline one: what it is called in its world */
        const char *docs;
        struct wit_stability stability;
        struct wit_world *inline_of;    /* or NULL */
        struct wit_interface *clone_of; /* an inline one that `include` copied: the original; or NULL */
        struct wit_type **types;        /* named ones, in index order: definitions and aliases */
        size_t n_types;
        struct wit_func **funcs;
        size_t n_funcs;
        struct wit_interface **needs; /* those that its `use` names directly, in source order, each once */
        size_t n_needs;
        size_t index; /* in contract->interfaces */
};

/* What a world imports or exports: one of func, interface, type. */
struct wit_item {
        const char *name; /* the function's, in full; the type's; the label of an interface; NULL for one by path */
        const char *docs; /* of the statement `import a:b/c;`; the others have their own */
        const char *external_id;
        struct wit_stability stability; /* of the statement; of a function and a type their own */
        struct wit_func *func;
        struct wit_interface *interface;
        struct wit_type *type; /* imports only */
};

struct wit_world {
        struct wit_package *package;
        const char *name;
        const char *docs;
        struct wit_stability stability;
        struct wit_type **types; /* what it defines and uses, in index order */
        size_t n_types;
        struct wit_item *imports; /* elaborated: an interface or type that is needed comes before what needs it */
        size_t n_imports;
        struct wit_item *exports;
        size_t n_exports;
        size_t index; /* in contract->worlds */
};

/* The arrays are in the order that a resolved contract is printed in: packages each after those that it refers to, and package by
 * package their interfaces, worlds and types. */
struct contract {
        struct wit_package **packages;
        size_t n_packages;
        struct wit_interface **interfaces;
        size_t n_interfaces;
        struct wit_world **worlds;
        size_t n_worlds;
        struct wit_type **types; /* without primitives; parts before what is made of them */
        size_t n_types;
        struct wit_package *main;
        const char *path;    /* as given */
        struct arena *arena; /* private */
};

/* Which items that are behind `@unstable` take part. NULL for none. */
struct contract_options {
        const char *const *features;
        size_t n_features;
        bool all_features;
};

/* What is wrong: as many errors as make sense in one run. @text is all messages, one after the other, each
 * "calc.wit:3:12: expected a type, found ';'\n  3 | …\n    | ^\n". */
struct contract_error {
        size_t n;      /* how many */
        size_t line;   /* of the first one, 1-based; 0 where no place can be named */
        size_t column; /* 1-based, in bytes */
        char *text;    /* malloc'd; NULL only where memory ran out */
};

/* Reads @path: a .wit file, or a folder of them with deps/ beside. Returns the contract, or NULL with @ret_error filled (free its
 * text). The package `ward:domain` is built in: a contract may import its interfaces without having them in deps/. */
struct contract *contract_read(const char *path, const struct contract_options *options, struct contract_error *ret_error);

/* The same from memory; @name stands for the file in errors. */
struct contract *contract_read_text(const char *name, const char *text, size_t len, const struct contract_options *options,
                                    struct contract_error *ret_error);

struct contract *contract_free(struct contract *contract);

/* The world called @name in the main package; with NULL the only one. NULL if there is none, or more than one. */
struct wit_world *contract_world(const struct contract *contract, const char *name);

/* Follows aliases to the type meant. */
const struct wit_type *wit_resolve(const struct wit_type *type);

static inline bool wit_is_primitive(const struct wit_type *type)
{
        return type->kind <= WIT_ERROR_CONTEXT;
}

#endif
