/* Kind `direct`: trusted code in the host's process. Scalar functions are the add-in's own C functions, called by the view's inline
 * ones; for the others the callee owns its arguments, so strings and lists are copied once; results change hands as they are. */
#include <errno.h>
#include <stdlib.h>
#include "base/fault.h"
#include "base/own.h"
#include "domain/kind.h"
#include "marshal/marshal.h"
#include "native/native.h"

struct direct {
        struct native_image image;
        struct ward_addin_env env;
        uint32_t *exports; /* the contract's index -> the add-in's */
        uint32_t *imports; /* the add-in's index -> the contract's */
        void (**connect)(void);
};

static struct direct *direct_free(struct direct *direct)
{
        if (direct) {
                native_close(&direct->image);
                free(direct->exports);
                free(direct->imports);
                free(direct->connect);
                free(direct);
        }
        return NULL;
}

static void direct_freep(struct direct **direct)
{
        direct_free(*direct);
}

static void serve(void *context, uint32_t import, const void *args, void *ret)
{
        struct instance *instance = context;
        const struct direct *direct = instance->held;
        instance_serve(instance, direct->imports[import], args, ret);
}

static int match(struct direct *direct, const struct instance *instance, struct ward_fault *fault)
{
        const struct ward_contract *contract = instance->contract;
        OWNED(freep) struct native_func *exports = calloc(contract->n_exports + 1, sizeof *exports);
        OWNED(freep) struct native_func *imports = calloc(contract->n_imports + 1, sizeof *imports);
        direct->exports = calloc(contract->n_exports + 1, sizeof *direct->exports);
        direct->connect = calloc(contract->n_exports + 1, sizeof *direct->connect);
        direct->imports = calloc(direct->image.addin->n_imports + 1, sizeof *direct->imports);
        if (!exports || !imports || !direct->exports || !direct->connect || !direct->imports)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot activate module '%s'", instance->module);
        for (uint32_t i = 0; i < contract->n_exports; i++)
                exports[i] = (struct native_func){ contract->exports[i]->name, contract->exports[i]->signature };
        for (uint32_t i = 0; i < contract->n_imports; i++)
                imports[i] = (struct native_func){ contract->imports[i].func->name, contract->imports[i].func->signature };
        struct native_want want = { contract->name, exports, contract->n_exports, imports, contract->n_imports };
        int r = native_match(direct->image.addin, instance->module, &want, direct->exports, direct->imports, fault);
        for (uint32_t i = 0; !r && i < contract->n_exports; i++)
                direct->connect[i] = direct->image.addin->exports[direct->exports[i]].direct;
        return r;
}

static int load(struct instance *instance, const struct ward_activate_options *options, uint64_t deadline, struct ward_fault *fault)
{
        OWNED(direct_freep) struct direct *direct = calloc(1, sizeof *direct);
        if (!direct)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot activate module '%s'", instance->module);
        direct->image.copy = -1;
        int r = native_open(instance->module, &direct->image, fault);
        if (!r)
                r = match(direct, instance, fault);
        if (r)
                return r;
        direct->env = (struct ward_addin_env){ sizeof direct->env, instance, serve };
        direct->image.addin->bind(&direct->env);
        instance->head.direct = direct->connect;
        instance->held = STEAL(direct);
        return 0;
}

static void release(struct instance *instance)
{
        instance->head.direct = NULL;
        instance->held = direct_free(instance->held);
}

/* Room for most argument structs without malloc. */
enum { ARGS_ON_STACK = 512 };

static int call(struct instance *instance, uint32_t export_index, const void *args, void *ret, struct ward_fault *fault)
{
        const struct direct *direct = instance->held;
        const struct ward_addin_export *export = &direct->image.addin->exports[direct->exports[export_index]];
        const struct ward_type *params = instance->contract->exports[export_index]->params;
        _Alignas(16) uint8_t room[ARGS_ON_STACK];
        OWNED(freep) void *heap = params->size > sizeof room ? malloc(params->size) : NULL;
        void *own = params->size > sizeof room ? heap : room;
        if (!own)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "no memory for the arguments");
        int r = marshal_copy(params, args, NULL, export->func->params, own, NULL, fault);
        if (!r)
                export->call(own, ret);
        return r;
}

const struct kind kind_direct = {
        .name = "direct",
        .isolation = WARD_DIRECT,
        .unlocked = true,
        .load = load,
        .release = release,
        .call = call,
};
