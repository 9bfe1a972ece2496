/* The folder that a confined program writes, as its launcher sees it: hostile. Only system calls. */
#ifndef WASM_SCRATCH_H
#define WASM_SCRATCH_H

#include <stdbool.h>
#include "sandbox/root.h"

/* Whether what is in it keeps to the bounds that it would have in a root of its own. */
bool scratch_is_within(const struct sandbox_root *root);

/* Copies regular file @name to @to, unless it is larger than the bounds. What is not there, or no such file, copies nothing. 0, or
 * a negative errno. */
int scratch_copy(const struct sandbox_root *root, const char *name, int to);

#endif
