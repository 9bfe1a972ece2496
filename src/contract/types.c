#include <string.h>

#include "base/own.h"
#include "contract/abi.h"
#include "contract/model.h"

static const char *const primitive_names[] = {
        [WIT_BOOL] = "bool", [WIT_U8] = "u8",     [WIT_U16] = "u16",       [WIT_U32] = "u32", [WIT_U64] = "u64",
        [WIT_S8] = "s8",     [WIT_S16] = "s16",   [WIT_S32] = "s32",       [WIT_S64] = "s64", [WIT_F32] = "f32",
        [WIT_F64] = "f64",   [WIT_CHAR] = "char", [WIT_STRING] = "string",
};

/* What other languages, and WIT in earlier days, call a type. */
static const struct {
        const char *foreign;
        const char *wit;
} foreign_names[] = {
        { "float32", "f32" }, { "float64", "f64" }, { "float", "f32" },      { "double", "f64" }, { "i8", "s8" },
        { "i16", "s16" },     { "i32", "s32" },     { "i64", "s64" },        { "int", "s32" },    { "boolean", "bool" },
        { "str", "string" },  { "byte", "u8" },     { "bytes", "list<u8>" },
};

static void enter(struct resolver *r, struct wit_type *type)
{
        struct contract *c = r->contract;
        c->types = arena_room(r->reader->keep, c->types, c->n_types, sizeof(struct wit_type *));
        type->index = c->n_types;
        c->types[c->n_types++] = type;
}

void types_begin(struct resolver *r)
{
        for (size_t i = 0; i < COUNT_OF(primitive_names); i++) {
                struct wit_type *type = arena_take(r->reader->keep, sizeof *type);
                *type = (struct wit_type){
                        .kind = (enum wit_kind)i, .name = primitive_names[i], .depth = 1, .parts = 1, .index = WIT_NONE
                };
                wit_abi_set(type);
                r->primitives[i] = type;
        }
}

/* Counts a part into @type. Sums stay small: each part is bounded, and their number by the size of the text. */
static void count(struct wit_type *type, const struct wit_type *part)
{
        if (!part)
                return;
        type->parts += part->parts;
        if (part->depth >= type->depth)
                type->depth = part->depth + 1;
}

static void measure(struct wit_type *type)
{
        type->depth = type->parts = 1;
        count(type, type->element);
        count(type, type->error);
        for (size_t i = 0; i < type->n_members; i++)
                count(type, type->members[i].type);
        if (type->kind == WIT_ENUM)
                type->parts += type->n_members;
}

void type_finish(struct resolver *r, struct wit_type *type, struct place place)
{
        measure(type);
        if (type->depth > WIT_DEPTH_MAX) {
                report_at(&r->reader->report, place, "this type nests more than %d deep with all names resolved", WIT_DEPTH_MAX);
                type->depth = WIT_DEPTH_MAX;
        }
        if (type->parts > WIT_PARTS_MAX) {
                report_at(&r->reader->report, place, "this type has more than %d parts with all names resolved", WIT_PARTS_MAX);
                type->parts = WIT_PARTS_MAX;
        }
        if (!wit_abi_set(type))
                report_at(&r->reader->report, place, "a value of this type would take more than 4 GiB");
        enter(r, type);
}

struct wit_type *type_begin(struct body *body, enum wit_kind kind, struct ast_name name, const char *docs)
{
        struct wit_type *type = arena_take(body->r->reader->keep, sizeof *type);
        *type = (struct wit_type){
                .kind = kind, .name = name.text, .docs = docs, .interface = body->interface, .world = body->world
        };
        return type;
}

