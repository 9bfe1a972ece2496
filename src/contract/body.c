#include <stdio.h>

#include "contract/model.h"
#include "contract/toposort.h"

enum {
        CHAIN_MAX = 1000, /* interfaces that use one another; bounds the recursion over them */
        CYCLE_SHOWN_MAX = 6,
};

static void add_name(struct body *body, enum symbol_kind kind, struct ast_name name, size_t index)
{
        struct symbol *symbol = scope_add(&body->r->scopes, &body->decl->scope, kind, name, "is defined twice");
        symbol->index = index;
}

/* Type definitions are numbered as they come. */
static void declare(struct body *body)
{
        const struct ast_body *ast = body->decl->ast;
        size_t n_typedefs = 0;
        for (size_t i = 0; i < ast->n_items; i++) {
                const struct ast_item *item = &ast->items[i];
                if (item->kind == AST_USE)
                        for (size_t j = 0; j < item->use.n_names; j++)
                                add_name(body, SYMBOL_TYPE, item->use.names[j].as, 0);
                else if (item->kind == AST_TYPEDEF)
                        add_name(body, SYMBOL_TYPE, item->name, ++n_typedefs);
                else if (item->kind == AST_FUNC && body->decl->kind == SYMBOL_INTERFACE)
                        add_name(body, SYMBOL_FUNC, item->name, 0);
        }
}

/* Enters a type that was drafted among those of the body. */
static void add_type(struct body *body, struct wit_type *type, struct ast_name name)
{
        struct decl *decl = body->decl;
        struct symbol *symbol = scope_find(&body->r->scopes, &decl->scope, name.text);
        if (symbol && !symbol->target)
                symbol->target = type;
        decl->types = arena_room(body->r->reader->scratch, decl->types, decl->n_types, sizeof(struct wit_type *));
        decl->types[decl->n_types++] = type;
}

/* --- `use` ------------------------------------------------------------------------------------ */

/* A `use` of no names is none. */
static void note_chain(struct body *body, const struct decl *from, const struct ast_item *item)
{
        if (!item->use.n_names)
                return;
        if (from->chain >= CHAIN_MAX)
                report_at(&body->r->reader->report, item->use.path.name.place, "interfaces use one another more than %d deep here",
                          CHAIN_MAX);
        if (body->decl->chain <= from->chain)
                body->decl->chain = from->chain + 1;
}

static struct wit_type *find_used(struct resolver *r, const struct decl *from, struct ast_name name)
{
        struct symbol *symbol = scope_find(&r->scopes, &from->scope, name.text);
        if (symbol && symbol->kind == SYMBOL_TYPE)
                return symbol->target;
        if (symbol)
                report_at(&r->reader->report, name.place, "`%s` is %s; only types can be used", name.text,
                          symbol_kind_name(symbol->kind));
        else
                scope_unknown(&r->scopes, &from->scope, name, "type", 1u << SYMBOL_TYPE);
        return NULL;
}

/* What is left out may name what is not there, in another package. */
static void use(struct body *body, const struct ast_item *item)
{
        struct resolver *r = body->r;
        struct package *package = body->decl->package;
        bool needed = !item->gate.out || !item->use.path.package;
        struct decl *from = needed ? path_find(r, package, body->decl->file, &item->use.path, false) : NULL;
        if (from)
                note_chain(body, from, item);
        for (size_t i = 0; i < item->use.n_names; i++) {
                const struct ast_use_name *name = &item->use.names[i];
                struct wit_type *type = type_begin(body, WIT_ALIAS, name->as, &item->gate);
                type->used = true;
                type->element = from ? find_used(r, from, name->name) : NULL;
                type_draft(r, package, type, name->name.place, &item->gate)->owner = body->decl;
                add_type(body, type, name->as);
        }
}

/* --- Definitions ------------------------------------------------------------------------------ */

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
        struct symbol *symbol = scope_find(&body->r->scopes, &body->decl->scope, ast->name);
        if (!symbol || symbol->kind != SYMBOL_TYPE || !symbol->index)
                return;
        refs->edges = arena_room(scratch, refs->edges, refs->n, sizeof *refs->edges);
        refs->names = arena_room(scratch, refs->names, refs->n, sizeof *refs->names);
        refs->edges[refs->n] = (struct edge){ refs->from, symbol->index - 1 };
        refs->names[refs->n++] = (struct ast_name){ ast->name, ast->place };
}

static void collect(struct references *refs, const struct ast_type *ast)
{
        if (!ast)
                return;
        if (ast->name)
                refer(refs, ast);
        collect(refs, ast->key);
        collect(refs, ast->element);
        collect(refs, ast->error);
        for (size_t i = 0; i < ast->n_elements; i++)
                collect(refs, ast->elements[i]);
}

