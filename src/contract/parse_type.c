/* Types as they are referred to. */
#include <errno.h>
#include <stdlib.h>

#include "base/own.h"
#include "contract/parser.h"

enum { NESTING_MAX = 100 };

static const struct {
        int keyword;
        enum wit_kind kind;
} primitives[] = {
        { KW_BOOL, WIT_BOOL },     { KW_U8, WIT_U8 },
        { KW_U16, WIT_U16 },       { KW_U32, WIT_U32 },
        { KW_U64, WIT_U64 },       { KW_S8, WIT_S8 },
        { KW_S16, WIT_S16 },       { KW_S32, WIT_S32 },
        { KW_S64, WIT_S64 },       { KW_F32, WIT_F32 },
        { KW_F64, WIT_F64 },       { KW_CHAR, WIT_CHAR },
        { KW_STRING, WIT_STRING }, { KW_ERROR_CONTEXT, WIT_ERROR_CONTEXT },
};

static void parse_length(struct parser *p, struct ast_type *type)
{
        type->kind = WIT_FIXED_LIST;
        if (p->token.kind == TOKEN_INTEGER) {
                errno = 0;
                unsigned long long length = strtoull(p->source->text + p->token.at, NULL, 10);
                if (errno || length > UINT32_MAX)
                        parser_error(p, parser_here(p), "a list has at most %u elements", UINT32_MAX);
                type->length = (uint32_t)length;
        }
        parser_expect(p, TOKEN_INTEGER, "the list's length");
}

/* Behind `list`. */
static void parse_list(struct parser *p, struct ast_type *type)
{
        type->kind = WIT_LIST;
        parser_expect(p, '<', "'<'");
        type->element = parse_type(p);
        if (parser_accept(p, ','))
                parse_length(p, type);
        parser_expect(p, '>', "'>'");
}

static void parse_map(struct parser *p, struct ast_type *type)
{
        type->kind = WIT_MAP;
        parser_expect(p, '<', "'<'");
        type->key = parse_type(p);
        parser_expect(p, ',', "','");
        type->element = parse_type(p);
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

static void parse_future(struct parser *p, struct ast_type *type)
{
        type->kind = WIT_FUTURE;
        if (!parser_accept(p, '<'))
                return;
        type->element = parse_type(p);
        parser_expect(p, '>', "'>'");
}

static void parse_stream(struct parser *p, struct ast_type *type)
{
        parse_future(p, type);
        type->kind = WIT_STREAM;
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
        parser_expect(p, '>', "',' or '>'");
}

static void parse_handle(struct parser *p, struct ast_type *type)
{
        parser_expect(p, '<', "'<'");
        struct ast_name name = parser_name(p, "a resource's name");
        type->name = name.text;
        type->place = name.place;
        parser_expect(p, '>', "'>'");
}

static void parse_own(struct parser *p, struct ast_type *type)
{
        type->kind = WIT_OWN;
        parse_handle(p, type);
}

static void parse_borrow(struct parser *p, struct ast_type *type)
{
        type->kind = WIT_BORROW;
        parse_handle(p, type);
}

static const struct {
        int keyword;
        void (*parse)(struct parser *p, struct ast_type *type);
} makers[] = {
        { KW_LIST, parse_list },     { KW_MAP, parse_map },       { KW_OPTION, parse_option },
        { KW_RESULT, parse_result }, { KW_TUPLE, parse_tuple },   { KW_OWN, parse_own },
        { KW_BORROW, parse_borrow }, { KW_FUTURE, parse_future }, { KW_STREAM, parse_stream },
};

static bool parse_primitive(struct parser *p, struct ast_type *type)
{
        for (size_t i = 0; i < COUNT_OF(primitives); i++)
                if (parser_accept(p, primitives[i].keyword)) {
                        type->kind = primitives[i].kind;
                        return true;
                }
        return false;
}

static bool parse_made(struct parser *p, struct ast_type *type)
{
        for (size_t i = 0; i < COUNT_OF(makers); i++)
                if (parser_accept(p, makers[i].keyword)) {
                        makers[i].parse(p, type);
                        return true;
                }
        return false;
}

bool is_type_word(int kind)
{
        for (size_t i = 0; i < COUNT_OF(primitives); i++)
                if (kind == primitives[i].keyword)
                        return true;
        for (size_t i = 0; i < COUNT_OF(makers); i++)
                if (kind == makers[i].keyword)
                        return true;
        return false;
}

/* Never NULL. */
struct ast_type *parse_type(struct parser *p)
{
        struct ast_type *type = arena_take(p->reader->scratch, sizeof *type);
        type->place = parser_here(p);
        if (p->depth >= NESTING_MAX)
                parser_error(p, type->place, "types nest more than %d deep here", NESTING_MAX);
        p->depth++;
        if (p->token.kind == TOKEN_ID) {
                type->kind = WIT_ALIAS;
                type->name = parser_name(p, "a type").text;
        } else if (!parse_primitive(p, type) && !parse_made(p, type)) {
                parser_unexpected(p, "a type");
        }
        p->depth--;
        if (type->kind != WIT_OWN && type->kind != WIT_BORROW)
                type->place = parser_since(p, type->place.at);
        return type;
}
