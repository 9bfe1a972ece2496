/* The parser's inside: a cursor over tokens. Once something was reported the current token is TOKEN_END, so every loop ends and
 * nothing needs to be checked on the way; a list of items then goes on behind the item that was wrong. */
#ifndef CONTRACT_PARSER_H
#define CONTRACT_PARSER_H

#include "contract/ast.h"
#include "contract/lex.h"
#include "contract/reader.h"

struct parser {
        struct reader *reader;
        const struct source *source;
        struct token token;   /* the current one */
        struct token stopped; /* where @bad: the one that was current */
        bool bad;
        bool doubt;          /* since an error, braces may be miscounted: an error that says no more than this is not told */
        size_t resumed;      /* behind where parsing last went on after an error */
        size_t depth;        /* of types */
        size_t braces;       /* that are open */
        size_t package;      /* of these, the ones of nested packages */
        struct place nested; /* of the name of the first package in a nested package */
};

/* cursor: parse_cursor.c */
void parser_begin(struct parser *p, struct reader *reader, const struct source *source);
void parser_next(struct parser *p);
/* The token behind another one. */
struct token parser_peek(const struct parser *p, struct token behind);
bool parser_accept(struct parser *p, int kind);
/* Reports what was expected unless the current token is a @kind, and passes it. Returns its place. */
struct place parser_expect(struct parser *p, int kind, const char *what);
void parser_unexpected(struct parser *p, const char *expected);
void parser_error(struct parser *p, struct place place, const char *format, ...) __attribute__((format(printf, 3, 4)));
struct ast_name parser_name(struct parser *p, const char *what);
/* Interned; NULL where there is none. */
const char *parser_version(struct parser *p);
/* What a string literal says. */
const char *parser_string(struct parser *p);
struct place parser_here(const struct parser *p);
/* The comments before the current token. */
const char *parser_docs(struct parser *p, struct place *ret_place);
/* From the beginning of @from to the end of the token before the current one. */
struct place parser_since(const struct parser *p, size_t from);

/* recovery: parse_recover.c */

/* Whether another item of a list of them begins, @level braces deep. After an error, first goes on behind what was wrong. */
bool parser_has_item(struct parser *p, size_t level);
/* Whether an interface, a world or a package begins at @token: none of these words can stand there otherwise. */
bool parser_at_declaration(const struct parser *p, struct token token);

/* parse_type.c */
struct ast_type *parse_type(struct parser *p);

/* parse_func.c */
struct ast_func parse_func(struct parser *p);
struct ast_typedef parse_typedef(struct parser *p, int keyword, struct ast_name *ret_name);
bool is_typedef(int kind);

/* parse_path.c */
struct ast_package_name parse_package_name(struct parser *p);
struct ast_path parse_path(struct parser *p);
struct ast_use parse_use(struct parser *p);
struct ast_use parse_include(struct parser *p);

/* parse_gate.c */
struct ast_gate parse_gate(struct parser *p);

/* parse_item.c */
struct ast_item *parse_item_begin(struct parser *p, struct ast_body *body);
struct ast_body parse_interface_body(struct parser *p);
struct ast_body parse_world_body(struct parser *p);

#endif
