#include "contract/abi.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t align_up(uint64_t at, uint32_t align)
{
        return (at + align - 1) / align * align;
}

static uint32_t max(uint32_t a, uint32_t b)
{
        return a > b ? a : b;
}

/* --- Sizes ------------------------------------------------------------------------------------ */

static bool set_record(struct wit_type *type)
{
        uint64_t size = 0, flat = 0;
        type->abi.align = 1;
        for (size_t i = 0; i < type->n_members; i++) {
                const struct wit_abi *part = &type->members[i].type->abi;
                if (!part->align)
                        continue;
                size = align_up(size, part->align) + part->size;
                flat += part->flat;
                type->abi.align = max(type->abi.align, part->align);
                if (size > UINT32_MAX || flat > UINT32_MAX)
                        return false;
        }
        size = align_up(size, type->abi.align);
        type->abi.size = (uint32_t)size;
        type->abi.flat = (uint32_t)flat;
        return size <= UINT32_MAX;
}

static void widen(struct wit_abi *abi, uint32_t *payload, const struct wit_type *part)
{
        if (!part)
                return;
        abi->align = max(abi->align, part->abi.align);
        abi->flat = max(abi->flat, part->abi.flat);
        *payload = max(*payload, part->abi.size);
}

static bool set_variant(struct wit_type *type, size_t n_cases)
{
        struct wit_abi *abi = &type->abi;
        uint32_t payload = 0;
        abi->tag = n_cases <= 1u << 8 ? 1 : n_cases <= 1u << 16 ? 2 : 4;
        abi->align = abi->tag;
        widen(abi, &payload, type->element);
        widen(abi, &payload, type->error);
        for (size_t i = 0; i < type->n_members; i++)
                widen(abi, &payload, type->members[i].type);
        uint64_t size = align_up(align_up(abi->tag, abi->align) + payload, abi->align);
        abi->flat++;
        abi->size = (uint32_t)size;
        return abi->flat && size <= UINT32_MAX;
}

static bool set_fixed_list(struct wit_type *type)
{
        const struct wit_abi *part = &type->element->abi;
        uint64_t size = (uint64_t)part->size * type->length, flat = (uint64_t)part->flat * type->length;
        type->abi = (struct wit_abi){ .size = (uint32_t)size, .align = part->align, .flat = (uint32_t)flat };
        return size <= UINT32_MAX && flat <= UINT32_MAX;
}

static void set_flags(struct wit_type *type)
{
        size_t n = type->n_members;
        uint32_t words = (uint32_t)((n + 31) / 32);
        uint32_t size = n <= 8 ? 1 : n <= 16 ? 2 : 4 * words;
        type->abi = (struct wit_abi){ .size = size, .align = size < 4 ? size : 4, .flat = words ? words : 1 };
}

static const struct wit_abi fixed[] = {
        [WIT_BOOL] = { 1, 1, 1, 0 },   [WIT_U8] = { 1, 1, 1, 0 },    [WIT_U16] = { 2, 2, 1, 0 },    [WIT_U32] = { 4, 4, 1, 0 },
        [WIT_U64] = { 8, 8, 1, 0 },    [WIT_S8] = { 1, 1, 1, 0 },    [WIT_S16] = { 2, 2, 1, 0 },    [WIT_S32] = { 4, 4, 1, 0 },
        [WIT_S64] = { 8, 8, 1, 0 },    [WIT_F32] = { 4, 4, 1, 0 },   [WIT_F64] = { 8, 8, 1, 0 },    [WIT_CHAR] = { 4, 4, 1, 0 },
        [WIT_LIST] = { 8, 4, 2, 0 },   [WIT_MAP] = { 8, 4, 2, 0 },   [WIT_STRING] = { 8, 4, 2, 0 }, [WIT_OWN] = { 4, 4, 1, 0 },
        [WIT_BORROW] = { 4, 4, 1, 0 }, [WIT_ALIAS] = { 0, 0, 0, 0 },
};

bool wit_abi_set(struct wit_type *type)
{
        type->abi = fixed[type->kind];
        switch (type->kind) {
        case WIT_ALIAS:
                type->abi = type->element->abi;
                return true;
        case WIT_RECORD:
        case WIT_TUPLE:
                return set_record(type);
        case WIT_OPTION:
        case WIT_RESULT:
                return set_variant(type, 2);
        case WIT_VARIANT:
        case WIT_ENUM:
                return set_variant(type, type->n_members);
        case WIT_FLAGS:
                set_flags(type);
                return true;
        case WIT_FIXED_LIST:
                return set_fixed_list(type);
        default:
                return true;
        }
}

