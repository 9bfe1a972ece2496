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
        WIT_LIST,
        WIT_OPTION,
        WIT_RESULT,
        WIT_TUPLE,
        WIT_RECORD,
        WIT_ENUM,
        WIT_ALIAS, /* `type a = b`, and what `use` makes */
};

/* What whoever walks a type may rely on. */
enum {
        WIT_DEPTH_MAX = 100,
        WIT_PARTS_MAX = 100000,
};

struct wit_package;
struct wit_interface;
struct wit_world;

struct wit_type;

/* A record's field, a tuple's element (no name), an enum's case (no type), a function's parameter. */
struct wit_member {
        const char *name;
        struct wit_type *type;
        const char *docs; /* or NULL */
};

/* A type. Primitives are shared singletons of the contract; anonymous types have no name and no owner. Equal anonymous types are
 * one object within a contract. */
struct wit_type {
        enum wit_kind kind;
        const char *name;
        const char *docs;
        struct wit_interface *interface; /* its owner: one of these, or neither */
        struct wit_world *world;
        struct wit_type *element;   /* list, option, alias; result: ok, or NULL */
        struct wit_type *error;     /* result: err, or NULL */
        struct wit_member *members; /* record, tuple, enum */
        size_t n_members;
        bool used;    /* alias: made by `use` */
        size_t index; /* place in contract->types */
        size_t depth; /* how deep it nests, aliases counted: a primitive 1, at most WIT_DEPTH_MAX */
        size_t parts; /* the types and cases that a walk over all of it meets, at most WIT_PARTS_MAX */
};

struct wit_func {
        const char *name;
        const char *docs;
        struct wit_member *params;
        size_t n_params;
        struct wit_type *result; /* or NULL */
};

struct wit_package {
        const char *ns;      /* "example" */
        const char *name;    /* "calculator" */
        const char *version; /* "1.0.0", or NULL */
        const char *docs;
};

struct wit_interface {
        struct wit_package *package;
        const char *name; /* for an inline one the label it has in its world */
        const char *docs;
        struct wit_world *inline_of; /* or NULL */
        struct wit_type **types;     /* named ones, in source order: definitions and aliases */
        size_t n_types;
        struct wit_func **funcs;
        size_t n_funcs;
        struct wit_interface **needs; /* those that its `use` names directly, in source order, each once */
        size_t n_needs;
};

/* What a world imports or exports: a function or an interface. */
struct wit_item {
        const char *name; /* the function's; the inline interface's label; the interface's name */
        const char *docs; /* of the statement `import a:b/c;`; a function and an inline interface have their own */
        struct wit_func *func;
        struct wit_interface *interface;
};

struct wit_world {
        struct wit_package *package;
        const char *name;
        const char *docs;
        struct wit_type **types;
        size_t n_types;
        struct wit_item *imports; /* in source order; an interface needed through `use` comes before what needs it */
        size_t n_imports;
        struct wit_item *exports;
        size_t n_exports;
};

struct contract {
        struct wit_package **packages; /* each after those that it refers to */
        size_t n_packages;
        struct wit_interface **interfaces;
        size_t n_interfaces;
        struct wit_world **worlds; /* of all packages */
        size_t n_worlds;
        struct wit_type **types; /* primitives first, then parts before what is made of them */
        size_t n_types;
        struct wit_package *main;
        const char *path;    /* as given */
        struct arena *arena; /* private */
};

/* Where and what an error is; @text is the whole message: "calc.wit:3:12: expected a type, found ';'\n  3 | …\n    | ^". */
struct contract_error {
        size_t line;   /* 1-based; 0 where no place can be named */
        size_t column; /* 1-based, in bytes */
        char *text;    /* malloc'd; NULL only where memory ran out */
};

/* Reads @path: a .wit file, or a folder of them with deps/ beside. Returns the contract, or NULL with @ret_error filled (free its
 * text). The package `ward:domain` is built in: a contract may import its interfaces without having them in deps/. */
struct contract *contract_read(const char *path, struct contract_error *ret_error);

/* The same from memory; @name stands for the file in errors. */
struct contract *contract_read_text(const char *name, const char *text, size_t len, struct contract_error *ret_error);

struct contract *contract_free(struct contract *contract);

/* The world called @name in the main package; with NULL the only one. NULL if there is none, or more than one. */
struct wit_world *contract_world(const struct contract *contract, const char *name);

/* Follows aliases to the type meant. */
const struct wit_type *wit_resolve(const struct wit_type *type);

#endif
