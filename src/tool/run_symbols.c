/* The functions of a shared library that may have been meant. libelf checks what it reads against the file; what is not found there
 * is only not suggested. */
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>
#include "base/near.h"
#include "base/own.h"
#include "tool/run.h"

enum {
        NAMES_MAX = 100000,
        SHOWN_MAX = 8,
};

struct names {
        const char **at; /* in the file's own memory */
        size_t n;
};

static void elf_endp(Elf **elf)
{
        elf_end(*elf);
}

static bool is_function(const GElf_Sym *symbol)
{
        unsigned bind = GELF_ST_BIND(symbol->st_info);
        return GELF_ST_TYPE(symbol->st_info) == STT_FUNC && symbol->st_shndx != SHN_UNDEF &&
               (bind == STB_GLOBAL || bind == STB_WEAK);
}

static void add_names(Elf *elf, Elf_Scn *section, const GElf_Shdr *header, struct names *names)
{
        GElf_Sym symbol;
        Elf_Data *data = elf_getdata(section, NULL);
        for (int i = 0; data && names->n < NAMES_MAX && gelf_getsym(data, i, &symbol); i++) {
                const char *name = is_function(&symbol) ? elf_strptr(elf, header->sh_link, symbol.st_name) : NULL;
                if (name && *name && strcmp(name, "_init") && strcmp(name, "_fini"))
                        names->at[names->n++] = name;
        }
}

static bool read_names(Elf *elf, struct names *names)
{
        GElf_Shdr header;
        names->at = calloc(NAMES_MAX, sizeof *names->at);
        for (Elf_Scn *section = NULL; names->at && (section = elf_nextscn(elf, section));)
                if (gelf_getshdr(section, &header) && header.sh_type == SHT_DYNSYM)
                        add_names(elf, section, &header, names);
        return names->n;
}

static void describe(const struct names *names, const char *name, char *ret_text, size_t size)
{
        const char *near = near_find(name, names->at, names->n);
        if (near) {
                snprintf(ret_text, size, ": did you mean '%s'?", near);
                return;
        }
        size_t len = (size_t)snprintf(ret_text, size, "; it has");
        for (size_t i = 0; i < names->n && i < SHOWN_MAX && len < size; i++)
                len += (size_t)snprintf(ret_text + len, size - len, "%s '%.64s'", i ? "," : "", names->at[i]);
        if (names->n > SHOWN_MAX && len < size)
                snprintf(ret_text + len, size - len, " and %zu more", names->n - SHOWN_MAX);
}

void run_suggest(const char *path, const char *name, char *ret_text, size_t size)
{
        OWNED(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
        struct names names = { NULL, 0 };
        *ret_text = 0;
        if (fd < 0 || elf_version(EV_CURRENT) == EV_NONE)
                return;
        OWNED(elf_endp) Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
        if (elf && elf_kind(elf) == ELF_K_ELF && read_names(elf, &names))
                describe(&names, name, ret_text, size);
        else
                snprintf(ret_text, size, "; it has no functions for others");
        free(names.at);
}
