/* Worlds: what they import and export, completed by the interfaces that those need. */
#include <stdint.h>

#include "contract/model.h"

enum { COMPLETED_MAX = 1000 * 1000 };

/* A world on its way. The addresses of its sets of interfaces are keys of the resolver's `taken`. */
struct making {
        struct body body;
        struct resolver *r;
        struct wit_world *world;
        struct scope exported; /* names of exported functions and inline interfaces */
        char imports;          /* set: imported; the value is the item's number plus 1 */
        char exports;          /* set: exported */
        char stated_imports;   /* set: imported by a statement */
        char stated_exports;   /* set: exported by a statement */
        char required;         /* set: imported because an export needs it */
};

static bool is_in(const struct making *m, const char *set, const struct wit_interface *interface)
{
        return map_get(&m->r->taken, set, interface) != NULL;
}

static void put(struct making *m, const char *set, const struct wit_interface *interface, size_t number)
{
        map_put(&m->r->taken, set, interface, (void *)(uintptr_t)number);
}

static bool has_failed(const struct making *m)
{
        return m->r->reader->report.failed;
}

static void add(struct making *m, bool import, struct wit_item item)
{
        struct wit_item **items = import ? &m->world->imports : &m->world->exports;
        size_t *n = import ? &m->world->n_imports : &m->world->n_exports;
        if (m->r->completed++ >= COMPLETED_MAX) {
                report_plain(&m->r->reader->report, "%s: its worlds import and export more than %d things in all",
                             m->r->contract->path, COMPLETED_MAX);
                return;
        }
        *items = arena_room(m->r->reader->keep, *items, *n, sizeof **items);
        (*items)[(*n)++] = item;
        if (item.interface)
                put(m, import ? &m->imports : &m->exports, item.interface, *n);
}

/* Imports the interface, and before it those that it needs. */
static void import_interface(struct making *m, struct wit_interface *interface)
{
        if (is_in(m, &m->imports, interface) || has_failed(m))
                return;
        for (size_t i = 0; i < interface->n_needs; i++)
                import_interface(m, interface->needs[i]);
        add(m, true, (struct wit_item){ .name = interface->label, .interface = interface });
}

/* What an exported interface needs is exported as well if a statement exports it, or else imported, with all that it needs in turn.
 * Returns false if an interface would have to be both: then one type would have to be two. */
static bool export_interface(struct making *m, struct wit_interface *interface, const char *docs, bool export)
{
        if (has_failed(m))
                return true;
        if (is_in(m, &m->exports, interface))
                return export;
        if (is_in(m, &m->required, interface))
                return !export;
        for (size_t i = 0; i < interface->n_needs; i++) {
                struct wit_interface *needed = interface->needs[i];
                if (!export_interface(m, needed, NULL, export && is_in(m, &m->stated_exports, needed)))
                        return false;
        }
        if (export) {
                add(m, false, (struct wit_item){ .name = interface->label, .docs = docs, .interface = interface });
                return true;
        }
        put(m, &m->required, interface, 1);
        if (!is_in(m, &m->imports, interface))
                add(m, true, (struct wit_item){ .name = interface->label, .interface = interface });
        return true;
}

/* The interface that a path statement names, which may do so once. */
static struct wit_interface *find_stated(struct making *m, const struct ast_item *item)
{
        const char *set = item->import ? &m->stated_imports : &m->stated_exports;
        struct decl *decl = path_find(m->r, m->body.package, m->body.file, &item->path);
        if (!decl)
                return NULL;
        if (is_in(m, set, decl->interface))
                report_at(&m->r->reader->report, item->name.place, "the interface `%s` is %s twice", item->name.text,
                          item->import ? "imported" : "exported");
        put(m, set, decl->interface, 1);
        return decl->interface;
}

/* A function or an inline interface, by its label. */
static struct wit_item make_labelled(struct making *m, const struct ast_item *item)
{
        struct scope *scope = item->import ? m->body.scope : &m->exported;
        struct wit_item made = { .name = item->name.text };
        if (item->kind == AST_FUNC) {
                scope_add(&m->r->scopes, scope, SYMBOL_FUNC, item->name, NULL, "is there twice");
                made.func = func_of(m->r, m->body.scope, item);
        } else {
                scope_add(&m->r->scopes, scope, SYMBOL_INTERFACE, item->name, NULL, "is there twice");
                made.interface = interface_resolve_inline(&m->body, item);
        }
        return made;
}

