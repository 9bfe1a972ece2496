/* Functions, and definitions of types. */
#include "base/own.h"
#include "contract/parser.h"

/* What follows a member's name: `: t`, and in a variant `(t)` or nothing. */
static struct ast_type *parse_payload(struct parser *p, unsigned where)
{
        struct ast_type *type = NULL;
        if (where == IN_PARAMS || where == IN_FIELDS) {
                parser_expect(p, ':', "':'");
                type = parse_type(p);
        } else if (where == IN_CASES && parser_accept(p, '(')) {
                type = parse_type(p);
                parser_expect(p, ')', "')'");
        }
        return type;
}

/* `{ a: t, b: t, }`, or parameters in parentheses. @where: one of IN_MEMBERS. */
static struct ast_member *parse_members(struct parser *p, unsigned where, const char *what, size_t *ret_n)
{
        struct ast_member *members = NULL;
        bool params = where == IN_PARAMS;
        int end = params ? ')' : '}';
        size_t n = 0;
        struct place open = params ? parser_expect(p, '(', "'('") : parser_expect(p, '{', "'{'");
        p->where = where;
        while (p->token.kind != end && p->token.kind != TOKEN_END && !parser_at_declaration(p, p->token)) {
                const char *docs = params ? NULL : parser_docs(p, NULL);
                members = arena_room(p->reader->scratch, members, n, sizeof *members);
                struct ast_member *member = &members[n++];
                member->docs = docs;
                member->name = parser_name(p, what);
                member->type = parse_payload(p, where);
                if (!parser_accept(p, ','))
                        break;
        }
        if (n && p->before.kind != ',')
                what = params ? "',' or ')'" : "',' or '}'";
        parser_close(p, end, what, open);
        *ret_n = n;
        return members;
}

/* From '(' on. */
static void parse_signature(struct parser *p, struct ast_func *func)
{
        func->params = parse_members(p, IN_PARAMS, "a parameter's name", &func->n_params);
        p->where = IN_RESULT;
        if (parser_accept(p, TOKEN_ARROW))
                func->result = parse_type(p);
}

struct ast_func parse_func(struct parser *p)
{
        struct ast_func func = { 0 };
        func.async = parser_accept(p, KW_ASYNC);
        parser_expect(p, KW_FUNC, "keyword `func`");
        parse_signature(p, &func);
        return func;
}

/* A method's first parameter is `self: borrow<r>`. */
static void add_self(struct parser *p, struct ast_func *func, struct ast_name resource)
{
        struct arena *scratch = p->reader->scratch;
        struct ast_member *params = NULL;
        params = arena_room(scratch, params, 0, sizeof *params);
        params[0] = (struct ast_member){ .name = { names_intern(&p->reader->names, "self", 4), resource.place },
                                         .type = arena_take(scratch, sizeof *params->type) };
        *params[0].type = (struct ast_type){ .kind = WIT_BORROW, .place = resource.place, .name = resource.text };
        for (size_t i = 0; i < func->n_params; i++) {
                params = arena_room(scratch, params, i + 1, sizeof *params);
                params[i + 1] = func->params[i];
        }
        func->params = params;
        func->n_params++;
}

/* A constructor, a method or a static function. */
static void parse_resource_item(struct parser *p, struct ast_item *item, struct ast_name resource)
{
        enum wit_func_kind kind = WIT_METHOD;
        p->where = IN_RESOURCE;
        item->kind = AST_FUNC;
        if (p->token.kind == KW_CONSTRUCTOR) {
                kind = WIT_CONSTRUCTOR;
                item->name = (struct ast_name){ "constructor", parser_here(p) };
                parser_next(p);
                parse_signature(p, &item->func);
        } else {
                item->name = parser_name(p, "`constructor`, a function's name or '}'");
                parser_expect(p, ':', "':'");
                if (parser_accept(p, KW_STATIC))
                        kind = WIT_STATIC;
                item->func = parse_func(p);
        }
        item->func.kind = kind;
        if (kind == WIT_METHOD)
                add_self(p, &item->func, resource);
        parser_expect(p, ';', "';'");
}

static struct ast_body parse_resource_body(struct parser *p, struct ast_name resource)
{
        struct ast_body body = { 0 };
        if (p->token.kind != '{') {
                parser_expect(p, ';', "';' or '{'");
                return body;
        }
        struct place open = parser_here(p);
        parser_next(p);
        for (size_t level = p->braces; parser_has_item(p, level);)
                parse_resource_item(p, parse_item_begin(p, &body), resource);
        parser_close(p, '}', "'}'", open);
        return body;
}

static const struct {
        int keyword;
        enum wit_kind kind;
        unsigned where;
        const char *what;
} definitions[] = {
        { KW_RECORD, WIT_RECORD, IN_FIELDS, "a field or '}'" },
        { KW_VARIANT, WIT_VARIANT, IN_CASES, "a case or '}'" },
        { KW_ENUM, WIT_ENUM, IN_NAMES, "a case or '}'" },
        { KW_FLAGS, WIT_FLAGS, IN_NAMES, "a flag or '}'" },
};

bool is_typedef(int kind)
{
        for (size_t i = 0; i < COUNT_OF(definitions); i++)
                if (kind == definitions[i].keyword)
                        return true;
        return kind == KW_TYPE || kind == KW_RESOURCE;
}

static void parse_definition(struct parser *p, int keyword, struct ast_typedef *type)
{
        for (size_t i = 0; i < COUNT_OF(definitions); i++) {
                if (keyword != definitions[i].keyword)
                        continue;
                type->kind = definitions[i].kind;
                type->members = parse_members(p, definitions[i].where, definitions[i].what, &type->n_members);
        }
}

struct ast_typedef parse_typedef(struct parser *p, int keyword, struct ast_name *ret_name)
{
        struct ast_typedef type = { .kind = WIT_ALIAS };
        parser_next(p);
        p->where = IN_OTHER;
        *ret_name = parser_name(p, "the type's name");
        if (keyword == KW_TYPE) {
                parser_expect(p, '=', "'='");
                type.type = parse_type(p);
                parser_expect(p, ';', "';'");
        } else if (keyword == KW_RESOURCE) {
                type.kind = WIT_RESOURCE;
                type.body = parse_resource_body(p, *ret_name);
        } else {
                parse_definition(p, keyword, &type);
        }
        return type;
}
