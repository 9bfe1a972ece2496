/* What an interface that is both imported and exported defines exists twice in C. */
#include "generate/build.h"

static void mark(const struct wit_type *type, bool *marked)
{
        if (!type || wit_is_primitive(type) || marked[type->index])
                return;
        marked[type->index] = true;
        mark(type->key, marked);
        mark(type->element, marked);
        mark(type->error, marked);
        for (size_t i = 0; i < type->n_members; i++)
                mark(type->members[i].type, marked);
}

static void mark_interface(const struct wit_interface *interface, bool *marked)
{
        for (size_t i = 0; i < interface->n_types; i++)
                mark(interface->types[i], marked);
        for (size_t i = 0; i < interface->n_funcs; i++) {
                const struct wit_func *func = interface->funcs[i];
                mark(func->result, marked);
                mark(func->resource, marked);
                for (size_t k = 0; k < func->n_params; k++)
                        mark(func->params[k].type, marked);
        }
}

static bool exports(const struct wit_world *world, const struct wit_interface *interface)
{
        for (size_t i = 0; i < world->n_exports; i++)
                if (world->exports[i].interface == interface)
                        return true;
        return false;
}

void build_forget(struct builder *b)
{
        const struct contract *contract = b->model->contract;
        bool *exported = pool_alloc(&b->model->pool, contract->n_types);
        bool *kept = pool_alloc(&b->model->pool, contract->n_types);
        for (size_t i = 0; i < b->world->n_exports; i++)
                if (b->world->exports[i].interface)
                        mark_interface(b->world->exports[i].interface, exported);
        for (size_t i = 0; i < contract->n_types; i++) {
                const struct wit_interface *owner = contract->types[i]->interface;
                if (exported[i] && owner && !exports(b->world, owner))
                        mark_interface(owner, kept);
        }
        for (size_t i = 0; i < contract->n_types; i++)
                if (!kept[i] && !build_is_shared(contract->types[i]))
                        b->made[i] = NULL;
}
