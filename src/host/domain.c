/* The public functions on domains. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/fault.h"
#include "domain/data.h"
#include "domain/kind.h"
#include "domain/usage.h"
#include "host/host.h"
#include "host/terms.h"

enum { START_MS = 10000, USAGE_OLDEST = offsetof(struct ward_usage, start_ns) };

int host_check_limits(const struct ward_limits *limits, struct ward_fault *fault)
{
        static const struct ward_limits none = { 0 };
        if (limits->size == sizeof *limits || !memcmp(limits, &none, sizeof none))
                return 0;
        return fault_set(fault, WARD_FAULT_USAGE, "ward_limits.size is %zu, not %zu: set it to sizeof (struct ward_limits)",
                         limits->size, sizeof *limits);
}

static const struct host_options_form quota_form = { "ward_quota", offsetof(struct ward_quota, memory_bytes),
                                                     sizeof(struct ward_quota) };

int host_take_quota(const struct ward_quota **quota, struct ward_quota *ret, struct ward_fault *fault)
{
        if (!*quota)
                return 0;
        int r = host_take_options(&quota_form, *quota, ret, fault);
        if (!r && (unsigned)ret->bounds > WARD_BOUNDS_CHECKED)
                r = fault_set(fault, WARD_FAULT_USAGE, "%d is no way to keep linear memories apart (ward_quota.bounds)",
                              (int)ret->bounds);
        *quota = ret;
        return r;
}

static const struct host_options_form form = { "ward_domain_options", offsetof(struct ward_domain_options, denied_imports),
                                               sizeof(struct ward_domain_options) };

int ward_domain_new(struct ward_host *host, const struct ward_domain_options *given, struct ward_domain **ret_domain,
                    struct ward_fault *fault)
{
        struct ward_domain_options options;
        struct ward_quota quota;
        struct domain_grants *grants;
        if (!host || !given || !ret_domain)
                return fault_set(fault, WARD_FAULT_USAGE, "ward_domain_new needs a host, options and a place for the domain");
        int r = host_take_options(&form, given, &options, fault);
        if (!r)
                r = host_check_limits(&options.limits, fault);
        if (!r)
                r = host_take_quota(&options.quota, &quota, fault);
        if (!r)
                r = terms_take(&options, NULL, &quota, &grants, fault);
        return r ? r : domain_new(&host->domains, &options, false, grants, clock_deadline(START_MS), ret_domain, fault);
}

struct ward_domain *ward_domain_release(struct ward_domain *domain)
{
        return domain_unref(domain);
}

int ward_domain_unload(struct ward_domain *domain, struct ward_fault *fault)
{
        return domain_unload(domain, fault);
}

const char *ward_domain_name(const struct ward_domain *domain)
{
        return domain->name;
}

int ward_domain_rename(struct ward_domain *domain, const char *name, struct ward_fault *fault)
{
        if (!name || !*name || strlen(name) >= sizeof domain->name)
                return fault_set(fault, WARD_FAULT_USAGE, "a domain's name has 1 to %zu bytes", sizeof domain->name - 1);
        pthread_mutex_lock(&domain->info_lock);
        text_escape(domain->name, sizeof domain->name, name, strlen(name), false);
        pthread_mutex_unlock(&domain->info_lock);
        return 0;
}

enum ward_isolation ward_domain_isolation(const struct ward_domain *domain)
{
        return domain->kind->isolation;
}

enum ward_level ward_domain_level(const struct ward_domain *domain)
{
        return domain->level;
}

enum ward_domain_state ward_domain_state(const struct ward_domain *domain)
{
        return domain_is_running(domain) ? WARD_DOMAIN_RUNNING : WARD_DOMAIN_UNLOADED;
}

/* The size that the caller's header knows. */
int ward_domain_usage(const struct ward_domain *domain, struct ward_usage *ret_usage, struct ward_fault *fault)
{
        struct ward_usage usage;
        size_t size = ret_usage->size;
        if (size < USAGE_OLDEST || size > sizeof usage)
                return fault_set(fault, WARD_FAULT_USAGE, "ward_usage.size is %zu, not %zu: set it to sizeof (struct ward_usage)",
                                 size, sizeof usage);
        domain_usage(domain, &usage);
        memcpy(ret_usage, &usage, size);
        ret_usage->size = size;
        return 0;
}

bool ward_domain_fault(const struct ward_domain *domain, struct ward_fault *ret_fault)
{
        return domain_last_fault(domain, ret_fault);
}

int ward_domain_set(struct ward_domain *domain, const char *key, const void *data, size_t len, struct ward_fault *fault)
{
        if (!key || (!data && len))
                return fault_set(fault, WARD_FAULT_USAGE, "ward_domain_set needs a key, and data where the length is not 0");
        pthread_mutex_lock(&domain->info_lock);
        int r = data_set(domain->data, span_of(key), (struct ward_span){ data, len });
        pthread_mutex_unlock(&domain->info_lock);
        switch (r) {
        case 0:
                return 0;
        case -EINVAL:
                return fault_set(fault, WARD_FAULT_USAGE, "a key of domain data is 1 to %d bytes of UTF-8", DATA_KEY_MAX);
        case -EDQUOT:
                return fault_set(fault, WARD_FAULT_LIMIT, "domain '%s' would hold more than %d bytes of data: remove a key first",
                                 domain->name, DATA_BYTES_MAX);
        default:
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, -r, "cannot keep %zu bytes under key '%s'", len, key);
        }
}

/* The data's copy ends in a NUL that the length does not count, so that text can be used as it is. */
int ward_domain_get(struct ward_domain *domain, const char *key, void **ret_data, size_t *ret_len, struct ward_fault *fault)
{
        if (!key || !ret_data || !ret_len)
                return fault_set(fault, WARD_FAULT_USAGE, "ward_domain_get needs a key and places for the data and its length");
        pthread_mutex_lock(&domain->info_lock);
        struct ward_span value = data_get(domain->data, span_of(key));
        void *copy = value.at ? malloc(value.len + 1) : NULL;
        if (copy)
                memcpy(copy, value.at, value.len + 1);
        pthread_mutex_unlock(&domain->info_lock);
        if (!value.at)
                return 1;
        if (!copy)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot copy %zu bytes of key '%s'", value.len, key);
        *ret_data = copy;
        *ret_len = value.len;
        return 0;
}
