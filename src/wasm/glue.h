/* The C code between a module's C code and the runtime, one file an image: imports that call through the runtime's table, exports
 * that are called with slots, and the image's one symbol. */
#ifndef WASM_GLUE_H
#define WASM_GLUE_H

#include <ward/fault.h>
#include "wasm/module.h"

/* wasm-rt.h, which the C code that wasm2c writes includes. */
extern const char wasm_rt_text[];

/* glue.c for @module, rewritten. It includes image.c: both are compiled as one. Free @ret_text with free(). */
int wasm_glue(const struct wasm_module *module, char **ret_text, struct ward_fault *fault);

#endif
