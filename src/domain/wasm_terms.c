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

/* Whose terms are made, and in which names. */
struct making {
        struct wasm_contract_terms *terms;
        const struct ward_contract *contract;
        const struct wasm_scheme *scheme;
};

struct wasm_contract_terms *wasm_terms_free(struct wasm_contract_terms *terms)
{
        if (terms) {
                for (size_t i = 0; i < terms->n_texts; i++)
                        free(terms->texts[i]);
                free(terms->texts);
                wasm_terms_free(terms->plain);
                free(terms->offers);
                free(terms->needs);
                free(terms);
        }
        return NULL;
}

/* A text that lives as long as @terms, or NULL without memory, which @terms remembers. There is room for its pointer. */
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
        else
                terms->failed = true;
        return made;
}

/* "ns:pkg/iface@1.0.0#f" is f of that interface, "f" one of the world itself. */
static const char *short_name(const char *name)
{
        const char *hash = strchr(name, '#');
        return hash ? hash + 1 : name;
}

/* How much of @name is the interface's, as the scheme writes it; 0 for the world itself. */
static int interface_length(const struct making *making, const char *name)
{
        const char *hash = strchr(name, '#');
        return hash ? wasm_scheme_interface(making->scheme, name, (int)(hash - name)) : 0;
}

/* The module that what is called @name is imported from; of the module's own, where it tells Ward about its resources. */
static const char *import_module(const struct making *making, const char *name, bool own)
{
        int len = interface_length(making, name);
        if (!len)
                return text(making->terms, "%s%s", own ? making->scheme->own : "", making->scheme->root);
        return text(making->terms, "%s%.*s", own ? making->scheme->own : making->scheme->import, len, name);
}

/* The export called @name, with @around around the last part of it. */
static const char *export_name(const struct making *making, const char *name, const char *last, const char *const around[2])
{
        int len = interface_length(making, name);
        if (!len)
                return text(making->terms, "%s%s%s%s", making->scheme->root_export, around[0], last, around[1]);
        return text(making->terms, "%s%.*s%s%s%s%s", making->scheme->interface_export, len, name, making->scheme->divider,
                    around[0], last, around[1]);
}

static void add_offer(struct wasm_contract_terms *terms, const char *module, const char *field, const char *core)
{
        terms->offers[terms->terms.n_offers++] = (struct wasm_offer){ module, field, core };
}

static void add_need(struct wasm_contract_terms *terms, const char *name, const char *core, bool optional)
{
        terms->needs[terms->terms.n_needs++] = (struct wasm_need){ name, core, optional };
}

/* --- Resources -------------------------------------------------------------------------------- */

enum { ACTS = WASM_ACT_REP + 1 };

