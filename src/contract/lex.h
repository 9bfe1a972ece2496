/* Text -> tokens (Component Model, WIT.md: "Lexical structure").
 *
 * 1. lex_check once for a source  2. lex_token at 0, then at the end of the token before …  until TOKEN_END
 *
 * A token is found from its offset alone, so that looking ahead is lexing ahead. */
#ifndef CONTRACT_LEX_H
#define CONTRACT_LEX_H

#include <stdbool.h>
#include <stddef.h>

#include "contract/arena.h"
#include "contract/report.h"

/* Operators are their own character. Keywords follow TOKEN_KEYWORDS in the order of the specification's list. */
enum token_kind {
        TOKEN_END = 0,
        TOKEN_BAD = 1, /* was reported */
        TOKEN_ID = 128,
        TOKEN_INTEGER,
        TOKEN_STRING,
        TOKEN_ARROW,
        TOKEN_KEYWORDS,
        KW_AS = TOKEN_KEYWORDS,
        KW_ASYNC,
        KW_BOOL,
        KW_BORROW,
        KW_CHAR,
        KW_CONSTRUCTOR,
        KW_ENUM,
        KW_ERROR_CONTEXT,
        KW_EXPORT,
        KW_F32,
        KW_F64,
        KW_FLAGS,
        KW_FROM,
        KW_FUNC,
        KW_FUTURE,
        KW_IMPORT,
        KW_INCLUDE,
        KW_INTERFACE,
        KW_LIST,
        KW_MAP,
        KW_OPTION,
        KW_OWN,
        KW_PACKAGE,
        KW_RECORD,
        KW_RESOURCE,
        KW_RESULT,
        KW_S16,
        KW_S32,
        KW_S64,
        KW_S8,
        KW_STATIC,
        KW_STREAM,
        KW_STRING,
        KW_TUPLE,
        KW_TYPE,
        KW_U16,
        KW_U32,
        KW_U64,
        KW_U8,
        KW_USE,
        KW_VARIANT,
        KW_WITH,
        KW_WORLD,
        TOKEN_KINDS,
};

struct token {
        int kind;
        size_t trivia; /* where the whitespace and comments before it begin */
        size_t at;
        size_t len;
};

/* Whether the text is UTF-8 without the characters that WIT forbids; if not, reports the first place. */
bool lex_check(const struct source *source, struct report *report);

/* With @report NULL, errors are not told. */
struct token lex_token(const struct source *source, size_t at, struct report *report);

/* The length of the string literal that begins at @at with a quotation mark, or 0 after a report. With @ret_text, which has room
 * for that many bytes, what it says. */
size_t lex_string(const struct source *source, size_t at, struct report *report, char *ret_text);

/* The version (semver.org) that begins at @at, as a token of kind TOKEN_ID; TOKEN_BAD where there is none. Stops before a point
 * that nothing of a version follows, as in `use a:b/c@1.0.0.{d}`. */
struct token lex_version(const struct source *source, size_t at);

/* An identifier's name: without its %. */
const char *token_name(const struct source *source, struct token token, size_t *ret_len);

struct place token_place(const struct source *source, struct token token);

/* "';'", "keyword `type`", "the end of the file"; for messages. */
const char *token_describe(const struct source *source, struct token token, char *text, size_t room);

/* The comments between @from and @to as documentation, or NULL if there are none. @ret_place may be NULL. */
const char *lex_docs(const struct source *source, size_t from, size_t to, struct arena *arena, struct place *ret_place);

#endif
