/* For tests: an image of a module that the build made, instances of it, and calls by the export's name. Modules are the files of
 * $WARD_TEST_IMAGES, a folder; images are cached in $WARD_CACHE, which the build sets. */
#ifndef WASM_TEST_FIXTURE_H
#define WASM_TEST_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/own.h"
#include "test/harness/harness.h"
#include "wasm/image.h"
#include "wasm/module.h"
#include "wasm/runtime.h"

static inline struct wasm_module *fixture_module(const char *name)
{
        static uint8_t bytes[1 << 20];
        char path[1024];
        struct wasm_module *module = NULL;
        struct ward_fault fault = { 0 };
        if (!getenv("WARD_TEST_IMAGES"))
                harness_skip("the build has no wat2wasm");
        snprintf(path, sizeof path, "%s/%s.wasm", getenv("WARD_TEST_IMAGES"), name);
        FILE *file = fopen(path, "rbe");
        assert_non_null(file);
        size_t len = fread(bytes, 1, sizeof bytes, file);
        fclose(file);
        if (wasm_module_read((struct ward_span){ bytes, len }, path, &module, &fault))
                fail_msg("%s", fault.text);
        return module;
}

static inline struct wasm_binding *fixture_binding(const char *name, const struct wasm_terms *terms)
{
        const struct wasm_image_options options = { .name = name };
        struct wasm_module *module = fixture_module(name);
        struct wasm_binding *binding = NULL;
        struct ward_fault fault = { 0 };
        if (wasm_binding_get(module, terms, &options, &binding, &fault))
                fail_msg("%s", fault.text);
        wasm_module_free(module);
        return binding;
}

static inline uint32_t fixture_need(const struct wasm_terms *terms, const char *name)
{
        for (uint32_t i = 0; i < terms->n_needs; i++)
                if (!strcmp(terms->needs[i].name, name))
                        return i;
        fail_msg("no need is called %s", name);
        return 0;
}

static inline void assert_says(const struct ward_fault *fault, const char *phrase)
{
        if (!strstr(fault->text, phrase))
                fail_msg("the fault does not say '%s': %s", phrase, fault->text);
}

#endif
