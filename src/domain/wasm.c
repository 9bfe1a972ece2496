/* Kind `wasm`: WebAssembly that Ward has checked, compiled, and run on the caller's own thread. The boundary is the module's linear
 * memory: values go in and out of it by the Canonical ABI. Life of a domain and of the modules in it. */
#include <errno.h>
#include <stdlib.h>
#include "base/fault.h"
#include "base/own.h"
#include "domain/event.h"
#include "domain/kind.h"
#include "domain/places.h"
#include "domain/wasm_load.h"
#include "domain/wasm_loaded.h"
#include "domain/wasm_memory.h"
#include "domain/wasm_pool.h"
#include "domain/wasm_signals.h"
#include "domain/wasm_terms.h"
#include "wasm/binding.h"

enum { REST_NS = 100000000 }; /* while a call that is over is in the host's own code: it looks when it comes back */

/* --- Domains ---------------------------------------------------------------------------------- */

static int start(struct ward_domain *domain, uint64_t deadline, struct ward_fault *fault)
{
        struct wasm_domain *held = own_zeroed(sizeof *held);
        if (!held)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot make a domain");
        list_init(&held->loaded);
        int r = domains_monitor(domain->domains, &held->monitor, fault);
        if (r) {
                free(held);
                return r;
        }
        domain->account.wasm.memory_max = domain->limits.memory_bytes;
        domain->account.wasm.entries_max = domain->account.quota.table_entries;
        domain->account.wasm.ends = domain->account.quota.limits_end_calls;
        domain->held = held;
        wasm_cpu_start(domain, held);
        return 0;
}

/* What interrupt may be looking at. In a forked child nobody else is there, and the lock may be held for good. */
static void info_lock(struct ward_domain *domain)
{
        if (domain_is_here(domain))
                pthread_mutex_lock(&domain->info_lock);
}

static void info_unlock(struct ward_domain *domain)
{
        if (domain_is_here(domain))
                pthread_mutex_unlock(&domain->info_lock);
}

/* Starting it was not one. */
static uint64_t loaded_calls(const struct loaded *loaded)
{
        uint64_t number = wasm_instance_number(loaded->wasm);
        return number ? number - 1 : 0;
}

static void loaded_finish(struct loaded *loaded)
{
        struct ward_domain *domain = loaded->instance->domain;
        if (!loaded->domain)
                return;
        info_lock(domain);
        list_remove(&loaded->link);
        domain->account.calls += loaded_calls(loaded);
        info_unlock(domain);
        if (domain_is_here(domain)) /* else the monitor may be freed: it stayed in the parent */
                monitor_alarm_remove(loaded->domain->monitor, &loaded->alarm);
        loaded->wasm = wasm_instance_free(loaded->wasm);
        loaded->wasi = wasi_free(loaded->wasi);
        loaded->domain = NULL;
}

static void stop(struct ward_domain *domain)
{
        struct wasm_domain *held = domain->held;
        while (!list_is_empty(&held->loaded))
                loaded_finish(CONTAINER_OF(held->loaded.next, struct loaded, link));
        wasm_cpu_stop(domain, held);
        info_lock(domain);
        domain->held = NULL;
        info_unlock(domain);
        free(held);
}

/* The monitor makes threads that are in module code look, and comes again until they have left. Who has the turn knows that there
 * is no other: a call that traps is to cost no more than it must. */
static void interrupt(struct ward_domain *domain)
{
        bool alone = !domain->free_threaded && turn_is_mine(&domain->turn);
        pthread_mutex_lock(&domain->info_lock);
        struct wasm_domain *held = domain->held;
        for (struct list *link = held ? held->loaded.next : NULL; link && link != &held->loaded; link = link->next) {
                struct loaded *loaded = CONTAINER_OF(link, struct loaded, link);
                if (alone) {
                        wasm_instance_stop_alone(loaded->wasm);
                        continue;
                }
                wasm_instance_stop(loaded->wasm);
                monitor_alarm_set(held->monitor, &loaded->alarm, 0);
        }
        pthread_mutex_unlock(&domain->info_lock);
        if (domain->places)
                places_nudge(domain->places);
}

