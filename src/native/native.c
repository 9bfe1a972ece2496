#include "native/native.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/fault.h"
#include "base/own.h"

/* Sees that it may be a shared library; the text of what dlopen would say is poorer. */
static int check_file(int fd, const char *path, struct ward_fault *fault)
{
        struct stat st;
        if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
                return fault_set(fault, WARD_FAULT_MODULE, "module '%s' is not a regular file", path);
        char magic[4] = { 0 };
        ssize_t n = pread(fd, magic, sizeof magic, 0);
        if (n == 4 && !memcmp(magic, "\0asm", 4))
                return fault_set(fault, WARD_FAULT_MODULE,
                                 "module '%s' is WebAssembly: activate it with isolation wasm, or build it as a shared library",
                                 path);
        if (n < 4 || memcmp(magic, "\177ELF", 4))
                return fault_set(fault, WARD_FAULT_MODULE, "module '%s' is not a shared library (ELF): build it with -shared -fPIC",
                                 path);
        return 0;
}

static int open_file(const char *path, int *ret_fd, struct ward_fault *fault)
{
        OWNED(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (fd < 0)
                return fault_set_errno(fault, WARD_FAULT_MODULE, errno, "cannot open module '%s'", path);
        int r = check_file(fd, path, fault);
        if (!r)
                *ret_fd = STEAL_FD(fd);
        return r;
}

/* A copy in memory is a file of its own to the loader, so its data are its own. */
static int copy_file(int from, const char *path, int *ret_copy, struct ward_fault *fault)
{
        OWNED(fd_closep) int copy = memfd_create("ward-addin", MFD_CLOEXEC);
        if (copy < 0)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, errno, "cannot make a copy of module '%s'", path);
        for (;;) {
                ssize_t n = sendfile(copy, from, NULL, 1 << 30);
                if (n < 0)
                        return fault_set_errno(fault, WARD_FAULT_SYSTEM, errno, "cannot copy module '%s'", path);
                if (!n)
                        break;
        }
        *ret_copy = STEAL_FD(copy);
        return 0;
}

static int write_all(int fd, struct ward_span bytes)
{
        while (bytes.len) {
                ssize_t n = write(fd, bytes.at, bytes.len);
                if (n < 0 && errno != EINTR)
                        return -errno;
                bytes.at += n > 0 ? n : 0;
                bytes.len -= n > 0 ? (size_t)n : 0;
        }
        return 0;
}

