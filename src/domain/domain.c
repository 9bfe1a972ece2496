#include "domain/domain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/barrier.h"
#include "base/fault.h"
#include "base/own.h"
#include "domain/data.h"
#include "domain/deadline.h"
#include "domain/denied.h"
#include "domain/enter.h"
#include "domain/places.h"
#include "domain/event.h"
#include "domain/executor.h"
#include "domain/grants.h"
#include "domain/kind.h"
#include "domain/libraries.h"
#include "domain/objects.h"
#include "domain/references.h"
#include "domain/state.h"
#include "domain/tokens.h"
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
        struct ward_domain *domain = own_zeroed(sizeof *domain);
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
        visit_init(&domain->visit);
        pthread_mutex_init(&domain->info_lock, NULL);
        pthread_mutex_init(&domain->list_lock, NULL);
        pthread_mutex_init(&domain->end_lock, NULL);
        pthread_cond_init(&domain->ended, NULL);
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
        uint64_t number = atomic_fetch_add(&domain->domains->next_number, 1) + 1;
        if (!name)
                snprintf(made, sizeof made, "%s-%llu", domain->kind->name, (unsigned long long)number);
        domain_set_name(domain, name ? name : made);
}

static int check_threading(const struct ward_domain_options *options, struct ward_fault *fault)
{
        const char *kind = ward_isolation_name(options->isolation);
        if (options->free_threaded && options->isolation != WARD_PROCESS)
                return fault_set(fault, WARD_FAULT_USAGE,
                                 "a domain of kind %s is synchronized or pooled: only process domains can be free-threaded", kind);
        if (options->instances > 1 && options->isolation != WARD_WASM)
                return fault_set(fault, WARD_FAULT_USAGE,
                                 "a domain of kind %s has one instance of each add-in: only wasm domains can be pooled", kind);
        if (options->instances > PLACES_MAX)
                return fault_set(fault, WARD_FAULT_USAGE, "a domain has at most %d instances of an add-in, not %u", PLACES_MAX,
                                 options->instances);
        return 0;
}

static const struct kind *kind_of(const struct ward_domain_options *options)
{
        return options->instances > 1 ? &kind_wasm_pooled : kinds[options->isolation];
}

/* Before anybody can be in it; they stay until it is freed, for who waits may be the last to leave it. */
static int make_places(struct ward_domain *domain, uint32_t n, struct ward_fault *fault)
{
        if (n <= 1)
                return 0;
        domain->places = places_new(n);
        return domain->places ? 0 : fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot make a domain of %u instances", n);
}

static int check_options(const struct ward_domain_options *options, struct ward_fault *fault)
{
        if ((unsigned)options->isolation >= COUNT_OF(kinds) || !kinds[options->isolation]->start)
                return fault_set(fault, WARD_FAULT_USAGE, "no domain of kind %s can be made: choose wasm or process",
                                 ward_isolation_name(options->isolation));
        int r = level_check(options->isolation, options->level, fault);
        if (!r)
                r = check_threading(options, fault);
        if (!r)
                r = libraries_check_folders(options->library_path, fault);
        if (!r && options->record)
                r = level_check_record(options->isolation, options->level, fault);
        return r;
}

