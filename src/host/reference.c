/* References: what holds add-ins and their objects, by numbers. */
#include "base/fault.h"
#include "base/own.h"
#include "domain/kind.h"
#include "domain/objects.h"
#include "host/host.h"

static int check(const struct ward_host *host, const void *place, struct ward_fault *fault)
{
        return host && place ? 0 : fault_set(fault, WARD_FAULT_USAGE, "a token needs its host, and a place to be written to");
}

int ward_acquire(struct ward_instance *head, uint64_t *ret_token, struct ward_fault *fault)
{
        struct instance *instance = (struct instance *)head;
        if (!instance || !ret_token)
                return fault_set(fault, WARD_FAULT_USAGE, "ward_acquire needs an instance and a place for the token");
        if (!domain_is_running(instance->domain))
                return domain_unloaded_fault(instance->domain, fault);
        return tokens_add(instance, TOKENS_INSTANCE, 0, false, ret_token, fault);
}

int ward_object_acquire(struct ward_host *host, uint64_t object, uint64_t *ret_token, struct ward_fault *fault)
{
        int r = check(host, ret_token, fault);
        return r ? r : tokens_acquire(host->domains.tokens, object, ret_token, fault);
}

int ward_token_release(struct ward_host *host, uint64_t token, struct ward_fault *fault)
{
        int r = check(host, host, fault);
        return r ? r : objects_release(host->domains.tokens, token, fault);
}

bool ward_token_same(struct ward_host *host, uint64_t a, uint64_t b)
{
        return host && tokens_same(host->domains.tokens, a, b);
}

struct ward_instance *ward_token_instance(struct ward_host *host, uint64_t token)
{
        struct instance *instance = host ? tokens_instance(host->domains.tokens, token) : NULL;
        return instance ? &instance->head : NULL;
}

bool ward_token_is_local(struct ward_host *host, uint64_t token)
{
        return host && tokens_is_local(host->domains.tokens, token);
}

struct ward_host *ward_instance_host(struct ward_instance *head)
{
        struct domains *domains = tokens_domains(((struct instance *)head)->tokens);
        return domains ? CONTAINER_OF(domains, struct ward_host, domains) : NULL;
}
