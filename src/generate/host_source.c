/* The source of the host view: descriptors, and stubs between C's calls and argument structs. */
#include "generate/host.h"

/* --- What add-ins call ------------------------------------------------------------------------ */

static void write_serve(FILE *out, struct model *model, const struct c_func *func)
{
        const char *p = model->prefix;
        fprintf(out, "\nstatic void %s_serve(const struct ward_import *import, const void *services, const void *a, void *r)\n{\n",
                func->id);
        fputs("        (void)import;\n", out);
        fprintf(out, "        const struct %s_services *own = (const struct %s_services *)services;\n", p, p);
        if (func->params->n_members)
                fprintf(out, "        struct %s_args copy = *(const struct %s_args *)a;\n        struct %s_args *args = &copy;\n",
                        func->id, func->id, func->id);
        else
                fputs("        (void)a;\n", out);
        if (!func->result)
                fputs("        (void)r;\n", out);
        prototype_call(out, &model->pool, func, pool_printf(&model->pool, "own->%s", func->name), "own->data");
        fputs("}\n", out);
}

static void write_destroy(FILE *out, const struct model *model, const struct c_resource *resource)
{
        const char *p = model->prefix;
        fprintf(out, "\nstatic void %s_destroy(const void *services, void *object)\n{\n", resource->table);
        fprintf(out, "        const struct %s_services *own = (const struct %s_services *)services;\n", p, p);
        fprintf(out, "        own->%s(own->data, (%s *)object);\n}\n", resource->destructor, resource->object);
}

/* --- The contract ----------------------------------------------------------------------------- */

static void write_contract_funcs(FILE *out, const struct model *model)
{
        if (model->n_exports)
                fputs("\nstatic const struct ward_func *const exports[] = {\n", out);
        for (size_t i = 0; i < model->n_exports; i++)
                fprintf(out, "        &%s_func,\n", model->exports[i].id);
        fputs(model->n_exports ? "};\n" : "", out);
        if (model->n_imports)
                fputs("\nstatic const struct ward_import imports[] = {\n", out);
        for (size_t i = 0; i < model->n_imports; i++) {
                const struct c_func *func = &model->imports[i];
                fprintf(out, "        { &%s_func, ", func->id);
                fprintf(out, func->by_ward ? "NULL }, /* libward's own */\n" : "%s_serve },\n", func->id);
        }
        fputs(model->n_imports ? "};\n" : "", out);
}

static void write_contract_resources(FILE *out, const struct model *model)
{
        if (model->n_resources)
                fputs("\nstatic const struct ward_contract_resource resources[] = {\n", out);
        for (size_t i = 0; i < model->n_resources; i++) {
                const char *table = model->resources[i]->table;
                fprintf(out, "        { &%s, ", table);
                fprintf(out, host_resource_is_served(model->resources[i]) ? "%s_destroy },\n" : "NULL },\n", table);
        }
        fputs(model->n_resources ? "};\n" : "", out);
}

/* C++17 knows initializers in order only. */
static void write_contract(FILE *out, struct model *model)
{
        write_contract_funcs(out, model);
        write_contract_resources(out, model);
        fprintf(out, "\nstatic const struct ward_contract contract = {\n        \"%s\",\n",
                naming_world(&model->pool, model->world));
        fprintf(out, "        %zu, /* exports */\n        %zu, /* imports */\n        %s,\n        %s,\n", model->n_exports,
                model->n_imports, model->n_exports ? "exports" : "NULL", model->n_imports ? "imports" : "NULL");
        fprintf(out, "        %zu, /* resources */\n        %s,\n};\n", model->n_resources,
                model->n_resources ? "resources" : "NULL");
}

/* --- The add-in's life ------------------------------------------------------------------------ */

static void write_check(FILE *out, const char *service)
{
        fprintf(out, "        if (!services->%s)\n                return missing(fault, \"services->%s\");\n", service, service);
}

/* A service that was forgotten is found here, not by the first add-in that calls it. */
static void write_check_services(FILE *out, const struct model *model)
{
        const char *p = model->prefix;
        fputs("\nstatic int missing(struct ward_fault *fault, const char *service)\n{\n"
              "        if (fault) {\n"
              "                memset(fault, 0, sizeof *fault);\n"
              "                fault->kind = WARD_FAULT_USAGE;\n",
              out);
        fprintf(out,
                "                snprintf(fault->text, sizeof fault->text,\n"
                "                         \"%s_activate: %%s is not set: an add-in may call every function of struct "
                "%s_services\",\n"
                "                         service);\n",
                p, p);
        fputs("        }\n        return -WARD_FAULT_USAGE;\n}\n", out);
        fprintf(out, "\nstatic int check_services(const struct %s_services *services, struct ward_fault *fault)\n{\n", p);
        fputs("        if (!services)\n                return missing(fault, \"services\");\n", out);
        for (size_t i = 0; i < model->n_imports; i++)
                if (!model->imports[i].by_ward)
                        write_check(out, model->imports[i].name);
        for (size_t i = 0; i < model->n_resources; i++)
                if (host_resource_is_served(model->resources[i]))
                        write_check(out, model->resources[i]->destructor);
        fputs("        return 0;\n}\n", out);
}

