/* Resources: nothing of them is passed but handles. */
#include "generate/build.h"
#include <string.h>

/* What Ward passes by reference itself, and <ward/buffer.h> declares. */
bool build_is_memory(const struct wit_interface *interface)
{
        return interface && !interface->inline_of && !strcmp(interface->package->ns, "ward") &&
               !strcmp(interface->package->name, "domain") && !strcmp(interface->name, "memory");
}

static struct c_type *build_base(struct builder *b, struct c_resource *resource, const struct wit_type *type, enum wit_kind kind)
{
        struct pool *pool = &b->model->pool;
        struct wit_type *shape = pool_alloc(pool, sizeof *shape);
        struct c_type *made = pool_alloc(pool, sizeof *made);
        *shape = (struct wit_type){
                .kind = kind, .element = (struct wit_type *)type, .interface = type->interface, .world = type->world
        };
        wit_abi_set(shape);
        *made = (struct c_type){ .kind = kind, .shape = shape, .tagged = true, .resource = resource };
        build_name(b, made, shape);
        build_traits(made);
        return made;
}

static void enter(struct model *model, struct c_resource *resource)
{
        resource->index = model->n_resources;
        if (!(model->n_resources & (model->n_resources + 1))) { /* full at 0, 1, 3, 7, … */
                struct c_resource **grown = pool_alloc(&model->pool, (2 * model->n_resources + 1) * sizeof *grown);
                if (model->n_resources)
                        memcpy(grown, model->resources, model->n_resources * sizeof *grown);
                model->resources = grown;
        }
        model->resources[model->n_resources++] = resource;
}

struct c_type *build_resource(struct builder *b, const struct wit_type *type)
{
        struct pool *pool = &b->model->pool;
        struct c_resource *resource = pool_alloc(pool, sizeof *resource);
        struct c_type *made = pool_alloc(pool, sizeof *made);
        const struct wit_item *item = b->scope.item;
        *made = (struct c_type){ .kind = WIT_RESOURCE, .shape = type, .docs = type->docs, .tagged = true, .resource = resource };
        build_name(b, made, type);
        resource->wit = type;
        resource->item = item;
        resource->by_addin = b->scope.exported;
        resource->module = item ? naming_interface(pool, item) : "$root";
        resource->id = item ? pool_printf(pool, "%s#%s", resource->module, type->name) : type->name;
        resource->name = type->name;
        resource->prefix = b->scope.prefix;
        resource->stem = made->stem;
        if (!resource->by_addin && build_is_memory(type->interface))
                resource->shared = strcmp(type->name, "buffer") ? "stream" : "buffer";
        resource->object = !resource->shared && resource->by_addin == (b->model->side == GENERATE_ADDIN) ? made->name : NULL;
        resource->own = build_base(b, resource, type, WIT_OWN);
        resource->borrow = build_base(b, resource, type, WIT_BORROW);
        enter(b->model, resource);
        build_append(b->model, made);
        return made;
}

struct c_type *build_handle(struct builder *b, const struct wit_type *type)
{
        const struct c_resource *resource = build_type(b, type->element)->resource;
        struct c_type *base = type->kind == WIT_OWN ? resource->own : resource->borrow;
        if (!type->name && (type->element->kind == WIT_RESOURCE || resource->shared))
                return base;
        struct c_type *made = pool_alloc(&b->model->pool, sizeof *made);
        *made = *base;
        made->alias = base;
        made->docs = type->docs;
        build_name(b, made, type);
        build_append(b->model, made);
        return made;
}
