/* The folder of compiled modules. It and all in it are code that hosts of this user will run, so it must belong to the user and be
 * writable by nobody else; which is checked on what was opened, each time.
 *
 *     HEX.so      an image, named by the hash of all that went into it, with a seal at its end; renamed into place when
 *                 whole. Its modification time is when it was last used, to the hour
 *     HEX.lock    held while it is being built, then removed
 *     build-XXXXXX/ where it is built */
#ifndef WASM_CACHE_H
#define WASM_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <ward/fault.h>
#include "wasm/seal.h"

struct wasm_cache {
        char *path; /* owned */
        int folder;
};

/* Opens the folder, and makes it if need be; @path NULL: $WARD_CACHE, else $XDG_CACHE_HOME/ward, else ~/.cache/ward. */
int wasm_cache_open(const char *path, struct wasm_cache *ret_cache, struct ward_fault *fault);
void wasm_cache_close(struct wasm_cache *cache);

/* Opens the image with @key, which counts as using it. 0, or 1 if there is none that can be trusted and is whole. */
int wasm_cache_find(const struct wasm_cache *cache, const char *key, int *ret_fd, struct wasm_label *ret_label);

/* Waits until nobody else builds @key. Returns a descriptor that holds the right to, or -1 where that took too long: building it
 * twice does no harm. */
int wasm_cache_lock(const struct wasm_cache *cache, const char *key);
void wasm_cache_unlock(const struct wasm_cache *cache, const char *key, int lock);

/* Removes what hosts left that were killed while they built. */
void wasm_cache_sweep(const struct wasm_cache *cache);

/* A new empty folder to build in. */
#define WASM_BUILD_PREFIX "build-"
struct wasm_build {
        char name[16];
        int folder;
};

int wasm_build_begin(const struct wasm_cache *cache, struct wasm_build *ret_build, struct ward_fault *fault);
/* Seals @file with @label and moves it out of there, into its place as the image with @key. */
int wasm_build_publish(const struct wasm_cache *cache, const struct wasm_build *build, const char *file, const char *key,
                       const struct wasm_label *label, struct ward_fault *fault);
/* Removes it and what is in it. */
void wasm_build_end(const struct wasm_cache *cache, struct wasm_build *build);

/* --- What is in it (cache_list.c) ------------------------------------------------------------- */

struct wasm_cached {
        char key[WASM_KEY_LEN + 1];
        struct wasm_label label; /* empty where the file is damaged, or another version's */
        uint64_t bytes;          /* on the disk */
        time_t used;
};

/* All images, the last used first, to be freed with free(). */
int wasm_cache_list(const struct wasm_cache *cache, struct wasm_cached **ret_all, size_t *ret_n, struct ward_fault *fault);

/* Which are to stay: those used after @after, and of them the last used that take @bytes together; the @least last used in any
 * case. Hosts that have one of the others loaded, or open, keep it. What builds left that were killed goes as well. */
struct wasm_cache_bounds {
        uint64_t bytes;
        time_t after;
        size_t least;
};
struct wasm_cache_pruned {
        size_t n;
        uint64_t bytes;
};
int wasm_cache_prune(const struct wasm_cache *cache, const struct wasm_cache_bounds *bounds, struct wasm_cache_pruned *ret_pruned,
                     struct ward_fault *fault);

/* How much is kept unless the host says so: $WARD_CACHE_MAX, as "500M" or "2G", else 1 GiB. */
uint64_t wasm_cache_default_bytes(void);
/* "500", "10K", "500M", "2G". */
bool wasm_cache_parse_bytes(const char *text, uint64_t *ret_bytes);

#endif
