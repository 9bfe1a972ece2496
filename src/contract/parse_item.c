/* The statements of interfaces and worlds. */
#include "contract/parser.h"

struct ast_item *parse_item_begin(struct parser *p, struct ast_body *body)
{
        body->items = arena_room(p->reader->scratch, body->items, body->n_items, sizeof *body->items);
        struct ast_item *item = &body->items[body->n_items++];
        item->docs = parser_docs(p, NULL);
        item->gate = parse_gate(p);
        return item;
}

/* `use` and types: what interfaces and worlds have in common. */
static bool parse_common(struct parser *p, struct ast_item *item)
{
        if (p->token.kind == KW_USE) {
                item->kind = AST_USE;
                item->use = parse_use(p);
                item->name = item->use.path.name;
        } else if (is_typedef(p->token.kind)) {
                item->kind = AST_TYPEDEF;
                item->type = parse_typedef(p, p->token.kind, &item->name);
        } else {
                return false;
        }
        return true;
}

static void parse_interface_item(struct parser *p, struct ast_item *item)
{
        p->where = IN_INTERFACE;
        if (parse_common(p, item))
                return;
        item->kind = AST_FUNC;
        item->name = parser_name(p, "`use`, a type, a function's name or '}'");
        parser_expect(p, ':', "':'");
        item->func = parse_func(p);
        parser_expect(p, ';', "';'");
}

struct ast_body parse_interface_body(struct parser *p)
{
        struct ast_body body = { 0 };
        struct place open = parser_expect(p, '{', "'{'");
        for (size_t level = p->braces; parser_has_item(p, level);)
                parse_interface_item(p, parse_item_begin(p, &body));
        parser_close(p, '}', "'}'", open);
        return body;
}

/* Whether `x: …` begins here, and not a path such as `a` or `a:b/c`. */
static bool at_label(const struct parser *p)
{
        struct token colon = parser_peek(p, p->token), third = parser_peek(p, colon);
        if (colon.kind != ':')
                return false;
        return third.kind != TOKEN_ID || parser_peek(p, third).kind != '/';
}

/* Behind `x:`. */
static void parse_labelled(struct parser *p, struct ast_item *item)
{
        if (parser_accept(p, KW_INTERFACE)) {
                item->kind = AST_INTERFACE;
                item->body = parse_interface_body(p);
        } else if (p->token.kind == KW_FUNC || p->token.kind == KW_ASYNC) {
                item->kind = AST_FUNC;
                item->func = parse_func(p);
                parser_expect(p, ';', "';'");
        } else if (p->token.kind == TOKEN_ID) {
                item->kind = AST_PATH;
                item->labelled = true;
                item->path = parse_path(p);
                parser_expect(p, ';', "';'");
        } else {
                parser_unexpected(p, "`func`, `interface` or the name of an interface");
        }
}

static void parse_extern(struct parser *p, struct ast_item *item)
{
        item->import = p->token.kind == KW_IMPORT;
        item->export = !item->import;
        p->where = item->import ? IN_IMPORT : IN_EXPORT;
        parser_next(p);
        if (at_label(p)) {
                item->name = parser_name(p, "a name");
                parser_expect(p, ':', "':'");
                parse_labelled(p, item);
                return;
        }
        item->kind = AST_PATH;
        item->path = parse_path(p);
        item->name = item->path.name;
        parser_expect(p, ';', "';'");
}

static void parse_world_item(struct parser *p, struct ast_item *item)
{
        p->where = IN_WORLD;
        if (parse_common(p, item))
                return;
        if (p->token.kind == KW_INCLUDE) {
                item->kind = AST_INCLUDE;
                item->use = parse_include(p);
                item->name = item->use.path.name;
        } else if (p->token.kind == KW_IMPORT || p->token.kind == KW_EXPORT) {
                parse_extern(p, item);
        } else {
                parser_unexpected(p, "`import`, `export`, `include`, `use`, a type or '}'");
        }
}

struct ast_body parse_world_body(struct parser *p)
{
        struct ast_body body = { 0 };
        struct place open = parser_expect(p, '{', "'{'");
        for (size_t level = p->braces; parser_has_item(p, level);)
                parse_world_item(p, parse_item_begin(p, &body));
        parser_close(p, '}', "'}'", open);
        return body;
}
