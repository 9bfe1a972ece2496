/* Kind `direct`: calls, with the values that need another form on the other side. */
#include "domain/direct.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/fault.h"
#include "base/own.h"
#include "base/room.h"
#include "domain/pending.h"
#include "domain/references.h"
#include "marshal/marshal.h"
#include "memory/buffer.h"

/* A call that goes through Ward, and what was wrong in it. */
struct frame {
        struct frame *outer;
        struct ward_fault *fault;
        int r;
};

static __thread struct frame *innermost __attribute__((tls_model("initial-exec")));

/* Something that its add-in asked for went wrong: the first such thing counts. */
static void mistake(const struct ward_fault *fault)
{
        struct frame *frame = innermost;
        if (!frame || frame->r)
                return;
        if (frame->fault)
                *frame->fault = *fault;
        frame->r = -(int)fault->kind;
}

/* What the add-in has made wrong is no misuse by the host. */
static int add_ins_fault(int r, struct ward_fault *fault)
{
        if (r != -WARD_FAULT_USAGE)
                return r;
        if (fault)
                fault->kind = WARD_FAULT_PROTOCOL;
        return -WARD_FAULT_PROTOCOL;
}

static int no_memory(struct ward_fault *fault)
{
        return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "no memory for the values of a call");
}

/* --- Dropping --------------------------------------------------------------------------------- */

static int drop_hosts(const struct instance *instance, uint32_t resource, int32_t handle, struct ward_fault *fault)
{
        const struct direct *direct = instance->held;
        uint32_t wanted = resource < direct->image.addin->n_resources ? direct->wanted[resource] : NATIVE_NO_RESOURCE;
        if (wanted == NATIVE_NO_RESOURCE)
                return fault_set(fault, WARD_FAULT_PROTOCOL, "there is no resource %u", resource);
        return references_drop(instance->references, wanted, (uint32_t)handle, fault);
}

/* For the add-in: a handle of either side's resources, as it numbers them. */
static int drop(const struct instance *instance, uint32_t resource, int32_t handle, struct ward_fault *fault)
{
        const struct direct *direct = instance->held;
        const struct ward_addin *addin = direct->image.addin;
        if (resource < addin->n_resources && addin->resources[resource].resource->by_addin)
                return reps_drop(direct->reps, resource, handle, fault);
        return drop_hosts(instance, resource, handle, fault);
}

/* Ward's own are never taken out: they pass as they are. */
static void drop_shared(void *context, const struct ward_type *type, const void *value)
{
        void *object;
        if (!type->resource->shared)
                return;
        memcpy(&object, value, sizeof object);
        memory_release(type->resource->shared, object);
}

/* One of a value that its receiver will never have. What was taken out of it already is no handle any more. */
static void drop_own(void *context, const struct ward_type *type, const void *value)
{
        int32_t handle;
        if (type->resource->shared) {
                drop_shared(context, type, value);
                return;
        }
        memcpy(&handle, value, sizeof handle);
        drop(context, type->resource->index, handle, NULL);
}

/* --- Forms ------------------------------------------------------------------------------------ */

static bool differs(const struct ward_type *host, const struct ward_type *addin)
{
        if ((host->flags | addin->flags) & WARD_TYPE_HANDLES || host->size != addin->size)
                return true;
        if (host->kind == WARD_TYPE_STRING)
                return (host->flags ^ addin->flags) & WARD_TYPE_UTF16;
        if (!(host->flags & WARD_TYPE_OWNS))
                return false;
        uint32_t n = host->kind == WARD_TYPE_RECORD || host->kind == WARD_TYPE_VARIANT ? host->n : 1;
        for (uint32_t i = 0; i < n; i++)
                if (host->fields[i].type && differs(host->fields[i].type, addin->fields[i].type))
                        return true;
        return false;
}

struct direct_forms direct_forms_of(const struct ward_func *host, const struct ward_func *addin)
{
        return (struct direct_forms){ differs(host->params, addin->params), host->result && differs(host->result, addin->result) };
}

/* --- Calls ------------------------------------------------------------------------------------ */

/* One call of an export. @host and @addin are the same function as the two know it. */
struct exchange {
        struct instance *instance;
        struct direct *direct;
        const struct ward_addin_export *export;
        const struct ward_func *host;
        struct direct_forms forms;
        struct crossing crossing;
        struct frame frame;
};

static bool is_borrowing(const struct direct *direct)
{
        return direct->image.addin->ownership == WARD_BORROWING;
}

static int give_args(struct exchange *exchange, const void *args, void *own, struct ward_fault *fault)
{
        struct reps_crossing there;
        reps_crossing_begin(&there, exchange->direct->reps);
        int r = marshal_copy(exchange->host->params, args, &exchange->crossing.handles, exchange->export->func->params, own,
                             &there.handles, fault);
        reps_crossing_end(&there, !r);
        if (r)
                crossing_undo(&exchange->crossing);
        else
                crossing_arrived(&exchange->crossing);
        return r;
}

