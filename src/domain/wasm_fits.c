/* What of a module's names wasm_module_bind cannot tell, which knows the terms of one scheme. */
#include <string.h>
#include "base/fault.h"
#include "domain/wasm_terms.h"

/* A module, in scheme cm32p2, and the terms of both. */
struct fitting {
        const struct wasm_contract_terms *terms, *plain;
        const struct wasm_module *module;
        const char *path;
        struct ward_fault *fault;
};

enum { SHOWN_MAX = 256 };

static int shown(struct ward_span text)
{
        return (int)(text.len < SHOWN_MAX ? text.len : SHOWN_MAX);
}

static int refuse_mixed(const struct fitting *fitting, const char *what, struct ward_span name)
{
        return fault_set(fitting->fault, WARD_FAULT_CONTRACT,
                         "module '%s' has names of two schemes: some begin with %s, but its %s \"%.*s\" is called as %s are; build "
                         "all of it in one",
                         fitting->path, wasm_scheme_cm32p2.name, what, shown(name), (const char *)name.at, wasm_scheme_plain.name);
}

static bool offers_module(const struct wasm_contract_terms *terms, struct ward_span module)
{
        for (size_t i = 0; i < terms->terms.n_offers; i++)
                if (span_is(module, terms->offers[i].module))
                        return true;
        return false;
}

static int check_imports(const struct fitting *fitting)
{
        for (uint32_t i = 0; i < wasm_module_shape(fitting->module)->n_imports; i++) {
                struct wasm_function import = wasm_module_import(fitting->module, i);
                if (!offers_module(fitting->terms, import.module) && offers_module(fitting->plain, import.module))
                        return refuse_mixed(fitting, "import of", import.module);
        }
        return 0;
}

/* An allocator of that name is in every program of some languages: it is no sign where none is needed. */
static int check_needs(const struct fitting *fitting)
{
        for (size_t i = 0; i < fitting->terms->terms.n_needs; i++) {
                const struct wasm_need *need = &fitting->terms->needs[i], *plain = &fitting->plain->needs[i];
                if (need->optional && !strcmp(plain->name, wasm_scheme_plain.realloc))
                        continue;
                if (!wasm_module_exports(fitting->module, need) && wasm_module_exports(fitting->module, plain))
                        return refuse_mixed(fitting, "export", span_of(plain->name));
        }
        return 0;
}

static bool is_needed(const struct wasm_contract_terms *terms, struct ward_span name)
{
        for (size_t i = 0; i < terms->terms.n_needs; i++)
                if (span_is(name, terms->needs[i].name))
                        return true;
        return false;
}

/* What begins with the prefix is promised to mean something (BuildTargets.md, "Imports and Exports"). */
static int check_exports(const struct fitting *fitting)
{
        struct wasm_function export;
        for (uint32_t i = 0; i < wasm_module_n_exports(fitting->module); i++)
                if (wasm_module_export(fitting->module, i, &export) && wasm_scheme_is_cm32p2(export.name) &&
                    !is_needed(fitting->terms, export.name))
                        return fault_set(fitting->fault, WARD_FAULT_CONTRACT,
                                         "module '%s': exports function \"%.*s\", which the contract does not have; build the "
                                         "add-in for this host's contract",
                                         fitting->path, shown(export.name), (const char *)export.name.at);
        return 0;
}

static int check_names(const struct fitting *fitting)
{
        int r = check_imports(fitting);
        if (!r)
                r = check_needs(fitting);
        return r ? r : check_exports(fitting);
}

int wasm_terms_check(const struct wasm_contract_terms *terms, const struct wasm_module *module, const char *path,
                     struct ward_fault *fault)
{
        const struct fitting fitting = { terms, terms->plain, module, path, fault };
        int r = terms->plain ? check_names(&fitting) : 0;
        if (r || !terms->memory || wasm_module_exports_memory(module, terms->scheme->memory))
                return r;
        return fault_set(fault, WARD_FAULT_CONTRACT,
                         "module '%s' exports no memory as \"%s\", through which the contract's values are to pass", path,
                         terms->scheme->memory);
}

struct wasm_function wasm_terms_import(const struct wasm_contract_terms *terms, const struct wasm_module *module, uint32_t i)
{
        struct wasm_function import = wasm_module_import(module, i);
        for (size_t offer = 0; terms->plain && offer < terms->terms.n_offers; offer++)
                if (span_is(import.module, terms->offers[offer].module) && span_is(import.name, terms->offers[offer].field)) {
                        import.module = span_of(terms->plain->offers[offer].module);
                        import.name = span_of(terms->plain->offers[offer].field);
                        break;
                }
        return import;
}
