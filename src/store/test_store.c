#include "store/store.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/own.h"
#include "test/harness/harness.h"
#include "wasm/limits.h"
#include "wasm/test_build.h"

#define WIT                                                                                                                        \
        "package example:sample@1.0.0;\n"                                                                                          \
        "interface tapes { resource tape { play: func() -> string; } }\n"                                                          \
        "world sample { import log: func(line: string); export add: func(a: s32, b: s32) -> s32; export tapes; }\n"
#define WORLD "ward-contract 1\nworld example:sample/sample@1.0.0\nencoding utf8\n"
#define LOG   "import func log func(line: string)\n"
#define ADD   "export func add func(a: s32, b: s32) -> s32\n"
#define PLAY                                                                                                                       \
        "export func example:sample/tapes@1.0.0#[method]tape.play func(self: borrow<example:sample/tapes@1.0.0#tape>) -> string\n"
#define TAPE "export resource example:sample/tapes@1.0.0#tape\n"

/* A module that carries @text. */
static struct writer module_with(const char *text)
{
        struct plan plan = test_plan();
        char *section = NULL;
        assert_true(asprintf(&section, "\x0dward-contract%s", text) > 0);
        plan.sections[SECTION_CUSTOM] = span_of(section);
        struct writer w = plan_write(&plan);
        free(section);
        return w;
}

/* From a block exactly as long, so that a sanitizer sees every byte read behind it. */
static int read_exact(struct ward_span bytes, struct store_addin **ret_addin, struct ward_fault *fault)
{
        uint8_t *copy = malloc(bytes.len ? bytes.len : 1);
        assert_non_null(copy);
        if (bytes.len)
                memcpy(copy, bytes.at, bytes.len);
        int r = store_read_bytes((struct ward_span){ copy, bytes.len }, "sample", ret_addin, fault);
        free(copy);
        return r;
}

static void expect_refused(const char *text, const char *why)
{
        struct ward_fault fault = { 0 };
        struct store_addin *addin = NULL;
        struct writer w = module_with(text);
        assert_int_equal(read_exact((struct ward_span){ w.at, w.len }, &addin, &fault), -WARD_FAULT_CONTRACT);
        writer_finish(&w);
        assert_null(addin);
        if (!strstr(fault.text, why))
                fail_msg("'%s', not '%s'", fault.text, why);
}

/* What the build made: sample.so, bare.so. */
static const char *built(const char *name)
{
        static char path[4096];
        const char *folder = getenv("WARD_TEST_SAMPLES");
        assert_non_null(folder);
        snprintf(path, sizeof path, "%s/%s", folder, name);
        return path;
}

static struct store_addin *read_built(const char *name)
{
        struct ward_fault fault = { 0 };
        struct store_addin *addin = NULL;
        if (store_read(built(name), &addin, &fault))
                fail_msg("%s", fault.text);
        return addin;
}

static uint8_t *load(const char *name, size_t *ret_len)
{
        struct stat st;
        FILE *file = fopen(built(name), "rbe");
        assert_non_null(file);
        assert_int_equal(fstat(fileno(file), &st), 0);
        uint8_t *bytes = malloc((size_t)st.st_size);
        assert_non_null(bytes);
        *ret_len = fread(bytes, 1, (size_t)st.st_size, file);
        assert_int_equal(*ret_len, st.st_size);
        fclose(file);
        return bytes;
}

TEST(reads_a_library)
{
        OWNED(store_freep) struct store_addin *addin = read_built("sample.so");
        struct embedded_entry entry;
        bool libc = false;
        assert_int_equal(addin->form, STORE_ELF);
        assert_int_equal(addin->elf.bits, 8 * sizeof(void *));
        assert_non_null(store_machine_name(addin->elf.machine));
        for (size_t i = 0; i < addin->elf.n_needed; i++)
                libc |= !strcmp(addin->elf.needed[i], "libc.so.6");
        assert_true(libc);
        assert_null(addin->module);
        assert_true(span_is(addin->embedded.world, "example:sample/sample@1.0.0"));
        assert_true(embedded_find(&addin->embedded, false, false, "add", &entry));
        assert_string_equal(addin->world->name, "sample");
        assert_int_equal(addin->world->n_exports, 1);
}

TEST(reads_a_module)
{
        struct writer w = module_with(WORLD ADD PLAY LOG TAPE "\n" WIT);
        struct ward_fault fault = { 0 };
        OWNED(store_freep) struct store_addin *addin = NULL;
        if (read_exact((struct ward_span){ w.at, w.len }, &addin, &fault))
                fail_msg("%s", fault.text);
        assert_int_equal(addin->form, STORE_WASM);
        assert_int_equal(addin->size, w.len);
        assert_non_null(addin->module);
        assert_string_equal(addin->world->name, "sample");
        writer_finish(&w);
}