/* @result is the add-in's, @ret the host's. */
static int take_result(struct exchange *exchange, const void *result, void *ret, struct ward_fault *fault)
{
        const struct ward_type *type = exchange->host->result;
        struct reps_crossing there;
        OWNED(room_give) struct room room;
        void *own = room_take(&room, type->size);
        if (!own)
                return no_memory(fault);
        reps_crossing_begin(&there, exchange->direct->reps);
        int r = add_ins_fault(
                marshal_copy(exchange->export->func->result, result, &there.handles, type, own, &exchange->crossing.handles, fault),
                fault);
        reps_crossing_end(&there, !r);
        if (r)
                crossing_undo(&exchange->crossing);
        else
                memcpy(ret, own, type->size);
        return r;
}

/* Runs the add-in's function on arguments of its own form. 0 with what it left in @result. */
static int run(struct exchange *exchange, void *args, void *result, struct ward_fault *fault)
{
        exchange->frame = (struct frame){ innermost, fault, 0 };
        innermost = &exchange->frame;
        exchange->export->call(args, result);
        innermost = exchange->frame.outer;
        int r = crossing_returned(&exchange->crossing, exchange->frame.r ? NULL : fault);
        return exchange->frame.r ? exchange->frame.r : r;
}

static int run_and_take(struct exchange *exchange, void *args, void *ret, struct ward_fault *fault)
{
        const struct ward_type *type = exchange->export->func->result;
        size_t size = type ? type->size : 0;
        OWNED(room_give) struct room room;
        void *result = room_take(&room, size);
        if (!result)
                return no_memory(fault);
        int r = run(exchange, args, result, fault);
        if (!type)
                return r;
        if (!r && !exchange->forms.result) {
                memcpy(ret, result, size);
                return 0;
        }
        if (!r)
                r = take_result(exchange, result, ret, fault);
        /* A wrong handle is the add-in's mistake; what could not be taken for another reason nobody would ever drop. */
        if (r)
                marshal_each_own(type, result, r == -WARD_FAULT_PROTOCOL ? drop_shared : drop_own, exchange->instance);
        ward_value_free(type, result);
        return r;
}

/* What the callee owns it frees; what it borrows goes with the call. */
static int run_with_own(struct exchange *exchange, const void *args, void *ret, struct ward_fault *fault)
{
        const struct ward_type *type = exchange->export->func->params;
        OWNED(room_give) struct room room;
        void *own = room_take(&room, type->size);
        if (!own)
                return no_memory(fault);
        int r = give_args(exchange, args, own, fault);
        if (r)
                return r;
        r = run_and_take(exchange, own, ret, fault);
        if (is_borrowing(exchange->direct))
                ward_value_free(type, own);
        return r;
}

static int call_crossed(struct exchange *exchange, const void *args, void *ret, struct ward_fault *fault)
{
        struct references *references = func_has_handles(exchange->host) ? exchange->instance->references : NULL;
        crossing_begin(&exchange->crossing, references);
        int r = is_borrowing(exchange->direct) && !exchange->forms.params ? run_and_take(exchange, (void *)args, ret, fault)
                                                                          : run_with_own(exchange, args, ret, fault);
        crossing_end(&exchange->crossing); /* may be the end of the instance */
        return r;
}

/* Arguments that are one thing for both sides. */
static int call_plain(const struct direct *direct, const struct ward_addin_export *export, const struct ward_type *params,
                      const void *args, void *ret, struct ward_fault *fault)
{
        if (is_borrowing(direct)) {
                export->call((void *)args, ret);
                return 0;
        }
        OWNED(room_give) struct room room;
        void *own = room_take(&room, params->size);
        if (!own)
                return no_memory(fault);
        int r = marshal_copy(params, args, NULL, export->func->params, own, NULL, fault);
        if (!r)
                export->call(own, ret);
        return r;
}

int direct_call(struct instance *instance, uint32_t export_index, const void *args, void *ret, struct ward_fault *fault)
{
        struct direct *direct = instance->held;
        const struct ward_addin_export *export = &direct->image.addin->exports[direct->exports[export_index]];
        const struct ward_func *host = instance->contract->exports[export_index];
        struct direct_forms forms = direct->export_forms[export_index];
        if (!direct->reps && !forms.params && !forms.result)
                return call_plain(direct, export, host->params, args, ret, fault);
        struct exchange exchange = { .instance = instance, .direct = direct, .export = export, .host = host, .forms = forms };
        return call_crossed(&exchange, args, ret, fault);
}

/* --- Imports ---------------------------------------------------------------------------------- */

/* One call of an import. */
struct service {
        struct instance *instance;
        struct direct *direct;
        uint32_t import; /* the contract's */
        const struct ward_func *host;
        const struct ward_func *addin;
        struct crossing crossing;
};

