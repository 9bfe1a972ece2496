#include "contract/print.h"

#include <string.h>
#include "contract/printer.h"
#include "contract/semver.h"

/* --- Paths ------------------------------------------------------------------------------------ */

static void print_package_name(struct printer *p, const struct wit_package *package)
{
        printer_name(p, package->ns);
        fputc(':', p->out);
        printer_name(p, package->name);
}

static void print_version(struct printer *p, const struct wit_package *package)
{
        if (package->version)
                fprintf(p->out, "@%s", package->version);
}

static void print_path(struct printer *p, const struct wit_interface *interface)
{
        bool foreign = interface->package != p->package;
        if (foreign) {
                print_package_name(p, interface->package);
                fputc('/', p->out);
        }
        printer_name(p, interface->name);
        if (foreign)
                print_version(p, interface->package);
}

/* --- `use` ------------------------------------------------------------------------------------ */

static bool same_text(const char *a, const char *b)
{
        return a == b || (a && b && !strcmp(a, b));
}

/* Whether one `use` can make both. */
static bool same_use(const struct wit_type *a, const struct wit_type *b)
{
        const struct wit_stability *s = &a->stability, *t = &b->stability;
        return a->element->interface == b->element->interface && same_text(a->external_id, b->external_id) &&
               same_text(s->since, t->since) && same_text(s->feature, t->feature) && same_text(s->deprecated, t->deprecated);
}

static void print_used(struct printer *p, const struct wit_type *type)
{
        printer_name(p, type->element->name);
        if (!strcmp(type->element->name, type->name))
                return;
        fputs(" as ", p->out);
        printer_name(p, type->name);
}

/* @before: the type before it in the body, or NULL; @after: the one behind it. Neighbours share a statement. */
static void print_use(struct printer *p, const struct wit_type *before, const struct wit_type *type, const struct wit_type *after)
{
        bool first = !before || !before->used || !same_use(before, type);
        if (first) {
                printer_item(p, PRINTER_USE, &(struct printer_head){ NULL, &type->stability, type->external_id }, false);
                fputs("use ", p->out);
                print_path(p, type->element->interface);
                fputs(".{", p->out);
        }
        print_used(p, type);
        fputs(after && after->used && same_use(type, after) ? ", " : "};\n", p->out);
}

/* --- Interfaces ------------------------------------------------------------------------------- */

/* Prints the functions from @from up to @to that belong to no resource. */
static void print_free_funcs(struct printer *p, const struct wit_interface *interface, size_t from, size_t to)
{
        for (size_t i = from; i < to; i++)
                if (!interface->funcs[i]->resource)
                        printer_func(p, interface->funcs[i]);
}

/* Functions stand where they stood, as to those of resources: their order is part of the contract. */
static void print_interface_body(struct printer *p, const struct wit_interface *interface)
{
        struct wit_type *const *types = interface->types;
        size_t n = interface->n_types, printed = 0, outer_method = p->method;
        bool empty = !n && !interface->n_funcs;
        enum printer_item outer = printer_open(p, empty);
        p->method = 0;
        for (size_t i = 0; i < n; i++) {
                if (types[i]->kind == WIT_RESOURCE && printer_has_methods(p, types[i])) {
                        print_free_funcs(p, interface, printed, p->method);
                        printed = p->method;
                }
                if (types[i]->used)
                        print_use(p, i ? types[i - 1] : NULL, types[i], i + 1 < n ? types[i + 1] : NULL);
                else
                        printer_definition(p, types[i]);
        }
        print_free_funcs(p, interface, printed, interface->n_funcs);
        p->method = outer_method;
        printer_close(p, outer, empty);
}

static void print_interface(struct printer *p, const struct wit_interface *interface)
{
        printer_item(p, PRINTER_BODY, &(struct printer_head){ interface->docs, &interface->stability, NULL }, true);
        fputs("interface ", p->out);
        printer_name(p, interface->name);
        fputc(' ', p->out);
        print_interface_body(p, interface);
}

/* --- Worlds ----------------------------------------------------------------------------------- */

static void print_extern_func(struct printer *p, enum printer_item kind, const char *keyword, const struct wit_func *func)
{
        printer_item(p, kind, &(struct printer_head){ func->docs, &func->stability, func->external_id }, false);
        fputs(keyword, p->out);
        printer_name(p, func->item_name);
        fputs(": ", p->out);
        printer_signature(p, func);
}

static void print_extern_interface(struct printer *p, enum printer_item kind, const char *keyword, const struct wit_item *item)
{
        bool by_path = item->interface->name;
        const char *docs = by_path ? item->docs : item->interface->docs;
        printer_item(p, kind, &(struct printer_head){ docs, &item->stability, item->external_id }, !by_path);
        fputs(keyword, p->out);
        if (item->name) {
                printer_name(p, item->name);
                fputs(": ", p->out);
        }
        if (by_path) {
                print_path(p, item->interface);
                fputs(";\n", p->out);
        } else {
                fputs("interface ", p->out);
                print_interface_body(p, item->interface);
        }
}

static const struct wit_type *type_at(const struct wit_world *world, size_t i)
{
        return i < world->n_imports ? world->imports[i].type : NULL;
}

