/* The walk through a world. Its order is wit-bindgen's, since it decides who defines what: imported interfaces, the world's types,
 * imported functions, exported functions; then exported interfaces, which define anew every type that they don't have from an
 * interface that is only imported. */
#include "generate/model.h"
#include <stdlib.h>
#include <string.h>
#include "base/own.h"
#include "generate/build.h"

bool type_is_scalar(const struct c_type *type)
{
        return type->kind < WIT_STRING || type->kind == WIT_ENUM;
}

const struct c_type *type_meant(const struct c_type *type)
{
        return type->alias ? type_meant(type->alias) : type;
}

bool type_is_maybe(const struct c_type *type)
{
        return type->kind == WIT_OPTION && !type->alias;
}

static bool is_scalar(const struct c_func *func)
{
        for (size_t i = 0; i < func->params->n_members; i++)
                if (!type_is_scalar(func->params->members[i].type))
                        return false;
        return func->params->layout.flat <= CORE_MAX - 1 && (!func->result || type_is_scalar(func->result));
}

/* Of what is passed by pointer, a plain struct without strings and lists needs no more than a copy. */
static bool connects(const struct c_func *func)
{
        for (size_t i = 0; i < func->params->n_members; i++) {
                const struct c_type *type = func->params->members[i].type;
                bool plain_struct = (type->kind == WIT_RECORD || type->kind == WIT_TUPLE) && !type->layout.owns;
                if (!type_is_scalar(type) && !plain_struct)
                        return false;
        }
        return !func->result || type_is_scalar(func->result);
}

static void build_func(struct builder *b, const struct wit_item *item, const struct wit_func *wit, bool import)
{
        struct model *model = b->model;
        struct pool *pool = &model->pool;
        struct c_func *func = import ? &model->imports[model->n_imports++] : &model->exports[model->n_exports++];
        const struct wit_interface *interface = item->interface;
        *func = (struct c_func){ .wit = wit, .item = item };
        func->module = interface ? naming_interface(pool, item) : "$root";
        func->core_name = interface ? pool_printf(pool, "%s#%s", func->module, wit->name) : wit->name;
        func->by_ward = interface && !interface->inline_of && !strcmp(interface->package->ns, "ward");
        func->params = build_params(b, wit);
        func->result = wit->result ? build_type(b, wit->result) : NULL;
        func->scalar = is_scalar(func);
        func->connects = connects(func);
        if (model->side == GENERATE_ADDIN) {
                const char *prefix = interface ? b->scope.prefix
                                     : import  ? model->prefix
                                               : pool_printf(pool, "exports_%s", model->prefix);
                func->name = names_add(&model->names, pool, pool_printf(pool, "%s_%s", prefix, name_snake(pool, wit->name)));
        }
}

static void build_interface(struct builder *b, const struct wit_item *item, bool import)
{
        const struct wit_interface *interface = item->interface;
        const char *prefix = naming_prefix(&b->model->pool, b->contract, interface, !import);
        b->scope = (struct scope){ interface, interface->package, prefix };
        for (size_t i = 0; i < interface->n_types; i++)
                build_type(b, interface->types[i]);
        for (size_t i = 0; i < interface->n_funcs; i++)
                build_func(b, item, interface->funcs[i], import);
        b->scope = (struct scope){ NULL, b->world->package, b->model->prefix };
}

static void build_items(struct builder *b, const struct wit_item *items, size_t n, bool interfaces, bool import)
{
        for (size_t i = 0; i < n; i++)
                if (items[i].interface && interfaces)
                        build_interface(b, &items[i], import);
                else if (items[i].func && !interfaces)
                        build_func(b, &items[i], items[i].func, import);
}

static size_t count_funcs(const struct wit_item *items, size_t n)
{
        size_t count = 0;
        for (size_t i = 0; i < n; i++)
                count += items[i].func ? 1 : items[i].interface->n_funcs;
        return count;
}

