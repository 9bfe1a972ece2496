/* Going on after an error, so that the next one is found in the same run. What counts is that nothing is reported which only
 * follows from the first: the rest of the item is passed over, and where braces do not match, the rest of the declaration. */
#include "contract/parser.h"

bool parser_at_declaration(const struct parser *p, struct token token)
{
        return (token.kind == KW_INTERFACE || token.kind == KW_WORLD || token.kind == KW_PACKAGE) &&
               parser_peek(p, token).kind == TOKEN_ID;
}

/* Whether an item of the list begins here, whatever stands before. */
static bool begins_item(const struct parser *p, size_t level)
{
        if (p->braces != level)
                return false;
        if (level == p->package)
                return p->token.kind == KW_USE;
        switch (p->token.kind) {
        case KW_TYPE:
        case KW_RECORD:
        case KW_FLAGS:
        case KW_ENUM:
        case KW_VARIANT:
        case KW_RESOURCE:
        case KW_USE:
        case KW_INCLUDE:
        case KW_IMPORT:
        case KW_EXPORT:
                return true;
        default:
                return false;
        }
}

/* As parser_next, without a word about what is passed over. */
static void skip(struct parser *p)
{
        if (p->token.kind == '{')
                p->braces++;
        else if (p->token.kind == '}' && p->braces)
                p->braces--;
        p->before = p->token;
        p->token = lex_token(p->source, p->token.at + (p->token.len ? p->token.len : 1), NULL);
}

/* How many of `(` and `<` are open behind a token if @open are before it. */
static size_t count_open(struct token token, size_t open)
{
        if (token.kind == '(' || token.kind == '<')
                return open + 1;
        return open - (open && (token.kind == ')' || token.kind == '>'));
}

/* Of the item that is wrong, where it is. */
static size_t open_at(const struct parser *p, size_t end)
{
        size_t open = 0;
        for (size_t at = p->item; at < end;) {
                struct token token = lex_token(p->source, at, NULL);
                if (token.kind == TOKEN_END || token.at >= end)
                        break;
                open = count_open(token, open);
                at = token.at + (token.len ? token.len : 1);
        }
        return open;
}

/* Whether the current token goes on with what a `;` in parentheses seemed to end: a list's length, or another parameter. */
static bool goes_on(const struct parser *p)
{
        struct token colon = parser_peek(p, p->token), type = parser_peek(p, colon);
        if (p->token.kind == TOKEN_INTEGER)
                return true;
        return p->token.kind == TOKEN_ID && colon.kind == ':' && (type.kind == TOKEN_ID || is_type_word(type.kind));
}

/* Takes the braces that are open in the declaration at hand to have no end; if they have one later, that is no further error. */
static void cut_off(struct parser *p)
{
        p->unmatched += p->braces > p->package ? p->braces - p->package : 0;
        p->braces = p->package;
}

/* Leaves a body whose end is missing: what stands here belongs to a list of declarations. */
static bool leave(struct parser *p)
{
        p->bad = true;
        p->stopped = p->token;
        p->resumed = p->token.at;
        cut_off(p);
        p->token.kind = TOKEN_END;
        return false;
}

static bool resume(struct parser *p)
{
        p->resumed = p->token.at + p->token.len;
        if (p->token.kind == TOKEN_BAD) {
                p->token.len = 0;
                p->token.at = p->token.trivia;
                p->token.kind = ';';
                parser_next(p);
        }
        return p->bad || (p->token.kind != '}' && p->token.kind != TOKEN_END);
}

static bool recover(struct parser *p, size_t level)
{
        p->bad = false;
        p->doubt = true;
        p->token = p->stopped;
        if (p->reader->report.full)
                p->token.kind = TOKEN_END;
        size_t open = open_at(p, p->token.at);
        for (bool fresh = p->token.at >= p->resumed; p->token.kind != TOKEN_END; fresh = true) {
                int kind = p->token.kind;
                bool here = p->braces == level;
                if (level != p->package && parser_at_declaration(p, p->token))
                        return leave(p);
                if (fresh && parser_at_declaration(p, p->token)) {
                        cut_off(p);
                        return resume(p);
                }
                if (here && kind == '}' && level)
                        return resume(p);
                if (fresh && begins_item(p, level))
                        return resume(p);
                open = count_open(p->token, open);
                skip(p);
                if ((here && kind == ';' && !(open && goes_on(p))) || (kind == '}' && p->braces <= level))
                        return resume(p);
        }
        return resume(p);
}

/* A declaration in an interface or a world means that this has no end. */
static bool ends(const struct parser *p, size_t level)
{
        return p->token.kind == '}' || p->token.kind == TOKEN_END || (level != p->package && parser_at_declaration(p, p->token));
}

bool parser_has_item(struct parser *p, size_t level)
{
        bool more = p->bad ? recover(p, level) : !ends(p, level);
        p->item = p->token.at;
        return more;
}
