#include "wasm/image.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>
#include "base/fault.h"
#include "base/list.h"
#include "base/own.h"
#include "wasm/cache.h"
#include "wasm/glue.h"
#include "wasm/key.h"
#include "wasm/translate.h"
#include "wasm/types.h"

struct wasm_image {
        struct list link;
        char key[WASM_KEY_LEN + 1];
        uint32_t references; /* guarded by the registry's lock */
        void *library;
        const struct wasm_image_entry *entry;
        uintptr_t code_low, code_high;
};

/* What is loaded, whoever asked for it. The lock is held while an image is loaded, not while one is compiled. */
static struct list images = { &images, &images };
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void take(void)
{
        pthread_mutex_lock(&lock);
}

static void give(void)
{
        pthread_mutex_unlock(&lock);
}

/* A child that was forked while another thread held the lock would never get it. */
static void init_once(void)
{
        pthread_atfork(take, give, give);
}

/* --- Loading, with the lock held -------------------------------------------------------------- */

static int find_code(struct dl_phdr_info *info, size_t size, void *data)
{
        struct wasm_image *image = data;
        uintptr_t symbol = (uintptr_t)image->entry;
        bool ours = false;
        for (size_t i = 0; i < info->dlpi_phnum; i++) {
                const ElfW(Phdr) *part = &info->dlpi_phdr[i];
                ours |= part->p_type == PT_LOAD && symbol - (info->dlpi_addr + part->p_vaddr) < part->p_memsz;
        }
        for (size_t i = 0; ours && i < info->dlpi_phnum; i++) {
                const ElfW(Phdr) *part = &info->dlpi_phdr[i];
                if (part->p_type != PT_LOAD || !(part->p_flags & PF_X))
                        continue;
                image->code_low = info->dlpi_addr + part->p_vaddr;
                image->code_high = image->code_low + part->p_memsz;
        }
        return ours;
}

/* Opens @path unless something that is loaded already goes by that name: the loader would give that, whatever the file is now. */
static void *open_library(const char *path)
{
        void *loaded = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
        if (loaded) {
                dlclose(loaded);
                return NULL;
        }
        return dlopen(path, RTLD_NOW | RTLD_LOCAL);
}

/* A second file with the same content, for a second image beside the one that another copy of Ward has. */
static void *open_copy(int fd)
{
        OWNED(fd_closep) int copy = memfd_create("ward-image", MFD_CLOEXEC);
        off_t size = lseek(fd, 0, SEEK_END), at = 0;
        char path[128] = "/proc/self/fd/";
        void *library = NULL;
        while (copy >= 0 && at < size)
                if (sendfile(copy, fd, &at, (size_t)(size - at)) <= 0)
                        return NULL;
        /* Descriptors are used again while what was loaded from one lives on under its name. */
        for (size_t len = strlen(path); copy >= 0 && !library && len + sizeof "./2147483647" < sizeof path; len += 2) {
                snprintf(path + len, sizeof path - len, "%d", copy);
                library = open_library(path);
                memcpy(path + len, "./", 2);
        }
        return library;
}