static void build_world(struct builder *b)
{
        const struct wit_world *world = b->world;
        struct model *model = b->model;
        model->imports = pool_alloc(&model->pool, count_funcs(world->imports, world->n_imports) * sizeof *model->imports);
        model->exports = pool_alloc(&model->pool, count_funcs(world->exports, world->n_exports) * sizeof *model->exports);
        build_items(b, world->imports, world->n_imports, true, true);
        for (size_t i = 0; i < world->n_types; i++)
                build_type(b, world->types[i]);
        build_items(b, world->imports, world->n_imports, false, true);
        build_items(b, world->exports, world->n_exports, false, false);
        build_forget(b);
        b->exporting = true;
        build_items(b, world->exports, world->n_exports, true, false);
}

/* Another interface among @items has the same name as that of @item. */
static bool is_ambiguous(const struct wit_item *items, size_t n, const struct wit_item *item)
{
        for (size_t i = 0; i < n; i++)
                if (items[i].interface && &items[i] != item &&
                    !strcmp(naming_plain(items[i].interface), naming_plain(item->interface)))
                        return true;
        return false;
}

/* "operate"; of an interface's function "iface_operate", or "ns_pkg_iface_operate" where that is not enough. */
static const char *short_name(struct builder *b, const struct c_func *func, const struct wit_item *items, size_t n)
{
        struct pool *pool = &b->model->pool;
        const char *snake = name_snake(pool, func->wit->name);
        if (!func->item->interface)
                return snake;
        const struct wit_interface *interface = func->item->interface;
        if (is_ambiguous(items, n, func->item))
                return pool_printf(pool, "%s_%s", naming_prefix(pool, b->contract, interface, false), snake);
        return pool_printf(pool, "%s_%s", name_snake(pool, naming_plain(interface)), snake);
}

/* The host's names: members of the services for imports, functions for exports. */
static void choose_host_names(struct builder *b)
{
        struct model *model = b->model;
        struct pool *pool = &model->pool;
        struct names members = { 0 };
        names_add(&members, pool, "data");
        for (size_t i = 0; i < model->n_imports; i++) {
                const char *name = short_name(b, &model->imports[i], b->world->imports, b->world->n_imports);
                model->imports[i].name = names_add(&members, pool, name_ident(pool, name));
        }
        names_finish(&members);
        for (size_t i = 0; i < model->n_exports; i++) {
                const char *name = short_name(b, &model->exports[i], b->world->exports, b->world->n_exports);
                model->exports[i].name = names_add(&model->names, pool, pool_printf(pool, "%s_%s", model->prefix, name));
        }
        for (size_t i = 0; i < model->n_exports; i++)
                if (model->exports[i].connects)
                        model->exports[i].isolated =
                                names_add(&model->names, pool, pool_printf(pool, "%s_isolated", model->exports[i].name));
}

/* A name such that it, and everything that the sources derive from it, is free in file scope. */
static const char *choose_id(struct model *model, const char *id)
{
        static const char *const endings[] = { "args", "fields", "params", "func", "call", "serve" };
        for (size_t i = 0; i < COUNT_OF(endings); i++) {
                if (names_has(&model->names, pool_printf(&model->pool, "%s_%s", id, endings[i])))
                        return choose_id(model, pool_printf(&model->pool, "%s_", id));
        }
        return names_add(&model->names, &model->pool, id);
}

static void choose_param_names(struct model *model, struct c_func *func)
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

static void choose_type_names(struct model *model, struct c_type *type, const char *encoded)
{
        struct pool *pool = &model->pool;
        if (type->frees)
                type->free = names_add(&model->names, pool, pool_printf(pool, "%s_free", type->stem));
        type->table = type->alias ? type_meant(type)->table : names_add(&model->names, pool, pool_printf(pool, "type_%s", encoded));
}

