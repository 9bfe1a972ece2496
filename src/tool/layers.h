/* Layers (enum ward_layer), for people and for programs. */
#ifndef TOOL_LAYERS_H
#define TOOL_LAYERS_H

#include <jansson.h>
#include <stdio.h>

/* An array of names. */
json_t *layers_json(unsigned held);
/* " pid-namespace landlock\n", or " nothing but limits\n". */
void layers_print(unsigned held, FILE *out);

#endif