/* On the monitor's thread. The number is read before the time: a call that has begun since has set a later one. */
static void due(void *data)
{
        struct loaded *loaded = data;
        uint64_t number = wasm_instance_number(loaded->wasm);
        if (!wasm_instance_is_stopped(loaded->wasm)) {
                uint64_t at = atomic_load(&loaded->alarm.at), later;
                if (at > clock_now())
                        return;
                if (deadline_was_held(at, &later)) {
                        atomic_compare_exchange_strong(&loaded->alarm.at, &at, later);
                        return;
                }
                wasm_instance_expire(loaded->wasm, number);
        }
        if (!wasm_instance_look(loaded->wasm))
                monitor_alarm_rest(&loaded->alarm, REST_NS);
        domains_tell_signals(loaded->instance->domain->domains);
}

/* --- What it uses ------------------------------------------------------------------------------- */

/* The host's own code, within a call. */
static void loaded_refused(void *context, const char *operation, const char *limit, uint64_t asked)
{
        const struct loaded *loaded = context;
        struct ward_domain *domain = loaded->instance->domain;
        const struct event event = {
                .kind = WARD_EVENT_LIMIT, .addin = loaded->instance->name, .operation = operation, .subject = span_of(limit)
        };
        domain_event(domain, &event,
                     "add-in '%s' gets no more by %s: %llu beside what domain '%s' has would be over its limit (%s)",
                     loaded->instance->name, operation, (unsigned long long)asked, domain->name, limit);
}

/* With the domain's info_lock, or where nobody else is. */
static void add_loaded(const struct ward_domain *domain, struct ward_usage *usage)
{
        const struct wasm_domain *held = domain->held;
        for (struct list *link = held ? held->loaded.next : NULL; link && link != &held->loaded; link = link->next) {
                const struct loaded *loaded = CONTAINER_OF(link, struct loaded, link);
                usage->instances++;
                usage->calls += loaded_calls(loaded);
                usage->memory_survived_bytes -= wasm_instance_growth(loaded->wasm);
        }
}

static void usage(struct ward_domain *domain, struct ward_usage *usage)
{
        struct domain_account *account = &domain->account;
        if (!domain_is_here(domain)) /* a forked child has none of it */
                return;
        usage->counted |= WARD_USAGE_MEMORY | WARD_USAGE_TABLES | WARD_USAGE_CALLS | WARD_USAGE_INSTANCES;
        usage->counted |= account->quota.account_cpu || account->quota.cpu_ms ? WARD_USAGE_CPU : 0u;
        pthread_mutex_lock(&domain->info_lock);
        usage->memory_bytes = usage->memory_survived_bytes = atomic_load(&account->wasm.memory);
        usage->calls = account->calls;
        add_loaded(domain, usage);
        usage->cpu_ns = wasm_cpu_used(domain);
        pthread_mutex_unlock(&domain->info_lock);
        usage->memory_peak_bytes = atomic_load(&account->wasm.memory_peak);
        usage->memory_max_bytes = account->wasm.memory_max;
        usage->memory_allocated_bytes = atomic_load(&account->wasm.memory_total);
        usage->table_entries = atomic_load(&account->wasm.entries);
        usage->faults = atomic_load(&account->faults);
}

/* --- Loading ---------------------------------------------------------------------------------- */

int loaded_new(struct instance *instance, const struct loaded_source *source, struct loaded **ret_loaded, struct ward_fault *fault)
{
        struct loaded *loaded = own_zeroed(sizeof *loaded);
        struct ward_domain *domain = instance->domain;
        if (!loaded)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot activate module '%s'", instance->module);
        loaded->instance = instance;
        const struct wasm_host host = {
                .name = instance->name,
                .context = loaded,
                .import = loaded_import,
                .account = &domain->account.wasm,
                .refused = loaded_refused,
        };
        int r = loaded_wasi_new(loaded, source, fault);
        if (!r)
                r = wasm_instance_new(source->binding, &host, &loaded->wasm, fault);
        if (r) {
                wasi_free(loaded->wasi);
                free(loaded);
                return r;
        }
        loaded->binding = wasm_binding_ref(source->binding);
        loaded->domain = domain->held;
        loaded->memory.encoding = source->encoding;
        loaded->memory.alloc = loaded_allocate;
        loaded->memory.context = loaded;
        loaded->memory.low = source->binding->null_bytes;
        loaded->n_resource_offers = wasm_resource_offers(instance->contract);
        loaded->until = CLOCK_NEVER;
        atomic_init(&loaded->alarm.at, CLOCK_NEVER);
        loaded->alarm.due = due;
        loaded->alarm.data = loaded;
        monitor_alarm_add(loaded->domain->monitor, &loaded->alarm);
        info_lock(domain);
        list_append(&loaded->domain->loaded, &loaded->link);
        info_unlock(domain);
        if (!domain_is_running(domain)) /* since before interrupt could see it */
                wasm_instance_stop(loaded->wasm);
        *ret_loaded = loaded;
        return 0;
}

