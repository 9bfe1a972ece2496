/* From a rewritten module to a shared library: wasm2c, Ward's own rewriting of what that makes, and the C compiler, on several
 * files at once where a module is large. */
#ifndef WASM_TRANSLATE_H
#define WASM_TRANSLATE_H

#include <stdbool.h>
#include <ward/fault.h>
#include "base/span.h"
#include "wasm/tools.h"

/* Told as the work goes on: what is done, and of what. May be called some hundred times. */
typedef void (*wasm_progress)(void *data, const char *step, size_t done, size_t total);

struct wasm_translation {
        const struct wasm_tools *tools;
        struct ward_span module;
        const char *glue;
        const struct wasm_marks *marks; /* as in struct wasm_recast_options, as @n_functions is */
        uint32_t n_functions;
        const char *name;       /* the module's, for faults */
        wasm_progress progress; /* NULL: none */
        void *progress_data;
        bool checked, looking; /* as in struct wasm_recast_options */
};

/* A hash of Ward's own part in it. */
extern const char wasm_sources[];

/* All that changes what is made of a module, but for the tools, as text; to be freed. -ENOMEM. */
int wasm_translate_recipe(bool checked, bool looking, char **ret_text);

/* Makes the file WASM_IMAGE_FILE in @folder, along with others. @ret_held: what confined the tools (enum ward_layer). */
#define WASM_IMAGE_FILE "image.so"
int wasm_translate(const struct wasm_translation *translation, int folder, unsigned *ret_held, struct ward_fault *fault);

#endif
