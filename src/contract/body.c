#include <stdio.h>

#include "contract/model.h"
#include "contract/toposort.h"

enum {
        CHAIN_MAX = 1000, /* interfaces that use one another; bounds the recursion over them */
        CYCLE_SHOWN_MAX = 6,
};

/* Type definitions are numbered as they come. */
static void declare(struct body *body)
{
        struct resolver *r = body->r;
        size_t n_typedefs = 0;
        for (size_t i = 0; i < body->ast->n_items; i++) {
                const struct ast_item *item = &body->ast->items[i];
                const char *feature = item->gate.feature;
                gate_check(r, body->package, &item->gate, item->name.place);
                if (item->kind == AST_USE)
                        for (size_t j = 0; j < item->use.n_names; j++)
                                scope_add(&r->scopes, body->scope, SYMBOL_TYPE, item->use.names[j].as, feature, "is defined twice");
                else if (item->kind == AST_TYPEDEF)
                        scope_add(&r->scopes, body->scope, SYMBOL_TYPE, item->name, feature, "is defined twice")->index =
                                feature ? 0 : ++n_typedefs;
                else if (!item->import && !item->export)
                        scope_add(&r->scopes, body->scope, SYMBOL_FUNC, item->name, feature, "is defined twice");
        }
}

/* Notes that the interface needs another one. A `use` of no names needs nothing. */
static void need(struct body *body, const struct decl *from, const struct ast_item *item)
{
        struct resolver *r = body->r;
        struct wit_interface *self = body->interface;
        if (from->chain >= CHAIN_MAX)
                report_at(&r->reader->report, item->use.path.name.place, "interfaces use one another more than %d deep here",
                          CHAIN_MAX);
        if (body->chain <= from->chain)
                body->chain = from->chain + 1;
        if (!self || !item->use.n_names || map_get(&r->taken, self, from->interface))
                return;
        map_put(&r->taken, self, from->interface, from->interface);
        self->needs = arena_room(r->reader->keep, self->needs, self->n_needs, sizeof(struct wit_interface *));
        self->needs[self->n_needs++] = from->interface;
}

static struct wit_type *find_used(struct resolver *r, const struct decl *from, struct ast_name name)
{
        struct symbol *symbol = scope_find(&r->scopes, &from->scope, name.text);
        if (!symbol)
                scope_unknown(&r->scopes, &from->scope, name, "type", 1u << SYMBOL_TYPE);
        else if (symbol->feature)
                scope_gated(&r->scopes, symbol, name.place);
        else if (symbol->kind != SYMBOL_TYPE)
                report_at(&r->reader->report, name.place, "`%s` is %s; only types can be used", name.text,
                          symbol_kind_name(symbol->kind));
        else if (symbol->target)
                return symbol->target;
        return r->primitives[WIT_BOOL];
}

static void use(struct body *body, const struct ast_item *item)
{
        struct resolver *r = body->r;
        struct decl *from = path_find(r, body->package, body->file, &item->use.path);
        if (!from)
                return;
        need(body, from, item);
        for (size_t i = 0; i < item->use.n_names; i++) {
                const struct ast_use_name *name = &item->use.names[i];
                struct symbol *symbol = scope_find(&r->scopes, body->scope, name->as.text);
                struct wit_type *type = type_begin(body, WIT_ALIAS, name->as, NULL);
                type->used = true;
                type->element = find_used(r, from, name->name);
                type_finish(r, type, name->as.place);
                if (symbol)
                        symbol->target = type;
        }
}

/* Which type definition refers to which, and where that is written. */
struct references {
        struct body *body;
        size_t from;
        struct edge *edges;
        struct ast_name *names; /* by edge */
        size_t n;
};

