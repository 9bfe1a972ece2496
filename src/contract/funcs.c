#include <string.h>

#include "contract/model.h"

static const char *full_name(struct resolver *r, const struct ast_item *item, const struct wit_type *resource)
{
        struct arena *scratch = r->reader->scratch;
        char *name;
        if (!resource)
                return item->name.text;
        if (item->func.kind == WIT_CONSTRUCTOR)
                name = arena_format(scratch, "[constructor]%s", resource->name);
        else
                name = arena_format(scratch, "[%s]%s.%s", item->func.kind == WIT_METHOD ? "method" : "static", resource->name,
                                    item->name.text);
        return names_intern(&r->reader->names, name, strlen(name));
}

/* `result<r, E>`, as a constructor of r may return. */
static void check_constructor(struct resolver *r, const struct ast_type *ast, const struct wit_type *result,
                              const struct wit_type *resource)
{
        if (result->kind != WIT_RESULT)
                report_at(&r->reader->report, ast->place, "a constructor returns nothing, or `result<%s>` or `result<%s, …>`",
                          resource->name, resource->name);
        else if (result->element != resource)
                report_at(&r->reader->report, ast->kind == WIT_RESULT && ast->element ? ast->element->place : ast->place,
                          "a constructor's result must hold `%s`, which is what it makes", resource->name);
}

static struct wit_type *draft_result(struct body *body, const struct ast_func *ast, struct wit_type *resource)
{
        struct wit_type *result = ast->result ? type_of(body, ast->result) : NULL;
        if (ast->kind != WIT_CONSTRUCTOR)
                return result;
        if (result)
                check_constructor(body->r, ast->result, result, resource);
        return result ? result : resource;
}

struct wit_func *func_of(struct body *body, const struct ast_item *item, struct wit_type *resource)
{
        const struct ast_func *ast = &item->func;
        struct wit_func *func = arena_take(body->r->reader->keep, sizeof *func);
        *func = (struct wit_func){
                .kind = ast->kind,
                .async = ast->async,
                .name = full_name(body->r, item, resource),
                .item_name = ast->kind == WIT_CONSTRUCTOR ? resource->name : item->name.text,
                .resource = resource,
                .docs = item->docs,
                .external_id = item->gate.external_id,
                .stability = item->gate.stability,
                .n_params = ast->n_params,
        };
        struct scope *names = arena_take(body->r->reader->scratch, sizeof *names);
        func->params = members_of(body, ast->params, ast->n_params, names, SYMBOL_PARAMETER);
        func->result = draft_result(body, ast, resource);
        return func;
}
