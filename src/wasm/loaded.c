#include "wasm/loaded.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
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
#include "wasm/map.h"
#include "wasm/types.h"

struct wasm_image {
        struct list link;
        char key[WASM_KEY_LEN + 1];
        uint32_t references; /* guarded by the registry's lock */
        void *library;
        const struct wasm_image_entry *entry;
        uintptr_t base, code_low, code_high;
        struct wasm_map map;
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
        if (ours)
                image->base = info->dlpi_addr;
        for (size_t i = 0; ours && i < info->dlpi_phnum; i++) {
                const ElfW(Phdr) *part = &info->dlpi_phdr[i];
                if (part->p_type != PT_LOAD || !(part->p_flags & PF_X))
                        continue;
                image->code_low = info->dlpi_addr + part->p_vaddr;
                image->code_high = image->code_low + part->p_memsz;
        }
        return ours;
}

static bool is_loaded(const char *path)
{
        void *loaded = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
        if (loaded)
                dlclose(loaded);
        return loaded;
}

/* Opens @path unless something that is loaded already goes by that name: the loader would give that, whatever the file is now. */
static void *open_library(const char *path)
{
        return is_loaded(path) ? NULL : dlopen(path, RTLD_NOW | RTLD_LOCAL);
}

/* Descriptors are used again while what was loaded from one lives on under its name, so that there are many names. */
static void *open_descriptor(int fd)
{
        char path[PATH_MAX] = "/proc/self/fd/";
        void *library = NULL;
        for (size_t len = strlen(path); !library && len + sizeof "./2147483647" < sizeof path; len += 2) {
                snprintf(path + len, sizeof path - len, "%d", fd);
                library = open_library(path);
                if (!library && !is_loaded(path))
                        return NULL;
                memcpy(path + len, "./", 2);
        }
        return library;
}

/* A second file with the same content, for a second image beside the one that another copy of Ward has. */
static void *open_copy(int fd)
{
        OWNED(fd_closep) int copy = memfd_create("ward-image", MFD_CLOEXEC);
        off_t size = lseek(fd, 0, SEEK_END), at = 0;
        while (copy >= 0 && at < size)
                if (sendfile(copy, fd, &at, (size_t)(size - at)) <= 0)
                        return NULL;
        return copy < 0 ? NULL : open_descriptor(copy);
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
        wasm_map_close(&image->map);
        free(image);
}

/* By a name that holds the key, so that only the same image can already be loaded under it; else by the descriptor. */
static void open_image(struct wasm_image *image, const struct wasm_image_file *file)
{
        char path[64 + WASM_KEY_LEN];
        snprintf(path, sizeof path, "/proc/self/fd/%d/%s.so", file->folder, image->key);
        if (file->folder >= 0)
                image->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
        if (!image->library)
                image->library = open_descriptor(file->fd);
        image->entry = claim(image->library);
        if (image->entry || !image->library)
                return;
        dlclose(image->library);
        image->library = open_copy(file->fd);
        image->entry = claim(image->library);
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
static int load(const char *key, const struct wasm_image_file *file, struct wasm_image **ret_image, struct ward_fault *fault)
{
        struct wasm_image *image = calloc(1, sizeof *image);
        if (!image)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot load a compiled module");
        list_init(&image->link);
        memcpy(image->key, key, sizeof image->key);
        image->references = 1;
        dlerror();
        open_image(image, file);
        if (!image->entry) {
                const char *error = dlerror();
                fault_set(fault, WARD_FAULT_COMPILE,
                          "cannot load the compiled module of %s: %s (if that is mounted noexec, choose another place for it)",
                          file->path, error ? error : "not an image of this version");
                unload(image);
                return 1;
        }
        int r = start(image, fault);
        if (r) {
                unload(image);
                return r;
        }
        dl_iterate_phdr(find_code, image);
        wasm_map_open(file->fd, &image->map);
        list_append(&images, &image->link);
        *ret_image = image;
        return 0;
}

static struct wasm_image *find(const char *key)
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

/* --- For others ------------------------------------------------------------------------------- */

struct wasm_image *wasm_image_find(const char *key)
{
        pthread_once(&once, init_once);
        take();
        struct wasm_image *image = find(key);
        give();
        return image;
}

int wasm_image_load(const char *key, const struct wasm_image_file *file, struct wasm_image **ret_image, struct ward_fault *fault)
{
        int r = 0;
        pthread_once(&once, init_once);
        take();
        struct wasm_image *image = find(key);
        if (!image)
                r = load(key, file, &image, fault);
        give();
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

uintptr_t wasm_image_offset(const struct wasm_image *image, uintptr_t pc)
{
        return pc - image->base;
}

const struct wasm_map *wasm_image_map(const struct wasm_image *image)
{
        return &image->map;
}
