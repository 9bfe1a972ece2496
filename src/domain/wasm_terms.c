#include "domain/wasm_terms.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/fault.h"
#include "base/own.h"
#include "wasm/wasi.h"

enum {
        OWN_NEEDS = 2,     /* cabi_realloc and _initialize */
        OWN_OFFERS = 1,    /* ward_cancelled */
        DTOR_SPELLINGS = 2 /* as in WIT, and with underscores, as C code generators write it */
};

struct wasm_contract_terms *wasm_terms_free(struct wasm_contract_terms *terms)
{
        if (terms) {
                for (size_t i = 0; i < terms->n_texts; i++)
                        free(terms->texts[i]);
                free(terms->texts);
                free(terms->offers);
                free(terms->needs);
                free(terms);
        }
        return NULL;
}

/* A text that lives as long as @terms, or NULL without memory. There is room for its pointer. */
static const char *text(struct wasm_contract_terms *terms, const char *format, ...) __attribute__((format(printf, 2, 3)));
static const char *text(struct wasm_contract_terms *terms, const char *format, ...)
{
        va_list arguments;
        char *made = NULL;
        va_start(arguments, format);
        if (vasprintf(&made, format, arguments) < 0)
                made = NULL;
        va_end(arguments);
        if (made)
                terms->texts[terms->n_texts++] = made;
        return made;
}

/* "ns:pkg/iface@1.0.0#f" is field f of module ns:pkg/iface@1.0.0; a function of the world itself is in module $root. */
static bool add_import(struct wasm_contract_terms *terms, const struct ward_func *func)
{
        const char *hash = strchr(func->name, '#');
        struct wasm_offer *offer = &terms->offers[terms->terms.n_offers++];
        *offer = (struct wasm_offer){ "$root", func->name, func->core };
        if (!hash)
                return true;
        offer->module = text(terms, "%.*s", (int)(hash - func->name), func->name);
        offer->field = hash + 1;
        return offer->module;
}

/* --- Resources -------------------------------------------------------------------------------- */

static const struct {
        const char *prefix;
        const char *core;
} acts[] = {
        [WASM_ACT_DROP] = { "[resource-drop]", "i>" },
        [WASM_ACT_NEW] = { "[resource-new]", "i>i" },
        [WASM_ACT_REP] = { "[resource-rep]", "i>i" },
};

static uint32_t acts_on(const struct ward_contract *contract, uint32_t resource)
{
        return contract->resources[resource].resource->by_addin ? COUNT_OF(acts) : 1;
}

uint32_t wasm_resource_offers(const struct ward_contract *contract)
{
        uint32_t n = 0;
        for (uint32_t i = 0; i < contract->n_resources; i++)
                n += acts_on(contract, i);
        return n;
}

enum wasm_act wasm_resource_offer(const struct ward_contract *contract, uint32_t i, uint32_t *ret_resource)
{
        uint32_t resource = 0;
        for (; i >= acts_on(contract, resource); resource++)
                i -= acts_on(contract, resource);
        *ret_resource = resource;
        return (enum wasm_act)i;
}

/* "ns:pkg/iface@1.0.0#r" is r of that interface, "r" one of the world itself. */
static const char *short_name(const struct ward_resource *resource)
{
        const char *hash = strchr(resource->name, '#');
        return hash ? hash + 1 : resource->name;
}

/* "ns:pkg/iface@1.0.0#", or "". */
static int qualifier_length(const struct ward_resource *resource)
{
        return (int)(short_name(resource) - resource->name);
}

static bool add_acts(struct wasm_contract_terms *terms, const struct ward_resource *resource, uint32_t n)
{
        int qualifier = qualifier_length(resource);
        const char *module = text(terms, "%s%.*s", resource->by_addin ? "[export]" : "", qualifier ? qualifier - 1 : 5,
                                  qualifier ? resource->name : "$root");
        for (uint32_t act = 0; act < n; act++) {
                const char *field = text(terms, "%s%s", acts[act].prefix, short_name(resource));
                if (!module || !field)
                        return false;
                terms->offers[terms->terms.n_offers++] = (struct wasm_offer){ module, field, acts[act].core };
        }
        return true;
}

static char *with_underscores(char *name)
{
        for (char *dash = name ? strchr(name, '-') : NULL; dash; dash = strchr(dash, '-'))
                *dash = '_';
        return name;
}

static bool add_dtors(struct wasm_contract_terms *terms, const struct ward_resource *resource)
{
        struct wasm_need *needs = terms->needs + terms->terms.n_needs;
        OWNED(freep) char *snake = with_underscores(strdup(short_name(resource)));
        if (!snake)
                return false;
        for (uint32_t i = 0; i < DTOR_SPELLINGS; i++) {
                const char *name = i ? snake : short_name(resource);
                needs[i] = (struct wasm_need){ text(terms, "%.*s[dtor]%s", qualifier_length(resource), resource->name, name), "i>",
                                               true };
                if (!needs[i].name)
                        return false;
        }
        terms->terms.n_needs += DTOR_SPELLINGS;
        return true;
}

