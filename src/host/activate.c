/* Activation, and calls on what was activated. */
#include "base/fault.h"
#include "domain/kind.h"
#include "domain/references.h"
#include "host/host.h"
#include "host/lookup.h"
#include "host/terms.h"
#include "policy/level.h"

enum { ACTIVATE_MS = 10000 };

static const struct host_options_form form = { "ward_activate_options", offsetof(struct ward_activate_options, denied_imports),
                                               sizeof(struct ward_activate_options) };

/* The first function that passes handles where the contract has no resources; NULL if there is none. */
static const struct ward_func *without_resources(const struct ward_contract *contract)
{
        for (uint32_t i = 0; !contract->n_resources && i < contract->n_exports; i++)
                if (func_has_handles(contract->exports[i]))
                        return contract->exports[i];
        for (uint32_t i = 0; !contract->n_resources && i < contract->n_imports; i++)
                if (func_has_handles(contract->imports[i].func))
                        return contract->imports[i].func;
        return NULL;
}

static int check_contract(const struct ward_contract *contract, struct ward_fault *fault)
{
        const char *missing;
        const struct ward_func *func = without_resources(contract);
        if (func)
                return fault_set(fault, WARD_FAULT_CONTRACT, "contract %s passes handles in '%s', but has no resources",
                                 contract->name, func->name);
        if (!contract_is_served(contract, &missing))
                return fault_set(fault, WARD_FAULT_CONTRACT,
                                 "contract %s imports '%s', which this version of Ward does not provide", contract->name, missing);
        return 0;
}

/* A domain whose host is gone says so; what it was made by is not looked at. */
static int check_domain(const struct ward_host *host, const struct ward_domain *domain, struct ward_fault *fault)
{
        if (!domain_is_running(domain))
                return domain_unloaded_fault(domain, fault);
        if (domain->domains != &host->domains)
                return fault_set(fault, WARD_FAULT_USAGE, "domain '%s' is another host's", domain->name);
        return 0;
}

static int check(const struct ward_host *host, const char *module, const struct ward_activate_options *options,
                 const struct ward_contract *contract, struct ward_fault *fault)
{
        if (!host || !module || !contract)
                return fault_set(fault, WARD_FAULT_USAGE, "activation needs a host, a module and a contract");
        if ((unsigned)options->isolation > WARD_PROCESS)
                return fault_set(fault, WARD_FAULT_USAGE, "%d is no isolation kind", (int)options->isolation);
        int r = check_contract(contract, fault);
        if (!r && options->domain)
                r = check_domain(host, options->domain, fault);
        return r ? r : host_check_limits(&options->limits, fault);
}

/* Step 1: the domain that the options name, the host's own, or one made for the add-in. With a reference. */
static int find_domain(struct ward_host *host, const char *module, const struct ward_activate_options *options, uint64_t deadline,
                       bool *ret_made, struct ward_domain **ret_domain, struct ward_fault *fault)
{
        struct domain_grants *grants;
        struct ward_quota quota;
        *ret_made = false;
        if (options->domain || options->isolation == WARD_DIRECT) {
                int r = terms_refuse(options, fault);
                if (!r)
                        *ret_domain = domain_ref(options->domain ? options->domain : host->default_domain);
                return r;
        }
        char name[WARD_FAULT_NAME_MAX];
        instance_choose_name(module, options, name);
        struct ward_domain_options made = {
                .size = sizeof made,
                .name = name,
                .isolation = options->isolation,
                .level = options->level,
                .limits = options->limits,
                .free_threaded = options->free_threaded,
                .instances = options->instances,
                .quota = options->quota,
                .on_output = options->on_output,
                .on_output_data = options->on_output_data,
                .on_input = options->on_input,
                .on_input_data = options->on_input_data,
                .streams = options->streams,
                .permissions = options->permissions,
                .record = options->record,
                .policy = options->policy,
        };
        int r = terms_take(&made, options->environment, &quota, &grants, fault);
        if (r)
                return r;
        *ret_made = true;
        return domain_new(&host->domains, &made, true, grants, deadline, ret_domain, fault);
}

/* Steps 1 to 7, of an add-in that was found. */
static int activate(struct ward_host *host, struct instance_source *source, const struct ward_activate_options *options,
                    const struct ward_contract *contract, const void *services, struct instance **ret_instance,
                    struct ward_fault *fault)
{
        uint64_t deadline = clock_deadline(options->activate_ms ? options->activate_ms : ACTIVATE_MS);
        struct ward_domain *domain;
        bool made;
        int r = find_domain(host, source->path, options, deadline, &made, &domain, fault);
        if (r)
                return r;
        r = instance_new(domain, source, options, deadline, contract, services, ret_instance, fault);
        if (r && made)
                domain_unload(domain, NULL);
        domain_unref(domain);
        return r;
}

int ward_activate(struct ward_host *host, const char *module, const struct ward_activate_options *given,
                  const struct ward_contract *contract, const void *services, struct ward_instance **ret_instance,
                  struct ward_fault *fault)
{
        struct ward_activate_options taken = { .size = sizeof taken }, *options = &taken;
        char name[WARD_FAULT_NAME_MAX];
        struct instance *instance;
        struct ward_quota quota;
        struct lookup lookup;
        int r = given ? host_take_options(&form, given, options, fault) : 0;
        if (!r)
                r = check(host, module, options, contract, fault);
        if (!r)
                r = host_take_quota(&options->quota, &quota, fault);
        if (!r)
                r = level_check(options->isolation, options->level, fault);
        if (!r)
                r = lookup_begin(&host->domains, module, options, &lookup, fault);
        if (r)
                return r;
        instance_choose_name(module, options, name);
        options->name = name; /* not what the file that was found is called */
        r = lookup_libraries(&host->domains, options, &lookup, fault);
        if (r)
                fault_name(fault, name, options->domain ? options->domain->name : NULL, NULL);
        else
                r = activate(host, &lookup.source, options, contract, services, &instance, fault);
        lookup_end(&lookup);
        if (!r)
                *ret_instance = &instance->head;
        return r;
}

struct ward_instance *ward_release(struct ward_instance *head)
{
        instance_unref((struct instance *)head);
        return NULL;
}

int ward_call(struct ward_instance *head, uint32_t export_index, const void *args, void *ret, struct ward_fault *fault)
{
        return instance_call((struct instance *)head, export_index, args, ret, fault);
}

struct ward_domain *ward_instance_domain(struct ward_instance *head)
{
        return ((struct instance *)head)->domain;
}

void ward_instance_set_deadline(struct ward_instance *head, uint32_t deadline_ms)
{
        atomic_store(&((struct instance *)head)->deadline_ms, deadline_ms);
}
