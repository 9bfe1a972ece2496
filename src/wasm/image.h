/* Images: modules compiled to shared libraries, loaded once in a process however many instances share them. */
#ifndef WASM_IMAGE_H
#define WASM_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <ward/fault.h>
#include "wasm/image_abi.h"
#include "wasm/module.h"

struct wasm_image;
struct wasm_map;

struct wasm_image_options {
        const char *name;       /* the module's path, for faults */
        const char *cache_path; /* NULL: $WARD_CACHE, else $XDG_CACHE_HOME/ward, else ~/.cache/ward */
        const char *compiler;   /* NULL: $WARD_CC, else the first of cc, gcc, clang */
        bool checked, looking;  /* as in struct wasm_recast_options: other images of the same module */
        uint64_t cache_bytes;   /* what the cache may take; 0: $WARD_CACHE_MAX, else 1 GiB */
        const char *image;      /* the image, a file that wasm_package made of this module; NULL: to be found */
        const char *image_path; /* a folder of such, looked in first; NULL: none */
        bool no_compiler;       /* these or none: neither the cache nor the compiler */
        void (*progress)(void *data, const char *step, size_t done, size_t total); /* of compiling (translate.h); NULL: none */
        void *progress_data;
};

/* The image of @module: one that the host names or has in its folder; else one that is loaded, or cached, or else compiled now,
 * which takes seconds. With a reference. */
int wasm_image_get(const struct wasm_module *module, const struct wasm_image_options *options, struct wasm_image **ret_image,
                   struct ward_fault *fault);
struct wasm_image *wasm_image_ref(struct wasm_image *image);
/* NULL is fine. Returns NULL. The last reference unloads the code. */
struct wasm_image *wasm_image_unref(struct wasm_image *image);

/* What every image is given when it is loaded (runtime.c). */
extern const struct wasm_runtime wasm_runtime;

const struct wasm_image_entry *wasm_image_entry(const struct wasm_image *image);
/* Whether @pc is in the image's code. Async-signal-safe. */
bool wasm_image_holds(const struct wasm_image *image, uintptr_t pc);
/* Where the code at @pc is in the image as it was linked: what its map counts from. */
uintptr_t wasm_image_offset(const struct wasm_image *image, uintptr_t pc);
/* Borrowed: lives as long as @image. */
const struct wasm_map *wasm_image_map(const struct wasm_image *image);

#endif