uint32_t wit_abi_offset(const struct wit_type *type, size_t i)
{
        uint64_t at = 0;
        if (type->kind != WIT_RECORD && type->kind != WIT_TUPLE)
                return (uint32_t)align_up(type->abi.tag, type->abi.align);
        for (size_t k = 0; k <= i; k++) {
                const struct wit_abi *part = &type->members[k].type->abi;
                at = align_up(at, part->align ? part->align : 1) + (k < i ? part->size : 0);
        }
        return (uint32_t)at;
}

/* --- Core types ------------------------------------------------------------------------------- */

static char join(char a, char b)
{
        if (a == b)
                return a;
        return (a == 'i' && b == 'f') || (a == 'f' && b == 'i') ? 'i' : 'I';
}

static size_t flatten(const struct wit_type *type, char *core, size_t at);

/* Core types go to core[at…], joined with what is there (0: nothing yet), as far as WIT_CORE_MAX. Returns where the next go. */
static size_t flatten_one(char c, char *core, size_t at)
{
        if (at < WIT_CORE_MAX)
                core[at] = core[at] ? join(core[at], c) : c;
        return at + 1;
}

/* A case is flattened by itself, and only then joined with the others. */
static void flatten_case(const struct wit_type *type, char *core, size_t at)
{
        char alone[WIT_CORE_MAX] = { 0 };
        size_t n = type ? flatten(type, alone, 0) : 0;
        for (size_t k = 0; k < n && k < WIT_CORE_MAX; k++)
                flatten_one(alone[k], core, at + k);
}

static size_t flatten_variant(const struct wit_type *type, char *core, size_t at)
{
        size_t payload = flatten_one('i', core, at);
        flatten_case(type->element, core, payload);
        flatten_case(type->error, core, payload);
        for (size_t i = 0; i < type->n_members; i++)
                flatten_case(type->members[i].type, core, payload);
        return at + type->abi.flat;
}

static size_t flatten_parts(const struct wit_type *type, char *core, size_t at)
{
        size_t n = type->kind == WIT_FIXED_LIST ? type->length : type->n_members;
        /* Nothing may be said four thousand million times. */
        if (!type->abi.flat)
                return at;
        for (size_t i = 0; i < n && at < WIT_CORE_MAX; i++)
                at = flatten(type->kind == WIT_FIXED_LIST ? type->element : type->members[i].type, core, at);
        return at;
}

static size_t flatten(const struct wit_type *type, char *core, size_t at)
{
        static const char primitives[] = { [WIT_U64] = 'I', [WIT_S64] = 'I', [WIT_F32] = 'f', [WIT_F64] = 'F' };
        size_t end = at + type->abi.flat;
        type = wit_resolve(type);
        switch (type->kind) {
        case WIT_TUPLE:
        case WIT_RECORD:
        case WIT_FIXED_LIST:
                flatten_parts(type, core, at);
                return end;
        case WIT_OPTION:
        case WIT_RESULT:
        case WIT_VARIANT:
        case WIT_ENUM:
                return flatten_variant(type, core, at);
        case WIT_U64:
        case WIT_S64:
        case WIT_F32:
        case WIT_F64:
                return flatten_one(primitives[type->kind], core, at);
        default:
                for (; at < end; at++)
                        flatten_one('i', core, at);
                return end;
        }
}

char *wit_core(const struct wit_func *func, bool import)
{
        char params[WIT_CORE_MAX + 1] = { 0 }, result[WIT_CORE_MAX + 1] = { 0 }, *made = NULL;
        uint64_t flat = 0;
        bool pointer = func->result && func->result->abi.flat > 1;
        for (size_t i = 0; i < func->n_params; i++)
                flat += func->params[i].type->abi.flat;
        if (flat > WIT_FLAT_PARAMS)
                params[0] = 'i';
        for (size_t i = 0, at = 0; flat <= WIT_FLAT_PARAMS && i < func->n_params; i++)
                at = flatten(func->params[i].type, params, at);
        if (pointer)
                result[0] = import ? 0 : 'i';
        else if (func->result)
                flatten(func->result, result, 0);
        return asprintf(&made, "%s%s>%s", params, pointer && import ? "i" : "", result) < 0 ? NULL : made;
}

