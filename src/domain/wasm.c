/* Kind `wasm`: WebAssembly that Ward has checked, compiled, and run on the caller's own thread. The boundary is the module's linear
 * memory: values go in and out of it by the Canonical ABI. Life of a domain and of the modules in it. */
#include <errno.h>
#include <stdlib.h>
#include "base/fault.h"
#include "base/own.h"
#include "domain/kind.h"
#include "domain/wasm_load.h"
#include "domain/wasm_loaded.h"
#include "domain/wasm_signals.h"
#include "domain/wasm_terms.h"
#include "wasm/binding.h"

/* --- Domains ---------------------------------------------------------------------------------- */

static int start(struct ward_domain *domain, uint64_t deadline, struct ward_fault *fault)
{
        struct wasm_domain *held = calloc(1, sizeof *held);
        if (!held)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot make a domain");
        list_init(&held->loaded);
        int r = domains_monitor(domain->domains, &held->monitor, fault);
        if (r) {
                free(held);
                return r;
        }
        domain->held = held;
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

static void loaded_finish(struct loaded *loaded)
{
        struct ward_domain *domain = loaded->instance->domain;
        if (!loaded->domain)
                return;
        info_lock(domain);
        list_remove(&loaded->link);
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
        info_lock(domain);
        domain->held = NULL;
        info_unlock(domain);
        free(held);
}

/* The monitor makes threads that are in module code look, and comes again until they have left. */
static void interrupt(struct ward_domain *domain)
{
        pthread_mutex_lock(&domain->info_lock);
        struct wasm_domain *held = domain->held;
        for (struct list *link = held ? held->loaded.next : NULL; link && link != &held->loaded; link = link->next) {
                struct loaded *loaded = CONTAINER_OF(link, struct loaded, link);
                wasm_instance_stop(loaded->wasm);
                monitor_alarm_set(held->monitor, &loaded->alarm, 0);
        }
        pthread_mutex_unlock(&domain->info_lock);
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
        wasm_instance_look(loaded->wasm);
        domains_tell_signals(loaded->instance->domain->domains);
}

/* --- Loading ---------------------------------------------------------------------------------- */

static int loaded_new(struct instance *instance, const struct ward_activate_options *options, struct wasm_binding *binding,
                      struct loaded **ret_loaded, struct ward_fault *fault)
{
        struct loaded *loaded = calloc(1, sizeof *loaded);
        struct ward_domain *domain = instance->domain;
        if (!loaded)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot activate module '%s'", instance->module);
        const struct wasm_host host = { instance->name, domain->limits.memory_bytes, loaded, loaded_import };
        int r = wasi_new(options->arguments, domain->environment, &loaded->wasi, fault);
        if (!r)
                r = wasm_instance_new(binding, &host, &loaded->wasm, fault);
        if (r) {
                wasi_free(loaded->wasi);
                free(loaded);
                return r;
        }
        loaded->instance = instance;
        loaded->domain = domain->held;
        loaded->memory.alloc = loaded_allocate;
        loaded->memory.context = loaded;
        loaded->memory.low = binding->null_bytes;
        loaded->n_resource_offers = wasm_resource_offers(instance->contract);
        loaded->until = CLOCK_NEVER;
        atomic_init(&loaded->alarm.at, CLOCK_NEVER);
        loaded->alarm.due = due;
        loaded->alarm.data = loaded;
        monitor_alarm_add(loaded->domain->monitor, &loaded->alarm);
        info_lock(domain);
        list_append(&loaded->domain->loaded, &loaded->link);
        info_unlock(domain);
        *ret_loaded = loaded;
        return 0;
}

/* Runs what a module runs by itself. */
static int initialize(struct loaded *loaded, uint64_t deadline, struct ward_fault *fault)
{
        uint32_t need = wasm_need_initialize(loaded->instance->contract);
        uint64_t slots[1] = { 0 };
        struct loaded_span before = loaded_begin(loaded, deadline);
        int r = wasm_instance_start(loaded->wasm, fault);
        if (!r && wasm_instance_has(loaded->wasm, need))
                r = loaded_run(loaded, need, "_initialize", slots, fault);
        loaded_end(loaded, before);
        return r == -WARD_FAULT_UNLOADED ? domain_unloaded_fault(loaded->instance->domain, fault) : r;
}

static int load(struct instance *instance, const struct ward_activate_options *options, uint64_t deadline, struct ward_fault *fault)
{
        struct wasm_binding *binding = NULL;
        struct loaded *loaded = NULL;
        enum marshal_encoding encoding;
        int r = wasm_load_binding(instance, &deadline, &binding, &encoding, fault);
        if (!r)
                r = loaded_new(instance, options, binding, &loaded, fault);
        wasm_binding_unref(binding);
        domains_tell_signals(instance->domain->domains);
        if (!r)
                r = references_new(instance, REFERENCES_KEPT_HERE, loaded_destroy, &instance->references, fault);
        if (!r) {
                loaded->memory.encoding = encoding;
                instance->held = loaded;
                r = initialize(loaded, deadline, fault);
        }
        if (r && loaded) {
                instance->held = NULL;
                loaded_finish(loaded);
                free(loaded);
        }
        return r;
}

static void release(struct instance *instance)
{
        loaded_finish(instance->held);
        free(instance->held);
        instance->held = NULL;
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
};
