#include "generate/write.h"

#include <stdlib.h>
#include "contract/abi.h"

static const char *kind_name(const struct c_type *type)
{
        switch (type->kind) {
        case WIT_BOOL:
                return "BOOL";
        case WIT_F32:
        case WIT_F64:
                return "FLOAT";
        case WIT_CHAR:
                return "CHAR";
        case WIT_STRING:
                return "STRING";
        case WIT_LIST:
                return "LIST";
        case WIT_TUPLE:
        case WIT_RECORD:
                return "RECORD";
        case WIT_OPTION:
        case WIT_RESULT:
        case WIT_ENUM:
                return "VARIANT";
        default:
                return "INT";
        }
}

static const char *flags(const struct c_type *type)
{
        if (type->kind >= WIT_S8 && type->kind <= WIT_S64)
                return "WARD_TYPE_PLAIN | WARD_TYPE_SIGNED";
        return type->layout.plain ? "WARD_TYPE_PLAIN" : type->layout.owns ? "WARD_TYPE_OWNS" : NULL;
}

/* What every descriptor has. @c_name is the C type. */
static void write_layout(FILE *out, const struct c_type *type, const char *c_name)
{
        struct pool pool = { 0 };
        struct pieces pieces = { .pool = &pool };
        const struct layout *l = &type->layout;
        pieces_add(&pieces, ".kind = WARD_TYPE_%s", kind_name(type));
        if (flags(type))
                pieces_add(&pieces, ".flags = %s", flags(type));
        if (l->tag)
                pieces_add(&pieces, ".tag_size = %u", l->tag);
        pieces_add(&pieces, ".abi_align = %u", l->align);
        pieces_add(&pieces, ".abi_size = %u", l->size);
        pieces_add(&pieces, ".size = sizeof(%s)", c_name);
        pieces_add(&pieces, ".flat = %u", l->flat);
        if (type->n_members)
                pieces_add(&pieces, ".n = %zu", type->kind == WIT_OPTION ? 2 : type->n_members);
        pieces_print(&pieces, out, "        ", ",\n");
        pool_finish(&pool);
}

/* The C member that holds part @i of @type, a record, option or result. */
static const char *member_name(const struct c_type *type, size_t i)
{
        return type->kind == WIT_OPTION || type->kind == WIT_RESULT ? "val" : type->members[i].name;
}

static void write_field(FILE *out, const struct c_type *type, const char *c_name, size_t i)
{
        const struct c_member *m = &type->members[i];
        fputs("                ", out);
        if (!m->type)
                fputs("{ NULL, 0, 0 },\n", out);
        else if (type->kind == WIT_LIST)
                fprintf(out, "{ &%s, 0, 0 },\n", m->type->table);
        else
                fprintf(out, "{ &%s, offsetof(%s, %s), %u },\n", m->type->table, c_name, member_name(type, i), m->abi_at);
}

static bool has_payload(const struct c_type *type)
{
        for (size_t i = 0; i < type->n_members; i++)
                if (type->members[i].type)
                        return true;
        return false;
}

/* @type's descriptor, called @table; @c_name is its C type. */
static void write_table(FILE *out, const struct c_type *type, const char *table, const char *c_name)
{
        fprintf(out, "static const struct ward_type %s = {\n", table);
        write_layout(out, type, c_name);
        if (has_payload(type)) {
                fputs("        .fields = (const struct ward_field[]){\n", out);
                fputs(type->kind == WIT_OPTION ? "                { NULL, 0, 0 },\n" : "", out);
                for (size_t i = 0; i < type->n_members; i++)
                        write_field(out, type, c_name, i);
                fputs("        },\n", out);
        }
        fputs("};\n", out);
}

void write_type_tables(FILE *out, const struct model *model)
{
        fputs("\n/* Types. */\n", out);
        for (size_t i = 0; i <= WIT_STRING; i++)
                if (model->primitives[i])
                        write_table(out, model->primitives[i], model->primitives[i]->table, model->primitives[i]->name);
        for (size_t i = 0; i < model->n_types; i++)
                if (!model->types[i]->alias)
                        write_table(out, model->types[i], model->types[i]->table, model->types[i]->name);
}

void write_func_tables(FILE *out, const struct model *model, const struct c_func *func, bool import)
{
        struct pool pool = { 0 };
        fprintf(out, "\n/* %s %s */\nstruct %s_args {\n", import ? "import" : "export", func->core_name, func->id);
        for (size_t i = 0; i < func->params->n_members; i++)
                fprintf(out, "        %s %s;\n", func->params->members[i].type->name, func->params->members[i].name);
        fputs(func->params->n_members ? "};\n" : "        char unused;\n};\n", out);
        write_table(out, func->params, pool_printf(&pool, "%s_params", func->id), pool_printf(&pool, "struct %s_args", func->id));
        fprintf(out, "static const struct ward_func %s_func = {\n        .name = \"%s\",\n        .signature = \"", func->id,
                func->core_name);
        char *signature = wit_signature(func->wit);
        fputs(signature, out);
        free(signature);
        fprintf(out, "\",\n        .core = \"%s\",\n        .params = &%s_params,\n", layout_core(&pool, func, import), func->id);
        if (func->result)
                fprintf(out, "        .result = &%s,\n", func->result->table);
        fputs("};\n", out);
        pool_finish(&pool);
}
