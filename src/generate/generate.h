/* A world of a contract -> C text: the add-in view, for who implements it, or the host view, for who calls it.
 *
 * A view is a header, which people read, and a source, which holds only constants and thin stubs over <ward/…>. Names and ownership
 * follow wit-bindgen's C generator. The text depends on nothing but the contract and the options: it is the same from run to run.
 * The world must be one that can be bound: see wit_unbound(). */
#ifndef GENERATE_GENERATE_H
#define GENERATE_GENERATE_H

#include <stdio.h>
#include "contract/contract.h"

enum generate_side {
        GENERATE_ADDIN,
        GENERATE_HOST,
};

/* How strings are held in C. */
enum generate_encoding {
        GENERATE_UTF8,
        GENERATE_UTF16,
};

/* Whose the arguments of an add-in's functions are. */
enum generate_ownership {
        GENERATE_OWNING,    /* the function's */
        GENERATE_BORROWING, /* const views for the length of the call */
};

/* C names of interface @interface ("ns:pkg/iface@1.0.0", or an inline one's label) begin with @name. */
struct generate_rename {
        const char *interface;
        const char *name;
};

/* All zero is what wit-bindgen does unasked. */
struct generate_options {
        const struct generate_rename *renames;
        size_t n_renames;
        enum generate_encoding encoding;
        enum generate_ownership ownership; /* add-in view */
        bool async;                        /* host view: functions that begin and finish calls */
        bool autodrop_borrows;             /* add-in view: an export's borrowed handles are dropped when it returns */
};

/* The name of the view's files without .h and .c, malloc'd: "calculator", "calculator_host". */
char *generate_stem(const struct wit_world *world, enum generate_side side);

/* The first of the renames whose interface @world neither imports nor exports, or NULL. */
const struct generate_rename *generate_idle_rename(const struct wit_world *world, const struct generate_options *options);

/* Writes the view of @world, which is of @contract, to two streams. The caller checks them for errors. @options: NULL for none. */
void generate_view(const struct contract *contract, const struct wit_world *world, enum generate_side side,
                   const struct generate_options *options, FILE *header, FILE *source);

#endif
