/* A module from outside: its functions one by one, its bytes. */
#include "wasm/parts.h"

struct ward_span wasm_module_bytes(const struct wasm_module *module)
{
        return (struct ward_span){ module->bytes, module->len };
}

struct wasm_function wasm_module_import(const struct wasm_module *module, uint32_t i)
{
        const struct imported *import = &module->imports[i];
        return (struct wasm_function){ import->module, import->field, module->types[import->type].core };
}

uint32_t wasm_module_n_exports(const struct wasm_module *module)
{
        return module->n_exports;
}

bool wasm_module_export(const struct wasm_module *module, uint32_t i, struct wasm_function *ret)
{
        const struct exported *export = &module->exports[i];
        if (export->kind != EXTERN_FUNCTION)
                return false;
        *ret = (struct wasm_function){ { NULL, 0 }, export->name, module_func_type(module, export->index)->core };
        return true;
}

bool core_is_plain(const char *core)
{
        const char *result = core + strspn(core, "iIfF");
        return *result == '>' && (!result[1] || (!result[2] && strchr("iIfF", result[1])));
}

bool wasm_module_calls(const struct wasm_module *module, uint32_t i, struct wasm_function *ret)
{
        return wasm_module_export(module, i, ret) && core_is_plain(ret->core);
}
