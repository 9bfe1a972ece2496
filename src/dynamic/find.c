/* Functions by the names that people write. */
#include <stdio.h>
#include <string.h>
#include "base/fault.h"
#include "contract/contract.h"
#include "dynamic/dynamic.h"

enum { LIST_MAX = 400, NAME_SHOWN_MAX = 120 };

/* Names for a fault, as many as fit. */
struct names {
        char text[LIST_MAX];
        size_t len;
        size_t n;
};

static void names_add(struct names *names, const char *name)
{
        int len = snprintf(names->text + names->len, sizeof names->text - names->len, "%s%s", names->n++ ? ", " : "", name);
        if (len > 0 && (size_t)len < sizeof names->text - names->len)
                names->len += (size_t)len;
        else
                snprintf(names->text + names->len, sizeof names->text - names->len, "%s", names->len + 4 < LIST_MAX ? " …" : "");
}

static bool skip(struct ward_span *text, const char *word)
{
        size_t len = strlen(word);
        if (text->len < len || memcmp(text->at, word, len))
                return false;
        *text = (struct ward_span){ text->at + len, text->len - len };
        return true;
}

static const char *plain_name(const struct wit_item *item)
{
        return item->name ? item->name : item->interface->name;
}

/* "f"; of a resource "r.f", or "r" for its constructor. */
static bool is_short(struct ward_span name, const struct wit_func *func)
{
        if (func->kind == WIT_FREESTANDING)
                return span_is(name, func->name);
        if (!skip(&name, wit_resolve(func->resource)->name))
                return false;
        return func->kind == WIT_CONSTRUCTOR ? !name.len : skip(&name, ".") && span_is(name, func->item_name);
}

static bool is_called(const struct dynamic_func *func, struct ward_span name)
{
        if (is_short(name, func->wit) || span_is(name, func->func.name))
                return true;
        return func->item->interface && skip(&name, plain_name(func->item)) && skip(&name, ".") && is_short(name, func->wit);
}

/* As is_short takes it; methods are not called by a name alone. */
static void add_short(struct names *names, const struct wit_func *func)
{
        char name[LIST_MAX];
        if (func->kind == WIT_STATIC)
                snprintf(name, sizeof name, "%s.%s", wit_resolve(func->resource)->name, func->item_name);
        else
                snprintf(name, sizeof name, "%s", func->item_name);
        if (func->kind != WIT_METHOD)
                names_add(names, name);
}

static int none(const struct dynamic *dynamic, struct ward_span name, struct ward_fault *fault)
{
        struct names all = { 0 };
        for (uint32_t i = 0; i < dynamic->contract.n_exports; i++)
                add_short(&all, dynamic->exports[i].wit);
        return fault_set(fault, WARD_FAULT_USAGE, "there is no function '%.*s'; %s exports %s",
                         (int)(name.len < NAME_SHOWN_MAX ? name.len : NAME_SHOWN_MAX), (const char *)name.at,
                         dynamic->contract.name, all.n ? all.text : "none");
}

int dynamic_find(const struct dynamic *dynamic, struct ward_span name, uint32_t *ret_export, struct ward_fault *fault)
{
        struct names found = { 0 };
        uint32_t last = 0;
        for (uint32_t i = 0; i < dynamic->contract.n_exports; i++) {
                if (span_is(name, dynamic->exports[i].func.name)) { /* in full it means one, whatever else it may be short for */
                        found.n = 1;
                        last = i;
                        break;
                }
                if (is_called(&dynamic->exports[i], name)) {
                        names_add(&found, dynamic->exports[i].func.name);
                        last = i;
                }
        }
        if (!found.n)
                return none(dynamic, name, fault);
        if (found.n > 1)
                return fault_set(fault, WARD_FAULT_USAGE, "'%.*s' may be any of %s", (int)name.len, (const char *)name.at,
                                 found.text);
        if (dynamic->exports[last].wit->kind == WIT_METHOD)
                return fault_set(fault, WARD_FAULT_USAGE, "'%.*s' is a method: call it on an object, as in %s(…).%s(…)",
                                 (int)name.len, (const char *)name.at, wit_resolve(dynamic->exports[last].wit->resource)->name,
                                 dynamic->exports[last].wit->item_name);
        *ret_export = last;
        return 0;
}

int dynamic_find_method(const struct dynamic *dynamic, const struct wit_type *resource, struct ward_span name, uint32_t *ret_export,
                        struct ward_fault *fault)
{
        struct names all = { 0 };
        resource = wit_resolve(resource);
        for (uint32_t i = 0; i < dynamic->contract.n_exports; i++) {
                const struct wit_func *func = dynamic->exports[i].wit;
                if (func->kind != WIT_METHOD || wit_resolve(func->resource) != resource)
                        continue;
                if (span_is(name, func->item_name)) {
                        *ret_export = i;
                        return 0;
                }
                names_add(&all, func->item_name);
        }
        return fault_set(fault, WARD_FAULT_USAGE, "resource %s has no method '%.*s'; it has %s", resource->name,
                         (int)(name.len < NAME_SHOWN_MAX ? name.len : NAME_SHOWN_MAX), (const char *)name.at,
                         all.n ? all.text : "none");
}
