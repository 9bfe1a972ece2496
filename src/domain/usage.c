#include "domain/usage.h"

#include "base/fault.h"
#include "domain/kind.h"

/* In a forked child the locks may be held for good. */
static uint32_t count_addins(struct ward_domain *domain)
{
        if (!domain_is_here(domain))
                return 0;
        pthread_mutex_lock(&domain->list_lock);
        uint32_t n = domain->n_instances;
        pthread_mutex_unlock(&domain->list_lock);
        return n;
}

static bool has_failed(struct ward_domain *domain)
{
        if (!domain_is_here(domain))
                return false;
        pthread_mutex_lock(&domain->info_lock);
        bool failed = domain->fault;
        pthread_mutex_unlock(&domain->info_lock);
        return failed;
}

void domain_usage(const struct ward_domain *of, struct ward_usage *ret_usage)
{
        struct ward_domain *domain = (struct ward_domain *)(uintptr_t)of; /* for its locks */
        *ret_usage = (struct ward_usage){ .size = sizeof *ret_usage, .counted = WARD_USAGE_ADDINS | WARD_USAGE_FAULTS };
        ret_usage->addins = count_addins(domain);
        ret_usage->faults = has_failed(domain);
        if (domain->kind->usage)
                domain->kind->usage(domain, ret_usage);
}

int domain_check_addins(struct ward_domain *domain, const char *module, struct ward_fault *fault)
{
        uint32_t max = domain->account.quota.addins;
        if (!max || count_addins(domain) < max)
                return 0;
        return fault_set(fault, WARD_FAULT_LIMIT,
                         "module '%s': domain '%s' has %u add-ins, as many as its quota allows (addins): release one first, or "
                         "activate it into another domain",
                         module, domain->name, max);
}