uint32_t wasm_need_dtor(const struct ward_contract *contract, uint32_t resource)
{
        uint32_t need = 2 * contract->n_exports + OWN_NEEDS;
        for (uint32_t i = 0; i < resource; i++)
                need += contract->resources[i].resource->by_addin ? DTOR_SPELLINGS : 0;
        return need;
}

static bool add_resource_offers(struct wasm_contract_terms *terms, const struct ward_contract *contract)
{
        for (uint32_t i = 0; i < contract->n_resources; i++)
                if (!add_acts(terms, contract->resources[i].resource, acts_on(contract, i)))
                        return false;
        return true;
}

static bool add_resource_needs(struct wasm_contract_terms *terms, const struct ward_contract *contract)
{
        for (uint32_t i = 0; i < contract->n_resources; i++)
                if (contract->resources[i].resource->by_addin && !add_dtors(terms, contract->resources[i].resource))
                        return false;
        return true;
}

/* --- Functions -------------------------------------------------------------------------------- */

static bool uses_memory(const struct ward_func *func)
{
        return func->params->flags & WARD_TYPE_OWNS || ward_func_spills(func) || ward_func_returns_pointer(func) ||
               (func->result && func->result->flags & WARD_TYPE_OWNS);
}

/* What the host puts into the module's memory needs room there: parameters of exports, results of imports. */
static bool needs_realloc(const struct ward_contract *contract)
{
        for (uint32_t i = 0; i < contract->n_exports; i++)
                if (contract->exports[i]->params->flags & WARD_TYPE_OWNS || ward_func_spills(contract->exports[i]))
                        return true;
        for (uint32_t i = 0; i < contract->n_imports; i++) {
                const struct ward_type *result = contract->imports[i].func->result;
                if (result && result->flags & WARD_TYPE_OWNS)
                        return true;
        }
        return false;
}

static bool add_all(struct wasm_contract_terms *terms, const struct ward_contract *contract)
{
        uint32_t n = contract->n_exports;
        struct wasm_need *needs = terms->needs;
        for (uint32_t i = 0; i < contract->n_imports; i++) {
                if (!add_import(terms, contract->imports[i].func))
                        return false;
                terms->memory |= uses_memory(contract->imports[i].func);
        }
        if (!add_resource_offers(terms, contract))
                return false;
        wasi_offers(terms->offers + terms->terms.n_offers);
        terms->terms.n_offers += WASI_FUNCTIONS;
        terms->offers[terms->terms.n_offers++] = (struct wasm_offer){ "ward:domain/call@0.1.0", "cancelled", ">i" };
        for (uint32_t i = 0; i < n; i++) {
                const struct ward_func *func = contract->exports[i];
                needs[i] = (struct wasm_need){ func->name, func->core, false };
                needs[n + i] = (struct wasm_need){ text(terms, "cabi_post_%s", func->name),
                                                   text(terms, "%s>", strchr(func->core, '>') + 1), true };
                if (!needs[n + i].name || !needs[n + i].core)
                        return false;
                terms->memory |= uses_memory(func);
        }
        needs[2 * n] = (struct wasm_need){ "cabi_realloc", "iiii>i", !needs_realloc(contract) };
        needs[2 * n + 1] = (struct wasm_need){ "_initialize", ">", true };
        terms->terms.n_needs = 2 * (size_t)n + OWN_NEEDS;
        return add_resource_needs(terms, contract);
}

int wasm_terms_new(const struct ward_contract *contract, struct wasm_contract_terms **ret_terms, struct ward_fault *fault)
{
        size_t imports = contract->n_imports, exports = contract->n_exports, resources = contract->n_resources;
        size_t asked = wasm_resource_offers(contract);
        OWNED(wasm_terms_freep) struct wasm_contract_terms *terms = calloc(1, sizeof *terms);
        if (terms) {
                terms->offers = calloc(imports + asked + WASI_FUNCTIONS + OWN_OFFERS, sizeof *terms->offers);
                terms->needs = calloc(2 * exports + OWN_NEEDS + DTOR_SPELLINGS * resources, sizeof *terms->needs);
                terms->texts = calloc(imports + 2 * exports + asked + (1 + DTOR_SPELLINGS) * resources + 1, sizeof *terms->texts);
                terms->terms.offers = terms->offers;
                terms->terms.needs = terms->needs;
        }
        if (!terms || !terms->offers || !terms->needs || !terms->texts || !add_all(terms, contract))
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot compare a module with contract %s",
                                       contract->name);
        *ret_terms = STEAL(terms);
        return 0;
}

int wasm_terms_check_memory(const struct wasm_contract_terms *terms, const struct wasm_module *module, const char *path,
                            struct ward_fault *fault)
{
        if (!terms->memory || wasm_module_shape(module)->exports_memory)
                return 0;
        return fault_set(fault, WARD_FAULT_CONTRACT,
                         "module '%s' exports no memory, through which the contract's values are to pass", path);
}