/* The entry, if @library is an image of ours that nobody has claimed. */
static const struct wasm_image_entry *claim(void *library)
{
        const struct wasm_image_entry *entry = library ? dlsym(library, WASM_IMAGE_SYMBOL) : NULL;
        const struct wasm_runtime *none = NULL;
        if (!entry || entry->abi != WASM_IMAGE_ABI)
                return NULL;
        if (!__atomic_compare_exchange_n(entry->runtime, &none, &wasm_runtime, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
                return NULL;
        return entry;
}

static void unload(struct wasm_image *image)
{
        if (image->entry)
                __atomic_store_n(image->entry->runtime, NULL, __ATOMIC_RELEASE);
        if (image->library)
                dlclose(image->library);
        free(image);
}

/* The name holds the key, so that only the same image can already be loaded under it. */
static bool open_image(struct wasm_image *image, const struct wasm_cache *cache, int fd)
{
        char path[64 + WASM_KEY_LEN];
        snprintf(path, sizeof path, "/proc/self/fd/%d/%s.so", cache->folder, image->key);
        image->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
        image->entry = claim(image->library);
        if (image->entry || !image->library)
                return image->entry != NULL;
        dlclose(image->library);
        image->library = open_copy(fd);
        image->entry = claim(image->library);
        return image->entry != NULL;
}

static int start(const struct wasm_image *image, struct ward_fault *fault)
{
        struct wasm_types *types = wasm_types_new();
        if (types)
                image->entry->start(types);
        bool failed = !types || wasm_types_failed(types);
        wasm_types_free(types);
        return failed ? fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot load a compiled module") : 0;
}

/* 0; 1 if the file is no image that can be loaded, with the reason in @fault; or a fault. */
static int load(const struct wasm_cache *cache, const char *key, int fd, struct wasm_image **ret_image, struct ward_fault *fault)
{
        struct wasm_image *image = calloc(1, sizeof *image);
        if (!image)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot load a compiled module");
        list_init(&image->link);
        memcpy(image->key, key, sizeof image->key);
        image->references = 1;
        dlerror();
        if (!open_image(image, cache, fd)) {
                const char *error = dlerror();
                fault_set(fault, WARD_FAULT_COMPILE,
                          "cannot load a compiled module from the cache folder %s: %s (if that is mounted noexec, choose another "
                          "with "
                          "WARD_CACHE or the host's cache_path)",
                          cache->path, error ? error : "not an image of this version");
                unload(image);
                return 1;
        }
        int r = start(image, fault);
        if (r) {
                unload(image);
                return r;
        }
        dl_iterate_phdr(find_code, image);
        list_append(&images, &image->link);
        *ret_image = image;
        return 0;
}

/* --- Finding or building ---------------------------------------------------------------------- */

/* What it takes to build an image. */
struct source {
        struct ward_span module; /* rewritten; owned, as is @glue */
        char *glue;
        struct wasm_tools *tools;
        char *recipe;
        bool checked, looking;
        const char *name;
        char key[WASM_KEY_LEN + 1];
};

static void source_finish(struct source *source)
{
        free((void *)(uintptr_t)source->module.at);
        free(source->glue);
        free(source->recipe);
        wasm_tools_free(source->tools);
}

static int source_make(const struct wasm_module *module, const struct wasm_image_options *options, struct source *source,
                       struct ward_fault *fault)
{
        uint8_t *bytes = NULL;
        source->name = options->name;
        source->checked = options->checked;
        source->looking = options->looking;
        int r = wasm_module_rewrite(module, &bytes, &source->module.len, fault);
        source->module.at = bytes;
        if (!r)
                r = wasm_glue(module, &source->glue, fault);
        if (!r)
                r = wasm_tools_find(options->compiler, &source->tools, fault);
        if (!r && wasm_translate_recipe(options->checked, options->looking, &source->recipe))
                r = fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot look for a compiled module");
        if (r)
                return r;
        const struct ward_span parts[] = { source->module, span_of(source->glue), span_of(wasm_rt_text), span_of(source->recipe),
                                           span_of(source->tools->identity) };
        wasm_key(parts, COUNT_OF(parts), source->key);
        return 0;
}

static int build(const struct wasm_cache *cache, const struct source *source, struct ward_fault *fault)
{
        const struct wasm_translation translation = {
                .tools = source->tools,
                .module = source->module,
                .glue = source->glue,
                .name = source->name,
                .checked = source->checked,
                .looking = source->looking,
        };
        struct wasm_build folder;
        unsigned held;
        int r = wasm_build_begin(cache, &folder, fault);
        if (r)
                return r;
        r = wasm_translate(&translation, folder.folder, &held, fault);
        if (!r)
                r = wasm_build_publish(cache, &folder, WASM_IMAGE_FILE, source->key, fault);
        wasm_build_end(cache, &folder);
        return r;
}

static struct wasm_image *find_loaded(const char *key)
{
        for (struct list *link = images.next; link != &images; link = link->next) {
                struct wasm_image *image = CONTAINER_OF(link, struct wasm_image, link);
                if (!strcmp(image->key, key)) {
                        image->references++;
                        return image;
                }
        }
        return NULL;
}

/* 0; 1 if there is none, or none that can be loaded; or a fault. */
static int get_cached(const struct wasm_cache *cache, const char *key, struct wasm_image **ret_image, struct ward_fault *fault)
{
        OWNED(fd_closep) int fd = -1;
        int r = wasm_cache_find(cache, key, &fd);
        if (r)
                return r;
        take();
        *ret_image = find_loaded(key);
        if (!*ret_image)
                r = load(cache, key, fd, ret_image, fault);
        give();
        return r;
}

/* Somebody else may have built it while this one waited for the lock. */
static int get_built(const struct wasm_cache *cache, const struct source *source, struct wasm_image **ret_image,
                     struct ward_fault *fault)
{
        int held = wasm_cache_lock(cache, source->key);
        int r = get_cached(cache, source->key, ret_image, fault);
        if (r == 1) {
                r = build(cache, source, fault);
                if (!r)
                        r = get_cached(cache, source->key, ret_image, fault);
        }
        wasm_cache_unlock(cache, source->key, held);
        if (r == 1)
                return -WARD_FAULT_COMPILE;
        return r;
}

static int get(const struct source *source, const char *cache_path, struct wasm_image **ret_image, struct ward_fault *fault)
{
        struct wasm_cache cache;
        take();
        *ret_image = find_loaded(source->key);
        give();
        if (*ret_image)
                return 0;
        int r = wasm_cache_open(cache_path, &cache, fault);
        if (r)
                return r;
        r = get_cached(&cache, source->key, ret_image, fault);
        if (r == 1)
                r = get_built(&cache, source, ret_image, fault);
        wasm_cache_close(&cache);
        return r;
}

int wasm_image_get(const struct wasm_module *module, const struct wasm_image_options *options, struct wasm_image **ret_image,
                   struct ward_fault *fault)
{
        struct source source = { 0 };
        struct wasm_image *image = NULL;
        pthread_once(&once, init_once);
        int r = source_make(module, options, &source, fault);
        if (!r)
                r = get(&source, options->cache_path, &image, fault);
        source_finish(&source);
        if (!r)
                *ret_image = image;
        return r;
}

struct wasm_image *wasm_image_ref(struct wasm_image *image)
{
        take();
        image->references++;
        give();
        return image;
}

struct wasm_image *wasm_image_unref(struct wasm_image *image)
{
        if (!image)
                return NULL;
        take();
        if (!--image->references) {
                list_remove(&image->link);
                unload(image);
        }
        give();
        return NULL;
}

const struct wasm_image_entry *wasm_image_entry(const struct wasm_image *image)
{
        return image->entry;
}

bool wasm_image_holds(const struct wasm_image *image, uintptr_t pc)
{
        return pc - image->code_low < image->code_high - image->code_low;
}
