/* What the domains of one host share. */
#include <stdlib.h>
#include "base/own.h"
#include "domain/dispatch.h"
#include "domain/domain.h"
#include "domain/event.h"
#include "domain/executor.h"
#include "domain/libraries.h"
#include "domain/state.h"
#include "domain/tokens.h"
#include "domain/warden.h"
#include "domain/wasm_modules.h"
#include "domain/worker_program.h"
#include "wasm/area.h"

int domains_init(struct domains *domains, struct ward_fault *fault)
{
        domains->page = domain_state_new(true, fault);
        domains->tokens = domains->page ? tokens_new(domains, fault) : NULL;
        domains->dispatch = domains->tokens ? dispatch_new(&domains->page->here, fault) : NULL;
        if (!domains->dispatch) {
                tokens_unref(domains->tokens);
                domain_state_free(domains->page);
                return -WARD_FAULT_SYSTEM;
        }
        pthread_mutex_init(&domains->lock, NULL);
        blocks_init(&domains->blocks);
        list_init(&domains->list);
        list_init(&domains->executors);
        wasm_modules_init(&domains->modules);
        return 0;
}

/* The parent's thread and warden are not this process's: what they hold here is memory and descriptors. Its domains stay listed, so
 * that their memory is freed with the host. */
static void domains_adopt(struct domains *domains)
{
        pthread_mutex_init(&domains->lock, NULL);
        blocks_adopt(&domains->blocks);
        list_init(&domains->executors);
        wasm_modules_init(&domains->modules);
        domains->warden = warden_unref(domains->warden);
        domains->monitor = monitor_free(domains->monitor);
        dispatch_adopt(domains->dispatch);
        atomic_store(&domains->page->here, 1);
}

void domains_enter(struct domains *domains)
{
        if (!atomic_load(&domains->page->here))
                domains_adopt(domains);
        pthread_mutex_lock(&domains->lock);
}

void domains_leave(struct domains *domains)
{
        pthread_mutex_unlock(&domains->lock);
}

int domains_monitor(struct domains *domains, struct monitor **ret_monitor, struct ward_fault *fault)
{
        int r = 0;
        domains_enter(domains);
        if (!domains->monitor)
                r = monitor_new(&domains->monitor, fault);
        if (!r)
                *ret_monitor = domains->monitor;
        domains_leave(domains);
        return r;
}

/* The first domain that still runs, with a reference; NULL when there is none. */
static struct ward_domain *domains_first(struct domains *domains)
{
        struct ward_domain *domain = NULL;
        domains_enter(domains);
        if (!list_is_empty(&domains->list))
                domain = domain_ref(CONTAINER_OF(domains->list.next, struct ward_domain, link));
        domains_leave(domains);
        return domain;
}

void domains_finish(struct domains *domains)
{
        for (struct ward_domain *domain; (domain = domains_first(domains));) {
                domain_unload(domain, NULL);
                domain_unref(domain);
        }
        executors_end(domains);
        wasm_modules_finish(&domains->modules);
        wasm_areas_drop();
        blocks_finish(&domains->blocks);
        domains->dispatch = dispatch_free(domains->dispatch);
        tokens_close(domains->tokens);
        domains->tokens = tokens_unref(domains->tokens);
        domains->warden = warden_free(domains->warden);
        domains->monitor = monitor_free(domains->monitor);
        pthread_mutex_destroy(&domains->lock);
        domain_state_free(domains->page);
        free(domains->worker_path);
        worker_program_free(domains->worker_program);
        worker_libraries_free(domains->worker_libraries);
        free(domains->cache_path);
        free(domains->compiler);
        free(domains->image_path);
        event_counts_free(domains->events);
}
