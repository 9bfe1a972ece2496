#include "generate/write.h"

#include <stdlib.h>
#include <string.h>
#include "base/own.h"

enum { C_STRING_MAX = 4096 }; /* that every C compiler has to take (C11 5.2.4.1) */

static const char *kind_name(const struct c_type *type)
{
        static const char *const names[] = {
                [WIT_BOOL] = "BOOL",     [WIT_F32] = "FLOAT",       [WIT_F64] = "FLOAT",      [WIT_CHAR] = "CHAR",
                [WIT_STRING] = "STRING", [WIT_LIST] = "LIST",       [WIT_MAP] = "LIST",       [WIT_FIXED_LIST] = "ARRAY",
                [WIT_TUPLE] = "RECORD",  [WIT_RECORD] = "RECORD",   [WIT_OPTION] = "VARIANT", [WIT_RESULT] = "VARIANT",
                [WIT_ENUM] = "VARIANT",  [WIT_VARIANT] = "VARIANT", [WIT_FLAGS] = "FLAGS",    [WIT_OWN] = "OWN",
                [WIT_BORROW] = "BORROW",
        };
        return type->kind < COUNT_OF(names) && names[type->kind] ? names[type->kind] : "INT";
}

static const char *flags(struct pool *pool, const struct model *model, const struct c_type *type)
{
        bool is_signed = type->kind >= WIT_S8 && type->kind <= WIT_S64;
        bool utf16 = type->kind == WIT_STRING && model->options.encoding == GENERATE_UTF16;
        const char *text = pool_printf(pool, "%s%s%s%s%s", type->plain ? " | WARD_TYPE_PLAIN" : "",
                                       type->owns ? " | WARD_TYPE_OWNS" : "", is_signed ? " | WARD_TYPE_SIGNED" : "",
                                       utf16 ? " | WARD_TYPE_UTF16" : "", type->handles ? " | WARD_TYPE_HANDLES" : "");
        return *text ? text + 3 : "0";
}

/* What n says in a descriptor. */
static size_t count(const struct c_type *type)
{
        return type->kind == WIT_FIXED_LIST ? type->length : type->kind == WIT_OPTION ? 2 : type->n_members;
}

/* Part @i of @type: its offset in C, and in the ABI. */
static const char *field(struct pool *pool, const struct c_type *type, const char *c_name, size_t i)
{
        const struct c_member *m = &type->members[i];
        if (!m->type)
                return "{ NULL, 0, 0 }";
        switch (type->kind) {
        case WIT_LIST:
        case WIT_MAP:
        case WIT_FIXED_LIST:
                return pool_printf(pool, "{ &%s, 0, 0 }", m->type->table);
        case WIT_OPTION:
        case WIT_RESULT:
        case WIT_VARIANT:
                return pool_printf(pool, "{ &%s, offsetof(%s, val), %u }", m->type->table, c_name, m->abi_at);
        default:
                return pool_printf(pool, "{ &%s, offsetof(%s, %s), %u }", m->type->table, c_name, m->name, m->abi_at);
        }
}

static bool has_payload(const struct c_type *type)
{
        for (size_t i = 0; i < type->n_members; i++)
                if (type->members[i].type)
                        return true;
        return false;
}

/* "BEFORE { a, b };" on one line, or on lines of their own between the braces. */
static void write_braced(FILE *out, const char *before, const struct pieces *inside)
{
        size_t width = strlen(before) + strlen(" { };") + 2 * inside->n;
        for (size_t i = 0; i < inside->n; i++)
                width += strlen(inside->at[i]);
        if (width <= WRITE_COLUMNS)
                pieces_print(inside, out, pool_printf(inside->pool, "%s { ", before), " };\n");
        else
                pieces_print(inside, out, pool_printf(inside->pool, "%s {\n        ", before), "\n};\n");
}

static void write_fields(FILE *out, struct pool *pool, const struct c_type *type, const char *table, const char *c_name)
{
        const char *before = pool_printf(pool, "static const struct ward_field %s_fields[] =", table);
        if (type->n_members == 1 && type->kind != WIT_OPTION) {
                struct pieces one = { .pool = pool };
                pieces_add(&one, "%s", field(pool, type, c_name, 0));
                write_braced(out, before, &one);
                return;
        }
        fprintf(out, "%s {\n%s", before, type->kind == WIT_OPTION ? "        { NULL, 0, 0 },\n" : "");
        for (size_t i = 0; i < type->n_members; i++)
                fprintf(out, "        %s,\n", field(pool, type, c_name, i));
        fputs("};\n", out);
}

