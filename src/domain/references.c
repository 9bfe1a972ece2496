#include "domain/references.h"

#include <errno.h>
#include <stdlib.h>
#include "base/fault.h"
#include "domain/executor.h"
#include "domain/kind.h"
#include "domain/references_parts.h"
#include "domain/shares.h"
#include "memory/buffer.h"

/* Of the buffers that an add-in makes the host hold. */
static uint64_t limit_of(const struct ward_domain *domain)
{
        const uint64_t otherwise = (uint64_t)4 << 30;
        return domain->limits.memory_bytes ? domain->limits.memory_bytes : otherwise;
}

int references_new(struct instance *instance, enum references_keeper keeper, references_destroy destroy,
                   struct references **ret_references, struct ward_fault *fault)
{
        if (!instance->contract->n_resources) {
                *ret_references = NULL;
                return 0;
        }
        struct references *references = calloc(1, sizeof *references);
        if (!references)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "no memory for the references of add-in '%s'",
                                       instance->name);
        references->charge = charge_new(limit_of(instance->domain));
        if (!references->charge) {
                free(references);
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "no memory for the references of add-in '%s'",
                                       instance->name);
        }
        references->instance = instance;
        references->keeper = keeper;
        references->destroy = destroy;
        references->shared = instance->domain->kind->unlocked || instance->domain->kind->visit;
        pthread_mutex_init(&references->lock, NULL);
        *ret_references = references;
        return 0;
}

/* --- The table -------------------------------------------------------------------------------- */

const struct ward_contract_resource *references_resource(const struct references *references, uint32_t resource)
{
        const struct ward_contract *contract = references->instance->contract;
        return resource < contract->n_resources ? &contract->resources[resource] : NULL;
}

const char *references_name(const struct references *references, uint32_t resource)
{
        const struct ward_contract_resource *found = references_resource(references, resource);
        return found ? found->resource->name : "?";
}

bool references_keeps(const struct references *references, uint32_t resource)
{
        const struct ward_contract_resource *found = references_resource(references, resource);
        return found && (!found->resource->by_addin || references->keeper == REFERENCES_KEPT_HERE);
}

void references_lock(struct references *references)
{
        if (references->shared)
                pthread_mutex_lock(&references->lock);
}

void references_unlock(struct references *references)
{
        if (references->shared)
                pthread_mutex_unlock(&references->lock);
}

int references_add(struct references *references, struct handle handle, uint32_t *ret_handle, struct ward_fault *fault)
{
        references_lock(references);
        int r = handles_add(&references->handles, handle, ret_handle);
        references_unlock(references);
        if (r == -ENOSPC)
                return fault_set(fault, WARD_FAULT_LIMIT, "add-in '%s' has %d handles, which is the most that it may have",
                                 references->instance->name, HANDLES_MAX);
        return r ? fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "no memory for a handle") : 0;
}

int references_find(const struct references *references, uint32_t resource, uint32_t handle, struct handle **ret_handle,
                    struct ward_fault *fault)
{
        struct handle *found = handles_find(&references->handles, handle);
        if (!found)
                return fault_set(fault, WARD_FAULT_PROTOCOL, "%u is no handle of '%s'", handle,
                                 references_name(references, resource));
        if (found->resource != resource)
                return fault_set(fault, WARD_FAULT_PROTOCOL, "handle %u is one of '%s', not of '%s'", handle,
                                 references_name(references, found->resource), references_name(references, resource));
        *ret_handle = found;
        return 0;
}

static int check_take(const struct references *references, const struct handle *found, uint32_t handle, bool given,
                      struct ward_fault *fault)
{
        const char *name = references_name(references, found->resource);
        if (given && found->kind != HANDLE_OWN)
                return fault_set(fault, WARD_FAULT_PROTOCOL, "handle %u of '%s' is borrowed: it cannot be given away", handle,
                                 name);
        if (found->lends)
                return fault_set(fault, WARD_FAULT_PROTOCOL, "handle %u of '%s' is lent to a call that is not over", handle, name);
        return 0;
}

int references_take(struct references *references, uint32_t resource, uint32_t handle, bool given, struct handle *ret_taken,
                    struct ward_fault *fault)
{
        struct handle *found = NULL;
        references_lock(references);
        int r = references_find(references, resource, handle, &found, fault);
        if (!r)
                r = check_take(references, found, handle, given, fault);
        if (!r) {
                *ret_taken = *found;
                handles_remove(&references->handles, handle);
        }
        references_unlock(references);
        return r;
}