/* --- Names ------------------------------------------------------------------------------------ */

static char *in_package(const struct wit_package *package, const char *slash, const char *name)
{
        char *made;
        return asprintf(&made, "%s:%s%s%s%s%s", package->ns, package->name, slash, name, package->version ? "@" : "",
                        package->version ? package->version : "") < 0
                       ? NULL
                       : made;
}

char *wit_package_id(const struct wit_package *package)
{
        return in_package(package, "", "");
}

char *wit_world_id(const struct wit_world *world)
{
        return in_package(world->package, "/", world->name);
}

char *wit_interface_id(const struct wit_interface *interface)
{
        return interface->name ? in_package(interface->package, "/", interface->name) : strdup(interface->label);
}

/* "INTERFACE#NAME", or "NAME" of a world. */
static char *in_interface(const struct wit_interface *interface, const char *name)
{
        char *id = interface ? wit_interface_id(interface) : NULL, *made = NULL;
        if (interface && !id)
                return NULL;
        int r = asprintf(&made, "%s%s%s", id ? id : "", id ? "#" : "", name);
        free(id);
        return r < 0 ? NULL : made;
}

char *wit_func_id(const struct wit_interface *interface, const struct wit_func *func)
{
        return in_interface(interface, func->name);
}

char *wit_resource_id(const struct wit_type *resource)
{
        resource = wit_resolve(resource);
        return in_interface(resource->interface, resource->name);
}

/* --- Signatures ------------------------------------------------------------------------------- */

static void write_type(FILE *out, const struct wit_type *type);

/* "empty, number(f64)" */
static void write_cases(FILE *out, const struct wit_type *type)
{
        fputs("variant { ", out);
        for (size_t i = 0; i < type->n_members; i++) {
                fprintf(out, "%s%s", i ? ", " : "", type->members[i].name);
                if (!type->members[i].type)
                        continue;
                fputc('(', out);
                write_type(out, type->members[i].type);
                fputc(')', out);
        }
        fputs(" }", out);
}

