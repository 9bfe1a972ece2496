#include "wasm/elf.h"

#include <elf.h>
#include <unistd.h>

enum {
        MAP_TYPE = SHT_LOUSER + 0x57524d, /* how the section is found, without reading names */
        MAP_ALIGN = 16,
        SECTIONS_MAX = 200,
};

struct elf {
        Elf64_Ehdr head;
        Elf64_Shdr sections[SECTIONS_MAX];
        struct ward_span names;
};

static struct ward_span part(struct ward_span file, uint64_t offset, uint64_t len)
{
        if (offset > file.len || len > file.len - offset)
                return (struct ward_span){ 0 };
        return (struct ward_span){ file.at + offset, (size_t)len };
}

static bool is_elf(const Elf64_Ehdr *head)
{
        return !memcmp(head->e_ident, ELFMAG, SELFMAG) && head->e_ident[EI_CLASS] == ELFCLASS64 &&
               head->e_ident[EI_DATA] == ELFDATA2LSB && head->e_shentsize == sizeof(Elf64_Shdr) && head->e_shnum < SECTIONS_MAX;
}

static bool read_elf(struct ward_span file, struct elf *ret)
{
        if (file.len < sizeof ret->head)
                return false;
        memcpy(&ret->head, file.at, sizeof ret->head);
        struct ward_span sections = part(file, ret->head.e_shoff, (uint64_t)ret->head.e_shnum * sizeof(Elf64_Shdr));
        if (!is_elf(&ret->head) || !sections.len || ret->head.e_shstrndx >= ret->head.e_shnum)
                return false;
        memcpy(ret->sections, sections.at, sections.len);
        const Elf64_Shdr *names = &ret->sections[ret->head.e_shstrndx];
        ret->names = part(file, names->sh_offset, names->sh_size);
        return ret->names.len && !ret->names.at[ret->names.len - 1];
}

static bool find_section(struct ward_span file, const char *name, Elf64_Shdr *ret)
{
        struct elf elf;
        if (!read_elf(file, &elf))
                return false;
        for (uint32_t i = 0; i < elf.head.e_shnum; i++) {
                const Elf64_Shdr *section = &elf.sections[i];
                if (section->sh_type == SHT_NOBITS || section->sh_flags & SHF_COMPRESSED || section->sh_name >= elf.names.len ||
                    strcmp((const char *)elf.names.at + section->sh_name, name))
                        continue;
                *ret = *section;
                return true;
        }
        return false;
}

struct ward_span elf_section(struct ward_span file, const char *name)
{
        Elf64_Shdr section;
        return find_section(file, name, &section) ? part(file, section.sh_offset, section.sh_size) : (struct ward_span){ 0 };
}

uint64_t elf_section_address(struct ward_span file, const char *name)
{
        Elf64_Shdr section;
        return find_section(file, name, &section) ? section.sh_addr : 0;
}

/* --- Writing ---------------------------------------------------------------------------------- */

static void pad(struct writer *out)
{
        while (out->len % MAP_ALIGN && !out->failed)
                writer_u8(out, 0);
}

/* Where the part that the loader maps ends; 0: nowhere within the file. */
static uint64_t loaded_end(struct ward_span file, const Elf64_Ehdr *head)
{
        uint64_t end = 0;
        for (uint32_t i = 0; i < head->e_phnum; i++) {
                Elf64_Phdr program;
                struct ward_span at = part(file, head->e_phoff + i * sizeof program, sizeof program);
                if (!at.len)
                        return 0;
                memcpy(&program, at.at, sizeof program);
                if (!part(file, program.p_offset, program.p_filesz).at)
                        return 0;
                if (program.p_offset + program.p_filesz > end)
                        end = program.p_offset + program.p_filesz;
        }
        return end;
}

/* Sections keep their numbers, which they know each other by. */
static void drop_sections(struct elf *elf, uint64_t end)
{
        for (uint32_t i = 0; i < elf->head.e_shnum; i++) {
                Elf64_Shdr *section = &elf->sections[i];
                bool inside = section->sh_type == SHT_NOBITS ||
                              (section->sh_offset <= end && section->sh_size <= end - section->sh_offset);
                if (i != elf->head.e_shstrndx && (!(section->sh_flags & SHF_ALLOC) || !inside))
                        *section = (Elf64_Shdr){ 0 };
        }
}

bool elf_replace(struct ward_span file, struct ward_span map, struct writer *out)
{
        struct elf elf;
        uint64_t end = read_elf(file, &elf) ? loaded_end(file, &elf.head) : 0;
        if (!end || end < sizeof elf.head)
                return false;
        drop_sections(&elf, end);
        Elf64_Shdr *new = &elf.sections[elf.head.e_shnum++], *names = &elf.sections[elf.head.e_shstrndx];
        writer_bytes(out, file.at, end);
        pad(out);
        *new = (Elf64_Shdr){ .sh_type = MAP_TYPE, .sh_offset = out->len, .sh_size = map.len, .sh_addralign = MAP_ALIGN };
        writer_span(out, map);
        new->sh_name = (Elf64_Word)elf.names.len;
        names->sh_offset = out->len;
        names->sh_size = elf.names.len + sizeof WASM_ELF_MAP;
        writer_span(out, elf.names);
        writer_bytes(out, WASM_ELF_MAP, sizeof WASM_ELF_MAP);
        pad(out);
        elf.head.e_shoff = out->len;
        writer_bytes(out, elf.sections, elf.head.e_shnum * sizeof *elf.sections);
        if (!out->failed)
                memcpy(out->at, &elf.head, sizeof elf.head);
        return !out->failed;
}

bool elf_find_map(int fd, uint64_t *ret_offset, uint64_t *ret_len)
{
        Elf64_Ehdr head;
        Elf64_Shdr section;
        if (pread(fd, &head, sizeof head, 0) != sizeof head || !is_elf(&head) || !head.e_shnum)
                return false;
        off_t at = (off_t)(head.e_shoff + (head.e_shnum - 1u) * sizeof section);
        if (at < 0 || pread(fd, &section, sizeof section, at) != sizeof section || section.sh_type != MAP_TYPE)
                return false;
        *ret_offset = section.sh_offset;
        *ret_len = section.sh_size;
        return true;
}
