#include "dynamic/dynamic.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/fault.h"
#include "base/own.h"
#include "contract/abi.h"
#include "dynamic/build.h"

static const size_t memory_max = (size_t)256 << 20;

/* What dynamic_free frees beside the arena's. */
struct dynamic_made {
        struct arena *arena;
        size_t n_funcs; /* exports, then imports, in one array */
        char **resources;
        size_t n_resources;
};

typedef void serve_func(const struct ward_import *import, const void *services, const void *args, void *ret);

/* Puts @text where it will be freed. Without memory the whole fails in the end. */
static const char *owned(struct builder *b, char **place, char *text)
{
        if (!text)
                b->no_memory = true;
        return *place = text;
}

/* --- Resources -------------------------------------------------------------------------------- */

static size_t count_resources(const struct wit_item *items, size_t n)
{
        size_t count = 0;
        for (size_t i = 0; i < n; i++)
                count += items[i].interface ? items[i].interface->n_types : items[i].type ? 1 : 0;
        return count;
}

/* Of the host's own there is nothing but a number. */
static void destroy(const void *services, void *object)
{
        (void)services;
        (void)object;
}

/* Ward's own are pointers on both sides. */
static uint8_t shared_of(const struct wit_type *type)
{
        const struct wit_interface *interface = type->interface;
        if (!interface || interface->inline_of || strcmp(interface->package->ns, "ward") || strcmp(interface->name, "memory"))
                return WARD_SHARED_NOT;
        return strcmp(type->name, "buffer") ? WARD_SHARED_STREAM : WARD_SHARED_BUFFER;
}

static void add_resource(struct builder *b, struct dynamic *dynamic, enum side side, const struct wit_item *item,
                         const struct wit_type *type)
{
        if (type->kind != WIT_RESOURCE)
                return;
        struct dynamic_made *made = dynamic->made;
        uint32_t index = dynamic->contract.n_resources++;
        struct ward_resource *resource = arena_take(b->arena, sizeof *resource);
        resource->name = owned(b, &made->resources[made->n_resources++], wit_item_resource_id(item, type));
        resource->index = index;
        resource->by_addin = side == SIDE_EXPORT;
        resource->shared = side == SIDE_IMPORT ? shared_of(type) : WARD_SHARED_NOT;
        struct ward_contract_resource *row = (struct ward_contract_resource *)&dynamic->contract.resources[index];
        *row = (struct ward_contract_resource){ resource, side == SIDE_IMPORT ? destroy : NULL };
        b->resources[side][type->index] = resource;
}

static void add_resources(struct builder *b, struct dynamic *dynamic, enum side side, const struct wit_item *items, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                if (items[i].type)
                        add_resource(b, dynamic, side, &items[i], items[i].type);
                for (size_t k = 0; items[i].interface && k < items[i].interface->n_types; k++)
                        add_resource(b, dynamic, side, &items[i], items[i].interface->types[k]);
        }
}

static void build_resources(struct builder *b, struct dynamic *dynamic)
{
        const struct wit_world *world = dynamic->world;
        size_t n = count_resources(world->imports, world->n_imports) + count_resources(world->exports, world->n_exports);
        dynamic->contract.resources = arena_take(b->arena, (n + 1) * sizeof(struct ward_contract_resource));
        dynamic->made->resources = arena_take(b->arena, (n + 1) * sizeof(char *));
        add_resources(b, dynamic, SIDE_IMPORT, world->imports, world->n_imports);
        add_resources(b, dynamic, SIDE_EXPORT, world->exports, world->n_exports);
}

/* --- Functions -------------------------------------------------------------------------------- */

static size_t count_funcs(const struct wit_item *items, size_t n)
{
        size_t count = 0;
        for (size_t i = 0; i < n; i++)
                count += items[i].func ? 1 : items[i].interface ? items[i].interface->n_funcs : 0;
        return count;
}

static void add_func(struct builder *b, struct dynamic *dynamic, enum side side, const struct wit_item *item,
                     const struct wit_func *wit)
{
        struct dynamic_func *made = &dynamic->exports[dynamic->made->n_funcs++];
        made->item = item;
        made->wit = wit;
        made->func.name = owned(b, &made->texts[0], wit_item_func_id(item, wit));
        made->func.signature = owned(b, &made->texts[1], wit_signature(wit));
        made->func.core = owned(b, &made->texts[2], wit_core(wit, side == SIDE_IMPORT));
        made->func.params = &describe_params(b, side, wit)->type;
        made->func.result = wit->result ? &describe(b, side, wit->result)->type : NULL;
}

static void add_funcs(struct builder *b, struct dynamic *dynamic, enum side side, const struct wit_item *items, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                if (items[i].func)
                        add_func(b, dynamic, side, &items[i], items[i].func);
                for (size_t k = 0; items[i].interface && k < items[i].interface->n_funcs; k++)
                        add_func(b, dynamic, side, &items[i], items[i].interface->funcs[k]);
        }
}

static bool is_wards(const struct wit_interface *interface)
{
        return interface && !interface->inline_of && !strcmp(interface->package->ns, "ward");
}

