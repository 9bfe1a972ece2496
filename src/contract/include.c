#include <string.h>

#include "contract/making.h"

struct including {
        struct making *m;
        const struct draft_include *ast;
        const struct wit_world *from;
        struct place place;
        struct cloner cloner;
};

static const char *intern(struct including *in, const char *text, size_t len)
{
        return names_intern(&in->m->r->reader->names, text, len);
}

static struct ast_use_name *find_rename(struct including *in, const char *name)
{
        return map_get(&in->m->r->taken, in->ast, name);
}

/* The name in `with` that stands for @name: itself, or that of the resource in "[method]r.f" or "[constructor]r". */
static struct ast_use_name *find_renamed(struct including *in, const char *name)
{
        if (*name != '[')
                return find_rename(in, name);
        const char *resource = strchr(name, ']') + 1;
        return find_rename(in, intern(in, resource, strcspn(resource, ".")));
}

static const char *renamed(struct including *in, const char *name)
{
        const struct ast_use_name *rename = find_renamed(in, name);
        if (!rename)
                return name;
        if (*name != '[')
                return rename->as.text;
        const char *resource = strchr(name, ']') + 1;
        const char *made = arena_format(in->m->r->reader->scratch, "%.*s%s%s", (int)(resource - name), name, rename->as.text,
                                        resource + strcspn(resource, "."));
        return intern(in, made, strlen(made));
}

static void mark_renamed(struct including *in, const struct wit_item *items, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                struct ast_use_name *rename = items[i].name ? find_renamed(in, items[i].name) : NULL;
                if (rename)
                        map_put(&in->m->r->taken, &in->ast->gate, rename->name.text, rename);
        }
}

/* Every name in `with` is that of something. */
static void check_renames(struct including *in)
{
        struct resolver *r = in->m->r;
        const struct ast_use *ast = in->ast->ast;
        for (size_t i = 0; i < ast->n_names; i++)
                if (!find_rename(in, ast->names[i].name.text))
                        map_put(&r->taken, in->ast, ast->names[i].name.text, &ast->names[i]);
        mark_renamed(in, in->from->imports, in->from->n_imports);
        mark_renamed(in, in->from->exports, in->from->n_exports);
        for (size_t i = 0; i < ast->n_names; i++)
                if (!map_get(&r->taken, &in->ast->gate, ast->names[i].name.text))
                        report_at(&r->reader->report, in->place,
                                  "the world `%s` neither imports nor exports `%s` by a name of its own; interfaces by path have "
                                  "none",
                                  in->from->name, ast->names[i].name.text);
}

static bool is_stable(const struct wit_stability *s)
{
        return s->since != NULL;
}

static bool is_none(const struct wit_stability *s)
{
        return !s->since && !s->feature;
}

static bool same_text(const char *a, const char *b)
{
        return a == b || (a && b && !strcmp(a, b));
}

/* The stability of an interface that is there, where the included world has it too. What another package has made stable says
 * nothing of this one. */
static void merge_stability(struct including *in, const struct wit_item *item, struct wit_stability *into)
{
        const struct wit_stability *from = &item->stability;
        if (in->from->package != in->m->world->package && is_stable(from)) {
                *into = (struct wit_stability){ 0 };
                return;
        }
        if (is_none(from))
                return;
        if (is_none(into))
                *into = *from;
        else if (!same_text(from->since, into->since) || !same_text(from->feature, into->feature) ||
                 !same_text(from->deprecated, into->deprecated))
                report_at(&in->m->r->reader->report, in->place,
                          "the interface `%s` is @since or @unstable in another way here than in the included world `%s`",
                          item->interface->name, in->from->name);
}

static void include_path(struct including *in, struct items *items, const struct wit_item *item)
{
        struct wit_item *same = items_find(in->m, items, item->interface);
        if (!same) {
                items_add(in->m, items, *item);
                same = items_find(in->m, items, item->interface);
        }
        if (same)
                merge_stability(in, item, &same->stability);
}

/* A copy under a name that may be new. */
static struct wit_item copy_named(struct including *in, const struct wit_item *item)
{
        struct wit_item copy = *item;
        copy.name = renamed(in, item->name);
        if (item->func) {
                copy.func = clone_func(&in->cloner, item->func);
                copy.func->name = copy.name;
                if (item->func->kind == WIT_FREESTANDING)
                        copy.func->item_name = copy.name;
                else if (item->func->kind == WIT_CONSTRUCTOR)
                        copy.func->item_name = strchr(copy.name, ']') + 1;
        } else if (item->type) {
                copy.type = clone_type(&in->cloner, item->type);
                copy.type->name = copy.name;
        } else if (!item->interface->name) {
                copy.interface = clone_interface(&in->cloner, item->interface, copy.name);
        }
        return copy;
}

static void include_items(struct including *in, struct items *items, const struct wit_item *from, size_t n, const char *what)
{
        for (size_t i = 0; i < n && !in->m->r->reader->report.failed && !making_is_over(in->m); i++) {
                if (!from[i].name) {
                        include_path(in, items, &from[i]);
                        continue;
                }
                struct wit_item copy = copy_named(in, &from[i]);
                if (items_find(in->m, items, copy.name))
                        report_at(&in->m->r->reader->report, in->place,
                                  "`%s` is %s already; give that of the included world `%s` another name: `with { %s as … }`",
                                  copy.name, what, in->from->name, from[i].name);
                else
                        items_add(in->m, items, copy);
        }
}

void world_include(struct making *m, const struct draft_include *include)
{
        struct place place = include->ast->path.name.place;
        struct resolver *r = m->r;
        if (!gate_passes(r, m->decl->package, include->gate, place))
                return;
        if (include->world->left_out) {
                report_left_out(r, place, "world", include->world->name.text, include->world->gate->stability.feature);
                return;
        }
        struct including in = { .m = m, .ast = include, .from = include->world->world, .place = place };
        in.cloner =
                (struct cloner){ .m = m, .place = place, .from_world = in.from, .to_world = m->world, .copies = &include->ast };
        check_renames(&in);
        include_items(&in, &m->imports, in.from->imports, in.from->n_imports, "imported");
        include_items(&in, &m->exports, in.from->exports, in.from->n_exports, "exported");
}
