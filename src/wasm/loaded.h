/* The images that are loaded in this process, each once, whoever asked for it. */
#ifndef WASM_LOADED_H
#define WASM_LOADED_H

#include "wasm/image.h"
#include "wasm/seal.h"

/* Where an image is: a file that was checked. Borrowed. */
struct wasm_image_file {
        int fd;
        int folder;       /* it is KEY.so there; -1: it has any name */
        const char *path; /* of the file or folder, for faults */
};

/* With a reference, or NULL. */
struct wasm_image *wasm_image_find(const char *key);

/* The one that is loaded with @key, or else that in @file. 0 with a reference; 1 if the file is no image that can be loaded, with
 * the reason in @fault; or a fault. */
int wasm_image_load(const char *key, const struct wasm_image_file *file, struct wasm_image **ret_image, struct ward_fault *fault);

#endif
