#include "tool/contract_json.h"

#include <jansson.h>
#include <string.h>

/* Without memory a value is NULL, and so is all that it was to be part of. What is optional is left out, never null. */

static json_t *with(json_t *object, const char *key, json_t *value)
{
        if (!object || !value || json_object_set(object, key, value)) {
                json_decref(object);
                object = NULL;
        }
        json_decref(value);
        return object;
}

static json_t *append(json_t *array, json_t *value)
{
        if (!array || !value || json_array_append(array, value)) {
                json_decref(array);
                array = NULL;
        }
        json_decref(value);
        return array;
}

static json_t *single(const char *key, json_t *value)
{
        return with(json_object(), key, value);
}

static json_t *index_of(size_t index)
{
        return json_integer((json_int_t)index);
}

static json_t *name_or_null(const char *name)
{
        return name ? json_string(name) : json_null();
}

static json_t *with_docs(json_t *object, const char *docs)
{
        return docs ? with(object, "docs", single("contents", json_string(docs))) : object;
}

static json_t *with_external_id(json_t *object, const char *id)
{
        return id ? with(object, "external_id", json_string(id)) : object;
}

static json_t *with_stability(json_t *object, const struct wit_stability *stability)
{
        if (!stability->since && !stability->feature)
                return object;
        json_t *gate = stability->since ? single("since", json_string(stability->since))
                                        : single("feature", json_string(stability->feature));
        if (stability->deprecated)
                gate = with(gate, "deprecated", json_string(stability->deprecated));
        return with(object, "stability", single(stability->since ? "stable" : "unstable", gate));
}

/* --- Types ------------------------------------------------------------------------------------ */

static json_t *reference(const struct wit_type *type)
{
        return wit_is_primitive(type) ? json_string(type->name) : index_of(type->index);
}

static json_t *reference_or_null(const struct wit_type *type)
{
        return type ? reference(type) : json_null();
}

static json_t *fields(const struct wit_type *type)
{
        json_t *array = json_array();
        for (size_t i = 0; i < type->n_members; i++) {
                const struct wit_member *member = &type->members[i];
                json_t *field = single("name", json_string(member->name));
                if (type->kind == WIT_RECORD || type->kind == WIT_VARIANT)
                        field = with(field, "type", reference_or_null(member->type));
                array = append(array, with_docs(field, member->docs));
        }
        return array;
}

static json_t *elements(const struct wit_type *type)
{
        json_t *array = json_array();
        for (size_t i = 0; i < type->n_members; i++)
                array = append(array, reference(type->members[i].type));
        return array;
}

static json_t *result(const struct wit_type *type)
{
        return with(single("ok", reference_or_null(type->element)), "err", reference_or_null(type->error));
}

static json_t *pair(json_t *first, json_t *second)
{
        return append(append(json_array(), first), second);
}

static json_t *type_kind(const struct wit_type *type)
{
        switch (type->kind) {
        case WIT_RECORD:
                return single("record", single("fields", fields(type)));
        case WIT_FLAGS:
                return single("flags", single("flags", fields(type)));
        case WIT_VARIANT:
                return single("variant", single("cases", fields(type)));
        case WIT_ENUM:
                return single("enum", single("cases", fields(type)));
        case WIT_TUPLE:
                return single("tuple", single("types", elements(type)));
        case WIT_OPTION:
                return single("option", reference(type->element));
        case WIT_RESULT:
                return single("result", result(type));
        case WIT_LIST:
                return single("list", reference(type->element));
        case WIT_FIXED_LIST:
                return single("fixed-length-list", pair(reference(type->element), json_integer(type->length)));
        case WIT_MAP:
                return single("map", pair(reference(type->key), reference(type->element)));
        case WIT_OWN:
                return single("handle", single("own", reference(type->element)));
        case WIT_BORROW:
                return single("handle", single("borrow", reference(type->element)));
        case WIT_FUTURE:
                return single("future", reference_or_null(type->element));
        case WIT_STREAM:
                return single("stream", reference_or_null(type->element));
        case WIT_ALIAS:
                return single("type", reference(type->element));
        default:
                return json_string("resource");
        }
}

static json_t *owner(const struct wit_type *type)
{
        if (type->interface)
                return single("interface", index_of(type->interface->index));
        return type->world ? single("world", index_of(type->world->index)) : json_null();
}

static json_t *type_object(const struct wit_type *type)
{
        json_t *object = single("name", name_or_null(type->name));
        object = with(object, "kind", type_kind(type));
        object = with(object, "owner", owner(type));
        object = with_stability(with_docs(object, type->docs), &type->stability);
        return with_external_id(object, type->external_id);
}

/* --- Functions -------------------------------------------------------------------------------- */

