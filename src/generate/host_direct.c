/* Direct connect: a function that takes and gives nothing that changes its owner goes straight to the add-in's own where it may, at
 * the cost of a call through a pointer. */
#include "generate/host.h"
#include <string.h>

static void add_type(struct pieces *types, const struct c_type *type, bool view)
{
        const char *name = type_is_maybe(type) ? type->members[0].type->name : type->name;
        if (type_is_scalar(type))
                pieces_add(types, "%s", name);
        else
                pieces_add(types, "%s%s *", view ? "const " : "", name);
}

/* The types and values that the add-in's own function takes. It may change a struct that it is given, unless that is a view: so it
 * is given a copy, whose name no parameter can have. */
static void direct_arguments(const struct c_func *func, struct pieces *types, struct pieces *values)
{
        for (size_t i = 0; i < func->params->n_members; i++) {
                const struct c_type *type = func->params->members[i].type;
                add_type(types, type, func->connects_views);
                if (func->connects && !type_is_scalar(type))
                        pieces_add(values, "&copy_%zu_", i);
                else
                        pieces_add(values, "%s", func->param_names[i]);
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

/* --- Gates ------------------------------------------------------------------------------------ */

/* How a number is written in C as WebAssembly has it; NULL for what is none, or is checked on its way. */
static const char *core_name(const struct c_type *type)
{
        switch (type_meant(type)->kind) {
        case WIT_BOOL:
        case WIT_S8:
        case WIT_U8:
        case WIT_S16:
        case WIT_U16:
        case WIT_S32:
        case WIT_U32:
                return "uint32_t";
        case WIT_S64:
        case WIT_U64:
                return "uint64_t";
        case WIT_F32:
                return "float";
        case WIT_F64:
                return "double";
        default:
                return NULL;
        }
}

/* As wasm/glue.c decides it: what fits the registers. */
static bool has_gate(const struct c_func *func)
{
        enum { INTS = 5, FLOATS = 8 };
        size_t ints = 0, floats = 0;
        for (size_t i = 0; i < func->params->n_members; i++) {
                const char *core = core_name(func->params->members[i].type);
                if (!core)
                        return false;
                *(*core == 'u' ? &ints : &floats) += 1;
        }
        return ints <= INTS && floats <= FLOATS && (!func->result || core_name(func->result));
}

/* Signed numbers go with their sign: the conversion to the C type does that by itself. */
static void write_gate(FILE *out, struct model *model, const struct c_func *func, size_t index)
{
        struct pieces types = { .pool = &model->pool };
        struct pieces values = { .pool = &model->pool };
        const char *core = func->result ? core_name(func->result) : NULL;
        pieces_add(&types, "struct ward_instance *");
        pieces_add(&types, "struct ward_fault *");
        pieces_add(&values, "(struct ward_instance *)self");
        pieces_add(&values, "fault");
        if (core) {
                pieces_add(&types, "%s *", core);
                pieces_add(&values, "&core_");
        }
        for (size_t i = 0; i < func->params->n_members; i++) {
                const char *param = core_name(func->params->members[i].type);
                pieces_add(&types, "%s", param);
                pieces_add(&values, "(%s)%s", param, func->param_names[i]);
        }
        fputs("        void (*const *gates)(void) = ((const struct ward_instance *)self)->gates;\n", out);
        fprintf(out, "        if (gates && gates[%zu]) {\n", index);
        if (core)
                fprintf(out, "                %s core_ = 0;\n", core);
        pieces_print(&types, out, "                int status_ = ((int (*)(", pool_printf(&model->pool, "))gates[%zu])", index));
        pieces_print(&values, out, "(\n                        ", ");\n");
        if (core)
                fprintf(out, "                if (!status_)\n                        *ret = (%s)core_;\n", func->result->name);
        fputs("                if (status_ <= 0)\n                        return status_;\n        }\n", out);
}

/* Whether @pieces, with ", " between them, take more than @room. */
static bool is_wider(const struct pieces *pieces, size_t room)
{
        size_t width = 2 * pieces->n;
        for (size_t i = 0; i < pieces->n; i++)
                width += strlen(pieces->at[i]);
        return width > room;
}

static void write_call(FILE *out, struct model *model, const struct c_func *func, size_t index)
{
        enum { WIDE = 40 };
        struct pieces types = { .pool = &model->pool };
        struct pieces values = { .pool = &model->pool };
        direct_arguments(func, &types, &values);
        const char *before =
                pool_printf(&model->pool, "                %s((%s (*)(", func->result ? "*ret = " : "", prototype_return(func));
        const char *place = is_wider(&types, WIDE) || is_wider(&values, WIDE) ? "\n                        " : "";
        pieces_print(&types, out, before, pool_printf(&model->pool, "))direct[%zu])", index));
        pieces_print(&values, out, pool_printf(&model->pool, "%s(", place), ");\n                return 0;\n        }\n");
}

void host_print_direct(FILE *out, struct model *model, const struct c_func *func, size_t index)
{
        host_print_prototype(out, model, func, pool_printf(&model->pool, "int %s", func->isolated), ");\n");
        write_docs(out, "", func->wit->docs);
        host_print_prototype(out, model, func, pool_printf(&model->pool, "static inline int %s", func->name), ")\n{\n");
        fputs("        void (*const *direct)(void) = ((const struct ward_instance *)self)->direct;\n", out);
        if (func->connects_views)
                fprintf(out, "        if (direct && direct[%zu]) { /* its arguments are views as well */\n", index);
        else
                fputs("        if (direct) {\n", out);
        if (func->connects)
                write_copies(out, func);
        write_call(out, model, func, index);
        if (has_gate(func))
                write_gate(out, model, func, index);
        write_isolated_call(out, model, func);
}
