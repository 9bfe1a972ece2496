#include <stdlib.h>
#include <string.h>
#include "generate/build.h"

static const char *const c_primitives[] = {
        [WIT_BOOL] = "bool",  [WIT_U8] = "uint8_t",    [WIT_U16] = "uint16_t", [WIT_U32] = "uint32_t", [WIT_U64] = "uint64_t",
        [WIT_S8] = "int8_t",  [WIT_S16] = "int16_t",   [WIT_S32] = "int32_t",  [WIT_S64] = "int64_t",  [WIT_F32] = "float",
        [WIT_F64] = "double", [WIT_CHAR] = "uint32_t", [WIT_STRING] = NULL, /* a struct of the world's */
};

bool build_is_shared(const struct wit_type *type)
{
        if (wit_is_primitive(type))
                return true;
        if (type->name)
                return false;
        switch (type->kind) {
        case WIT_LIST:
        case WIT_FIXED_LIST:
        case WIT_OPTION:
                return build_is_shared(type->element);
        case WIT_MAP:
                return build_is_shared(type->key) && build_is_shared(type->element);
        case WIT_TUPLE:
                for (size_t i = 0; i < type->n_members; i++)
                        if (!build_is_shared(type->members[i].type))
                                return false;
                return true;
        default:
                return false;
        }
}

/* --- Which C type stands for a type ----------------------------------------------------------- */

/* Where the C type for @type is kept. */
static struct c_type **slot_of(const struct builder *b, const struct wit_type *type)
{
        if (wit_is_primitive(type))
                return &b->model->primitives[type->kind];
        bool own = !type->name || (type->interface && type->interface == b->scope.interface);
        if (b->repeating && !build_is_shared(type) && (own || b->again[type->index]))
                return &b->again[type->index];
        return &b->made[type->index];
}

/* Equal types without a name are several in a contract of several packages. A shared one's name says all that it is. */
static struct c_type *find_shared(const struct model *model, const char *stem)
{
        for (size_t i = 0; i < model->n_types; i++)
                if (!model->types[i]->tagged && !strcmp(model->types[i]->stem, stem))
                        return model->types[i];
        return NULL;
}

void build_append(struct model *model, struct c_type *type)
{
        if (!(model->n_types & (model->n_types + 1))) { /* full at 0, 1, 3, 7, … */
                struct c_type **grown = pool_alloc(&model->pool, (2 * model->n_types + 1) * sizeof *grown);
                if (model->n_types)
                        memcpy(grown, model->types, model->n_types * sizeof *grown);
                model->types = grown;
        }
        model->types[model->n_types++] = type;
}

/* --- Names ------------------------------------------------------------------------------------ */

/* A type that another interface owns has its name from there. */
static const char *prefix_of_owner(const struct builder *b, const struct wit_interface *owner)
{
        const struct wit_world *world = b->world;
        for (size_t i = 0; b->scope.exported && i < world->n_exports; i++)
                if (world->exports[i].interface == owner)
                        return naming_prefix(b->model, &world->exports[i], true);
        struct wit_item item = { .name = owner->label };
        item.interface = (struct wit_interface *)owner;
        return naming_prefix(b->model, &item, false);
}

void build_name(struct builder *b, struct c_type *made, const struct wit_type *type)
{
        struct pool *pool = &b->model->pool;
        const char *prefix = b->scope.prefix;
        if (type->world || build_is_shared(type))
                prefix = b->model->prefix;
        else if (type->interface && type->interface != b->scope.interface)
                prefix = prefix_of_owner(b, type->interface);
        made->stem = pool_printf(pool, "%s_%s", prefix, naming_encode(pool, type));
        made->name = names_add(&b->model->names, pool, pool_printf(pool, "%s_t", made->stem));
}

/* The cases of enums and variants, and flags, are macros: in C's file scope. */
static void name_macros(struct builder *b, struct c_type *made, const struct wit_type *shape)
{
        struct pool *pool = &b->model->pool;
        for (size_t i = 0; i < made->n_members; i++) {
                const char *macro = pool_printf(pool, "%s_%s", made->stem, name_snake(pool, shape->members[i].name));
                made->members[i].macro = names_add(&b->model->names, pool, name_upper(pool, macro));
        }
}