static void write_members(FILE *out, const char *before, const struct wit_member *members, size_t n, const char *after)
{
        fputs(before, out);
        for (size_t i = 0; i < n; i++) {
                fprintf(out, "%s%s", i ? ", " : "", members[i].name ? members[i].name : "");
                if (!members[i].type)
                        continue;
                fputs(members[i].name ? ": " : "", out);
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

static void write_handle(FILE *out, const struct wit_type *type)
{
        char *id = wit_resource_id(type->element);
        fprintf(out, "%s<%s>", type->kind == WIT_OWN ? "own" : "borrow", id ? id : "?");
        free(id);
}

static void write_wrapped(FILE *out, const struct wit_type *type)
{
        fputs(type->kind == WIT_OPTION ? "option<" : type->kind == WIT_MAP ? "map<" : "list<", out);
        if (type->kind == WIT_MAP) {
                write_type(out, type->key);
                fputs(", ", out);
        }
        write_type(out, type->element);
        if (type->kind == WIT_FIXED_LIST)
                fprintf(out, ", %u", type->length);
        fputc('>', out);
}

static void write_type(FILE *out, const struct wit_type *type)
{
        static const char *const braces[] = {
                [WIT_RECORD] = "record { ",
                [WIT_ENUM] = "enum { ",
                [WIT_FLAGS] = "flags { ",
        };
        type = wit_resolve(type);
        switch (type->kind) {
        case WIT_LIST:
        case WIT_FIXED_LIST:
        case WIT_MAP:
        case WIT_OPTION:
                write_wrapped(out, type);
                break;
        case WIT_RESULT:
                write_result(out, type);
                break;
        case WIT_OWN:
        case WIT_BORROW:
                write_handle(out, type);
                break;
        case WIT_TUPLE:
                write_members(out, "tuple<", type->members, type->n_members, ">");
                break;
        case WIT_VARIANT:
                write_cases(out, type);
                break;
        case WIT_RECORD:
        case WIT_ENUM:
        case WIT_FLAGS:
                write_members(out, braces[type->kind], type->members, type->n_members, " }");
                break;
        default:
                fputs(wit_is_primitive(type) ? type->name : type->kind == WIT_FUTURE ? "future" : "stream", out);
                break;
        }
}

char *wit_signature(const struct wit_func *func)
{
        char *text = NULL;
        size_t len;
        FILE *out = open_memstream(&text, &len);
        if (!out)
                return NULL;
        write_members(out, "func(", func->params, func->n_params, ")");
        if (func->result) {
                fputs(" -> ", out);
                write_type(out, func->result);
        }
        if (fclose(out)) {
                free(text);
                return NULL;
        }
        return text;
}

/* --- What cannot be bound --------------------------------------------------------------------- */

/* Whether values that follow each other, as a record's do, have a size. */
static bool fit(struct wit_member *members, size_t n)
{
        struct wit_type record = { .kind = WIT_RECORD, .members = members, .n_members = n };
        return wit_abi_set(&record);
}

static bool is_map_of_giants(const struct wit_type *type)
{
        struct wit_member entry[] = { { .type = type->key }, { .type = type->element } };
        return type->kind == WIT_MAP && !fit(entry, 2);
}

static const struct wit_type *unbound_part(const struct wit_type *type);

/* What has a name is looked at once, where it is defined: all that a world refers to is among its imports and exports. */
static const struct wit_type *unbound_reference(const struct wit_type *type)
{
        return type && (wit_is_primitive(type) || !type->name) ? unbound_part(type) : NULL;
}

/* What cannot be bound in a type: it, or a part of it. */
static const struct wit_type *unbound_part(const struct wit_type *type)
{
        if (type->kind == WIT_FUTURE || type->kind == WIT_STREAM || type->kind == WIT_ERROR_CONTEXT ||
            (type->kind == WIT_FLAGS && type->n_members > WIT_FLAGS_MAX) || is_map_of_giants(type))
                return type;
        const struct wit_type *found = unbound_reference(type->element);
        if (!found)
                found = unbound_reference(type->error);
        for (size_t i = 0; i < type->n_members && !found; i++)
                found = unbound_reference(type->members[i].type);
        return found;
}

static const char *why_unbound(const struct wit_type *type)
{
        switch (type->kind) {
        case WIT_FLAGS:
                return "passes more than 64 flags: 64 is what can be bound";
        case WIT_MAP:
                return "passes a map whose entries take more than 4 GiB: no add-in has as much memory";
        case WIT_FUTURE:
                return "passes a future: only synchronous contracts can be bound yet";
        case WIT_STREAM:
                return "passes a stream: only synchronous contracts can be bound yet";
        default:
                return "passes an error-context: only synchronous contracts can be bound yet";
        }
}

/* Takes @id. */
static char *unbound_because(char *id, const char *why)
{
        char *made = NULL;
        int r = id ? asprintf(&made, "%s %s", id, why) : -1;
        free(id);
        return r < 0 ? NULL : made;
}

static char *unbound_func(const struct wit_interface *interface, const struct wit_func *func)
{
        const struct wit_type *part = unbound_reference(func->result);
        for (size_t i = 0; i < func->n_params && !part; i++)
                part = unbound_reference(func->params[i].type);
        const char *why = part                                 ? why_unbound(part)
                          : func->async                        ? "is an async function: only synchronous contracts can be bound yet"
                          : !fit(func->params, func->n_params) ? "has parameters of more than 4 GiB: no add-in has as much memory"
                                                               : NULL;
        return why ? unbound_because(wit_func_id(interface, func), why) : NULL;
}

/* A type has a place in generated code, whether a function passes it or not. */
static char *unbound_type(const struct wit_type *type)
{
        const struct wit_type *part = unbound_part(type);
        return part ? unbound_because(in_interface(type->interface, type->name), why_unbound(part)) : NULL;
}

static char *unbound_interface(const struct wit_interface *interface)
{
        char *why = NULL;
        for (size_t i = 0; i < interface->n_funcs && !why; i++)
                why = unbound_func(interface, interface->funcs[i]);
        for (size_t i = 0; i < interface->n_types && !why; i++)
                why = unbound_type(interface->types[i]);
        return why;
}

static char *unbound_item(const struct wit_item *item)
{
        if (item->func)
                return unbound_func(NULL, item->func);
        return item->type ? unbound_type(item->type) : unbound_interface(item->interface);
}

char *wit_unbound(const struct wit_world *world)
{
        char *why = NULL;
        for (size_t i = 0; i < world->n_imports && !why; i++)
                why = unbound_item(&world->imports[i]);
        for (size_t i = 0; i < world->n_exports && !why; i++)
                why = unbound_item(&world->exports[i]);
        return why;
}
