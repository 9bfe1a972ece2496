/* Begun calls in the host view: for each function one that begins a call of it, and one that gives the result. Their handle has a
 * type of its own, so that the result of one function is not taken for another's. */
#include "generate/host.h"

static void print_begin(FILE *out, struct model *model, const struct c_func *func, const char *after)
{
        struct pieces pieces = { .pool = &model->pool };
        pieces_add(&pieces, "struct %s *self", model->tag);
        prototype_params(&pieces, func, true);
        pieces_add(&pieces, "struct %s **ret_pending", func->pending);
        pieces_add(&pieces, "struct ward_fault *fault");
        pieces_print(&pieces, out, pool_printf(&model->pool, "int %s(", func->begin), after);
}

static void print_finish(FILE *out, struct model *model, const struct c_func *func, const char *after)
{
        struct pieces pieces = { .pool = &model->pool };
        pieces_add(&pieces, "struct %s *pending", func->pending);
        host_results(&pieces, func);
        pieces_add(&pieces, "struct ward_fault *fault");
        pieces_print(&pieces, out, pool_printf(&model->pool, "int %s(", func->finish), after);
}

static void write_declarations(FILE *out, struct model *model, const struct c_func *func)
{
        fprintf(out, "\nstruct %s;\n", func->pending);
        print_begin(out, model, func, ");\n");
        print_finish(out, model, func, ");\n");
        fprintf(out, "static inline struct ward_pending *%s(struct %s *pending)\n{\n", func->pending, func->pending);
        fputs("        return (struct ward_pending *)pending;\n}\n", out);
}

void host_print_async(FILE *out, struct model *model)
{
        if (model->n_exports)
                fputs("\n/* Begun calls, see <ward/host.h>: ..._begin copies its arguments and returns, ..._finish waits for the "
                      "result, "
                      "and\n"
                      " * takes the handle. Between them ..._pending gives the handle for the functions ward_pending_... */\n",
                      out);
        for (size_t i = 0; i < model->n_exports; i++)
                write_declarations(out, model, &model->exports[i]);
}

static void write_bodies(FILE *out, struct model *model, const struct c_func *func, size_t index)
{
        fputc('\n', out);
        print_begin(out, model, func, ")\n{\n");
        prototype_fill(out, func);
        fputs("        struct ward_pending *begun = NULL;\n", out);
        fprintf(out, "        int status = ward_call_begin((struct ward_instance *)self, %zu, &args, &begun, fault);\n", index);
        fprintf(out, "        if (!status)\n                *ret_pending = (struct %s *)begun;\n        return status;\n}\n\n",
                func->pending);
        print_finish(out, model, func, ")\n{\n");
        host_print_call(out, func, "ward_call_finish((struct ward_pending *)pending, ");
}

void host_print_async_bodies(FILE *out, struct model *model)
{
        for (size_t i = 0; i < model->n_exports; i++)
                write_bodies(out, model, &model->exports[i], i);
}
