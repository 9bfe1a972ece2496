#include "generate/write.h"

/* Members of a struct, each a declaration that ends in a semicolon. */
static void write_members(FILE *out, const struct c_type *type)
{
        for (size_t i = 0; i < type->n_members; i++) {
                write_docs(out, "        ", type->members[i].docs);
                fprintf(out, "        %s %s;\n", type->members[i].type->name, type->members[i].name);
        }
}

static void write_result_members(FILE *out, const struct c_type *type)
{
        const struct c_type *ok = type->members[0].type;
        const struct c_type *err = type->members[1].type;
        fputs("        bool is_err;\n", out);
        if (!ok && !err)
                return;
        fputs("        union {\n", out);
        if (ok)
                fprintf(out, "                %s ok;\n", ok->name);
        if (err)
                fprintf(out, "                %s err;\n", err->name);
        fputs("        } val;\n", out);
}

static void write_struct(FILE *out, const struct c_type *type)
{
        fprintf(out, "typedef struct %s%s{\n", type->tagged ? type->name : "", type->tagged ? " " : "");
        if (type->kind == WIT_STRING)
                fputs("        uint8_t *ptr;\n        size_t len;\n", out);
        else if (type->kind == WIT_LIST)
                fprintf(out, "        %s *ptr;\n        size_t len;\n", type->members[0].type->name);
        else if (type->kind == WIT_OPTION)
                fprintf(out, "        bool is_some;\n        %s val;\n", type->members[0].type->name);
        else if (type->kind == WIT_RESULT)
                write_result_members(out, type);
        else
                write_members(out, type);
        fprintf(out, "} %s;\n", type->name);
}

static void write_enum(FILE *out, const struct c_type *type)
{
        fprintf(out, "typedef uint%u_t %s;\n", type->layout.tag * 8, type->name);
        for (size_t i = 0; i < type->n_members; i++) {
                write_docs(out, "", type->members[i].docs);
                fprintf(out, "#define %s %zu\n", type->members[i].name, i);
        }
}

void write_types(FILE *out, const struct model *model)
{
        if (model->primitives[WIT_STRING]) {
                fputs("\n/* UTF-8 without a NUL at its end. */\n", out);
                write_struct(out, model->primitives[WIT_STRING]);
        }
        for (size_t i = 0; i < model->n_types; i++) {
                const struct c_type *type = model->types[i];
                fputc('\n', out);
                write_docs(out, "", type->docs);
                if (type->alias)
                        fprintf(out, "typedef %s %s;\n", type->alias->name, type->name);
                else if (type->kind == WIT_ENUM)
                        write_enum(out, type);
                else
                        write_struct(out, type);
        }
}

/* In a host, running out of memory is reported; in an add-in it ends the add-in, as with wit-bindgen's helpers. */
static void write_string_prototypes(FILE *out, const struct model *model)
{
        bool host = model->side == GENERATE_HOST;
        const char *h = model->string_helpers;
        const char *t = model->primitives[WIT_STRING]->name;
        fprintf(out, "\n/* Makes @ret refer to @s, which it does not own. */\nvoid %s_set(%s *ret, const char *s);\n", h, t);
        fprintf(out, "\n/* Copies @s%s. */\n", host ? "; without memory false, and @ret is empty" : "");
        fprintf(out, "%s %s_dup(%s *ret, const char *s);\n", host ? "bool" : "void", h, t);
        fprintf(out, "%s %s_dup_n(%s *ret, const char *s, size_t len);\n", host ? "bool" : "void", h, t);
}

void write_helper_prototypes(FILE *out, const struct model *model)
{
        const struct c_type *string = model->primitives[WIT_STRING];
        if (string)
                write_string_prototypes(out, model);
        bool any = string;
        for (size_t i = 0; !any && i < model->n_types; i++)
                any = model->types[i]->frees;
        if (any)
                fputs("\n/* Free what a value holds, not the value itself. */\n", out);
        if (string)
                fprintf(out, "void %s(%s *ptr);\n", string->free, string->name);
        for (size_t i = 0; i < model->n_types; i++)
                if (model->types[i]->frees)
                        fprintf(out, "void %s(%s *ptr);\n", model->types[i]->free, model->types[i]->name);
}

static void write_string_helpers(FILE *out, const struct model *model)
{
        bool host = model->side == GENERATE_HOST;
        const char *h = model->string_helpers;
        const char *t = model->primitives[WIT_STRING]->name;
        const char *dup = host ? "bool" : "void";
        fprintf(out, "\nvoid %s_set(%s *ret, const char *s)\n{\n", h, t);
        fputs("        ret->ptr = (uint8_t *)s;\n        ret->len = strlen(s);\n}\n", out);
        fprintf(out, "\n%s %s_dup(%s *ret, const char *s)\n{\n", dup, h, t);
        fprintf(out, "        %s%s_dup_n(ret, s, strlen(s));\n}\n", host ? "return " : "", h);
        fprintf(out, "\n%s %s_dup_n(%s *ret, const char *s, size_t len)\n{\n", dup, h, t);
        fputs("        ret->ptr = len ? (uint8_t *)malloc(len) : NULL;\n", out);
        if (host)
                fputs("        ret->len = ret->ptr ? len : 0;\n", out);
        else
                fputs("        ret->len = len;\n        if (len && !ret->ptr)\n                abort();\n", out);
        fputs("        if (ret->len)\n                memcpy(ret->ptr, s, len);\n", out);
        fputs(host ? "        return ret->len == len;\n}\n" : "}\n", out);
}

static void write_free(FILE *out, const struct c_type *type)
{
        if (type && type->frees)
                fprintf(out, "\nvoid %s(%s *ptr)\n{\n        ward_value_free(&%s, ptr);\n}\n", type->free, type->name, type->table);
}

void write_helpers(FILE *out, const struct model *model)
{
        if (model->primitives[WIT_STRING])
                write_string_helpers(out, model);
        write_free(out, model->primitives[WIT_STRING]);
        for (size_t i = 0; i < model->n_types; i++)
                write_free(out, model->types[i]);
}