static void build_funcs(struct builder *b, struct dynamic *dynamic, serve_func *serve)
{
        const struct wit_world *world = dynamic->world;
        size_t n_exports = count_funcs(world->exports, world->n_exports), n_imports = count_funcs(world->imports, world->n_imports);
        dynamic->exports = arena_take(b->arena, (n_exports + n_imports + 1) * sizeof *dynamic->exports);
        dynamic->imports = dynamic->exports + n_exports;
        add_funcs(b, dynamic, SIDE_EXPORT, world->exports, world->n_exports);
        add_funcs(b, dynamic, SIDE_IMPORT, world->imports, world->n_imports);
        const struct ward_func **exports = arena_take(b->arena, (n_exports + 1) * sizeof *exports);
        struct ward_import *imports = arena_take(b->arena, (n_imports + 1) * sizeof *imports);
        for (size_t i = 0; i < n_exports; i++)
                exports[i] = &dynamic->exports[i].func;
        for (size_t i = 0; i < n_imports; i++)
                imports[i] = (struct ward_import){ &dynamic->imports[i].func,
                                                   is_wards(dynamic->imports[i].item->interface) ? NULL : serve };
        dynamic->contract.exports = exports;
        dynamic->contract.n_exports = (uint32_t)n_exports;
        dynamic->contract.imports = imports;
        dynamic->contract.n_imports = (uint32_t)n_imports;
}

/* --- The whole -------------------------------------------------------------------------------- */

static void mark_exported(struct builder *b, const struct wit_world *world)
{
        b->exported = arena_take(b->arena, (b->contract->n_interfaces + 1) * sizeof *b->exported);
        for (size_t i = 0; i < world->n_exports; i++)
                if (world->exports[i].interface)
                        b->exported[world->exports[i].interface->index] = true;
}

static void build(struct builder *b, struct dynamic *dynamic, serve_func *serve)
{
        size_t n_types = b->contract->n_types;
        for (int side = 0; side < SIDES; side++) {
                b->types[side] = arena_take(b->arena, (n_types + WIT_ERROR_CONTEXT + 1) * sizeof(struct described *));
                b->resources[side] = arena_take(b->arena, (n_types + 1) * sizeof(struct ward_resource *));
        }
        mark_exported(b, dynamic->world);
        build_resources(b, dynamic);
        build_funcs(b, dynamic, serve);
}

/* False without memory. */
static bool build_guarded(struct builder *b, struct dynamic *dynamic, serve_func *serve)
{
        jmp_buf out;
        if (setjmp(out))
                return false;
        dynamic->made->arena = b->arena = arena_new(&out, memory_max);
        if (!b->arena)
                return false;
        build(b, dynamic, serve);
        return true;
}

static int fill(struct dynamic *dynamic, const struct contract *contract, serve_func *serve, struct ward_fault *fault)
{
        struct builder b = { .contract = contract };
        OWNED(freep) char *unbound = wit_unbound(dynamic->world);
        char *name = wit_world_id(dynamic->world);
        dynamic->contract.name = name;
        if (unbound)
                return fault_set(fault, WARD_FAULT_CONTRACT, "%s", unbound);
        if (!name || !build_guarded(&b, dynamic, serve) || b.no_memory)
                return fault_set(fault, WARD_FAULT_SYSTEM, "contract %s is too large for the memory there is",
                                 dynamic->world->name);
        if (b.failed)
                return fault_set(fault, WARD_FAULT_CONTRACT, "contract %s %s, which cannot be bound", name, b.failed);
        return 0;
}

int dynamic_new(const struct contract *contract, const struct wit_world *world,
                void (*serve)(const struct ward_import *import, const void *services, const void *args, void *ret),
                struct dynamic **ret_dynamic, struct ward_fault *fault)
{
        OWNED(dynamic_freep) struct dynamic *dynamic = calloc(1, sizeof *dynamic);
        if (dynamic)
                dynamic->made = calloc(1, sizeof *dynamic->made);
        if (!dynamic || !dynamic->made)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot describe a contract");
        dynamic->world = world;
        int r = fill(dynamic, contract, serve, fault);
        if (!r)
                *ret_dynamic = STEAL(dynamic);
        return r;
}

static void made_free(struct dynamic *dynamic)
{
        struct dynamic_made *made = dynamic->made;
        for (size_t i = 0; i < made->n_funcs; i++)
                for (size_t k = 0; k < COUNT_OF(dynamic->exports->texts); k++)
                        free(dynamic->exports[i].texts[k]);
        for (size_t i = 0; i < made->n_resources; i++)
                free(made->resources[i]);
        arena_free(made->arena);
        free(made);
}

struct dynamic *dynamic_free(struct dynamic *dynamic)
{
        if (!dynamic)
                return NULL;
        if (dynamic->made)
                made_free(dynamic);
        free((char *)dynamic->contract.name);
        free(dynamic);
        return NULL;
}

const struct dynamic_func *dynamic_import(const struct dynamic *dynamic, const struct ward_import *import)
{
        return &dynamic->imports[import - dynamic->contract.imports];
}

void dynamic_default(const struct ward_type *type, uint64_t *objects, void *to)
{
        uint64_t number;
        if (!(type->flags & WARD_TYPE_HANDLES))
                return;
        switch (type->kind) {
        case WARD_TYPE_OWN:
        case WARD_TYPE_BORROW:
                number = type->resource->shared ? 0 : ++*objects; /* nothing stands for a buffer: none is passed */
                memcpy(to, &number, type->size);
                break;
        case WARD_TYPE_RECORD:
                for (uint32_t i = 0; i < type->n; i++)
                        dynamic_default(type->fields[i].type, objects, (char *)to + type->fields[i].at);
                break;
        case WARD_TYPE_ARRAY:
                for (uint32_t i = 0; i < type->n; i++)
                        dynamic_default(type->fields[0].type, objects, (char *)to + (size_t)i * type->fields[0].type->size);
                break;
        case WARD_TYPE_VARIANT:
                if (type->fields && type->fields[0].type)
                        dynamic_default(type->fields[0].type, objects, (char *)to + type->fields[0].at);
                break;
        default:
                break;
        }
}
