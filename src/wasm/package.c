#include "wasm/package.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/fault.h"
#include "base/own.h"
#include "wasm/source.h"

/* --- In the cache ----------------------------------------------------------------------------- */

static int build(const struct wasm_source *source, const struct wasm_cache *cache, int *ret_fd, struct wasm_package *package,
                 struct ward_fault *fault)
{
        int held = wasm_cache_lock(cache, source->key);
        int r = wasm_cache_find(cache, source->key, ret_fd, &package->label);
        package->was_there = !r;
        if (r) {
                r = wasm_source_build(source, cache, fault);
                if (!r && wasm_cache_find(cache, source->key, ret_fd, &package->label))
                        r = fault_set(fault, WARD_FAULT_COMPILE,
                                      "the image of module '%s' was made, but is not in the cache folder %s", source->options->name,
                                      cache->path);
        }
        wasm_cache_unlock(cache, source->key, held);
        return r;
}

static int make(struct wasm_source *source, int *ret_fd, struct wasm_package *package, struct ward_fault *fault)
{
        struct wasm_cache cache;
        int r = wasm_source_identify(source, fault);
        if (!r)
                r = wasm_cache_open(source->options->cache_path, &cache, fault);
        if (r)
                return r;
        r = build(source, &cache, ret_fd, package, fault);
        if (!r && asprintf(&package->path, "%s/%s.so", cache.path, source->key) < 0) {
                package->path = NULL;
                r = fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot compile module '%s'", source->options->name);
        }
        wasm_cache_close(&cache);
        return r;
}

/* --- Elsewhere -------------------------------------------------------------------------------- */

static bool is_folder(const char *path)
{
        struct stat st;
        size_t len = strlen(path);
        return (len && path[len - 1] == '/') || (!stat(path, &st) && S_ISDIR(st.st_mode));
}

static int copy_to(int from, int to)
{
        off_t size = lseek(from, 0, SEEK_END), at = 0;
        while (at < size)
                if (sendfile(to, from, &at, (size_t)(size - at)) <= 0)
                        return -errno;
        return 0;
}

/* Whole or not at all; nobody else's to write, or it would not be loaded. */
static int place(int image, const char *path)
{
        OWNED(freep) char *temporary = NULL;
        if (asprintf(&temporary, "%s.XXXXXX", path) < 0) {
                temporary = NULL;
                return -ENOMEM;
        }
        OWNED(fd_closep) int fd = mkostemp(temporary, O_CLOEXEC);
        if (fd < 0)
                return -errno;
        int r = copy_to(image, fd);
        if (!r && (fchmod(fd, 0644) < 0 || fsync(fd) < 0 || rename(temporary, path) < 0))
                r = -errno;
        if (r)
                unlink(temporary);
        return r;
}

static char *choose_path(const char *output, const char *key)
{
        char *path;
        if (!is_folder(output))
                return strdup(output);
        return asprintf(&path, "%s/%s.so", output, key) < 0 ? NULL : path;
}

static int deliver(const char *output, int fd, struct wasm_package *package, struct ward_fault *fault)
{
        free(package->path);
        package->path = choose_path(output, package->key);
        if (!package->path)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot write the image %s", output);
        int r = place(fd, package->path);
        return r ? fault_set_errno(fault, WARD_FAULT_COMPILE, -r, "cannot write the image %s", package->path) : 0;
}

/* --- Both ------------------------------------------------------------------------------------- */

int wasm_package(const struct wasm_module *module, const struct wasm_image_options *options, const char *output,
                 struct wasm_package *ret_package, struct ward_fault *fault)
{
        struct wasm_package package = { 0 };
        struct wasm_source source;
        struct stat st;
        OWNED(fd_closep) int fd = -1;
        int r = wasm_source_init(&source, module, options, fault);
        if (!r)
                r = make(&source, &fd, &package, fault);
        memcpy(package.key, source.module_key, sizeof package.key);
        wasm_source_finish(&source);
        if (!r && output)
                r = deliver(output, fd, &package, fault);
        if (r) {
                wasm_package_finish(&package);
                return r;
        }
        package.bytes = fstat(fd, &st) < 0 ? 0 : (uint64_t)st.st_size;
        *ret_package = package;
        return 0;
}

void wasm_package_finish(struct wasm_package *package)
{
        free(package->path);
        package->path = NULL;
}
