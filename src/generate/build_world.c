/* The walk through a world. Its order is wit-bindgen's, since it decides who defines what: imported interfaces, the world's types,
 * imported functions, exported functions; then exported interfaces, which define anew every type that they don't have from an
 * interface that is only imported. */
#include <stdlib.h>
#include <string.h>
#include "generate/build.h"

/* --- Functions -------------------------------------------------------------------------------- */

static bool is_scalar(const struct c_type *type)
{
        return type_is_scalar(type) && type->abi.flat == 1;
}

/* Whether borrows are noted before a call, and dropped behind it. */
static bool drops(const struct builder *b, const struct c_func *func, bool import)
{
        return !import && func->params->lent && b->model->options.autodrop_borrows;
}

static bool is_scalar_func(const struct c_func *func)
{
        for (size_t i = 0; i < func->params->n_members; i++)
                if (!is_scalar(func->params->members[i].type))
                        return false;
        return !func_spills(func) && (!func->result || is_scalar(func->result));
}

static bool gives_number(const struct c_func *func)
{
        return !func->result || (type_is_scalar(func->result) && !func->result->handles);
}

/* Of what is passed by pointer, what holds nothing that has an owner needs no more than a copy. */
static bool connects(const struct c_func *func)
{
        for (size_t i = 0; i < func->params->n_members; i++) {
                const struct c_type *type = func->params->members[i].type;
                if (type->owns || type->handles || type_is_maybe(type))
                        return false;
        }
        return gives_number(func);
}

static bool holds_text(const struct c_type *type)
{
        if (type->kind == WIT_STRING)
                return true;
        for (size_t i = 0; type->owns && i < type->n_members; i++)
                if (type->members[i].type && holds_text(type->members[i].type))
                        return true;
        return false;
}

/* What is only looked at is passed as it lies there. Of texts the host cannot know how the add-in holds them: both connect only
 * where they are UTF-8. */
static bool connects_views(const struct model *model, const struct c_func *func)
{
        if (func->params->handles || (model->options.encoding != GENERATE_UTF8 && holds_text(func->params)))
                return false;
        return gives_number(func);
}

/* "iii>i" is the core type of an import that has no return pointer, and of an export that has none. */
static void set_core(struct builder *b, struct c_func *func, bool import)
{
        struct pool *pool = &b->model->pool;
        char *signature = wit_core(func->wit, import);
        if (!signature)
                abort();
        func->core_signature = pool_printf(pool, "%s", signature);
        free(signature);
        int n = (int)strcspn(func->core_signature, ">");
        if (import && func_returns_pointer(func))
                n--;
        func->core = pool_printf(pool, "%.*s", n, func->core_signature);
        func->core_result = func_returns_pointer(func) ? 0 : strchr(func->core_signature, '>')[1];
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
        func->params = build_record(b, wit->params, wit->n_params);
        func->result = wit->result ? build_type(b, wit->result) : NULL;
        set_core(b, func, import);
        func->drops = drops(b, func, import);
        func->scalar = !func->drops && is_scalar_func(func);
        func->connects = connects(func);
        func->connects_views = !func->connects && connects_views(model, func);
        if (model->side == GENERATE_ADDIN) {
                const char *prefix = interface ? b->scope.prefix
                                     : import  ? model->prefix
                                               : pool_printf(pool, "exports_%s", model->prefix);
                func->name = names_add(&model->names, pool, pool_printf(pool, "%s_%s", prefix, name_snake(pool, wit->name)));
        }
}

/* --- Interfaces ------------------------------------------------------------------------------- */

/* What a world calls by a name of its own is nothing that other interfaces refer to: the types that are made again for it are
 * forgotten with it. */
static void build_interface(struct builder *b, const struct wit_item *item, bool import, bool repeating)
{
        const struct wit_interface *interface = item->interface;
        size_t size = b->model->contract->n_types * sizeof(struct c_type *);
        struct c_type **again = b->again;
        if (repeating && item->name) {
                b->again = pool_alloc(&b->model->pool, size);
                memcpy(b->again, again, size);
        }
        b->repeating = repeating;
        b->scope = (struct scope){ item, interface, naming_prefix(b->model, item, !import), !import };
        for (size_t i = 0; i < interface->n_types; i++)
                build_type(b, interface->types[i]);
        /* An add-in has these from <ward/buffer.h>. */
        bool known = import && b->model->side == GENERATE_ADDIN && build_is_memory(interface);
        for (size_t i = 0; i < interface->n_funcs && !known; i++)
                build_func(b, item, interface->funcs[i], import);
        b->scope = (struct scope){ .prefix = b->model->prefix };
        b->repeating = false;
        b->again = again;
}

static bool needs_any(const struct wit_interface *interface, const bool *marked)
{
        for (size_t i = 0; i < interface->n_needs; i++)
                if (marked[interface->needs[i]->index])
                        return true;
        return false;
}

/* Which of @items are interfaces that are made again: those that were @seen, and those that refer to one that is made @again. An
 * interface by path comes first, whatever its place. */
static bool *find_repeating(struct builder *b, const struct wit_item *items, size_t n, bool *seen, bool *again)
{
        bool *repeating = pool_alloc(&b->model->pool, n);
        for (int named = 0; named <= 1; named++)
                for (size_t i = 0; i < n; i++) {
                        const struct wit_interface *interface = items[i].interface;
                        if (!interface || !!items[i].name != named)
                                continue;
                        repeating[i] = seen[interface->index] || needs_any(interface, again);
                        seen[interface->index] = true;
                        again[interface->index] |= repeating[i] && !named;
                }
        return repeating;
}

/* --- The world -------------------------------------------------------------------------------- */

static void build_interfaces(struct builder *b, const struct wit_item *items, size_t n, bool import, const bool *repeating)
{
        for (size_t i = 0; i < n; i++)
                if (items[i].interface)
                        build_interface(b, &items[i], import, repeating[i]);
}

static void build_funcs(struct builder *b, const struct wit_item *items, size_t n, bool import)
{
        for (size_t i = 0; i < n; i++)
                if (items[i].func)
                        build_func(b, &items[i], items[i].func, import);
}

static size_t count_funcs(const struct wit_item *items, size_t n)
{
        size_t count = 0;
        for (size_t i = 0; i < n; i++)
                count += items[i].func ? 1 : items[i].interface ? items[i].interface->n_funcs : 0;
        return count;
}

void build_world(struct builder *b)
{
        const struct wit_world *world = b->world;
        struct model *model = b->model;
        struct pool *pool = &model->pool;
        bool *seen = pool_alloc(pool, model->contract->n_interfaces);
        bool *again = pool_alloc(pool, model->contract->n_interfaces);
        model->imports = pool_alloc(pool, count_funcs(world->imports, world->n_imports) * sizeof *model->imports);
        model->exports = pool_alloc(pool, count_funcs(world->exports, world->n_exports) * sizeof *model->exports);
        build_interfaces(b, world->imports, world->n_imports, true,
                         find_repeating(b, world->imports, world->n_imports, seen, again));
        for (size_t i = 0; i < world->n_imports; i++)
                if (world->imports[i].type)
                        build_type(b, world->imports[i].type);
        build_funcs(b, world->imports, world->n_imports, true);
        build_funcs(b, world->exports, world->n_exports, false);
        build_forget(b);
        build_interfaces(b, world->exports, world->n_exports, false,
                         find_repeating(b, world->exports, world->n_exports, seen, again));
}