static void report_cycle(const struct references *refs, const struct ast_item *const *typedefs, const size_t *cycle, size_t n)
{
        const char *name = typedefs[refs->edges[cycle[1]].from]->name.text;
        char path[512];
        size_t len = 0;
        for (size_t i = 1; i <= n && i <= CYCLE_SHOWN_MAX && len < sizeof path; i++)
                len += (size_t)snprintf(path + len, sizeof path - len, "%.60s -> ",
                                        typedefs[refs->edges[cycle[i]].from]->name.text);
        report_at(&refs->body->r->reader->report, refs->names[cycle[0]].place,
                  "the type `%s` holds itself, which WIT does not allow: %s%s%.60s", name, path, n > CYCLE_SHOWN_MAX ? "… -> " : "",
                  name);
}

static void define_members(struct body *body, const struct ast_item *item, struct wit_type *type)
{
        const struct ast_typedef *ast = &item->type;
        bool cases = ast->kind == WIT_ENUM || ast->kind == WIT_VARIANT;
        struct scope *names = arena_take(body->r->reader->scratch, sizeof *names);
        type->members = members_of(body, ast->members, ast->n_members, names, cases ? SYMBOL_CASE : SYMBOL_FIELD);
        type->n_members = ast->n_members;
        if (cases && !ast->n_members)
                report_at(&body->r->reader->report, item->name.place, "the %s `%s` has no cases; it needs one at least",
                          ast->kind == WIT_ENUM ? "enum" : "variant", item->name.text);
}

static void check_resource(struct body *body, const struct ast_item *item)
{
        const struct ast_body *ast = &item->type.body;
        struct scope *names = arena_take(body->r->reader->scratch, sizeof *names);
        bool constructor = false;
        for (size_t i = 0; i < ast->n_items; i++) {
                const struct ast_item *func = &ast->items[i];
                if (func->func.kind != WIT_CONSTRUCTOR)
                        scope_add(&body->r->scopes, names, SYMBOL_FUNC, func->name, "is defined twice");
                else if (constructor)
                        report_at(&body->r->reader->report, func->name.place, "the resource `%s` has two constructors",
                                  item->name.text);
                constructor |= func->func.kind == WIT_CONSTRUCTOR;
        }
}

static void define(struct body *body, const struct ast_item *item)
{
        const struct ast_typedef *ast = &item->type;
        struct wit_type *type = type_begin(body, ast->kind, item->name, &item->gate);
        type->docs = item->docs;
        body->gate = gate_is_stability(&item->gate) ? &item->gate : NULL;
        if (ast->kind == WIT_RESOURCE) {
                check_resource(body, item);
        } else if (!ast->type) {
                define_members(body, item, type);
        } else if (ast->type->kind == WIT_ALIAS) {
                type->element = type_named(body, (struct ast_name){ ast->type->name, ast->type->place });
        } else if (ast->type->kind <= WIT_ERROR_CONTEXT) {
                type->element = type_of(body, ast->type);
        } else {
                type->kind = ast->type->kind;
                type_fill(body, ast->type, type);
        }
        struct draft *draft = type_draft(body->r, body->decl->package, type, item->name.place, body->gate);
        draft->owner = body->decl;
        draft->members = ast->members;
        add_type(body, type, item->name);
        body->gate = NULL;
}

/* The definitions in the order of their numbers. */
static const struct ast_item **list_typedefs(struct body *body, size_t *ret_n)
{
        const struct ast_body *ast = body->decl->ast;
        const struct ast_item **typedefs = arena_take(body->r->reader->scratch, (ast->n_items + 1) * sizeof(void *));
        *ret_n = 0;
        for (size_t i = 0; i < ast->n_items; i++)
                if (ast->items[i].kind == AST_TYPEDEF)
                        typedefs[(*ret_n)++] = &ast->items[i];
        return typedefs;
}

static void define_all(struct body *body)
{
        struct references refs = { .body = body };
        size_t n, length;
        const struct ast_item **typedefs = list_typedefs(body, &n);
        for (refs.from = 0; refs.from < n; refs.from++) {
                const struct ast_typedef *ast = &typedefs[refs.from]->type;
                collect(&refs, ast->type);
                for (size_t i = 0; i < ast->n_members; i++)
                        collect(&refs, ast->members[i].type);
        }
        size_t *order = arena_take(body->r->reader->scratch, (n + refs.n + 1) * sizeof *order);
        if (!toposort(body->r->reader->scratch, n, refs.edges, refs.n, order, &length)) {
                report_cycle(&refs, typedefs, order, length);
                return;
        }
        for (size_t i = 0; i < n; i++)
                define(body, typedefs[order[i]]);
}

void body_draft_types(struct body *body)
{
        const struct ast_body *ast = body->decl->ast;
        declare(body);
        for (size_t i = 0; i < ast->n_items; i++)
                if (ast->items[i].kind == AST_USE)
                        use(body, &ast->items[i]);
        define_all(body);
}
