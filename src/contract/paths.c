#include <stdio.h>
#include <string.h>

#include "contract/model.h"
#include "contract/toposort.h"

enum { CYCLE_SHOWN_MAX = 6 };

/* "a:b, c:d@1.0.0" */
static void list_packages(const struct resolver *r, char *text, size_t room)
{
        size_t len = 0;
        text[0] = 0;
        for (size_t i = 0; i < r->n_packages && len < room; i++)
                len += (size_t)snprintf(text + len, room - len, "%s%s", i ? ", " : "", r->packages[i].name.id);
}

static struct package *find_package(struct resolver *r, const struct ast_path *path)
{
        char known[256];
        struct package *found = map_get(&r->by_id, NULL, path->package);
        if (found)
                return found;
        list_packages(r, known, sizeof known);
        report_at(&r->reader->report, path->package_place,
                  "package `%s` is not there; known are: %s. Packages that a contract uses belong in the folder `deps` beside its "
                  "files, and the folder is what is read then",
                  path->package, known);
        return NULL;
}

static void note_need(struct resolver *r, struct package *package, struct package *other, struct place place)
{
        if (map_get(&r->taken, package, other))
                return;
        map_put(&r->taken, package, other, other);
        package->needs = arena_room(r->reader->scratch, package->needs, package->n_needs, sizeof *package->needs);
        package->needs[package->n_needs++] = (struct need){ other, place };
}

/* @symbol as what is wanted, or NULL after a report. A symbol without a target was reported where it is made. */
static struct decl *check_kind(struct resolver *r, const struct symbol *symbol, struct place place, bool world)
{
        if (symbol->kind == (world ? SYMBOL_WORLD : SYMBOL_INTERFACE))
                return symbol->target;
        report_at(&r->reader->report, place, "`%s` is %s, not %s", symbol->name.text, symbol_kind_name(symbol->kind),
                  symbol_kind_name(world ? SYMBOL_WORLD : SYMBOL_INTERFACE));
        return NULL;
}

static void report_unknown(struct resolver *r, const struct package *package, struct ast_name name, bool world)
{
        if (world)
                scope_unknown(&r->scopes, &package->scope, name, "world", 1u << SYMBOL_WORLD);
        else
                scope_unknown(&r->scopes, &package->scope, name, "interface", 1u << SYMBOL_INTERFACE);
}

void path_link(struct resolver *r, struct package *package, const struct ast_path *path, const struct ast_gate *gate, bool world)
{
        struct package *other = path->package ? find_package(r, path) : NULL;
        if (!other)
                return;
        note_need(r, package, other, path->package_place);
        if (gate->out)
                return;
        struct symbol *symbol = scope_find(&r->scopes, &other->scope, path->name.text);
        struct decl *decl = symbol ? check_kind(r, symbol, path->name.place, world) : NULL;
        if (!symbol)
                report_unknown(r, other, path->name, world);
        if (!decl)
                return;
        package->mentions = arena_room(r->reader->scratch, package->mentions, package->n_mentions, sizeof *package->mentions);
        package->mentions[package->n_mentions++] = (struct mention){ decl, path->name.place, gate };
}

struct decl *path_find(struct resolver *r, struct package *package, const struct ast_file *file, const struct ast_path *path,
                       bool world)
{
        struct symbol *symbol;
        if (path->package) {
                struct package *other = map_get(&r->by_id, NULL, path->package);
                symbol = other ? scope_find(&r->scopes, &other->scope, path->name.text) : NULL;
                return symbol && symbol->kind == (world ? SYMBOL_WORLD : SYMBOL_INTERFACE) ? symbol->target : NULL;
        }
        symbol = scope_find(&r->scopes, &package->files[file->number], path->name.text);
        if (!symbol)
                symbol = scope_find(&r->scopes, &package->scope, path->name.text);
        if (!symbol)
                report_unknown(r, package, path->name, world);
        return symbol ? check_kind(r, symbol, path->name.place, world) : NULL;
}

