#include <stdlib.h>
#include <string.h>
#include "base/own.h"
#include "generate/model.h"

/* A malloc'd text moves to the pool. Without memory a generator aborts, see names.h. */
static const char *keep(struct pool *pool, char *text)
{
        OWNED(freep) char *made = text;
        if (!made)
                abort();
        return pool_printf(pool, "%s", made);
}

const char *naming_package(struct pool *pool, const struct wit_package *package)
{
        return keep(pool, wit_package_id(package));
}

const char *naming_world(struct pool *pool, const struct wit_world *world)
{
        return keep(pool, wit_world_id(world));
}

const char *naming_interface(struct pool *pool, const struct wit_item *item)
{
        return item->name ? item->name : keep(pool, wit_interface_id(item->interface));
}

const char *naming_plain(const struct wit_item *item)
{
        return item->name ? item->name : item->interface->name;
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

const struct generate_rename *naming_rename(const struct generate_options *options, const char *interface)
{
        for (size_t i = 0; i < options->n_renames; i++)
                if (!strcmp(options->renames[i].interface, interface))
                        return &options->renames[i];
        return NULL;
}

static const char *path_prefix(struct model *model, const struct wit_interface *interface)
{
        struct pool *pool = &model->pool;
        const struct wit_package *package = interface->package;
        return pool_printf(pool, "%s_%s_%s%s", name_snake(pool, package->ns), name_snake(pool, package->name),
                           version_part(pool, model->contract, package), name_snake(pool, interface->name));
}

const char *naming_prefix(struct model *model, const struct wit_item *item, bool exported)
{
        struct pool *pool = &model->pool;
        const struct generate_rename *rename = naming_rename(&model->options, naming_interface(pool, item));
        const char *name = rename ? rename->name : item->name ? name_snake(pool, item->name) : path_prefix(model, item->interface);
        return pool_printf(pool, "%s%s", exported && !item->name ? "exports_" : "", name);
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
        const char *element = type->kind == WIT_TUPLE ? NULL : naming_encode(pool, type->element);
        switch (type->kind) {
        case WIT_LIST:
                return pool_printf(pool, "list_%s", element);
        case WIT_FIXED_LIST:
                return pool_printf(pool, "list%u_%s", type->length, element);
        case WIT_MAP:
                return pool_printf(pool, "map_%s_%s", naming_encode(pool, type->key), element);
        case WIT_OPTION:
                return pool_printf(pool, "option_%s", element);
        case WIT_RESULT:
                return pool_printf(pool, "result_%s_%s", element, naming_encode(pool, type->error));
        case WIT_OWN:
                return pool_printf(pool, "own_%s", element);
        case WIT_BORROW:
                return pool_printf(pool, "borrow_%s", element);
        case WIT_TUPLE:
                return encode_tuple(pool, type);
        default:
                return element;
        }
}
