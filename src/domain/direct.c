/* Kind `direct`: trusted code in the host's process. Functions of scalars and plain structs are the add-in's own C functions,
 * called by the view's inline ones. For the others a callee that owns its arguments gets a copy of strings and lists, one that
 * borrows them gets them as they are; results change hands as they are. Only handles, and strings that the two sides encode
 * otherwise, are converted. */
#include "domain/direct.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include "base/fault.h"
#include "base/own.h"
#include "domain/denied.h"
#include "domain/kind.h"
#include "domain/references.h"

static struct direct *direct_free(struct direct *direct)
{
        if (direct) {
                native_close(&direct->image);
                libraries_close(&direct->libraries);
                reps_free(direct->reps);
                free(direct->exports);
                free(direct->imports);
                free(direct->export_forms);
                free(direct->import_forms);
                free(direct->resources);
                free(direct->wanted);
                free(direct->connect);
                free(direct);
        }
        return NULL;
}

static void direct_freep(struct direct **direct)
{
        direct_free(*direct);
}

static bool allocate(struct direct *direct, const struct ward_contract *contract)
{
        const struct ward_addin *addin = direct->image.addin;
        direct->exports = calloc(contract->n_exports + 1, sizeof *direct->exports);
        direct->export_forms = calloc(contract->n_exports + 1, sizeof *direct->export_forms);
        direct->connect = calloc(contract->n_exports + 1, sizeof *direct->connect);
        direct->imports = calloc(addin->n_imports + 1, sizeof *direct->imports);
        direct->import_forms = calloc(addin->n_imports + 1, sizeof *direct->import_forms);
        direct->resources = calloc(contract->n_resources + 1, sizeof *direct->resources);
        direct->wanted = calloc(addin->n_resources + 1, sizeof *direct->wanted);
        return direct->exports && direct->export_forms && direct->connect && direct->imports && direct->import_forms &&
               direct->resources && direct->wanted;
}

/* The contract as native/ wants it. */
struct want {
        struct native_want want;
        struct native_func *funcs; /* exports, then imports */
        struct native_resource *resources;
};

static void want_finish(struct want *want)
{
        free(want->funcs);
        free(want->resources);
}

static bool want_init(struct want *want, const struct instance *instance)
{
        const struct ward_contract *contract = instance->contract;
        struct native_func *funcs = calloc((size_t)contract->n_exports + contract->n_imports + 1, sizeof *funcs);
        struct native_resource *resources = calloc(contract->n_resources + 1, sizeof *resources);
        *want = (struct want){ .funcs = funcs, .resources = resources };
        if (!funcs || !resources)
                return false;
        want->want = (struct native_want){ contract->name,      funcs,     contract->n_exports,  funcs + contract->n_exports,
                                           contract->n_imports, resources, contract->n_resources };
        for (uint32_t i = 0; i < contract->n_exports; i++)
                *funcs++ = (struct native_func){ contract->exports[i]->name, contract->exports[i]->signature, false };
        for (uint32_t i = 0; i < contract->n_imports; i++)
                *funcs++ = (struct native_func){ contract->imports[i].func->name, contract->imports[i].func->signature,
                                                 denied_import(instance->denied, i) };
        for (uint32_t i = 0; i < contract->n_resources; i++)
                resources[i] =
                        (struct native_resource){ contract->resources[i].resource->name, contract->resources[i].resource->by_addin,
                                                  denied_resource(instance->denied, i) };
        return true;
}

/* What the two sides make of each function. Nothing that holds a handle connects directly. */
static void compare(struct direct *direct, const struct ward_contract *contract)
{
        const struct ward_addin *addin = direct->image.addin;
        for (uint32_t i = 0; i < contract->n_exports; i++) {
                const struct ward_addin_export *export = &addin->exports[direct->exports[i]];
                direct->export_forms[i] = direct_forms_of(contract->exports[i], export->func);
                if (!direct->export_forms[i].params && !direct->export_forms[i].result)
                        direct->connect[i] = export->direct;
        }
        for (uint32_t i = 0; i < addin->n_imports; i++)
                direct->import_forms[i] = direct_forms_of(contract->imports[direct->imports[i]].func, addin->imports[i]);
}

static int match(struct direct *direct, const struct instance *instance, struct ward_fault *fault)
{
        const struct ward_contract *contract = instance->contract;
        const struct ward_addin *addin = direct->image.addin;
        OWNED(want_finish) struct want want;
        if (!want_init(&want, instance) || !allocate(direct, contract))
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot activate module '%s'", instance->module);
        int r = native_match(addin, instance->module, &want.want, direct->exports, direct->imports, fault);
        if (!r)
                r = native_match_resources(addin, instance->module, &want.want, direct->resources, direct->wanted, fault);
        if (!r && addin->n_resources)
                r = reps_new(addin, &direct->reps, fault);
        if (!r)
                compare(direct, contract);
        return r;
}

static int duplicate(int fd)
{
        return fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

/* Those that the host has said where they are; the loader finds the others. In the host nothing is called otherwise than it calls
 * itself, so they are to be called as who needs them says. */
static int open_libraries(const struct instance *instance, struct opened_libraries *ret_opened, struct ward_fault *ret_why,
                          struct ward_fault *fault)
{
        const struct needed *needed = &instance->libraries;
        OWNED(freep) struct native_library *libraries = calloc(needed->n + 1, sizeof *libraries);
        uint32_t n = 0;
        if (!libraries)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot activate module '%s'", instance->module);
        for (size_t i = 0; i < needed->n; i++)
                if (needed->files[i].given)
                        libraries[n++] = (struct native_library){ needed->files[i].path, needed->files[i].path, NULL,
                                                                  duplicate(needed->files[i].copy) };
        return libraries_open(libraries, n, ret_opened, ret_why, fault);
}

static int open_image(const struct instance *instance, struct native_image *ret_image, struct ward_fault *fault)
{
        int fd;
        if (!instance->image.at)
                return native_open(instance->module, ret_image, fault);
        int r = native_copy(instance->image, instance->module, &fd, fault);
        return r ? r : native_open_copy(fd, instance->module, ret_image, fault);
}

static int open_module(const struct instance *instance, struct direct *direct, struct ward_fault *fault)
{
        struct ward_fault why = { .kind = WARD_FAULT_NONE };
        int r = open_libraries(instance, &direct->libraries, &why, fault);
        if (r)
                return r;
        r = open_image(instance, &direct->image, fault);
        if (r == -WARD_FAULT_MODULE && why.kind && fault)
                *fault = why;
        return r;
}

static int load(struct instance *instance, const struct ward_activate_options *options, uint64_t deadline, struct ward_fault *fault)
{
        OWNED(direct_freep) struct direct *direct = calloc(1, sizeof *direct);
        if (!direct)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot activate module '%s'", instance->module);
        direct->image.copy = -1;
        int r = open_module(instance, direct, fault);
        if (!r)
                r = match(direct, instance, fault);
        if (!r)
                r = references_new(instance, REFERENCES_KEPT_BY_ADDIN, direct_destroy, &instance->references, fault);
        if (r)
                return r;
        struct direct *held = STEAL(direct);
        held->env = direct_env(instance);
        instance->head.direct = instance->tracer ? NULL : held->connect;
        instance->held = held;
        held->image.addin->bind(&held->env);
        return 0;
}

static void release(struct instance *instance)
{
        instance->head.direct = NULL;
        instance->held = direct_free(instance->held);
}

const struct kind kind_direct = {
        .name = "direct",
        .isolation = WARD_DIRECT,
        .unlocked = true,
        .load = load,
        .release = release,
        .call = direct_call,
};