/* What a `use` at the top level gives a name to: an interface of another package, or an interface or world of this one. */
static void declare_use(struct resolver *r, struct package *package, size_t file, const struct ast_decl *ast)
{
        struct symbol *symbol = scope_find(&r->scopes, &package->files[file], ast->name.text), *used;
        if (!symbol || symbol->target)
                return;
        if (ast->path.package) {
                symbol->target = path_find(r, package, NULL, &ast->path, false);
                return;
        }
        used = scope_find(&r->scopes, &package->scope, ast->path.name.text);
        if (used) {
                symbol->kind = used->kind;
                symbol->target = used->target;
        } else {
                report_unknown(r, package, ast->path.name, false);
        }
}

void package_uses_declare(struct resolver *r, struct package *package)
{
        for (size_t i = 0; i < package->n_files; i++)
                for (size_t j = 0; j < package->ast[i]->n_decls; j++)
                        if (package->ast[i]->decls[j].kind == AST_DECL_USE)
                                declare_use(r, package, i, &package->ast[i]->decls[j]);
}

/* Which interface or world of the same package uses or includes which, and where that is written. */
struct uses {
        struct edge *edges;
        size_t n;
        struct ast_name *names; /* by edge */
};

static void add_edge(struct resolver *r, struct uses *uses, const struct decl *from, const struct decl *to, struct ast_name name)
{
        uses->edges = arena_room(r->reader->scratch, uses->edges, uses->n, sizeof *uses->edges);
        uses->names = arena_room(r->reader->scratch, uses->names, uses->n, sizeof *uses->names);
        uses->edges[uses->n] = (struct edge){ from->index, to->index };
        uses->names[uses->n++] = name;
}

static void collect_uses(struct resolver *r, struct decl *decl, struct uses *uses)
{
        bool world = decl->kind == SYMBOL_WORLD;
        for (size_t i = 0; i < decl->ast->n_items; i++) {
                const struct ast_item *item = &decl->ast->items[i];
                if (item->kind != (world ? AST_INCLUDE : AST_USE) || item->use.path.package)
                        continue;
                struct decl *to = path_find(r, decl->package, decl->file, &item->use.path, world);
                if (to && to->package == decl->package)
                        add_edge(r, uses, decl, to, item->use.path.name);
        }
}

/* Where the file says what a name in it means, as other tools have it: the declaration or the `use` in the same file. */
static struct place meaning_place(const struct decl *from, const struct decl *to, struct ast_name name)
{
        if (from->file == to->file && to->name.text == name.text)
                return to->name.place;
        for (size_t i = 0; i < from->file->n_decls; i++) {
                const struct ast_decl *ast = &from->file->decls[i];
                if (ast->kind == AST_DECL_USE && ast->name.text == name.text)
                        return ast->path.name.place;
        }
        return name.place;
}

/* "a -> b -> a" */
static void report_cycle(struct resolver *r, const struct package *package, const struct uses *uses, const size_t *cycle, size_t n)
{
        const struct edge *lead = &uses->edges[cycle[0]];
        const struct decl *from = package->decls[lead->from], *first = package->decls[uses->edges[cycle[1]].from];
        char path[512];
        size_t len = 0;
        for (size_t i = 1; i <= n && i <= CYCLE_SHOWN_MAX && len < sizeof path; i++)
                len += (size_t)snprintf(path + len, sizeof path - len, "%.60s -> ",
                                        package->decls[uses->edges[cycle[i]].from]->name.text);
        report_at(&r->reader->report, meaning_place(from, package->decls[lead->to], uses->names[cycle[0]]),
                  "the %s `%s` depends on itself: %s%s%.60s", first->kind == SYMBOL_WORLD ? "world" : "interface", first->name.text,
                  path, n > CYCLE_SHOWN_MAX ? "… -> " : "", first->name.text);
}

struct decl **package_decls_order(struct resolver *r, struct package *package)
{
        struct arena *scratch = r->reader->scratch;
        struct uses uses = { 0 };
        for (size_t i = 0; i < package->n_decls; i++)
                collect_uses(r, package->decls[i], &uses);
        size_t n, *order = arena_take(scratch, (package->n_decls + uses.n + 1) * sizeof *order);
        struct decl **decls = arena_take(scratch, (package->n_decls + 1) * sizeof(struct decl *));
        if (!toposort(scratch, package->n_decls, uses.edges, uses.n, order, &n)) {
                report_cycle(r, package, &uses, order, n);
                return NULL;
        }
        for (size_t i = 0; i < package->n_decls; i++)
                decls[i] = package->decls[order[i]];
        return decls;
}