static void import_used(struct making *m, const struct ast_item *item)
{
        struct decl *decl = path_find(m->r, m->body.package, m->body.file, &item->use.path);
        if (decl && item->use.n_names)
                import_interface(m, decl->interface);
}

static void import_stated(struct making *m, const struct ast_item *item)
{
        struct wit_interface *interface = find_stated(m, item);
        if (!interface || has_failed(m))
                return;
        import_interface(m, interface);
        if (!has_failed(m))
                m->world->imports[(uintptr_t)map_get(&m->r->taken, &m->imports, interface) - 1].docs = item->docs;
}

static void import_labelled(struct making *m, const struct ast_item *item)
{
        struct wit_item made = make_labelled(m, item);
        for (size_t i = 0; made.interface && i < made.interface->n_needs; i++)
                import_interface(m, made.interface->needs[i]);
        add(m, true, made);
}

static void add_imports(struct making *m)
{
        for (size_t i = 0; i < m->body.ast->n_items; i++) {
                const struct ast_item *item = &m->body.ast->items[i];
                if (item->gate.feature)
                        continue;
                if (item->kind == AST_USE)
                        import_used(m, item);
                else if (item->import && item->kind == AST_PATH)
                        import_stated(m, item);
                else if (item->import)
                        import_labelled(m, item);
        }
}

/* Which interfaces are exported must be known before the first one is completed: the second pass. */
static void add_exports(struct making *m, struct wit_interface **stated)
{
        for (size_t i = 0; i < m->body.ast->n_items; i++) {
                const struct ast_item *item = &m->body.ast->items[i];
                struct wit_item made = { .interface = stated[i] };
                if (!item->export || item->gate.feature || has_failed(m))
                        continue;
                if (item->kind != AST_PATH)
                        made = make_labelled(m, item);
                if (made.func)
                        add(m, false, made);
                else if (!export_interface(m, made.interface, item->kind == AST_PATH ? item->docs : NULL, true))
                        report_at(&m->r->reader->report, m->body.place,
                                  "the world exports `%s`, and an interface that this needs would have to be both imported and "
                                  "exported; "
                                  "export every interface on the way to it, or none",
                                  item->name.text);
        }
}

static struct wit_interface **find_exports(struct making *m)
{
        const struct ast_body *ast = m->body.ast;
        struct wit_interface **stated = arena_take(m->r->reader->scratch, (ast->n_items + 1) * sizeof(struct wit_interface *));
        for (size_t i = 0; i < ast->n_items; i++)
                if (ast->items[i].export && ast->items[i].kind == AST_PATH && !ast->items[i].gate.feature)
                        stated[i] = find_stated(m, &ast->items[i]);
        return stated;
}

static struct wit_world *world_new(struct resolver *r, const struct decl *decl)
{
        struct contract *c = r->contract;
        struct wit_world *world = arena_take(r->reader->keep, sizeof *world);
        *world = (struct wit_world){ .package = decl->package->model, .name = decl->ast->name.text, .docs = decl->ast->docs };
        c->worlds = arena_room(r->reader->keep, c->worlds, c->n_worlds, sizeof(struct wit_world *));
        world->index = c->n_worlds;
        c->worlds[c->n_worlds++] = world;
        struct wit_package *package = world->package;
        package->worlds = arena_room(r->reader->keep, package->worlds, package->n_worlds, sizeof(struct wit_world *));
        package->worlds[package->n_worlds++] = world;
        return world;
}

void world_resolve(struct resolver *r, struct decl *decl)
{
        struct making *m = arena_take(r->reader->scratch, sizeof *m);
        decl->world = m->world = world_new(r, decl);
        m->r = r;
        m->exported.what = decl->scope.what;
        m->body = (struct body){
                .r = r,
                .package = decl->package,
                .file = decl->file,
                .place = decl->ast->name.place,
                .ast = &decl->ast->body,
                .scope = &decl->scope,
                .world = decl->world,
        };
        if (!body_resolve_types(&m->body))
                return;
        add_imports(m);
        struct wit_interface **stated = find_exports(m);
        if (!has_failed(m))
                add_exports(m, stated);
}
