/* Shared libraries, as the loader sees them: by program headers. Section headers may be stripped, or lie. libelf checks offsets and
 * sizes against the file; what it takes memory for is bounded here. */
#include <errno.h>
#include <gelf.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>
#include <ward/addin.h>
#include "base/fault.h"
#include "base/own.h"
#include "store/parts.h"

enum {
        SEGMENTS_MAX = 1000,
        NOTES_MAX = EMBEDDED_BYTES_MAX + (64 << 10), /* ours, and some that linkers add */
        DYNAMIC_MAX = 1 << 20,
        NAMES_MAX = 64 << 20,
        NEEDED_MAX = 10000,
};

struct reading {
        Elf *elf;
        const char *path;
        size_t n_segments;
        size_t left;  /* bytes of notes that may still be read: segments may overlap */
        bool dynamic; /* that segment was seen */
        struct store_addin *addin;
        struct ward_fault *fault;
};

static void elf_endp(Elf **elf)
{
        elf_end(*elf);
}

static int damaged(const struct reading *reading, const char *what)
{
        const char *why = elf_errmsg(elf_errno());
        return fault_set(reading->fault, WARD_FAULT_MODULE, "module '%s' is cut short or damaged: %s%s%s", reading->path, what,
                         why ? ": " : "", why ? why : "");
}

static int get_segment(const struct reading *reading, size_t i, GElf_Phdr *ret)
{
        return gelf_getphdr(reading->elf, (int)i, ret) ? 0 : damaged(reading, "a program header");
}

/* --- Notes ------------------------------------------------------------------------------------ */

static int read_notes(struct reading *reading, const GElf_Phdr *segment)
{
        if (segment->p_filesz > reading->left)
                return damaged(reading, "notes of more than 4 MiB");
        reading->left -= segment->p_filesz;
        Elf_Type type = segment->p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR;
        Elf_Data *data = elf_getdata_rawchunk(reading->elf, (int64_t)segment->p_offset, segment->p_filesz, type);
        if (!data && segment->p_filesz)
                return damaged(reading, "its notes");
        GElf_Nhdr note;
        size_t name, text;
        for (size_t at = 0, next; data && (next = gelf_getnote(data, at, &note, &name, &text)); at = next) {
                const uint8_t *bytes = data->d_buf;
                if (note.n_type != WARD_NOTE_TYPE || note.n_namesz != sizeof WARD_NOTE_OWNER ||
                    memcmp(bytes + name, WARD_NOTE_OWNER, sizeof WARD_NOTE_OWNER))
                        continue;
                int r = contract_keep((struct ward_span){ bytes + text, note.n_descsz }, reading->path, reading->addin,
                                      reading->fault);
                if (r)
                        return r;
        }
        return 0;
}

/* --- Libraries that it needs ------------------------------------------------------------------ */

/* Where in the file the loader finds @address. */
static int find_address(const struct reading *reading, GElf_Addr address, GElf_Off *ret)
{
        GElf_Phdr segment;
        for (size_t i = 0; i < reading->n_segments; i++) {
                int r = get_segment(reading, i, &segment);
                if (r)
                        return r;
                if (segment.p_type != PT_LOAD || address < segment.p_vaddr || address - segment.p_vaddr >= segment.p_filesz)
                        continue;
                *ret = segment.p_offset + (address - segment.p_vaddr);
                return 0;
        }
        return damaged(reading, "an address that nothing is loaded at");
}

