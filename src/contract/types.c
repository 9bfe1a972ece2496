#include <string.h>

#include "base/own.h"
#include "contract/abi.h"
#include "contract/foreign.h"
#include "contract/model.h"

static const char *const primitive_names[] = {
        [WIT_BOOL] = "bool",     [WIT_U8] = "u8",
        [WIT_U16] = "u16",       [WIT_U32] = "u32",
        [WIT_U64] = "u64",       [WIT_S8] = "s8",
        [WIT_S16] = "s16",       [WIT_S32] = "s32",
        [WIT_S64] = "s64",       [WIT_F32] = "f32",
        [WIT_F64] = "f64",       [WIT_CHAR] = "char",
        [WIT_STRING] = "string", [WIT_ERROR_CONTEXT] = "error-context",
};

void types_begin(struct resolver *r)
{
        for (size_t i = 0; i < COUNT_OF(primitive_names); i++) {
                struct wit_type *type = arena_take(r->reader->keep, sizeof *type);
                *type = (struct wit_type){ .kind = (enum wit_kind)i,
                                           .name = primitive_names[i],
                                           .async = i == WIT_ERROR_CONTEXT,
                                           .depth = 1,
                                           .parts = 1,
                                           .index = WIT_NONE };
                wit_abi_set(type);
                r->primitives[i] = type;
        }
}

struct wit_type *type_begin(struct body *body, enum wit_kind kind, struct ast_name name, const struct ast_gate *gate)
{
        struct decl *decl = body->decl;
        struct wit_type *type = arena_take(body->r->reader->keep, sizeof *type);
        *type = (struct wit_type){ .kind = kind,
                                   .name = name.text,
                                   .external_id = gate->external_id,
                                   .interface = decl->interface,
                                   .world = decl->world };
        return type;
}

struct draft *type_draft(struct resolver *r, struct package *package, struct wit_type *type, struct place place,
                         const struct ast_gate *gate)
{
        package->drafts = arena_room(r->reader->scratch, package->drafts, package->n_drafts, sizeof *package->drafts);
        struct draft *draft = &package->drafts[package->n_drafts++];
        *draft = (struct draft){ .type = type, .place = place, .gate = gate };
        if (gate && gate_is_stability(gate)) {
                type->stability = gate->stability;
                map_put(&r->gates, NULL, type, (void *)(uintptr_t)gate);
        }
        return draft;
}

/* Of an anonymous type: that of the definition that it is in, or of the first of its direct parts that has one. */
static const struct ast_gate *inherited_gate(const struct body *body, const struct wit_type *type)
{
        const struct map *gates = &body->r->gates;
        if (body->gate)
                return body->gate;
        const struct wit_type *parts[] = { type->key, type->element, type->error };
        const struct ast_gate *gate = NULL;
        for (size_t i = 0; i < COUNT_OF(parts) && !gate; i++)
                gate = parts[i] ? map_get(gates, NULL, parts[i]) : NULL;
        for (size_t i = 0; i < type->n_members && !gate; i++)
                gate = map_get(gates, NULL, type->members[i].type);
        return gate;
}

/* The package's one type that is made of the same parts. */
static struct wit_type *intern(struct body *body, const struct wit_type *type, struct place place)
{
        struct resolver *r = body->r;
        struct package *package = body->decl->package;
        size_t n = 5 + type->n_members;
        uintptr_t *key = arena_take(r->reader->scratch, n * sizeof *key);
        key[0] = type->kind;
        key[1] = (uintptr_t)type->element;
        key[2] = (uintptr_t)type->error;
        key[3] = (uintptr_t)type->key;
        key[4] = type->length;
        for (size_t i = 0; i < type->n_members; i++)
                key[5 + i] = (uintptr_t)type->members[i].type;
        const char *name = names_intern(&r->reader->names, key, n * sizeof *key);
        struct wit_type *same = map_get(&r->types, package, name);
        if (same)
                return same;
        same = arena_take(r->reader->keep, sizeof *same);
        *same = *type;
        type_draft(r, package, same, place, inherited_gate(body, type));
        map_put(&r->types, package, name, same);
        return same;
}

