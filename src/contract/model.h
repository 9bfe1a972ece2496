/* The inside of resolving: packages, interfaces and worlds on their way from tree to model.
 *
 * 1. packages_declare: what there is  2. packages_order  3. package by package, package_draft: names are looked up, types made, in
 * the order that all of them would have  4. package by package, package_complete: what is left out goes, the rest gets its number
 *
 * What is behind a feature that is not switched on must still make sense as far as its own package goes: so it is drafted as well.
 * Errors go to the reader's report. Within a step work goes on after an error, with what stands in for the unknown; the next step
 * is not begun. */
#ifndef CONTRACT_MODEL_H
#define CONTRACT_MODEL_H

#include "contract/resolve.h"
#include "contract/scope.h"

struct package;
struct decl;

/* A type, in the order of drafting. It is left out as long as its depth is 0: completing measures it. */
struct draft {
        struct wit_type *type;
        struct place place;
        const struct ast_gate *gate;      /* its own or inherited, or NULL */
        const struct ast_member *members; /* a record's or variant's: where they are */
        struct decl *owner;               /* NULL for an anonymous one */
};

struct draft_func {
        struct wit_func *func;
        struct place place;
        const struct ast_gate *gate;
};

/* What a world imports or exports by a statement of its own. */
struct draft_item {
        struct wit_item item;
        bool import;
        struct place place;
        const struct ast_gate *gate;
        struct decl *interface; /* whose interface, or NULL */
};

struct draft_include {
        struct decl *world;
        const struct ast_use *ast;
        const struct ast_gate *gate;
};

/* An interface or a world that a package declares, or an inline interface. */
struct decl {
        enum symbol_kind kind; /* SYMBOL_INTERFACE or SYMBOL_WORLD */
        struct ast_name name;
        const struct ast_body *ast;
        const struct ast_gate *gate;
        const char *docs;
        struct package *package;
        const struct ast_file *file;
        size_t index;       /* in its package */
        struct scope scope; /* an interface: its types and functions; a world: its types and imports */
        struct wit_interface *interface;
        struct wit_world *world;
        size_t chain;            /* how many interfaces deep its `use` goes */
        struct wit_type **types; /* drafted: `use` first */
        size_t n_types;
        struct draft_func *funcs; /* of an interface */
        size_t n_funcs;
        struct draft_item *items; /* of a world */
        size_t n_items;
        struct draft_include *includes;
        size_t n_includes;
        bool left_out;
};

/* An interface or world of another package that must be there. */
struct mention {
        struct decl *decl;
        struct place place;
        const struct ast_gate *gate;
};

/* Another package that one refers to, and where it does so first. */
struct need {
        struct package *package;
        struct place place;
};

struct package {
        struct ast_file **ast;
        size_t n_files;
        struct ast_package_name name;
        const char *docs;
        struct wit_package *model;
        struct scope scope;  /* interfaces and worlds */
        struct scope *files; /* by file: these, and what its top-level `use` adds */
        struct decl **decls; /* in source order */
        size_t n_decls;
        struct need *needs;
        size_t n_needs;
        struct mention *mentions;
        size_t n_mentions;
        bool ordered;
        bool entered;         /* while ordering: a package on the way here refers to it */
        struct draft *drafts; /* all its types */
        size_t n_drafts;
        struct decl **interfaces; /* drafted: named ones, then inline ones */
        size_t n_interfaces;
        struct decl **worlds; /* drafted */
        size_t n_worlds;
};

struct resolver {
        struct reader *reader;
        struct contract *contract;
        struct scopes scopes;
        struct package *packages;
        size_t n_packages;
        struct package *optional;
        struct map by_id;   /* (NULL, package's id) -> package */
        struct map types;   /* (package, key) -> anonymous type */
        struct map gates;   /* (NULL, type) -> its gate */
        struct map refused; /* (NULL, gate) -> something: it was reported */
        struct map handles; /* (package, resource or alias of one) -> own handle */
        struct map borrows; /* (NULL, type) -> itself: a borrow is in it */
        struct map taken;   /* (a set's address, member) -> its number plus 1 */
        struct wit_type *primitives[WIT_ERROR_CONTEXT + 1];
        bool too_many; /* packages, which was reported */
        size_t steps;  /* of including and completing worlds in all */
};