static int add_needed(const struct reading *reading, const Elf_Data *names, GElf_Xword at)
{
        struct store_addin *addin = reading->addin;
        if (!names || at >= names->d_size || !memchr((const char *)names->d_buf + at, 0, names->d_size - at))
                return damaged(reading, "the name of a library that it needs");
        if (addin->elf.n_needed == NEEDED_MAX)
                return damaged(reading, "more than 10000 libraries that it needs");
        char *name = strdup((const char *)names->d_buf + at);
        char **grown = reallocarray(addin->elf.needed, addin->elf.n_needed + 1, sizeof *grown);
        if (grown)
                addin->elf.needed = grown;
        if (!name || !grown) {
                free(name);
                return fault_set_errno(reading->fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot read '%s'", reading->path);
        }
        grown[addin->elf.n_needed++] = name;
        return 0;
}

/* The table of names that the dynamic section refers to; NULL for none. */
static int get_names(const struct reading *reading, Elf_Data *dynamic, Elf_Data **ret)
{
        GElf_Addr address = 0;
        GElf_Xword size = 0;
        GElf_Off at = 0;
        GElf_Dyn entry;
        *ret = NULL;
        for (int i = 0; gelf_getdyn(dynamic, i, &entry) && entry.d_tag != DT_NULL; i++) {
                if (entry.d_tag == DT_STRTAB)
                        address = entry.d_un.d_ptr;
                else if (entry.d_tag == DT_STRSZ)
                        size = entry.d_un.d_val;
        }
        if (!address || !size)
                return 0;
        int r = size > NAMES_MAX ? damaged(reading, "more than 64 MiB of names") : find_address(reading, address, &at);
        if (r)
                return r;
        *ret = elf_getdata_rawchunk(reading->elf, (int64_t)at, size, ELF_T_BYTE);
        return *ret ? 0 : damaged(reading, "its names");
}

static int read_dynamic(struct reading *reading, const GElf_Phdr *segment)
{
        if (reading->dynamic || segment->p_filesz > DYNAMIC_MAX)
                return damaged(reading, reading->dynamic ? "two dynamic sections" : "a dynamic section of more than 1 MiB");
        reading->dynamic = true;
        Elf_Data *names, *dynamic = elf_getdata_rawchunk(reading->elf, (int64_t)segment->p_offset, segment->p_filesz, ELF_T_DYN);
        if (!dynamic)
                return damaged(reading, "its dynamic section");
        GElf_Dyn entry;
        int r = get_names(reading, dynamic, &names);
        for (int i = 0; !r && gelf_getdyn(dynamic, i, &entry) && entry.d_tag != DT_NULL; i++)
                if (entry.d_tag == DT_NEEDED)
                        r = add_needed(reading, names, entry.d_un.d_val);
        return r;
}

/* --- The file --------------------------------------------------------------------------------- */

static int read_head(struct reading *reading)
{
        GElf_Ehdr head;
        struct store_addin *addin = reading->addin;
        if (elf_kind(reading->elf) != ELF_K_ELF || !gelf_getehdr(reading->elf, &head))
                return damaged(reading, "its header");
        addin->form = STORE_ELF;
        addin->elf.bits = head.e_ident[EI_CLASS] == ELFCLASS64 ? 64 : 32;
        addin->elf.little_endian = head.e_ident[EI_DATA] == ELFDATA2LSB;
        addin->elf.machine = head.e_machine;
        if (head.e_type != ET_DYN)
                return fault_set(reading->fault, WARD_FAULT_MODULE,
                                 "module '%s' is not a shared library: build it with -shared -fPIC", reading->path);
        /* libelf gives as many as the file has room for */
        if (elf_getphdrnum(reading->elf, &reading->n_segments) || !reading->n_segments ||
            (head.e_phnum != PN_XNUM && head.e_phnum != reading->n_segments))
                return damaged(reading, "its program headers");
        return reading->n_segments > SEGMENTS_MAX ? damaged(reading, "more than 1000 program headers") : 0;
}

static int read_segments(struct reading *reading)
{
        GElf_Phdr segment;
        int r = 0;
        for (size_t i = 0; i < reading->n_segments && !r; i++) {
                r = get_segment(reading, i, &segment);
                if (!r && segment.p_type == PT_NOTE)
                        r = read_notes(reading, &segment);
                else if (!r && segment.p_type == PT_DYNAMIC)
                        r = read_dynamic(reading, &segment);
        }
        return r;
}

int elf_read(const struct source *source, struct store_addin *addin, struct ward_fault *fault)
{
        struct reading reading = { .path = source->path, .left = NOTES_MAX, .addin = addin, .fault = fault };
        elf_version(EV_CURRENT);
        OWNED(elf_endp)
        Elf *elf =
                source->fd >= 0 ? elf_begin(source->fd, ELF_C_READ, NULL) : elf_memory((char *)source->bytes.at, source->bytes.len);
        reading.elf = elf;
        int r = elf ? read_head(&reading) : damaged(&reading, "its header");
        return r ? r : read_segments(&reading);
}