/* Reports a name that other languages have for a type. */
static bool is_foreign(struct resolver *r, struct ast_name name)
{
        const char *type = foreign_type(name.text, strlen(name.text)), *word = foreign_word(name.text, strlen(name.text));
        if (type)
                report_at(&r->reader->report, name.place, "there is no type `%s`; WIT calls it %s", name.text, type);
        else if (word)
                report_at(&r->reader->report, name.place, "there is no type `%s`; %s", name.text, word);
        return type || word;
}

struct wit_type *type_named(struct body *body, struct ast_name name)
{
        struct resolver *r = body->r;
        const struct scope *scope = &body->decl->scope;
        struct symbol *symbol = scope_find(&r->scopes, scope, name.text);
        if (symbol && symbol->kind == SYMBOL_TYPE)
                return symbol->target;
        if (symbol)
                report_at(&r->reader->report, name.place, "`%s` is %s, not a type", name.text, symbol_kind_name(symbol->kind));
        else if (!is_foreign(r, name))
                scope_unknown(&r->scopes, scope, name, "type", 1u << SYMBOL_TYPE);
        return NULL;
}

/* What an alias means, or NULL where it names what is not there. A chain that is too deep is refused later, but not followed now:
 * one that is long would be followed often. */
static const struct wit_type *follow(const struct wit_type *type)
{
        for (int i = 0; type && type->kind == WIT_ALIAS; i++)
                type = i < WIT_DEPTH_MAX ? type->element : NULL;
        return type;
}

static struct wit_type *find_resource(struct body *body, struct ast_name name)
{
        struct wit_type *type = type_named(body, name);
        const struct wit_type *meant = follow(type);
        if (meant && meant->kind != WIT_RESOURCE)
                report_at(&body->r->reader->report, name.place, "`%s` is no resource; only resources have handles", name.text);
        return type;
}

static void check_key(struct body *body, const struct ast_type *ast)
{
        enum wit_kind kind = ast->key->kind;
        if (kind > WIT_STRING || kind == WIT_F32 || kind == WIT_F64)
                report_at(&body->r->reader->report, ast->place, "the key of a map is bool, char, string or an integer type");
}

void type_fill(struct body *body, const struct ast_type *ast, struct wit_type *type)
{
        type->length = ast->length;
        if (ast->kind == WIT_OWN || ast->kind == WIT_BORROW)
                type->element = find_resource(body, (struct ast_name){ ast->name, ast->place });
        if (ast->key)
                type->key = type_of(body, ast->key);
        if (ast->element)
                type->element = type_of(body, ast->element);
        if (ast->error)
                type->error = type_of(body, ast->error);
        if (ast->n_elements)
                type->members = arena_take(body->r->reader->keep, ast->n_elements * sizeof *type->members);
        for (; type->n_members < ast->n_elements; type->n_members++)
                type->members[type->n_members].type = type_of(body, ast->elements[type->n_members]);
        if (ast->kind == WIT_MAP)
                check_key(body, ast);
}

/* Never NULL: where a name means nothing, which is reported, some type stands in. To name an owned handle is to name the resource.
 */
struct wit_type *type_of(struct body *body, const struct ast_type *ast)
{
        struct resolver *r = body->r;
        struct wit_type *found;
        if (ast->kind <= WIT_ERROR_CONTEXT)
                return r->primitives[ast->kind];
        if (ast->kind == WIT_ALIAS || ast->kind == WIT_OWN) {
                struct ast_name name = { ast->name, ast->place };
                found = ast->kind == WIT_OWN ? find_resource(body, name) : type_named(body, name);
                return found ? found : r->primitives[WIT_BOOL];
        }
        struct wit_type type = { .kind = ast->kind };
        type_fill(body, ast, &type);
        return intern(body, &type, ast->place);
}

struct wit_member *members_of(struct body *body, const struct ast_member *ast, size_t n, struct scope *names, enum symbol_kind kind)
{
        struct resolver *r = body->r;
        struct wit_member *members = arena_take(r->reader->keep, n * sizeof *members);
        for (size_t i = 0; i < n; i++) {
                scope_add(&r->scopes, names, kind, ast[i].name, "stands here twice");
                members[i].name = ast[i].name.text;
                members[i].docs = ast[i].docs;
                if (ast[i].type)
                        members[i].type = type_of(body, ast[i].type);
        }
        return members;
}
