/* Activation, and calls on what was activated. */
#include "base/fault.h"
#include "domain/kind.h"
#include "host/host.h"
#include "policy/level.h"

enum { ACTIVATE_MS = 10000 };

static const struct ward_activate_options defaults = { .size = sizeof defaults };

static int check(const struct ward_host *host, const char *module, const struct ward_activate_options *options,
                 const struct ward_contract *contract, struct ward_fault *fault)
{
        const char *missing;
        if (!host || !module || !contract)
                return fault_set(fault, WARD_FAULT_USAGE, "activation needs a host, a module and a contract");
        if (options->size != sizeof *options)
                return fault_set(fault, WARD_FAULT_USAGE,
                                 "ward_activate_options.size is %zu, not %zu: set it to sizeof (struct ward_activate_options)",
                                 options->size, sizeof *options);
        if ((unsigned)options->isolation > WARD_PROCESS)
                return fault_set(fault, WARD_FAULT_USAGE, "%d is no isolation kind", (int)options->isolation);
        if (!contract_is_served(contract, &missing))
                return fault_set(fault, WARD_FAULT_CONTRACT,
                                 "contract %s imports '%s', which this version of Ward does not provide", contract->name, missing);
        return host_check_limits(&options->limits, fault);
}

/* Step 1: the domain that the options name, the host's own, or one made for the add-in. With a reference. */
static int find_domain(struct ward_host *host, const char *module, const struct ward_activate_options *options, uint64_t deadline,
                       bool *ret_made, struct ward_domain **ret_domain, struct ward_fault *fault)
{
        *ret_made = false;
        if (options->domain || options->isolation == WARD_DIRECT) {
                *ret_domain = domain_ref(options->domain ? options->domain : host->default_domain);
                return 0;
        }
        char name[WARD_FAULT_NAME_MAX];
        instance_choose_name(module, options, name);
        struct ward_domain_options made = {
                .size = sizeof made,
                .name = name,
                .isolation = options->isolation,
                .level = options->level,
                .limits = options->limits,
        };
        *ret_made = true;
        return domain_new(&host->domains, &made, true, options->environment, deadline, ret_domain, fault);
}

int ward_activate(struct ward_host *host, const char *module, const struct ward_activate_options *options,
                  const struct ward_contract *contract, const void *services, struct ward_instance **ret_instance,
                  struct ward_fault *fault)
{
        struct ward_domain *domain;
        struct instance *instance;
        bool made;
        if (!options)
                options = &defaults;
        int r = check(host, module, options, contract, fault);
        if (r)
                return r;
        uint64_t deadline = clock_deadline(options->activate_ms ? options->activate_ms : ACTIVATE_MS);
        r = level_check(options->isolation, options->level, fault);
        if (!r)
                r = find_domain(host, module, options, deadline, &made, &domain, fault);
        if (r)
                return r;
        r = instance_new(domain, module, options, deadline, contract, services, &instance, fault);
        if (r && made)
                domain_unload(domain, NULL);
        domain_unref(domain);
        if (r)
                return r;
        *ret_instance = &instance->head;
        return 0;
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