/* @type's descriptor, called @table; @c_name is its C type. Every member is given, in order: C++17 knows no others. */
static void write_table(FILE *out, const struct model *model, const struct c_type *type, const char *table, const char *c_name)
{
        struct pool pool = { 0 };
        bool has_fields = has_payload(type);
        if (has_fields)
                write_fields(out, &pool, type, table, c_name);
        struct pieces all = { .pool = &pool };
        pieces_add(&all, "WARD_TYPE_%s", kind_name(type));
        pieces_add(&all, "%s", flags(&pool, model, type));
        pieces_add(&all, "%u, %u, %u", type->abi.tag, type->abi.align, type->abi.size);
        pieces_add(&all, "sizeof(%s)", c_name);
        pieces_add(&all, "%u, %zu", type->abi.flat, count(type));
        pieces_add(&all, has_fields ? "%s_fields" : "NULL", table);
        pieces_add(&all, type->resource ? "&%s" : "NULL", type->resource ? type->resource->table : "");
        write_braced(out, pool_printf(&pool, "static const struct ward_type %s =", table), &all);
        pool_free_all(&pool);
}

static void write_resource(FILE *out, const struct model *model, const struct c_resource *resource)
{
        const char *shared = !resource->shared                    ? "WARD_SHARED_NOT"
                             : strcmp(resource->shared, "buffer") ? "WARD_SHARED_STREAM"
                                                                  : "WARD_SHARED_BUFFER";
        fprintf(out, "static const struct ward_resource %s = { \"%s\", %zu, %s, %s };\n", resource->table, resource->id,
                resource->index, resource->by_addin ? "true" : "false", shared);
        write_table(out, model, resource->own, resource->own->table, resource->own->name);
        write_table(out, model, resource->borrow, resource->borrow->table, resource->borrow->name);
}

void write_type_tables(FILE *out, const struct model *model)
{
        fputs("\n/* Types: kind, flags, tag_size, abi_align, abi_size, size, flat, n, fields, resource; see <ward/value.h>. */\n",
              out);
        for (size_t i = 0; i <= WIT_STRING; i++)
                if (model->primitives[i])
                        write_table(out, model, model->primitives[i], model->primitives[i]->table, model->primitives[i]->name);
        for (size_t i = 0; i < model->n_types; i++) {
                const struct c_type *type = model->types[i];
                if (type->kind == WIT_RESOURCE)
                        write_resource(out, model, type->resource);
                else if (!type->alias)
                        write_table(out, model, type, type->table, type->name);
        }
}

/* Without a member it would be no struct of C's. */
static void write_args(FILE *out, const struct c_func *func)
{
        fprintf(out, "struct %s_args {\n", func->id);
        for (size_t i = 0; i < func->params->n_members; i++)
                fprintf(out, "        %s %s;\n", func->params->members[i].type->name, func->params->members[i].name);
        fputs(func->params->n_members ? "};\n" : "        char unused;\n};\n", out);
}

void write_func_tables(FILE *out, const struct model *model, const struct c_func *func, bool import)
{
        struct pool pool = { 0 };
        fprintf(out, "\n/* %s %s */\n", import ? "import" : "export", func->core_name);
        write_args(out, func);
        write_table(out, model, func->params, pool_printf(&pool, "%s_params", func->id),
                    pool_printf(&pool, "struct %s_args", func->id));
        char *signature = wit_signature(func->wit);
        if (!signature)
                abort();
        if (strlen(signature) >= C_STRING_MAX)
                fputs("#pragma GCC diagnostic ignored \"-Woverlength-strings\"\n", out);
        fprintf(out, "static const struct ward_func %s_func = {\n        \"%s\",\n        \"%s\",\n", func->id, func->core_name,
                signature);
        fprintf(out, "        \"%s\", &%s_params, ", func->core_signature, func->id);
        fprintf(out, func->result ? "&%s\n};\n" : "NULL\n};\n", func->result ? func->result->table : "");
        free(signature);
        pool_free_all(&pool);
}
