/* The add-in view: what wit-bindgen's C users know. One source serves both forms of an add-in. */
#include <stdlib.h>
#include "generate/embed.h"
#include "generate/write.h"

static bool is_export(const struct model *model, const struct c_func *func)
{
        return func >= model->exports && func < model->exports + model->n_exports;
}

void write_addin_prototype(FILE *out, struct model *model, const struct c_func *func, const char *name, const char *after)
{
        struct pieces pieces = { .pool = &model->pool };
        prototype_params(&pieces, func, model->options.ownership == GENERATE_BORROWING && is_export(model, func));
        prototype_outputs(&pieces, func);
        if (!pieces.n)
                pieces_add(&pieces, "void");
        pieces_print(&pieces, out, pool_printf(&model->pool, "%s %s(", prototype_return(func), name), after);
}

static void write_prototype(FILE *out, struct model *model, const struct c_func *func, const char *after)
{
        write_addin_prototype(out, model, func, func->name, after);
}

static void write_prototypes(FILE *out, struct model *model, const struct c_func *funcs, size_t n, const char *title)
{
        for (size_t i = 0; i < n; i++) {
                write_title(out, model, &funcs[i], i ? &funcs[i - 1] : NULL, title);
                if (funcs[i].wit->docs)
                        fputc('\n', out);
                write_docs(out, "", funcs[i].wit->docs);
                write_prototype(out, model, &funcs[i], ");\n");
        }
}

static void write_functions(FILE *out, struct model *model)
{
        bool borrowing = model->options.ownership == GENERATE_BORROWING;
        if (model->n_imports)
                fputs("\n/* Functions to call. Arguments stay the caller's, but for handles that own; results are the caller's. "
                      "*/\n",
                      out);
        write_prototypes(out, model, model->imports, model->n_imports, "Imported from");
        write_post_prototypes(out, model);
        if (model->n_exports)
                fputs(borrowing ? "\n/* Functions to define. Arguments are views that last as long as the call: there is nothing "
                                  "to free in "
                                  "them.\n * What results hold comes from malloc, and is freed once it was passed on. */\n"
                                : "\n/* Functions to define. Arguments are the function's own to free, each string and list a "
                                  "block of "
                                  "malloc;\n * what results hold comes from malloc too, and is freed once it was passed on. */\n",
                      out);
        write_prototypes(out, model, model->exports, model->n_exports, "Exported to");
}

void write_addin_header(FILE *out, struct model *model)
{
        bool utf16 = model->primitives[WIT_STRING] && model->options.encoding == GENERATE_UTF16;
        write_header_begin(out, model,
                           utf16 ? "#include <stdbool.h>\n#include <stddef.h>\n#include <stdint.h>\n#include <uchar.h>\n"
                                 : "#include <stdbool.h>\n#include <stddef.h>\n#include <stdint.h>\n");
        write_types(out, model);
        fputs("\n/* No function here is seen outside the add-in, so that two of them in one process never meet. */\n"
              "#pragma GCC visibility push(hidden)\n",
              out);
        write_functions(out, model);
        fputs("\n/* Whether the host, which did not wait for the call that runs on this thread, has cancelled it: it wishes that "
              "the "
              "call\n * ended soon, whatever its result. */\nbool ward_cancelled(void);\n",
              out);
        write_resource_prototypes(out, model);
        write_helper_prototypes(out, model);
        fputs("\n#pragma GCC visibility pop\n", out);
        write_header_end(out);
}

static void write_import_result(FILE *out, const struct c_func *func)
{
        const struct c_type *result = func->result ? type_meant(func->result) : NULL;
        if (!result)
                return;
        if (type_is_scalar(result)) {
                fputs("        return result;\n", out);
        } else if (result->kind == WIT_OPTION) {
                fputs("        if (result.is_some)\n                *ret = result.val;\n        return result.is_some;\n", out);
        } else if (result->kind == WIT_RESULT) {
                if (result->members[1].type)
                        fputs("        if (result.is_err)\n                *err = result.val.err;\n", out);
                if (result->members[0].type)
                        fputs("        if (!result.is_err)\n                *ret = result.val.ok;\n", out);
                fputs("        return !result.is_err;\n", out);
        }
}

