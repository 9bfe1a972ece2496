/* Types, type definitions, function types. */
#include <string.h>

#include "base/own.h"
#include "contract/parser.h"

enum { NESTING_MAX = 100 };

static const struct {
        int keyword;
        enum wit_kind kind;
} primitives[] = {
        { KW_BOOL, WIT_BOOL }, { KW_U8, WIT_U8 },     { KW_U16, WIT_U16 },       { KW_U32, WIT_U32 }, { KW_U64, WIT_U64 },
        { KW_S8, WIT_S8 },     { KW_S16, WIT_S16 },   { KW_S32, WIT_S32 },       { KW_S64, WIT_S64 }, { KW_F32, WIT_F32 },
        { KW_F64, WIT_F64 },   { KW_CHAR, WIT_CHAR }, { KW_STRING, WIT_STRING },
};

static const struct {
        int keyword;
        const char *what;
} unsupported[] = {
        { KW_MAP, "maps" },       { KW_OWN, "resources and their handles" },
        { KW_FUTURE, "futures" }, { KW_BORROW, "resources and their handles" },
        { KW_STREAM, "streams" }, { KW_RESOURCE, "resources" },
        { KW_FLAGS, "flags" },    { KW_VARIANT, "variants" },
};

static bool refuse_unsupported(struct parser *p)
{
        for (size_t i = 0; i < COUNT_OF(unsupported); i++)
                if (p->token.kind == unsupported[i].keyword) {
                        parser_unsupported(p, parser_here(p), unsupported[i].what);
                        return true;
                }
        return false;
}

static void parse_list(struct parser *p, struct ast_type *type)
{
        type->kind = WIT_LIST;
        parser_expect(p, '<', "'<'");
        type->element = parse_type(p);
        if (parser_accept(p, ',')) {
                parser_expect(p, TOKEN_INTEGER, "the list's length");
                parser_unsupported(p, type->place, "lists of fixed length");
        }
        parser_expect(p, '>', "'>'");
}

static void parse_option(struct parser *p, struct ast_type *type)
{
        type->kind = WIT_OPTION;
        parser_expect(p, '<', "'<'");
        type->element = parse_type(p);
        parser_expect(p, '>', "'>'");
}

static void parse_result(struct parser *p, struct ast_type *type)
{
        type->kind = WIT_RESULT;
        if (!parser_accept(p, '<'))
                return;
        if (parser_accept(p, '_')) {
                parser_expect(p, ',', "','");
                type->error = parse_type(p);
        } else {
                type->element = parse_type(p);
                if (parser_accept(p, ','))
                        type->error = parse_type(p);
        }
        parser_expect(p, '>', "'>'");
}

static void parse_tuple(struct parser *p, struct ast_type *type)
{
        struct arena *scratch = p->reader->scratch;
        type->kind = WIT_TUPLE;
        parser_expect(p, '<', "'<'");
        while (!p->bad && p->token.kind != '>') {
                type->elements = arena_room(scratch, type->elements, type->n_elements, sizeof *type->elements);
                type->elements[type->n_elements++] = parse_type(p);
                if (!parser_accept(p, ','))
                        break;
        }
        parser_expect(p, '>', "'>'");
}

static bool parse_primitive(struct parser *p, struct ast_type *type)
{
        for (size_t i = 0; i < COUNT_OF(primitives); i++)
                if (parser_accept(p, primitives[i].keyword)) {
                        type->kind = primitives[i].kind;
                        return true;
                }
        return false;
}

static void parse_named(struct parser *p, struct ast_type *type)
{
        size_t len;
        const char *text = token_name(p->source, p->token, &len);
        type->kind = WIT_ALIAS;
        type->name = names_intern(&p->reader->names, text, len);
        if (!strcmp(type->name, "error-context") && p->source->text[p->token.at] != '%')
                parser_unsupported(p, type->place, "error contexts");
        parser_next(p);
}

static void parse_any(struct parser *p, struct ast_type *type)
{
        if (p->token.kind == TOKEN_ID)
                parse_named(p, type);
        else if (parse_primitive(p, type))
                return;
        else if (parser_accept(p, KW_LIST))
                parse_list(p, type);
        else if (parser_accept(p, KW_OPTION))
                parse_option(p, type);
        else if (parser_accept(p, KW_RESULT))
                parse_result(p, type);
        else if (parser_accept(p, KW_TUPLE))
                parse_tuple(p, type);
        else if (!refuse_unsupported(p))
                parser_unexpected(p, "a type");
}

/* Never NULL. */
struct ast_type *parse_type(struct parser *p)
{
        struct ast_type *type = arena_take(p->reader->scratch, sizeof *type);
        type->place = parser_here(p);
        if (p->depth >= NESTING_MAX)
                parser_error(p, type->place, "types nest more than %d deep here", NESTING_MAX);
        p->depth++;
        parse_any(p, type);
        p->depth--;
        type->place = parser_since(p, type->place.at);
        return type;
}

/* `a: t, b: t,` up to @end, which is passed. */
static struct ast_member *parse_members(struct parser *p, int end, const char *what, bool typed, bool documented, size_t *ret_n)
{
        struct ast_member *members = NULL;
        size_t n = 0;
        while (!p->bad && p->token.kind != end) {
                const char *docs = documented ? parser_docs(p, NULL) : NULL;
                members = arena_room(p->reader->scratch, members, n, sizeof *members);
                struct ast_member *member = &members[n++];
                member->docs = docs;
                member->name = parser_name(p, what);
                if (typed) {
                        parser_expect(p, ':', "':'");
                        member->type = parse_type(p);
                }
                if (!parser_accept(p, ','))
                        break;
        }
        parser_expect(p, end, end == '}' ? "',' or '}'" : "',' or ')'");
        *ret_n = n;
        return members;
}

struct ast_func parse_func(struct parser *p)
{
        struct ast_func func = { 0 };
        if (p->token.kind == KW_ASYNC && parser_peek(p, p->token).kind == KW_FUNC)
                parser_unsupported(p, parser_here(p), "async functions");
        parser_expect(p, KW_FUNC, "keyword `func`");
        parser_expect(p, '(', "'('");
        func.params = parse_members(p, ')', "a parameter's name", true, false, &func.n_params);
        if (parser_accept(p, TOKEN_ARROW))
                func.result = parse_type(p);
        return func;
}

bool is_typedef(int kind)
{
        return kind == KW_TYPE || kind == KW_RECORD || kind == KW_ENUM || kind == KW_RESOURCE || kind == KW_FLAGS ||
               kind == KW_VARIANT;
}

struct ast_typedef parse_typedef(struct parser *p, int keyword, struct ast_name *ret_name)
{
        struct ast_typedef type = { 0 };
        if (!refuse_unsupported(p))
                parser_next(p);
        *ret_name = parser_name(p, "the type's name");
        if (keyword == KW_TYPE) {
                type.kind = WIT_ALIAS;
                parser_expect(p, '=', "'='");
                type.type = parse_type(p);
                parser_expect(p, ';', "';'");
                return type;
        }
        type.kind = keyword == KW_ENUM ? WIT_ENUM : WIT_RECORD;
        parser_expect(p, '{', "'{'");
        type.members = parse_members(p, '}', keyword == KW_ENUM ? "a case or '}'" : "a field or '}'", keyword != KW_ENUM, true,
                                     &type.n_members);
        if (type.kind == WIT_ENUM && !type.n_members)
                parser_error(p, ret_name->place, "the enum `%s` has no cases; it needs one at least", ret_name->text);
        return type;
}
