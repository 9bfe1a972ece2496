#include "domain/wasm_pool.h"

#include <errno.h>
#include <stdlib.h>
#include "base/fault.h"
#include "domain/enter.h"
#include "domain/places.h"
#include "domain/wasm_load.h"
#include "domain/wasm_loaded.h"
#include "domain/wasm_memory.h"
#include "domain/wasm_signals.h"

/* An add-in. What its instances are made of is kept, for most are made later. */
struct pooled {
        struct wasm_binding *binding;
        enum marshal_encoding encoding;
        struct ward_activate_options options; /* later nothing is used of what they point at */
        struct wasi_grants *grants;
        uint32_t n;
        struct loaded *at[]; /* by place; NULL: not made yet. Its place's thread's, but for the first while the add-in is loaded */
};

static struct pooled *pooled_free(struct pooled *pooled)
{
        if (pooled) {
                wasm_binding_unref(pooled->binding);
                wasi_grants_unref(pooled->grants);
                free(pooled);
        }
        return NULL;
}

static int pooled_new(const struct instance *instance, const struct ward_activate_options *options, struct pooled **ret_pooled,
                      struct ward_fault *fault)
{
        uint32_t n = instance->domain->places->n;
        struct pooled *pooled = calloc(1, sizeof *pooled + n * sizeof *pooled->at);
        if (!pooled)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot activate module '%s'", instance->module);
        int r = loaded_grants(instance->domain, options, &pooled->grants, fault);
        if (r) {
                pooled_free(pooled);
                return r;
        }
        pooled->n = n;
        pooled->options = *options;
        *ret_pooled = pooled;
        return 0;
}

static int make(struct pooled *pooled, struct instance *instance, uint32_t place, uint64_t deadline, struct ward_fault *fault)
{
        const struct loaded_source source = { pooled->binding, pooled->encoding, &pooled->options, pooled->grants };
        int r = loaded_new(instance, &source, &pooled->at[place], fault);
        if (!r)
                r = loaded_start(pooled->at[place], deadline, fault);
        if (r)
                pooled->at[place] = loaded_free(pooled->at[place]);
        return r;
}

/* --- Life ------------------------------------------------------------------------------------- */

/* Objects of the add-in's own would be in one of its instances, and be asked for in another. */
static int check_resources(const struct instance *instance, struct ward_fault *fault)
{
        const struct ward_contract *contract = instance->contract;
        for (uint32_t i = 0; i < contract->n_resources; i++)
                if (contract->resources[i].resource->by_addin)
                        return fault_set(fault, WARD_FAULT_CONTRACT,
                                         "add-in '%s' implements resource '%s' of contract %s, whose objects live in one instance: "
                                         "it cannot be in domain '%s', where it has %u",
                                         instance->name, contract->resources[i].resource->name, contract->name,
                                         instance->domain->name, instance->domain->places->n);
        return 0;
}

/* The first instance is made at once, in a place that nobody else can be in yet: so what does not start is refused. */
static int load(struct pooled *pooled, struct instance *instance, uint64_t deadline, struct ward_fault *fault)
{
        int r = references_new(instance, REFERENCES_KEPT_HERE, loaded_destroy, &instance->references, fault);
        if (r)
                return r;
        wasm_memory_choose(instance->domain);
        do {
                pooled->binding = wasm_binding_unref(pooled->binding);
                r = wasm_load_binding(instance, pooled->options.image, &deadline, &pooled->binding, &pooled->encoding, fault);
                if (!r)
                        r = make(pooled, instance, 0, deadline, fault);
        } while (wasm_memory_choose_again(instance->domain, r));
        domains_tell_signals(instance->domain->domains);
        return r == WASM_INSTANCE_NO_ROOM ? -WARD_FAULT_SYSTEM : r;
}

int pooled_load(struct instance *instance, const struct ward_activate_options *options, uint64_t deadline, struct ward_fault *fault)
{
        struct pooled *pooled = NULL;
        int r = check_resources(instance, fault);
        if (!r)
                r = pooled_new(instance, options, &pooled, fault);
        if (!r)
                r = load(pooled, instance, deadline, fault);
        if (r)
                pooled_free(pooled);
        else
                instance->held = pooled;
        return r;
}

void pooled_release(struct instance *instance)
{
        struct pooled *pooled = instance->held;
        for (uint32_t i = 0; i < pooled->n; i++)
                loaded_free(pooled->at[i]);
        instance->held = pooled_free(pooled);
}

/* --- Calls ------------------------------------------------------------------------------------ */

int pooled_visit(struct ward_domain *domain, uint32_t ms, struct visit **ret_visit, struct ward_fault *fault)
{
        struct place *place;
        int r = places_enter(domain, ms, &place, fault);
        if (!r)
                *ret_visit = &place->visit;
        return r;
}

struct visit *pooled_here(struct ward_domain *domain)
{
        struct place *place = places_here(domain->places);
        return place ? &place->visit : NULL;
}

bool pooled_is_busy(struct ward_domain *domain)
{
        return places_are_busy(domain->places);
}

/* What a module does wrong when it starts, it has done in the middle of a call. */
static int make_now(struct pooled *pooled, struct instance *instance, uint32_t place, struct ward_fault *fault)
{
        struct ward_fault own;
        uint32_t ms = atomic_load_explicit(&instance->deadline_ms, memory_order_relaxed);
        if (!fault)
                fault = &own;
        int r = make(pooled, instance, place, clock_deadline(ms), fault);
        if (r == WASM_INSTANCE_NO_ROOM)
                r = -WARD_FAULT_SYSTEM;
        if (r == -WARD_FAULT_SYSTEM || r == -WARD_FAULT_LIMIT) {
                places_forget(); /* there are instances in other places */
        } else if (r && r != -WARD_FAULT_UNLOADED) {
                fault_name(fault, instance->name, instance->domain->name, NULL);
                domain_fail(instance->domain, fault);
        }
        return r;
}

static int call_in(struct instance *instance, uint32_t place, uint32_t index, const void *args, void *ret, struct ward_fault *fault)
{
        struct pooled *pooled = instance->held;
        int r = pooled->at[place] ? 0 : make_now(pooled, instance, place, fault);
        return r ? r : loaded_call_in(pooled->at[place], index, args, ret, fault);
}

int pooled_call(struct instance *instance, uint32_t index, const void *args, void *ret, struct ward_fault *fault)
{
        return call_in(instance, places_here(instance->domain->places)->number, index, args, ret, fault);
}

/* What most calls find: the place that this thread had is free, and is its only one. */
int pooled_cross(struct instance *instance, uint32_t index, const void *args, void *ret, struct ward_fault *fault)
{
        struct ward_domain *domain = instance->domain;
        struct place *place = domain_is_running(domain) ? places_take_last(domain->places) : NULL;
        if (!place)
                return instance_enter_and_call(instance, index, args, ret, fault);
        int r = visit_begin(domain, &place->visit, fault);
        bool in = !r;
        if (in)
                r = call_in(instance, place->number, index, args, ret, fault);
        if (r)
                instance_name_fault(instance, index, fault);
        if (in)
                domain_leave_quickly(domain, &place->visit); /* may be the end of @instance */
        return r;
}
