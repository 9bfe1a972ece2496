/* A world of a contract -> C text: the add-in view, for who implements it, or the host view, for who calls it.
 *
 * A view is a header, which people read, and a source, which holds only constants and thin stubs over <ward/…>. Names and ownership
 * follow wit-bindgen's C generator. The text depends on nothing but the contract: it is the same from run to run. */
#ifndef GENERATE_GENERATE_H
#define GENERATE_GENERATE_H

#include <stdio.h>
#include "contract/contract.h"

enum generate_side {
        GENERATE_ADDIN,
        GENERATE_HOST,
};

/* The name of the view's files without .h and .c, malloc'd: "calculator", "calculator_host". */
char *generate_stem(const struct wit_world *world, enum generate_side side);

/* Writes the view of @world, which is of @contract, to two streams. The caller checks them for errors. */
void generate_view(const struct contract *contract, const struct wit_world *world, enum generate_side side, FILE *header,
                   FILE *source);

#endif