TEST(carries_none)
{
        OWNED(store_freep) struct store_addin *addin = read_built("bare.so");
        assert_null(addin->text);
        assert_null(addin->contract);
        struct plan plan = test_plan();
        struct writer w = plan_write(&plan);
        OWNED(store_freep) struct store_addin *module = NULL;
        assert_int_equal(read_exact((struct ward_span){ w.at, w.len }, &module, NULL), 0);
        assert_null(module->text);
        writer_finish(&w);
        assert_null(store_free(NULL));
}

TEST(order_means_nothing)
{
        struct writer w = module_with(WORLD TAPE LOG PLAY ADD "\n" WIT);
        OWNED(store_freep) struct store_addin *addin = NULL;
        assert_int_equal(read_exact((struct ward_span){ w.at, w.len }, &addin, NULL), 0);
        writer_finish(&w);
}

TEST(says_two_things)
{
        expect_refused(WORLD PLAY LOG TAPE "\n" WIT, "only its WIT has 'export func add func(a: s32, b: s32) -> s32'");
        expect_refused(WORLD ADD ADD PLAY LOG TAPE "\n" WIT, "its WIT does not have 'export func add func");
        expect_refused(WORLD "export func add func(a: u32, b: s32) -> s32\n" PLAY LOG TAPE "\n" WIT, "says two things");
        expect_refused(WORLD ADD PLAY LOG "import resource example:sample/tapes@1.0.0#tape\n\n" WIT, "says two things");
        expect_refused("ward-contract 1\nworld example:sample/other@1.0.0\nencoding utf8\n" ADD PLAY LOG TAPE "\n" WIT,
                       "its WIT does not have world 'example:sample/other@1.0.0'");
}

TEST(cannot_be_read)
{
        expect_refused(WORLD ADD "\npackage", "its contract cannot be read: contract:1:");
        expect_refused("ward-contract 1\n", "line 2 of its contract is damaged");
        expect_refused("example:sample/sample@1.0.0", "line 1 of its contract is damaged");
}

static void expect_no_addin(const char *path, int kind, const char *why)
{
        struct ward_fault fault = { 0 };
        struct store_addin *addin = NULL;
        assert_int_equal(store_read(path, &addin, &fault), -kind);
        if (!strstr(fault.text, why))
                fail_msg("'%s', not '%s'", fault.text, why);
}

TEST(no_addin)
{
        char path[] = "/tmp/ward-store-XXXXXX";
        int fd = mkstemp(path);
        assert_true(fd >= 0);
        expect_no_addin(path, WARD_FAULT_MODULE, "is no add-in");
        assert_int_equal(write(fd, "#!/bin/sh\n", 10), 10);
        expect_no_addin(path, WARD_FAULT_MODULE, "is no add-in: it is neither a shared library nor a WebAssembly module");
        assert_int_equal(pwrite(fd, "(module)  ", 10, 0), 10);
        expect_no_addin(path, WARD_FAULT_MODULE, "is WebAssembly text");
        assert_int_equal(pwrite(fd, "\0asm", 4, 0), 4);
        expect_no_addin(path, WARD_FAULT_MODULE, "header");
        assert_int_equal(ftruncate(fd, WASM_MODULE_MAX + 1), 0);
        expect_no_addin(path, WARD_FAULT_MODULE, "is larger than 67108864 bytes");
        close(fd);
        unlink(path);
        expect_no_addin(path, WARD_FAULT_MODULE, "cannot open");
        expect_no_addin("/tmp", WARD_FAULT_MODULE, "is not a regular file");
        assert_int_equal(mkfifo(path, 0600), 0);
        expect_no_addin(path, WARD_FAULT_MODULE, "is not a regular file");
        unlink(path);
}

/* --- Damaged libraries ------------------------------------------------------------------------ */

struct library {
        uint8_t *bytes;
        size_t len;
        Elf64_Ehdr *head;
        Elf64_Phdr *segments;
};

static struct library library_load(void)
{
        struct library library = { 0 };
        library.bytes = load("sample.so", &library.len);
        library.head = (Elf64_Ehdr *)library.bytes;
        if (library.head->e_ident[EI_CLASS] != ELFCLASS64)
                harness_skip("this machine's libraries are not of 64 bits");
        library.segments = (Elf64_Phdr *)(library.bytes + library.head->e_phoff);
        return library;
}

static Elf64_Phdr *segment(const struct library *library, uint32_t type)
{
        for (size_t i = 0; i < library->head->e_phnum; i++)
                if (library->segments[i].p_type == type)
                        return &library->segments[i];
        fail_msg("the sample has no segment %u", type);
        return NULL;
}

/* Takes @library. @why NULL: it is taken. */
static void expect_library(struct library library, const char *why)
{
        struct ward_fault fault = { 0 };
        OWNED(store_freep) struct store_addin *addin = NULL;
        int r = read_exact((struct ward_span){ library.bytes, library.len }, &addin, &fault);
        if (r && !why)
                fail_msg("%s", fault.text);
        if (why && (r != -WARD_FAULT_MODULE || !strstr(fault.text, why)))
                fail_msg("'%s', not '%s'", r ? fault.text : "taken", why);
        free(library.bytes);
}

