/* The inside of resolving: packages, interfaces and worlds on their way from tree to model.
 *
 * 1. packages_declare: what there is  2. packages_order  3. package by package: bodies_order, interface_resolve, world_resolve
 *
 * Errors go to the reader's report; a step that returns bool returns false after one. Within a step work goes on after an error,
 * with a type that stands in for what is unknown. */
#ifndef CONTRACT_MODEL_H
#define CONTRACT_MODEL_H

#include "contract/resolve.h"
#include "contract/scope.h"

struct package;

/* An interface or a world that a package declares. */
struct decl {
        enum symbol_kind kind; /* SYMBOL_INTERFACE or SYMBOL_WORLD */
        struct ast_decl *ast;
        struct package *package;
        struct ast_file *file;
        size_t index;       /* in its package */
        struct scope scope; /* an interface: its types and functions; a world: its types and imports */
        struct wit_interface *interface;
        struct wit_world *world;
        size_t chain; /* how many interfaces deep its `use` goes */
};

enum visit {
        NOT_VISITED,
        VISITING,
        VISITED,
};

struct package {
        struct ast_package *ast;
        struct ast_package_name name;
        const char *docs;
        struct wit_package *model;
        struct scope scope;  /* interfaces and worlds */
        struct scope *files; /* by file: what its top-level `use` adds */
        struct decl **decls; /* in source order, without those that are left out */
        size_t n_decls;
        enum visit visit;
        const struct ast_path *leaving; /* while visiting: the path that is being followed */
};

struct resolver {
        struct reader *reader;
        struct contract *contract;
        struct scopes scopes;
        struct package *packages;
        size_t n_packages;
        size_t optional;
        struct map by_id; /* (NULL, package's id) -> package */
        struct map types; /* (NULL, key) -> anonymous type */
        struct map taken; /* (one who needs, imports or exports; interface) -> itself */
        struct wit_type *primitives[WIT_STRING + 1];
        size_t completed; /* imports and exports added to worlds in all */
};

/* The statements of one interface or world, and what they become. */
struct body {
        struct resolver *r;
        struct package *package;
        struct ast_file *file;
        struct place place; /* of a world's name */
        const struct ast_body *ast;
        struct scope *scope;
        struct wit_interface *interface; /* its owner: one of the two */
        struct wit_world *world;
        size_t chain;
};

/* packages.c: which there are, and in which order they come. */
bool packages_declare(struct resolver *r);
struct package **packages_order(struct resolver *r, size_t *ret_n);

/* paths.c: what paths and gates mean. */
void gate_check(struct resolver *r, const struct package *package, const struct ast_gate *gate, struct place place);
bool package_uses_declare(struct resolver *r, struct package *package);
struct package *path_package(struct resolver *r, struct package *package, const struct ast_path *path);
/* The interface, or NULL after a report. */
struct decl *path_find(struct resolver *r, struct package *package, struct ast_file *file, const struct ast_path *path);
/* The package's interfaces and worlds so that each comes after the interfaces that it uses. NULL after a report. */
struct decl **package_decls_order(struct resolver *r, struct package *package);

/* types.c: types and functions. */
void types_begin(struct resolver *r);
/* Sets the parts that @ast gives it. */
void type_fill(struct resolver *r, const struct scope *scope, const struct ast_type *ast, struct wit_type *type);
struct wit_type *type_of(struct resolver *r, const struct scope *scope, const struct ast_type *ast);
/* A named type of @body, not yet filled in. */
struct wit_type *type_begin(struct body *body, enum wit_kind kind, struct ast_name name, const char *docs);
/* Ends its making: measures it, reports one that is too large, enters it in the contract. */
void type_finish(struct resolver *r, struct wit_type *type, struct place place);
struct wit_func *func_of(struct resolver *r, const struct scope *scope, const struct ast_item *item);
struct wit_member *members_of(struct resolver *r, const struct scope *scope, const struct ast_member *ast, size_t n,
                              enum symbol_kind kind);

/* body.c: the statements that interfaces and worlds have in common. */
bool body_resolve_types(struct body *body);
void interface_resolve(struct resolver *r, struct decl *decl);
struct wit_interface *interface_resolve_inline(struct body *world, const struct ast_item *item);

/* worlds.c */
void world_resolve(struct resolver *r, struct decl *decl);

#endif
