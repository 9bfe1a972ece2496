/* Images to take along: made on one machine, loaded on others, where there is neither a compiler nor the cache. They run where the
 * processor is of the kind they were made on, with the version of Ward that made them. */
#ifndef WASM_PACKAGE_H
#define WASM_PACKAGE_H

#include "wasm/image.h"
#include "wasm/seal.h"

struct wasm_package {
        char key[WASM_KEY_LEN + 1]; /* the module's */
        char *path;                 /* owned */
        bool was_there;             /* in the cache: nothing was compiled */
        uint64_t bytes;
        struct wasm_label label;
};

/* Compiles @module into the cache, unless it is there; then, unless @output is NULL, copies the image to that file, or into that
 * folder as KEY.so, in the place of what is there. Not loaded. */
int wasm_package(const struct wasm_module *module, const struct wasm_image_options *options, const char *output,
                 struct wasm_package *ret_package, struct ward_fault *fault);
void wasm_package_finish(struct wasm_package *package);

#endif
