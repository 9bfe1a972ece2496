/* The folder of compiled modules. It and all in it are code that hosts of this user will run, so it must belong to the user and be
 * writable by nobody else; which is checked on what was opened, each time.
 *
 *     HEX.so      an image, named by the hash of all that went into it, with a hash of itself at its end; renamed into place
 *                 when whole
 *     HEX.lock    held while it is being built, then removed
 *     build-XXXXXX/ where it is built */
#ifndef WASM_CACHE_H
#define WASM_CACHE_H

#include <ward/fault.h>

enum { WASM_KEY_LEN = 64 };

struct wasm_cache {
        char *path; /* owned */
        int folder;
};

/* Opens the folder, and makes it if need be; @path NULL: $WARD_CACHE, else $XDG_CACHE_HOME/ward, else ~/.cache/ward. */
int wasm_cache_open(const char *path, struct wasm_cache *ret_cache, struct ward_fault *fault);
void wasm_cache_close(struct wasm_cache *cache);

/* Opens the image with @key. 0, or 1 if there is none that can be trusted and is whole. */
int wasm_cache_find(const struct wasm_cache *cache, const char *key, int *ret_fd);

/* Waits until nobody else builds @key. Returns a descriptor that holds the right to, or -1 where that took too long: building it
 * twice does no harm. */
int wasm_cache_lock(const struct wasm_cache *cache, const char *key);
void wasm_cache_unlock(const struct wasm_cache *cache, const char *key, int lock);

/* A new empty folder to build in. */
struct wasm_build {
        char name[16];
        int folder;
};

int wasm_build_begin(const struct wasm_cache *cache, struct wasm_build *ret_build, struct ward_fault *fault);
/* Moves @file out of it, into its place as the image with @key. */
int wasm_build_publish(const struct wasm_cache *cache, const struct wasm_build *build, const char *file, const char *key,
                       struct ward_fault *fault);
/* Removes it and what is in it. */
void wasm_build_end(const struct wasm_cache *cache, struct wasm_build *build);

#endif
