/* The parser's inside: a cursor over tokens with a sticky error. Once something was reported the current token stays
 * TOKEN_END, so every loop ends and nothing needs to be checked on the way. */
#ifndef CONTRACT_PARSER_H
#define CONTRACT_PARSER_H

#include "contract/ast.h"
#include "contract/lex.h"
#include "contract/reader.h"

struct parser {
        struct reader *reader;
        const struct source *source;
        struct token token; /* the current one */
        size_t depth;       /* of types */
        bool bad;
};

/* cursor: parse_cursor.c */
void parser_begin(struct parser *p, struct reader *reader, const struct source *source);
void parser_next(struct parser *p);
/* The token behind the current one. */
struct token parser_peek(struct parser *p, struct token behind);
bool parser_accept(struct parser *p, int kind);
/* Reports what was expected unless the current token is a @kind, and passes it. Returns its place. */
struct place parser_expect(struct parser *p, int kind, const char *what);
void parser_unexpected(struct parser *p, const char *expected);
/* "@what are not supported yet by this version of Ward". */
void parser_unsupported(struct parser *p, struct place place, const char *what);
void parser_error(struct parser *p, struct place place, const char *format, ...) __attribute__((format(printf, 3, 4)));
struct ast_name parser_name(struct parser *p, const char *what);
/* Interned; NULL where there is none. */
const char *parser_version(struct parser *p);
struct place parser_here(const struct parser *p);
/* The comments before the current token. */
const char *parser_docs(struct parser *p, struct place *ret_place);
/* From the beginning of @from to the end of the token before the current one. */
struct place parser_since(const struct parser *p, size_t from);

/* parse_type.c */
struct ast_type *parse_type(struct parser *p);
struct ast_typedef parse_typedef(struct parser *p, int keyword, struct ast_name *ret_name);
struct ast_func parse_func(struct parser *p);
bool is_typedef(int kind);

/* parse_path.c */
struct ast_package_name parse_package_name(struct parser *p);
struct ast_path parse_path(struct parser *p);
struct ast_use parse_use(struct parser *p);
struct ast_gate parse_gate(struct parser *p);

/* parse_item.c */
struct ast_body parse_interface_body(struct parser *p);
struct ast_body parse_world_body(struct parser *p);

#endif