/* --- Parts ------------------------------------------------------------------------------------ */

static struct c_type *build_or_null(struct builder *b, const struct wit_type *type)
{
        return type ? build_type(b, type) : NULL;
}

static void build_members(struct builder *b, struct c_type *made, const struct wit_type *shape)
{
        struct pool *pool = &b->model->pool;
        struct names names = { 0 };
        made->n_members = shape->n_members;
        made->members = pool_alloc(pool, shape->n_members * sizeof *made->members);
        for (size_t i = 0; i < shape->n_members; i++) {
                const struct wit_member *m = &shape->members[i];
                const char *name = !m->name                                              ? pool_printf(pool, "f%zu", i)
                                   : shape->kind == WIT_ENUM || shape->kind == WIT_FLAGS ? NULL
                                                                                         : name_ident(pool, m->name);
                if (name)
                        name = names_add(&names, pool, name);
                made->members[i] = (struct c_member){ .name = name, .docs = m->docs, .type = build_or_null(b, m->type) };
        }
        names_finish(&names);
}

static void build_parts(struct builder *b, struct c_type *made, const struct wit_type *shape)
{
        bool result = shape->kind == WIT_RESULT;
        if (!shape->element && !result) {
                build_members(b, made, shape);
                return;
        }
        made->n_members = result ? 2 : 1;
        made->members = pool_alloc(&b->model->pool, 2 * sizeof *made->members);
        if (shape->kind == WIT_MAP) {
                build_type(b, shape->key);
                build_type(b, shape->element);
                return; /* the entry has its name from the map, see build_entry */
        }
        made->members[0].type = build_or_null(b, shape->element);
        made->members[1].type = build_or_null(b, shape->error);
}

/* --- Layout ----------------------------------------------------------------------------------- */

/* wit-bindgen makes a free function for what may hold something, strings, lists, maps, options, results and variants, and for
 * what contains one of them. */
static bool needs_free(const struct c_type *type)
{
        static const bool always[] = { [WIT_STRING] = true, [WIT_LIST] = true,   [WIT_MAP] = true,
                                       [WIT_OPTION] = true, [WIT_RESULT] = true, [WIT_VARIANT] = true };
        if (type->kind <= WIT_VARIANT && always[type->kind])
                return true;
        for (size_t i = 0; i < type->n_members; i++)
                if (type->members[i].type && type->members[i].type->frees)
                        return true;
        return false;
}

/* Padding would carry the sender's old bytes across, and nothing but numbers takes any bytes. Over 32 flags are aligned otherwise
 * in C than in the ABI. */
static bool is_plain(const struct c_type *type)
{
        uint32_t used = 0;
        switch (type->kind) {
        case WIT_BOOL:
        case WIT_CHAR:
        case WIT_STRING:
                return false;
        case WIT_FLAGS:
                return type->n_members == 8 || type->n_members == 16 || type->n_members == 32;
        case WIT_FIXED_LIST:
                return type->members[0].type->plain && type->abi.size;
        case WIT_RECORD:
        case WIT_TUPLE:
                for (size_t i = 0; i < type->n_members; used += type->members[i++].type->abi.size)
                        if (!type->members[i].type->plain)
                                return false;
                return used && used == type->abi.size;
        default:
                return type->kind < WIT_STRING;
        }
}

void build_traits(struct c_type *made)
{
        made->abi = made->shape->abi;
        made->owns = made->kind == WIT_STRING || made->kind == WIT_LIST || made->kind == WIT_MAP;
        made->handles = made->kind == WIT_OWN || made->kind == WIT_BORROW;
        made->lent = made->kind == WIT_BORROW && !made->resource->by_addin && !made->resource->shared;
        for (size_t i = 0; i < made->n_members; i++) {
                struct c_member *m = &made->members[i];
                if (!m->type)
                        continue;
                if (made->kind != WIT_LIST && made->kind != WIT_FIXED_LIST && made->kind != WIT_MAP)
                        m->abi_at = wit_abi_offset(made->shape, i);
                made->owns |= m->type->owns;
                made->handles |= m->type->handles;
                made->lent |= m->type->lent;
        }
        made->plain = is_plain(made);
        made->frees = needs_free(made);
}

