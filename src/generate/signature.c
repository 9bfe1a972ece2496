#include "generate/write.h"

static void write_type(FILE *out, const struct wit_type *type);

static const char *const primitives[] = {
        [WIT_BOOL] = "bool", [WIT_U8] = "u8",     [WIT_U16] = "u16",       [WIT_U32] = "u32", [WIT_U64] = "u64",
        [WIT_S8] = "s8",     [WIT_S16] = "s16",   [WIT_S32] = "s32",       [WIT_S64] = "s64", [WIT_F32] = "f32",
        [WIT_F64] = "f64",   [WIT_CHAR] = "char", [WIT_STRING] = "string",
};

static void write_members(FILE *out, const char *before, const struct wit_member *members, size_t n, const char *after)
{
        fputs(before, out);
        for (size_t i = 0; i < n; i++) {
                fprintf(out, "%s%s", i ? ", " : "", members[i].name ? members[i].name : "");
                if (members[i].name && members[i].type)
                        fputs(": ", out);
                if (members[i].type)
                        write_type(out, members[i].type);
        }
        fputs(after, out);
}

static void write_result(FILE *out, const struct wit_type *type)
{
        fputs("result", out);
        if (!type->element && !type->error)
                return;
        fputc('<', out);
        if (type->element)
                write_type(out, type->element);
        else
                fputc('_', out);
        if (type->error) {
                fputs(", ", out);
                write_type(out, type->error);
        }
        fputc('>', out);
}

static void write_type(FILE *out, const struct wit_type *type)
{
        type = wit_resolve(type);
        switch (type->kind) {
        case WIT_LIST:
        case WIT_OPTION:
                fputs(type->kind == WIT_LIST ? "list<" : "option<", out);
                write_type(out, type->element);
                fputc('>', out);
                break;
        case WIT_RESULT:
                write_result(out, type);
                break;
        case WIT_TUPLE:
                write_members(out, "tuple<", type->members, type->n_members, ">");
                break;
        case WIT_RECORD:
                write_members(out, "record { ", type->members, type->n_members, " }");
                break;
        case WIT_ENUM:
                write_members(out, "enum { ", type->members, type->n_members, " }");
                break;
        default:
                fputs(primitives[type->kind], out);
                break;
        }
}

void write_signature(FILE *out, const struct wit_func *func)
{
        write_members(out, "func(", func->params, func->n_params, ")");
        if (func->result) {
                fputs(" -> ", out);
                write_type(out, func->result);
        }
}
