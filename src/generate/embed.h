/* The contract that travels with an add-in: the text that <ward/addin.h> describes, and C source that puts it there. */
#ifndef GENERATE_EMBED_H
#define GENERATE_EMBED_H

#include <stdbool.h>
#include <stdio.h>
#include "contract/contract.h"

/* The text for an add-in that implements @world, malloc'd. */
char *embed_text(const struct contract *contract, const struct wit_world *world, bool utf16);

/* Prints file-scope assembly that embeds @text, a line for each of its lines. */
void embed_write(FILE *out, const char *text);

#endif
