/* From a rewritten module to a shared library: wasm2c, then the C compiler, each as a process of its own. */
#ifndef WASM_TRANSLATE_H
#define WASM_TRANSLATE_H

#include <ward/fault.h>
#include "base/span.h"

struct wasm_tools;

/* Finds both programs. @compiler: a command, words separated by blanks; NULL: $WARD_CC, else the first of cc, gcc, clang. */
int wasm_tools_find(const char *compiler, struct wasm_tools **ret_tools, struct ward_fault *fault);
struct wasm_tools *wasm_tools_free(struct wasm_tools *tools);

/* All about them that changes what they make, as text. Borrowed: lives as long as @tools. */
const char *wasm_tools_identity(const struct wasm_tools *tools);

/* Makes the file WASM_IMAGE_FILE in @folder, along with others. @name is the module's, for faults. */
#define WASM_IMAGE_FILE "image.so"
int wasm_translate(const struct wasm_tools *tools, int folder, struct ward_span module, const char *glue, const char *name,
                   struct ward_fault *fault);

#endif
