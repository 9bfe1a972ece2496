/* What an image is made of and known by.
 *
 * 1. wasm_source_init      the module's key: its bytes, Ward's part in translating it, Ward's version. A packaged image has it
 * 2. wasm_source_identify  finds the tools; the image's key: the module's, the compiler, what that was told. The cache has it
 * 3. wasm_source_build     into the cache, which takes seconds
 * 4. wasm_source_finish */
#ifndef WASM_SOURCE_H
#define WASM_SOURCE_H

#include "wasm/cache.h"
#include "wasm/image.h"
#include "wasm/tools.h"

struct wasm_source {
        const struct wasm_module *module; /* borrowed, as @options is */
        const struct wasm_image_options *options;
        struct wasm_tools *tools;
        char module_key[WASM_KEY_LEN + 1];
        char key[WASM_KEY_LEN + 1];
};

int wasm_source_init(struct wasm_source *source, const struct wasm_module *module, const struct wasm_image_options *options,
                     struct ward_fault *fault);
int wasm_source_identify(struct wasm_source *source, struct ward_fault *fault);
int wasm_source_build(const struct wasm_source *source, const struct wasm_cache *cache, struct ward_fault *fault);
void wasm_source_finish(struct wasm_source *source);

#endif
