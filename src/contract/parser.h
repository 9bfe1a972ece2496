/* The parser's inside: a cursor over tokens. Once something was reported the current token is TOKEN_END, so every loop ends and
 * nothing needs to be checked on the way; a list of items then goes on behind the item that was wrong. */
#ifndef CONTRACT_PARSER_H
#define CONTRACT_PARSER_H

#include "contract/ast.h"
#include "contract/lex.h"
#include "contract/reader.h"

/* What is being parsed. */
enum {
        IN_TOP = 1 << 0,
        IN_PACKAGE = 1 << 1, /* its name */
        IN_INTERFACE = 1 << 2,
        IN_WORLD = 1 << 3,
        IN_RESOURCE = 1 << 4,
        IN_IMPORT = 1 << 5,
        IN_EXPORT = 1 << 6,
        IN_USE = 1 << 7,
        IN_PARAMS = 1 << 8,
        IN_RESULT = 1 << 9, /* behind the parameters */
        IN_FIELDS = 1 << 10,
        IN_CASES = 1 << 11, /* of a variant */
        IN_NAMES = 1 << 12, /* of an enum or flags */
        IN_TYPE = 1 << 13,
        IN_OTHER = 1 << 14,
        IN_MEMBERS = IN_PARAMS | IN_FIELDS | IN_CASES | IN_NAMES,
        IN_ANY = -1,
};

struct parser {
        struct reader *reader;
        const struct source *source;
        struct token token;   /* the current one */
        struct token before;  /* the one before it */
        struct token stopped; /* where @bad: the one that was current */
        bool bad;
        bool doubt;          /* since an error, braces may be miscounted: an error that says no more than this is not told */
        size_t resumed;      /* behind where parsing last went on after an error */
        size_t item;         /* where the current item of a list begins */
        unsigned where;      /* IN_…, for hints */
        size_t depth;        /* of types */
        size_t braces;       /* that are open */
        size_t unmatched;    /* braces that had no end when a declaration began: what they hold goes on behind it, perhaps */
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
/* As parser_expect, for the end of what was opened at @open: says where that is if there is no end. */
void parser_close(struct parser *p, int kind, const char *what, struct place open);
void parser_unexpected(struct parser *p, const char *expected);
void parser_error(struct parser *p, struct place place, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* As after an error, where what is wrong follows from another one. */
void parser_give_up(struct parser *p);
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

/* hint.c: what may have been meant by the current token, which is unexpected, or NULL. @text may be made use of. */
const char *parser_hint(const struct parser *p, char *text, size_t room);

/* parse_type.c */
struct ast_type *parse_type(struct parser *p);
/* Whether a keyword is a type, or makes one. */
bool is_type_word(int kind);

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
