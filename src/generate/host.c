/* The header of the host view: a function for every export, and a struct of functions for the imports. */
#include "generate/host.h"
#include <string.h>

bool host_resource_is_served(const struct c_resource *resource)
{
        const struct wit_interface *interface = resource->wit->interface;
        return !resource->by_addin && !(interface && !interface->inline_of && !strcmp(interface->package->ns, "ward"));
}

bool host_has_services(const struct model *model)
{
        for (size_t i = 0; i < model->n_imports; i++)
                if (!model->imports[i].by_ward)
                        return true;
        for (size_t i = 0; i < model->n_resources; i++)
                if (host_resource_is_served(model->resources[i]))
                        return true;
        return false;
}

/* --- What the host offers --------------------------------------------------------------------- */

static void write_service(FILE *out, struct model *model, const struct c_func *func)
{
        struct pieces pieces = { .pool = &model->pool };
        write_docs(out, "        ", func->wit->docs);
        pieces_add(&pieces, "void *data");
        prototype_params(&pieces, func, false);
        prototype_outputs(&pieces, func);
        pieces_print(&pieces, out, pool_printf(&model->pool, "        %s (*%s)(", prototype_return(func), func->name), ");\n");
}

static void write_destructors(FILE *out, const struct model *model)
{
        bool any = false;
        for (size_t i = 0; i < model->n_resources; i++) {
                const struct c_resource *resource = model->resources[i];
                if (!host_resource_is_served(resource))
                        continue;
                if (!any)
                        fputs("        /* An add-in gave up an object of the host's that it owned: to be destroyed. */\n", out);
                any = true;
                fprintf(out, "        void (*%s)(void *data, %s *rep);\n", resource->destructor, resource->object);
        }
}

static void write_services(FILE *out, struct model *model)
{
        fputs("\n/* What the host offers to add-ins. Every function is to be set. They run on threads that call the add-in; "
              "arguments\n"
              " * are borrowed, what results hold comes from malloc and goes to Ward. The struct stays the host's and outlives "
              "the\n"
              " * add-ins that were activated with it.",
              out);
        if (model->n_resources)
                fputs(" A handle of type own changes hands.", out);
        fputs(" */\n", out);
        fprintf(out, "struct %s_services {\n        void *data; /* passed to each function */\n", model->prefix);
        for (size_t i = 0; i < model->n_imports; i++)
                if (!model->imports[i].by_ward)
                        write_service(out, model, &model->imports[i]);
        write_destructors(out, model);
        fputs("};\n", out);
}

/* --- The add-in's life ------------------------------------------------------------------------ */

void host_print_activate(FILE *out, struct model *model, const char *after)
{
        struct pieces pieces = { .pool = &model->pool };
        pieces_add(&pieces, "struct ward_host *host");
        pieces_add(&pieces, "const char *module");
        pieces_add(&pieces, "const struct ward_activate_options *options");
        pieces_add(&pieces, "const struct %s_services *services", model->prefix);
        pieces_add(&pieces, "struct %s **ret_%s", model->tag, model->prefix);
        pieces_add(&pieces, "struct ward_fault *fault");
        pieces_print(&pieces, out, pool_printf(&model->pool, "int %s_activate(", model->prefix), after);
}

static void write_life(FILE *out, struct model *model)
{
        const char *p = model->prefix;
        const char *tag = model->tag;
        fprintf(out, "\n/* Activates the add-in in file @module. @options may be NULL. %s */\n",
                host_has_services(model) ? "@services is what it may call."
                                         : "@services may be NULL: the contract imports nothing.");
        host_print_activate(out, model, ");\n");
        fprintf(out,
                "\n/* Releases the add-in, and ends the domain that was made for it. Returns NULL. Takes NULL. */\n"
                "struct %s *%s_release(struct %s *self);\n",
                tag, p, tag);
        fprintf(out,
                "\n/* Where it lives. Borrowed: lives as long as @self. */\n"
                "struct ward_domain *%s_domain(struct %s *self);\n",
                p, tag);
        fprintf(out,
                "\n/* The time limit of each later call, in milliseconds; 0: none. */\n"
                "void %s_set_deadline(struct %s *self, uint32_t ms);\n",
                p, tag);
}

