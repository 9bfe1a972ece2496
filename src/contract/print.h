/* A contract, or what one world of it needs, as WIT text again. */
#ifndef CONTRACT_PRINT_H
#define CONTRACT_PRINT_H

#include <stdio.h>
#include "contract/contract.h"

/* The whole contract in normal form: the main package with its header, documentation and gates, then the other packages as
 * `package a:b { … }`, `ward:domain` left out. Reading it gives the same contract. */
void contract_print(const struct contract *contract, FILE *out);

/* Only @world and what it refers to, without documentation and attributes: what travels with an add-in. The header is that of the
 * world's package, so that contract_world finds the world in what is read from it. */
void contract_print_world(const struct contract *contract, const struct wit_world *world, FILE *out);

#endif
