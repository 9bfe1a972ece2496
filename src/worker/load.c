#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/fault.h"
#include "base/own.h"
#include "base/pack.h"
#include "worker/worker.h"

static struct module *module_free(struct module *module)
{
        if (module) {
                native_close(&module->image);
                free(module->exports);
                free(module->imports);
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
        const char *path;
        struct native_want want;
        struct native_func *funcs; /* exports, then imports */
};

static void order_finish(struct order *order)
{
        free(order->funcs);
}

static int no_memory(const char *path, struct ward_fault *fault)
{
        return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot activate module '%s' within limits.memory_bytes", path);
}

static int read_order(struct ward_span bytes, struct order *ret_order, struct ward_fault *fault)
{
        struct cursor cursor = { bytes.at, bytes.len, false };
        struct order order = { .path = cursor_text(&cursor) };
        order.want.contract = cursor_text(&cursor);
        order.want.n_exports = cursor_u32(&cursor);
        order.want.n_imports = cursor_u32(&cursor);
        uint64_t n = (uint64_t)order.want.n_exports + order.want.n_imports;
        if (cursor.bad || n > cursor.left)
                return fault_set(fault, WARD_FAULT_SYSTEM, "the worker cannot read what it is to load");
        order.funcs = calloc(n + 1, sizeof *order.funcs);
        if (!order.funcs)
                return no_memory(order.path, fault);
        for (uint64_t i = 0; i < n; i++) {
                order.funcs[i].name = cursor_text(&cursor);
                order.funcs[i].signature = cursor_text(&cursor);
        }
        order.want.exports = order.funcs;
        order.want.imports = order.funcs + order.want.n_exports;
        *ret_order = order;
        return 0;
}

static int open_module(struct module *module, const struct order *order, struct ward_fault *fault)
{
        const struct native_want *want = &order->want;
        int r = native_open(order->path, &module->image, fault);
        if (r)
                return r;
        module->n_exports = want->n_exports;
        module->exports = calloc((size_t)want->n_exports + 1, sizeof *module->exports);
        module->imports = calloc((size_t)module->image.addin->n_imports + 1, sizeof *module->imports);
        if (!module->exports || !module->imports)
                return no_memory(order->path, fault);
        return native_match(module->image.addin, order->path, want, module->exports, module->imports, fault);
}

int module_load(struct worker *worker, uint32_t number, struct ward_span bytes, struct ward_fault *fault)
{
        OWNED(order_finish) struct order order = { 0 };
        if (number >= MESSAGE_INSTANCES || worker->modules[number])
                return fault_set(fault, WARD_FAULT_SYSTEM, "the worker has no place for instance %u", number);
        int r = read_order(bytes, &order, fault);
        if (r)
                return r;
        OWNED(module_freep) struct module *module = calloc(1, sizeof *module);
        if (!module)
                return no_memory(order.path, fault);
        module->image.copy = -1;
        module->worker = worker;
        module->number = number;
        module->env = (struct ward_addin_env){ sizeof module->env, module, module_import };
        r = open_module(module, &order, fault);
        if (r)
                return r;
        worker->modules[number] = module;
        module->image.addin->bind(&module->env);
        STEAL(module);
        return 0;
}

void module_unload(struct worker *worker, uint32_t number)
{
        if (number < MESSAGE_INSTANCES)
                worker->modules[number] = module_free(worker->modules[number]);
}
