#include "contract/lex.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "contract/foreign.h"
#include "contract/semver.h"

/* In the order of the enum. */
static const char *const keywords[] = {
        "as",   "async", "bool",   "borrow", "char",    "constructor", "enum",     "error-context", "export",
        "f32",  "f64",   "flags",  "from",   "func",    "future",      "import",   "include",       "interface",
        "list", "map",   "option", "own",    "package", "record",      "resource", "result",        "s16",
        "s32",  "s64",   "s8",     "static", "stream",  "string",      "tuple",    "type",          "u16",
        "u32",  "u64",   "u8",     "use",    "variant", "with",        "world",
};

_Static_assert(COUNT_OF(keywords) == TOKEN_KINDS - TOKEN_KEYWORDS, "a name for each keyword");

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

static bool is_lower(char c)
{
        return c >= 'a' && c <= 'z';
}

static bool is_upper(char c)
{
        return c >= 'A' && c <= 'Z';
}

/* Whether a character above ASCII is a letter or the like. Roughly: those of punctuation, symbols and pictures are not. */
static bool is_letterlike(const char *text)
{
        const uint8_t *u = (const uint8_t *)text;
        switch (u[0]) {
        case 0xc2: /* U+0080: ª µ · º */
                return u[1] == 0xaa || u[1] == 0xb5 || u[1] == 0xb7 || u[1] == 0xba;
        case 0xc3: /* U+00C0: all but × ÷ */
                return u[1] != 0x97 && u[1] != 0xb7;
        case 0xe2: /* U+2000: what joins, is raised or lowered, or is made from letters; U+2C00 is letters again */
                return u[1] >= 0xb0 || (u[1] == 0x80 && u[2] == 0xbf) ||
                       (u[1] == 0x81 && (u[2] == 0x80 || u[2] == 0xb1 || u[2] == 0xbf)) ||
                       (u[1] == 0x82 && u[2] >= 0x90 && u[2] < 0xa0) || (u[1] >= 0x84 && u[1] <= 0x86);
        case 0xe3: /* U+3000 */
                return u[1] != 0x80 || (u[2] >= 0x85 && u[2] <= 0x87);
        case 0xf0: /* U+1F000: pictures */
                return u[1] != 0x9f;
        default:
                return u[0] >= 0x80;
        }
}

/* What an identifier is cut off at. Wider than what one may hold, so that `a_b` and `naïve` are errors as a whole. */
static bool is_wordlike(const char *text)
{
        return is_digit(*text) || is_lower(*text) || is_upper(*text) || *text == '-' || *text == '_' || is_letterlike(text);
}

/* Behind the character at @at that is part of a word. */
static size_t skip_character(const char *text, size_t at)
{
        do
                at++;
        while (((unsigned char)text[at] & 0xc0) == 0x80);
        return at;
}

static size_t line_end(const struct source *source, size_t at)
{
        const char *end = memchr(source->text + at, '\n', source->len - at);
        return end ? (size_t)(end - source->text) : source->len;
}

/* Past the comment that begins at @at, or 0 if a block comment has no end. */
static size_t skip_comment(const struct source *source, size_t at)
{
        const char *text = source->text;
        size_t depth = 0;
        if (text[at + 1] == '/')
                return line_end(source, at);
        while (at + 1 < source->len) {
                if (text[at] == '/' && text[at + 1] == '*') {
                        depth++;
                        at += 2;
                } else if (text[at] == '*' && text[at + 1] == '/') {
                        at += 2;
                        if (!--depth)
                                return at;
                } else {
                        at++;
                }
        }
        return 0;
}

static bool begins_comment(const struct source *source, size_t at)
{
        return source->text[at] == '/' && (source->text[at + 1] == '/' || source->text[at + 1] == '*');
}

