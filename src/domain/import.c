/* What an add-in calls: the host's services, and the functions of package `ward`, which Ward serves itself. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/fault.h"
#include "base/own.h"
#include "domain/data.h"
#include "domain/domain.h"
#include "domain/event.h"
#include "domain/executor.h"
#include "domain/import_memory.h"
#include "domain/kind.h"

/* The C forms of ward:domain/data and ward:domain/log (contract/builtin.c has the WIT). */
struct bytes {
        uint8_t *ptr;
        size_t len;
};

struct data_get_args {
        struct bytes key;
};

struct data_get_ret {
        bool is_some;
        struct bytes val;
};

struct data_set_args {
        struct bytes key;
        struct bytes value;
};

struct data_set_ret {
        bool is_err;
        struct bytes err;
};

struct log_args {
        uint8_t level; /* in the order of enum ward_log_level, from trace on */
        struct bytes text;
};

static struct ward_span span(struct bytes bytes)
{
        return (struct ward_span){ bytes.len ? bytes.ptr : (const uint8_t *)"", bytes.len };
}

static bool bytes_dup(struct ward_span from, struct bytes *ret)
{
        *ret = (struct bytes){ NULL, 0 };
        if (!from.len)
                return true;
        ret->ptr = malloc(from.len);
        if (!ret->ptr)
                return false;
        memcpy(ret->ptr, from.at, from.len);
        ret->len = from.len;
        return true;
}

/* Without memory for the copy the key reads as absent: the contract has no other way to say it. */
static void serve_data_get(const struct instance *instance, const void *args, void *ret)
{
        struct ward_domain *domain = instance->domain;
        const struct data_get_args *in = args;
        struct data_get_ret out = { .is_some = false };
        pthread_mutex_lock(&domain->info_lock);
        struct ward_span value = data_get(domain->data, span(in->key));
        out.is_some = value.at && bytes_dup(value, &out.val);
        pthread_mutex_unlock(&domain->info_lock);
        memcpy(ret, &out, sizeof out);
}

static const char *data_set_error(int r)
{
        if (r == -EINVAL)
                return "a key is 1 to 255 bytes of UTF-8";
        return r == -EDQUOT ? "a domain holds at most 64 MiB of data" : "out of memory";
}

static void serve_data_set(const struct instance *instance, const void *args, void *ret)
{
        struct ward_domain *domain = instance->domain;
        const struct data_set_args *in = args;
        struct data_set_ret out = { .is_err = false };
        pthread_mutex_lock(&domain->info_lock);
        int r = data_set(domain->data, span(in->key), span(in->value));
        pthread_mutex_unlock(&domain->info_lock);
        if (r) {
                out.is_err = true;
                bytes_dup(span_of(data_set_error(r)), &out.err);
        }
        memcpy(ret, &out, sizeof out);
}

static void serve_log(const struct instance *instance, const void *args, void *ret)
{
        const struct log_args *in = args;
        domain_log(instance->domain, instance->name, WARD_LOG_TRACE + in->level, span(in->text));
}

static void serve_is_local(const struct instance *instance, const void *args, void *ret)
{
        bool local = instance->domain->kind->isolation == WARD_DIRECT;
        memcpy(ret, &local, sizeof local);
}

static const struct {
        const char *name;
        void (*serve)(const struct instance *instance, const void *args, void *ret);
} own[] = {
        { "ward:domain/data@0.1.0#get", serve_data_get },
        { "ward:domain/data@0.1.0#set", serve_data_set },
        { "ward:domain/log@0.1.0#log", serve_log },
        { "ward:domain/reference@0.1.0#is-local", serve_is_local },
};

struct service {
        const struct ward_import *import;
        const void *services;
        const void *args;
        void *ret;
};

static void serve(void *data)
{
        const struct service *service = data;
        service->import->serve(service->import, service->services, service->args, service->ret);
}

static int not_served(const struct instance *instance, const struct ward_func *func, void *ret, struct ward_fault *fault)
{
        if (func->result)
                memset(ret, 0, func->result->size);
        if (!domain_is_running(instance->domain) || executor_is_ending())
                return domain_unloaded_fault(instance->domain, fault);
        return fault_set(fault, WARD_FAULT_DEADLINE,
                         "no thread of the host served '%s' before the deadline: whoever begins a call is to wait for it, or to "
                         "dispatch",
                         func->name);
}

int instance_run(struct instance *instance, uint32_t import, const void *args, void *ret, struct ward_fault *fault)
{
        const struct ward_import *wanted = &instance->contract->imports[import];
        if (wanted->serve && !executor_is_own()) {
                wanted->serve(wanted, instance->services, args, ret);
                return 0;
        }
        if (wanted->serve) {
                struct service service = { wanted, instance->services, args, ret };
                return executor_ask(serve, &service, false) ? 0 : not_served(instance, wanted->func, ret, fault);
        }
        if (import_memory_serve(instance, wanted->func->name, args, ret))
                return 0;
        for (size_t i = 0; i < COUNT_OF(own); i++)
                if (!strcmp(own[i].name, wanted->func->name))
                        own[i].serve(instance, args, ret);
        return 0;
}

bool contract_is_served(const struct ward_contract *contract, const char **ret_missing)
{
        for (uint32_t i = 0; i < contract->n_imports; i++) {
                bool found = contract->imports[i].serve || import_memory_has(contract->imports[i].func->name);
                for (size_t j = 0; j < COUNT_OF(own) && !found; j++)
                        found = !strcmp(own[j].name, contract->imports[i].func->name);
                if (found)
                        continue;
                *ret_missing = contract->imports[i].func->name;
                return false;
        }
        return true;
}
