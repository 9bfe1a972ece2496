#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/fault.h"
#include "base/own.h"
#include "base/pack.h"
#include "memory/buffer.h"
#include "worker/buffers.h"
#include "worker/worker.h"

static struct module *module_free(struct module *module)
{
        if (module) {
                native_close(&module->image);
                libraries_close(&module->libraries);
                free(module->exports);
                free(module->imports);
                free(module->resources);
                free(module->wanted);
                reps_free(module->reps);
                free(module);
        }
        return NULL;
}

static void module_freep(struct module **module)
{
        module_free(*module);
}

/* The host's contract, as LOAD brings it: the texts stay in shared memory, the arrays are owned. */
struct order {
        const char *name;                 /* of the add-in */
        const char *path;                 /* "": from a letter */
        uint32_t letter;                  /* its number */
        bool looked;                      /* the host has, at the file */
        struct native_library *libraries; /* what it needs, bottom-up; copy: the number of a letter that it is in, or 0 */
        uint32_t n_libraries;
        struct native_want want;
        struct native_func *funcs; /* exports, then imports */
        struct native_resource *resources;
};

static void order_finish(struct order *order)
{
        free(order->libraries);
        free(order->funcs);
        free(order->resources);
}

static int no_memory(const char *path, struct ward_fault *fault)
{
        return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot activate module '%s' within limits.memory_bytes", path);
}

static void read_funcs(struct cursor *cursor, struct native_func *funcs, uint32_t n, bool imports)
{
        for (uint32_t i = 0; i < n; i++) {
                funcs[i].name = cursor_text(cursor);
                funcs[i].signature = cursor_text(cursor);
                funcs[i].denied = imports && cursor_u32(cursor);
        }
}

static void read_resources(struct cursor *cursor, struct native_resource *resources, uint32_t n)
{
        for (uint32_t i = 0; i < n; i++) {
                resources[i].name = cursor_text(cursor);
                resources[i].by_addin = cursor_u32(cursor);
                resources[i].denied = cursor_u32(cursor);
        }
}

static struct native_library read_file(struct cursor *cursor)
{
        const char *name = cursor_text(cursor), *path = cursor_text(cursor), *alias = cursor_text(cursor);
        uint32_t letter = cursor_u32(cursor);
        return (struct native_library){ name, path, *alias ? alias : NULL, (int)letter };
}

/* The last one is the add-in. */
static int read_files(struct cursor *cursor, struct order *order, struct ward_fault *fault)
{
        order->looked = cursor_u32(cursor);
        uint32_t n = cursor_u32(cursor);
        if (!n || n > cursor->left)
                return fault_set(fault, WARD_FAULT_SYSTEM, "the worker cannot read what it is to load");
        order->libraries = calloc(n, sizeof *order->libraries);
        if (!order->libraries)
                return no_memory("", fault);
        order->n_libraries = n - 1;
        for (uint32_t i = 0; i < n; i++)
                order->libraries[i] = read_file(cursor);
        const struct native_library *addin = &order->libraries[n - 1];
        order->name = addin->name;
        order->path = addin->path;
        order->letter = (uint32_t)addin->copy;
        return 0;
}

static int read_order(struct ward_span bytes, struct order *order, struct ward_fault *fault)
{
        struct cursor cursor = { bytes.at, bytes.len, false };
        struct native_want *want = &order->want;
        int r = read_files(&cursor, order, fault);
        if (r)
                return r;
        want->contract = cursor_text(&cursor);
        want->n_exports = cursor_u32(&cursor);
        want->n_imports = cursor_u32(&cursor);
        want->n_resources = cursor_u32(&cursor);
        uint64_t n_funcs = (uint64_t)want->n_exports + want->n_imports;
        if (cursor.bad || n_funcs + want->n_resources > cursor.left)
                return fault_set(fault, WARD_FAULT_SYSTEM, "the worker cannot read what it is to load");
        want->exports = order->funcs = calloc(n_funcs + 1, sizeof *order->funcs);
        want->resources = order->resources = calloc((size_t)want->n_resources + 1, sizeof *order->resources);
        if (!order->funcs || !order->resources)
                return no_memory(order->name, fault);
        want->imports = order->funcs + want->n_exports;
        read_funcs(&cursor, order->funcs, want->n_exports, false);
        read_funcs(&cursor, order->funcs + want->n_exports, want->n_imports, true);
        read_resources(&cursor, order->resources, want->n_resources);
        return 0;
}

