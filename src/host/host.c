#include "host/host.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <ward/posture.h>
#include "base/fault.h"
#include "base/own.h"
#include "domain/executor.h"
#include "domain/trace.h"

/* A path that may be absent: copied, or NULL. */
static int keep(const char *from, char **to)
{
        if (!from)
                return 0;
        *to = strdup(from);
        return *to ? 0 : -ENOMEM;
}

static int keep_options(struct domains *domains, const struct ward_host_options *options)
{
        domains->on_fault = options->on_fault;
        domains->on_fault_data = options->on_fault_data;
        domains->on_event = options->on_event;
        domains->on_event_data = options->on_event_data;
        domains->resolve = options->resolve;
        domains->resolve_data = options->resolve_data;
        domains->cache_bytes = options->cache_bytes;
        domains->no_compiler = options->no_compiler;
        domains->looking = options->looking;
        domains->without_layers = (uint32_t)options->without_layers;
        if (keep(options->worker_path, &domains->worker_path) || keep(options->cache_path, &domains->cache_path))
                return -ENOMEM;
        return keep(options->compiler, &domains->compiler) || keep(options->image_path, &domains->image_path) ? -ENOMEM : 0;
}

static int keep_clock(struct domains *domains, const struct ward_clock *clock, struct ward_fault *fault)
{
        if (!clock)
                return 0;
        if (clock->size != sizeof *clock)
                return fault_set(fault, WARD_FAULT_USAGE, "ward_clock.size is %zu, not %zu: set it to sizeof (struct ward_clock)",
                                 clock->size, sizeof *clock);
        if (!clock->now)
                return fault_set(fault, WARD_FAULT_USAGE, "a host's clock needs a function now, to read it");
        domains->clock = *clock;
        return 0;
}

static int check_layers(uint64_t layers, struct ward_fault *fault)
{
        if (!(layers & ~(uint64_t)WARD_LAYER_ALL))
                return 0;
        return fault_set(fault, WARD_FAULT_USAGE, "ward_host_options.without_layers has bits that are no layers: %#llx",
                         (unsigned long long)layers);
}

static const struct host_options_form form = { "ward_host_options",
                                               offsetof(struct ward_host_options, on_trace_data) + sizeof(void *),
                                               sizeof(struct ward_host_options) };

int ward_host_new(const struct ward_host_options *given, struct ward_host **ret_host, struct ward_fault *fault)
{
        struct ward_host_options taken = { .size = sizeof taken }, *options = &taken;
        int r = given ? host_take_options(&form, given, options, fault) : 0;
        if (!r)
                r = check_layers(options->without_layers, fault);
        if (r)
                return r;
        struct ward_host *host = calloc(1, sizeof *host);
        if (!host)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot make a host");
        r = domains_init(&host->domains, fault);
        if (r) {
                free(host);
                return r;
        }
        r = tracer_new(options->on_trace, options->on_trace_data, &host->domains.tracer, fault);
        if (!r && keep_options(&host->domains, options))
                r = fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot make a host");
        if (!r)
                r = keep_clock(&host->domains, options->clock, fault);
        if (!r)
                r = domain_new_default(&host->domains, options->name ? options->name : "host", &host->default_domain, fault);
        if (r) {
                ward_host_free(host);
                return r;
        }
        *ret_host = host;
        return 0;
}

struct ward_host *ward_host_free(struct ward_host *host)
{
        if (!host)
                return NULL;
        if (host->default_domain) {
                executor_end(atomic_load(&host->default_domain->executor));
                domain_end_objects(host->default_domain);
        }
        domain_unref(host->default_domain);
        domains_finish(&host->domains);
        tracer_close(host->domains.tracer);
        tracer_unref(host->domains.tracer);
        free(host);
        return NULL;
}

struct ward_domain *ward_host_default_domain(struct ward_host *host)
{
        return host->default_domain;
}
