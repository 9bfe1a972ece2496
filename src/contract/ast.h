/* The tree that the parser makes of a file: what is written, nothing resolved. Lives in the reader's scratch arena; names and
 * documentation live in the arena that is kept. */
#ifndef CONTRACT_AST_H
#define CONTRACT_AST_H

#include <stdbool.h>
#include <stddef.h>

#include "contract/contract.h"
#include "contract/report.h"

struct ast_name {
        const char *text; /* interned */
        struct place place;
};

/* `iface`, or `ns:package/iface@1.0.0`. */
struct ast_path {
        const char *package; /* "ns:package@1.0.0", interned; NULL for one in the same package */
        struct place package_place;
        struct ast_name name;
};

/* A use of a type. WIT_ALIAS stands for a name. */
struct ast_type {
        enum wit_kind kind;
        struct place place;
        const char *name;
        struct ast_type *element;   /* list, option; result: ok, or NULL */
        struct ast_type *error;     /* result: err, or NULL */
        struct ast_type **elements; /* tuple */
        size_t n_elements;
};

/* A field, a parameter, a case. */
struct ast_member {
        struct ast_name name;
        struct ast_type *type; /* NULL for a case */
        const char *docs;
};

struct ast_func {
        struct ast_member *params;
        size_t n_params;
        struct ast_type *result; /* or NULL */
};

/* What stands behind `type x =`, `record x`, `enum x`. */
struct ast_typedef {
        enum wit_kind kind; /* WIT_ALIAS, WIT_RECORD, WIT_ENUM */
        struct ast_type *type;
        struct ast_member *members;
        size_t n_members;
};

struct ast_use_name {
        struct ast_name name;
        struct ast_name as; /* the same where nothing else is written */
};

struct ast_use {
        struct ast_path path;
        struct ast_use_name *names;
        size_t n_names;
};

/* The attributes before an item. */
struct ast_gate {
        const char *since;      /* version, or NULL */
        const char *feature;    /* of @unstable, or NULL */
        const char *deprecated; /* version, or NULL */
        struct place place;     /* of the first one */
};

struct ast_item;

struct ast_body {
        struct ast_item *items;
        size_t n_items;
};

enum ast_item_kind {
        AST_USE,
        AST_TYPEDEF,
        AST_FUNC,      /* in an interface, or after `import x:` */
        AST_INTERFACE, /* after `import x:` */
        AST_PATH,      /* after `import` */
};

/* One statement of an interface or a world. */
struct ast_item {
        enum ast_item_kind kind;
        bool import; /* in a world: neither for `use` and types */
        bool export;
        struct ast_name name; /* of a path statement: the path's */
        const char *docs;
        struct ast_gate gate;
        struct ast_use use;
        struct ast_typedef type;
        struct ast_func func;
        struct ast_body body;
        struct ast_path path;
};

enum ast_decl_kind {
        AST_DECL_INTERFACE,
        AST_DECL_WORLD,
        AST_DECL_USE, /* at the top level */
};

struct ast_decl {
        enum ast_decl_kind kind;
        struct ast_name name; /* of a `use`: the name that it gives */
        const char *docs;
        struct ast_gate gate;
        struct ast_body body;
        struct ast_path path; /* of a `use` */
};

struct ast_package_name {
        const char *ns;
        const char *name;
        const char *version; /* or NULL */
        const char *id;      /* "ns:name@version" */
        struct place place;
};

struct ast_file {
        const struct source *source;
        bool named;
        struct ast_package_name package;
        const char *docs;
        struct place docs_place;
        struct ast_decl *decls;
        size_t n_decls;
};

#endif
