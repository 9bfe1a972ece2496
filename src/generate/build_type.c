#include <string.h>
#include "generate/build.h"

static const char *const c_primitives[] = {
        [WIT_BOOL] = "bool",  [WIT_U8] = "uint8_t",    [WIT_U16] = "uint16_t", [WIT_U32] = "uint32_t", [WIT_U64] = "uint64_t",
        [WIT_S8] = "int8_t",  [WIT_S16] = "int16_t",   [WIT_S32] = "int32_t",  [WIT_S64] = "int64_t",  [WIT_F32] = "float",
        [WIT_F64] = "double", [WIT_CHAR] = "uint32_t", [WIT_STRING] = NULL, /* a struct of the world's */
};

static bool is_primitive(const struct wit_type *type)
{
        return type->kind <= WIT_STRING;
}

bool build_is_shared(const struct wit_type *type)
{
        if (is_primitive(type))
                return true;
        if (type->name)
                return false;
        if (type->kind == WIT_LIST || type->kind == WIT_OPTION)
                return build_is_shared(type->element);
        for (size_t i = 0; type->kind == WIT_TUPLE && i < type->n_members; i++)
                if (!build_is_shared(type->members[i].type))
                        return false;
        return type->kind == WIT_TUPLE;
}

static const struct wit_package *package_of(const struct builder *b, const struct wit_type *type)
{
        return type->name || build_is_shared(type) ? NULL : b->scope.package;
}

static const struct c_type *find(const struct builder *b, const struct wit_type *type)
{
        for (const struct entry *e = b->entries[build_slot(type)]; e; e = e->next)
                if (e->package == package_of(b, type))
                        return e->made;
        return NULL;
}

static void enter(struct builder *b, const struct wit_type *type, const struct c_type *made)
{
        struct entry *entry = pool_alloc(&b->model->pool, sizeof *entry);
        *entry = (struct entry){ b->entries[build_slot(type)], package_of(b, type), made };
        b->entries[build_slot(type)] = entry;
}

bool build_exports(const struct builder *b, const struct wit_interface *interface)
{
        for (size_t i = 0; i < b->world->n_exports; i++)
                if (b->world->exports[i].interface == interface)
                        return true;
        return false;
}

static void append(struct model *model, struct c_type *type)
{
        if (!(model->n_types & (model->n_types + 1))) { /* full at 0, 1, 3, 7, … */
                struct c_type **grown = pool_alloc(&model->pool, (2 * model->n_types + 1) * sizeof *grown);
                if (model->n_types)
                        memcpy(grown, model->types, model->n_types * sizeof *grown);
                model->types = grown;
        }
        model->types[model->n_types++] = type;
}

static void choose_name(struct builder *b, struct c_type *made, const struct wit_type *type)
{
        struct pool *pool = &b->model->pool;
        const char *prefix = b->scope.prefix;
        if (type->world || build_is_shared(type))
                prefix = b->model->prefix;
        else if (type->interface && type->interface != b->scope.interface)
                prefix = naming_prefix(pool, b->contract, type->interface, b->exporting && build_exports(b, type->interface));
        made->stem = pool_printf(pool, "%s_%s", prefix, naming_encode(pool, type));
        made->name = names_add(&b->model->names, pool, pool_printf(pool, "%s_t", made->stem));
}

/* An enum's cases are macros, in C's file scope. */
static void name_cases(struct builder *b, struct c_type *made)
{
        struct pool *pool = &b->model->pool;
        for (size_t i = 0; i < made->n_members; i++) {
                const char *macro = pool_printf(pool, "%s_%s", made->stem, made->members[i].name);
                made->members[i].name = names_add(&b->model->names, pool, name_upper(pool, macro));
        }
}

static const struct c_type *build_or_null(struct builder *b, const struct wit_type *type)
{
        return type ? build_type(b, type) : NULL;
}

