/* The statements of interfaces and worlds. */
#include "contract/parser.h"

static struct ast_item *add_item(struct parser *p, struct ast_body *body)
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
        parser_expect(p, '{', "'{'");
        while (!p->bad && p->token.kind != '}')
                parse_interface_item(p, add_item(p, &body));
        parser_expect(p, '}', "'}'");
        return body;
}

/* Whether `x: …` begins here, and not a path such as `a`, `a:b/c`, of which at least `a` and ':' look the same. */
static bool at_label(struct parser *p)
{
        struct token colon = parser_peek(p, p->token);
        if (colon.kind != ':')
                return false;
        struct token third = parser_peek(p, colon);
        if (third.kind != TOKEN_ID)
                return true;
        bool joined = colon.trivia == colon.at && third.trivia == third.at;
        return parser_peek(p, third).kind != '/' && !joined;
}

static void parse_labelled(struct parser *p, struct ast_item *item)
{
        item->name = parser_name(p, "a name");
        parser_expect(p, ':', "':'");
        if (parser_accept(p, KW_INTERFACE)) {
                item->kind = AST_INTERFACE;
                item->body = parse_interface_body(p);
        } else if (p->token.kind == TOKEN_ID) {
                parser_unsupported(p, item->name.place, "interfaces under a name of your own");
        } else {
                if (p->token.kind != KW_FUNC && p->token.kind != KW_ASYNC)
                        parser_unexpected(p, "`func` or `interface`");
                item->kind = AST_FUNC;
                item->func = parse_func(p);
                parser_expect(p, ';', "';'");
        }
}

static void parse_extern(struct parser *p, struct ast_item *item)
{
        item->import = p->token.kind == KW_IMPORT;
        item->export = !item->import;
        parser_next(p);
        if (at_label(p)) {
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
        if (parse_common(p, item))
                return;
        if (p->token.kind == KW_INCLUDE)
                parser_unsupported(p, parser_here(p), "`include` statements");
        else if (p->token.kind == KW_IMPORT || p->token.kind == KW_EXPORT)
                parse_extern(p, item);
        else
                parser_unexpected(p, "`import`, `export`, `use`, a type or '}'");
}

struct ast_body parse_world_body(struct parser *p)
{
        struct ast_body body = { 0 };
        parser_expect(p, '{', "'{'");
        while (!p->bad && p->token.kind != '}')
                parse_world_item(p, add_item(p, &body));
        parser_expect(p, '}', "'}'");
        return body;
}
