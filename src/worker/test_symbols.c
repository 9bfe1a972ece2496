#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/own.h"
#include "test/harness/harness.h"
#include "worker/worker.h"

__attribute__((noinline)) static int a_static_function(int x)
{
        return x * 3 + 1;
}

static int first_object(struct dl_phdr_info *info, size_t size, void *data)
{
        *(uint64_t *)data = info->dlpi_addr;
        return 1;
}

/* Where the file of this program has @function. */
static uint64_t in_file(int (*function)(int))
{
        uint64_t base = 0;
        dl_iterate_phdr(first_object, &base);
        return (uint64_t)(uintptr_t)function - base;
}

TEST(static_functions_are_found)
{
        char name[64];
        uint64_t offset;
        assert_true(symbol_find("/proc/self/exe", in_file(a_static_function), name, sizeof name, &offset));
        assert_string_equal(name, "a_static_function");
        assert_int_equal(offset, 0);
        assert_true(symbol_find("/proc/self/exe", in_file(a_static_function) + 1, name, sizeof name, &offset));
        assert_int_equal(offset, 1);
}

TEST(long_names_are_cut)
{
        char name[9];
        uint64_t offset;
        assert_true(symbol_find("/proc/self/exe", in_file(a_static_function), name, sizeof name, &offset));
        assert_string_equal(name, "a_static");
}

TEST(what_is_not_there_is_not_found)
{
        char name[64];
        uint64_t offset;
        assert_false(symbol_find("/proc/self/exe", UINT64_MAX, name, sizeof name, &offset));
        assert_false(symbol_find("/nowhere", 0, name, sizeof name, &offset));
        assert_false(symbol_find("/dev/null", 0, name, sizeof name, &offset));
        assert_false(symbol_find("/proc/self/status", 0, name, sizeof name, &offset));
}

/* A copy of this program with @len bytes, whose file header @damage has changed. */
static void check_damaged(size_t len, void (*damage)(ElfW(Ehdr) *))
{
        char path[] = "/tmp/ward-test-XXXXXX", name[64];
        OWNED(fd_closep) int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
        OWNED(fd_closep) int to = mkostemp(path, O_CLOEXEC);
        uint64_t offset;
        ElfW(Ehdr) head;
        struct stat st;
        assert_int_equal(fstat(from, &st), 0);
        for (off_t left = st.st_size; left > 0;) {
                ssize_t n = sendfile(to, from, NULL, (size_t)left);
                assert_true(n > 0);
                left -= n;
        }
        assert_int_equal(pread(to, &head, sizeof head, 0), sizeof head);
        if (damage)
                damage(&head);
        assert_int_equal(pwrite(to, &head, sizeof head, 0), sizeof head);
        assert_int_equal(ftruncate(to, (off_t)len < st.st_size ? (off_t)len : st.st_size), 0);
        assert_false(symbol_find(path, in_file(a_static_function), name, sizeof name, &offset));
        unlink(path);
}

static void far_sections(ElfW(Ehdr) * head)
{
        head->e_shoff = UINT64_MAX - 64;
}

static void no_sections(ElfW(Ehdr) * head)
{
        head->e_shnum = 0;
}

TEST(damaged_files_are_read_within_their_bounds)
{
        for (size_t len = 0; len < 4096; len += 61)
                check_damaged(len, NULL);
        check_damaged(SIZE_MAX / 2, far_sections);
        check_damaged(SIZE_MAX / 2, no_sections);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(static_functions_are_found), TEST_CASE(long_names_are_cut),
                         TEST_CASE(what_is_not_there_is_not_found), TEST_CASE(damaged_files_are_read_within_their_bounds));
}
