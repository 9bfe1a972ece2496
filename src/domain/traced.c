/* What crosses where somebody looks in: the same calls, told of. */
#include <string.h>
#include "domain/kind.h"
#include "domain/trace.h"

/* In a forked child, where nobody is told, the lock is another process's. */
static void copy_name(struct ward_domain *domain, char to[WARD_FAULT_NAME_MAX])
{
        pthread_mutex_lock(&domain->info_lock);
        memcpy(to, domain->name, WARD_FAULT_NAME_MAX);
        pthread_mutex_unlock(&domain->info_lock);
}

static void begin(struct trace *trace, const struct instance *instance, enum ward_trace_what what, const struct ward_func *func,
                  const void *args)
{
        char domain[WARD_FAULT_NAME_MAX];
        trace->tracer = NULL;
        if (!tracer_tells(instance->tracer))
                return;
        copy_name(instance->domain, domain);
        const struct trace_names names = { domain, instance->name, func ? func->name : NULL,
                                           what == WARD_TRACE_LOAD ? instance->module : NULL };
        trace_begin(trace, instance->tracer, what, instance->domain->kind->isolation, &names,
                    func ? trace_bytes(func->params, args) : 0);
}

static void end_well(struct trace *trace, const struct ward_func *func, const void *ret)
{
        trace_end(trace, trace_is_error(func, ret), NULL, trace_bytes(func->result, ret));
}

/* @instance may be gone behind the call. */
int traced_call(struct instance *instance, uint32_t export_index, const void *args, void *ret, struct ward_fault *fault)
{
        struct trace trace;
        struct ward_fault own;
        if (export_index >= instance->contract->n_exports)
                return instance_cross(instance, export_index, args, ret, fault);
        if (!fault)
                fault = &own;
        const struct ward_func *func = instance->contract->exports[export_index];
        begin(&trace, instance, WARD_TRACE_CALL, func, args);
        int r = instance_cross(instance, export_index, args, ret, fault);
        if (r)
                trace_end(&trace, r, fault, 0);
        else
                end_well(&trace, func, ret);
        return r;
}

int traced_serve(struct instance *instance, uint32_t import, const void *args, void *ret, struct ward_fault *fault)
{
        struct trace trace;
        struct ward_fault own;
        if (!fault)
                fault = &own;
        const struct ward_func *func = instance->contract->imports[import].func;
        begin(&trace, instance, WARD_TRACE_CALLBACK, func, args);
        int r = instance_run(instance, import, args, ret, fault);
        if (r)
                trace_end(&trace, r, fault, 0);
        else
                end_well(&trace, func, ret);
        return r;
}

int traced_load(struct instance *instance, const struct ward_activate_options *options, uint64_t deadline, struct ward_fault *fault)
{
        struct trace trace;
        struct ward_fault own;
        if (!fault)
                fault = &own;
        begin(&trace, instance, WARD_TRACE_LOAD, NULL, NULL);
        int r = instance->domain->kind->load(instance, options, deadline, fault);
        trace_end(&trace, r, fault, 0);
        return r;
}

void traced_release(struct instance *instance)
{
        struct trace trace;
        begin(&trace, instance, WARD_TRACE_UNLOAD, NULL, NULL);
        instance->domain->kind->release(instance);
        trace_end(&trace, 0, NULL, 0);
}

static void begin_domain(struct trace *trace, struct ward_domain *domain, enum ward_trace_what what)
{
        char name[WARD_FAULT_NAME_MAX];
        struct tracer *tracer = domain->domains->tracer;
        trace->tracer = NULL;
        if (!tracer_tells(tracer))
                return;
        copy_name(domain, name);
        trace_begin(trace, tracer, what, domain->kind->isolation, &(struct trace_names){ .domain = name }, 0);
}

int traced_start(struct ward_domain *domain, uint64_t deadline, struct ward_fault *fault)
{
        struct trace trace;
        struct ward_fault own;
        if (!fault)
                fault = &own;
        begin_domain(&trace, domain, WARD_TRACE_START);
        int r = domain->kind->start(domain, deadline, fault);
        trace_end(&trace, r, fault, 0);
        return r;
}

void traced_stop(struct ward_domain *domain)
{
        struct trace trace;
        struct ward_fault why;
        begin_domain(&trace, domain, WARD_TRACE_END);
        domain->kind->stop(domain);
        if (domain_last_fault(domain, &why))
                trace_end(&trace, -(int)why.kind, &why, 0);
        else
                trace_end(&trace, 0, NULL, 0);
}