TEST(needs_no_section_headers)
{
        struct library library = library_load();
        library.head->e_shoff = library.head->e_shnum = library.head->e_shstrndx = 0;
        expect_library(library, NULL);
}

TEST(damaged_libraries)
{
        struct library library = library_load();
        library.head->e_type = ET_EXEC;
        expect_library(library, "is not a shared library");
        library = library_load();
        segment(&library, PT_NOTE)->p_offset = library.len - 1;
        expect_library(library, "is cut short or damaged: its notes");
        library = library_load();
        segment(&library, PT_NOTE)->p_filesz = UINT64_MAX;
        expect_library(library, "is cut short or damaged: notes of more than 4 MiB");
        library = library_load();
        segment(&library, PT_DYNAMIC)->p_offset = UINT64_MAX - 3;
        expect_library(library, "is cut short or damaged: its dynamic section");
        library = library_load();
        segment(&library, PT_DYNAMIC)->p_filesz = 1 << 21;
        expect_library(library, "a dynamic section of more than 1 MiB");
        library = library_load();
        library.head->e_phoff = library.len - 8;
        expect_library(library, "is cut short or damaged: its program headers");
        library = library_load();
        library.head->e_phnum = 0xfffe;
        expect_library(library, "is cut short or damaged: its program headers");
        library = library_load();
        library.head->e_phnum = 0;
        expect_library(library, "is cut short or damaged: its program headers");
}

static Elf64_Dyn *dynamic_entry(const struct library *library, int64_t tag)
{
        Elf64_Dyn *entry = (Elf64_Dyn *)(library->bytes + segment(library, PT_DYNAMIC)->p_offset);
        while (entry->d_tag != DT_NULL && entry->d_tag != tag)
                entry++;
        assert_int_equal(entry->d_tag, tag);
        return entry;
}

TEST(damaged_names)
{
        struct library library = library_load();
        dynamic_entry(&library, DT_NEEDED)->d_un.d_val = UINT64_MAX;
        expect_library(library, "the name of a library that it needs");
        library = library_load();
        dynamic_entry(&library, DT_STRTAB)->d_un.d_ptr = (uint64_t)1 << 60;
        expect_library(library, "an address that nothing is loaded at");
        library = library_load();
        dynamic_entry(&library, DT_STRSZ)->d_un.d_val = (uint64_t)1 << 40;
        expect_library(library, "more than 64 MiB of names");
        library = library_load();
        dynamic_entry(&library, DT_STRSZ)->d_un.d_val = 32 << 20;
        expect_library(library, "its names");
        library = library_load();
        dynamic_entry(&library, DT_STRSZ)->d_un.d_val = 0;
        expect_library(library, "the name of a library that it needs");
}

/* Whatever the damage: it is read, or there is a reason why not. */
static void expect_answer(struct ward_span bytes)
{
        struct ward_fault fault = { 0 };
        OWNED(store_freep) struct store_addin *addin = NULL;
        int r = read_exact(bytes, &addin, &fault);
        if (r)
                assert_true((r == -WARD_FAULT_MODULE || r == -WARD_FAULT_CONTRACT) && fault.text[0]);
        else
                assert_non_null(addin);
}

TEST(cut_anywhere)
{
        size_t size;
        OWNED(freep) uint8_t *bytes = load("sample.so", &size);
        for (size_t len = 0; len < size; len++)
                expect_answer((struct ward_span){ bytes, len });
        struct writer w = module_with(WORLD ADD PLAY LOG TAPE "\n" WIT);
        for (size_t len = 0; len < w.len; len++)
                expect_answer((struct ward_span){ w.at, len });
        writer_finish(&w);
}

static void flip(uint8_t *bytes, size_t len)
{
        static const uint8_t masks[] = { 0x01, 0x80, 0xff };
        for (size_t i = 0; i < len; i++)
                for (size_t k = 0; k < COUNT_OF(masks); k++) {
                        bytes[i] ^= masks[k];
                        expect_answer((struct ward_span){ bytes, len });
                        bytes[i] ^= masks[k];
                }
}

TEST(flipped_anywhere)
{
        size_t size;
        OWNED(freep) uint8_t *bytes = load("sample.so", &size);
        flip(bytes, size);
        struct writer w = module_with(WORLD ADD PLAY LOG TAPE "\n" WIT);
        flip(w.at, w.len);
        writer_finish(&w);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(reads_a_library), TEST_CASE(reads_a_module), TEST_CASE(carries_none),
                         TEST_CASE(order_means_nothing), TEST_CASE(says_two_things), TEST_CASE(cannot_be_read), TEST_CASE(no_addin),
                         TEST_CASE(needs_no_section_headers), TEST_CASE(damaged_libraries), TEST_CASE(damaged_names),
                         TEST_CASE_LONG(cut_anywhere, 60), TEST_CASE_LONG(flipped_anywhere, 120));
}
