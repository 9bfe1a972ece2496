/* Sends random values through every function of a contract, and looks whether they come back. To be included after the source of a
 * host view, whose descriptors say what a value is. */
#ifndef EVERY_EXCHANGE_H
#define EVERY_EXCHANGE_H

#include <stdlib.h>
#include "base/own.h"
#include "marshal/marshal.h"
#include "marshal/test_values.h"
#include "test/support.h"

enum { ROUNDS = 12, IMPORTS_MAX = 256 };

/* Functions have one parameter and give it back, or some, which they give back as a record. */
static const void *given(const struct ward_func *func, const void *args, uint32_t i)
{
        return (const char *)args + func->params->fields[i].at;
}

static bool comes_back_whole(const struct ward_func *func)
{
        return func->params->n == 1 && func->params->fields[0].type == func->result;
}

/* The host's half of a callback. */
static void back(const struct ward_import *import, const void *services, const void *args, void *ret)
{
        const struct ward_func *func = import->func;
        (void)services;
        if (!func->result)
                return;
        for (uint32_t i = 0; i < func->params->n; i++) {
                const struct ward_type *type = func->params->fields[i].type;
                uint32_t at = comes_back_whole(func) ? 0 : func->result->fields[i].at;
                assert_int_equal(marshal_copy(type, given(func, args, i), NULL, type, (char *)ret + at, NULL, NULL), 0);
        }
}

static bool is_same(const struct ward_func *func, const void *args, const void *ret)
{
        if (!func->result)
                return true;
        if (comes_back_whole(func))
                return values_equal(func->result, given(func, args, 0), func->result, ret);
        for (uint32_t i = 0; i < func->params->n; i++)
                if (!values_equal(func->params->fields[i].type, given(func, args, i), func->result->fields[i].type,
                                  (const char *)ret + func->result->fields[i].at))
                        return false;
        return true;
}

static void send(struct ward_instance *instance, uint32_t index, uint64_t *seed)
{
        const struct ward_func *func = contract.exports[index];
        struct ward_fault fault;
        uint64_t began = *seed;
        void *args = random_new(func->params, seed);
        void *ret = func->result ? value_new(func->result) : NULL;
        assert_good(ward_call(instance, index, args, ret, &fault), &fault);
        if (!is_same(func, args, ret))
                fail_msg("%s: another value came back, seed %#llx", func->name, (unsigned long long)began);
        value_free(func->params, args);
        if (ret)
                value_free(func->result, ret);
}

/* The contract with all that the host serves served by the one function. */
static struct ward_contract served(struct ward_import *all)
{
        struct ward_contract same = contract;
        assert_true(contract.n_imports <= IMPORTS_MAX);
        for (uint32_t i = 0; i < contract.n_imports; i++)
                all[i] = (struct ward_import){ contract.imports[i].func, back };
        same.imports = all;
        return same;
}

static void check(enum ward_isolation isolation, const char *addin)
{
        static struct ward_import all[IMPORTS_MAX];
        struct ward_contract same = served(all);
        struct ward_fault fault;
        struct ward_instance *instance;
        struct ward_host *host = host_start();
        struct ward_activate_options options = options_for(isolation);
        options.deadline_ms = 20000;
        uint64_t seed = 20;
        assert_good(ward_activate(host, addin_file(addin, isolation), &options, &same, NULL, &instance, &fault), &fault);
        for (int round = 0; round < ROUNDS; round++)
                for (uint32_t i = 0; i < contract.n_exports; i++)
                        send(instance, i, &seed);
        ward_release(instance);
        ward_host_free(host);
}

#endif