/* The one type that is made of the same parts. */
static struct wit_type *intern(struct resolver *r, const struct wit_type *type, struct place place)
{
        struct reader *reader = r->reader;
        size_t n = 3 + type->n_members;
        uintptr_t *key = arena_take(reader->scratch, n * sizeof *key);
        key[0] = type->kind;
        key[1] = (uintptr_t)type->element;
        key[2] = (uintptr_t)type->error;
        for (size_t i = 0; i < type->n_members; i++)
                key[3 + i] = (uintptr_t)type->members[i].type;
        const char *name = names_intern(&reader->names, key, n * sizeof *key);
        struct wit_type *same = map_get(&r->types, NULL, name);
        if (same)
                return same;
        same = arena_take(reader->keep, sizeof *same);
        *same = *type;
        type_finish(r, same, place);
        map_put(&r->types, NULL, name, same);
        return same;
}

static bool is_foreign(struct resolver *r, const struct ast_type *ast)
{
        for (size_t i = 0; i < COUNT_OF(foreign_names); i++)
                if (!strcmp(ast->name, foreign_names[i].foreign)) {
                        report_at(&r->reader->report, ast->place, "there is no type `%s`; WIT calls it `%s`", ast->name,
                                  foreign_names[i].wit);
                        return true;
                }
        return false;
}

static struct wit_type *named(struct resolver *r, const struct scope *scope, const struct ast_type *ast)
{
        struct symbol *symbol = scope_find(&r->scopes, scope, ast->name);
        if (symbol && symbol->feature)
                scope_gated(&r->scopes, symbol, ast->place);
        else if (symbol && symbol->kind == SYMBOL_TYPE && symbol->target)
                return symbol->target;
        else if (symbol)
                report_at(&r->reader->report, ast->place, "`%s` is %s, not a type", ast->name, symbol_kind_name(symbol->kind));
        else if (!is_foreign(r, ast))
                scope_unknown(&r->scopes, scope, (struct ast_name){ ast->name, ast->place }, "type", 1u << SYMBOL_TYPE);
        return r->primitives[WIT_BOOL];
}

void type_fill(struct resolver *r, const struct scope *scope, const struct ast_type *ast, struct wit_type *type)
{
        if (ast->element)
                type->element = type_of(r, scope, ast->element);
        if (ast->error)
                type->error = type_of(r, scope, ast->error);
        if (ast->n_elements)
                type->members = arena_take(r->reader->keep, ast->n_elements * sizeof *type->members);
        for (; type->n_members < ast->n_elements; type->n_members++)
                type->members[type->n_members].type = type_of(r, scope, ast->elements[type->n_members]);
}

/* Never NULL: where a name means nothing, which is reported, some type stands in. */
struct wit_type *type_of(struct resolver *r, const struct scope *scope, const struct ast_type *ast)
{
        if (ast->kind <= WIT_STRING)
                return r->primitives[ast->kind];
        if (ast->kind == WIT_ALIAS)
                return named(r, scope, ast);
        struct wit_type type = { .kind = ast->kind };
        type_fill(r, scope, ast, &type);
        return intern(r, &type, ast->place);
}

struct wit_member *members_of(struct resolver *r, const struct scope *scope, const struct ast_member *ast, size_t n,
                              enum symbol_kind kind)
{
        struct wit_member *members = arena_take(r->reader->keep, n * sizeof *members);
        struct scope *names = arena_take(r->reader->scratch, sizeof *names);
        for (size_t i = 0; i < n; i++) {
                scope_add(&r->scopes, names, kind, ast[i].name, NULL, "stands here twice");
                members[i].name = ast[i].name.text;
                members[i].docs = ast[i].docs;
                if (ast[i].type)
                        members[i].type = type_of(r, scope, ast[i].type);
        }
        return members;
}

struct wit_func *func_of(struct resolver *r, const struct scope *scope, const struct ast_item *item)
{
        const struct ast_func *ast = &item->func;
        struct wit_func *func = arena_take(r->reader->keep, sizeof *func);
        func->name = func->item_name = item->name.text;
        func->docs = item->docs;
        func->params = members_of(r, scope, ast->params, ast->n_params, SYMBOL_PARAMETER);
        func->n_params = ast->n_params;
        if (ast->result)
                func->result = type_of(r, scope, ast->result);
        return func;
}
