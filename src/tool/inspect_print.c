#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/fault.h"
#include "base/own.h"
#include "contract/print.h"
#include "tool/inspect.h"

static const char wasi_module[] = "wasi_snapshot_preview1";

/* A text of the file's, which may hold anything. */
static void put(FILE *out, struct ward_span text)
{
        OWNED(freep) char *shown = malloc(4 * text.len + 1);
        if (shown) {
                text_escape(shown, 4 * text.len + 1, (const char *)text.at, text.len, false);
                fputs(shown, out);
        }
}

/* --- The file --------------------------------------------------------------------------------- */

static void print_elf(FILE *out, const struct store_addin *addin)
{
        const char *machine = store_machine_name(addin->elf.machine);
        fprintf(out, "form:      shared library, ELF %d-bit %s-endian, ", addin->elf.bits,
                addin->elf.little_endian ? "little" : "big");
        if (machine)
                fprintf(out, "%s\n", machine);
        else
                fprintf(out, "machine %u\n", addin->elf.machine);
        fputs("needs:     ", out);
        for (size_t i = 0; i < addin->elf.n_needed; i++) {
                fputs(i ? ", " : "", out);
                put(out, span_of(addin->elf.needed[i]));
        }
        fputs(addin->elf.n_needed ? "\n" : "no library\n", out);
}

static void print_wasm(FILE *out, const struct wasm_module *module)
{
        const struct wasm_shape *shape = wasm_module_shape(module);
        fprintf(out, "form:      WebAssembly module of %u functions\n", shape->n_functions);
        if (shape->has_memory)
                fprintf(out, "memory:    from %u to %u pages of 64 KiB%s\n", shape->memory_min, shape->memory_max,
                        shape->exports_memory ? "" : ", not exported");
        if (shape->has_start)
                fputs("start:     runs code when it is loaded\n", out);
        bool any = false;
        for (uint32_t i = 0; i < shape->n_imports; i++) {
                struct wasm_function import = wasm_module_import(module, i);
                if (!span_is(import.module, wasi_module))
                        continue;
                fputs(any ? ", " : "WASI:      ", out);
                put(out, import.name);
                any = true;
        }
        fputs(any ? "\n" : "", out);
}

/* A line of a list that begins with @title, where it has lines. */
static void print_function(FILE *out, const char *title, const struct wasm_function *function)
{
        fprintf(out, "%s  ", title);
        put(out, function->module);
        fputs(function->module.len ? " " : "", out);
        put(out, function->name);
        fprintf(out, " %s\n", function->core);
}

static void print_core(FILE *out, const struct wasm_module *module)
{
        struct wasm_function function;
        const char *title = "\ncore imports:\n";
        for (uint32_t i = 0; i < wasm_module_shape(module)->n_imports; i++) {
                function = wasm_module_import(module, i);
                if (span_is(function.module, wasi_module))
                        continue;
                print_function(out, title, &function);
                title = "";
        }
        title = "\ncore exports:\n";
        for (uint32_t i = 0; i < wasm_module_n_exports(module); i++) {
                if (!wasm_module_export(module, i, &function))
                        continue;
                print_function(out, title, &function);
                title = "";
        }
}

/* --- The contract ----------------------------------------------------------------------------- */

static void print_entries(FILE *out, const struct store_addin *addin, bool import)
{
        struct embedded_entry entry;
        bool any = false;
        for (struct embedded_cursor at = embedded_begin(&addin->embedded); embedded_next(&at, &entry);) {
                if (entry.import != import)
                        continue;
                fputs(any ? "  " : import ? "\nimports:\n  " : "\nexports:\n  ", out);
                put(out, entry.name);
                fputs(": ", out);
                put(out, entry.resource ? span_of("resource") : entry.signature);
                fputc('\n', out);
                any = true;
        }
}

static void print_problems(FILE *out, const struct inspection *inspection)
{
        if (inspection->unbound)
                fprintf(out, "problem:   no host can bind this contract: %s\n", inspection->unbound);
        for (uint32_t i = 0; inspection->bound && i < inspection->bound->contract.n_exports; i++)
                if (inspect_is_missing(inspection, inspection->bound->contract.exports[i]))
                        fprintf(out, "problem:   the module does not export %s of core type %s\n",
                                inspection->bound->contract.exports[i]->name, inspection->bound->contract.exports[i]->core);
}

void inspect_print(FILE *out, const struct inspection *inspection)
{
        const struct store_addin *addin = inspection->addin;
        fputs("file:      ", out);
        put(out, span_of(inspection->path));
        fprintf(out, ", %" PRIu64 " bytes\n", addin->size);
        if (addin->form == STORE_ELF)
                print_elf(out, addin);
        else
                print_wasm(out, addin->module);
        fputs("contract:  ", out);
        put(out, addin->contract ? addin->embedded.world : span_of("none is embedded"));
        fputs(!addin->contract ? "\n" : addin->embedded.utf16 ? ", strings in UTF-16\n" : ", strings in UTF-8\n", out);
        print_problems(out, inspection);
        if (addin->contract) {
                print_entries(out, addin, false);
                print_entries(out, addin, true);
        }
        if (addin->module)
                print_core(out, addin->module);
        if (addin->contract) {
                fputc('\n', out);
                contract_print_world(addin->contract, addin->world, out);
        }
}
