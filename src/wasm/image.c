/* Where the image of a module comes from: a file that the host names, its folder of packaged images, what is loaded, the cache, or
 * the compiler; in this order. */
#include "wasm/image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/fault.h"
#include "base/own.h"
#include "wasm/loaded.h"
#include "wasm/source.h"

/* --- Packaged --------------------------------------------------------------------------------- */

static int check_packaged(const struct wasm_source *source, const char *path, int fd, struct ward_fault *fault)
{
        struct wasm_label label;
        if (!wasm_seal_is_trusted(fd, true))
                return fault_set(
                        fault, WARD_FAULT_COMPILE,
                        "image %s is not to be trusted: it must be a file of this user or of root, which nobody else may write",
                        path);
        if (!wasm_seal_check(fd, &label))
                return fault_set(fault, WARD_FAULT_COMPILE, "image %s is damaged, or was not made by ward compile", path);
        if (!strcmp(label.module, source->module_key))
                return 0;
        return fault_set(
                fault, WARD_FAULT_COMPILE,
                "image %s is of another module than '%s', or made by another Ward (it is of %s, by %s): make it anew with ward "
                "compile",
                path, source->options->name, label.name, label.version);
}

/* One that is loaded serves for it: it is of the same module. */
static int load_packaged(const struct wasm_source *source, const char *path, int fd, struct wasm_image **ret_image,
                         struct ward_fault *fault)
{
        const struct wasm_image_file file = { fd, -1, path };
        int r = check_packaged(source, path, fd, fault);
        if (!r)
                r = wasm_image_load(source->module_key, &file, ret_image, fault);
        return r > 0 ? -WARD_FAULT_COMPILE : r;
}

static int get_named(const struct wasm_source *source, struct wasm_image **ret_image, struct ward_fault *fault)
{
        const char *path = source->options->image;
        OWNED(fd_closep) int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0)
                return fault_set_errno(fault, WARD_FAULT_COMPILE, errno, "cannot open image %s", path);
        return load_packaged(source, path, fd, ret_image, fault);
}

/* 1: there is none in the folder. */
static int get_packaged(const struct wasm_source *source, struct wasm_image **ret_image, struct ward_fault *fault)
{
        OWNED(freep) char *path = NULL;
        if (asprintf(&path, "%s/%s.so", source->options->image_path, source->module_key) < 0) {
                path = NULL;
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot look for a compiled module");
        }
        OWNED(fd_closep) int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0 && errno == ENOENT)
                return 1;
        if (fd < 0)
                return fault_set_errno(fault, WARD_FAULT_COMPILE, errno, "cannot open image %s", path);
        return load_packaged(source, path, fd, ret_image, fault);
}

static int forbidden(const struct wasm_source *source, struct ward_fault *fault)
{
        const char *folder = source->options->image_path;
        return fault_set(
                fault, WARD_FAULT_COMPILE,
                "module '%s' is not compiled, and this host forbids to compile it now (no_compiler): make its image with ward "
                "compile -o %s",
                source->options->name, folder ? folder : "IMAGE, and name that when it is activated");
}

/* --- Cached, or built ------------------------------------------------------------------------- */

/* 0; 1 if there is none, or none that can be loaded; or a fault. */
static int get_cached(const struct wasm_cache *cache, const char *key, struct wasm_image **ret_image, struct ward_fault *fault)
{
        struct wasm_label label;
        OWNED(fd_closep) int fd = -1;
        int r = wasm_cache_find(cache, key, &fd, &label);
        if (r)
                return r;
        const struct wasm_image_file file = { fd, cache->folder, cache->path };
        return wasm_image_load(key, &file, ret_image, fault);
}

/* What is new has its place; what was not used for long gives way. */
static void make_room(const struct wasm_cache *cache, const struct wasm_image_options *options)
{
        const struct wasm_cache_bounds bounds = { options->cache_bytes ? options->cache_bytes : wasm_cache_default_bytes(), 0, 1 };
        struct wasm_cache_pruned pruned;
        wasm_cache_prune(cache, &bounds, &pruned, NULL);
}

/* Somebody else may have built it while this one waited for the lock. */
static int get_built(const struct wasm_cache *cache, const struct wasm_source *source, struct wasm_image **ret_image,
                     struct ward_fault *fault)
{
        int held = wasm_cache_lock(cache, source->key);
        int r = get_cached(cache, source->key, ret_image, fault);
        if (r == 1) {
                r = wasm_source_build(source, cache, fault);
                if (!r)
                        r = get_cached(cache, source->key, ret_image, fault);
                if (!r)
                        make_room(cache, source->options);
        }
        wasm_cache_unlock(cache, source->key, held);
        return r == 1 ? -WARD_FAULT_COMPILE : r;
}

static int get_own(struct wasm_source *source, struct wasm_image **ret_image, struct ward_fault *fault)
{
        struct wasm_cache cache;
        int r = wasm_source_identify(source, fault);
        if (r)
                return r;
        *ret_image = wasm_image_find(source->key);
        if (*ret_image)
                return 0;
        r = wasm_cache_open(source->options->cache_path, &cache, fault);
        if (r)
                return r;
        r = get_cached(&cache, source->key, ret_image, fault);
        if (r == 1)
                r = get_built(&cache, source, ret_image, fault);
        wasm_cache_close(&cache);
        return r;
}

static int get(struct wasm_source *source, struct wasm_image **ret_image, struct ward_fault *fault)
{
        const struct wasm_image_options *options = source->options;
        if (options->image)
                return get_named(source, ret_image, fault);
        int r = options->image_path ? get_packaged(source, ret_image, fault) : 1;
        if (r != 1)
                return r;
        return options->no_compiler ? forbidden(source, fault) : get_own(source, ret_image, fault);
}

int wasm_image_get(const struct wasm_module *module, const struct wasm_image_options *options, struct wasm_image **ret_image,
                   struct ward_fault *fault)
{
        struct wasm_source source;
        struct wasm_image *image = NULL;
        int r = wasm_source_init(&source, module, options, fault);
        if (!r)
                r = get(&source, &image, fault);
        wasm_source_finish(&source);
        if (!r)
                *ret_image = image;
        return r;
}
