#include "store/store.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/fault.h"
#include "base/own.h"
#include "store/parts.h"
#include "wasm/limits.h"

static int wasm_read(struct ward_span bytes, const char *path, struct store_addin *addin, struct ward_fault *fault)
{
        addin->form = STORE_WASM;
        int r = wasm_module_read(bytes, path, &addin->module, fault);
        struct ward_span claim = r ? bytes : wasm_module_claim(addin->module);
        return r || !claim.at ? r : contract_keep(claim, path, addin, fault);
}

static int wasm_read_file(const struct source *source, struct store_addin *addin, struct ward_fault *fault)
{
        size_t done = 0, size = (size_t)addin->size;
        if (addin->size > WASM_MODULE_MAX)
                return fault_set(fault, WARD_FAULT_MODULE, "module '%s' is larger than %d bytes", source->path, WASM_MODULE_MAX);
        OWNED(freep) uint8_t *bytes = malloc(size + 1);
        if (!bytes)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot read '%s'", source->path);
        while (done < size) {
                ssize_t n = pread(source->fd, bytes + done, size - done, (off_t)done);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return fault_set_errno(fault, WARD_FAULT_MODULE, n ? errno : EIO, "cannot read '%s'", source->path);
                done += (size_t)n;
        }
        return wasm_read((struct ward_span){ bytes, size }, source->path, addin, fault);
}

static int read_form(const struct source *source, struct store_addin *addin, struct ward_fault *fault)
{
        char magic[SELFMAG] = { 0 };
        if (source->fd >= 0 && pread(source->fd, magic, sizeof magic, 0) < 0)
                return fault_set_errno(fault, WARD_FAULT_MODULE, errno, "cannot read '%s'", source->path);
        if (source->fd < 0 && source->bytes.len >= sizeof magic)
                memcpy(magic, source->bytes.at, sizeof magic);
        if (!memcmp(magic, ELFMAG, SELFMAG))
                return elf_read(source, addin, fault);
        if (memcmp(magic, "\0asm", sizeof magic) && !memchr("(; \t\r\n", magic[0], 6))
                return fault_set(fault, WARD_FAULT_MODULE,
                                 "'%s' is no add-in: it is neither a shared library nor a WebAssembly module", source->path);
        return source->fd < 0 ? wasm_read(source->bytes, source->path, addin, fault) : wasm_read_file(source, addin, fault);
}

static int read_source(const struct source *source, uint64_t size, struct store_addin **ret_addin, struct ward_fault *fault)
{
        OWNED(store_freep) struct store_addin *addin = calloc(1, sizeof *addin);
        if (!addin)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot read '%s'", source->path);
        addin->size = size;
        int r = read_form(source, addin, fault);
        if (!r)
                *ret_addin = STEAL(addin);
        return r;
}

int store_read(const char *path, struct store_addin **ret_addin, struct ward_fault *fault)
{
        struct stat st;
        OWNED(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (fd < 0 || fstat(fd, &st) < 0)
                return fault_set_errno(fault, WARD_FAULT_MODULE, errno, "cannot open '%s'", path);
        if (!S_ISREG(st.st_mode))
                return fault_set(fault, WARD_FAULT_MODULE, "'%s' is not a regular file", path);
        return read_source(&(struct source){ .path = path, .fd = fd }, (uint64_t)st.st_size, ret_addin, fault);
}

int store_read_bytes(struct ward_span bytes, const char *path, struct store_addin **ret_addin, struct ward_fault *fault)
{
        return read_source(&(struct source){ .path = path, .fd = -1, .bytes = bytes }, bytes.len, ret_addin, fault);
}

struct store_addin *store_free(struct store_addin *addin)
{
        if (!addin)
                return NULL;
        for (size_t i = 0; i < addin->elf.n_needed; i++)
                free(addin->elf.needed[i]);
        free(addin->elf.needed);
        wasm_module_free(addin->module);
        contract_free(addin->contract);
        free(addin->text);
        free(addin);
        return NULL;
}

const char *store_machine_name(unsigned machine)
{
        static const struct {
                unsigned machine;
                const char *name;
        } names[] = { { EM_X86_64, "x86-64" }, { EM_386, "x86" },      { EM_AARCH64, "AArch64" },
                      { EM_ARM, "ARM" },       { EM_RISCV, "RISC-V" }, { EM_PPC64, "PowerPC" },
                      { EM_S390, "S/390" },    { EM_MIPS, "MIPS" },    { EM_LOONGARCH, "LoongArch" } };
        for (size_t i = 0; i < COUNT_OF(names); i++)
                if (names[i].machine == machine)
                        return names[i].name;
        return NULL;
}