int domain_new(struct domains *domains, const struct ward_domain_options *options, bool made, struct domain_grants *grants,
               uint64_t deadline, struct ward_domain **ret_domain, struct ward_fault *fault)
{
        struct ward_domain *domain;
        int r = check_options(options, fault);
        if (!r)
                r = domain_make(domains, kind_of(options), true, &domain, fault);
        if (r) {
                grants_free(grants);
                return r;
        }
        domain->grants = grants;
        domain->level = level_effective(options->level);
        domain->limits = options->limits;
        if (options->quota)
                domain->account.quota = *options->quota;
        domain->streams = (struct domain_streams){ options->on_output, options->on_output_data, options->on_input,
                                                   options->on_input_data, options->streams };
        domain->free_threaded = options->free_threaded || options->instances > 1;
        domain->recorded = options->record;
        domain->made = made;
        domain_choose_name(domain, options->name);
        atomic_store(&domain->state->state, WARD_DOMAIN_RUNNING);
        r = denied_copy(options->denied_imports, &domain->denied_imports, fault);
        if (!r)
                r = denied_copy(options->library_path, &domain->library_path, fault);
        if (!r)
                r = make_places(domain, options->instances, fault);
        if (!r)
                r = traced_start(domain, deadline, fault);
        domain->streams.given = NULL;
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
        struct executor *executor = atomic_load(&domain->executor);
        executor_close(executor);
        executor_unref(executor);
        domain_state_free(domain->state);
        data_free(domain->data);
        denied_names_free(domain->denied_imports);
        denied_names_free(domain->library_path);
        grants_free(domain->grants);
        places_free(domain->places);
        event_counts_free(domain->events);
        pthread_mutex_destroy(&domain->info_lock);
        pthread_mutex_destroy(&domain->list_lock);
        pthread_mutex_destroy(&domain->end_lock);
        pthread_cond_destroy(&domain->ended);
        free(domain->fault);
        free(domain);
        return NULL;
}

/* --- The end ---------------------------------------------------------------------------------- */

static void unregister(struct ward_domain *domain)
{
        domains_enter(domain->domains);
        list_remove(&domain->link);
        domains_leave(domain->domains);
        domain_unref(domain);
}

/* Whether any thread is in it, seen from one that has stored that it does not run any more. */
static bool is_busy(struct ward_domain *domain)
{
        barrier_heavy();
        return visit_is_busy(&domain->visit) || (domain->kind->is_busy && domain->kind->is_busy(domain));
}

static void set_end(struct ward_domain *domain, enum domain_end end)
{
        pthread_mutex_lock(&domain->end_lock);
        domain->end = end;
        pthread_cond_broadcast(&domain->ended);
        pthread_mutex_unlock(&domain->end_lock);
}

/* Whether this thread is to stop the domain: once, and not while anybody is in it. @alone: that is known. */
static bool begin_stop(struct ward_domain *domain, bool alone)
{
        pthread_mutex_lock(&domain->end_lock);
        bool stops = domain->end == DOMAIN_STARTED && (alone || !is_busy(domain));
        if (stops)
                domain->end = DOMAIN_STOPPING;
        pthread_mutex_unlock(&domain->end_lock);
        return stops;
}

/* Frees what the kind holds. */
static void end_stop(struct ward_domain *domain)
{
        traced_stop(domain);
        executor_close(atomic_load(&domain->executor));
        set_end(domain, DOMAIN_STOPPED);
        unregister(domain);
}

static void try_stop(struct ward_domain *domain)
{
        if (begin_stop(domain, false))
                end_stop(domain);
}

/* In a forked child there is nobody else. What another thread of the parent was stopping is half freed: it only leaves the list, or
 * ward_host_free would wait for it. */
static void stop_forked(struct ward_domain *domain)
{
        if (list_is_empty(&domain->link))
                return;
        if (domain->end == DOMAIN_STARTED)
                domain->kind->stop(domain);
        domain->end = DOMAIN_STOPPED;
        unregister(domain);
}

static void await_stopped(struct ward_domain *domain)
{
        pthread_mutex_lock(&domain->end_lock);
        while (domain->end != DOMAIN_STOPPED)
                pthread_cond_wait(&domain->ended, &domain->end_lock);
        pthread_mutex_unlock(&domain->end_lock);
}

static bool is_stopped(struct ward_domain *domain)
{
        pthread_mutex_lock(&domain->end_lock);
        bool stopped = domain->end == DOMAIN_STOPPED;
        pthread_mutex_unlock(&domain->end_lock);
        return stopped;
}

/* The @n-th add-in from there on that somebody still holds, with a reference. One that nobody holds any more sees to itself. */
static struct instance *held_instance(struct ward_domain *domain, uint32_t n)
{
        struct instance *found = NULL;
        pthread_mutex_lock(&domain->list_lock);
        for (struct list *link = domain->instances.next; !found && link != &domain->instances; link = link->next) {
                struct instance *instance = CONTAINER_OF(link, struct instance, link);
                if (n)
                        n--;
                else if (instance_try_ref(instance))
                        found = instance;
        }
        pthread_mutex_unlock(&domain->list_lock);
        return found;
}

