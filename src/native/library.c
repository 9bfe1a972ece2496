#include "native/library.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/fault.h"
#include "base/own.h"

enum { SEGMENTS_MAX = 1000, DYNAMIC_MAX = 1 << 20 };

/* The head of the object that this code is in: libraries of its class, byte order and machine can be loaded beside it. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

struct reading {
        const struct library_file *file;
        const char *path;
        ElfW(Phdr) * segments;
        size_t n_segments;
        ElfW(Dyn) * entries;
        size_t n_entries;
        uint64_t names, names_size; /* in the file */
        struct library *library;
        struct ward_fault *fault;
};

static int damaged(const struct reading *reading, const char *what)
{
        return fault_set(reading->fault, WARD_FAULT_MODULE, "library '%s' is cut short or damaged: %s", reading->path, what);
}

static int no_memory(const struct reading *reading)
{
        return fault_set_errno(reading->fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot read library '%s'", reading->path);
}

/* Up to @len bytes from @at on; fewer at the end of the file. */
static size_t read_some(const struct library_file *file, uint64_t at, void *to, size_t len)
{
        if (file->fd >= 0) {
                ssize_t n = at > INT64_MAX - len ? -1 : pread(file->fd, to, len, (off_t)at);
                return n > 0 ? (size_t)n : 0;
        }
        if (at >= file->bytes.len)
                return 0;
        if (len > file->bytes.len - at)
                len = file->bytes.len - at;
        memcpy(to, file->bytes.at + at, len);
        return len;
}

static bool read_all(const struct library_file *file, uint64_t at, void *to, size_t len)
{
        return read_some(file, at, to, len) == len;
}

/* --- Where its parts are ---------------------------------------------------------------------- */

/* 0, 1 or a fault, as library_read. Programs are read too: what they need is loaded where they run. */
static int read_segments(struct reading *reading)
{
        ElfW(Ehdr) head;
        if (!read_all(reading->file, 0, &head, sizeof head) || memcmp(head.e_ident, __ehdr_start.e_ident, EI_VERSION + 1) ||
            head.e_machine != __ehdr_start.e_machine || (head.e_type != ET_DYN && head.e_type != ET_EXEC))
                return 1;
        if (head.e_phentsize != sizeof *reading->segments || !head.e_phnum || head.e_phnum > SEGMENTS_MAX)
                return damaged(reading, "its program headers");
        size_t size = head.e_phnum * sizeof *reading->segments;
        reading->segments = malloc(size);
        if (!reading->segments)
                return no_memory(reading);
        reading->n_segments = head.e_phnum;
        return read_all(reading->file, head.e_phoff, reading->segments, size) ? 0 : damaged(reading, "its program headers");
}

/* The loader goes by the last one. */
static const ElfW(Phdr) * find_dynamic(const struct reading *reading)
{
        const ElfW(Phdr) *found = NULL;
        for (size_t i = 0; i < reading->n_segments; i++)
                if (reading->segments[i].p_type == PT_DYNAMIC)
                        found = &reading->segments[i];
        return found;
}

static int read_entries(struct reading *reading)
{
        const ElfW(Phdr) *dynamic = find_dynamic(reading);
        if (!dynamic)
                return 0; /* it needs nothing */
        if (dynamic->p_filesz > DYNAMIC_MAX)
                return damaged(reading, "a dynamic section of more than 1 MiB");
        reading->n_entries = dynamic->p_filesz / sizeof *reading->entries;
        reading->entries = malloc(dynamic->p_filesz + 1);
        if (!reading->entries)
                return no_memory(reading);
        return read_all(reading->file, dynamic->p_offset, reading->entries, dynamic->p_filesz)
                       ? 0
                       : damaged(reading, "its dynamic section");
}

/* Where in the file the loader finds @address. */
static bool find_address(const struct reading *reading, uint64_t address, uint64_t *ret)
{
        for (size_t i = 0; i < reading->n_segments; i++) {
                const ElfW(Phdr) *segment = &reading->segments[i];
                if (segment->p_type != PT_LOAD || address < segment->p_vaddr || address - segment->p_vaddr >= segment->p_filesz)
                        continue;
                *ret = segment->p_offset + (address - segment->p_vaddr);
                return true;
        }
        return false;
}

/* The value of the first entry of this kind, or 0. What lies behind DT_NULL counts no more. */
static uint64_t find_value(const struct reading *reading, int64_t tag)
{
        for (size_t i = 0; i < reading->n_entries && reading->entries[i].d_tag != DT_NULL; i++)
                if (reading->entries[i].d_tag == tag)
                        return reading->entries[i].d_un.d_val;
        return 0;
}

static int find_names(struct reading *reading)
{
        uint64_t address = find_value(reading, DT_STRTAB);
        reading->names_size = find_value(reading, DT_STRSZ);
        if (reading->names_size && !find_address(reading, address, &reading->names))
                return damaged(reading, "the place of its names");
        return 0;
}

/* --- What it says ----------------------------------------------------------------------------- */

static int copy_name(const struct reading *reading, uint64_t at, char **ret_name)
{
        char text[LIBRARY_TEXT_MAX];
        if (at >= reading->names_size)
                return damaged(reading, "a name");
        uint64_t left = reading->names_size - at;
        size_t n = read_some(reading->file, reading->names + at, text, left < sizeof text ? left : sizeof text);
        if (!memchr(text, 0, n))
                return damaged(reading, "a name that does not end");
        free(*ret_name); /* of two the loader goes by the last */
        *ret_name = strdup(text);
        return *ret_name ? 0 : no_memory(reading);
}

static int add_needed(const struct reading *reading, uint64_t at)
{
        struct library *library = reading->library;
        if (library->n_needed == LIBRARY_NEEDED_MAX)
                return damaged(reading, "more than 1000 libraries that it needs");
        char **grown = reallocarray(library->needed, library->n_needed + 1, sizeof *grown);
        if (!grown)
                return no_memory(reading);
        library->needed = grown;
        grown[library->n_needed] = NULL;
        int r = copy_name(reading, at, &grown[library->n_needed]);
        library->n_needed += !r;
        return r;
}

static int read_names(const struct reading *reading)
{
        struct library *library = reading->library;
        int r = 0;
        for (size_t i = 0; !r && i < reading->n_entries && reading->entries[i].d_tag != DT_NULL; i++) {
                uint64_t at = reading->entries[i].d_un.d_val;
                switch (reading->entries[i].d_tag) {
                case DT_NEEDED:
                        r = add_needed(reading, at);
                        break;
                case DT_SONAME:
                        r = copy_name(reading, at, &library->soname);
                        break;
                case DT_RPATH:
                        r = copy_name(reading, at, &library->rpath);
                        break;
                case DT_RUNPATH:
                        r = copy_name(reading, at, &library->runpath);
                        break;
                }
        }
        if (library->runpath) {
                free(library->rpath);
                library->rpath = NULL;
        }
        return r;
}

int library_open(const char *path)
{
        struct stat st;
        if (stat(path, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return -EACCES;
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        return fd < 0 ? -errno : fd;
}

int library_read(const struct library_file *file, const char *path, struct library *ret_library, struct ward_fault *fault)
{
        struct library library = { 0 };
        struct reading reading = { .file = file, .path = path, .library = &library, .fault = fault };
        int r = read_segments(&reading);
        if (!r)
                r = read_entries(&reading);
        if (!r)
                r = find_names(&reading);
        if (!r)
                r = read_names(&reading);
        free(reading.segments);
        free(reading.entries);
        if (r)
                library_finish(&library);
        else
                *ret_library = library;
        return r;
}

void library_finish(struct library *library)
{
        free(library->soname);
        free(library->rpath);
        free(library->runpath);
        for (size_t i = 0; i < library->n_needed; i++)
                free(library->needed[i]);
        free(library->needed);
        *library = (struct library){ 0 };
}
