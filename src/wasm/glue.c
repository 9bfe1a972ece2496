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

static void write_import(FILE *out, uint32_t number, const char *core)
{
        const struct value *result = result_of(core);
        size_t n = count_params(core);
        fprintf(out, "%s Z_wardZ_i%u(struct Z_ward_instance_t *ward", result ? result->type : "void", number);
        for (size_t i = 0; i < n; i++)
                fprintf(out, ", %s p%zu", value_of(core[i])->type, i);
        fprintf(out, ")\n{\n        u64 slots[] = { ");
        for (size_t i = 0; i < n; i++)
                fprintf(out, "%s(p%zu), ", value_of(core[i])->to_slot, i);
        fprintf(out, "0 };\n        wasm_rt_runtime->import(%u, slots);\n", number);
        if (result)
                fprintf(out, "        return %s(slots[0]);\n", result->from_slot);
        fprintf(out, "}\n\n");
}

static void write_export(FILE *out, uint32_t number, const char *core)
{
        const struct value *result = result_of(core);
        size_t n = count_params(core);
        fprintf(out, "static void e%u(void *instance, u64 *slots)\n{\n        ", number);
        if (result)
                fprintf(out, "slots[0] = %s(", result->to_slot);
        fprintf(out, "Z_imageZ_e%u(instance", number);
        for (size_t i = 0; i < n; i++)
                fprintf(out, ", %s(slots[%zu])", value_of(core[i])->from_slot, i);
        fprintf(out, "%s;\n}\n\n", result ? "))" : ")");
}

/* Whether the parameters fit the registers that WASM_ENTER passes on. */
static bool has_gate(const char *core)
{
        size_t ints = 0, floats = 0;
        for (; *core != '>'; core++)
                *(*core == 'i' || *core == 'I' ? &ints : &floats) += 1;
        return ints <= WASM_GATE_INTS && floats <= WASM_GATE_FLOATS;
}

static void write_gate_call(FILE *out, uint32_t number, const char *core, const struct value *result)
{
        size_t n = count_params(core);
        fprintf(out, "%s((%s (*)(void *", result ? "*ret = " : "", result ? result->type : "void");
        for (size_t i = 0; i < n; i++)
                fprintf(out, ", %s", value_of(core[i])->type);
        fprintf(out, "))enter_g%u)(door->module", number);
        for (size_t i = 0; i < n; i++)
                fprintf(out, ", p%zu", i);
        fprintf(out, ")");
}

/* int gate(self, fault, result if there is one, parameters). */
static void write_gate(FILE *out, uint32_t number, const char *core)
{
        const struct value *result = result_of(core);
        size_t n = count_params(core);
        fprintf(out,
                "WASM_ENTER(enter_g%u, \"callq Z_imageZ_e%u\");\n"
                "extern void enter_g%u(void) __attribute__((visibility(\"hidden\")));\n\n",
                number, number, number);
        fprintf(out, "static int g%u(const struct wasm_self *self, struct ward_fault *fault", number);
        if (result)
                fprintf(out, ", %s *ret", result->type);
        for (size_t i = 0; i < n; i++)
                fprintf(out, ", %s p%zu", value_of(core[i])->type, i);
        fprintf(out, ")\n{\n        WASM_RT_GATE(%u, ", number);
        write_gate_call(out, number, core, result);
        fprintf(out, ");\n}\n\n");
}

static void write_gates(FILE *out, const struct wasm_module *module)
{
        uint32_t n = wasm_module_n_exports(module);
        struct wasm_function export;
        fprintf(out, "#if WASM_HAS_GATES\n\n");
        for (uint32_t i = 0; i < n; i++)
                if (wasm_module_calls(module, i, &export) && has_gate(export.core))
                        write_gate(out, i, export.core);
        fprintf(out, "#endif\n\nstatic void (*const gates[])(void) = {\n#if WASM_HAS_GATES\n");
        for (uint32_t i = 0; i < n; i++)
                if (wasm_module_calls(module, i, &export) && has_gate(export.core))
                        fprintf(out, "        [%u] = (void (*)(void))g%u,\n", i, i);
        fprintf(out, "#endif\n        [%u] = NULL,\n};\n\n", n);
}

/* Whether a module imports anything decides whether wasm2c's instantiate has a parameter for it. */
static void write_imports(FILE *out, const struct wasm_module *module)
{
        uint32_t n = wasm_module_shape(module)->n_imports;
        for (uint32_t i = 0; i < n; i++)
                write_import(out, i, wasm_module_import(module, i).core);
        fprintf(out, "static void instantiate(void *instance, struct wasm_head *head)\n{\n");
        fprintf(out, "        Z_image_instantiate(instance%s);\n}\n\n", n ? ", (struct Z_ward_instance_t *)head" : "");
}

static void write_exports(FILE *out, const struct wasm_module *module)
{
        uint32_t n = wasm_module_n_exports(module);
        struct wasm_function export;
        for (uint32_t i = 0; i < n; i++)
                if (wasm_module_calls(module, i, &export))
                        write_export(out, i, export.core);
        fprintf(out, "static const wasm_export exports[] = {\n");
        for (uint32_t i = 0; i < n; i++)
                if (wasm_module_calls(module, i, &export))
                        fprintf(out, "        [%u] = e%u,\n", i, i);
        fprintf(out, "        [%u] = NULL,\n};\n\n", n);
}

static void write_entry(FILE *out, const struct wasm_module *module)
{
        const struct wasm_shape *shape = wasm_module_shape(module);
        if (shape->exports_memory)
                fprintf(out, "static struct wasm_memory *memory(void *instance)\n{\n"
                             "        return Z_imageZ_memory(instance);\n}\n\n");
        fprintf(out, "static void start(void *types)\n{\n        wasm_rt_types = types;\n        Z_image_init_module();\n}\n\n"
                     "__attribute__((visibility(\"default\"))) const struct wasm_image_entry " WASM_IMAGE_SYMBOL " = {\n");
        fprintf(out, "        WASM_IMAGE_ABI, %u, %u, WASM_IS_CHECKED, sizeof(Z_image_instance_t), &wasm_rt_runtime,\n",
                shape->n_imports, wasm_module_n_exports(module));
        fprintf(out, "        start, instantiate, %s, exports, gates,\n};\n", shape->exports_memory ? "memory" : "NULL");
}

int wasm_glue(const struct wasm_module *module, char **ret_text, struct ward_fault *fault)
{
        char *text = NULL;
        size_t len;
        FILE *out = open_memstream(&text, &len);
        if (!out)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, errno, "cannot write an image's glue");
        fprintf(out, "#include \"image.c\"\n\n");
        write_imports(out, module);
        write_exports(out, module);
        write_gates(out, module);
        write_entry(out, module);
        bool bad = ferror(out);
        if (fclose(out) || bad) {
                free(text);
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot write an image's glue");
        }
        *ret_text = text;
        return 0;
}
