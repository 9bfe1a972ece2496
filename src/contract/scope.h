/* Names in scopes. A name may stand once in a scope, whatever it names and however it is capitalized. */
#ifndef CONTRACT_SCOPE_H
#define CONTRACT_SCOPE_H

#include "contract/ast.h"
#include "contract/reader.h"

enum symbol_kind {
        SYMBOL_TYPE,
        SYMBOL_FUNC,
        SYMBOL_INTERFACE,
        SYMBOL_WORLD,
        SYMBOL_FIELD,
        SYMBOL_CASE,
        SYMBOL_PARAMETER,
};

struct symbol {
        enum symbol_kind kind;
        struct ast_name name;
        void *target;        /* struct wit_type, struct decl; a function: NULL */
        size_t index;        /* of a type definition: its number in its body, plus 1 */
        struct symbol *next; /* in the same scope */
};

struct scope {
        const char *what; /* "interface `a`"; for messages */
        struct symbol *first;
        struct symbol *last;
};

struct scopes {
        struct reader *reader;
        struct map symbols; /* (scope, folded name) -> symbol */
};

/* The symbol, or NULL. */
struct symbol *scope_find(struct scopes *scopes, const struct scope *scope, const char *name);

/* Adds a name; reports one that is there already, and returns the new symbol all the same. @verb: "is defined twice". */
struct symbol *scope_add(struct scopes *scopes, struct scope *scope, enum symbol_kind kind, struct ast_name name, const char *verb);

/* Reports that there is no such name: what is nearest, or what there is. @what: "type", "interface". @kinds: bits 1 << symbol_kind
 * of what would have done. */
void scope_unknown(struct scopes *scopes, const struct scope *scope, struct ast_name name, const char *what, unsigned kinds);

/* "a function", "a world"… */
const char *symbol_kind_name(enum symbol_kind kind);

#endif
