/* The core functions of a WebAssembly add-in. On wasm32 a C value lies in memory as the Canonical ABI wants it: argument structs
 * and results are passed by their address, and only flat values are converted. */
#include <string.h>
#include "generate/write.h"

static const char *core_type(char core)
{
        return core == 'i' ? "int32_t" : core == 'I' ? "int64_t" : core == 'f' ? "float" : core == 'F' ? "double" : "void";
}

/* Conversions between core values and slots: what stands before the value, and behind it. */
static const char *to_slot(char core)
{
        return core == 'i'   ? "(uint32_t)"
               : core == 'I' ? "(uint64_t)"
               : core == 'f' ? "ward_flat_from_f32("
                             : "ward_flat_from_f64(";
}

static const char *from_slot(char core)
{
        return core == 'i' ? "(int32_t)" : core == 'I' ? "(int64_t)" : core == 'f' ? "ward_flat_to_f32(" : "ward_flat_to_f64(";
}

static const char *closing(char core)
{
        return core == 'f' || core == 'F' ? ")" : "";
}

/* "int32_t ward_core_operate(int32_t p0, int32_t p1)" */
static void write_core(FILE *out, struct model *model, const struct c_func *func, bool import, const char *after)
{
        struct pieces pieces = { .pool = &model->pool };
        size_t n = strlen(func->core);
        for (size_t i = 0; i < n; i++)
                pieces_add(&pieces, "%s p%zu", core_type(func->core[i]), i);
        if (import && func_returns_pointer(func))
                pieces_add(&pieces, "int32_t p%zu", n);
        if (!pieces.n)
                pieces_add(&pieces, "void");
        const char *ret = func_returns_pointer(func) ? import ? "void" : "int32_t" : core_type(func->core_result);
        pieces_print(&pieces, out, pool_printf(&model->pool, "%s ward_core_%s(", ret, func->id), after);
}

/* --- Imports ---------------------------------------------------------------------------------- */

static void write_core_import(FILE *out, struct model *model, const struct c_func *func)
{
        fprintf(out, "\n__attribute__((import_module(\"%s\"), import_name(\"%s\")))\n", func->module, func->wit->name);
        write_core(out, model, func, true, ");\n");
}

/* The core arguments of an import, from slots or as a pointer to the argument struct, and the place for the result. */
static void core_arguments(struct pieces *pieces, const struct c_func *func)
{
        if (func_spills(func))
                pieces_add(pieces, "(int32_t)(intptr_t)args");
        for (size_t i = 0; !func_spills(func) && func->core[i]; i++)
                pieces_add(pieces, "%sslots[%zu]%s", from_slot(func->core[i]), i, closing(func->core[i]));
        if (func_returns_pointer(func))
                pieces_add(pieces, "(int32_t)(intptr_t)result");
}

static void write_import_call(FILE *out, struct model *model, const struct c_func *func)
{
        struct pool *pool = &model->pool;
        struct pieces pieces = { .pool = pool };
        const char *before = pool_printf(pool, "ward_core_%s(", func->id);
        fprintf(out, "\nstatic void %s_call(const void *args, void *result)\n{\n", func->id);
        if (!*func->core)
                fputs("        (void)args;\n", out);
        else if (!func_spills(func))
                fprintf(out, "        uint64_t slots[%u];\n        ward_flat_store(&%s_params, args, slots);\n",
                        func->params->abi.flat, func->id);
        if (!func->result || !func->result->abi.flat)
                fputs("        (void)result;\n", out);
        core_arguments(&pieces, func);
        if (!func->core_result) {
                pieces_print(&pieces, out, pool_printf(pool, "        %s", before), ");\n}\n");
                return;
        }
        before = pool_printf(pool, "        const uint64_t slot = %s%s", to_slot(func->core_result), before);
        pieces_print(&pieces, out, before, pool_printf(pool, ")%s;\n", closing(func->core_result)));
        fprintf(out, "        ward_flat_load(&%s, &slot, result);\n}\n", func->result->table);
}

/* A handle is a struct in C, of the add-in's own objects and of Ward's a pointer; numbers are converted as C does it, which is the
 * ABI's way. */
static bool is_object(const struct c_type *type)
{
        return type->handles && (type->resource->shared || (type->kind == WIT_BORROW && type->resource->by_addin));
}

static const char *to_core(struct pool *pool, const struct c_type *type, const char *value)
{
        if (is_object(type))
                return pool_printf(pool, "(int32_t)(intptr_t)%s", value);
        return type->handles ? pool_printf(pool, "%s.__handle", value) : value;
}

