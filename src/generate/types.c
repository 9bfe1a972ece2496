/* The header's types, and the helpers that both views have for them. */
#include "generate/write.h"

/* --- Structs ---------------------------------------------------------------------------------- */

/* Members of a struct, each a declaration that ends in a semicolon. */
static void write_members(FILE *out, const struct c_type *type)
{
        for (size_t i = 0; i < type->n_members; i++) {
                write_docs(out, "        ", type->members[i].docs);
                fprintf(out, "        %s %s;\n", type->members[i].type->name, type->members[i].name);
        }
        if (!type->n_members)
                fputs("        __extension__ char none[0];\n", out);
}

/* The payloads of a variant or result. */
static void write_union(FILE *out, const struct c_type *type)
{
        static const char *const result[] = { "ok", "err" };
        bool open = false;
        for (size_t i = 0; i < type->n_members; i++) {
                const struct c_member *m = &type->members[i];
                if (!m->type)
                        continue;
                fputs(open ? "" : "        union {\n", out);
                fprintf(out, "                %s %s;\n", m->type->name, type->kind == WIT_RESULT ? result[i] : m->name);
                open = true;
        }
        fputs(open ? "        } val;\n" : "", out);
}

static void write_struct(FILE *out, const struct model *model, const struct c_type *type)
{
        fprintf(out, "typedef struct %s%s{\n", type->tagged ? type->name : "", type->tagged ? " " : "");
        switch (type->kind) {
        case WIT_STRING:
                fprintf(out, "        %s *ptr;\n        size_t len;\n",
                        model->options.encoding == GENERATE_UTF16 ? "uint16_t" : "uint8_t");
                break;
        case WIT_LIST:
        case WIT_MAP:
                fprintf(out, "        %s *ptr;\n        size_t len;\n", type->members[0].type->name);
                break;
        case WIT_FIXED_LIST:
                fprintf(out, "        %s val[%u];\n", type->members[0].type->name, type->length);
                break;
        case WIT_OPTION:
                fprintf(out, "        bool is_some;\n        %s val;\n", type->members[0].type->name);
                break;
        case WIT_RESULT:
                fputs("        bool is_err;\n", out);
                write_union(out, type);
                break;
        case WIT_VARIANT:
                fprintf(out, "        uint%u_t tag;\n", type->abi.tag * 8);
                write_union(out, type);
                break;
        default:
                write_members(out, type);
        }
        fprintf(out, "} %s;\n", type->name);
}

/* --- Numbers ---------------------------------------------------------------------------------- */

static void write_macros(FILE *out, const struct c_type *type)
{
        const char *suffix = type->abi.size > 4 ? "ull" : "";
        for (size_t i = 0; i < type->n_members; i++) {
                const struct c_member *m = &type->members[i];
                write_docs(out, "", m->docs);
                if (type->kind == WIT_FLAGS)
                        fprintf(out, "#define %s (1%s << %zu)\n", m->macro, i == 31 && !*suffix ? "u" : suffix, i);
                else
                        fprintf(out, "#define %s %zu\n", m->macro, i);
        }
}

/* The Canonical ABI keeps over 32 flags in two words, and aligns them like words. */
static void write_flags(FILE *out, const struct model *model, const struct c_type *type)
{
        bool aligned = type->abi.size > 4 && model->side == GENERATE_ADDIN;
        if (aligned)
                fprintf(out, "#ifdef __wasm__\ntypedef uint64_t %s __attribute__((aligned(4)));\n#else\n", type->name);
        fprintf(out, "typedef uint%u_t %s;\n", type->abi.size * 8, type->name);
        fputs(aligned ? "#endif\n" : "", out);
}

/* --- Resources -------------------------------------------------------------------------------- */

static void write_handle(FILE *out, const char *name, const char *number)
{
        fprintf(out, "typedef struct %s {\n        %s __handle;\n} %s;\n", name, number, name);
}

/* Ward's own: the same pointer whether it is owned or lent. */
static void write_shared(FILE *out, const struct c_resource *resource)
{
        fprintf(out, "typedef struct ward_%s *%s;\n", resource->shared, resource->own->name);
        fprintf(out, "typedef struct ward_%s *%s;\n", resource->shared, resource->borrow->name);
}

/* An add-in's handles are numbers that Ward keeps; a host's of add-ins' objects are tokens. Of its own, each side has objects. */
static void write_resource(FILE *out, const struct model *model, const struct c_resource *resource)
{
        const char *own = resource->own->name, *borrow = resource->borrow->name;
        bool host = model->side == GENERATE_HOST;
        if (resource->object)
                fprintf(out, "typedef struct %s %s;\n", resource->object, resource->object);
        if (host && resource->object) {
                fprintf(out, "typedef %s *%s;\n", resource->object, own);
        } else if (host) {
                fputs("/* Tokens, as <ward/host.h> has them. */\n", out);
                write_handle(out, own, "uint64_t");
        } else {
                write_handle(out, own, "int32_t");
        }
        if (resource->object)
                fprintf(out, "typedef %s *%s;\n", resource->object, borrow);
        else
                write_handle(out, borrow, host ? "uint64_t" : "int32_t");
}

/* --- All -------------------------------------------------------------------------------------- */

