#include "contract/making.h"

static bool is_owned(const struct cloner *c, const struct wit_type *type)
{
        return c->from_world ? type->world == c->from_world : type->interface == c->from_interface;
}

static void set_owner(struct cloner *c, struct wit_type *type)
{
        struct wit_world *world = c->to_world;
        if (!type->interface && !type->world)
                return;
        type->interface = c->to_interface;
        type->world = world;
        if (!world)
                return;
        world->types = arena_room(c->m->r->reader->keep, world->types, world->n_types, sizeof(struct wit_type *));
        world->types[world->n_types++] = type;
}

static void clone_members(struct cloner *c, struct wit_type *type)
{
        struct wit_member *members = arena_take(c->m->r->reader->keep, type->n_members * sizeof *members);
        for (size_t i = 0; i < type->n_members; i++) {
                members[i] = type->members[i];
                if (members[i].type)
                        members[i].type = clone_type(c, members[i].type);
        }
        type->members = members;
}

/* What an alias means: a type of the same owner is copied; one of another interface is used from there, as before. */
static struct wit_type *clone_target(struct cloner *c, struct wit_type *type)
{
        struct wit_type *copy = map_get(&c->m->r->taken, c->copies, type);
        return is_owned(c, type) ? clone_type(c, type) : copy ? copy : type;
}

static void clone_parts(struct cloner *c, struct wit_type *type)
{
        if (type->kind == WIT_ALIAS) {
                type->element = clone_target(c, type->element);
                return;
        }
        if (type->key)
                type->key = clone_type(c, type->key);
        if (type->element)
                type->element = clone_type(c, type->element);
        if (type->error)
                type->error = clone_type(c, type->error);
        if (type->n_members)
                clone_members(c, type);
}

struct wit_type *clone_type(struct cloner *c, struct wit_type *type)
{
        struct resolver *r = c->m->r;
        if (wit_is_primitive(type))
                return type;
        struct wit_type *copy = map_get(&r->taken, c->copies, type);
        if (copy || making_is_over(c->m))
                return copy ? copy : type;
        copy = arena_take(r->reader->keep, sizeof *copy);
        *copy = *type;
        clone_parts(c, copy);
        type_enter(r, copy, c->place);
        set_owner(c, copy);
        map_put(&r->taken, c->copies, type, copy);
        return copy;
}

struct wit_func *clone_func(struct cloner *c, const struct wit_func *func)
{
        struct arena *keep = c->m->r->reader->keep;
        struct wit_func *copy = arena_take(keep, sizeof *copy);
        *copy = *func;
        if (func->resource)
                copy->resource = clone_type(c, func->resource);
        copy->params = arena_take(keep, func->n_params * sizeof *copy->params);
        for (size_t i = 0; i < func->n_params; i++) {
                copy->params[i] = func->params[i];
                copy->params[i].type = clone_type(c, func->params[i].type);
        }
        if (func->result)
                copy->result = clone_type(c, func->result);
        return copy;
}

struct wit_interface *clone_interface(struct cloner *c, struct wit_interface *interface, const char *label)
{
        struct resolver *r = c->m->r;
        struct wit_interface *copy = arena_take(r->reader->keep, sizeof *copy);
        struct cloner inner = {
                .m = c->m, .place = c->place, .from_interface = interface, .to_interface = copy, .copies = c->copies
        };
        *copy = *interface;
        copy->package = c->m->world->package;
        copy->label = label;
        copy->inline_of = c->m->world;
        copy->clone_of = interface;
        copy->types = arena_take(r->reader->keep, interface->n_types * sizeof(struct wit_type *));
        for (size_t i = 0; i < interface->n_types; i++)
                copy->types[i] = clone_type(&inner, interface->types[i]);
        copy->funcs = arena_take(r->reader->keep, interface->n_funcs * sizeof(struct wit_func *));
        for (size_t i = 0; i < interface->n_funcs; i++)
                copy->funcs[i] = clone_func(&inner, interface->funcs[i]);
        interface_enter(r, copy);
        return copy;
}
