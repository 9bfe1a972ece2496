/* Direct connect: a function that takes and gives nothing that has an owner goes straight to the add-in's own where it may, at the
 * cost of a call through a pointer. */
#include "generate/host.h"

/* The types and values that the add-in's own function takes. It may change a struct that it is given, so it is given a copy, whose
 * name no parameter can have. */
static void direct_arguments(const struct c_func *func, struct pieces *types, struct pieces *values)
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

void host_print_direct(FILE *out, struct model *model, const struct c_func *func, size_t index)
{
        struct pieces types = { .pool = &model->pool };
        struct pieces values = { .pool = &model->pool };
        direct_arguments(func, &types, &values);
        host_print_prototype(out, model, func, func->isolated, ");\n");
        write_docs(out, "", func->wit->docs);
        fputs("static inline ", out);
        host_print_prototype(out, model, func, func->name, ")\n{\n");
        fputs("        void (*const *direct)(void) = ((const struct ward_instance *)self)->direct;\n        if (direct) {\n", out);
        write_copies(out, func);
        pieces_print(
                &types, out,
                pool_printf(&model->pool, "                %s((%s (*)(", func->result ? "*ret = " : "", prototype_return(func)),
                pool_printf(&model->pool, "))direct[%zu])(", index));
        pieces_print(&values, out, "", ");\n                return 0;\n        }\n");
        write_isolated_call(out, model, func);
}
