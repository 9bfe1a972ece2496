/* Types and functions. */
#include "contract/printer.h"

#include "base/own.h"

/* --- References ------------------------------------------------------------------------------- */

/* "<A, B>", where either may be NULL: "<A>", "<_, B>", "". */
static void print_arguments(struct printer *p, const struct wit_type *a, const struct wit_type *b)
{
        if (!a && !b)
                return;
        fputc('<', p->out);
        if (a)
                printer_type(p, a);
        else
                fputc('_', p->out);
        if (b) {
                fputs(", ", p->out);
                printer_type(p, b);
        }
        fputc('>', p->out);
}

static void print_tuple(struct printer *p, const struct wit_type *type)
{
        for (size_t i = 0; i < type->n_members; i++) {
                fputs(i ? ", " : "tuple<", p->out);
                printer_type(p, type->members[i].type);
        }
        fputs(type->n_members ? ">" : "tuple<>", p->out);
}

/* A type by what it is made of. */
static void print_made(struct printer *p, const struct wit_type *type)
{
        static const char *const makers[] = {
                [WIT_LIST] = "list",     [WIT_FIXED_LIST] = "list", [WIT_MAP] = "map",
                [WIT_OPTION] = "option", [WIT_RESULT] = "result",   [WIT_OWN] = "own",
                [WIT_BORROW] = "borrow", [WIT_FUTURE] = "future",   [WIT_STREAM] = "stream",
        };
        if (type->kind == WIT_TUPLE) {
                print_tuple(p, type);
        } else if (type->kind == WIT_FIXED_LIST) {
                fputs("list<", p->out);
                printer_type(p, type->element);
                fprintf(p->out, ", %u>", type->length);
        } else {
                fputs(makers[type->kind], p->out);
                if (type->kind == WIT_MAP)
                        print_arguments(p, type->key, type->element);
                else
                        print_arguments(p, type->element, type->error);
        }
}

void printer_type(struct printer *p, const struct wit_type *type)
{
        if (wit_is_primitive(type))
                fputs(type->name, p->out);
        else if (type->name)
                printer_name(p, type->name);
        else if (type->kind == WIT_OWN) /* a resource as a value is its owner's handle */
                printer_type(p, type->element);
        else
                print_made(p, type);
}

/* --- Functions -------------------------------------------------------------------------------- */

static void print_params(struct printer *p, const struct wit_func *func)
{
        const char *before = "";
        fputc('(', p->out);
        for (size_t i = func->kind == WIT_METHOD; i < func->n_params; i++) {
                fputs(before, p->out);
                printer_name(p, func->params[i].name);
                fputs(": ", p->out);
                printer_type(p, func->params[i].type);
                before = ", ";
        }
        fputc(')', p->out);
}

void printer_signature(struct printer *p, const struct wit_func *func)
{
        if (func->kind != WIT_CONSTRUCTOR)
                fprintf(p->out, "%s%sfunc", func->kind == WIT_STATIC ? "static " : "", func->async ? "async " : "");
        print_params(p, func);
        /* A constructor that cannot fail returns its resource anyway. */
        if (func->result && !(func->kind == WIT_CONSTRUCTOR && func->result->kind == WIT_OWN)) {
                fputs(" -> ", p->out);
                printer_type(p, func->result);
        }
        fputs(";\n", p->out);
}

void printer_func(struct printer *p, const struct wit_func *func)
{
        printer_item(p, PRINTER_FUNC, &(struct printer_head){ func->docs, &func->stability, func->external_id }, false);
        if (func->kind == WIT_CONSTRUCTOR) {
                fputs("constructor", p->out);
        } else {
                printer_name(p, func->item_name);
                fputs(": ", p->out);
        }
        printer_signature(p, func);
}

/* --- Definitions ------------------------------------------------------------------------------ */

static const struct wit_func *next_method(struct printer *p, const struct wit_type *resource)
{
        const struct wit_interface *interface = resource->interface;
        size_t n = interface ? interface->n_funcs : resource->world->n_imports;
        for (; p->method < n; p->method++) {
                const struct wit_func *func = interface ? interface->funcs[p->method] : resource->world->imports[p->method].func;
                if (func && func->resource)
                        return func->resource == resource ? func : NULL;
        }
        return NULL;
}

bool printer_has_methods(struct printer *p, const struct wit_type *resource)
{
        return next_method(p, resource);
}

static void print_resource(struct printer *p, const struct wit_type *type)
{
        const struct wit_func *func = next_method(p, type);
        fputs("resource ", p->out);
        printer_name(p, type->name);
        if (!func) {
                fputs(";\n", p->out);
                return;
        }
        fputc(' ', p->out);
        enum printer_item outer = printer_open(p, false);
        for (; func; func = next_method(p, type)) {
                printer_func(p, func);
                p->method++;
        }
        printer_close(p, outer, false);
}

static void print_member(struct printer *p, const struct wit_type *type, const struct wit_member *member)
{
        if (member->docs && !p->bare)
                printer_docs(p, member->docs);
        printer_indent(p);
        printer_name(p, member->name);
        if (member->type) {
                fputs(type->kind == WIT_RECORD ? ": " : "(", p->out);
                printer_type(p, member->type);
                fputs(type->kind == WIT_RECORD ? "" : ")", p->out);
        }
        fputs(",\n", p->out);
}

static void print_members(struct printer *p, const char *keyword, const struct wit_type *type)
{
        fputs(keyword, p->out);
        printer_name(p, type->name);
        fputc(' ', p->out);
        enum printer_item outer = printer_open(p, !type->n_members);
        for (size_t i = 0; i < type->n_members; i++)
                print_member(p, type, &type->members[i]);
        printer_close(p, outer, !type->n_members);
}

void printer_definition(struct printer *p, const struct wit_type *type)
{
        static const char *const keywords[] = {
                [WIT_RECORD] = "record ",
                [WIT_VARIANT] = "variant ",
                [WIT_ENUM] = "enum ",
                [WIT_FLAGS] = "flags ",
        };
        bool has_members = type->kind >= WIT_RECORD && type->kind <= WIT_FLAGS;
        bool tall = has_members || (type->kind == WIT_RESOURCE && printer_has_methods(p, type));
        printer_item(p, PRINTER_TYPE, &(struct printer_head){ type->docs, &type->stability, type->external_id }, tall);
        if (has_members) {
                print_members(p, keywords[type->kind], type);
        } else if (type->kind == WIT_RESOURCE) {
                print_resource(p, type);
        } else {
                fputs("type ", p->out);
                printer_name(p, type->name);
                fputs(" = ", p->out);
                if (type->kind == WIT_ALIAS)
                        printer_type(p, type->element);
                else
                        print_made(p, type);
                fputs(";\n", p->out);
        }
}
