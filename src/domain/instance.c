#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/fault.h"
#include "base/own.h"
#include "domain/denied.h"
#include "domain/enter.h"
#include "domain/executor.h"
#include "domain/pending.h"
#include "domain/references.h"
#include "domain/state.h"
#include "domain/tokens.h"
#include "domain/trace.h"
#include "domain/usage.h"

/* "lib/libbasic.so" is called basic. */
static void name_from_module(const char *module, char name[WARD_FAULT_NAME_MAX])
{
        const char *slash = strrchr(module, '/');
        const char *base = slash ? slash + 1 : module;
        if (!strncmp(base, "lib", 3) && base[3])
                base += 3;
        const char *dot = strchr(base, '.');
        text_escape(name, WARD_FAULT_NAME_MAX, base, dot && dot > base ? (size_t)(dot - base) : strlen(base), false);
}

void instance_choose_name(const char *module, const struct ward_activate_options *options, char ret_name[WARD_FAULT_NAME_MAX])
{
        if (options->name)
                text_escape(ret_name, WARD_FAULT_NAME_MAX, options->name, strlen(options->name), false);
        else
                name_from_module(module, ret_name);
}

static struct instance *instance_make(struct ward_domain *domain, struct instance_source *source,
                                      const struct ward_activate_options *options, const struct ward_contract *contract,
                                      const void *services)
{
        struct instance *instance = own_zeroed(sizeof *instance);
        if (!instance)
                return NULL;
        instance->module = strdup(source->path);
        if (!instance->module) {
                free(instance);
                return NULL;
        }
        instance->image = source->image;
        instance->libraries = source->libraries;
        source->libraries = (struct needed){ 0 };
        instance_choose_name(source->path, options, instance->name);
        instance->domain = domain_ref(domain);
        instance->tokens = tokens_ref(domain->domains->tokens);
        instance->tracer = tracer_ref(domain->domains->tracer);
        atomic_store(&instance->holders, 1);
        instance->contract = contract;
        instance->services = services;
        atomic_store(&instance->deadline_ms, options->deadline_ms);
        list_init(&instance->link);
        list_init(&instance->objects);
        return instance;
}

/* The references go behind the module, whose own end may still drop some. */
static void instance_destroy(struct instance *instance)
{
        references_finish(instance->references);
        needed_finish(&instance->libraries);
        denied_free(instance->denied);
        tokens_unref(instance->tokens);
        tracer_unref(instance->tracer);
        map_finish(&instance->numbers);
        domain_unref(instance->domain);
        free(instance->module);
        free(instance);
}

static uint32_t remaining_ms(uint64_t deadline)
{
        uint64_t now = clock_now();
        if (deadline == CLOCK_NEVER)
                return 0;
        return deadline <= now ? 1 : (uint32_t)((deadline - now) / 1000000) + 1;
}

static void list_instance(struct ward_domain *domain, struct instance *instance)
{
        pthread_mutex_lock(&domain->list_lock);
        list_append(&domain->instances, &instance->link);
        domain->n_instances++;
        pthread_mutex_unlock(&domain->list_lock);
}

struct loading {
        struct instance *instance;
        const struct ward_activate_options *options;
        uint64_t deadline;
        struct ward_fault *fault;
        int status;
};

static void load(void *data)
{
        struct loading *loading = data;
        struct ward_domain *domain = loading->instance->domain;
        loading->status = domain_enter_to_load(domain, remaining_ms(loading->deadline), loading->fault);
        if (loading->status)
                return;
        loading->status = domain_check_addins(domain, loading->instance->module, loading->fault);
        if (!loading->status)
                loading->status = traced_load(loading->instance, loading->options, loading->deadline, loading->fault);
        if (!loading->status)
                list_instance(domain, loading->instance);
        domain_leave(domain, &domain->visit);
}

int instance_new(struct ward_domain *domain, struct instance_source *source, const struct ward_activate_options *options,
                 uint64_t deadline, const struct ward_contract *contract, const void *services, struct instance **ret_instance,
                 struct ward_fault *fault)
{
        struct instance *instance = instance_make(domain, source, options, contract, services);
        if (!instance)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot activate module '%s'", source->path);
        struct loading loading = { instance, options, deadline, fault, 0 };
        int r = denied_new((const char *const *)domain->denied_imports, options->denied_imports, contract, &instance->denied,
                           fault);
        if (!r && !executor_errand(domain, load, &loading))
                load(&loading);
        r = r ? r : loading.status;
        instance->image = (struct ward_span){ NULL, 0 };
        if (r) {
                fault_name(fault, instance->name, domain->name, NULL);
                instance_destroy(instance);
                return r;
        }
        *ret_instance = instance;
        return 0;
}

/* --- The end ---------------------------------------------------------------------------------- */

struct instance *instance_ref(struct instance *instance)
{
        atomic_fetch_add_explicit(&instance->holders, 1, memory_order_relaxed);
        return instance;
}

bool instance_try_ref(struct instance *instance)
{
        uint32_t holders = atomic_load_explicit(&instance->holders, memory_order_relaxed);
        while (holders && !atomic_compare_exchange_weak_explicit(&instance->holders, &holders, holders + 1, memory_order_relaxed,
                                                                 memory_order_relaxed))
                continue;
        return holders;
}

