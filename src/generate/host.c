/* The host view: one function for every export, and a struct of functions for the imports. */
#include "generate/write.h"

static bool has_services(const struct model *model)
{
        for (size_t i = 0; i < model->n_imports; i++)
                if (!model->imports[i].by_ward)
                        return true;
        return false;
}

static void write_services(FILE *out, struct model *model)
{
        fputs("\n/* What the host offers to add-ins. Every function is to be set. They run on threads that call the add-in; "
              "arguments\n"
              " * are borrowed, what results hold comes from malloc and goes to Ward. The struct stays the host's and outlives "
              "the\n"
              " * add-ins that were activated with it. */\n",
              out);
        fprintf(out, "struct %s_services {\n        void *data; /* passed to each function */\n", model->prefix);
        for (size_t i = 0; i < model->n_imports; i++) {
                const struct c_func *func = &model->imports[i];
                struct pieces pieces = { .pool = &model->pool };
                if (func->by_ward)
                        continue;
                write_docs(out, "        ", func->wit->docs);
                pieces_add(&pieces, "void *data");
                prototype_params(&pieces, func, false);
                prototype_outputs(&pieces, func);
                pieces_print(&pieces, out, pool_printf(&model->pool, "        %s (*%s)(", prototype_return(func), func->name),
                             ");\n");
        }
        fputs("};\n", out);
}

static void write_activate(FILE *out, struct model *model, const char *after)
{
        struct pieces pieces = { .pool = &model->pool };
        pieces_add(&pieces, "struct ward_host *host");
        pieces_add(&pieces, "const char *module");
        pieces_add(&pieces, "const struct ward_activate_options *options");
        pieces_add(&pieces, "const struct %s_services *services", model->prefix);
        pieces_add(&pieces, "struct %s **ret_%s", model->tag, model->prefix);
        pieces_add(&pieces, "struct ward_fault *fault");
        pieces_print(&pieces, out, pool_printf(&model->pool, "int %s_activate(", model->prefix), after);
}

static void write_life(FILE *out, struct model *model)
{
        const char *p = model->prefix;
        const char *tag = model->tag;
        fprintf(out, "\n/* Activates the add-in in file @module. @options may be NULL. %s */\n",
                has_services(model) ? "@services is what it may call." : "@services may be NULL: the contract imports nothing.");
        write_activate(out, model, ");\n");
        fprintf(out,
                "\n/* Releases the add-in, and ends the domain that was made for it. Returns NULL. Takes NULL. */\n"
                "struct %s *%s_release(struct %s *self);\n",
                tag, p, tag);
        fprintf(out,
                "\n/* Where it lives. Borrowed: lives as long as @self. */\n"
                "struct ward_domain *%s_domain(struct %s *self);\n",
                p, tag);
        fprintf(out,
                "\n/* The time limit of each later call, in milliseconds; 0: none. */\n"
                "void %s_set_deadline(struct %s *self, uint32_t ms);\n",
                p, tag);
}

/* The parameters of a host function: the add-in, the arguments, places for the results, the fault. */
static void host_params(struct pieces *pieces, const struct model *model, const struct c_func *func)
{
        const struct c_type *result = func->result ? type_meant(func->result) : NULL;
        pieces_add(pieces, "struct %s *self", model->tag);
        prototype_params(pieces, func, true);
        if (result && result->kind == WIT_RESULT) {
                if (result->members[0].type)
                        pieces_add(pieces, "%s *ret", result->members[0].type->name);
                if (result->members[1].type)
                        pieces_add(pieces, "%s *ret_err", result->members[1].type->name);
        } else if (result) {
                pieces_add(pieces, "%s *ret", func->result->name);
        }
        pieces_add(pieces, "struct ward_fault *fault");
}

static void write_prototype(FILE *out, struct model *model, const struct c_func *func, const char *name, const char *after)
{
        struct pieces pieces = { .pool = &model->pool };
        host_params(&pieces, model, func);
        pieces_print(&pieces, out, pool_printf(&model->pool, "%s(", name), after);
}

/* The types and values that the add-in's own function takes. It may change a struct that it is given, so it is given a copy, whose
 * name no parameter can have. */
static void direct_arguments(struct model *model, const struct c_func *func, struct pieces *types, struct pieces *values)
{
        for (size_t i = 0; i < func->params->n_members; i++) {
                const struct c_type *type = func->params->members[i].type;
                bool scalar = type_is_scalar(type);
                pieces_add(types, scalar ? "%s" : "%s *", type->name);
                if (scalar)
                        pieces_add(values, "%s", func->param_names[i]);
                else
                        pieces_add(values, "&copy_%zu_", i);
        }
        if (!types->n)
                pieces_add(types, "void");
}

static void write_copies(FILE *out, const struct c_func *func)
{
        for (size_t i = 0; i < func->params->n_members; i++)
                if (!type_is_scalar(func->params->members[i].type))
                        fprintf(out, "                %s copy_%zu_ = *%s;\n", func->params->members[i].type->name, i,
                                func->param_names[i]);
}

static void write_isolated_call(FILE *out, struct model *model, const struct c_func *func)
{
        struct pieces arguments = { .pool = &model->pool };
        pieces_add(&arguments, "self");
        for (size_t i = 0; i < func->params->n_members; i++)
                pieces_add(&arguments, "%s", func->param_names[i]);
        if (func->result)
                pieces_add(&arguments, "ret");
        pieces_add(&arguments, "fault");
        pieces_print(&arguments, out, pool_printf(&model->pool, "        return %s(", func->isolated), ");\n}\n");
}

