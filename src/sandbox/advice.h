/* Why this machine may refuse a layer, and how to get it: what the kernel's settings and the rights of this process say of that.
 * Reads /proc and /sys, makes no process and changes nothing. Thread-safe. */
#ifndef SANDBOX_ADVICE_H
#define SANDBOX_ADVICE_H

#include <stddef.h>

/* Of the first of @layers (bits of enum ward_layer) that has any: sentences, each with a full stop and a space behind it; or
 * nothing, where nothing is seen to be in its way. */
void advice_for(unsigned layers, char *room, size_t size);

#endif
