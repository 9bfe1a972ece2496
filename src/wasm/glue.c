#include "wasm/glue.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/fault.h"
#include "wasm/image_abi.h"

/* How a value type is written in C, and its way from and to a slot. */
static const struct value {
        char letter;
        const char *type, *from_slot, *to_slot;
} values[] = {
        { 'i', "u32", "(u32)", "(u32)" },
        { 'I', "u64", "(u64)", "(u64)" },
        { 'f', "f32", "wasm_rt_f32", "wasm_rt_f32_bits" },
        { 'F', "f64", "wasm_rt_f64", "wasm_rt_f64_bits" },
};

static const struct value *value_of(char letter)
{
        const struct value *value = values;
        while (value->letter != letter)
                value++;
        return value;
}

static size_t count_params(const char *core)
{
        return (size_t)(strchr(core, '>') - core);
}

/* The result's type, or NULL for none. */
static const struct value *result_of(const char *core)
{
        const char *result = strchr(core, '>') + 1;
        return *result ? value_of(*result) : NULL;
}

static void write_import(FILE *out, size_t number, const char *core)
{
        const struct value *result = result_of(core);
        size_t n = count_params(core);
        fprintf(out, "%s Z_wardZ_i%zu(struct Z_ward_instance_t *ward", result ? result->type : "void", number);
        for (size_t i = 0; i < n; i++)
                fprintf(out, ", %s p%zu", value_of(core[i])->type, i);
        fprintf(out, ")\n{\n        u64 slots[] = { ");
        for (size_t i = 0; i < n; i++)
                fprintf(out, "%s(p%zu), ", value_of(core[i])->to_slot, i);
        fprintf(out, "0 };\n        wasm_rt_runtime->import(%zu, slots);\n", number);
        if (result)
                fprintf(out, "        return %s(slots[0]);\n", result->from_slot);
        fprintf(out, "}\n\n");
}

static void write_export(FILE *out, size_t number, const char *core)
{
        const struct value *result = result_of(core);
        size_t n = count_params(core);
        fprintf(out, "static void e%zu(void *instance, u64 *slots)\n{\n        ", number);
        if (result)
                fprintf(out, "slots[0] = %s(", result->to_slot);
        fprintf(out, "Z_imageZ_e%zu(instance", number);
        for (size_t i = 0; i < n; i++)
                fprintf(out, ", %s(slots[%zu])", value_of(core[i])->from_slot, i);
        fprintf(out, "%s;\n}\n\n", result ? "))" : ")");
}

/* Which offers a module imports decides whether wasm2c's instantiate has a parameter for them. */
static void write_imports(FILE *out, const struct wasm_module *module, const struct wasm_terms *terms)
{
        bool any = false;
        for (size_t i = 0; i < terms->n_offers; i++) {
                if (!wasm_module_imports(module, &terms->offers[i]))
                        continue;
                write_import(out, i, terms->offers[i].core);
                any = true;
        }
        fprintf(out, "static void instantiate(void *instance, struct wasm_head *head)\n{\n");
        fprintf(out, "        Z_image_instantiate(instance%s);\n}\n\n", any ? ", (struct Z_ward_instance_t *)head" : "");
}

static void write_exports(FILE *out, const struct wasm_module *module, const struct wasm_terms *terms)
{
        for (size_t i = 0; i < terms->n_needs; i++)
                if (wasm_module_exports(module, &terms->needs[i]))
                        write_export(out, i, terms->needs[i].core);
        fprintf(out, "static const wasm_export exports[] = {\n");
        for (size_t i = 0; i < terms->n_needs; i++)
                if (wasm_module_exports(module, &terms->needs[i]))
                        fprintf(out, "        [%zu] = e%zu,\n", i, i);
        fprintf(out, "        [%zu] = NULL,\n};\n\n", terms->n_needs);
}

static void write_entry(FILE *out, const struct wasm_module *module, const struct wasm_terms *terms)
{
        bool memory = wasm_module_shape(module)->exports_memory;
        if (memory)
                fprintf(out, "static struct wasm_memory *memory(void *instance)\n{\n"
                             "        return Z_imageZ_memory(instance);\n}\n\n");
        fprintf(out, "static void start(void *types)\n{\n        wasm_rt_types = types;\n        Z_image_init_module();\n}\n\n"
                     "__attribute__((visibility(\"default\"))) const struct wasm_image_entry " WASM_IMAGE_SYMBOL " = {\n");
        fprintf(out, "        WASM_IMAGE_ABI, %zu, sizeof(Z_image_instance_t), &wasm_rt_runtime,\n", terms->n_needs);
        fprintf(out, "        start, instantiate, %s, exports,\n};\n", memory ? "memory" : "NULL");
}

int wasm_glue(const struct wasm_module *module, const struct wasm_terms *terms, char **ret_text, struct ward_fault *fault)
{
        char *text = NULL;
        size_t len;
        FILE *out = open_memstream(&text, &len);
        if (!out)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, errno, "cannot write an image's glue");
        fprintf(out, "#include \"image.c\"\n\n");
        write_imports(out, module, terms);
        write_exports(out, module, terms);
        write_entry(out, module, terms);
        bool bad = ferror(out);
        if (fclose(out) || bad) {
                free(text);
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot write an image's glue");
        }
        *ret_text = text;
        return 0;
}