/* What the add-ins of a stopped domain still held. */
static void clear_references(struct ward_domain *domain)
{
        struct instance *instance;
        for (uint32_t i = 0; (instance = held_instance(domain, i)); i++) {
                references_clear(instance->references);
                instance_unref(instance);
        }
}

/* One of the objects that the host holds. The host may be called, and change the list. */
static bool end_object(struct ward_domain *domain)
{
        struct instance *instance;
        bool found = false;
        for (uint32_t i = 0; !found && (instance = held_instance(domain, i)); i++) {
                found = objects_end_one(instance);
                instance_unref(instance);
        }
        return found;
}

/* What the host holds of the add-ins is destroyed while they are well. */
void domain_end_objects(struct ward_domain *domain)
{
        struct visit *visit;
        uint64_t outer = deadline_inherited, own = clock_deadline(UNLOAD_MS);
        if (domain_enter(domain, UNLOAD_MS, &visit, NULL))
                return;
        deadline_inherited = own < outer ? own : outer;
        while (domain_is_running(domain) && clock_now() < deadline_inherited && end_object(domain))
                ;
        deadline_inherited = outer;
        domain_leave(domain, visit);
}

static bool has_objects(struct ward_domain *domain)
{
        bool found = false;
        pthread_mutex_lock(&domain->list_lock);
        for (struct list *link = domain->instances.next; !found && link != &domain->instances; link = link->next)
                found = tokens_has_objects(CONTAINER_OF(link, struct instance, link));
        pthread_mutex_unlock(&domain->list_lock);
        return found;
}

/* Whether this thread is in it. */
static bool is_inside(struct ward_domain *domain)
{
        if (domain_visit(domain))
                return true;
        if (!turn_take(&domain->turn, 0))
                return false;
        bool inside = visit_depth(&domain->visit);
        turn_give(&domain->turn);
        return inside;
}

/* Reads as unloaded from here on. Where somebody is in the domain, that call is ended instead of being waited for. */
static void begin_unload(struct ward_domain *domain)
{
        bool alone = turn_take(&domain->turn, 0);
        if (alone && domain_is_running(domain) && has_objects(domain) && !is_busy(domain))
                domain_end_objects(domain);
        domain_state_unload(domain->state);
        if (alone)
                turn_give(&domain->turn);
        if (domain->kind->interrupt)
                domain->kind->interrupt(domain);
}

static void unload_within(void *data)
{
        domain_unload(data, NULL);
}

int domain_unload(struct ward_domain *domain, struct ward_fault *fault)
{
        if (!domain->kind->stop)
                return fault_set(fault, WARD_FAULT_REFUSED, "domain '%s' is the host itself: it cannot be unloaded", domain->name);
        if (executor_errand(domain, unload_within, domain))
                return 0;
        domain_ref(domain);
        if (!domain_is_here(domain)) {
                stop_forked(domain);
        } else {
                begin_unload(domain);
                if (is_inside(domain)) {
                        executor_close(atomic_load(&domain->executor));
                } else {
                        executor_end(atomic_load(&domain->executor));
                        try_stop(domain);
                        await_stopped(domain);
                        clear_references(domain);
                }
        }
        domain_unref(domain);
        return 0;
}

/* --- Entering and leaving --------------------------------------------------------------------- */

/* Who waits within a call of another domain waits no longer than that call may last. */
static int await_turn(struct ward_domain *domain, uint32_t ms, struct ward_fault *fault)
{
        uint64_t own = clock_deadline(ms);
        if (executor_take_turn(domain, own < deadline_inherited ? own : deadline_inherited))
                return 0;
        return fault_set(fault, WARD_FAULT_DEADLINE,
                         "domain '%s' was busy with other calls until the deadline; this call did not start", domain->name);
}

/* The clock is read only when somebody else is in the domain. */
static inline int take_turn(struct ward_domain *domain, uint32_t ms, struct ward_fault *fault)
{
        return turn_enter(&domain->turn) ? 0 : await_turn(domain, ms, fault);
}

