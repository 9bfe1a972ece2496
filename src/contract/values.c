#include "contract/model.h"

bool type_is_kept(const struct wit_type *type)
{
        return type->depth != 0;
}

/* @type, or what stands in for it after a report. */
static struct wit_type *refer(struct resolver *r, struct wit_type *type, struct place place)
{
        if (!type || type_is_kept(type))
                return type;
        report_left_out(r, place, "type", type->name, type->stability.feature);
        return r->primitives[WIT_BOOL];
}

/* A resource that is named where a value stands means a handle that is owned: one type a package and name. */
static struct wit_type *refer_value(struct resolver *r, struct package *package, struct wit_type *type, struct place place)
{
        type = refer(r, type, place);
        if (!type || wit_resolve(type)->kind != WIT_RESOURCE)
                return type;
        struct wit_type *own = map_get(&r->handles, package, type);
        if (own)
                return own;
        own = arena_take(r->reader->keep, sizeof *own);
        *own = (struct wit_type){ .kind = WIT_OWN, .element = type };
        type_enter(r, own, place);
        map_put(&r->handles, package, type, own);
        return own;
}

void draft_complete(struct resolver *r, struct package *package, const struct draft *draft)
{
        struct wit_type *type = draft->type;
        if (!gate_passes(r, package, draft->gate, draft->place))
                return;
        if (type->kind == WIT_ALIAS || type->kind == WIT_OWN || type->kind == WIT_BORROW) {
                type->element = refer(r, type->element, draft->place);
        } else {
                type->key = refer_value(r, package, type->key, draft->place);
                type->element = refer_value(r, package, type->element, draft->place);
                type->error = refer_value(r, package, type->error, draft->place);
        }
        for (size_t i = 0; i < type->n_members; i++)
                type->members[i].type = refer_value(r, package, type->members[i].type,
                                                    type->kind == WIT_RECORD ? draft->members[i].name.place : draft->place);
        type_enter(r, type, draft->place);
}

void func_complete(struct resolver *r, struct package *package, struct wit_func *func, struct place place)
{
        if (func->resource)
                refer(r, func->resource, place);
        for (size_t i = 0; i < func->n_params; i++)
                func->params[i].type = refer_value(r, package, func->params[i].type, place);
        func->result = refer_value(r, package, func->result, place);
        if (func->result && map_get(&r->borrows, NULL, func->result))
                report_at(&r->reader->report, place,
                          "`%s` returns a type that holds a borrow; what is borrowed goes back when a call returns",
                          func->item_name);
}