static void write_type(FILE *out, const struct model *model, const struct c_type *type)
{
        fputc('\n', out);
        write_docs(out, "", type->docs);
        if (type->alias) {
                fprintf(out, "typedef %s %s;\n", type->alias->name, type->name);
                return;
        }
        if (type->kind == WIT_RESOURCE && type->resource->shared)
                write_shared(out, type->resource);
        else if (type->kind == WIT_RESOURCE)
                write_resource(out, model, type->resource);
        else if (type->kind == WIT_ENUM)
                fprintf(out, "typedef uint%u_t %s;\n", type->abi.tag * 8, type->name);
        else if (type->kind == WIT_FLAGS)
                write_flags(out, model, type);
        else
                write_struct(out, model, type);
        if (type->kind == WIT_ENUM || type->kind == WIT_FLAGS || type->kind == WIT_VARIANT)
                write_macros(out, type);
}

static bool has_empty(const struct model *model)
{
        for (size_t i = 0; i < model->n_types; i++)
                if ((model->types[i]->kind == WIT_RECORD || model->types[i]->kind == WIT_TUPLE) && !model->types[i]->n_members)
                        return true;
        return false;
}

void write_types(FILE *out, const struct model *model)
{
        bool empty = has_empty(model);
        if (empty)
                fputs("\n/* A record without fields takes no room, in C++ either. */\n#pragma GCC diagnostic push\n"
                      "#pragma GCC diagnostic ignored \"-Wpedantic\"\n",
                      out);
        if (model->primitives[WIT_STRING]) {
                fprintf(out, "\n/* UTF-%s without a NUL at its end. */\n",
                        model->options.encoding == GENERATE_UTF16 ? "16, of @len units," : "8");
                write_struct(out, model, model->primitives[WIT_STRING]);
        }
        for (size_t i = 0; i < model->n_types; i++)
                write_type(out, model, model->types[i]);
        fputs(empty ? "\n#pragma GCC diagnostic pop\n" : "", out);
}

/* --- Helpers ---------------------------------------------------------------------------------- */

/* What C calls a unit of a text. */
static const char *unit(const struct model *model)
{
        return model->options.encoding == GENERATE_UTF16 ? "char16_t" : "char";
}

/* In a host, running out of memory is reported; in an add-in it ends the add-in, as with wit-bindgen's helpers. */
static void write_string_prototypes(FILE *out, const struct model *model)
{
        bool host = model->side == GENERATE_HOST;
        const char *h = model->string_helpers;
        const char *t = model->primitives[WIT_STRING]->name;
        const char *u = unit(model);
        if (model->options.encoding == GENERATE_UTF16)
                fprintf(out, "\n/* The number of units of @s. */\nsize_t %s_len(const char16_t *s);\n", h);
        fprintf(out, "\n/* Makes @ret refer to @s, which it does not own. */\nvoid %s_set(%s *ret, const %s *s);\n", h, t, u);
        fprintf(out, "\n/* Copies @s%s. */\n", host ? "; without memory false, and @ret is empty" : "");
        fprintf(out, "%s %s_dup(%s *ret, const %s *s);\n", host ? "bool" : "void", h, t, u);
        fprintf(out, "%s %s_dup_n(%s *ret, const %s *s, size_t len);\n", host ? "bool" : "void", h, t, u);
}

void write_helper_prototypes(FILE *out, const struct model *model)
{
        const struct c_type *string = model->primitives[WIT_STRING];
        if (string)
                write_string_prototypes(out, model);
        bool any = string;
        for (size_t i = 0; !any && i < model->n_types; i++)
                any = model->types[i]->free;
        if (any)
                fputs("\n/* Free what a value holds, not the value itself. Handles are left alone. */\n", out);
        if (string)
                fprintf(out, "void %s(%s *ptr);\n", string->free, string->name);
        for (size_t i = 0; i < model->n_types; i++)
                if (model->types[i]->free)
                        fprintf(out, "void %s(%s *ptr);\n", model->types[i]->free, model->types[i]->name);
}

static void write_string_helpers(FILE *out, const struct model *model)
{
        bool host = model->side == GENERATE_HOST;
        bool utf16 = model->options.encoding == GENERATE_UTF16;
        const char *h = model->string_helpers;
        const char *t = model->primitives[WIT_STRING]->name;
        const char *dup = host ? "bool" : "void", *u = unit(model), *held = utf16 ? "uint16_t" : "uint8_t";
        const char *twice = utf16 ? " * 2" : "";
        if (utf16)
                fprintf(out,
                        "\nsize_t %s_len(const char16_t *s)\n{\n        size_t len = 0;\n        while (s[len])\n"
                        "                len++;\n        return len;\n}\n",
                        h);
        const char *len_of = utf16 ? h : "str";
        fprintf(out, "\nvoid %s_set(%s *ret, const %s *s)\n{\n", h, t, u);
        fprintf(out, "        ret->ptr = (%s *)s;\n        ret->len = %s%slen(s);\n}\n", held, len_of, utf16 ? "_" : "");
        fprintf(out, "\n%s %s_dup(%s *ret, const %s *s)\n{\n", dup, h, t, u);
        fprintf(out, "        %s%s_dup_n(ret, s, %s%slen(s));\n}\n", host ? "return " : "", h, len_of, utf16 ? "_" : "");
        fprintf(out, "\n%s %s_dup_n(%s *ret, const %s *s, size_t len)\n{\n", dup, h, t, u);
        fprintf(out, "        ret->ptr = len ? (%s *)malloc(len%s) : NULL;\n", held, twice);
        if (host)
                fputs("        ret->len = ret->ptr ? len : 0;\n", out);
        else
                fputs("        ret->len = len;\n        if (len && !ret->ptr)\n                abort();\n", out);
        fprintf(out, "        if (ret->len)\n                memcpy(ret->ptr, s, len%s);\n", twice);
        fputs(host ? "        return ret->len == len;\n}\n" : "}\n", out);
}

static void write_free(FILE *out, const struct c_type *type)
{
        if (type && type->free)
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