static bool is_space(char c)
{
        return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* Past whitespace and comments; where a comment has no end, reports it and returns false. */
static bool skip_trivia(const struct source *source, size_t *at, struct report *report)
{
        for (;;) {
                while (*at < source->len && is_space(source->text[*at]))
                        ++*at;
                if (*at >= source->len || !begins_comment(source, *at))
                        return true;
                size_t end = skip_comment(source, *at);
                if (!end) {
                        report_at(report, (struct place){ source, *at, 2 }, "this comment has no end: `*/` is missing");
                        return false;
                }
                *at = end;
        }
}

/* What is wrong with a kebab-case name, or NULL. */
static const char *label_error(const char *text, size_t len)
{
        if (!len)
                return "a name must follow `%`";
        if (!is_lower(text[0]) && !is_upper(text[0]))
                return "a name begins with a letter";
        for (size_t i = 0; i < len;) {
                size_t from = i;
                bool lower = false, upper = false;
                for (; i < len && text[i] != '-'; i++) {
                        lower |= is_lower(text[i]);
                        upper |= is_upper(text[i]);
                        if (!is_lower(text[i]) && !is_upper(text[i]) && !is_digit(text[i]))
                                return "a name is made of letters, digits and `-` only";
                }
                if (i == from)
                        return "a word must stand on either side of `-`";
                if (lower && upper)
                        return "each word between `-` is in lower case or in upper case as a whole";
                if (i < len && ++i == len)
                        return "a word must stand on either side of `-`";
        }
        return NULL;
}

static int keyword(const char *text, size_t len)
{
        for (size_t i = 0; i < COUNT_OF(keywords); i++)
                if (strlen(keywords[i]) == len && !memcmp(keywords[i], text, len))
                        return TOKEN_KEYWORDS + (int)i;
        return TOKEN_ID;
}

/* "; write `add-numbers`", or nothing. */
static void suggest_name(const char *name, size_t len, char *text, size_t room)
{
        char kebab[128];
        const char *type = foreign_type(name, len);
        text[0] = 0;
        if (type)
                snprintf(text, room, "; WIT calls it %s", type);
        else if (foreign_kebab(name, len, kebab, sizeof kebab) && !label_error(kebab, strlen(kebab)))
                snprintf(text, room, "; write `%s`", kebab);
}

static void report_name(const struct source *source, struct token token, struct report *report, const char *error)
{
        size_t len;
        char better[160];
        const char *name = token_name(source, token, &len);
        suggest_name(name, len, better, sizeof better);
        report_at(report, token_place(source, token), "`%.*s` is no name: %s%s", (int)(token.len < 200 ? token.len : 200),
                  source->text + token.at, error, better);
}

static struct token lex_id(const struct source *source, struct token token, struct report *report)
{
        size_t len;
        while (is_wordlike(source->text + token.at + token.len))
                token.len = skip_character(source->text, token.at + token.len) - token.at;
        const char *name = token_name(source, token, &len);
        const char *error = label_error(name, len);
        if (error) {
                report_name(source, token, report, error);
                token.kind = TOKEN_BAD;
        } else {
                token.kind = source->text[token.at] == '%' ? TOKEN_ID : keyword(name, len);
        }
        return token;
}

static size_t digits_length(const char *text)
{
        size_t n = 0;
        while (is_digit(text[n]))
                n++;
        return n;
}

static void report_character(const struct source *source, struct token token, struct report *report)
{
        const char *text = source->text + token.at, *hint = foreign_character(*text);
        report_at(report, token_place(source, token), "'%.*s' has no place in WIT%s%s", (int)token.len, text, hint ? "; " : "",
                  hint ? hint : "");
}

/* An operator, or what has no place here. */
static struct token lex_operator(const struct source *source, struct token token, struct report *report)
{
        const char *text = source->text + token.at;
        token.kind = *text;
        if (strchr("=,:;(){}<>*/.@_+-", *text)) {
                token.len = 1;
                return token;
        }
        token.len = skip_character(source->text, token.at) - token.at;
        report_character(source, token, report);
        token.kind = TOKEN_BAD;
        return token;
}

/* `# …`, as comments of other languages are: an error, but no reason to look at what stands in it. */
static bool begins_foreign_comment(const struct source *source, size_t at)
{
        return source->text[at] == '#' && (!at || is_space(source->text[at - 1]));
}

/* Past all that is no token. A foreign comment is none of the trivia: these hold documentation. */
static bool skip_to_token(const struct source *source, struct token *token, struct report *report)
{
        bool whole = skip_trivia(source, &token->at, report);
        while (whole && begins_foreign_comment(source, token->at)) {
                token->len = 1;
                report_character(source, *token, report);
                token->len = 0;
                token->trivia = token->at = line_end(source, token->at);
                whole = skip_trivia(source, &token->at, report);
        }
        return whole;
}

struct token lex_token(const struct source *source, size_t at, struct report *report)
{
        struct token token = { .trivia = at, .at = at };
        if (!skip_to_token(source, &token, report)) {
                token.kind = TOKEN_BAD;
                token.len = source->len - token.at;
                return token;
        }
        const char *text = source->text + token.at;
        if (token.at >= source->len)
                return token;
        if (*text == '"') {
                token.len = lex_string(source, token.at, report, NULL);
                token.kind = token.len ? TOKEN_STRING : TOKEN_BAD;
        } else if (is_digit(*text)) {
                token.len = digits_length(text);
                token.kind = TOKEN_INTEGER;
        } else if (text[0] == '-' && text[1] == '>') {
                token.len = 2;
                token.kind = TOKEN_ARROW;
        } else if (*text == '%' || (is_wordlike(text) && *text != '-' && (*text != '_' || is_wordlike(text + 1)))) {
                token.len = *text == '%';
                return lex_id(source, token, report);
        } else {
                return lex_operator(source, token, report);
        }
        return token;
}

struct token lex_version(const struct source *source, size_t at)
{
        size_t len = semver_length(source->text + at, source->len - at);
        return (struct token){ .kind = len ? TOKEN_ID : TOKEN_BAD, .trivia = at, .at = at, .len = len };
}

const char *token_name(const struct source *source, struct token token, size_t *ret_len)
{
        bool explicit = source->text[token.at] == '%';
        *ret_len = token.len - explicit;
        return source->text + token.at + explicit;
}

struct place token_place(const struct source *source, struct token token)
{
        return (struct place){ source, token.at, token.len };
}

const char *token_describe(const struct source *source, struct token token, char *text, size_t room)
{
        int len = (int)(token.len < 60 ? token.len : 60);
        const char *at = source->text + token.at;
        if (token.kind == TOKEN_END)
                snprintf(text, room, "the end of the file");
        else if (token.kind >= TOKEN_KEYWORDS)
                snprintf(text, room, "keyword `%.*s`", len, at);
        else if (token.kind == TOKEN_ID)
                snprintf(text, room, "`%.*s`", len, at);
        else
                snprintf(text, room, "'%.*s'", len, at);
        return text;
}
