/* What a world has in the end: its own imports and exports, what it includes, and the interfaces that all these need. */
#include <stdint.h>

#include "contract/making.h"

const void *item_key(const struct wit_item *item)
{
        return item->name ? (const void *)item->name : item->interface;
}

struct wit_item *items_find(const struct making *m, const struct items *items, const void *key)
{
        uintptr_t number = (uintptr_t)map_get(&m->r->taken, items, key);
        return number ? &items->items[number - 1] : NULL;
}

bool making_is_over(struct making *m)
{
        if (m->r->steps++ == STEPS_MAX)
                report_plain(&m->r->reader->report, "%s: what its worlds import and export takes more than %d steps to find",
                             m->r->contract->path, STEPS_MAX);
        return m->r->steps > STEPS_MAX;
}

void items_add(struct making *m, struct items *items, struct wit_item item)
{
        if (making_is_over(m))
                return;
        items->items = arena_room(m->r->reader->keep, items->items, items->n, sizeof item);
        items->items[items->n++] = item;
        map_put(&m->r->taken, items, item_key(&item), (void *)(uintptr_t)items->n);
}

/* Names in a world differ in more than case, those that it includes as well. */
static void check_case(struct making *m, const struct items *items, const char *what)
{
        struct resolver *r = m->r;
        for (size_t i = 0; i < items->n; i++) {
                const char *name = items->items[i].name, *folded, *same;
                if (!name)
                        continue;
                folded = names_fold(&r->reader->names, name);
                same = map_get(&r->taken, &items->n, folded);
                if (same && same != name)
                        report_at(&r->reader->report, m->decl->name.place,
                                  "the world `%s` %s `%s` and `%s`, which differ in upper and lower case only", m->world->name,
                                  what, same, name);
                map_put(&r->taken, &items->n, folded, (void *)(uintptr_t)name);
        }
}

void world_complete(struct resolver *r, struct decl *decl)
{
        struct making *m = arena_take(r->reader->scratch, sizeof *m);
        struct wit_world *world = decl->world;
        *m = (struct making){ .r = r, .decl = decl, .world = world };
        for (size_t i = 0; i < world->n_imports; i++)
                items_add(m, &m->imports, world->imports[i]);
        for (size_t i = 0; i < world->n_exports; i++)
                items_add(m, &m->exports, world->exports[i]);
        for (size_t i = 0; i < decl->n_includes; i++)
                world_include(m, &decl->includes[i]);
        check_case(m, &m->imports, "imports");
        check_case(m, &m->exports, "exports");
        if (!r->reader->report.failed)
                world_elaborate(m);
}