static void write_life_bodies(FILE *out, struct model *model)
{
        const char *p = model->prefix;
        const char *tag = model->tag;
        fputc('\n', out);
        host_print_activate(out, model, ")\n{\n");
        fputs("        struct ward_instance *instance = NULL;\n", out);
        if (host_has_services(model))
                fputs("        int status = check_services(services, fault);\n        if (!status)\n                status = ",
                      out);
        else
                fputs("        int status = ", out);
        fputs("ward_activate(host, module, options, &contract, services, &instance, fault);\n", out);
        fprintf(out, "        if (!status)\n                *ret_%s = (struct %s *)instance;\n        return status;\n}\n", p, tag);
        fprintf(out, "\nstruct %s *%s_release(struct %s *self)\n{\n", tag, p, tag);
        fprintf(out, "        return (struct %s *)ward_release((struct ward_instance *)self);\n}\n", tag);
        fprintf(out, "\nstruct ward_domain *%s_domain(struct %s *self)\n{\n", p, tag);
        fputs("        return ward_instance_domain((struct ward_instance *)self);\n}\n", out);
        fprintf(out, "\nvoid %s_set_deadline(struct %s *self, uint32_t ms)\n{\n", p, tag);
        fputs("        ward_instance_set_deadline((struct ward_instance *)self, ms);\n}\n", out);
}

static void write_drop_body(FILE *out, struct model *model, const struct c_resource *resource)
{
        fputc('\n', out);
        host_print_drop(out, model, resource, ")\n{\n");
        fputs("        return ward_token_release(ward_instance_host((struct ward_instance *)self), own.__handle, fault);\n}\n",
              out);
}

/* --- The add-in's functions ------------------------------------------------------------------- */

void host_print_call(FILE *out, const struct c_func *func, const char *call)
{
        const struct c_type *result = func->result ? type_meant(func->result) : NULL;
        if (!result || result->kind != WIT_RESULT) {
                fprintf(out, "        return %s%s, fault);\n}\n", call, result ? "ret" : "NULL");
                return;
        }
        fprintf(out, "        %s result;\n", func->result->name);
        fprintf(out, "        int status = %s&result, fault);\n", call);
        fputs("        if (status < 0)\n                return status;\n", out);
        if (result->members[0].type)
                fputs("        if (!result.is_err)\n                *ret = result.val.ok;\n", out);
        if (result->members[1].type)
                fputs("        if (result.is_err)\n                *ret_err = result.val.err;\n", out);
        fputs("        return result.is_err;\n}\n", out);
}

static void write_function_body(FILE *out, struct model *model, const struct c_func *func, size_t index)
{
        fputc('\n', out);
        host_print_prototype(out, model, func, pool_printf(&model->pool, "int %s", func->isolated ? func->isolated : func->name),
                             ")\n{\n");
        prototype_fill(out, func);
        host_print_call(out, func, pool_printf(&model->pool, "ward_call((struct ward_instance *)self, %zu, &args, ", index));
}

void write_host_source(FILE *out, struct model *model)
{
        write_banner(out, model);
        fprintf(out, "#include \"%s_host.h\"\n#include <stdio.h>\n", model->prefix);
        fputs("\n/* Not every descriptor is used. */\n#pragma GCC diagnostic ignored \"-Wunused-const-variable\"\n", out);
        write_type_tables(out, model);
        for (size_t i = 0; i < model->n_imports; i++)
                write_func_tables(out, model, &model->imports[i], true);
        for (size_t i = 0; i < model->n_exports; i++)
                write_func_tables(out, model, &model->exports[i], false);
        for (size_t i = 0; i < model->n_imports; i++)
                if (!model->imports[i].by_ward)
                        write_serve(out, model, &model->imports[i]);
        for (size_t i = 0; i < model->n_resources; i++)
                if (host_resource_is_served(model->resources[i]))
                        write_destroy(out, model, model->resources[i]);
        write_contract(out, model);
        if (host_has_services(model))
                write_check_services(out, model);
        write_life_bodies(out, model);
        for (size_t i = 0; i < model->n_resources; i++)
                if (model->resources[i]->by_addin)
                        write_drop_body(out, model, model->resources[i]);
        for (size_t i = 0; i < model->n_exports; i++)
                write_function_body(out, model, &model->exports[i], i);
        if (model->options.async)
                host_print_async_bodies(out, model);
        fputs("\n/* Helpers. */\n", out);
        write_helpers(out, model);
}
