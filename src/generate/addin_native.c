/* The form of an add-in that is a shared library: everything goes through a table of the host's, or of the add-in's own. */
#include "generate/write.h"

static bool has_own_resources(const struct model *model)
{
        for (size_t i = 0; i < model->n_resources; i++)
                if (model->resources[i]->by_addin)
                        return true;
        return false;
}

static void write_imports(FILE *out, const struct model *model)
{
        for (size_t i = 0; i < model->n_imports; i++) {
                fprintf(out, "\nstatic void %s_call(const void *args, void *result)\n{\n", model->imports[i].id);
                fprintf(out, "        env->call(env->context, %zu, args, result);\n}\n", i);
        }
}

static void write_handles(FILE *out, const struct model *model)
{
        fputs("\nstatic void drop_handle(uint32_t resource, int32_t handle)\n{\n"
              "        env->resource_drop(env->context, resource, handle);\n}\n",
              out);
        if (has_own_resources(model))
                fputs("\nstatic int32_t new_handle(uint32_t resource, void *rep)\n{\n"
                      "        return env->resource_new(env->context, resource, rep);\n}\n"
                      "\nstatic void *handle_rep(uint32_t resource, int32_t handle)\n{\n"
                      "        return env->resource_rep(env->context, resource, handle);\n}\n",
                      out);
}

void write_addin_native(FILE *out, struct model *model)
{
        fputs("\nstatic const struct ward_addin_env *env;\n", out);
        write_imports(out, model);
        if (model_has_handles(model))
                write_handles(out, model);
        fputs("\nbool ward_cancelled(void)\n{\n        return ward_addin_cancelled(env);\n}\n", out);
        fputs("\nstatic void bind_env(const struct ward_addin_env *host)\n{\n        env = host;\n}\n", out);
}

/* --- Tables ----------------------------------------------------------------------------------- */

static void write_exports(FILE *out, const struct model *model)
{
        bool views = model->options.ownership == GENERATE_BORROWING;
        fputs("\nstatic const struct ward_addin_export exports[] = {\n", out);
        for (size_t i = 0; i < model->n_exports; i++) {
                const struct c_func *func = &model->exports[i];
                fprintf(out, "        { &%s_func, %s_call, ", func->id, func->id);
                fprintf(out, func->connects || (views && func->connects_views) ? "(void (*)(void))%s },\n" : "NULL },\n",
                        func->name);
        }
        fputs("};\n", out);
}

static void write_import_table(FILE *out, const struct model *model)
{
        fputs("\nstatic const struct ward_func *const imports[] = {\n", out);
        for (size_t i = 0; i < model->n_imports; i++)
                fprintf(out, "        &%s_func,\n", model->imports[i].id);
        fputs("};\n", out);
}

static void write_resource_table(FILE *out, const struct model *model)
{
        for (size_t i = 0; i < model->n_resources; i++) {
                const struct c_resource *resource = model->resources[i];
                if (resource->by_addin)
                        fprintf(out, "\nstatic void destroy_%zu_(void *rep)\n{\n        %s((%s *)rep);\n}\n", i,
                                resource->destructor, resource->object);
        }
        fputs("\nstatic const struct ward_addin_resource resources[] = {\n", out);
        for (size_t i = 0; i < model->n_resources; i++) {
                const struct c_resource *resource = model->resources[i];
                fprintf(out, "        { &%s, ", resource->table);
                if (resource->by_addin)
                        fprintf(out, "destroy_%zu_ },\n", i);
                else
                        fputs("NULL },\n", out);
        }
        fputs("};\n", out);
}

/* C++17 knows initializers in order only. */
void write_addin_tables(FILE *out, struct model *model)
{
        if (model->n_exports)
                write_exports(out, model);
        if (model->n_imports)
                write_import_table(out, model);
        if (model->n_resources)
                write_resource_table(out, model);
        fputs("\nconst struct ward_addin ward_addin_1 = {\n", out);
        fprintf(out, "        WARD_ADDIN_ABI,\n        %zu, /* exports */\n        %zu, /* imports */\n", model->n_exports,
                model->n_imports);
        fprintf(out, "        \"%s\",\n", naming_world(&model->pool, model->world));
        fprintf(out, "        %s,\n        %s,\n        bind_env,\n", model->n_exports ? "exports" : "NULL",
                model->n_imports ? "imports" : "NULL");
        fprintf(out, "        %s,\n", model->options.ownership == GENERATE_BORROWING ? "WARD_BORROWING" : "WARD_OWNING");
        fprintf(out, "        %zu, /* resources */\n        %s,\n};\n", model->n_resources,
                model->n_resources ? "resources" : "NULL");
}
