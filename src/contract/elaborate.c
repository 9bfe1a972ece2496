/* Whatever a world's imports and exports need through `use` is imported, or exported, as well. */
#include "contract/making.h"

/* In which part of the imports an item stands. */
static int item_class(const struct wit_item *item)
{
        if (item->interface)
                return 0;
        if (item->type)
                return item->type->kind == WIT_ALIAS && !wit_is_primitive(item->type->element) &&
                                       item->type->element->world != item->type->world
                               ? 1
                               : 2;
        return item->func->resource ? 4 : 3;
}

enum { CLASSES = 5 };

/* Sorts by class, otherwise as they were. */
static struct wit_item *sorted(struct resolver *r, const struct wit_item *items, size_t n)
{
        struct wit_item *order = arena_take(r->reader->keep, n * sizeof *order);
        size_t at = 0;
        for (int class = 0; class < CLASSES; class ++)
                for (size_t i = 0; i < n; i++)
                        if (item_class(&items[i]) == class)
                                order[at++] = items[i];
        return order;
}

static struct wit_item needed_item(struct wit_interface *interface, struct wit_stability stability)
{
        return (struct wit_item){ .interface = interface, .stability = stability };
}

/* Imports an interface, and before it those that it needs. */
static void import_interface(struct making *m, struct wit_item item)
{
        struct wit_interface *interface = item.interface;
        if (making_is_over(m) || items_find(m, &m->new_imports, item_key(&item)))
                return;
        for (size_t i = 0; i < interface->n_needs; i++)
                import_interface(m, needed_item(interface->needs[i], item.stability));
        items_add(m, &m->new_imports, item);
}

static void import_item(struct making *m, struct wit_item item)
{
        if (item.interface) {
                import_interface(m, item);
                return;
        }
        if (item.type && item.type->kind == WIT_ALIAS && item.type->element->interface)
                import_interface(m, needed_item(item.type->element->interface, item.type->stability));
        items_add(m, &m->new_imports, item);
}

/* What an exported interface needs is exported as well if a statement exports it, or else imported, with all that it needs in turn.
 * Returns false if an interface would have to be both: then one type would have to be two. */
static bool export_interface(struct making *m, struct wit_item item, bool export)
{
        struct wit_interface *interface = item.interface;
        if (making_is_over(m))
                return true;
        if (items_find(m, &m->new_exports, item_key(&item)))
                return export;
        if (!export && map_get(&m->r->taken, &m->required, interface))
                return true;
        for (size_t i = 0; i < interface->n_needs; i++) {
                struct wit_item needed = needed_item(interface->needs[i], item.stability);
                needed.external_id = item.external_id;
                if (!export_interface(m, needed, export && items_find(m, &m->exports, needed.interface)))
                        return false;
        }
        if (export) {
                if (map_get(&m->r->taken, &m->required, interface))
                        return false;
                items_add(m, &m->new_exports, item);
                return true;
        }
        map_put(&m->r->taken, &m->required, interface, interface);
        if (!items_find(m, &m->new_imports, item_key(&item)))
                items_add(m, &m->new_imports, item);
        return true;
}

static void report_both(struct making *m, const struct wit_item *item)
{
        report_at(&m->r->reader->report, m->decl->name.place,
                  "the world exports `%s`, and an interface that this needs would have to be both imported and exported; export "
                  "every "
                  "interface on the way to it, or none",
                  item->name ? item->name : item->interface->name);
}

static void export_all(struct making *m)
{
        for (size_t i = 0; i < m->exports.n; i++)
                if (m->exports.items[i].func)
                        items_add(m, &m->new_exports, m->exports.items[i]);
        for (size_t i = 0; i < m->exports.n; i++)
                if (m->exports.items[i].interface && !export_interface(m, m->exports.items[i], true))
                        report_both(m, &m->exports.items[i]);
}

void world_elaborate(struct making *m)
{
        struct resolver *r = m->r;
        struct wit_item *imports = sorted(r, m->imports.items, m->imports.n);
        for (size_t i = 0; i < m->imports.n; i++)
                import_item(m, imports[i]);
        export_all(m);
        m->world->imports = sorted(r, m->new_imports.items, m->new_imports.n);
        m->world->n_imports = m->new_imports.n;
        m->world->exports = m->new_exports.items;
        m->world->n_exports = m->new_exports.n;
}
