/* Names that the contract does not promise to anybody: helpers, descriptors, what is private to the generated sources. */
#include <string.h>
#include "base/own.h"
#include "generate/build.h"

/* Another interface among @items has the same name as that of @item. */
static bool is_ambiguous(const struct wit_item *items, size_t n, const struct wit_item *item)
{
        for (size_t i = 0; i < n; i++)
                if (items[i].interface && &items[i] != item && !strcmp(naming_plain(&items[i]), naming_plain(item)))
                        return true;
        return false;
}

/* "iface", or "ns_pkg_iface" where that is not enough. */
static const char *short_interface(struct builder *b, const struct wit_item *item, bool import)
{
        struct model *model = b->model;
        const struct wit_item *items = import ? b->world->imports : b->world->exports;
        size_t n = import ? b->world->n_imports : b->world->n_exports;
        if (is_ambiguous(items, n, item) || naming_rename(&model->options, naming_interface(&model->pool, item)))
                return naming_prefix(model, item, false);
        return name_snake(&model->pool, naming_plain(item));
}

/* "operate"; of an interface's function "iface_operate". */
static const char *short_name(struct builder *b, const struct wit_item *item, const char *name, bool import)
{
        struct pool *pool = &b->model->pool;
        const char *snake = name_snake(pool, name);
        return item && item->interface ? pool_printf(pool, "%s_%s", short_interface(b, item, import), snake) : snake;
}

static const char *import_name(struct builder *b, const struct c_func *func)
{
        return short_name(b, func->item, func->wit->name, true);
}

static const char *export_name(struct builder *b, const struct c_func *func)
{
        return short_name(b, func->item, func->wit->name, false);
}

/* --- Host view: members of the services for imports, functions for exports -------------------- */

static void name_services(struct builder *b)
{
        struct model *model = b->model;
        struct pool *pool = &model->pool;
        struct names members = { 0 };
        names_add(&members, pool, "data");
        for (size_t i = 0; i < model->n_imports; i++)
                model->imports[i].name = names_add(&members, pool, name_ident(pool, import_name(b, &model->imports[i])));
        for (size_t i = 0; i < model->n_resources; i++) {
                struct c_resource *resource = model->resources[i];
                const char *name = short_name(b, resource->item, resource->name, true);
                if (!resource->by_addin)
                        resource->destructor = names_add(&members, pool, pool_printf(pool, "%s_destructor", name));
        }
        names_finish(&members);
}

/* As a function of the view. */
static const char *name_function(struct model *model, const char *name)
{
        return names_add(&model->names, &model->pool, pool_printf(&model->pool, "%s_%s", model->prefix, name));
}

static void name_async(struct model *model, struct c_func *func)
{
        struct pool *pool = &model->pool;
        func->begin = names_add(&model->names, pool, pool_printf(pool, "%s_begin", func->name));
        func->finish = names_add(&model->names, pool, pool_printf(pool, "%s_finish", func->name));
        func->pending = names_add(&model->names, pool, pool_printf(pool, "%s_pending", func->name));
}

static void name_host(struct builder *b)
{
        struct model *model = b->model;
        struct pool *pool = &model->pool;
        name_services(b);
        for (size_t i = 0; i < model->n_exports; i++)
                model->exports[i].name = name_function(model, export_name(b, &model->exports[i]));
        for (size_t i = 0; i < model->n_exports; i++)
                if (model->exports[i].connects || model->exports[i].connects_views)
                        model->exports[i].isolated =
                                names_add(&model->names, pool, pool_printf(pool, "%s_isolated", model->exports[i].name));
        for (size_t i = 0; model->options.async && i < model->n_exports; i++)
                name_async(model, &model->exports[i]);
        for (size_t i = 0; i < model->n_resources; i++) {
                struct c_resource *resource = model->resources[i];
                if (!resource->by_addin)
                        continue;
                const char *lend = short_name(b, resource->item, pool_printf(pool, "borrow-%s", resource->name), false);
                const char *drop = short_name(b, resource->item, pool_printf(pool, "%s-drop-own", resource->name), false);
                resource->lend = name_function(model, lend);
                resource->drop_own = name_function(model, drop);
        }
}