int domain_enter(struct ward_domain *domain, uint32_t ms, struct visit **ret_visit, struct ward_fault *fault)
{
        struct visit *visit = &domain->visit;
        if (!domain_is_running(domain))
                return domain_unloaded_fault(domain, fault);
        int r = domain->kind->visit ? domain->kind->visit(domain, ms, &visit, fault) : 0;
        if (!r && visit_has_turn(domain, visit, visit_depth(visit) + 1))
                r = take_turn(domain, ms, fault);
        if (!r)
                r = visit_begin(domain, visit, fault);
        if (!r)
                *ret_visit = visit;
        return r;
}

int domain_enter_to_load(struct ward_domain *domain, uint32_t ms, struct ward_fault *fault)
{
        if (!domain_is_running(domain))
                return domain_unloaded_fault(domain, fault);
        int r = await_turn(domain, ms, fault);
        return r ? r : visit_begin(domain, &domain->visit, fault);
}

/* Who stops the domain has not seen that somebody is in it, or waits for that. */
static void await_stopping(struct ward_domain *domain)
{
        pthread_mutex_lock(&domain->end_lock);
        while (domain->end == DOMAIN_STOPPING)
                pthread_cond_wait(&domain->ended, &domain->end_lock);
        pthread_mutex_unlock(&domain->end_lock);
}

void domain_enter_to_end(struct ward_domain *domain)
{
        executor_take_turn(domain, CLOCK_NEVER);
        visit_deepen(&domain->visit);
        if (!domain_is_running(domain))
                await_stopping(domain);
}

struct visit *domain_visit(struct ward_domain *domain)
{
        struct visit *visit = domain->kind->here ? domain->kind->here(domain) : NULL;
        return visit && visit_depth(visit) ? visit : NULL;
}

/* Where only who has the turn can be in the domain, as this thread does, nobody else is: that saves the barrier by which one sees
 * whether anybody is in. Who comes later finds that it does not run, or that it is being stopped. */
static bool is_last(const struct ward_domain *domain, bool turn)
{
        return turn && !domain->kind->visit && !domain_is_running(domain);
}

static void stop_and_clear(struct ward_domain *domain)
{
        end_stop(domain);
        clear_references(domain);
}

/* The outermost call is over, with something to do behind it. The host's objects are destroyed when the turn is given back: that
 * may end objects in another domain, whose own end may be waiting for this one. */
static void leave_slowly(struct ward_domain *domain, struct visit *visit)
{
        struct list ended;
        bool turn = visit_has_turn(domain, visit, 1);
        list_init(&ended);
        domain_ref(domain);
        instances_end(domain, visit, &ended);
        bool stops = is_last(domain, turn) && begin_stop(domain, true);
        atomic_store(&visit->depth, 0);
        barrier_light();
        if (turn)
                turn_give(&domain->turn);
        else if (domain->places)
                places_give(domain->places, CONTAINER_OF(visit, struct place, visit));
        if (stops)
                stop_and_clear(domain);
        else if (!domain_is_running(domain))
                domain_left(domain);
        instances_free(&ended);
        domain_unref(domain);
}

void domain_left(struct ward_domain *domain)
{
        try_stop(domain);
        if (is_stopped(domain))
                clear_references(domain);
}

void domain_leave(struct ward_domain *domain, struct visit *visit)
{
        /* A call that a forked child returns from is the parent's: nothing of it is to be undone here. */
        if (!domain_is_here(domain))
                return;
        uint32_t depth = visit_depth(visit);
        if (depth == 1 && !list_is_empty(&visit->unheld))
                leave_slowly(domain, visit);
        else
                domain_leave_quickly(domain, visit);
}

void domain_leave_unloaded(struct ward_domain *domain, bool outermost, bool turn)
{
        if (!domain_is_here(domain))
                return;
        domain_ref(domain);
        if (turn)
                turn_give(&domain->turn);
        else if (outermost && domain->places)
                places_give(domain->places, places_here(domain->places));
        if (outermost)
                domain_left(domain);
        domain_unref(domain);
}
