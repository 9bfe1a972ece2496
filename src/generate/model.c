#include "generate/model.h"
#include <stdlib.h>
#include <ward/value.h>
#include "base/own.h"
#include "generate/build.h"

bool type_is_scalar(const struct c_type *type)
{
        return type->kind < WIT_STRING || type->kind == WIT_ENUM || type->kind == WIT_FLAGS || type->kind == WIT_OWN ||
               type->kind == WIT_BORROW;
}

const struct c_type *type_meant(const struct c_type *type)
{
        return type->alias ? type_meant(type->alias) : type;
}

bool type_is_maybe(const struct c_type *type)
{
        return type->kind == WIT_OPTION && !type->alias;
}

bool func_spills(const struct c_func *func)
{
        return func->params->abi.flat > WARD_FLAT_MAX;
}

bool func_returns_pointer(const struct c_func *func)
{
        return func->result && func->result->abi.flat > 1;
}

struct model *model_new(const struct contract *contract, const struct wit_world *world, enum generate_side side,
                        const struct generate_options *options)
{
        struct model *model = calloc(1, sizeof *model);
        if (!model)
                abort();
        struct builder b = { .model = model, .world = world };
        model->contract = contract;
        model->world = world;
        model->side = side;
        if (options)
                model->options = *options;
        model->prefix = name_snake(&model->pool, world->name);
        model->tag = name_ident(&model->pool, world->name);
        build_reserve_names(model);
        b.made = pool_alloc(&model->pool, contract->n_types * sizeof *b.made);
        b.again = pool_alloc(&model->pool, contract->n_types * sizeof *b.again);
        b.scope.prefix = model->prefix;
        build_world(&b);
        build_names(&b);
        return model;
}

struct model *model_free(struct model *model)
{
        if (model) {
                names_finish(&model->names);
                pool_free_all(&model->pool);
                free(model);
        }
        return NULL;
}

bool model_has_handles(const struct model *model)
{
        for (size_t i = 0; i < model->n_resources; i++)
                if (!model->resources[i]->shared)
                        return true;
        return false;
}

bool model_has_memory(const struct model *model)
{
        for (size_t i = 0; i < model->n_resources; i++)
                if (model->resources[i]->shared)
                        return true;
        return false;
}
