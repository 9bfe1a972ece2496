#include <string.h>
#include "generate/model.h"

const char *naming_package(struct pool *pool, const struct wit_package *package)
{
        return pool_printf(pool, "%s:%s%s%s", package->ns, package->name, package->version ? "@" : "",
                           package->version ? package->version : "");
}

static const char *in_package(struct pool *pool, const struct wit_package *package, const char *name)
{
        return pool_printf(pool, "%s:%s/%s%s%s", package->ns, package->name, name, package->version ? "@" : "",
                           package->version ? package->version : "");
}

const char *naming_world(struct pool *pool, const struct wit_world *world)
{
        return in_package(pool, world->package, world->name);
}

const char *naming_interface(struct pool *pool, const struct wit_item *item)
{
        if (item->interface->inline_of)
                return item->interface->label;
        return in_package(pool, item->interface->package, item->interface->name);
}

const char *naming_plain(const struct wit_interface *interface)
{
        return interface->name ? interface->name : interface->label;
}

/* Another version of @package takes part in @contract. */
static bool has_rival(const struct contract *contract, const struct wit_package *package)
{
        for (size_t i = 0; i < contract->n_packages; i++) {
                const struct wit_package *p = contract->packages[i];
                if (p != package && !strcmp(p->ns, package->ns) && !strcmp(p->name, package->name))
                        return true;
        }
        return false;
}

static const char *version_part(struct pool *pool, const struct contract *contract, const struct wit_package *package)
{
        if (!package->version || !has_rival(contract, package))
                return "";
        char *part = pool_printf(pool, "%s_", package->version);
        for (char *c = part; *c; c++)
                if (strchr(".-+", *c))
                        *c = '_';
        return part;
}

const char *naming_prefix(struct pool *pool, const struct contract *contract, const struct wit_interface *interface, bool exported)
{
        const struct wit_package *package = interface->package;
        if (interface->inline_of)
                return name_snake(pool, interface->label);
        return pool_printf(pool, "%s%s_%s_%s%s", exported ? "exports_" : "", name_snake(pool, package->ns),
                           name_snake(pool, package->name), version_part(pool, contract, package),
                           name_snake(pool, interface->name));
}

static const char *const primitives[] = {
        [WIT_BOOL] = "bool", [WIT_U8] = "u8",       [WIT_U16] = "u16",       [WIT_U32] = "u32", [WIT_U64] = "u64",
        [WIT_S8] = "s8",     [WIT_S16] = "s16",     [WIT_S32] = "s32",       [WIT_S64] = "s64", [WIT_F32] = "f32",
        [WIT_F64] = "f64",   [WIT_CHAR] = "char32", [WIT_STRING] = "string",
};

static const char *encode_tuple(struct pool *pool, const struct wit_type *type)
{
        const char *text = pool_printf(pool, "tuple%zu", type->n_members);
        for (size_t i = 0; i < type->n_members; i++)
                text = pool_printf(pool, "%s_%s", text, naming_encode(pool, type->members[i].type));
        return text;
}

const char *naming_encode(struct pool *pool, const struct wit_type *type)
{
        if (!type)
                return "void";
        if (type->kind <= WIT_STRING)
                return primitives[type->kind];
        if (type->name)
                return name_snake(pool, type->name);
        switch (type->kind) {
        case WIT_LIST:
                return pool_printf(pool, "list_%s", naming_encode(pool, type->element));
        case WIT_OPTION:
                return pool_printf(pool, "option_%s", naming_encode(pool, type->element));
        case WIT_RESULT:
                return pool_printf(pool, "result_%s_%s", naming_encode(pool, type->element), naming_encode(pool, type->error));
        case WIT_TUPLE:
                return encode_tuple(pool, type);
        default:
                return naming_encode(pool, type->element);
        }
}
