#include <stdlib.h>
#include <string.h>

#include "contract/lex.h"
#include "contract/model.h"
#include "contract/semver.h"

/* Every file that names the package names the same one, and one of them has documentation at most. */
static void name_package(struct resolver *r, struct package *package)
{
        struct report *report = &r->reader->report;
        const struct ast_file *documented = NULL;
        for (size_t i = 0; i < package->n_files; i++) {
                const struct ast_file *file = package->ast[i];
                if (!file->named)
                        continue;
                if (package->name.id && file->package.id != package->name.id)
                        report_at(report, file->package.place,
                                  "this file names the package `%s`, another one of the same folder `%s`", file->package.id,
                                  package->name.id);
                if (!package->name.id)
                        package->name = file->package;
                if (file->docs && documented)
                        report_at(report, file->docs_place, "only one file of a package may document it; %s does already",
                                  documented->source->name);
                if (file->docs) {
                        documented = file;
                        package->docs = file->docs;
                }
        }
        if (!package->name.id)
                report_plain(report, "%s: the package has no name: begin with `package some:name;`", package->ast[0]->source->name);
}

static void add_decl(struct resolver *r, struct package *package, struct ast_file *file, struct ast_decl *ast)
{
        struct arena *scratch = r->reader->scratch;
        enum symbol_kind kind = ast->kind == AST_DECL_WORLD ? SYMBOL_WORLD : SYMBOL_INTERFACE;
        struct decl *decl = arena_take(scratch, sizeof *decl);
        *decl = (struct decl){ .kind = kind,
                               .name = ast->name,
                               .ast = &ast->body,
                               .gate = &ast->gate,
                               .docs = ast->docs,
                               .package = package,
                               .file = file,
                               .index = package->n_decls };
        decl->scope.what = arena_format(scratch, "%s `%s`", kind == SYMBOL_WORLD ? "world" : "interface", ast->name.text);
        package->decls = arena_room(scratch, package->decls, package->n_decls, sizeof(struct decl *));
        package->decls[package->n_decls++] = decl;
        scope_add(&r->scopes, &package->scope, kind, ast->name, "is defined twice")->target = decl;
        scope_add(&r->scopes, &package->files[file->number], kind, ast->name, "is there twice")->target = decl;
}

static void declare(struct resolver *r, struct package *package)
{
        struct arena *scratch = r->reader->scratch;
        package->scope.what = arena_format(scratch, "package `%s`", package->name.id);
        package->files = arena_take(scratch, package->n_files * sizeof *package->files);
        for (size_t i = 0; i < package->n_files; i++) {
                struct ast_file *file = package->ast[i];
                file->number = i;
                package->files[i].what = package->scope.what;
                for (size_t j = 0; j < file->n_decls; j++)
                        if (file->decls[j].kind == AST_DECL_USE)
                                scope_add(&r->scopes, &package->files[i], SYMBOL_INTERFACE, file->decls[j].name, "is there twice");
                        else
                                add_decl(r, package, file, &file->decls[j]);
        }
}

/* Whether two texts are the same but for whitespace and comments. */
static bool same_tokens(const struct source *a, const struct source *b)
{
        struct token s = { 0 }, t = { 0 };
        do {
                s = lex_token(a, s.at + s.len, NULL);
                t = lex_token(b, t.at + t.len, NULL);
                if (s.kind != t.kind || s.len != t.len || memcmp(a->text + s.at, b->text + t.at, s.len))
                        return false;
        } while (s.kind != TOKEN_END);
        return true;
}

/* A package may be there twice only where the one is built in and the other says the same. */
static void meet_twice(struct resolver *r, const struct package *first, const struct package *second)
{
        char where[256];
        if (second != r->optional) {
                place_describe(first->name.place, where, sizeof where);
                report_at(&r->reader->report, second->name.place, "package `%s` is defined twice; the first is at %s",
                          second->name.id, where);
        } else if (first->n_files != 1 || !same_tokens(first->ast[0]->source, second->ast[0]->source)) {
                report_at(&r->reader->report, first->name.place, "package `%s` is built in, and is not what this text says",
                          first->name.id);
        }
}

