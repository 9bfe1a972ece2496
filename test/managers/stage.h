/* What the tests of host managers share: a host, its services, and the add-in that asks for them. */
#ifndef TEST_MANAGERS_STAGE_H
#define TEST_MANAGERS_STAGE_H

#include "managers_host.h"
#include "test/support.h"

static const enum ward_isolation kinds[] = { WARD_DIRECT, WARD_WASM, WARD_PROCESS };

#define FOR_EACH_KIND(kind)                                                                                                        \
        for (size_t kind##_i = 0; kind##_i < 3; kind##_i++)                                                                        \
                if (((kind) = kinds[kind##_i]), 1)

static inline uint32_t stage_secret(void *data)
{
        return 21;
}

static inline uint32_t stage_vault_number(void *data)
{
        return 7;
}

static const struct managers_services stage_services = { .secret = stage_secret,
                                                         .vault_number = stage_vault_number,
                                                         .vault_other = stage_vault_number };

static inline struct ward_host *stage_host(struct ward_host_options options)
{
        struct ward_host *host;
        struct ward_fault fault;
        options.size = sizeof options;
        assert_good(ward_host_new(&options, &host, &fault), &fault);
        return host;
}

static inline int stage_try(struct ward_host *host, const char *module, const struct ward_activate_options *options,
                            struct managers **ret_managers, struct ward_fault *fault)
{
        return managers_activate(host, module, options, &stage_services, ret_managers, fault);
}

static inline struct managers *stage_activate(struct ward_host *host, const char *module,
                                              const struct ward_activate_options *options)
{
        struct managers *managers = NULL;
        struct ward_fault fault;
        assert_good(stage_try(host, module, options, &managers, &fault), &fault);
        return managers;
}

#endif
