#include "wasm/source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ward/host.h>
#include "base/clock.h"
#include "base/fault.h"
#include "base/own.h"
#include "wasm/glue.h"
#include "wasm/key.h"
#include "wasm/map.h"
#include "wasm/translate.h"

enum { NS_PER_MS = 1000000 };

int wasm_source_init(struct wasm_source *source, const struct wasm_module *module, const struct wasm_image_options *options,
                     struct ward_fault *fault)
{
        OWNED(freep) char *recipe = NULL;
        *source = (struct wasm_source){ .module = module, .options = options };
        if (wasm_translate_recipe(options->checked, options->looking, &recipe))
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot look for a compiled module");
        const struct ward_span parts[] = { wasm_module_bytes(module), span_of(wasm_rt_text), span_of(recipe),
                                           span_of(WARD_VERSION) };
        wasm_key(parts, COUNT_OF(parts), source->module_key);
        return 0;
}

int wasm_source_identify(struct wasm_source *source, struct ward_fault *fault)
{
        int r = wasm_tools_find(source->options->compiler, &source->tools, fault);
        if (r)
                return r;
        const struct ward_span parts[] = { span_of(source->module_key), span_of(source->tools->identity) };
        wasm_key(parts, COUNT_OF(parts), source->key);
        return 0;
}

void wasm_source_finish(struct wasm_source *source)
{
        source->tools = wasm_tools_free(source->tools);
}

static void write_label(const struct wasm_source *source, unsigned held, uint64_t began, struct wasm_label *ret_label)
{
        const struct wasm_tools *tools = source->tools;
        const char *name = strrchr(source->options->name, '/');
        struct wasm_label label = { .version = WARD_VERSION, .held = held };
        memcpy(label.module, source->module_key, WASM_KEY_LEN);
        snprintf(label.name, sizeof label.name, "%s", name ? name + 1 : source->options->name);
        for (size_t i = 0, len = 0; i < tools->n_words && len < sizeof label.compiler; i++)
                len += (size_t)snprintf(label.compiler + len, sizeof label.compiler - len, "%s%s", i ? " " : "",
                                        i ? tools->words[i] : tools->compiler);
        label.took_ms = (uint32_t)((clock_now() - began) / NS_PER_MS);
        *ret_label = label;
}

static int translate(const struct wasm_source *source, int folder, unsigned *ret_held, struct ward_fault *fault)
{
        OWNED(freep) uint8_t *bytes = NULL;
        OWNED(freep) char *glue = NULL;
        OWNED(wasm_marked_finish) struct wasm_marked marked = { 0 };
        size_t len;
        int r = wasm_module_rewrite(source->module, &bytes, &len, fault);
        if (!r)
                r = wasm_glue(source->module, &glue, fault);
        if (!r)
                r = wasm_marked_make(source->module, &marked, fault);
        if (r)
                return r;
        const struct wasm_translation translation = {
                .tools = source->tools,
                .module = { bytes, len },
                .glue = glue,
                .marks = marked.functions,
                .n_functions = marked.n_functions,
                .name = source->options->name,
                .checked = source->options->checked,
                .looking = source->options->looking,
                .progress = source->options->progress,
                .progress_data = source->options->progress_data,
        };
        r = wasm_translate(&translation, folder, ret_held, fault);
        return r ? r : wasm_map_write(source->module, &marked, folder, WASM_IMAGE_FILE, fault);
}

int wasm_source_build(const struct wasm_source *source, const struct wasm_cache *cache, struct ward_fault *fault)
{
        uint64_t began = clock_now();
        struct wasm_label label;
        struct wasm_build build;
        unsigned held = 0;
        int r = wasm_build_begin(cache, &build, fault);
        if (r)
                return r;
        r = translate(source, build.folder, &held, fault);
        write_label(source, held, began, &label);
        if (!r)
                r = wasm_build_publish(cache, &build, WASM_IMAGE_FILE, source->key, &label, fault);
        wasm_build_end(cache, &build);
        return r;
}