void packages_declare(struct resolver *r)
{
        for (size_t i = 0; i < r->n_packages; i++) {
                struct package *package = &r->packages[i];
                name_package(r, package);
                if (!package->name.id)
                        continue;
                struct package *first = map_get(&r->by_id, NULL, package->name.id);
                if (first)
                        meet_twice(r, first, package);
                else
                        map_put(&r->by_id, NULL, package->name.id, package);
                declare(r, package);
        }
}

/* --- Which package refers to which ------------------------------------------------------------ */

static void link_uses(struct resolver *r, struct package *package, const struct ast_body *body)
{
        for (size_t i = 0; i < body->n_items; i++) {
                const struct ast_item *item = &body->items[i];
                if (item->kind == AST_USE || item->kind == AST_INCLUDE)
                        path_link(r, package, &item->use.path, &item->gate, item->kind == AST_INCLUDE);
        }
}

/* What a world imports, or exports. */
static void link_externs(struct resolver *r, struct package *package, const struct ast_body *body, bool import)
{
        for (size_t i = 0; i < body->n_items; i++) {
                const struct ast_item *item = &body->items[i];
                if (import ? !item->import : !item->export)
                        continue;
                if (item->kind == AST_PATH)
                        path_link(r, package, &item->path, &item->gate, false);
                else if (item->kind == AST_INTERFACE)
                        link_uses(r, package, &item->body);
        }
}

/* In the order in which mentioning them counts. */
static void link_package(struct resolver *r, struct package *package)
{
        for (size_t i = 0; i < package->n_files; i++)
                for (size_t j = 0; j < package->ast[i]->n_decls; j++) {
                        const struct ast_decl *decl = &package->ast[i]->decls[j];
                        if (decl->kind == AST_DECL_USE)
                                path_link(r, package, &decl->path, &decl->gate, false);
                        link_uses(r, package, &decl->body);
                        link_externs(r, package, &decl->body, true);
                        link_externs(r, package, &decl->body, false);
                }
}

struct order {
        struct resolver *r;
        struct package **packages;
        size_t n;
        bool cycle;
};

/* Packages are few (PACKAGES_MAX), which bounds the recursion. */
static void visit(struct order *order, struct package *package)
{
        struct report *report = &order->r->reader->report;
        if (package->ordered)
                return;
        for (size_t i = 0; i < package->n_needs; i++) {
                const struct need *need = &package->needs[i];
                if (need->package->entered) {
                        report_at(report, need->place, "package `%s` depends on itself by way of `%s`", package->name.id,
                                  need->package->name.id);
                        order->cycle = true;
                        return;
                }
                need->package->entered = true;
                visit(order, need->package);
                need->package->entered = false;
                if (order->cycle)
                        return;
        }
        package->ordered = true;
        order->packages[order->n++] = package;
}

static int compare_versions(const char *a, const char *b)
{
        if (a && b)
                return semver_compare(a, b);
        return (a != NULL) - (b != NULL);
}

static int by_name(const void *a, const void *b)
{
        const struct ast_package_name *x = &(*(struct package *const *)a)->name, *y = &(*(struct package *const *)b)->name;
        int order = strcmp(x->ns, y->ns);
        if (!order)
                order = strcmp(x->name, y->name);
        return order ? order : compare_versions(x->version, y->version);
}

/* By name, each after those that it refers to; none where they go round in a circle. */
struct package **packages_order(struct resolver *r, size_t *ret_n)
{
        struct arena *scratch = r->reader->scratch;
        struct package **roots = arena_take(scratch, r->n_packages * sizeof(struct package *));
        struct order order = { .r = r, .packages = arena_take(scratch, r->n_packages * sizeof(struct package *)) };
        size_t n = 0;
        for (size_t i = 0; i < r->n_packages; i++) {
                link_package(r, &r->packages[i]);
                if (&r->packages[i] != r->optional)
                        roots[n++] = &r->packages[i];
        }
        qsort(roots, n, sizeof(struct package *), by_name);
        for (size_t i = 0; i < n && !order.cycle; i++)
                visit(&order, roots[i]);
        *ret_n = order.cycle ? 0 : order.n;
        return order.packages;
}
