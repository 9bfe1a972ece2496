#include <stdio.h>
#include <string.h>

#include "contract/model.h"
#include "contract/semver.h"
#include "contract/toposort.h"

enum { CYCLE_SHOWN_MAX = 6 };

void gate_check(struct resolver *r, const struct package *package, const struct ast_gate *gate, struct place place)
{
        if (!gate->since)
                return;
        if (!package->name.version)
                report_at(&r->reader->report, place, "`@since(version = %s)` needs a package with a version; `%s` has none",
                          gate->since, package->name.id);
        else if (semver_compare(gate->since, package->name.version) > 0)
                report_at(&r->reader->report, place, "`@since(version = %s)` is later than the version of the package, %s",
                          gate->since, package->name.version);
}

/* "a:b, c:d@1.0.0" */
static void list_packages(const struct resolver *r, char *text, size_t room)
{
        size_t len = 0;
        text[0] = 0;
        for (size_t i = 0; i < r->n_packages && len < room; i++)
                len += (size_t)snprintf(text + len, room - len, "%s%s", i ? ", " : "", r->packages[i].name.id);
}

struct package *path_package(struct resolver *r, struct package *package, const struct ast_path *path)
{
        char known[256];
        if (!path->package)
                return package;
        struct package *found = map_get(&r->by_id, NULL, path->package);
        if (found)
                return found;
        list_packages(r, known, sizeof known);
        report_at(&r->reader->report, path->package_place,
                  "package `%s` is not there; known are: %s. Packages that a contract uses belong in the folder `deps` beside its "
                  "files, "
                  "and the folder is what is read then",
                  path->package, known);
        return NULL;
}

static struct decl *check_interface(struct resolver *r, const struct symbol *symbol, struct place place)
{
        if (symbol->feature)
                scope_gated(&r->scopes, symbol, place);
        else if (symbol->kind == SYMBOL_INTERFACE)
                return symbol->target;
        else
                report_at(&r->reader->report, place, "`%s` is a world, not an interface", symbol->name.text);
        return NULL;
}

static struct symbol *find_in_file(struct resolver *r, struct package *package, const struct ast_file *file, const char *name)
{
        for (size_t i = 0; i < package->ast->n_files; i++)
                if (package->ast->files[i] == file)
                        return scope_find(&r->scopes, &package->files[i], name);
        return NULL;
}

struct decl *path_find(struct resolver *r, struct package *package, struct ast_file *file, const struct ast_path *path)
{
        struct package *in = path_package(r, package, path);
        if (!in)
                return NULL;
        struct symbol *symbol = path->package ? NULL : find_in_file(r, package, file, path->name.text);
        if (!symbol)
                symbol = scope_find(&r->scopes, &in->scope, path->name.text);
        if (symbol)
                return check_interface(r, symbol, path->name.place);
        scope_unknown(&r->scopes, &in->scope, path->name, "interface", 1u << SYMBOL_INTERFACE);
        return NULL;
}

/* A file's own names: they may not be those of what the package declares, unless they mean the same. */
static void declare_use(struct resolver *r, struct package *package, size_t file, struct ast_decl *ast)
{
        gate_check(r, package, &ast->gate, ast->path.name.place);
        if (ast->gate.feature)
                return;
        struct decl *decl = path_find(r, package, NULL, &ast->path);
        struct symbol *same = scope_find(&r->scopes, &package->scope, ast->name.text);
        if (!decl || (same && same->target == decl))
                return;
        if (same)
                report_at(&r->reader->report, ast->name.place,
                          "`%s` is the name of %s in this package already; write `as` and another", ast->name.text,
                          symbol_kind_name(same->kind));
        scope_add(&r->scopes, &package->files[file], SYMBOL_INTERFACE, ast->name, NULL, "is used twice in this file")->target =
                decl;
}

bool package_uses_declare(struct resolver *r, struct package *package)
{
        for (size_t i = 0; i < package->ast->n_files; i++) {
                struct ast_file *file = package->ast->files[i];
                for (size_t j = 0; j < file->n_decls; j++)
                        if (file->decls[j].kind == AST_DECL_USE)
                                declare_use(r, package, i, &file->decls[j]);
        }
        return !r->reader->report.failed;
}

/* Which interface of the same package uses which, and where that is written. */
struct uses {
        struct edge *edges;
        size_t n;
        struct ast_name *names; /* by edge */
};

static void collect_uses(struct resolver *r, struct decl *decl, struct uses *uses)
{
        const struct ast_body *body = &decl->ast->body;
        for (size_t i = 0; i < body->n_items; i++) {
                const struct ast_item *item = &body->items[i];
                if (item->kind != AST_USE || item->gate.feature)
                        continue;
                struct decl *to = path_find(r, decl->package, decl->file, &item->use.path);
                if (!to || to->package != decl->package)
                        continue;
                uses->edges = arena_room(r->reader->scratch, uses->edges, uses->n, sizeof *uses->edges);
                uses->names = arena_room(r->reader->scratch, uses->names, uses->n, sizeof *uses->names);
                uses->edges[uses->n] = (struct edge){ decl->index, to->index };
                uses->names[uses->n++] = item->use.path.name;
        }
}

/* "a -> b -> a" */
static void report_cycle(struct resolver *r, const struct package *package, const struct uses *uses, const size_t *cycle, size_t n)
{
        char path[512];
        size_t len = 0;
        for (size_t i = 0; i < n && i < CYCLE_SHOWN_MAX && len < sizeof path; i++)
                len += (size_t)snprintf(path + len, sizeof path - len, "%.60s -> ",
                                        package->decls[uses->edges[cycle[i]].from]->ast->name.text);
        report_at(&r->reader->report, uses->names[cycle[0]].place, "the interface `%s` depends on itself: %s%s%.60s",
                  package->decls[uses->edges[cycle[0]].from]->ast->name.text, path, n > CYCLE_SHOWN_MAX ? "… -> " : "",
                  package->decls[uses->edges[cycle[0]].from]->ast->name.text);
}

struct decl **package_decls_order(struct resolver *r, struct package *package)
{
        struct arena *scratch = r->reader->scratch;
        struct uses uses = { 0 };
        for (size_t i = 0; i < package->n_decls; i++)
                if (package->decls[i]->kind == SYMBOL_INTERFACE)
                        collect_uses(r, package->decls[i], &uses);
        if (r->reader->report.failed)
                return NULL;
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
