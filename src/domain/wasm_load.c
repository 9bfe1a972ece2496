#include "domain/wasm_load.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/fault.h"
#include "base/own.h"
#include "domain/claim.h"
#include "domain/denied.h"
#include "domain/wasm_memory.h"
#include "domain/wasm_modules.h"
#include "domain/wasm_terms.h"
#include "wasm/limits.h"
#include "wasm/module.h"

/* A call of an export that wants to be told when its result was read takes more than a gate does. */
static void drop_gates(struct wasm_binding *binding, const struct ward_contract *contract)
{
        for (uint32_t i = 0; i < contract->n_exports; i++)
                if (binding->exports[wasm_need_post(contract, i)])
                        binding->gates[i] = NULL;
}

static int read_whole(int fd, uint8_t *bytes, size_t size)
{
        size_t done = 0;
        while (done < size) {
                ssize_t n = read(fd, bytes + done, size - done);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return n < 0 ? -errno : -EIO;
                done += (size_t)n;
        }
        return 0;
}

static int judge(const char *path, struct ward_span bytes, struct wasm_module **ret_module, struct ward_fault *fault)
{
        if (bytes.len > WASM_MODULE_MAX)
                return fault_set(fault, WARD_FAULT_MODULE, "module '%s' is larger than %d bytes", path, WASM_MODULE_MAX);
        if (bytes.len >= SELFMAG && !memcmp(bytes.at, ELFMAG, SELFMAG))
                return fault_set(
                        fault, WARD_FAULT_MODULE,
                        "module '%s' is a shared library, not WebAssembly: compile the add-in for wasm32-wasi, or activate it "
                        "with isolation process",
                        path);
        return wasm_module_read(bytes, path, ret_module, fault);
}

static int read_module(const char *path, struct wasm_stamp *ret_stamp, struct wasm_module **ret_module, struct ward_fault *fault)
{
        struct stat st;
        OWNED(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (fd < 0 || fstat(fd, &st) < 0)
                return fault_set_errno(fault, WARD_FAULT_MODULE, errno, "cannot open module '%s'", path);
        *ret_stamp = wasm_stamp_of(&st);
        if (!S_ISREG(st.st_mode))
                return fault_set(fault, WARD_FAULT_MODULE, "module '%s' is not a regular file", path);
        if (st.st_size > WASM_MODULE_MAX)
                return fault_set(fault, WARD_FAULT_MODULE, "module '%s' is larger than %d bytes", path, WASM_MODULE_MAX);
        OWNED(freep) uint8_t *bytes = malloc((size_t)st.st_size + 1);
        int r = bytes ? read_whole(fd, bytes, (size_t)st.st_size) : -ENOMEM;
        if (r)
                return fault_set_errno(fault, WARD_FAULT_MODULE, -r, "cannot read module '%s'", path);
        return judge(path, (struct ward_span){ bytes, (size_t)st.st_size }, ret_module, fault);
}

static struct wasm_image_options choose_image(const struct instance *instance, const char *image)
{
        const struct domains *domains = instance->domain->domains;
        return (struct wasm_image_options){
                .name = instance->module,
                .cache_path = domains->cache_path,
                .compiler = domains->compiler,
                .cache_bytes = domains->cache_bytes,
                .image = image,
                .image_path = domains->image_path,
                .no_compiler = domains->no_compiler,
                .checked = wasm_memory_is_checked(instance->domain),
                .looking = domains->looking,
        };
}

static int make_binding(const struct instance *instance, const char *image, uint64_t *deadline, struct wasm_binding **ret_binding,
                        enum marshal_encoding *ret_encoding, struct ward_fault *fault)
{
        const struct wasm_image_options options = choose_image(instance, image);
        OWNED(wasm_module_freep) struct wasm_module *module = NULL;
        OWNED(wasm_terms_freep) struct wasm_contract_terms *terms = NULL;
        struct wasm_stamp stamp = { .settled = false }; /* of a file only */
        bool utf16 = false;
        int r = instance->image.at ? judge(instance->module, instance->image, &module, fault)
                                   : read_module(instance->module, &stamp, &module, fault);
        if (!r)
                r = wasm_terms_new(instance->contract, wasm_scheme_of(module), &terms, fault);
        if (!r)
                r = denied_check_module(instance->denied, terms, module, instance->module, fault);
        if (!r)
                r = claim_check(wasm_module_claim(module), instance->contract, instance->module, &utf16, fault);
        if (!r)
                r = wasm_terms_check(terms, module, instance->module, fault);
        if (r)
                return r;
        uint64_t began = clock_now();
        r = wasm_binding_get(module, &terms->terms, &options, ret_binding, fault);
        if (!r)
                drop_gates(*ret_binding, instance->contract);
        if (*deadline != CLOCK_NEVER)
                *deadline += clock_now() - began;
        *ret_encoding = utf16 ? MARSHAL_UTF16 : MARSHAL_UTF8;
        if (!r && !image)
                wasm_modules_keep(instance, &stamp, *ret_binding, *ret_encoding);
        return r;
}

/* A file that is named is looked at each time. */
int wasm_load_binding(const struct instance *instance, const char *image, uint64_t *deadline, struct wasm_binding **ret_binding,
                      enum marshal_encoding *ret_encoding, struct ward_fault *fault)
{
        struct stat st;
        if (!image && !instance->image.at && !stat(instance->module, &st)) {
                const struct wasm_stamp stamp = wasm_stamp_of(&st);
                if (wasm_modules_find(instance, &stamp, ret_binding, ret_encoding))
                        return 0;
        }
        return make_binding(instance, image, deadline, ret_binding, ret_encoding, fault);
}
