/* Printing C: the pieces that both views share. Every function prints to @out. */
#ifndef GENERATE_WRITE_H
#define GENERATE_WRITE_H

#include <stdio.h>
#include "generate/model.h"

enum { WRITE_COLUMNS = 132 };

/* A list of texts on its way to a line: "before(a, b, c)after", broken where it grows too long. */
struct pieces {
        struct pool *pool;
        const char **at;
        size_t n;
        size_t room;
};

void pieces_add(struct pieces *pieces, const char *format, ...) __attribute__((format(printf, 2, 3)));
void pieces_print(const struct pieces *pieces, FILE *out, const char *before, const char *after);

/* A comment with the contract's documentation, or nothing. */
void write_docs(FILE *out, const char *indent, const char *docs);
/* A title over the functions of one interface or of the world, where @func is the first of them: it follows @before. */
void write_title(FILE *out, const struct model *model, const struct c_func *func, const struct c_func *before, const char *title);
void write_banner(FILE *out, const struct model *model);
/* Lines that every header begins and ends with: guard and extern "C". @includes are lines of their own. */
void write_header_begin(FILE *out, const struct model *model, const char *includes);
void write_header_end(FILE *out);

/* types.c: the header's types; the prototypes of helpers; their definitions. */
void write_types(FILE *out, const struct model *model);
void write_helper_prototypes(FILE *out, const struct model *model);
void write_helpers(FILE *out, const struct model *model);

/* tables.c: descriptors of types; a function's argument struct and descriptors. */
void write_type_tables(FILE *out, const struct model *model);
void write_func_tables(FILE *out, const struct model *model, const struct c_func *func, bool import);

/* prototype.c: C's view of functions. The parameters, as wit-bindgen has them, into @pieces; where @borrowed pointers are to const.
 */
void prototype_params(struct pieces *pieces, const struct c_func *func, bool borrowed);
/* The results that are returned through pointers. */
void prototype_outputs(struct pieces *pieces, const struct c_func *func);
/* What is returned by value: "void", "bool", "double". */
const char *prototype_return(const struct c_func *func);

/* The statements that call @callee, a function of the C convention, with the argument struct that `args` points to, and write its
 * result to the place that `r` points to. @first is its first argument, or NULL. */
void prototype_call(FILE *out, struct pool *pool, const struct c_func *func, const char *callee, const char *first);
/* The statements that declare the argument struct `args` and fill it from C parameters. */
void prototype_fill(FILE *out, const struct c_func *func);

/* addin_resource.c: an add-in's helpers for resources. */
void write_resource_prototypes(FILE *out, const struct model *model);
void write_resource_helpers(FILE *out, const struct model *model);

/* addin_post.c: calls of the host that nobody waits for. */
void write_post_prototypes(FILE *out, struct model *model);
void write_posts_native(FILE *out, struct model *model);
void write_posts_wasm(FILE *out, struct model *model);

/* addin.c, addin_native.c, addin_wasm.c, host.c. The native form has what the stubs call before them, and tables of them behind. */
void write_addin_prototype(FILE *out, struct model *model, const struct c_func *func, const char *name, const char *after);
void write_addin_header(FILE *out, struct model *model);
void write_addin_source(FILE *out, struct model *model);
void write_addin_native(FILE *out, struct model *model);
void write_addin_tables(FILE *out, struct model *model);
void write_addin_wasm(FILE *out, struct model *model);
void write_host_header(FILE *out, struct model *model);
void write_host_source(FILE *out, struct model *model);

#endif