/* A function that takes and gives nothing to be freed goes straight to the add-in's own where it may: the cost of a call through a
 * pointer. */
static void write_inline(FILE *out, struct model *model, const struct c_func *func, size_t index)
{
        struct pieces types = { .pool = &model->pool };
        struct pieces values = { .pool = &model->pool };
        direct_arguments(model, func, &types, &values);
        write_prototype(out, model, func, pool_printf(&model->pool, "int %s", func->isolated), ");\n");
        write_docs(out, "", func->wit->docs);
        write_prototype(out, model, func, pool_printf(&model->pool, "static inline int %s", func->name), ")\n{\n");
        fputs("        void (*const *direct)(void) = ((const struct ward_instance *)self)->direct;\n        if (direct) {\n", out);
        write_copies(out, func);
        pieces_print(
                &types, out,
                pool_printf(&model->pool, "                %s((%s (*)(", func->result ? "*ret = " : "", prototype_return(func)),
                pool_printf(&model->pool, "))direct[%zu])(", index));
        pieces_print(&values, out, "", ");\n                return 0;\n        }\n");
        write_isolated_call(out, model, func);
}

static void write_functions(FILE *out, struct model *model)
{
        if (model->n_exports)
                fputs("\n/* The add-in's functions: 0 is success, 1 the contract's own error (in ret_err), negative a fault. "
                      "Arguments are\n"
                      " * borrowed; results are the caller's to free, and written only on success. */\n",
                      out);
        for (size_t i = 0; i < model->n_exports; i++) {
                write_title(out, model, &model->exports[i], i ? &model->exports[i - 1] : NULL, "Exported to");
                fputc('\n', out);
                if (model->exports[i].connects) {
                        write_inline(out, model, &model->exports[i], i);
                } else {
                        write_docs(out, "", model->exports[i].wit->docs);
                        write_prototype(out, model, &model->exports[i], pool_printf(&model->pool, "int %s", model->exports[i].name),
                                        ");\n");
                }
        }
}

void write_host_header(FILE *out, struct model *model)
{
        write_header_begin(out, model, "#include <ward/host.h>\n");
        write_types(out, model);
        fprintf(out, "\n/* An activated add-in. */\nstruct %s;\n", model->tag);
        write_services(out, model);
        write_life(out, model);
        write_functions(out, model);
        write_helper_prototypes(out, model);
        write_header_end(out);
}

static void write_serve(FILE *out, struct model *model, const struct c_func *func)
{
        const char *p = model->prefix;
        fprintf(out, "\nstatic void %s_serve(const struct ward_import *import, const void *services, const void *a, void *r)\n{\n",
                func->id);
        fputs("        (void)import;\n", out);
        fprintf(out, "        const struct %s_services *own = services;\n", p);
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

static void write_contract(FILE *out, struct model *model)
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
        fprintf(out, "\nstatic const struct ward_contract contract = {\n        .name = \"%s\",\n",
                naming_world(&model->pool, model->world));
        fprintf(out, "        .n_exports = %zu,\n        .n_imports = %zu,\n        .exports = %s,\n        .imports = %s,\n};\n",
                model->n_exports, model->n_imports, model->n_exports ? "exports" : "NULL", model->n_imports ? "imports" : "NULL");
}

/* A service that was forgotten is found here, not by the first add-in that calls it. */
static void write_check_services(FILE *out, const struct model *model)
{
        const char *p = model->prefix;
        fputs("\nstatic int missing(struct ward_fault *fault, const char *service)\n{\n"
              "        if (fault) {\n"
              "                *fault = (struct ward_fault){ .kind = WARD_FAULT_USAGE };\n",
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
                        fprintf(out, "        if (!services->%s)\n                return missing(fault, \"services->%s\");\n",
                                model->imports[i].name, model->imports[i].name);
        fputs("        return 0;\n}\n", out);
}

static void write_life_bodies(FILE *out, struct model *model)
{
        const char *p = model->prefix;
        const char *tag = model->tag;
        fputc('\n', out);
        write_activate(out, model, ")\n{\n");
        fputs("        struct ward_instance *instance = NULL;\n", out);
        if (has_services(model))
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

static void write_function_body(FILE *out, struct model *model, const struct c_func *func, size_t index)
{
        const struct c_type *result = func->result ? type_meant(func->result) : NULL;
        bool splits = result && result->kind == WIT_RESULT;
        fputc('\n', out);
        write_prototype(out, model, func, pool_printf(&model->pool, "int %s", func->connects ? func->isolated : func->name),
                        ")\n{\n");
        prototype_fill(out, func);
        if (!splits) {
                fprintf(out, "        return ward_call((struct ward_instance *)self, %zu, &args, %s, fault);\n}\n", index,
                        result ? "ret" : "NULL");
                return;
        }
        fprintf(out, "        %s result;\n", func->result->name);
        fprintf(out, "        int status = ward_call((struct ward_instance *)self, %zu, &args, &result, fault);\n", index);
        fputs("        if (status < 0)\n                return status;\n", out);
        if (result->members[0].type)
                fputs("        if (!result.is_err)\n                *ret = result.val.ok;\n", out);
        if (result->members[1].type)
                fputs("        if (result.is_err)\n                *ret_err = result.val.err;\n", out);
        fputs("        return result.is_err;\n}\n", out);
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
        write_contract(out, model);
        if (has_services(model))
                write_check_services(out, model);
        write_life_bodies(out, model);
        for (size_t i = 0; i < model->n_exports; i++)
                write_function_body(out, model, &model->exports[i], i);
        fputs("\n/* Helpers. */\n", out);
        write_helpers(out, model);
}