static json_t *func_kind(const struct wit_func *func)
{
        static const char *const kinds[][2] = {
                [WIT_FREESTANDING] = { "freestanding", "async-freestanding" },
                [WIT_METHOD] = { "method", "async-method" },
                [WIT_STATIC] = { "static", "async-static" },
                [WIT_CONSTRUCTOR] = { "constructor", "constructor" },
        };
        const char *kind = kinds[func->kind][func->async];
        return func->resource ? single(kind, reference(func->resource)) : json_string(kind);
}

static json_t *params(const struct wit_func *func)
{
        json_t *array = json_array();
        for (size_t i = 0; i < func->n_params; i++)
                array = append(array,
                               with(single("name", json_string(func->params[i].name)), "type", reference(func->params[i].type)));
        return array;
}

static json_t *func_object(const struct wit_func *func)
{
        json_t *object = single("name", json_string(func->name));
        object = with(object, "kind", func_kind(func));
        object = with(object, "params", params(func));
        if (func->result)
                object = with(object, "result", reference(func->result));
        object = with_stability(with_docs(object, func->docs), &func->stability);
        return with_external_id(object, func->external_id);
}

/* --- Interfaces, worlds, packages ------------------------------------------------------------- */

static json_t *interface_object(const struct wit_interface *interface)
{
        json_t *types = json_object(), *funcs = json_object();
        for (size_t i = 0; i < interface->n_types; i++)
                types = with(types, interface->types[i]->name, index_of(interface->types[i]->index));
        for (size_t i = 0; i < interface->n_funcs; i++)
                funcs = with(funcs, interface->funcs[i]->name, func_object(interface->funcs[i]));
        json_t *object = with(single("name", name_or_null(interface->name)), "types", types);
        object = with(object, "functions", funcs);
        object = with_stability(with_docs(object, interface->docs), &interface->stability);
        object = with(object, "package", index_of(interface->package->index));
        return interface->clone_of ? with(object, "clone_of", index_of(interface->clone_of->index)) : object;
}

static json_t *item_object(const struct wit_item *item)
{
        if (item->func)
                return single("function", func_object(item->func));
        if (item->type)
                return single("type", index_of(item->type->index));
        json_t *object = with_stability(single("id", index_of(item->interface->index)), &item->stability);
        return single("interface", with_docs(with_external_id(object, item->external_id), item->docs));
}

static json_t *item_map(const struct wit_item *items, size_t n)
{
        json_t *object = json_object();
        for (size_t i = 0; i < n; i++) {
                char key[40];
                if (!items[i].name)
                        snprintf(key, sizeof key, "interface-%zu", items[i].interface->index);
                object = with(object, items[i].name ? items[i].name : key, item_object(&items[i]));
        }
        return object;
}

static json_t *world_object(const struct wit_world *world)
{
        json_t *object = single("name", json_string(world->name));
        object = with(object, "imports", item_map(world->imports, world->n_imports));
        object = with(object, "exports", item_map(world->exports, world->n_exports));
        object = with(object, "package", index_of(world->package->index));
        return with_stability(with_docs(object, world->docs), &world->stability);
}

static json_t *package_name(const struct wit_package *package)
{
        const char *version = package->version;
        return json_sprintf("%s:%s%s%s", package->ns, package->name, version ? "@" : "", version ? version : "");
}

static json_t *package_object(const struct wit_package *package)
{
        json_t *interfaces = json_object(), *worlds = json_object();
        for (size_t i = 0; i < package->n_interfaces; i++)
                interfaces = with(interfaces, package->interfaces[i]->name, index_of(package->interfaces[i]->index));
        for (size_t i = 0; i < package->n_worlds; i++)
                worlds = with(worlds, package->worlds[i]->name, index_of(package->worlds[i]->index));
        json_t *object = with_docs(single("name", package_name(package)), package->docs);
        return with(with(object, "interfaces", interfaces), "worlds", worlds);
}

static json_t *contract_object(const struct contract *contract)
{
        json_t *worlds = json_array(), *interfaces = json_array(), *types = json_array(), *packages = json_array();
        for (size_t i = 0; i < contract->n_worlds; i++)
                worlds = append(worlds, world_object(contract->worlds[i]));
        for (size_t i = 0; i < contract->n_interfaces; i++)
                interfaces = append(interfaces, interface_object(contract->interfaces[i]));
        for (size_t i = 0; i < contract->n_types; i++)
                types = append(types, type_object(contract->types[i]));
        for (size_t i = 0; i < contract->n_packages; i++)
                packages = append(packages, package_object(contract->packages[i]));
        json_t *object = with(single("worlds", worlds), "interfaces", interfaces);
        return with(with(object, "types", types), "packages", packages);
}

int contract_json_print(FILE *to, const struct contract *contract)
{
        json_t *object = contract_object(contract);
        if (!object)
                return -1;
        int r = json_dumpf(object, to, JSON_INDENT(2));
        json_decref(object);
        return r || fputc('\n', to) == EOF ? -1 : 0;
}
