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
        struct place place;         /* of own and borrow: the resource's name */
        const char *name;           /* own, borrow: the resource */
        struct ast_type *element;   /* list, option; map: the value; result: ok, or NULL; future, stream: or NULL */
        struct ast_type *error;     /* result: err, or NULL */
        struct ast_type *key;       /* map */
        uint32_t length;            /* fixed list */
        struct ast_type **elements; /* tuple */
        size_t n_elements;
};

/* A field, a parameter, a case. */
struct ast_member {
        struct ast_name name;
        struct ast_type *type; /* NULL for an enum's case or a flag; or for a variant's case without a payload */
        const char *docs;
};

struct ast_func {
        enum wit_func_kind kind;
        bool async;
        struct ast_member *params; /* of a method, with `self` */
        size_t n_params;
        struct ast_type *result; /* or NULL */
};

struct ast_item;

struct ast_body {
        struct ast_item *items;
        size_t n_items;
};

/* What stands behind `type x =`, `record x`, `enum x`, `resource x`. */
struct ast_typedef {
        enum wit_kind kind;    /* WIT_ALIAS with a type, or a kind with members, or WIT_RESOURCE */
        struct ast_type *type; /* of `type x = …` */
        struct ast_member *members;
        size_t n_members;
        struct ast_body body; /* a resource's functions */
};

struct ast_use_name {
        struct ast_name name;
        struct ast_name as; /* the same where nothing else is written */
};

/* `use path.{a as b}`; `include path with { a as b }`. */
struct ast_use {
        struct ast_path path;
        struct ast_use_name *names;
        size_t n_names;
};

/* The attributes before an item. */
struct ast_gate {
        struct wit_stability stability;
        const char *external_id; /* or NULL */
        bool out;                /* @unstable, and its feature is not switched on */
};

enum ast_item_kind {
        AST_USE,
        AST_INCLUDE, /* in a world */
        AST_TYPEDEF,
        AST_FUNC,      /* in an interface or a resource, or after `import x:` */
        AST_INTERFACE, /* after `import x:` */
        AST_PATH,      /* after `import`, or after `import x:` */
};

/* One statement of an interface or a world. */
struct ast_item {
        enum ast_item_kind kind;
        bool import; /* in a world: neither for `use` and types */
        bool export;
        bool labelled; /* a path statement: `import x: path` */
        struct ast_name
                name; /* of `use`, `include`, and a path statement without a label: the path's; of a constructor: the keyword */
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

/* A file without the packages nested in it, or one of these. */
struct ast_file {
        const struct source *source;
        size_t at;     /* where it begins, behind the name of a nested package */
        size_t number; /* among the files of its package */
        bool named;
        struct ast_package_name package;
        const char *docs;
        struct place docs_place;
        struct ast_decl *decls;
        size_t n_decls;
        struct ast_file **nested;
        size_t n_nested;
};

#endif
