#include "native/library.h"

#include <stddef.h>
#include <stdint.h>
#include "base/own.h"
#include "native/cache.h"
#include "native/test_make.h"

/* From a block exactly as long, so that a sanitizer sees every byte read behind it. */
static int read_exact(struct ward_span bytes, struct library *ret, struct ward_fault *fault)
{
        uint8_t *copy = malloc(bytes.len + 1);
        assert_non_null(copy);
        memcpy(copy, bytes.at, bytes.len);
        uint8_t *exact = realloc(copy, bytes.len ? bytes.len : 1);
        const struct library_file file = { -1, { exact, bytes.len } };
        int r = library_read(&file, "made.so", ret, fault);
        free(exact);
        return r;
}

static void expect_damaged(const struct made *made, const char *why)
{
        struct ward_fault fault = { 0 };
        struct library library;
        assert_int_equal(read_exact((struct ward_span){ (const uint8_t *)made, MADE_BYTES }, &library, &fault), -WARD_FAULT_MODULE);
        if (!strstr(fault.text, why))
                fail_msg("'%s', not '%s'", fault.text, why);
}

TEST(says_what_it_needs)
{
        struct made made;
        struct ward_span bytes = made_from(&made, "needed:liba.so.1 soname:libx.so needed:libb.so runpath:$ORIGIN:/opt");
        OWNED(library_finish) struct library library;
        assert_int_equal(read_exact(bytes, &library, NULL), 0);
        assert_string_equal(library.soname, "libx.so");
        assert_string_equal(library.runpath, "$ORIGIN:/opt");
        assert_null(library.rpath);
        assert_int_equal(library.n_needed, 2);
        assert_string_equal(library.needed[0], "liba.so.1");
        assert_string_equal(library.needed[1], "libb.so");
}

TEST(runpath_makes_rpath_count_no_more)
{
        struct made made;
        OWNED(library_finish) struct library both, one;
        assert_int_equal(read_exact(made_from(&made, "rpath:/a runpath:/b"), &both, NULL), 0);
        assert_null(both.rpath);
        assert_int_equal(read_exact(made_from(&made, "rpath:/a"), &one, NULL), 0);
        assert_string_equal(one.rpath, "/a");
}

TEST(reads_this_program)
{
        int fd = library_open("/proc/self/exe");
        const struct library_file file = { .fd = fd };
        OWNED(library_finish) struct library library;
        assert_true(fd >= 0);
        assert_int_equal(library_read(&file, "exe", &library, NULL), 0);
        bool libc = false;
        for (size_t i = 0; i < library.n_needed; i++)
                libc |= !strcmp(library.needed[i], "libc.so.6");
        assert_true(libc);
        close(fd);
}

TEST(what_is_no_library)
{
        struct made made;
        struct library library;
        made_from(&made, "");
        const struct ward_span bytes = { (const uint8_t *)&made, MADE_BYTES };
        assert_int_equal(read_exact((struct ward_span){ bytes.at, 0 }, &library, NULL), 1);
        assert_int_equal(read_exact((struct ward_span){ bytes.at, sizeof made.head - 1 }, &library, NULL), 1);
        made.head.e_machine++;
        assert_int_equal(read_exact(bytes, &library, NULL), 1);
        made_from(&made, "");
        made.head.e_ident[EI_CLASS] ^= 3;
        assert_int_equal(read_exact(bytes, &library, NULL), 1);
        made_from(&made, "");
        made.head.e_type = ET_REL;
        assert_int_equal(read_exact(bytes, &library, NULL), 1);
        assert_true(library_open("/dev/null") < 0);
        assert_true(library_open("/") < 0);
        assert_true(library_open("/nowhere") < 0);
}

TEST(what_is_damaged)
{
        struct made made;
        made_from(&made, "needed:a");
        made.head.e_phnum = PN_XNUM;
        expect_damaged(&made, "program headers");
        made_from(&made, "needed:a");
        made.head.e_phoff = UINT64_MAX - 8;
        expect_damaged(&made, "program headers");
        made_from(&made, "needed:a");
        made.segments[1].p_filesz = UINT64_MAX;
        expect_damaged(&made, "more than 1 MiB");
        made_from(&made, "needed:a");
        made.segments[1].p_offset = MADE_BYTES - 8;
        expect_damaged(&made, "dynamic section");
        made_from(&made, "needed:a");
        made.segments[0].p_filesz = 64;
        expect_damaged(&made, "the place of its names");
        made_from(&made, "needed:a");
        made.entries[0].d_un.d_val = MADE_NAMES;
        expect_damaged(&made, "a name");
        made_from(&made, "needed:a");
        made.entries[2].d_un.d_val = 2; /* the size of the names: "a" without its NUL */
        expect_damaged(&made, "a name that does not end");
}

/* Whatever is cut off, it is read, refused or no library; nothing is read behind it. */
TEST(cut_anywhere)
{
        struct made made;
        struct ward_span bytes = made_from(&made, "soname:libx.so needed:liba.so runpath:$ORIGIN");
        for (size_t len = 0; len < offsetof(struct made, names) + 64; len++) {
                struct library library;
                int r = read_exact((struct ward_span){ bytes.at, len }, &library, NULL);
                assert_true(r == 1 || r == -WARD_FAULT_MODULE || r == 0);
                if (!r)
                        library_finish(&library);
        }
}

/* --- The system's cache ----------------------------------------------------------------------- */

TEST(finds_what_the_system_has)
{
        OWNED(cache_close) struct cache cache;
        cache_open(CACHE_FILE, &cache);
        uint32_t at = 0;
        if (access(CACHE_FILE, R_OK))
                harness_skip("this system has no " CACHE_FILE);
        assert_true(cache.n);
        const char *path = cache_find(&cache, "libc.so.6", &at);
        assert_non_null(path);
        assert_int_equal(access(path, R_OK), 0);
        at = 0;
        assert_null(cache_find(&cache, "libnobody-has-this.so.1", &at));
        at = 0;
        assert_null(cache_find(&cache, "", &at));
}

/* As many bytes of the system's own. */
TEST(cut_or_damaged_cache)
{
        OWNED(cache_close) struct cache cache;
        cache_open(CACHE_FILE, &cache);
        size_t len = cache.file.len < 4096 ? cache.file.len : 4096;
        for (size_t n = 0; n < len; n++) {
                uint8_t *copy = malloc(n + 1);
                struct cache cut;
                memcpy(copy, cache.file.at, n);
                uint8_t *exact = realloc(copy, n ? n : 1);
                if (n > 60) {
                        exact[20] = exact[21] = exact[22] = exact[23] = (uint8_t)(n % 7); /* how many entries it says */
                        exact[n - 1] = (uint8_t)(n / 7 % 2);
                }
                cache_init(&cut, (struct ward_span){ exact, n });
                for (uint32_t at = 0; cache_find(&cut, "libc.so.6", &at);)
                        continue;
                free(exact);
        }
        cache_open("/nowhere", &cache);
        assert_int_equal(cache.n, 0);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(says_what_it_needs), TEST_CASE(runpath_makes_rpath_count_no_more),
                         TEST_CASE(reads_this_program), TEST_CASE(what_is_no_library), TEST_CASE(what_is_damaged),
                         TEST_CASE(cut_anywhere), TEST_CASE(finds_what_the_system_has), TEST_CASE(cut_or_damaged_cache));
}
