/* Calls of the host that nobody waits for: each import without result has a second C function. */
#include "generate/write.h"

void write_post_prototypes(FILE *out, struct model *model)
{
        if (!model->flush)
                return;
        fprintf(out,
                "\n/* The same without waiting: the call is queued, and made in order, at the latest before this thread's next "
                "other "
                "call of the\n * host or its return to it; on a thread of the add-in's own as soon as the host dispatches. %s has "
                "the "
                "host make those\n * that this thread has queued, without waiting for them. In a WebAssembly module they are "
                "ordinary "
                "calls. */\n",
                model->flush);
        for (size_t i = 0; i < model->n_imports; i++)
                if (model->imports[i].post)
                        write_addin_prototype(out, model, &model->imports[i], model->imports[i].post, ");\n");
        fprintf(out, "void %s(void);\n", model->flush);
}

void write_posts_native(FILE *out, struct model *model)
{
        for (size_t i = 0; i < model->n_imports; i++) {
                const struct c_func *func = &model->imports[i];
                if (!func->post)
                        continue;
                fputc('\n', out);
                write_addin_prototype(out, model, func, func->post, ")\n{\n");
                prototype_fill(out, func);
                fprintf(out, "        ward_addin_post(env, %zu, &args);\n}\n", i);
        }
        if (model->flush)
                fprintf(out, "\nvoid %s(void)\n{\n        ward_addin_flush(env);\n}\n", model->flush);
}

void write_posts_wasm(FILE *out, struct model *model)
{
        for (size_t i = 0; i < model->n_imports; i++) {
                const struct c_func *func = &model->imports[i];
                struct pieces arguments = { .pool = &model->pool };
                if (!func->post)
                        continue;
                fputc('\n', out);
                write_addin_prototype(out, model, func, func->post, ")\n{\n");
                for (size_t j = 0; j < func->params->n_members; j++)
                        pieces_add(&arguments, "%s", func->param_names[j]);
                pieces_print(&arguments, out, pool_printf(&model->pool, "        %s(", func->name), ");\n}\n");
        }
        if (model->flush)
                fprintf(out, "\nvoid %s(void)\n{\n}\n", model->flush);
}