/* The host's result in the add-in's form. What cannot be passed is destroyed. */
static int give_result(struct service *service, const void *result, void *ret, struct ward_fault *fault)
{
        struct reps_crossing there;
        reps_crossing_begin(&there, service->direct->reps);
        int r = marshal_copy(service->host->result, result, &service->crossing.handles, service->addin->result, ret, &there.handles,
                             fault);
        reps_crossing_end(&there, !r);
        if (!r)
                return 0;
        crossing_undo(&service->crossing);
        crossing_refuse(&service->crossing, service->host->result, result);
        return r;
}

static int take_args(struct service *service, const void *args, void *own, struct ward_fault *fault)
{
        struct reps_crossing there;
        reps_crossing_begin(&there, service->direct->reps);
        int r = add_ins_fault(marshal_copy(service->addin->params, args, &there.handles, service->host->params, own,
                                           &service->crossing.handles, fault),
                              fault);
        reps_crossing_end(&there, !r);
        if (r)
                crossing_undo(&service->crossing);
        else
                crossing_arrived(&service->crossing);
        return r;
}

static int serve_with(struct service *service, const void *args, void *own, void *result, void *ret, struct ward_fault *fault)
{
        int r = take_args(service, args, own, fault);
        if (r) {
                marshal_each_own(service->addin->params, args, drop_shared, NULL);
                return r;
        }
        r = instance_serve(service->instance, service->import, own, result, fault);
        ward_value_free(service->host->params, own);
        if (r || !service->host->result)
                return r;
        r = give_result(service, result, ret, fault);
        ward_value_free(service->host->result, result);
        return r;
}

static int serve_crossed(struct service *service, const void *args, void *ret, struct ward_fault *fault)
{
        const struct ward_func *host = service->host;
        OWNED(room_give) struct room args_room, result_room;
        void *own = room_take(&args_room, host->params->size);
        void *result = room_take(&result_room, host->result ? host->result->size : 0);
        if (!own || !result)
                return no_memory(fault);
        crossing_begin(&service->crossing, func_has_handles(host) ? service->instance->references : NULL);
        int r = serve_with(service, args, own, result, ret, fault);
        crossing_end(&service->crossing);
        return r;
}

static void serve_formed(struct instance *instance, uint32_t import, const void *args, void *ret)
{
        struct direct *direct = instance->held;
        uint32_t wanted = direct->imports[import];
        struct ward_fault fault;
        struct service service = { .instance = instance,
                                   .direct = direct,
                                   .import = wanted,
                                   .host = instance->contract->imports[wanted].func,
                                   .addin = direct->image.addin->imports[import] };
        if (!serve_crossed(&service, args, ret, &fault))
                return;
        if (service.addin->result)
                memset(ret, 0, service.addin->result->size);
        mistake(&fault);
}

static void serve(void *context, uint32_t import, const void *args, void *ret)
{
        struct instance *instance = context;
        const struct direct *direct = instance->held;
        const struct direct_forms *forms = &direct->import_forms[import];
        struct ward_fault fault;
        if (forms->params || forms->result)
                serve_formed(instance, import, args, ret);
        else if (instance_serve(instance, direct->imports[import], args, ret, &fault))
                mistake(&fault);
}

/* --- Handles ---------------------------------------------------------------------------------- */

static int32_t resource_new(void *context, uint32_t resource, void *object)
{
        const struct direct *direct = ((struct instance *)context)->held;
        struct ward_fault fault;
        int32_t handle = 0;
        if (reps_add(direct->reps, resource, object, &handle, &fault))
                mistake(&fault);
        return handle;
}

static void *resource_rep(void *context, uint32_t resource, int32_t handle)
{
        const struct direct *direct = ((struct instance *)context)->held;
        struct ward_fault fault;
        void *object = NULL;
        if (reps_object(direct->reps, resource, handle, &object, &fault))
                mistake(&fault);
        return object;
}

static void resource_drop(void *context, uint32_t resource, int32_t handle)
{
        struct ward_fault fault;
        if (drop(context, resource, handle, &fault))
                mistake(&fault);
}

static bool cancelled(void *context)
{
        (void)context;
        return pending_is_cancelled();
}

struct ward_addin_env direct_env(struct instance *instance)
{
        return (struct ward_addin_env){
                .size = sizeof(struct ward_addin_env),
                .context = instance,
                .call = serve,
                .resource_new = resource_new,
                .resource_rep = resource_rep,
                .resource_drop = resource_drop,
                .memory = &memory_functions,
                .cancelled = cancelled,
        };
}

int direct_destroy(struct instance *instance, uint32_t resource, uint32_t number, struct ward_fault *fault)
{
        const struct direct *direct = instance->held;
        return reps_destroy(direct->reps, direct->resources[resource], number, fault);
}