/* What the names of the helpers for strings begin with. */
static const char *choose_string_helpers(struct model *model, const char *begin)
{
        static const char *const endings[] = { "set", "dup", "dup_n" };
        for (size_t i = 0; i < COUNT_OF(endings); i++)
                if (names_has(&model->names, pool_printf(&model->pool, "%s_%s", begin, endings[i])))
                        return choose_string_helpers(model, pool_printf(&model->pool, "%s_", begin));
        for (size_t i = 0; i < COUNT_OF(endings); i++)
                names_add(&model->names, &model->pool, pool_printf(&model->pool, "%s_%s", begin, endings[i]));
        return begin;
}

/* Helpers and descriptors. Types come after their parts and what they are aliases of. */
static void choose_helper_names(struct model *model)
{
        static const char *const encoded[] = { "bool", "u8",  "u16", "u32", "u64",  "s8",    "s16",
                                               "s32",  "s64", "f32", "f64", "char", "string" };
        size_t prefix_len = strlen(model->prefix);
        model->string_helpers = choose_string_helpers(model, pool_printf(&model->pool, "%s_string", model->prefix));
        for (size_t i = 0; i < COUNT_OF(encoded); i++)
                if (model->primitives[i])
                        choose_type_names(model, model->primitives[i], encoded[i]);
        for (size_t i = 0; i < model->n_types; i++) {
                const char *stem = model->types[i]->stem;
                bool own = !strncmp(stem, model->prefix, prefix_len) && stem[prefix_len] == '_';
                choose_type_names(model, model->types[i], own ? stem + prefix_len + 1 : stem);
        }
}

/* Private names give way to all others; parameters, which mean nothing to callers, to those. */
static void choose_private_names(struct builder *b)
{
        struct model *model = b->model;
        struct pool *pool = &model->pool;
        for (size_t i = 0; i < model->n_imports; i++) {
                const char *name = short_name(b, &model->imports[i], b->world->imports, b->world->n_imports);
                model->imports[i].id = choose_id(model, pool_printf(pool, "import_%s", name));
        }
        for (size_t i = 0; i < model->n_exports; i++) {
                const char *name = short_name(b, &model->exports[i], b->world->exports, b->world->n_exports);
                model->exports[i].id = choose_id(model, name);
        }
        for (size_t i = 0; i < model->n_imports; i++)
                choose_param_names(model, &model->imports[i]);
        for (size_t i = 0; i < model->n_exports; i++)
                choose_param_names(model, &model->exports[i]);
}

/* What the generated functions and sources call their own. */
static void reserve_names(struct model *model)
{
        static const char *const own[] = { "args",    "contract", "data",    "direct",   "env",  "exports", "fault",  "bind",
                                           "imports", "result",   "ret_err", "services", "self", "status",  "missing" };
        static const char *const host[] = { "activate", "release", "domain", "set_deadline", "services" };
        for (size_t i = 0; i < COUNT_OF(own); i++)
                names_add(&model->names, &model->pool, own[i]);
        for (size_t i = 0; model->side == GENERATE_HOST && i < COUNT_OF(host); i++)
                names_add(&model->names, &model->pool, pool_printf(&model->pool, "%s_%s", model->prefix, host[i]));
}

struct model *model_new(const struct contract *contract, const struct wit_world *world, enum generate_side side)
{
        struct model *model = calloc(1, sizeof *model);
        if (!model)
                abort();
        struct builder b = { .model = model, .contract = contract, .world = world };
        model->world = world;
        model->side = side;
        model->prefix = name_snake(&model->pool, world->name);
        model->tag = name_ident(&model->pool, world->name);
        reserve_names(model);
        b.entries = pool_alloc(&model->pool, (contract->n_types + WIT_ERROR_CONTEXT + 1) * sizeof(struct entry *));
        b.scope = (struct scope){ NULL, world->package, model->prefix };
        build_world(&b);
        if (side == GENERATE_HOST)
                choose_host_names(&b);
        choose_helper_names(model);
        choose_private_names(&b);
        return model;
}

struct model *model_free(struct model *model)
{
        if (model) {
                names_finish(&model->names);
                pool_finish(&model->pool);
                free(model);
        }
        return NULL;
}
