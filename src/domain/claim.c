#include "domain/claim.h"

#include "base/fault.h"

enum { SHOWN_MAX = 256 };

struct comparison {
        const struct embedded *claim;
        const struct ward_contract *contract;
        const char *module;
        struct ward_fault *fault;
};

static int shown(struct ward_span text)
{
        return (int)(text.len < SHOWN_MAX ? text.len : SHOWN_MAX);
}

static int compare_signature(const struct comparison *c, const char *what, const struct ward_func *func, struct ward_span had)
{
        if (span_is(had, func->signature))
                return 0;
        return fault_set(c->fault, WARD_FAULT_CONTRACT,
                         "module '%s': %s '%s' is %.*s in the host's contract and %.*s in the module's", c->module, what,
                         func->name, SHOWN_MAX, func->signature, shown(had), (const char *)had.at);
}

static int compare_exports(const struct comparison *c)
{
        struct embedded_entry entry;
        int r = 0;
        for (uint32_t i = 0; i < c->contract->n_exports && !r; i++) {
                const struct ward_func *func = c->contract->exports[i];
                if (!embedded_find(c->claim, false, false, func->name, &entry))
                        return fault_set(c->fault, WARD_FAULT_CONTRACT,
                                         "module '%s' does not export function '%s' of the contract, %s", c->module, func->name,
                                         func->signature);
                r = compare_signature(c, "function", func, entry.signature);
        }
        for (uint32_t i = 0; i < c->contract->n_resources && !r; i++) {
                const struct ward_resource *resource = c->contract->resources[i].resource;
                if (resource->by_addin && !embedded_find(c->claim, false, true, resource->name, &entry))
                        return fault_set(c->fault, WARD_FAULT_CONTRACT,
                                         "module '%s' does not implement resource '%s' of the contract", c->module, resource->name);
        }
        return r;
}

static int compare_import_func(const struct comparison *c, const struct embedded_entry *entry)
{
        for (uint32_t i = 0; i < c->contract->n_imports; i++)
                if (span_is(entry->name, c->contract->imports[i].func->name))
                        return compare_signature(c, "import", c->contract->imports[i].func, entry->signature);
        return fault_set(c->fault, WARD_FAULT_CONTRACT, "module '%s' needs function '%.*s', %.*s, which the host does not provide",
                         c->module, shown(entry->name), (const char *)entry->name.at, shown(entry->signature),
                         (const char *)entry->signature.at);
}

static int compare_import_resource(const struct comparison *c, const struct embedded_entry *entry)
{
        for (uint32_t i = 0; i < c->contract->n_resources; i++) {
                const struct ward_resource *resource = c->contract->resources[i].resource;
                if (!resource->by_addin && span_is(entry->name, resource->name))
                        return 0;
        }
        return fault_set(c->fault, WARD_FAULT_CONTRACT, "module '%s' needs resource '%.*s', which the host does not provide",
                         c->module, shown(entry->name), (const char *)entry->name.at);
}

static int compare_imports(const struct comparison *c)
{
        struct embedded_entry entry;
        int r = 0;
        for (struct embedded_cursor at = embedded_begin(c->claim); !r && embedded_next(&at, &entry);)
                if (entry.import)
                        r = entry.resource ? compare_import_resource(c, &entry) : compare_import_func(c, &entry);
        return r;
}

int claim_check(struct ward_span claim, const struct ward_contract *contract, const char *module, bool *ret_utf16,
                struct ward_fault *fault)
{
        struct embedded embedded = { 0 };
        *ret_utf16 = false;
        if (!claim.at)
                return 0;
        int r = embedded_read(claim, module, &embedded, fault);
        if (r)
                return r;
        if (!span_is(embedded.world, contract->name))
                return fault_set(fault, WARD_FAULT_CONTRACT,
                                 "module '%s' implements contract %.*s; the host needs %s: rebuild one of the two", module,
                                 shown(embedded.world), (const char *)embedded.world.at, contract->name);
        const struct comparison comparison = { &embedded, contract, module, fault };
        r = compare_exports(&comparison);
        if (!r)
                r = compare_imports(&comparison);
        *ret_utf16 = embedded.utf16;
        return r;
}