/* --- Helpers and descriptors ------------------------------------------------------------------ */

/* A type's or resource's name without the world's, which all names would begin with. */
static const char *strip(const struct model *model, const char *stem)
{
        size_t n = strlen(model->prefix);
        return !strncmp(stem, model->prefix, n) && stem[n] == '_' ? stem + n + 1 : stem;
}

/* A name such that it, and what is derived from it, is free in file scope. */
static const char *choose_derived(struct model *model, const char *name, const char *const *endings, size_t n)
{
        struct pool *pool = &model->pool;
        for (size_t i = 0; i < n; i++)
                if (names_has(&model->names, pool_printf(pool, "%s_%s", name, endings[i])))
                        return choose_derived(model, pool_printf(pool, "%s_", name), endings, n);
        for (size_t i = 0; i < n; i++)
                names_add(&model->names, pool, pool_printf(pool, "%s_%s", name, endings[i]));
        return name;
}

static void name_table(struct model *model, struct c_type *type, const char *encoded)
{
        static const char *const endings[] = { "fields" };
        const char *name = pool_printf(&model->pool, "type_%s", encoded);
        if (type->frees)
                type->free = names_add(&model->names, &model->pool, pool_printf(&model->pool, "%s_free", type->stem));
        if (type->alias)
                type->table = type_meant(type)->table;
        else
                type->table = choose_derived(model, names_add(&model->names, &model->pool, name), endings, COUNT_OF(endings));
}

static void name_resource(struct model *model, struct c_resource *resource)
{
        struct pool *pool = &model->pool;
        const char *stem = resource->stem;
        bool addin = model->side == GENERATE_ADDIN;
        resource->table = names_add(&model->names, pool, pool_printf(pool, "resource_%s", strip(model, stem)));
        name_table(model, resource->own, strip(model, resource->own->stem));
        name_table(model, resource->borrow, strip(model, resource->borrow->stem));
        if (!addin)
                return;
        resource->drop_own = names_add(&model->names, pool, pool_printf(pool, "%s_drop_own", stem));
        if (resource->by_addin) {
                resource->make = names_add(&model->names, pool, pool_printf(pool, "%s_new", stem));
                resource->rep = names_add(&model->names, pool, pool_printf(pool, "%s_rep", stem));
                resource->destructor = names_add(&model->names, pool, pool_printf(pool, "%s_destructor", stem));
                return;
        }
        const char *snake = name_snake(pool, resource->name);
        resource->lend = names_add(&model->names, pool, pool_printf(pool, "%s_borrow_%s", resource->prefix, snake));
        if (!model->options.autodrop_borrows)
                resource->drop_borrow = names_add(&model->names, pool, pool_printf(pool, "%s_drop_borrow", stem));
}

/* Types come after their parts and what they are aliases of. */
static void name_helpers(struct model *model)
{
        static const char *const encoded[] = { "bool", "u8",  "u16", "u32", "u64",  "s8",    "s16",
                                               "s32",  "s64", "f32", "f64", "char", "string" };
        static const char *const string_endings[] = { "set", "dup", "dup_n", "len" };
        model->string_helpers = choose_derived(model, pool_printf(&model->pool, "%s_string", model->prefix), string_endings,
                                               COUNT_OF(string_endings));
        for (size_t i = 0; i < COUNT_OF(encoded); i++)
                if (model->primitives[i])
                        name_table(model, model->primitives[i], encoded[i]);
        for (size_t i = 0; i < model->n_types; i++)
                if (model->types[i]->kind == WIT_RESOURCE)
                        name_resource(model, model->types[i]->resource);
                else
                        name_table(model, model->types[i], strip(model, model->types[i]->stem));
}

