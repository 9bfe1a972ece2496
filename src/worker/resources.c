/* What an add-in does with handles. A wrong one means that the add-in has lost track of what it holds, so it ends the worker, with
 * the reason as its last words. */
#include "memory/buffer.h"
#include "worker/worker.h"

int32_t module_resource_new(void *context, uint32_t resource, void *object)
{
        struct module *module = context;
        struct ward_fault fault;
        int32_t handle = 0;
        if (reps_add(module->reps, resource, object, &handle, &fault))
                worker_die(module->worker, fault.kind, "making an object: %s", fault.text);
        return handle;
}

void *module_resource_rep(void *context, uint32_t resource, int32_t handle)
{
        struct module *module = context;
        struct ward_fault fault;
        void *object = NULL;
        if (reps_object(module->reps, resource, handle, &object, &fault))
                worker_die(module->worker, fault.kind, "looking for an object: %s", fault.text);
        return object;
}

static void drop_hosts(struct module *module, uint32_t resource, int32_t handle)
{
        const uint64_t slot = (uint32_t)handle;
        struct server *server = module_may_ask(module, "dropping a", module->image.addin->resources[resource].resource->name);
        module_ask(server, module, module->n_imports + module->wanted[resource], &slot, 1);
}

void module_resource_drop(void *context, uint32_t resource, int32_t handle)
{
        struct module *module = context;
        const struct ward_addin *addin = module->image.addin;
        struct ward_fault fault;
        if (resource < addin->n_resources && !addin->resources[resource].resource->by_addin)
                drop_hosts(module, resource, handle);
        else if (reps_drop(module->reps, resource, handle, &fault))
                worker_die(module->worker, fault.kind, "dropping a handle: %s", fault.text);
}

static void drop_own(void *context, const struct ward_type *type, const void *value)
{
        int32_t handle;
        void *object;
        if (type->resource->shared) {
                memcpy(&object, value, sizeof object);
                memory_release(type->resource->shared, object);
                return;
        }
        memcpy(&handle, value, sizeof handle);
        module_resource_drop(context, type->resource->index, handle);
}

void module_drop_value(struct module *module, const struct ward_type *type, const void *value)
{
        marshal_each_own(type, value, drop_own, module);
}
