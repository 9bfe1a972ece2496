/* A reader of ELF symbol tables that neither allocates nor locks. What it reads is the add-in's own: if that lies, the worker
 * faults once more, and dies a little earlier. */
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include "base/own.h"
#include "base/span.h"
#include "worker/worker.h"

static const void *part(struct ward_span file, uint64_t at, uint64_t len)
{
        return at <= file.len && len <= file.len - at ? file.at + at : NULL;
}

/* The same for structs. */
static const void *aligned_part(struct ward_span file, uint64_t at, uint64_t len)
{
        return at % _Alignof(ElfW(Shdr)) ? NULL : part(file, at, len);
}

static const ElfW(Shdr) * section_at(struct ward_span file, const ElfW(Ehdr) * head, uint64_t i)
{
        return aligned_part(file, head->e_shoff + i * sizeof(ElfW(Shdr)), sizeof(ElfW(Shdr)));
}

static const ElfW(Shdr) * find_symbols(struct ward_span file, const ElfW(Ehdr) * head)
{
        for (unsigned i = 0; i < head->e_shnum; i++) {
                const ElfW(Shdr) *section = section_at(file, head, i);
                if (section && section->sh_type == SHT_SYMTAB)
                        return section;
        }
        return NULL;
}

static bool holds(const ElfW(Sym) * symbol, uint64_t address)
{
        return ELF64_ST_TYPE(symbol->st_info) == STT_FUNC && address >= symbol->st_value &&
               address - symbol->st_value < symbol->st_size;
}

static bool copy_name(struct ward_span file, const ElfW(Shdr) * names, uint64_t at, char *ret_name, size_t size)
{
        if (at >= names->sh_size)
                return false;
        uint64_t left = names->sh_size - at;
        const char *name = part(file, names->sh_offset + at, left);
        if (!name)
                return false;
        size_t len = strnlen(name, left < size - 1 ? left : size - 1);
        memcpy(ret_name, name, len);
        ret_name[len] = 0;
        return true;
}

static bool find_in(struct ward_span file, uint64_t address, char *ret_name, size_t size, uint64_t *ret_offset)
{
        const ElfW(Ehdr) *head = part(file, 0, sizeof *head);
        if (!head || memcmp(head->e_ident, ELFMAG, SELFMAG))
                return false;
        const ElfW(Shdr) *table = find_symbols(file, head);
        const ElfW(Shdr) *names = table ? section_at(file, head, table->sh_link) : NULL;
        const ElfW(Sym) *symbols = table ? aligned_part(file, table->sh_offset, table->sh_size) : NULL;
        if (!names || !symbols)
                return false;
        for (uint64_t i = 0; i < table->sh_size / sizeof *symbols; i++) {
                if (!holds(&symbols[i], address))
                        continue;
                *ret_offset = address - symbols[i].st_value;
                return copy_name(file, names, symbols[i].st_name, ret_name, size);
        }
        return false;
}

bool symbol_find(const char *path, uint64_t address, char *ret_name, size_t size, uint64_t *ret_offset)
{
        OWNED(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        struct stat st;
        if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || !st.st_size)
                return false;
        void *at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (at == MAP_FAILED)
                return false;
        bool found = find_in((struct ward_span){ at, (size_t)st.st_size }, address, ret_name, size, ret_offset);
        munmap(at, (size_t)st.st_size);
        return found;
}
