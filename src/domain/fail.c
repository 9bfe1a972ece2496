/* How a domain fails, and what is said of it afterwards. */
#include <stdlib.h>
#include "base/fault.h"
#include "base/own.h"
#include "domain/executor.h"
#include "domain/kind.h"
#include "domain/state.h"

bool domain_fail(struct ward_domain *domain, const struct ward_fault *fault)
{
        struct ward_fault *copy = malloc(sizeof *copy);
        bool first = false;
        pthread_mutex_lock(&domain->info_lock);
        if (domain_is_running(domain)) {
                first = true;
                if (copy) {
                        *copy = *fault;
                        fault_name(copy, NULL, domain->name, NULL);
                        domain->fault = STEAL(copy);
                }
                domain_state_unload(domain->state);
        }
        pthread_mutex_unlock(&domain->info_lock);
        free(copy);
        if (!first)
                return false;
        if (domain->kind->interrupt)
                domain->kind->interrupt(domain);
        executor_nudge(atomic_load(&domain->executor));
        if (domain->domains->on_fault)
                domain->domains->on_fault(domain->domains->on_fault_data, domain, domain->fault ? domain->fault : fault);
        return true;
}

int domain_unloaded_fault(const struct ward_domain *domain, struct ward_fault *fault)
{
        struct ward_fault cause;
        if (!fault)
                return -WARD_FAULT_UNLOADED;
        if (domain_last_fault(domain, &cause)) {
                fault_set(fault, WARD_FAULT_UNLOADED, "domain '%s' is unloaded, because %s", domain->name, cause.text);
                fault_name(fault, cause.addin, domain->name, NULL);
                return -WARD_FAULT_UNLOADED;
        }
        fault_set(fault, WARD_FAULT_UNLOADED, "domain '%s' is unloaded%s", domain->name,
                  domain_is_here(domain) ? "" : ": this process is a forked child of the host that made it");
        fault_name(fault, NULL, domain->name, NULL);
        return -WARD_FAULT_UNLOADED;
}

bool domain_last_fault(const struct ward_domain *domain, struct ward_fault *ret_fault)
{
        struct ward_domain *locked = (struct ward_domain *)domain; /* for its lock */
        if (!domain_is_here(domain))
                return false;
        pthread_mutex_lock(&locked->info_lock);
        bool has = domain->fault != NULL;
        if (has)
                *ret_fault = *domain->fault;
        pthread_mutex_unlock(&locked->info_lock);
        return has;
}