int native_copy(struct ward_span bytes, const char *name, int *ret_fd, struct ward_fault *fault)
{
        OWNED(fd_closep) int fd = memfd_create("ward-addin", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        int r = fd < 0 ? -errno : write_all(fd, bytes);
        if (!r && fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
                r = -errno;
        if (r)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, -r, "cannot make a copy of module '%s'", name);
        *ret_fd = STEAL_FD(fd);
        return 0;
}

static bool is_loaded(const char *path)
{
        void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
        if (!handle)
                return false;
        dlclose(handle);
        return true;
}

/* From @file, which has a slash. @path: what it is called. */
static int load_file(const char *file, const char *path, struct native_image *image, struct ward_fault *fault)
{
        image->handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
        if (!image->handle)
                return fault_set(fault, WARD_FAULT_MODULE, "cannot load module '%s': %s", path, dlerror());
        image->addin = dlsym(image->handle, WARD_ADDIN_SYMBOL);
        if (!image->addin)
                return fault_set(fault, WARD_FAULT_CONTRACT,
                                 "module '%s' implements no contract: it has no symbol %s; build it with the add-in view that "
                                 "ward bindgen writes",
                                 path, WARD_ADDIN_SYMBOL);
        if (image->addin->abi != WARD_ADDIN_ABI)
                return fault_set(fault, WARD_FAULT_CONTRACT,
                                 "module '%s' was built for add-in ABI %u, this is %d: generate its view again", path,
                                 image->addin->abi, WARD_ADDIN_ABI);
        return 0;
}

/* From the copy, if there is one, else from @path. */
static int load(const char *path, struct native_image *image, struct ward_fault *fault)
{
        char name[4096];
        if (image->copy >= 0)
                snprintf(name, sizeof name, "/proc/self/fd/%d", image->copy);
        else
                snprintf(name, sizeof name, "%s%s", strchr(path, '/') ? "" : "./", path);
        return load_file(name, path, image, fault);
}

/* Gives @image to the caller, or nothing. */
static int finish(int r, struct native_image *image, struct native_image *ret_image)
{
        if (r)
                native_close(image);
        else
                *ret_image = *image;
        return r;
}

int native_open(const char *path, struct native_image *ret_image, struct ward_fault *fault)
{
        OWNED(fd_closep) int file = -1;
        struct native_image image = { .copy = -1 };
        int r = open_file(path, &file, fault);
        if (!r && is_loaded(path))
                r = copy_file(file, path, &image.copy, fault);
        if (!r)
                r = load(path, &image, fault);
        return finish(r, &image, ret_image);
}

int native_open_as(const char *file, const char *name, struct native_image *ret_image, struct ward_fault *fault)
{
        struct native_image image = { .copy = -1 };
        return finish(load_file(file, name, &image, fault), &image, ret_image);
}

int native_look(const char *path, int *ret_copy, struct ward_fault *fault)
{
        OWNED(fd_closep) int file = -1;
        int r = open_file(path, &file, fault);
        return r || !ret_copy ? r : copy_file(file, path, ret_copy, fault);
}

int native_open_copy(int fd, const char *name, struct native_image *ret_image, struct ward_fault *fault)
{
        struct native_image image = { .copy = fd };
        int r = check_file(fd, name, fault);
        if (!r)
                r = load(name, &image, fault);
        return finish(r, &image, ret_image);
}

void native_close(struct native_image *image)
{
        if (image->handle)
                dlclose(image->handle);
        fd_close(image->copy);
        *image = (struct native_image){ .copy = -1 };
}

static int match_func(const char *path, const char *what, const char *wanted, const char *had, const char *name,
                      struct ward_fault *fault)
{
        if (!strcmp(wanted, had))
                return 0;
        return fault_set(fault, WARD_FAULT_CONTRACT, "module '%s': %s '%s' is %s in the host's contract and %s in the module's",
                         path, what, name, wanted, had);
}

static int match_export(const struct ward_addin *addin, const char *path, const struct native_func *want, uint32_t *ret,
                        struct ward_fault *fault)
{
        for (uint32_t i = 0; i < addin->n_exports; i++) {
                const struct ward_func *func = addin->exports[i].func;
                if (strcmp(func->name, want->name))
                        continue;
                *ret = i;
                return match_func(path, "function", want->signature, func->signature, want->name, fault);
        }
        return fault_set(fault, WARD_FAULT_CONTRACT, "module '%s' does not export function '%s' of the contract", path, want->name);
}

static int match_import(const struct ward_func *func, const char *path, const struct native_want *want, uint32_t *ret,
                        struct ward_fault *fault)
{
        for (uint32_t i = 0; i < want->n_imports; i++) {
                if (strcmp(want->imports[i].name, func->name))
                        continue;
                if (want->imports[i].denied)
                        return fault_set(fault, WARD_FAULT_REFUSED, "module '%s' imports '%s', which is denied to it", path,
                                         func->name);
                *ret = i;
                return match_func(path, "import", want->imports[i].signature, func->signature, func->name, fault);
        }
        return fault_set(fault, WARD_FAULT_CONTRACT, "module '%s' needs function '%s', which the host does not provide", path,
                         func->name);
}

int native_match(const struct ward_addin *addin, const char *path, const struct native_want *want, uint32_t *ret_exports,
                 uint32_t *ret_imports, struct ward_fault *fault)
{
        if (strcmp(addin->contract, want->contract))
                return fault_set(
                        fault, WARD_FAULT_CONTRACT,
                        "module '%s' implements %s, the host expects %s: use an add-in made for this version of the contract", path,
                        addin->contract, want->contract);
        for (uint32_t i = 0; i < want->n_exports; i++) {
                int r = match_export(addin, path, &want->exports[i], &ret_exports[i], fault);
                if (r)
                        return r;
        }
        for (uint32_t i = 0; i < addin->n_imports; i++) {
                int r = match_import(addin->imports[i], path, want, &ret_imports[i], fault);
                if (r)
                        return r;
        }
        return 0;
}

static uint32_t find_addins(const struct ward_addin *addin, const struct native_resource *wanted)
{
        for (uint32_t i = 0; i < addin->n_resources; i++) {
                const struct ward_resource *resource = addin->resources[i].resource;
                if (resource->by_addin == wanted->by_addin && !strcmp(resource->name, wanted->name))
                        return i;
        }
        return NATIVE_NO_RESOURCE;
}

int native_match_resources(const struct ward_addin *addin, const char *path, const struct native_want *want, uint32_t *ret_addins,
                           uint32_t *ret_wanted, struct ward_fault *fault)
{
        for (uint32_t i = 0; i < addin->n_resources; i++)
                ret_wanted[i] = NATIVE_NO_RESOURCE;
        for (uint32_t i = 0; i < want->n_resources; i++) {
                uint32_t found = find_addins(addin, &want->resources[i]);
                if (found == NATIVE_NO_RESOURCE && want->resources[i].by_addin)
                        return fault_set(fault, WARD_FAULT_CONTRACT, "module '%s' does not implement resource '%s' of the contract",
                                         path, want->resources[i].name);
                if (found != NATIVE_NO_RESOURCE && want->resources[i].denied)
                        return fault_set(fault, WARD_FAULT_REFUSED, "module '%s' imports '%s', which is denied to it", path,
                                         want->resources[i].name);
                ret_addins[i] = found;
                if (found != NATIVE_NO_RESOURCE)
                        ret_wanted[found] = i;
        }
        for (uint32_t i = 0; i < addin->n_resources; i++) {
                const struct ward_resource *resource = addin->resources[i].resource;
                if (ret_wanted[i] == NATIVE_NO_RESOURCE && !resource->by_addin)
                        return fault_set(fault, WARD_FAULT_CONTRACT,
                                         "module '%s' needs resource '%s', which the host does not provide", path, resource->name);
        }
        return 0;
}
