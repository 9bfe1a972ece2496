#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "contract/parser.h"

/* @at: the token to go on from. */
static void stop(struct parser *p, struct token at)
{
        p->bad = true;
        p->reader->unparsed = true;
        p->stopped = at;
        p->token.kind = TOKEN_END;
}

void parser_begin(struct parser *p, struct reader *reader, const struct source *source)
{
        *p = (struct parser){ .reader = reader, .source = source };
        parser_next(p);
}

void parser_next(struct parser *p)
{
        if (p->bad)
                return;
        if (p->token.kind == '{')
                p->braces++;
        else if (p->token.kind == '}' && p->braces)
                p->braces--;
        p->before = p->token;
        p->token = lex_token(p->source, p->token.at + p->token.len, &p->reader->report);
        if (p->token.kind == TOKEN_BAD)
                stop(p, p->token);
}

struct token parser_peek(const struct parser *p, struct token behind)
{
        if (p->bad)
                return (struct token){ .kind = TOKEN_END, .at = p->source->len };
        return lex_token(p->source, behind.at + behind.len, NULL);
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

/* @hint: where there is no better one; or NULL. */
static void unexpected(struct parser *p, const char *expected, const char *hint)
{
        char found[96], room[256];
        if (p->bad)
                return;
        const char *better = parser_hint(p, room, sizeof room);
        if (better)
                hint = better;
        token_describe(p->source, p->token, found, sizeof found);
        parser_error(p, parser_here(p), "expected %s, found %s%s%s", expected, found, hint ? "; " : "", hint ? hint : "");
}

void parser_unexpected(struct parser *p, const char *expected)
{
        unexpected(p, expected, NULL);
}

void parser_close(struct parser *p, int kind, const char *what, struct place open)
{
        char where[256], hint[384];
        bool declaration = parser_at_declaration(p, p->token);
        if (parser_accept(p, kind))
                return;
        snprintf(hint, sizeof hint, "the '%c' at %s is not closed%s", p->source->text[open.at],
                 place_describe(open, where, sizeof where), declaration ? ", and this may not stand in it" : "");
        unexpected(p, what, declaration || p->token.kind == TOKEN_END ? hint : NULL);
}

/* What is found where a closing brace is missing, or one is too many. */
static bool is_boundary(const struct parser *p)
{
        return p->token.kind == TOKEN_END || p->token.kind == '}' || parser_at_declaration(p, p->token);
}

void parser_error(struct parser *p, struct place place, const char *format, ...)
{
        char text[512];
        va_list args;
        if (p->bad)
                return;
        va_start(args, format);
        vsnprintf(text, sizeof text, format, args);
        va_end(args);
        if (!p->doubt || !is_boundary(p))
                report_at(&p->reader->report, place, "%s", text);
        stop(p, p->token);
}

void parser_give_up(struct parser *p)
{
        if (!p->bad)
                stop(p, p->token);
}

struct ast_name parser_name(struct parser *p, const char *what)
{
        struct ast_name name = { .text = "", .place = parser_here(p) };
        size_t len;
        if (p->token.kind == TOKEN_ID) {
                const char *text = token_name(p->source, p->token, &len);
                name.text = names_intern(&p->reader->names, text, len);
                parser_next(p);
        } else if (p->token.kind >= TOKEN_KEYWORDS) {
                unexpected(p, what, "a keyword is used as a name with % before it");
        } else {
                parser_unexpected(p, what);
        }
        return name;
}

/* Reports the first token that is not of a version's `1.0.0`. */
static bool check_version(struct parser *p)
{
        static const int kinds[] = { TOKEN_INTEGER, '.', TOKEN_INTEGER, '.', TOKEN_INTEGER };
        struct token token = p->token;
        for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
                if (token.kind != kinds[i]) {
                        p->token = token;
                        parser_unexpected(p, "a version such as 1.0.0 (three numbers)");
                        return false;
                }
                token = parser_peek(p, token);
        }
        return true;
}

/* The current token is the first of the version: its bytes are read anew, as one token. */
const char *parser_version(struct parser *p)
{
        if (p->bad || !check_version(p))
                return NULL;
        struct token version = lex_version(p->source, p->token.at);
        if (version.kind == TOKEN_BAD) {
                parser_error(p, parser_here(p), "this is no version such as 1.0.0, 1.0.0-rc.1 or 1.0.0+build (semver.org)");
                return NULL;
        }
        p->token = version;
        const char *text = names_intern(&p->reader->names, p->source->text + version.at, version.len);
        parser_next(p);
        return text;
}

const char *parser_string(struct parser *p)
{
        struct place place = parser_here(p);
        if (p->token.kind != TOKEN_STRING) {
                parser_unexpected(p, "a string in \"…\"");
                return NULL;
        }
        char *text = arena_take(p->reader->keep, place.len);
        lex_string(p->source, place.at, NULL, text);
        if (!text_is_utf8(text, strlen(text)))
                parser_error(p, place, "this string is not UTF-8");
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