/* The statements of one interface or world while they are drafted. */
struct body {
        struct resolver *r;
        struct decl *decl;
        const struct ast_gate *gate; /* of the type definition at hand, or NULL */
        struct scope *exported;      /* of a world: labels of exports */
};

/* packages.c: which there are, and in which order they come. */
void packages_declare(struct resolver *r);
struct package **packages_order(struct resolver *r, size_t *ret_n);

/* paths.c: what paths mean. */

/* Where a path leads to another package, notes that, and reports a package, interface or world that is not there. */
void path_link(struct resolver *r, struct package *package, const struct ast_path *path, const struct ast_gate *gate, bool world);
/* After all paths are linked: gives names to what files use at the top level. */
void package_uses_declare(struct resolver *r, struct package *package);
/* The interface (or @world) that a path names, or NULL: after a report, or where a statement that is left out names what another
 * package does not have. */
struct decl *path_find(struct resolver *r, struct package *package, const struct ast_file *file, const struct ast_path *path,
                       bool world);
/* The package's interfaces and worlds so that each comes after the interfaces that it uses and the worlds that it includes. NULL
 * after a report. */
struct decl **package_decls_order(struct resolver *r, struct package *package);

/* types.c: types and functions, drafted. */
void types_begin(struct resolver *r);
/* Sets the parts that @ast gives @type. */
void type_fill(struct body *body, const struct ast_type *ast, struct wit_type *type);
/* The type of that name, or NULL after a report. */
struct wit_type *type_named(struct body *body, struct ast_name name);
struct wit_type *type_of(struct body *body, const struct ast_type *ast);
/* A new named type of the body. */
struct wit_type *type_begin(struct body *body, enum wit_kind kind, struct ast_name name, const struct ast_gate *gate);
/* Ends the drafting of a type. */
struct draft *type_draft(struct resolver *r, struct package *package, struct wit_type *type, struct place place,
                         const struct ast_gate *gate);
struct wit_member *members_of(struct body *body, const struct ast_member *ast, size_t n, struct scope *names,
                              enum symbol_kind kind);

/* funcs.c: functions, drafted. @resource: whose, or NULL. */
struct wit_func *func_of(struct body *body, const struct ast_item *item, struct wit_type *resource);

/* body.c: the statements that interfaces and worlds have in common, drafted. */
void body_draft_types(struct body *body);

/* draft.c: interfaces and worlds. */
/* False where interfaces or worlds depend on themselves, which is reported. */
bool package_draft(struct resolver *r, struct package *package);

/* gate.c: what is left out. */

/* Whether there is @since or @unstable. */
bool gate_is_stability(const struct ast_gate *gate);
/* Whether what is behind @gate stays, which may be NULL. Reports, once, a @since that cannot be. */
bool gate_passes(struct resolver *r, const struct package *package, const struct ast_gate *gate, struct place place);
/* Reports that what is at @place refers to what is left out. */
void report_left_out(struct resolver *r, struct place place, const char *kind, const char *name, const char *feature);

/* values.c: types and functions, completed. */

/* Whether a type is not left out; of this package, as far as it is completed. */
bool type_is_kept(const struct wit_type *type);
/* Ends what drafting began, unless the type is left out. */
void draft_complete(struct resolver *r, struct package *package, const struct draft *draft);
void func_complete(struct resolver *r, struct package *package, struct wit_func *func, struct place place);

/* enter.c: what gets its number. */
/* Measures the type, reports one that is too large. */
void type_enter(struct resolver *r, struct wit_type *type, struct place place);
void interface_enter(struct resolver *r, struct wit_interface *interface);

/* complete.c */
void package_complete(struct resolver *r, struct package *package);

/* worlds.c: its own imports and exports, then what it includes, then what all these need. */
void world_complete(struct resolver *r, struct decl *decl);

#endif