/* --- Objects of the add-in's ------------------------------------------------------------------ */

void host_print_drop(FILE *out, struct model *model, const struct c_resource *resource, const char *after)
{
        struct pieces pieces = { .pool = &model->pool };
        pieces_add(&pieces, "struct %s *self", model->tag);
        pieces_add(&pieces, "%s own", resource->own->name);
        pieces_add(&pieces, "struct ward_fault *fault");
        pieces_print(&pieces, out, pool_printf(&model->pool, "int %s(", resource->drop_own), after);
}

/* A token is the same number whether it is owned or lent. */
static void write_lend(FILE *out, const struct c_resource *resource)
{
        const char *borrow = resource->borrow->name;
        fprintf(out, "static inline %s %s(%s own)\n{\n", borrow, resource->lend, resource->own->name);
        fprintf(out, "        %s borrow = { own.__handle };\n        return borrow;\n}\n", borrow);
}

static void write_objects(FILE *out, struct model *model)
{
        for (size_t i = 0; i < model->n_resources; i++) {
                const struct c_resource *resource = model->resources[i];
                if (!resource->by_addin)
                        continue;
                fprintf(out, "\n/* %s: to lend one, and to give one up. */\n", resource->id);
                write_lend(out, resource);
                host_print_drop(out, model, resource, ");\n");
        }
}

/* --- The add-in's functions ------------------------------------------------------------------- */

/* The add-in, the arguments, places for the results, the fault. */
static void host_params(struct pieces *pieces, const struct model *model, const struct c_func *func)
{
        pieces_add(pieces, "struct %s *self", model->tag);
        prototype_params(pieces, func, true);
        host_results(pieces, func);
        pieces_add(pieces, "struct ward_fault *fault");
}

void host_results(struct pieces *pieces, const struct c_func *func)
{
        const struct c_type *result = func->result ? type_meant(func->result) : NULL;
        if (result && result->kind == WIT_RESULT) {
                if (result->members[0].type)
                        pieces_add(pieces, "%s *ret", result->members[0].type->name);
                if (result->members[1].type)
                        pieces_add(pieces, "%s *ret_err", result->members[1].type->name);
        } else if (result) {
                pieces_add(pieces, "%s *ret", func->result->name);
        }
}

void host_print_prototype(FILE *out, struct model *model, const struct c_func *func, const char *name, const char *after)
{
        struct pieces pieces = { .pool = &model->pool };
        host_params(&pieces, model, func);
        pieces_print(&pieces, out, pool_printf(&model->pool, "%s(", name), after);
}

static void write_functions(FILE *out, struct model *model)
{
        if (model->n_exports)
                fprintf(out,
                        "\n/* The add-in's functions: 0 is success, 1 the contract's own error (in ret_err), negative a fault. "
                        "Arguments are\n"
                        " * borrowed%s; results are the caller's to free, and written only on success. */\n",
                        model->n_resources ? ", but for handles of type own, which are given away" : "");
        for (size_t i = 0; i < model->n_exports; i++) {
                const struct c_func *func = &model->exports[i];
                write_title(out, model, func, i ? &model->exports[i - 1] : NULL, "Exported to");
                fputc('\n', out);
                if (func->isolated) {
                        host_print_direct(out, model, func, i);
                } else {
                        write_docs(out, "", func->wit->docs);
                        host_print_prototype(out, model, func, pool_printf(&model->pool, "int %s", func->name), ");\n");
                }
        }
}

void write_host_header(FILE *out, struct model *model)
{
        bool utf16 = model->primitives[WIT_STRING] && model->options.encoding == GENERATE_UTF16;
        write_header_begin(out, model, utf16 ? "#include <uchar.h>\n#include <ward/host.h>\n" : "#include <ward/host.h>\n");
        write_types(out, model);
        fprintf(out, "\n/* An activated add-in. */\nstruct %s;\n", model->tag);
        write_services(out, model);
        write_life(out, model);
        write_objects(out, model);
        write_functions(out, model);
        if (model->options.async)
                host_print_async(out, model);
        write_helper_prototypes(out, model);
        write_header_end(out);
}