static uint32_t acts_on(const struct ward_contract *contract, uint32_t resource)
{
        return contract->resources[resource].resource->by_addin ? ACTS : 1;
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

static void add_acts(const struct making *making, const struct ward_resource *resource, uint32_t n)
{
        const char *const *const around[ACTS] = { making->scheme->drop, making->scheme->make, making->scheme->rep };
        const char *module = import_module(making, resource->name, resource->by_addin);
        for (uint32_t act = 0; act < n; act++)
                add_offer(making->terms, module,
                          text(making->terms, "%s%s%s", around[act][0], short_name(resource->name), around[act][1]),
                          act == WASM_ACT_DROP ? "i>" : "i>i");
}

static char *with_underscores(char *name)
{
        for (char *dash = name ? strchr(name, '-') : NULL; dash; dash = strchr(dash, '-'))
                *dash = '_';
        return name;
}

static bool add_dtors(const struct making *making, const struct ward_resource *resource)
{
        OWNED(freep) char *snake = with_underscores(strdup(short_name(resource->name)));
        if (!snake)
                return false;
        for (uint32_t i = 0; i < DTOR_SPELLINGS; i++)
                add_need(making->terms,
                         export_name(making, resource->name, i ? snake : short_name(resource->name), making->scheme->dtor), "i>",
                         true);
        return true;
}

uint32_t wasm_need_dtor(const struct ward_contract *contract, uint32_t resource)
{
        uint32_t need = 2 * contract->n_exports + OWN_NEEDS;
        for (uint32_t i = 0; i < resource; i++)
                need += contract->resources[i].resource->by_addin ? DTOR_SPELLINGS : 0;
        return need;
}

static bool add_resource_needs(const struct making *making)
{
        const struct ward_contract *contract = making->contract;
        for (uint32_t i = 0; i < contract->n_resources; i++)
                if (contract->resources[i].resource->by_addin && !add_dtors(making, contract->resources[i].resource))
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

static void add_offers(const struct making *making)
{
        struct wasm_contract_terms *terms = making->terms;
        const struct ward_contract *contract = making->contract;
        for (uint32_t i = 0; i < contract->n_imports; i++) {
                const struct ward_func *func = contract->imports[i].func;
                add_offer(terms, import_module(making, func->name, false), short_name(func->name), func->core);
                terms->memory |= uses_memory(func);
        }
        for (uint32_t i = 0; i < contract->n_resources; i++)
                add_acts(making, contract->resources[i].resource, acts_on(contract, i));
        wasi_offers(terms->offers + terms->terms.n_offers);
        terms->terms.n_offers += WASI_FUNCTIONS;
        add_offer(terms, import_module(making, "ward:domain/call@0.1.0#cancelled", false), "cancelled", ">i");
}

static bool add_needs(const struct making *making)
{
        static const char *const nothing[2] = { "", "" };
        struct wasm_contract_terms *terms = making->terms;
        const struct ward_contract *contract = making->contract;
        for (uint32_t i = 0; i < contract->n_exports; i++) {
                const struct ward_func *func = contract->exports[i];
                add_need(terms, export_name(making, func->name, short_name(func->name), nothing), func->core, false);
                terms->memory |= uses_memory(func);
        }
        for (uint32_t i = 0; i < contract->n_exports; i++) {
                const struct wasm_need *need = &terms->needs[i];
                const char *name =
                        need->name ? text(terms, "%s%s%s", making->scheme->post[0], need->name, making->scheme->post[1]) : NULL;
                add_need(terms, name, text(terms, "%s>", strchr(need->core, '>') + 1), true);
        }
        add_need(terms, making->scheme->realloc, "iiii>i", !needs_realloc(contract));
        add_need(terms, making->scheme->initialize, ">", true);
        return add_resource_needs(making);
}

int wasm_terms_new(const struct ward_contract *contract, const struct wasm_scheme *scheme, struct wasm_contract_terms **ret_terms,
                   struct ward_fault *fault)
{
        size_t imports = contract->n_imports, exports = contract->n_exports, resources = contract->n_resources;
        size_t asked = wasm_resource_offers(contract);
        size_t offers = imports + asked + WASI_FUNCTIONS + OWN_OFFERS;
        size_t needs = 2 * exports + OWN_NEEDS + DTOR_SPELLINGS * resources;
        OWNED(wasm_terms_freep) struct wasm_contract_terms *terms = calloc(1, sizeof *terms);
        const struct making making = { terms, contract, scheme };
        if (terms) {
                terms->scheme = scheme;
                terms->offers = calloc(offers, sizeof *terms->offers);
                terms->needs = calloc(needs, sizeof *terms->needs);
                terms->texts = calloc(2 * (offers + needs), sizeof *terms->texts);
                terms->terms.offers = terms->offers;
                terms->terms.needs = terms->needs;
        }
        bool made = terms && terms->offers && terms->needs && terms->texts;
        if (made) {
                add_offers(&making);
                made = add_needs(&making) && !terms->failed;
        }
        if (made && scheme != &wasm_scheme_plain)
                made = !wasm_terms_new(contract, &wasm_scheme_plain, &terms->plain, NULL);
        if (!made)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot compare a module with contract %s",
                                       contract->name);
        *ret_terms = STEAL(terms);
        return 0;
}