struct ending {
        const struct ward_contract_resource *resource;
        const void *services;
        void *object;
};

static void destroy_hosts(void *data)
{
        const struct ending *ending = data;
        ending->resource->destroy(ending->services, ending->object);
}

void references_destroy_hosts(const struct references *references, uint32_t resource, void *object)
{
        const struct ward_contract_resource *found = references_resource(references, resource);
        struct ending ending = { found, references->instance->services, object };
        if (found && found->resource->shared)
                memory_release(found->resource->shared, object);
        else if (found && found->destroy)
                executor_host(destroy_hosts, &ending, true);
}

int references_destroy_object(struct references *references, uint32_t resource, uint32_t object, struct ward_fault *fault)
{
        return references->destroy(references->instance, resource, object, fault);
}

/* --- What add-ins ask for --------------------------------------------------------------------- */

static int check_own(const struct references *references, uint32_t resource, struct ward_fault *fault)
{
        const struct ward_contract_resource *found = references_resource(references, resource);
        if (found && found->resource->by_addin && references_keeps(references, resource))
                return 0;
        return fault_set(fault, WARD_FAULT_PROTOCOL, "resource %u is none that Ward keeps for the add-in", resource);
}

int references_new_handle(struct references *references, uint32_t resource, uint32_t rep, uint32_t *ret_handle,
                          struct ward_fault *fault)
{
        int r = check_own(references, resource, fault);
        if (r)
                return r;
        return references_add(references, (struct handle){ .rep = rep, .resource = resource, .kind = HANDLE_OWN }, ret_handle,
                              fault);
}

int references_rep(struct references *references, uint32_t resource, uint32_t handle, uint32_t *ret_rep, struct ward_fault *fault)
{
        struct handle *found = NULL;
        int r = check_own(references, resource, fault);
        if (r)
                return r;
        references_lock(references);
        r = references_find(references, resource, handle, &found, fault);
        if (!r)
                *ret_rep = (uint32_t)found->rep;
        references_unlock(references);
        return r;
}

int references_drop(struct references *references, uint32_t resource, uint32_t handle, struct ward_fault *fault)
{
        struct handle taken;
        if (!references_keeps(references, resource))
                return fault_set(fault, WARD_FAULT_PROTOCOL, "resource %u is none that Ward keeps for the add-in", resource);
        int r = references_take(references, resource, handle, false, &taken, fault);
        if (r || taken.kind != HANDLE_OWN)
                return r;
        if (references_resource(references, resource)->resource->by_addin)
                return references_destroy_object(references, resource, (uint32_t)taken.rep, fault);
        references_destroy_hosts(references, resource, taken.object);
        return 0;
}

/* --- The end ---------------------------------------------------------------------------------- */

static bool is_hosts(const struct references *references, const struct handle *handle)
{
        return handle->kind == HANDLE_OWN && !references->instance->contract->resources[handle->resource].resource->by_addin;
}

/* Now the lock is needed at every kind: this is done without the turn, by whoever comes. */
static bool take_next(struct references *references, uint32_t *index, struct handle *ret_taken)
{
        bool found = false;
        pthread_mutex_lock(&references->lock);
        while (!found && *index < references->handles.used) {
                struct handle *handle = handles_find(&references->handles, *index);
                if (handle && is_hosts(references, handle)) {
                        *ret_taken = *handle;
                        handles_remove(&references->handles, *index);
                        found = true;
                }
                ++*index;
        }
        if (!found)
                handles_finish(&references->handles);
        pthread_mutex_unlock(&references->lock);
        return found;
}

/* In a forked child the objects are the parent's to destroy. */
static bool is_ours(const struct references *references)
{
        return references && domain_is_here(references->instance->domain);
}

bool references_hold(struct references *references)
{
        if (!is_ours(references))
                return false;
        pthread_mutex_lock(&references->lock);
        bool any = references->handles.n_own;
        pthread_mutex_unlock(&references->lock);
        return any;
}

void references_clear(struct references *references)
{
        struct handle taken;
        uint32_t index = 1;
        while (is_ours(references) && take_next(references, &index, &taken))
                references_destroy_hosts(references, taken.resource, taken.object);
}

struct references *references_finish(struct references *references)
{
        if (references) {
                references_clear(references);
                handles_finish(&references->handles);
                pthread_mutex_destroy(&references->lock);
                charge_unref(references->charge);
                shares_unref(references->shares);
                free(references);
        }
        return NULL;
}
