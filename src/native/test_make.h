/* For tests: small shared libraries that nobody can run, and folders to put them in. */
#ifndef NATIVE_TEST_MAKE_H
#define NATIVE_TEST_MAKE_H

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/span.h"
#include "test/harness/harness.h"

enum { MADE_ENTRIES = 64, MADE_NAMES = 8192 };

/* As it lies in the file: all of it is loaded at 0. */
struct made {
        ElfW(Ehdr) head;
        ElfW(Phdr) segments[2];
        ElfW(Dyn) entries[MADE_ENTRIES];
        char names[MADE_NAMES];
        size_t n_entries, n_names; /* behind the file */
};

enum { MADE_BYTES = offsetof(struct made, n_entries) };

/* Of the machine that the test runs on. */
static inline void made_begin(struct made *made)
{
        int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
        *made = (struct made){ .n_names = 1 };
        assert_int_equal(read(fd, &made->head, sizeof made->head), sizeof made->head);
        close(fd);
        made->head.e_type = ET_DYN;
        made->head.e_phoff = offsetof(struct made, segments);
        made->head.e_phnum = 2;
        made->head.e_shnum = 0;
        made->segments[0] = (ElfW(Phdr)){ .p_type = PT_LOAD, .p_filesz = MADE_BYTES, .p_memsz = MADE_BYTES };
        made->segments[1] = (ElfW(Phdr)){ .p_type = PT_DYNAMIC,
                                          .p_offset = offsetof(struct made, entries),
                                          .p_vaddr = offsetof(struct made, entries),
                                          .p_filesz = sizeof made->entries };
}

static inline void made_add(struct made *made, int64_t tag, uint64_t value)
{
        assert_true(made->n_entries < MADE_ENTRIES - 1);
        made->entries[made->n_entries].d_tag = tag;
        made->entries[made->n_entries++].d_un.d_val = value;
}

static inline void made_name(struct made *made, int64_t tag, const char *name)
{
        assert_true(made->n_names + strlen(name) < MADE_NAMES);
        made_add(made, tag, made->n_names);
        strcpy(made->names + made->n_names, name);
        made->n_names += strlen(name) + 1;
}

static inline struct ward_span made_end(struct made *made)
{
        made_add(made, DT_STRTAB, offsetof(struct made, names));
        made_add(made, DT_STRSZ, made->n_names);
        return (struct ward_span){ (const uint8_t *)made, MADE_BYTES };
}

/* "soname:libx.so runpath:$ORIGIN needed:liby.so": a library that says so. */
static inline struct ward_span made_from(struct made *made, const char *what)
{
        static const struct {
                const char *word;
                int64_t tag;
        } words[] = { { "soname:", DT_SONAME }, { "runpath:", DT_RUNPATH }, { "rpath:", DT_RPATH }, { "needed:", DT_NEEDED } };
        char text[4096], *save = NULL;
        made_begin(made);
        snprintf(text, sizeof text, "%s", what);
        for (char *part = strtok_r(text, " ", &save); part; part = strtok_r(NULL, " ", &save))
                for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
                        if (!strncmp(part, words[i].word, strlen(words[i].word)))
                                made_name(made, words[i].tag, part + strlen(words[i].word));
        return made_end(made);
}

static inline void write_file(const char *path, struct ward_span bytes)
{
        FILE *file = fopen(path, "we");
        assert_non_null(file);
        assert_int_equal(fwrite(bytes.at, 1, bytes.len, file), bytes.len);
        assert_int_equal(fclose(file), 0);
}

#endif