/* An import's C function: C's parameters into the argument struct, and the result out of its own. */
static void write_import(FILE *out, struct model *model, const struct c_func *func)
{
        fputc('\n', out);
        write_prototype(out, model, func, ")\n{\n");
        prototype_fill(out, func);
        bool whole = func->result && !type_is_scalar(func->result) && *prototype_return(func) == 'v';
        if (func->result && !whole)
                fprintf(out, "        %s result;\n", func->result->name);
        fprintf(out, "        %s_call(&args, %s);\n", func->id, whole ? "ret" : func->result ? "&result" : "NULL");
        if (!whole)
                write_import_result(out, func);
        fputs("}\n", out);
}

static void write_export(FILE *out, struct model *model, const struct c_func *func)
{
        fprintf(out, "\nstatic void %s_call(void *a, void *r)\n{\n", func->id);
        if (func->params->n_members)
                fprintf(out, "        struct %s_args *args = (struct %s_args *)a;\n", func->id, func->id);
        else
                fputs("        (void)a;\n", out);
        if (!func->result)
                fputs("        (void)r;\n", out);
        if (func->drops)
                fprintf(out, "        struct ward_lent lent;\n        ward_lent_note(&lent, &%s_params, args);\n", func->id);
        prototype_call(out, &model->pool, func, func->name, NULL);
        fputs(func->drops ? "        ward_lent_drop(&lent, drop_handle);\n}\n" : "}\n", out);
}

/* The stubs of functions that are scalar, or of those that are not: WebAssembly has others for scalar ones. */
static void write_stubs(FILE *out, struct model *model, bool scalar)
{
        for (size_t i = 0; i < model->n_imports; i++)
                if (model->imports[i].scalar == scalar)
                        write_import(out, model, &model->imports[i]);
        for (size_t i = 0; i < model->n_exports; i++)
                if (model->exports[i].scalar == scalar)
                        write_export(out, model, &model->exports[i]);
}

/* What the stubs call, and each form of the add-in defines. */
static void write_declarations(FILE *out, const struct model *model)
{
        fputs("\n/* Between C's calls and argument structs. */\n", out);
        for (size_t i = 0; i < model->n_imports; i++)
                if (!model->imports[i].scalar)
                        fprintf(out, "static void %s_call(const void *args, void *result);\n", model->imports[i].id);
        if (model_has_handles(model))
                fputs("static void drop_handle(uint32_t resource, int32_t handle);\n", out);
}

static void write_embedded(FILE *out, const struct model *model)
{
        char *text = embed_text(model->contract, model->world, model->options.encoding == GENERATE_UTF16);
        embed_write(out, text);
        free(text);
}

void write_addin_source(FILE *out, struct model *model)
{
        write_banner(out, model);
        fprintf(out, "#include \"%s.h\"\n#include <ward/addin.h>\n#include <ward/flat.h>\n", model->prefix);
        fputs(model->options.autodrop_borrows ? "#include <ward/lent.h>\n" : "", out);
        fputs("\n/* Not every descriptor is used in each form of the add-in. */\n"
              "#pragma GCC diagnostic ignored \"-Wunused-const-variable\"\n",
              out);
        write_type_tables(out, model);
        for (size_t i = 0; i < model->n_imports; i++)
                write_func_tables(out, model, &model->imports[i], true);
        for (size_t i = 0; i < model->n_exports; i++)
                write_func_tables(out, model, &model->exports[i], false);
        write_declarations(out, model);
        write_stubs(out, model, false);
        fputs("\n#ifndef __wasm__ /* The form of a shared library: whoever loads it looks for ward_addin_1. */\n", out);
        write_addin_native(out, model);
        write_stubs(out, model, true);
        write_posts_native(out, model);
        write_addin_tables(out, model);
        fputs("\n#else /* The form of a WebAssembly module: core functions by the Canonical ABI. */\n", out);
        write_addin_wasm(out, model);
        write_posts_wasm(out, model);
        fputs("\n#endif\n\n/* Helpers. */\n", out);
        fputs(model_has_memory(model) ? "#define WARD_ADDIN_ENV env\n#include <ward/addin_buffer.h>\n" : "", out);
        write_resource_helpers(out, model);
        write_helpers(out, model);
        write_embedded(out, model);
}