/* Off the domain's list, in the turn. */
static void end(struct instance *instance)
{
        struct ward_domain *domain = instance->domain;
        pthread_mutex_lock(&domain->list_lock);
        instance->last = !--domain->n_instances && domain->made;
        pthread_mutex_unlock(&domain->list_lock);
        traced_release(instance);
}

void instances_end(struct ward_domain *domain, struct visit *visit, struct list *ended)
{
        turn_take(&domain->turn, CLOCK_NEVER);
        while (!list_is_empty(&visit->unheld)) {
                struct instance *instance = CONTAINER_OF(visit->unheld.next, struct instance, link);
                list_remove(&instance->link);
                end(instance);
                list_append(ended, &instance->link);
                if (instance->last)
                        domain_state_unload(domain->state);
        }
        turn_give(&domain->turn);
}

void instances_free(struct list *ended)
{
        while (!list_is_empty(ended)) {
                struct instance *instance = CONTAINER_OF(ended->next, struct instance, link);
                list_remove(&instance->link);
                instance_destroy(instance);
        }
}

void instances_shut(struct ward_domain *domain)
{
        pthread_mutex_lock(&domain->list_lock);
        for (struct list *link = domain->instances.next; link != &domain->instances; link = link->next)
                __atomic_store_n(&CONTAINER_OF(link, struct instance, link)->head.gates, NULL, __ATOMIC_RELAXED);
        pthread_mutex_unlock(&domain->list_lock);
}

/* In a forked child the turn and the locks are another process's: what is left to do there is freeing memory. */
static void end_forked(struct instance *instance)
{
        struct ward_domain *domain = instance->domain;
        list_remove(&instance->link);
        instance->last = !--domain->n_instances && domain->made;
        domain->kind->release(instance);
        if (instance->last)
                domain_unload(domain, NULL);
        instance_destroy(instance);
}

static void unlist_instance(struct ward_domain *domain, struct instance *instance)
{
        pthread_mutex_lock(&domain->list_lock);
        list_remove(&instance->link);
        pthread_mutex_unlock(&domain->list_lock);
}

/* Within a call of this thread's it goes when that is over. Else its end counts as a call: the add-in may call the host, whose
 * calls back may end the domain. */
static void end_unheld(void *data)
{
        struct instance *instance = data;
        struct ward_domain *domain = instance->domain;
        struct visit *visit = domain_visit(domain);
        unlist_instance(domain, instance);
        if (visit) {
                list_append(&visit->unheld, &instance->link);
                return;
        }
        domain_enter_to_end(domain);
        list_append(&domain->visit.unheld, &instance->link);
        if (visit_depth(&domain->visit) > 1)
                turn_share(&domain->turn); /* gates do not look at the list */
        domain_leave(domain, &domain->visit);
}

struct instance *instance_unref(struct instance *instance)
{
        if (!instance || atomic_fetch_sub_explicit(&instance->holders, 1, memory_order_acq_rel) != 1)
                return NULL;
        struct ward_domain *domain = instance->domain;
        if (!domain_is_here(domain)) {
                end_forked(instance);
                return NULL;
        }
        if (!executor_errand(domain, end_unheld, instance))
                end_unheld(instance);
        return NULL;
}

/* --- Calls ------------------------------------------------------------------------------------ */

void instance_name_fault(const struct instance *instance, uint32_t export_index, struct ward_fault *fault)
{
        fault_name(fault, instance->name, instance->domain->name, instance->contract->exports[export_index]->name);
}

int instance_enter_and_call(struct instance *instance, uint32_t export_index, const void *args, void *ret, struct ward_fault *fault)
{
        struct ward_domain *domain = instance->domain;
        struct visit *visit;
        int r = domain_enter_quickly(domain, atomic_load_explicit(&instance->deadline_ms, memory_order_relaxed), &visit, fault);
        if (r) {
                instance_name_fault(instance, export_index, fault);
                return r;
        }
        r = domain->kind->call(instance, export_index, args, ret, fault);
        if (r)
                instance_name_fault(instance, export_index, fault);
        domain_leave_quickly(domain, visit); /* may be the end of @instance */
        return r;
}

/* On a domain that calls were begun in. */
static __attribute__((noinline)) int cross_pending(struct instance *instance, uint32_t export_index, const void *args, void *ret,
                                                   struct ward_fault *fault)
{
        int r;
        if (pending_call(instance, export_index, args, ret, fault, &r))
                return r;
        return instance_enter_and_call(instance, export_index, args, ret, fault);
}

static __attribute__((noinline)) int no_export(const struct instance *instance, uint32_t export_index, struct ward_fault *fault)
{
        return fault_set(fault, WARD_FAULT_USAGE, "contract %s has no export %u", instance->contract->name, export_index);
}

/* Nothing but the choice of who does it. */
int instance_cross(struct instance *instance, uint32_t export_index, const void *args, void *ret, struct ward_fault *fault)
{
        const struct ward_domain *domain = instance->domain;
        const struct kind *kind = domain->kind;
        if (export_index >= instance->contract->n_exports)
                return no_export(instance, export_index, fault);
        if (kind->unlocked)
                return kind->call(instance, export_index, args, ret, fault);
        if (atomic_load_explicit(&domain->executor, memory_order_relaxed))
                return cross_pending(instance, export_index, args, ret, fault);
        return (kind->cross ? kind->cross : instance_enter_and_call)(instance, export_index, args, ret, fault);
}
