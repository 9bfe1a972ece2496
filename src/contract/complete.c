#include "contract/model.h"

static void check_mentions(struct resolver *r, struct package *package)
{
        for (size_t i = 0; i < package->n_mentions; i++) {
                const struct mention *m = &package->mentions[i];
                const struct decl *decl = m->decl;
                if (gate_passes(r, package, m->gate, m->place) && decl->left_out)
                        report_left_out(r, m->place, decl->kind == SYMBOL_WORLD ? "world" : "interface", decl->name.text,
                                        decl->gate->stability.feature);
        }
}

/* --- Interfaces ------------------------------------------------------------------------------- */

/* Notes the interface that a type is used from. */
static void note_need(struct resolver *r, struct wit_interface *interface, const struct wit_type *type)
{
        struct wit_interface *from = type->used ? type->element->interface : NULL;
        if (!from || from == interface || map_get(&r->taken, interface, from))
                return;
        map_put(&r->taken, interface, from, from);
        interface->needs = arena_room(r->reader->keep, interface->needs, interface->n_needs, sizeof(struct wit_interface *));
        interface->needs[interface->n_needs++] = from;
}

static void complete_interface(struct resolver *r, struct decl *decl)
{
        struct arena *keep = r->reader->keep;
        struct wit_interface *interface = decl->interface;
        decl->left_out = !gate_passes(r, decl->package, decl->gate, decl->name.place);
        if (decl->left_out)
                return;
        for (size_t i = 0; i < decl->n_types; i++) {
                if (!type_is_kept(decl->types[i]))
                        continue;
                note_need(r, interface, decl->types[i]);
                interface->types = arena_room(keep, interface->types, interface->n_types, sizeof(struct wit_type *));
                interface->types[interface->n_types++] = decl->types[i];
        }
        for (size_t i = 0; i < decl->n_funcs; i++) {
                const struct draft_func *draft = &decl->funcs[i];
                if (!gate_passes(r, decl->package, draft->gate, draft->place))
                        continue;
                func_complete(r, decl->package, draft->func, draft->place);
                interface->funcs = arena_room(keep, interface->funcs, interface->n_funcs, sizeof(struct wit_func *));
                interface->funcs[interface->n_funcs++] = draft->func;
        }
        interface_enter(r, interface);
}

/* What is in an interface or a world that is left out must be left out itself. */
static void check_owners(struct resolver *r, const struct package *package, enum symbol_kind kind)
{
        for (size_t i = 0; i < package->n_drafts; i++) {
                const struct draft *draft = &package->drafts[i];
                const struct decl *owner = draft->owner;
                if (owner && owner->kind == kind && owner->left_out && type_is_kept(draft->type))
                        report_at(&r->reader->report, draft->place,
                                  "the %s `%s` is left out, but the type `%s` in it is not: put `@unstable(feature = %s)` before "
                                  "it too",
                                  kind == SYMBOL_WORLD ? "world" : "interface", owner->name.text, draft->type->name,
                                  owner->gate->stability.feature);
        }
}

/* --- Worlds ----------------------------------------------------------------------------------- */

static void add_item(struct resolver *r, struct wit_item **items, size_t *n, struct wit_item item)
{
        *items = arena_room(r->reader->keep, *items, *n, sizeof **items);
        (*items)[(*n)++] = item;
}

static void add_types(struct resolver *r, const struct decl *decl)
{
        struct wit_world *world = decl->world;
        for (size_t i = 0; i < decl->n_types; i++) {
                struct wit_type *type = decl->types[i];
                if (!type_is_kept(type))
                        continue;
                world->types = arena_room(r->reader->keep, world->types, world->n_types, sizeof(struct wit_type *));
                world->types[world->n_types++] = type;
                add_item(r, &world->imports, &world->n_imports,
                         (struct wit_item){ .name = type->name, .type = type, .stability = type->stability });
        }
}

static void add_stated(struct resolver *r, const struct decl *decl, bool import)
{
        struct wit_world *world = decl->world;
        for (size_t i = 0; i < decl->n_items; i++) {
                struct draft_item *draft = &decl->items[i];
                if (draft->import != import || !gate_passes(r, decl->package, draft->gate, draft->place))
                        continue;
                if (draft->item.func)
                        func_complete(r, decl->package, draft->item.func, draft->place);
                else if (draft->interface->left_out)
                        report_left_out(r, draft->place, "interface", draft->interface->name.text,
                                        draft->interface->gate->stability.feature);
                else
                        draft->item.interface = draft->interface->interface;
                if (import)
                        add_item(r, &world->imports, &world->n_imports, draft->item);
                else
                        add_item(r, &world->exports, &world->n_exports, draft->item);
        }
}

static void begin_world(struct resolver *r, struct decl *decl)
{
        struct contract *c = r->contract;
        decl->left_out = !gate_passes(r, decl->package, decl->gate, decl->name.place);
        if (decl->left_out)
                return;
        add_types(r, decl);
        add_stated(r, decl, true);
        add_stated(r, decl, false);
        c->worlds = arena_room(r->reader->keep, c->worlds, c->n_worlds, sizeof(struct wit_world *));
        decl->world->index = c->n_worlds;
        c->worlds[c->n_worlds++] = decl->world;
}

/* --- Packages --------------------------------------------------------------------------------- */

static void list_members(struct resolver *r, const struct package *package)
{
        struct wit_package *model = package->model;
        for (size_t i = 0; i < package->n_interfaces; i++) {
                const struct decl *decl = package->interfaces[i];
                if (decl->left_out || !decl->interface->name)
                        continue;
                model->interfaces =
                        arena_room(r->reader->keep, model->interfaces, model->n_interfaces, sizeof(struct wit_interface *));
                model->interfaces[model->n_interfaces++] = decl->interface;
        }
        for (size_t i = 0; i < package->n_worlds; i++) {
                const struct decl *decl = package->worlds[i];
                if (decl->left_out)
                        continue;
                model->worlds = arena_room(r->reader->keep, model->worlds, model->n_worlds, sizeof(struct wit_world *));
                model->worlds[model->n_worlds++] = decl->world;
        }
}

static void package_enter(struct resolver *r, const struct package *package)
{
        struct contract *c = r->contract;
        c->packages = arena_room(r->reader->keep, c->packages, c->n_packages, sizeof(struct wit_package *));
        package->model->index = c->n_packages;
        c->packages[c->n_packages++] = package->model;
}

/* In this order everything has its number: types, interfaces, worlds; then what including copies. */
void package_complete(struct resolver *r, struct package *package)
{
        const struct report *report = &r->reader->report;
        package_enter(r, package);
        check_mentions(r, package);
        if (report->failed)
                return;
        for (size_t i = 0; i < package->n_drafts; i++)
                draft_complete(r, package, &package->drafts[i]);
        for (size_t i = 0; i < package->n_interfaces; i++)
                complete_interface(r, package->interfaces[i]);
        check_owners(r, package, SYMBOL_INTERFACE);
        for (size_t i = 0; i < package->n_worlds; i++)
                begin_world(r, package->worlds[i]);
        check_owners(r, package, SYMBOL_WORLD);
        for (size_t i = 0; i < package->n_worlds && !report->failed; i++)
                if (!package->worlds[i]->left_out)
                        world_complete(r, package->worlds[i]);
        list_members(r, package);
}
