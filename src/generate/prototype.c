#include "generate/write.h"

static const struct c_type *meant_result(const struct c_func *func)
{
        return func->result ? type_meant(func->result) : NULL;
}

void prototype_params(struct pieces *pieces, const struct c_func *func, bool borrowed)
{
        for (size_t i = 0; i < func->params->n_members; i++) {
                const struct c_type *type = func->params->members[i].type;
                const char *name = func->param_names[i];
                const char *constant = borrowed ? "const " : "";
                if (type_is_scalar(type))
                        pieces_add(pieces, "%s %s", type->name, name);
                else if (type_is_maybe(type))
                        pieces_add(pieces, "%s%s *%s", constant, type->members[0].type->name, name);
                else
                        pieces_add(pieces, "%s%s *%s", constant, type->name, name);
        }
}

void prototype_outputs(struct pieces *pieces, const struct c_func *func)
{
        const struct c_type *result = meant_result(func);
        if (!result || type_is_scalar(result))
                return;
        if (result->kind == WIT_OPTION) {
                pieces_add(pieces, "%s *ret", result->members[0].type->name);
        } else if (result->kind == WIT_RESULT) {
                if (result->members[0].type)
                        pieces_add(pieces, "%s *ret", result->members[0].type->name);
                if (result->members[1].type)
                        pieces_add(pieces, "%s *err", result->members[1].type->name);
        } else {
                pieces_add(pieces, "%s *ret", func->result->name);
        }
}

const char *prototype_return(const struct c_func *func)
{
        const struct c_type *result = meant_result(func);
        if (result && (result->kind == WIT_OPTION || result->kind == WIT_RESULT))
                return "bool";
        return result && type_is_scalar(result) ? func->result->name : "void";
}

static void add_arguments(struct pieces *pieces, const struct c_func *func)
{
        for (size_t i = 0; i < func->params->n_members; i++) {
                const struct c_type *type = func->params->members[i].type;
                const char *name = func->params->members[i].name;
                if (type_is_maybe(type))
                        pieces_add(pieces, "args->%s.is_some ? &args->%s.val : NULL", name, name);
                else
                        pieces_add(pieces, "%sargs->%s", type_is_scalar(type) ? "" : "&", name);
        }
}

/* Success and error go to locals first: in the result they share their place, and a callee may write both. */
static void call_result(FILE *out, struct pieces *arguments, const struct c_type *result, const char *before)
{
        const struct c_type *ok = result->members[0].type;
        const struct c_type *err = result->members[1].type;
        if (ok) {
                fprintf(out, "        %s ok;\n", ok->name);
                pieces_add(arguments, "&ok");
        }
        if (err) {
                fprintf(out, "        %s err;\n", err->name);
                pieces_add(arguments, "&err");
        }
        pieces_print(arguments, out, pool_printf(arguments->pool, "        result->is_err = !%s", before), ");\n");
        if (ok && err)
                fputs("        if (result->is_err)\n                result->val.err = err;\n"
                      "        else\n                result->val.ok = ok;\n",
                      out);
        else if (ok)
                fputs("        if (!result->is_err)\n                result->val.ok = ok;\n", out);
        else if (err)
                fputs("        if (result->is_err)\n                result->val.err = err;\n", out);
}

void prototype_call(FILE *out, struct pool *pool, const struct c_func *func, const char *callee, const char *first)
{
        const struct c_type *result = meant_result(func);
        const char *before = pool_printf(pool, "%s(", callee);
        struct pieces arguments = { .pool = pool };
        if (first)
                pieces_add(&arguments, "%s", first);
        add_arguments(&arguments, func);
        if (result)
                fprintf(out, "        %s *result = (%s *)r;\n", func->result->name, func->result->name);
        if (result && result->kind == WIT_RESULT) {
                call_result(out, &arguments, result, before);
                return;
        }
        if (result && result->kind == WIT_OPTION)
                pieces_add(&arguments, "&result->val");
        else if (result && !type_is_scalar(result))
                pieces_add(&arguments, "result");
        const char *target = !result                      ? ""
                             : type_is_scalar(result)     ? "*result = "
                             : result->kind == WIT_OPTION ? "result->is_some = "
                                                          : "";
        pieces_print(&arguments, out, pool_printf(pool, "        %s%s", target, before), ");\n");
}

void prototype_fill(FILE *out, const struct c_func *func)
{
        fprintf(out, "        struct %s_args args%s;\n", func->id, func->params->n_members ? "" : " = { 0 }");
        for (size_t i = 0; i < func->params->n_members; i++) {
                const struct c_type *type = func->params->members[i].type;
                const char *name = func->params->members[i].name;
                const char *param = func->param_names[i];
                if (type_is_maybe(type))
                        fprintf(out, "        args.%s.is_some = %s != NULL;\n        if (%s)\n                args.%s.val = *%s;\n",
                                name, param, param, name, param);
                else
                        fprintf(out, "        args.%s = %s%s;\n", name, type_is_scalar(type) ? "" : "*", param);
        }
}