static void refer(struct references *refs, const struct ast_type *ast)
{
        struct body *body = refs->body;
        struct arena *scratch = body->r->reader->scratch;
        struct symbol *symbol = scope_find(&body->r->scopes, body->scope, ast->name);
        if (!symbol || symbol->kind != SYMBOL_TYPE || !symbol->index)
                return;
        refs->edges = arena_room(scratch, refs->edges, refs->n, sizeof *refs->edges);
        refs->names = arena_room(scratch, refs->names, refs->n, sizeof *refs->names);
        refs->edges[refs->n] = (struct edge){ refs->from, symbol->index - 1 };
        refs->names[refs->n++] = (struct ast_name){ ast->name, ast->place };
}

static void collect(struct references *refs, const struct ast_type *ast)
{
        if (ast->kind == WIT_ALIAS)
                refer(refs, ast);
        if (ast->element)
                collect(refs, ast->element);
        if (ast->error)
                collect(refs, ast->error);
        for (size_t i = 0; i < ast->n_elements; i++)
                collect(refs, ast->elements[i]);
}

static void report_cycle(const struct references *refs, const struct ast_item *const *typedefs, const size_t *cycle, size_t n)
{
        struct report *report = &refs->body->r->reader->report;
        const char *name = typedefs[refs->edges[cycle[0]].from]->name.text;
        char path[512];
        size_t len = 0;
        for (size_t i = 0; i < n && i < CYCLE_SHOWN_MAX && len < sizeof path; i++)
                len += (size_t)snprintf(path + len, sizeof path - len, "%.60s -> ",
                                        typedefs[refs->edges[cycle[i]].from]->name.text);
        report_at(report, refs->names[cycle[0]].place, "the type `%s` holds itself, which WIT does not allow: %s%s%.60s", name,
                  path, n > CYCLE_SHOWN_MAX ? "… -> " : "", name);
}

static void define(struct body *body, const struct ast_item *item)
{
        struct resolver *r = body->r;
        const struct ast_typedef *ast = &item->type;
        struct symbol *symbol = scope_find(&r->scopes, body->scope, item->name.text);
        struct wit_type *type = type_begin(body, ast->kind, item->name, item->docs);
        if (!ast->type) {
                type->members = members_of(r, body->scope, ast->members, ast->n_members,
                                           ast->kind == WIT_ENUM ? SYMBOL_CASE : SYMBOL_FIELD);
                type->n_members = ast->n_members;
        } else if (ast->type->kind == WIT_ALIAS || ast->type->kind <= WIT_STRING) {
                type->element = type_of(r, body->scope, ast->type);
        } else {
                type->kind = ast->type->kind;
                type_fill(r, body->scope, ast->type, type);
        }
        type_finish(r, type, item->name.place);
        if (symbol)
                symbol->target = type;
}

/* The definitions that are not left out, in the order of their numbers. */
static const struct ast_item **list_typedefs(struct body *body, size_t *ret_n)
{
        const struct ast_item **typedefs = arena_take(body->r->reader->scratch, (body->ast->n_items + 1) * sizeof(void *));
        *ret_n = 0;
        for (size_t i = 0; i < body->ast->n_items; i++)
                if (body->ast->items[i].kind == AST_TYPEDEF && !body->ast->items[i].gate.feature)
                        typedefs[(*ret_n)++] = &body->ast->items[i];
        return typedefs;
}

static void define_all(struct body *body)
{
        struct arena *scratch = body->r->reader->scratch;
        struct references refs = { .body = body };
        size_t n, length;
        const struct ast_item **typedefs = list_typedefs(body, &n);
        for (refs.from = 0; refs.from < n; refs.from++) {
                const struct ast_typedef *ast = &typedefs[refs.from]->type;
                if (ast->type)
                        collect(&refs, ast->type);
                for (size_t i = 0; i < ast->n_members; i++)
                        if (ast->members[i].type)
                                collect(&refs, ast->members[i].type);
        }
        size_t *order = arena_take(scratch, (n + refs.n + 1) * sizeof *order);
        if (!toposort(scratch, n, refs.edges, refs.n, order, &length)) {
                report_cycle(&refs, typedefs, order, length);
                return;
        }
        for (size_t i = 0; i < n; i++)
                define(body, typedefs[order[i]]);
}