int loaded_start(struct loaded *loaded, uint64_t deadline, struct ward_fault *fault)
{
        uint32_t need = wasm_need_initialize(loaded->instance->contract);
        uint64_t slots[1] = { 0 };
        struct loaded_span before = loaded_begin(loaded, deadline);
        bool counts = loaded->domain->cpu.on && wasm_cpu_begin(loaded);
        int r = wasm_instance_start(loaded->wasm, fault);
        if (!r && wasm_instance_has(loaded->wasm, need))
                r = loaded_run(loaded, need, "_initialize", slots, fault);
        if (counts)
                wasm_cpu_end(loaded);
        loaded_end(loaded, before);
        if (r == -WARD_FAULT_DEADLINE && wasm_cpu_is_over(loaded, "its start", fault))
                r = -WARD_FAULT_LIMIT;
        return r == -WARD_FAULT_UNLOADED ? domain_unloaded_fault(loaded->instance->domain, fault) : r;
}

struct loaded *loaded_free(struct loaded *loaded)
{
        if (loaded) {
                loaded_finish(loaded);
                wasm_binding_unref(loaded->binding);
                free(loaded);
        }
        return NULL;
}

static int bind_and_make(struct instance *instance, struct loaded_source *source, uint64_t *deadline, struct loaded **ret_loaded,
                         struct ward_fault *fault)
{
        int r;
        wasm_memory_choose(instance->domain);
        do {
                source->binding = wasm_binding_unref(source->binding);
                r = wasm_load_binding(instance, source->options->image, deadline, &source->binding, &source->encoding, fault);
                if (!r)
                        r = loaded_new(instance, source, ret_loaded, fault);
        } while (wasm_memory_choose_again(instance->domain, r));
        return r == WASM_INSTANCE_NO_ROOM ? -WARD_FAULT_SYSTEM : r;
}

static int load(struct instance *instance, const struct ward_activate_options *options, uint64_t deadline, struct ward_fault *fault)
{
        struct loaded_source source = { .options = options };
        struct loaded *loaded = NULL;
        int r = loaded_grants(instance->domain, options, &source.grants, fault);
        if (!r)
                r = references_new(instance, REFERENCES_KEPT_HERE, loaded_destroy, &instance->references, fault);
        if (!r)
                r = bind_and_make(instance, &source, &deadline, &loaded, fault);
        wasm_binding_unref(source.binding);
        wasi_grants_unref(source.grants);
        domains_tell_signals(instance->domain->domains);
        instance->held = loaded;
        if (!r)
                r = loaded_start(loaded, deadline, fault);
        if (r)
                instance->held = loaded_free(loaded);
        return r;
}

static void release(struct instance *instance)
{
        instance->held = loaded_free(instance->held);
}

const struct kind kind_wasm = {
        .name = "wasm",
        .isolation = WARD_WASM,
        .start = start,
        .stop = stop,
        .interrupt = interrupt,
        .load = load,
        .release = release,
        .call = loaded_call,
        .usage = usage,
};

const struct kind kind_wasm_pooled = {
        .name = "wasm",
        .isolation = WARD_WASM,
        .visit = pooled_visit,
        .here = pooled_here,
        .is_busy = pooled_is_busy,
        .start = start,
        .stop = stop,
        .interrupt = interrupt,
        .load = pooled_load,
        .release = pooled_release,
        .call = pooled_call,
        .cross = pooled_cross,
        .usage = usage,
};