/* --- Types ------------------------------------------------------------------------------------ */

struct c_type *build_record(struct builder *b, struct wit_member *members, size_t n)
{
        struct wit_type *shape = pool_alloc(&b->model->pool, sizeof *shape);
        struct c_type *made = pool_alloc(&b->model->pool, sizeof *made);
        *shape = (struct wit_type){ .kind = WIT_RECORD, .members = members, .n_members = n };
        wit_abi_set(shape);
        made->kind = WIT_RECORD;
        made->shape = shape;
        build_members(b, made, shape);
        build_traits(made);
        return made;
}

/* What a map is a list of. */
static struct c_type *build_entry(struct builder *b, const struct c_type *map)
{
        struct pool *pool = &b->model->pool;
        struct wit_member *members = pool_alloc(pool, 2 * sizeof *members);
        members[0] = (struct wit_member){ .name = "key", .type = map->shape->key };
        members[1] = (struct wit_member){ .name = "value", .type = map->shape->element };
        struct c_type *entry = build_record(b, members, 2);
        entry->stem = pool_printf(pool, "%s_entry", map->stem);
        entry->name = names_add(&b->model->names, pool, pool_printf(pool, "%s_t", entry->stem));
        build_append(b->model, entry);
        return entry;
}

static struct c_type *build_primitive(struct builder *b, const struct wit_type *type)
{
        struct c_type *made = pool_alloc(&b->model->pool, sizeof *made);
        made->kind = type->kind;
        made->shape = type;
        made->name = c_primitives[type->kind];
        if (type->kind == WIT_STRING) {
                made->tagged = true;
                build_name(b, made, type);
        }
        build_traits(made);
        return made;
}

/* A type of the shape of @shape, which is @type itself or the anonymous type that @type names. */
static struct c_type *build_shape(struct builder *b, const struct wit_type *type, const struct wit_type *shape)
{
        struct pool *pool = &b->model->pool;
        struct c_type *made =
                build_is_shared(type)
                        ? find_shared(b->model, pool_printf(pool, "%s_%s", b->model->prefix, naming_encode(pool, type)))
                        : NULL;
        if (made)
                return made;
        made = pool_alloc(pool, sizeof *made);
        *made = (struct c_type){
                .kind = shape->kind, .shape = shape, .tagged = type->name, .docs = type->docs, .length = shape->length
        };
        build_parts(b, made, shape);
        build_name(b, made, type);
        if (shape->kind == WIT_MAP)
                made->members[0].type = build_entry(b, made);
        if (shape->kind == WIT_ENUM || shape->kind == WIT_FLAGS || shape->kind == WIT_VARIANT)
                name_macros(b, made, shape);
        build_traits(made);
        build_append(b->model, made);
        return made;
}

static struct c_type *build_alias(struct builder *b, const struct wit_type *type)
{
        const struct c_type *meant = build_type(b, type->element);
        if (meant->kind == WIT_RESOURCE) /* there is no C type of that name: only its handles have one */
                return (struct c_type *)meant;
        struct c_type *made = pool_alloc(&b->model->pool, sizeof *made);
        *made = *meant;
        made->alias = meant;
        made->docs = type->docs;
        build_name(b, made, type);
        build_append(b->model, made);
        return made;
}

static struct c_type *build_new(struct builder *b, const struct wit_type *type)
{
        if (wit_is_primitive(type))
                return build_primitive(b, type);
        if (type->kind == WIT_RESOURCE)
                return build_resource(b, type);
        if (type->kind == WIT_OWN || type->kind == WIT_BORROW)
                return build_handle(b, type);
        if (type->kind != WIT_ALIAS)
                return build_shape(b, type, type);
        bool names_another = type->element->name || type->element->kind == WIT_OWN || type->element->kind == WIT_BORROW;
        return names_another ? build_alias(b, type) : build_shape(b, type, type->element);
}

struct c_type *build_type(struct builder *b, const struct wit_type *type)
{
        struct c_type **slot = slot_of(b, type);
        if (!*slot) {
                struct c_type *made = build_new(b, type); /* its parts may have found a slot of their own */
                slot = slot_of(b, type);
                *slot = made;
        }
        return *slot;
}