/* A scalar function costs one call. */
static void write_scalar_import(FILE *out, struct model *model, const struct c_func *func)
{
        struct pool *pool = &model->pool;
        struct pieces params = { .pool = pool }, arguments = { .pool = pool };
        prototype_params(&params, func, false);
        if (!params.n)
                pieces_add(&params, "void");
        for (size_t i = 0; i < func->params->n_members; i++)
                pieces_add(&arguments, "%s", to_core(pool, func->params->members[i].type, func->param_names[i]));
        pieces_print(&params, out, pool_printf(pool, "\n%s %s(", prototype_return(func), func->name), ")\n{\n");
        bool handle = func->result && func->result->handles && !is_object(func->result);
        const char *target = handle                    ? pool_printf(pool, "%s handle = { ", func->result->name)
                             : !func->result           ? ""
                             : is_object(func->result) ? pool_printf(pool, "return (%s)(intptr_t)", func->result->name)
                                                       : "return ";
        pieces_print(&arguments, out, pool_printf(pool, "        %sward_core_%s(", target, func->id), handle ? ") };\n" : ");\n");
        fputs(handle ? "        return handle;\n}\n" : "}\n", out);
}

/* --- Exports ---------------------------------------------------------------------------------- */

static void write_scalar_export(FILE *out, struct model *model, const struct c_func *func)
{
        struct pieces arguments = { .pool = &model->pool };
        for (size_t i = 0; i < func->params->n_members; i++) {
                const struct c_type *type = func->params->members[i].type;
                bool handle = type->handles && !is_object(type);
                if (handle)
                        fprintf(out, "        %s h%zu = { p%zu };\n", type->name, i, i);
                pieces_add(&arguments, is_object(type) ? "(%s)(intptr_t)p%zu" : "%s%zu",
                           is_object(type) ? type->name
                           : handle        ? "h"
                                           : "p",
                           i);
        }
        bool object = func->result && is_object(func->result);
        const char *target = object ? "return (int32_t)(intptr_t)" : func->result ? "return " : "";
        pieces_print(&arguments, out, pool_printf(&model->pool, "        %s%s(", target, func->name),
                     func->result && func->result->handles && !object ? ").__handle;\n}\n" : ");\n}\n");
}

static void write_load_args(FILE *out, struct model *model, const struct c_func *func)
{
        struct pieces slots = { .pool = &model->pool };
        if (func_spills(func)) {
                fprintf(out, "        struct %s_args args = *(struct %s_args *)(intptr_t)p0;\n", func->id, func->id);
                fputs("        free((void *)(intptr_t)p0);\n", out);
                return;
        }
        for (size_t i = 0; func->core[i]; i++)
                pieces_add(&slots, "%sp%zu%s", to_slot(func->core[i]), i, closing(func->core[i]));
        if (!slots.n)
                pieces_add(&slots, "0");
        pieces_print(&slots, out, "        const uint64_t slots[] = { ", " };\n");
        fprintf(out, "        struct %s_args args;\n        ward_flat_load(&%s_params, slots, &args);\n", func->id, func->id);
}

/* Memory for a result is static, but taken only once the function is done: an import may call back into it. */
static void write_return(FILE *out, const struct c_func *func)
{
        char one = func->core_result;
        if (func_returns_pointer(func)) {
                fprintf(out, "        static %s area;\n        area = result;\n", func->result->name);
                fputs("        return (int32_t)(intptr_t)&area;\n", out);
        } else if (one) {
                fprintf(out, "        uint64_t slot;\n        ward_flat_store(&%s, &result, &slot);\n", func->result->table);
                fprintf(out, "        return %sslot%s;\n", from_slot(one), closing(one));
        }
}

static void write_post_return(FILE *out, const struct c_func *func)
{
        fprintf(out, "\n__attribute__((export_name(\"cabi_post_%s\")))\n", func->core_name);
        fprintf(out, "void ward_post_%s(int32_t at)\n{\n", func->id);
        fprintf(out, "        ward_value_free(&%s, (void *)(intptr_t)at);\n}\n", func->result->table);
}

static void write_core_export(FILE *out, struct model *model, const struct c_func *func)
{
        bool params = func->params->n_members;
        fprintf(out, "\n__attribute__((export_name(\"%s\")))\n", func->core_name);
        write_core(out, model, func, false, ")\n{\n");
        if (func->scalar) {
                write_scalar_export(out, model, func);
                return;
        }
        if (params)
                write_load_args(out, model, func);
        if (func->result)
                fprintf(out, "        %s result;\n", func->result->name);
        fprintf(out, "        %s_call(%s, %s);\n", func->id, params ? "&args" : "NULL", func->result ? "&result" : "NULL");
        if (params && func->params->owns && model->options.ownership == GENERATE_BORROWING)
                fprintf(out, "        ward_value_free(&%s_params, &args);\n", func->id);
        write_return(out, func);
        fputs("}\n", out);
        if (func->result && func->result->owns)
                write_post_return(out, func);
}

