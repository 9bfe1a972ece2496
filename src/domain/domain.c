#include "domain/domain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/fault.h"
#include "base/own.h"
#include "domain/data.h"
#include "domain/deadline.h"
#include "domain/kind.h"
#include "domain/objects.h"
#include "domain/references.h"
#include "domain/state.h"
#include "policy/level.h"

enum { UNLOAD_MS = 1000 }; /* for the destructors of an orderly unload */

static const struct kind *const kinds[] = {
        [WARD_DIRECT] = &kind_direct,
        [WARD_WASM] = &kind_wasm,
        [WARD_PROCESS] = &kind_process,
};

static void domain_set_name(struct ward_domain *domain, const char *name)
{
        text_escape(domain->name, sizeof domain->name, name, strlen(name), false);
}

static int domain_make(struct domains *domains, const struct kind *kind, bool wiped, struct ward_domain **ret_domain,
                       struct ward_fault *fault)
{
        struct ward_domain *domain = calloc(1, sizeof *domain);
        if (!domain)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot make a domain");
        domain->state = domain_state_new(wiped, fault);
        domain->data = data_new();
        if (!domain->state || !domain->data) {
                domain_state_free(domain->state);
                data_free(domain->data);
                free(domain);
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot make a domain");
        }
        domain->kind = kind;
        domain->domains = domains;
        atomic_store(&domain->references, 1);
        list_init(&domain->link);
        list_init(&domain->instances);
        list_init(&domain->unheld);
        pthread_mutex_init(&domain->info_lock, NULL);
        turn_prepare();
        *ret_domain = domain;
        return 0;
}

int domain_new_default(struct domains *domains, const char *name, struct ward_domain **ret_domain, struct ward_fault *fault)
{
        int r = domain_make(domains, &kind_direct, false, ret_domain, fault);
        if (r)
                return r;
        domain_set_name(*ret_domain, name);
        (*ret_domain)->level = WARD_LEVEL_HOST;
        atomic_store(&(*ret_domain)->state->state, WARD_DOMAIN_RUNNING);
        return 0;
}

/* The registry's reference keeps a running domain alive. */
static void domain_register(struct ward_domain *domain)
{
        domain_ref(domain);
        domains_enter(domain->domains);
        list_append(&domain->domains->list, &domain->link);
        domains_leave(domain->domains);
}

/* Names a domain that got no name from the host by its kind and a number. */
static void domain_choose_name(struct ward_domain *domain, const char *name)
{
        char made[WARD_FAULT_NAME_MAX];
        domains_enter(domain->domains);
        uint64_t number = ++domain->domains->next_number;
        domains_leave(domain->domains);
        snprintf(made, sizeof made, "%s-%llu", domain->kind->name, (unsigned long long)number);
        domain_set_name(domain, name ? name : made);
}

int domain_new(struct domains *domains, const struct ward_domain_options *options, bool made, const char *const *environment,
               uint64_t deadline, struct ward_domain **ret_domain, struct ward_fault *fault)
{
        if ((unsigned)options->isolation >= COUNT_OF(kinds) || !kinds[options->isolation]->start)
                return fault_set(fault, WARD_FAULT_USAGE, "no domain of kind %s can be made: choose wasm or process",
                                 ward_isolation_name(options->isolation));
        int r = level_check(options->isolation, options->level, fault);
        if (r)
                return r;
        struct ward_domain *domain;
        r = domain_make(domains, kinds[options->isolation], true, &domain, fault);
        if (r)
                return r;
        domain->level = level_effective(options->level);
        domain->limits = options->limits;
        domain->environment = environment;
        domain->made = made;
        domain_choose_name(domain, options->name);
        atomic_store(&domain->state->state, WARD_DOMAIN_RUNNING);
        r = domain->kind->start(domain, deadline, fault);
        domain->environment = NULL;
        if (r) {
                fault_name(fault, NULL, domain->name, NULL);
                domain_unref(domain);
                return r;
        }
        domain_register(domain);
        *ret_domain = domain;
        return 0;
}

struct ward_domain *domain_ref(struct ward_domain *domain)
{
        atomic_fetch_add_explicit(&domain->references, 1, memory_order_relaxed);
        return domain;
}

struct ward_domain *domain_unref(struct ward_domain *domain)
{
        if (!domain || atomic_fetch_sub_explicit(&domain->references, 1, memory_order_acq_rel) != 1)
                return NULL;
        domain_state_free(domain->state);
        data_free(domain->data);
        pthread_mutex_destroy(&domain->info_lock);
        free(domain->fault);
        free(domain);
        return NULL;
}

/* A child that was forked while another thread stopped @domain finds it listed still, and half freed. */
static bool is_stopped(const struct ward_domain *domain)
{
        return domain_is_here(domain) ? domain->stopped : list_is_empty(&domain->link);
}

/* Frees what the kind holds, once. With the turn taken, no call in flight and the state unloaded. What is half freed only leaves
 * the list, or ward_host_free would wait for it. */
static void domain_stop(struct ward_domain *domain)
{
        if (is_stopped(domain))
                return;
        if (!domain->stopped) {
                domain->stopped = true;
                domain->kind->stop(domain);
        }
        domains_enter(domain->domains);
        list_remove(&domain->link);
        domains_leave(domain->domains);
        domain_unref(domain);
}

