/* Imports against what is offered, exports against what is needed. */
#include "wasm/parts.h"

#include <stdio.h>
#include "base/fault.h"
#include "base/own.h"
#include "wasm/reader.h"

/* Room for about 16 parameters: those of a contract's functions. */
struct signature {
        char text[160];
};

static void append(struct signature *to, const char *text)
{
        size_t len = strlen(to->text);
        snprintf(to->text + len, sizeof to->text - len, "%s", text);
}

static void append_types(struct signature *to, const char *letters, size_t n)
{
        append(to, "(");
        for (size_t i = 0; i < n; i++) {
                if (strlen(to->text) > sizeof to->text - 40) {
                        append(to, ", …");
                        break;
                }
                append(to, i ? ", " : "");
                append(to, type_name(letters[i]));
        }
        append(to, ")");
}

/* "ii>f" as people read it: (i32, i32) -> (f32) */
static struct signature show(const char *core)
{
        struct signature to = { "" };
        size_t n_params = strcspn(core, ">");
        append_types(&to, core, n_params);
        if (core[n_params] && core[n_params + 1]) {
                append(&to, " -> ");
                append_types(&to, core + n_params + 1, strlen(core + n_params + 1));
        }
        return to;
}

static const char *import_core(const struct wasm_module *module, const struct imported *import)
{
        return module->types[import->type].core;
}

/* The index of the first offer of @import's name, whatever its signature; n_offers if there is none. */
static size_t find_offer(const struct imported *import, const struct wasm_terms *terms)
{
        size_t i = 0;
        while (i < terms->n_offers &&
               !(span_is(import->module, terms->offers[i].module) && span_is(import->field, terms->offers[i].field)))
                i++;
        return i;
}

static int bind_import(const struct wasm_module *module, const struct imported *import, const struct wasm_terms *terms,
                       uint32_t *ret_offer, struct ward_fault *fault)
{
        size_t i = find_offer(import, terms);
        if (i == terms->n_offers)
                return fault_set(
                        fault, WARD_FAULT_CONTRACT,
                        "module '%s': imports function \"%.*s\" from \"%.*s\", which the host does not offer; build the add-in for "
                        "this host's contract and without what it does not have",
                        module->path, (int)import->field.len, (const char *)import->field.at, (int)import->module.len,
                        (const char *)import->module.at);
        if (strcmp(import_core(module, import), terms->offers[i].core))
                return fault_set(fault, WARD_FAULT_CONTRACT,
                                 "module '%s': imports function \"%s\" from \"%s\" as %s, but the host offers it as %s; build the "
                                 "add-in for "
                                 "this host's contract",
                                 module->path, terms->offers[i].field, terms->offers[i].module,
                                 show(import_core(module, import)).text, show(terms->offers[i].core).text);
        *ret_offer = (uint32_t)i;
        return 0;
}

static int bind_need(const struct wasm_module *module, const struct wasm_need *need, uint32_t *ret_export, struct ward_fault *fault)
{
        const struct exported *export = module_export(module, need->name);
        *ret_export = WASM_MISSING;
        if (!export || export->kind != EXTERN_FUNCTION) {
                if (!export && need->optional)
                        return 0;
                return fault_set(fault, WARD_FAULT_CONTRACT,
                                 "module '%s': %s \"%s\", which the contract asks for; build the add-in for this host's contract",
                                 module->path, export ? "exports no function, but something else, as" : "exports no function",
                                 need->name);
        }
        const char *core = module_func_type(module, export->index)->core;
        if (strcmp(core, need->core))
                return fault_set(fault, WARD_FAULT_CONTRACT,
                                 "module '%s': exports function \"%s\" as %s, but the contract asks for %s; build the add-in for "
                                 "this host's "
                                 "contract",
                                 module->path, need->name, show(core).text, show(need->core).text);
        *ret_export = (uint32_t)(export - module->exports);
        return 0;
}

int wasm_module_bind(const struct wasm_module *module, const struct wasm_terms *terms, uint32_t *ret_offers, uint32_t *ret_exports,
                     struct ward_fault *fault)
{
        for (uint32_t i = 0; i < module->shape.n_imports; i++) {
                int r = bind_import(module, &module->imports[i], terms, &ret_offers[i], fault);
                if (r)
                        return r;
        }
        for (size_t i = 0; i < terms->n_needs; i++) {
                int r = bind_need(module, &terms->needs[i], &ret_exports[i], fault);
                if (r)
                        return r;
        }
        return 0;
}

bool wasm_module_exports(const struct wasm_module *module, const struct wasm_need *need)
{
        const struct exported *export = module_export(module, need->name);
        return export && export->kind == EXTERN_FUNCTION && !strcmp(module_func_type(module, export->index)->core, need->core);
}

bool wasm_module_exports_memory(const struct wasm_module *module, const char *name)
{
        const struct exported *export = module_export(module, name);
        return export && export->kind == EXTERN_MEMORY;
}