/* What a world defines and uses is in its imports; the functions of its resources are printed with them. */
static void print_import(struct printer *p, const struct wit_world *world, size_t i)
{
        const struct wit_item *item = &world->imports[i];
        if (item->interface)
                print_extern_interface(p, PRINTER_IMPORT, "import ", item);
        else if (item->type && item->type->used)
                print_use(p, i ? type_at(world, i - 1) : NULL, item->type, type_at(world, i + 1));
        else if (item->type)
                printer_definition(p, item->type);
        else if (!item->func->resource)
                print_extern_func(p, PRINTER_IMPORT, "import ", item->func);
}

static void print_world(struct printer *p, const struct wit_world *world)
{
        bool empty = !world->n_imports && !world->n_exports;
        printer_item(p, PRINTER_BODY, &(struct printer_head){ world->docs, &world->stability, NULL }, true);
        fputs("world ", p->out);
        printer_name(p, world->name);
        fputc(' ', p->out);
        enum printer_item outer = printer_open(p, empty);
        p->method = 0;
        for (size_t i = 0; i < world->n_imports; i++)
                print_import(p, world, i);
        for (size_t i = 0; i < world->n_exports; i++) {
                if (world->exports[i].func)
                        print_extern_func(p, PRINTER_EXPORT, "export ", world->exports[i].func);
                else
                        print_extern_interface(p, PRINTER_EXPORT, "export ", &world->exports[i]);
        }
        printer_close(p, outer, empty);
}

/* --- Packages --------------------------------------------------------------------------------- */

/* Whether a world refers to an interface of another place: its imports and exports are complete. */
static bool needs_interface(const struct wit_world *world, const struct wit_interface *interface)
{
        for (size_t i = 0; i < world->n_imports; i++)
                if (world->imports[i].interface == interface)
                        return true;
        for (size_t i = 0; i < world->n_exports; i++)
                if (world->exports[i].interface == interface)
                        return true;
        return false;
}

/* What there is to print: all, or what @only needs. */
static bool wants_interface(const struct wit_world *only, const struct wit_interface *interface)
{
        return !only || needs_interface(only, interface);
}

static void print_package_items(struct printer *p, const struct wit_package *package, const struct wit_world *only)
{
        p->package = package;
        for (size_t i = 0; i < package->n_interfaces; i++)
                if (wants_interface(only, package->interfaces[i]))
                        print_interface(p, package->interfaces[i]);
        for (size_t i = 0; i < package->n_worlds; i++)
                if (!only || package->worlds[i] == only)
                        print_world(p, package->worlds[i]);
}

/* The package `ward:domain` is built in. */
static bool wants_package(const struct wit_world *only, const struct wit_package *package)
{
        bool wants = !only;
        for (size_t i = 0; i < package->n_interfaces && !wants; i++)
                wants = needs_interface(only, package->interfaces[i]);
        return wants && (strcmp(package->ns, "ward") || strcmp(package->name, "domain"));
}

static int compare_packages(const struct wit_package *a, const struct wit_package *b)
{
        int order = strcmp(a->ns, b->ns);
        if (!order)
                order = strcmp(a->name, b->name);
        if (!order)
                order = a->version && b->version ? semver_compare(a->version, b->version) : !!a->version - !!b->version;
        return order;
}

/* The first package by name that comes after @last (NULL: of all). NULL: there are no more. */
static const struct wit_package *next_package(const struct contract *contract, const struct wit_package *last)
{
        const struct wit_package *next = NULL;
        for (size_t i = 0; i < contract->n_packages; i++) {
                const struct wit_package *package = contract->packages[i];
                if ((!last || compare_packages(package, last) > 0) && (!next || compare_packages(package, next) < 0))
                        next = package;
        }
        return next;
}

static void print_packages(struct printer *p, const struct contract *contract, const struct wit_package *main,
                           const struct wit_world *only)
{
        printer_item(p, PRINTER_BODY, &(struct printer_head){ main->docs, NULL, NULL }, true);
        fputs("package ", p->out);
        print_package_name(p, main);
        print_version(p, main);
        fputs(";\n", p->out);
        print_package_items(p, main, only);
        for (const struct wit_package *package = next_package(contract, NULL); package; package = next_package(contract, package)) {
                if (package == main || !wants_package(only, package))
                        continue;
                printer_item(p, PRINTER_BODY, &(struct printer_head){ package->docs, NULL, NULL }, true);
                fputs("package ", p->out);
                print_package_name(p, package);
                print_version(p, package);
                fputc(' ', p->out);
                bool empty = !package->n_interfaces && !package->n_worlds;
                enum printer_item outer = printer_open(p, empty);
                print_package_items(p, package, only);
                printer_close(p, outer, empty);
        }
}

void contract_print(const struct contract *contract, FILE *out)
{
        print_packages(&(struct printer){ .out = out }, contract, contract->main, NULL);
}

void contract_print_world(const struct contract *contract, const struct wit_world *world, FILE *out)
{
        print_packages(&(struct printer){ .out = out, .bare = true }, contract, world->package, world);
}