/* The next add-in that still holds objects of the host's, with a reference. One that nobody holds any more sees to them itself. */
static struct instance *next_holder(struct ward_domain *domain)
{
        struct instance *found = NULL;
        turn_take(&domain->turn, CLOCK_NEVER);
        for (struct list *link = domain->instances.next; !found && link != &domain->instances; link = link->next) {
                struct instance *instance = CONTAINER_OF(link, struct instance, link);
                if (references_hold(instance->references) && instance_try_ref(instance))
                        found = instance;
        }
        turn_give(&domain->turn);
        return found;
}

/* What the add-ins of a stopped domain still held. */
static void clear_references(struct ward_domain *domain)
{
        for (struct instance *instance; (instance = next_holder(domain));) {
                references_clear(instance->references);
                instance_unref(instance);
        }
}

/* Gives the turn back when the last call has left. Whoever is called meanwhile comes in and out as if a call were in flight, and
 * may leave more to do. The host's objects are destroyed when the turn is given back: that may end objects in another domain, whose
 * own end may be waiting for this one. */
static void settle(struct ward_domain *domain)
{
        struct list ended;
        list_init(&ended);
        domain_ref(domain);
        do {
                domain->depth++;
                instances_end(domain, &ended);
                if (!domain_is_running(domain))
                        domain_stop(domain);
                domain->depth--;
        } while (!list_is_empty(&domain->unheld));
        bool stopped = domain->stopped;
        turn_give(&domain->turn);
        instances_free(&ended);
        if (stopped)
                clear_references(domain);
        domain_unref(domain);
}

/* One of the objects that the host holds. The host may be called, and change the list. */
static bool end_object(struct ward_domain *domain)
{
        for (struct list *link = domain->instances.next; link != &domain->instances; link = link->next)
                if (objects_end_one(CONTAINER_OF(link, struct instance, link)))
                        return true;
        return false;
}

/* In the turn, with no call in flight: what the host holds of the add-ins is destroyed while they are well. */
static void end_objects(struct ward_domain *domain)
{
        uint64_t outer = deadline_inherited, own = clock_deadline(UNLOAD_MS);
        deadline_inherited = own < outer ? own : outer;
        domain->depth++;
        while (domain_is_running(domain) && clock_now() < deadline_inherited && end_object(domain))
                ;
        domain->depth--;
        deadline_inherited = outer;
}

/* Reads as unloaded from here on. Where somebody is in the domain, that call is ended instead of being waited for. */
static void begin_unload(struct ward_domain *domain)
{
        bool alone = turn_take(&domain->turn, 0);
        if (alone && !domain->depth && domain_is_running(domain))
                end_objects(domain);
        domain_state_unload(domain->state);
        if (alone)
                turn_give(&domain->turn);
        if (domain->kind->interrupt)
                domain->kind->interrupt(domain);
}

int domain_unload(struct ward_domain *domain, struct ward_fault *fault)
{
        if (!domain->kind->stop)
                return fault_set(fault, WARD_FAULT_REFUSED, "domain '%s' is the host itself: it cannot be unloaded", domain->name);
        domain_ref(domain);
        if (domain_is_here(domain)) {
                begin_unload(domain);
                turn_take(&domain->turn, CLOCK_NEVER);
                if (domain->depth)
                        turn_give(&domain->turn);
                else
                        settle(domain);
        } else {
                domain_stop(domain);
        }
        domain_unref(domain);
        return 0;
}

void domain_end_objects(struct ward_domain *domain)
{
        turn_take(&domain->turn, CLOCK_NEVER);
        end_objects(domain);
        turn_give(&domain->turn);
}

/* --- Entering and leaving --------------------------------------------------------------------- */

/* Who waits within a call of another domain waits no longer than that call may last. */
static int await_turn(struct ward_domain *domain, uint32_t ms, struct ward_fault *fault)
{
        uint64_t own = clock_deadline(ms);
        if (turn_take(&domain->turn, own < deadline_inherited ? own : deadline_inherited))
                return 0;
        return fault_set(fault, WARD_FAULT_DEADLINE,
                         "domain '%s' was busy with other calls until the deadline; this call did not start", domain->name);
}

/* With the turn, which is given back if there is nothing to enter. */
static int begin(struct ward_domain *domain, struct ward_fault *fault)
{
        if (!domain_is_running(domain)) {
                turn_give(&domain->turn);
                return domain_unloaded_fault(domain, fault);
        }
        domain->depth++;
        return 0;
}

/* The clock is read only when somebody else is in the domain. */
int domain_enter(struct ward_domain *domain, uint32_t ms, struct ward_fault *fault)
{
        if (!domain_is_running(domain))
                return domain_unloaded_fault(domain, fault);
        int r = turn_enter(&domain->turn) ? 0 : await_turn(domain, ms, fault);
        return r ? r : begin(domain, fault);
}

int domain_enter_to_load(struct ward_domain *domain, uint32_t ms, struct ward_fault *fault)
{
        if (!domain_is_running(domain))
                return domain_unloaded_fault(domain, fault);
        int r = await_turn(domain, ms, fault);
        return r ? r : begin(domain, fault);
}

void domain_leave(struct ward_domain *domain)
{
        /* A call that a forked child returns from is the parent's: nothing of it is to be undone here. */
        if (!domain_is_here(domain))
                return;
        if (!--domain->depth && (!domain_is_running(domain) || !list_is_empty(&domain->unheld)))
                settle(domain);
        else
                turn_give(&domain->turn);
}