/* --- Resources -------------------------------------------------------------------------------- */

static void write_intrinsic(FILE *out, const struct c_resource *resource, const char *what, const char *prototype)
{
        fprintf(out, "\n__attribute__((import_module(\"%s%s\"), import_name(\"[resource-%s]%s\")))\n",
                resource->by_addin ? "[export]" : "", resource->module, what, resource->name);
        fprintf(out, prototype, resource->index);
}

/* One function for all resources: @only those of the add-in's own. */
static void write_switch(FILE *out, const struct model *model, bool only, const char *statement, const char *otherwise)
{
        fputs("        switch (resource) {\n", out);
        for (size_t i = 0; i < model->n_resources; i++) {
                if ((only && !model->resources[i]->by_addin) || model->resources[i]->shared)
                        continue;
                fprintf(out, "        case %zu:\n", i);
                fprintf(out, statement, i);
        }
        fprintf(out, "        default:\n                %s;\n        }\n}\n", otherwise);
}

static void write_resources(FILE *out, const struct model *model)
{
        bool own = false;
        for (size_t i = 0; i < model->n_resources; i++) {
                const struct c_resource *resource = model->resources[i];
                if (resource->shared)
                        continue;
                write_intrinsic(out, resource, "drop", "void ward_drop_%zu(int32_t handle);\n");
                if (!resource->by_addin)
                        continue;
                own = true;
                write_intrinsic(out, resource, "new", "int32_t ward_new_%zu(int32_t rep);\n");
                write_intrinsic(out, resource, "rep", "int32_t ward_rep_%zu(int32_t handle);\n");
                fprintf(out, "\n__attribute__((export_name(\"%s#[dtor]%s\")))\n", resource->module, resource->name);
                fprintf(out, "void ward_dtor_%zu(int32_t rep)\n{\n        %s((%s *)(intptr_t)rep);\n}\n", i, resource->destructor,
                        resource->object);
        }
        fputs("\nstatic void drop_handle(uint32_t resource, int32_t handle)\n{\n", out);
        write_switch(out, model, false, "                ward_drop_%zu(handle);\n                return;\n", "abort()");
        if (!own)
                return;
        fputs("\nstatic int32_t new_handle(uint32_t resource, void *rep)\n{\n", out);
        write_switch(out, model, true, "                return ward_new_%zu((int32_t)(intptr_t)rep);\n", "abort()");
        fputs("\nstatic void *handle_rep(uint32_t resource, int32_t handle)\n{\n", out);
        write_switch(out, model, true, "                return (void *)(intptr_t)ward_rep_%zu(handle);\n", "abort()");
}

static void write_realloc(FILE *out)
{
        fputs("\n/* How Ward gets memory for arguments. */\n"
              "__attribute__((weak, export_name(\"cabi_realloc\")))\n"
              "void *cabi_realloc(void *ptr, size_t old_size, size_t align, size_t new_size)\n"
              "{\n"
              "        (void)old_size;\n"
              "        if (!new_size)\n"
              "                return (void *)align;\n"
              "        ptr = realloc(ptr, new_size);\n"
              "        if (!ptr)\n"
              "                abort();\n"
              "        return ptr;\n"
              "}\n",
              out);
}

/* Where nobody asks, the module does not import it. */
static void write_cancelled(FILE *out)
{
        fputs("\n__attribute__((import_module(\"ward:domain/call@0.1.0\"), import_name(\"cancelled\")))\n"
              "int32_t ward_call_cancelled(void);\n"
              "\nbool ward_cancelled(void)\n{\n        return ward_call_cancelled();\n}\n",
              out);
}

void write_addin_wasm(FILE *out, struct model *model)
{
        if (model_has_handles(model))
                write_resources(out, model);
        for (size_t i = 0; i < model->n_imports; i++) {
                write_core_import(out, model, &model->imports[i]);
                (model->imports[i].scalar ? write_scalar_import : write_import_call)(out, model, &model->imports[i]);
        }
        for (size_t i = 0; i < model->n_exports; i++)
                write_core_export(out, model, &model->exports[i]);
        write_cancelled(out);
        write_realloc(out);
}