static int match(struct module *module, const struct order *order, struct ward_fault *fault)
{
        const struct native_want *want = &order->want;
        const struct ward_addin *addin = module->image.addin;
        module->n_exports = want->n_exports;
        module->n_imports = want->n_imports;
        module->n_resources = want->n_resources;
        module->exports = calloc((size_t)want->n_exports + 1, sizeof *module->exports);
        module->imports = calloc((size_t)addin->n_imports + 1, sizeof *module->imports);
        module->resources = calloc((size_t)want->n_resources + 1, sizeof *module->resources);
        module->wanted = calloc((size_t)addin->n_resources + 1, sizeof *module->wanted);
        if (!module->exports || !module->imports || !module->resources || !module->wanted)
                return no_memory(order->name, fault);
        int r = native_match(addin, order->name, want, module->exports, module->imports, fault);
        return r ? r : native_match_resources(addin, order->name, want, module->resources, module->wanted, fault);
}

/* In place of the letters' numbers, their descriptors, or -1. */
static int take_copies(struct order *order, struct ward_fault *fault)
{
        int r = 0;
        for (uint32_t i = 0; i < order->n_libraries; i++) {
                uint32_t letter = (uint32_t)order->libraries[i].copy;
                order->libraries[i].copy = -1;
                if (letter && !r)
                        r = buffers_take_module(letter, &order->libraries[i].copy, fault);
        }
        for (uint32_t i = 0; r && i < order->n_libraries; i++)
                fd_close(order->libraries[i].copy);
        return r;
}

/* If the loader gives up, the first library that it could not have is the reason. */
static int open_libraries(struct module *module, struct order *order, struct ward_fault *ret_why, struct ward_fault *fault)
{
        int r = take_copies(order, fault);
        return r ? r : libraries_open(order->libraries, order->n_libraries, &module->libraries, ret_why, fault);
}

static int open_image(struct module *module, const struct order *order, struct ward_fault *fault)
{
        int fd;
        if (order->looked)
                return native_open_as(order->path, order->name, &module->image, fault);
        if (!order->letter)
                return native_open(order->path, &module->image, fault);
        int r = buffers_take_module(order->letter, &fd, fault);
        return r ? r : native_open_copy(fd, order->name, &module->image, fault);
}

static int open_module(struct module *module, struct order *order, struct ward_fault *fault)
{
        struct ward_fault why = { .kind = WARD_FAULT_NONE };
        int r = open_libraries(module, order, &why, fault);
        if (r)
                return r;
        r = open_image(module, order, fault);
        if (r == -WARD_FAULT_MODULE && why.kind)
                *fault = why;
        if (!r)
                r = match(module, order, fault);
        if (!r)
                r = reps_new(module->image.addin, &module->reps, fault);
        if (r)
                return r;
        module->env = (struct ward_addin_env){ .size = sizeof module->env,
                                               .context = module,
                                               .call = module_import,
                                               .post = module_post,
                                               .flush = module_flush,
                                               .resource_new = module_resource_new,
                                               .resource_rep = module_resource_rep,
                                               .resource_drop = module_resource_drop,
                                               .cancelled = module_cancelled,
                                               .memory = &memory_functions };
        return 0;
}

int module_load(struct worker *worker, uint32_t number, struct ward_span bytes, struct ward_fault *fault)
{
        OWNED(order_finish) struct order order = { 0 };
        if (number >= MESSAGE_INSTANCES || atomic_load(&worker->modules[number]))
                return fault_set(fault, WARD_FAULT_SYSTEM, "the worker has no place for instance %u", number);
        int r = read_order(bytes, &order, fault);
        if (r)
                return r;
        OWNED(module_freep) struct module *module = calloc(1, sizeof *module);
        if (!module)
                return no_memory(order.name, fault);
        module->image.copy = -1;
        module->worker = worker;
        module->number = number;
        r = open_module(module, &order, fault);
        if (r)
                return r;
        module->image.addin->bind(&module->env);
        atomic_store_explicit(&worker->modules[number], STEAL(module), memory_order_release);
        return 0;
}

void module_unload(struct worker *worker, uint32_t number)
{
        if (number < MESSAGE_INSTANCES)
                module_free(atomic_exchange(&worker->modules[number], NULL));
}
