/* What an interface that is both imported and exported defines exists twice in C. */
#include <stdlib.h>
#include "generate/build.h"

static void mark(const struct wit_type *type, bool *marked)
{
        if (!type || marked[type->index])
                return;
        marked[type->index] = true;
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
                for (size_t k = 0; k < func->n_params; k++)
                        mark(func->params[k].type, marked);
        }
}

void build_forget(struct builder *b)
{
        const struct contract *contract = b->contract;
        bool *exported = pool_alloc(&b->model->pool, contract->n_types);
        bool *kept = pool_alloc(&b->model->pool, contract->n_types);
        for (size_t i = 0; i < b->world->n_exports; i++)
                if (b->world->exports[i].interface)
                        mark_interface(b->world->exports[i].interface, exported);
        for (size_t i = 0; i < contract->n_types; i++) {
                const struct wit_interface *owner = contract->types[i]->interface;
                if (exported[i] && owner && !build_exports(b, owner))
                        mark_interface(owner, kept);
        }
        for (size_t i = 0; i < contract->n_types; i++)
                if (!kept[i] && !build_is_shared(contract->types[i]))
                        b->entries[build_slot(contract->types[i])] = NULL;
}
