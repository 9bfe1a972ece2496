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
#include "base/fault.h"
#include "base/own.h"

/* Opens the file and sees that it may be a shared library; the text of what dlopen would say is poorer. */
static int open_file(const char *path, int *ret_fd, struct ward_fault *fault)
{
        OWNED(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (fd < 0)
                return fault_set_errno(fault, WARD_FAULT_MODULE, errno, "cannot open module '%s'", path);
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
        *ret_fd = STEAL_FD(fd);
        return 0;
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

static bool is_loaded(const char *path)
{
        void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
        if (!handle)
                return false;
        dlclose(handle);
        return true;
}

static int load(const char *path, int file, struct native_image *image, struct ward_fault *fault)
{
        char name[4096];
        if (is_loaded(path)) {
                int r = copy_file(file, path, &image->copy, fault);
                if (r)
                        return r;
                snprintf(name, sizeof name, "/proc/self/fd/%d", image->copy);
        } else {
                snprintf(name, sizeof name, "%s%s", strchr(path, '/') ? "" : "./", path);
        }
        image->handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);
        if (!image->handle)
                return fault_set(fault, WARD_FAULT_MODULE, "cannot load module '%s': %s", path, dlerror());
        return 0;
}

int native_open(const char *path, struct native_image *ret_image, struct ward_fault *fault)
{
        OWNED(fd_closep) int file = -1;
        struct native_image image = { .copy = -1 };
        int r = open_file(path, &file, fault);
        if (!r)
                r = load(path, file, &image, fault);
        if (!r) {
                image.addin = dlsym(image.handle, WARD_ADDIN_SYMBOL);
                if (!image.addin)
                        r = fault_set(fault, WARD_FAULT_CONTRACT,
                                      "module '%s' implements no contract: it has no symbol %s; build it with the add-in view that "
                                      "ward bindgen writes",
                                      path, WARD_ADDIN_SYMBOL);
                else if (image.addin->abi != WARD_ADDIN_ABI)
                        r = fault_set(fault, WARD_FAULT_CONTRACT,
                                      "module '%s' was built for add-in ABI %u, this is %d: generate its view again", path,
                                      image.addin->abi, WARD_ADDIN_ABI);
        }
        if (r) {
                native_close(&image);
                return r;
        }
        *ret_image = image;
        return 0;
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