/* Whoever is not answered can be called without waiting. A handle would be nobody's in between. */
static bool is_posted(const struct c_func *func)
{
        return !func->result && !func->params->handles;
}

static void name_posts(struct model *model)
{
        struct pool *pool = &model->pool;
        for (size_t i = 0; i < model->n_imports; i++) {
                struct c_func *func = &model->imports[i];
                if (!is_posted(func))
                        continue;
                func->post = names_add(&model->names, pool, pool_printf(pool, "%s_post", func->name));
                if (!model->flush)
                        model->flush = names_add(&model->names, pool, pool_printf(pool, "%s_flush", model->prefix));
        }
}

/* --- What is private to the sources ----------------------------------------------------------- */

static const char *choose_id(struct model *model, const char *id)
{
        static const char *const endings[] = { "args", "params", "params_fields", "func", "call", "serve" };
        while (names_has(&model->names, id))
                id = pool_printf(&model->pool, "%s_", id);
        id = choose_derived(model, id, endings, COUNT_OF(endings));
        return names_add(&model->names, &model->pool, id);
}

static void name_params(struct model *model, struct c_func *func)
{
        struct pool *pool = &model->pool;
        struct names names = { 0 };
        func->param_names = pool_alloc(pool, func->params->n_members * sizeof *func->param_names);
        for (size_t i = 0; i < func->params->n_members; i++) {
                const struct c_member *m = &func->params->members[i];
                const char *name = type_is_maybe(m->type) ? pool_printf(pool, "maybe_%s", m->name) : m->name;
                while (names_has(&model->names, name))
                        name = pool_printf(pool, "%s_", name);
                func->param_names[i] = names_add(&names, pool, name);
        }
        names_finish(&names);
}

/* What the generated functions and sources call their own. */
void build_reserve_names(struct model *model)
{
        static const char *const addin[] = { "args",    "bind_env", "drop_handle", "env",       "exports", "handle",
                                             "imports", "lent",     "object",      "resources", "result",  "ward_cancelled" };
        static const char *const host[] = { "args",    "contract", "data",    "direct",   "exports", "fault",
                                            "imports", "instance", "missing", "own",      "object",  "resources",
                                            "result",  "ret_err",  "self",    "services", "status" };
        static const char *const async[] = { "begun", "pending", "ret_pending" };
        static const char *const life[] = { "activate", "release", "domain", "set_deadline", "services" };
        bool is_host = model->side == GENERATE_HOST;
        for (size_t i = 0; i < (is_host ? COUNT_OF(host) : COUNT_OF(addin)); i++)
                names_add(&model->names, &model->pool, is_host ? host[i] : addin[i]);
        for (size_t i = 0; is_host && model->options.async && i < COUNT_OF(async); i++)
                names_add(&model->names, &model->pool, async[i]);
        for (size_t i = 0; is_host && i < COUNT_OF(life); i++)
                names_add(&model->names, &model->pool, pool_printf(&model->pool, "%s_%s", model->prefix, life[i]));
}

/* Private names give way to all others; parameters, which mean nothing to callers, to those. */
void build_names(struct builder *b)
{
        struct model *model = b->model;
        struct pool *pool = &model->pool;
        if (model->side == GENERATE_HOST)
                name_host(b);
        name_helpers(model);
        if (model->side == GENERATE_ADDIN)
                name_posts(model);
        for (size_t i = 0; i < model->n_imports; i++) {
                const char *name = import_name(b, &model->imports[i]);
                model->imports[i].id = choose_id(model, pool_printf(pool, "import_%s", name));
        }
        for (size_t i = 0; i < model->n_exports; i++) {
                const char *name = export_name(b, &model->exports[i]);
                model->exports[i].id = choose_id(model, name);
        }
        for (size_t i = 0; i < model->n_imports; i++)
                name_params(model, &model->imports[i]);
        for (size_t i = 0; i < model->n_exports; i++)
                name_params(model, &model->exports[i]);
}
