/* What stays gets its number in the contract. */
#include "contract/abi.h"
#include "contract/model.h"

/* What a type has by its parts. Sums stay small: each part is bounded, and their number by the size of the text. */
static void count(struct resolver *r, struct wit_type *type, const struct wit_type *part)
{
        if (!part)
                return;
        type->parts += part->parts;
        type->async |= part->async;
        if (part->depth >= type->depth)
                type->depth = part->depth + 1;
        if (map_get(&r->borrows, NULL, part) && type->kind != WIT_OWN)
                map_put(&r->borrows, NULL, type, type);
}

static void measure(struct resolver *r, struct wit_type *type)
{
        type->depth = type->parts = 1;
        type->async = type->kind == WIT_FUTURE || type->kind == WIT_STREAM;
        count(r, type, type->key);
        count(r, type, type->element);
        count(r, type, type->error);
        for (size_t i = 0; i < type->n_members; i++)
                count(r, type, type->members[i].type);
        if (type->kind == WIT_ENUM || type->kind == WIT_VARIANT)
                type->parts += type->n_members;
        if (type->kind == WIT_BORROW)
                map_put(&r->borrows, NULL, type, type);
}

/* Ends a chain that is too deep, so that it is reported once and never followed as a whole. */
static void cut(struct resolver *r, struct wit_type *type)
{
        type->kind = WIT_ALIAS;
        type->element = r->primitives[WIT_BOOL];
        type->key = type->error = NULL;
        type->n_members = 0;
        type->depth = 2;
}

void type_enter(struct resolver *r, struct wit_type *type, struct place place)
{
        struct contract *c = r->contract;
        struct report *report = &r->reader->report;
        measure(r, type);
        if (type->depth > WIT_DEPTH_MAX) {
                report_at(report, place, "this type nests more than %d deep with all names resolved", WIT_DEPTH_MAX);
                cut(r, type);
        }
        if (type->parts > WIT_PARTS_MAX) {
                report_at(report, place, "this type has more than %d parts with all names resolved", WIT_PARTS_MAX);
                type->parts = WIT_PARTS_MAX;
        }
        if (!wit_abi_set(type))
                report_at(report, place, "a value of this type would take more than 4 GiB");
        c->types = arena_room(r->reader->keep, c->types, c->n_types, sizeof(struct wit_type *));
        type->index = c->n_types;
        c->types[c->n_types++] = type;
}

void interface_enter(struct resolver *r, struct wit_interface *interface)
{
        struct contract *c = r->contract;
        c->interfaces = arena_room(r->reader->keep, c->interfaces, c->n_interfaces, sizeof(struct wit_interface *));
        interface->index = c->n_interfaces;
        c->interfaces[c->n_interfaces++] = interface;
}