static void build_members(struct builder *b, struct c_type *made, const struct wit_member *members, size_t n)
{
        struct pool *pool = &b->model->pool;
        struct names names = { 0 };
        made->n_members = n;
        made->members = pool_alloc(pool, n * sizeof *made->members);
        for (size_t i = 0; i < n; i++) {
                const struct wit_member *m = &members[i];
                const char *name = !m->name                 ? pool_printf(pool, "f%zu", i)
                                   : made->kind == WIT_ENUM ? name_snake(pool, m->name)
                                                            : names_add(&names, pool, name_ident(pool, m->name));
                made->members[i] = (struct c_member){ name, m->docs, build_or_null(b, m->type), 0 };
        }
        names_finish(&names);
}

static void build_parts(struct builder *b, struct c_type *made, const struct wit_type *shape)
{
        if (shape->kind != WIT_LIST && shape->kind != WIT_OPTION && shape->kind != WIT_RESULT) {
                build_members(b, made, shape->members, shape->n_members);
                return;
        }
        made->n_members = shape->kind == WIT_RESULT ? 2 : 1;
        made->members = pool_alloc(&b->model->pool, 2 * sizeof *made->members);
        made->members[0].type = build_or_null(b, shape->element);
        made->members[1].type = build_or_null(b, shape->error);
}

/* wit-bindgen makes a free function for lists, options, results and strings, and for what contains one. */
static bool needs_free(const struct c_type *type)
{
        if (type->kind == WIT_STRING || type->kind == WIT_LIST || type->kind == WIT_OPTION || type->kind == WIT_RESULT)
                return true;
        for (size_t i = 0; i < type->n_members; i++)
                if (type->members[i].type && type->members[i].type->frees)
                        return true;
        return false;
}

static void build_primitive(struct builder *b, struct c_type *made, const struct wit_type *type)
{
        made->kind = type->kind;
        made->name = c_primitives[type->kind];
        if (type->kind == WIT_STRING) {
                made->tagged = made->frees = true;
                choose_name(b, made, type);
        }
        layout_set(made);
        b->model->primitives[type->kind] = made;
}

/* A type of the shape of @shape, which is @type itself or the anonymous type that @type names. */
static void build_shape(struct builder *b, struct c_type *made, const struct wit_type *type, const struct wit_type *shape)
{
        made->kind = shape->kind;
        made->tagged = type->name;
        made->docs = type->docs;
        build_parts(b, made, shape);
        choose_name(b, made, type);
        if (shape->kind == WIT_ENUM)
                name_cases(b, made);
        made->frees = needs_free(made);
        layout_set(made);
        append(b->model, made);
}

static void build_alias(struct builder *b, struct c_type *made, const struct wit_type *type)
{
        const struct c_type *meant = build_type(b, type->element);
        *made = *meant;
        made->alias = meant;
        made->docs = type->docs;
        choose_name(b, made, type);
        append(b->model, made);
}

/* The parts of a type that another interface owns are named as in that interface's package. */
static struct scope scope_of(const struct builder *b, const struct wit_type *type)
{
        struct scope scope = b->scope;
        if (type->interface && type->interface != scope.interface)
                scope.package = type->interface->package;
        return scope;
}

const struct c_type *build_type(struct builder *b, const struct wit_type *type)
{
        const struct c_type *found = find(b, type);
        if (found)
                return found;
        struct c_type *made = pool_alloc(&b->model->pool, sizeof *made);
        struct scope outer = b->scope;
        b->scope = scope_of(b, type);
        if (type->kind == WIT_ALIAS && (type->element->name || is_primitive(type->element)))
                build_alias(b, made, type);
        else if (type->kind == WIT_ALIAS)
                build_shape(b, made, type, type->element);
        else if (is_primitive(type))
                build_primitive(b, made, type);
        else
                build_shape(b, made, type, type);
        b->scope = outer;
        enter(b, type, made);
        return made;
}

struct c_type *build_params(struct builder *b, const struct wit_func *func)
{
        struct c_type *params = pool_alloc(&b->model->pool, sizeof *params);
        params->kind = WIT_RECORD;
        build_members(b, params, func->params, func->n_params);
        layout_set(params);
        return params;
}
