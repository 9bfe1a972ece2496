#include <jansson.h>
#include <stdlib.h>
#include "base/fault.h"
#include "base/own.h"
#include "contract/print.h"
#include "tool/inspect.h"

/* Without memory a value is NULL, and so is all that it was to be part of. */

/* A text of the file's: as it is where that is UTF-8, else escaped. */
static json_t *text(struct ward_span from)
{
        json_t *string = json_stringn((const char *)from.at, from.len);
        OWNED(freep) char *shown = string ? NULL : malloc(4 * from.len + 1);
        if (!shown)
                return string;
        text_escape(shown, 4 * from.len + 1, (const char *)from.at, from.len, false);
        return json_string(shown);
}

/* Takes both; the array, or NULL. */
static json_t *append(json_t *array, json_t *value)
{
        if (!json_array_append_new(array, value))
                return array;
        json_decref(array);
        return NULL;
}

static json_t *elf(const struct store_addin *addin)
{
        json_t *needed = json_array();
        const char *machine = store_machine_name(addin->elf.machine);
        for (size_t i = 0; i < addin->elf.n_needed; i++)
                needed = append(needed, text(span_of(addin->elf.needed[i])));
        return json_pack("{s:i, s:s, s:o, s:o}", "bits", addin->elf.bits, "endian", addin->elf.little_endian ? "little" : "big",
                         "machine", machine ? json_string(machine) : json_integer(addin->elf.machine), "needed", needed);
}

static json_t *memory(const struct wasm_shape *shape)
{
        if (!shape->has_memory)
                return json_null();
        return json_pack("{s:I, s:I, s:b}", "min_pages", (json_int_t)shape->memory_min, "max_pages", (json_int_t)shape->memory_max,
                         "exported", shape->exports_memory);
}

static json_t *wasm(const struct wasm_module *module)
{
        const struct wasm_shape *shape = wasm_module_shape(module);
        json_t *imports = json_array(), *exports = json_array();
        struct wasm_function function;
        for (uint32_t i = 0; i < shape->n_imports; i++) {
                function = wasm_module_import(module, i);
                imports = append(imports, json_pack("{s:o, s:o, s:s}", "module", text(function.module), "name", text(function.name),
                                                    "core", function.core));
        }
        for (uint32_t i = 0; i < wasm_module_n_exports(module); i++)
                if (wasm_module_export(module, i, &function))
                        exports = append(exports, json_pack("{s:o, s:s}", "name", text(function.name), "core", function.core));
        return json_pack("{s:I, s:o, s:b, s:o, s:o}", "functions", (json_int_t)shape->n_functions, "memory", memory(shape), "start",
                         shape->has_start, "imports", imports, "exports", exports);
}

static json_t *entries(const struct store_addin *addin, bool import, bool resource)
{
        json_t *array = json_array();
        struct embedded_entry entry;
        for (struct embedded_cursor at = embedded_begin(&addin->embedded); embedded_next(&at, &entry);) {
                if (entry.import != import || entry.resource != resource)
                        continue;
                array = append(array,
                               resource ? text(entry.name)
                                        : json_pack("{s:o, s:o}", "name", text(entry.name), "signature", text(entry.signature)));
        }
        return array;
}

static json_t *wit(const struct store_addin *addin)
{
        char *printed = NULL;
        size_t len = 0;
        FILE *out = open_memstream(&printed, &len);
        if (!out)
                return NULL;
        contract_print_world(addin->contract, addin->world, out);
        json_t *string = fclose(out) ? NULL : json_stringn(printed, len);
        free(printed);
        return string;
}

/* Why it cannot be used as it is; empty where there is nothing to say. */
static json_t *problems(const struct inspection *inspection)
{
        json_t *array = json_array();
        if (inspection->unbound)
                array = append(array, json_string(inspection->unbound));
        for (uint32_t i = 0; inspection->bound && i < inspection->bound->contract.n_exports; i++) {
                const struct ward_func *func = inspection->bound->contract.exports[i];
                if (inspect_is_missing(inspection, func))
                        array = append(array,
                                       json_sprintf("the module does not export %s of core type %s", func->name, func->core));
        }
        return array;
}

static json_t *contract(const struct inspection *inspection)
{
        const struct store_addin *addin = inspection->addin;
        if (!addin->contract)
                return json_null();
        return json_pack("{s:o, s:s, s:o, s:o, s:{s:o, s:o}, s:o, s:o}", "world", text(addin->embedded.world), "encoding",
                         addin->embedded.utf16 ? "utf16" : "utf8", "exports", entries(addin, false, false), "imports",
                         entries(addin, true, false), "resources", "exports", entries(addin, false, true), "imports",
                         entries(addin, true, true), "problems", problems(inspection), "wit", wit(addin));
}

int inspect_print_json(FILE *out, const struct inspection *inspection)
{
        const struct store_addin *addin = inspection->addin;
        bool is_elf = addin->form == STORE_ELF;
        json_t *all = json_pack("{s:o, s:I, s:s, s:o, s:o}", "file", text(span_of(inspection->path)), "size",
                                (json_int_t)addin->size, "form", is_elf ? "elf" : "wasm", is_elf ? "elf" : "wasm",
                                is_elf ? elf(addin) : wasm(addin->module), "contract", contract(inspection));
        if (!all)
                return -1;
        int r = json_dumpf(all, out, JSON_INDENT(2));
        json_decref(all);
        return r || fputc('\n', out) == EOF ? -1 : 0;
}
