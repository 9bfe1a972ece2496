#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "contract/parser.h"

static void stop(struct parser *p)
{
        p->bad = true;
        p->token.kind = TOKEN_END;
}

void parser_begin(struct parser *p, struct reader *reader, const struct source *source)
{
        *p = (struct parser){ .reader = reader, .source = source };
        parser_next(p);
}

void parser_next(struct parser *p)
{
        if (!p->bad)
                p->token = lex_token(p->source, p->token.at + p->token.len, &p->reader->report);
        if (p->token.kind == TOKEN_BAD)
                stop(p);
}

struct token parser_peek(struct parser *p, struct token behind)
{
        struct token token = { .kind = TOKEN_END, .at = p->source->len };
        if (!p->bad)
                token = lex_token(p->source, behind.at + behind.len, &p->reader->report);
        if (token.kind == TOKEN_BAD)
                stop(p);
        return token;
}

bool parser_accept(struct parser *p, int kind)
{
        if (p->token.kind != kind)
                return false;
        parser_next(p);
        return true;
}

struct place parser_here(const struct parser *p)
{
        return token_place(p->source, p->token);
}

struct place parser_expect(struct parser *p, int kind, const char *what)
{
        struct place place = parser_here(p);
        if (!parser_accept(p, kind))
                parser_unexpected(p, what);
        return place;
}

void parser_unexpected(struct parser *p, const char *expected)
{
        char found[96];
        token_describe(p->source, p->token, found, sizeof found);
        parser_error(p, parser_here(p), "expected %s, found %s", expected, found);
}

void parser_unsupported(struct parser *p, struct place place, const char *what)
{
        parser_error(p, place, "%s are not supported yet by this version of Ward", what);
}

void parser_error(struct parser *p, struct place place, const char *format, ...)
{
        if (p->bad)
                return;
        char text[512];
        va_list args;
        va_start(args, format);
        vsnprintf(text, sizeof text, format, args);
        va_end(args);
        report_at(&p->reader->report, place, "%s", text);
        stop(p);
}

struct ast_name parser_name(struct parser *p, const char *what)
{
        struct ast_name name = { .text = "", .place = parser_here(p) };
        char expected[96];
        size_t len;
        if (p->token.kind == TOKEN_ID) {
                const char *text = token_name(p->source, p->token, &len);
                name.text = names_intern(&p->reader->names, text, len);
                parser_next(p);
        } else if (p->token.kind >= TOKEN_KEYWORDS) {
                snprintf(expected, sizeof expected, "%s (a keyword is used as a name with %% before it)", what);
                parser_unexpected(p, expected);
        } else {
                parser_unexpected(p, what);
        }
        return name;
}

/* The current token is the first of the version: its bytes are read anew, as one token. */
const char *parser_version(struct parser *p)
{
        if (p->bad)
                return NULL;
        struct token version = lex_version(p->source, p->token.at);
        if (version.kind == TOKEN_BAD) {
                parser_unexpected(p, "a version such as 1.0.0");
                return NULL;
        }
        p->token = version;
        const char *text = names_intern(&p->reader->names, p->source->text + version.at, version.len);
        parser_next(p);
        return text;
}

const char *parser_docs(struct parser *p, struct place *ret_place)
{
        if (p->bad)
                return NULL;
        return lex_docs(p->source, p->token.trivia, p->token.at, p->reader->keep, ret_place);
}

struct place parser_since(const struct parser *p, size_t from)
{
        size_t to = p->token.trivia > from ? p->token.trivia : from;
        return (struct place){ p->source, from, to - from };
}