static void list_type(struct body *body, struct ast_name name, struct wit_type ***types, size_t *n)
{
        const struct symbol *symbol = scope_find(&body->r->scopes, body->scope, name.text);
        if (!symbol || !symbol->target)
                return;
        *types = arena_room(body->r->reader->keep, *types, *n, sizeof(struct wit_type *));
        (*types)[(*n)++] = symbol->target;
}

/* The owner's named types, in source order. */
static void list_types(struct body *body)
{
        struct wit_type ***types = body->interface ? &body->interface->types : &body->world->types;
        size_t *n = body->interface ? &body->interface->n_types : &body->world->n_types;
        for (size_t i = 0; i < body->ast->n_items; i++) {
                const struct ast_item *item = &body->ast->items[i];
                if (item->gate.feature)
                        continue;
                if (item->kind == AST_TYPEDEF)
                        list_type(body, item->name, types, n);
                for (size_t j = 0; item->kind == AST_USE && j < item->use.n_names; j++)
                        list_type(body, item->use.names[j].as, types, n);
        }
}

bool body_resolve_types(struct body *body)
{
        struct report *report = &body->r->reader->report;
        declare(body);
        for (size_t i = 0; !report->failed && i < body->ast->n_items; i++)
                if (body->ast->items[i].kind == AST_USE && !body->ast->items[i].gate.feature)
                        use(body, &body->ast->items[i]);
        if (!report->failed)
                define_all(body);
        list_types(body);
        return !report->failed;
}

static void fill(struct body *body)
{
        struct arena *keep = body->r->reader->keep;
        struct wit_interface *interface = body->interface;
        if (!body_resolve_types(body))
                return;
        for (size_t i = 0; i < body->ast->n_items; i++) {
                const struct ast_item *item = &body->ast->items[i];
                if (item->kind != AST_FUNC || item->gate.feature)
                        continue;
                interface->funcs = arena_room(keep, interface->funcs, interface->n_funcs, sizeof(struct wit_func *));
                interface->funcs[interface->n_funcs++] = func_of(body->r, body->scope, item);
        }
}

static struct wit_interface *interface_new(struct resolver *r, struct package *package, const char *name, const char *docs)
{
        struct contract *c = r->contract;
        struct wit_interface *interface = arena_take(r->reader->keep, sizeof *interface);
        *interface = (struct wit_interface){ .package = package->model, .name = name, .docs = docs };
        c->interfaces = arena_room(r->reader->keep, c->interfaces, c->n_interfaces, sizeof(struct wit_interface *));
        interface->index = c->n_interfaces;
        c->interfaces[c->n_interfaces++] = interface;
        return interface;
}

void interface_resolve(struct resolver *r, struct decl *decl)
{
        struct wit_package *package = decl->package->model;
        decl->interface = interface_new(r, decl->package, decl->ast->name.text, decl->ast->docs);
        package->interfaces =
                arena_room(r->reader->keep, package->interfaces, package->n_interfaces, sizeof(struct wit_interface *));
        package->interfaces[package->n_interfaces++] = decl->interface;
        struct body body = {
                .r = r,
                .package = decl->package,
                .file = decl->file,
                .ast = &decl->ast->body,
                .scope = &decl->scope,
                .interface = decl->interface,
        };
        fill(&body);
        decl->chain = body.chain;
}

struct wit_interface *interface_resolve_inline(struct body *world, const struct ast_item *item)
{
        struct resolver *r = world->r;
        struct arena *scratch = r->reader->scratch;
        struct body body = *world;
        body.interface = interface_new(r, world->package, item->name.text, item->docs);
        body.interface->label = body.interface->name;
        body.interface->name = NULL;
        body.interface->inline_of = world->world;
        body.world = NULL;
        body.ast = &item->body;
        body.scope = arena_take(scratch, sizeof *body.scope);
        body.scope->what = arena_format(scratch, "interface `%s`", item->name.text);
        fill(&body);
        return body.interface;
}
