#include "wasm/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "wasm/key.h"
#include "wasm/test_fixture.h"

static const char key[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
static const struct wasm_offer offers[] = { { "env", "host", "i>i" }, { "env", "mixed", "iIfF>F" } };
static const struct wasm_need needs[] = { { "add_one", "i>i", false } };
static const struct wasm_terms terms = { offers, COUNT_OF(offers), needs, COUNT_OF(needs) };

static char folder[] = "/tmp/ward-test-cache-XXXXXX";

static void remove_all(const char *path)
{
        char command[300];
        snprintf(command, sizeof command, "rm -rf '%s'", path);
        assert_int_equal(system(command), 0);
}

static void make_folder(void)
{
        assert_non_null(mkdtemp(folder));
}

static int count_files(const char *path, const char *ending)
{
        DIR *dir = opendir(path);
        int n = 0;
        assert_non_null(dir);
        for (struct dirent *entry; (entry = readdir(dir));) {
                size_t len = strlen(entry->d_name);
                if (entry->d_name[0] != '.')
                        n += len >= strlen(ending) && !strcmp(entry->d_name + len - strlen(ending), ending);
        }
        closedir(dir);
        return n;
}

static struct wasm_cache open_cache(const char *path)
{
        struct wasm_cache cache;
        struct ward_fault fault = { 0 };
        if (wasm_cache_open(path, &cache, &fault))
                fail_msg("%s", fault.text);
        return cache;
}

static void refuses(const char *path, const char *remedy)
{
        struct wasm_cache cache;
        struct ward_fault fault = { 0 };
        assert_int_equal(wasm_cache_open(path, &cache, &fault), -WARD_FAULT_COMPILE);
        assert_says(&fault, path);
        assert_says(&fault, remedy);
}

TEST(keys_tell_parts_apart)
{
        char one[WASM_KEY_LEN + 1], two[WASM_KEY_LEN + 1];
        wasm_key((struct ward_span[]){ span_of("ab"), span_of("c") }, 2, one);
        wasm_key((struct ward_span[]){ span_of("a"), span_of("bc") }, 2, two);
        assert_string_not_equal(one, two);
        wasm_key((struct ward_span[]){ span_of("ab"), span_of("c") }, 2, two);
        assert_string_equal(one, two);
        assert_int_equal(strlen(one), WASM_KEY_LEN);
        assert_int_equal(strspn(one, "0123456789abcdef"), WASM_KEY_LEN);
}

TEST(makes_its_folder)
{
        char path[64];
        struct stat st;
        make_folder();
        snprintf(path, sizeof path, "%s/a/b", folder);
        struct wasm_cache cache = open_cache(path);
        assert_string_equal(cache.path, path);
        wasm_cache_close(&cache);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0700);
        remove_all(folder);
}

TEST(follows_the_environment)
{
        char expected[64];
        make_folder();
        setenv("HOME", folder, 1);
        unsetenv("XDG_CACHE_HOME");
        unsetenv("WARD_CACHE");
        const char *names[] = { NULL, "XDG_CACHE_HOME", "WARD_CACHE" }, *below[] = { "/.cache/ward", "/ward", "" };
        for (int i = 0; i < 3; i++) {
                if (names[i])
                        setenv(names[i], folder, 1);
                snprintf(expected, sizeof expected, "%s%s", folder, below[i]);
                struct wasm_cache cache = open_cache(NULL);
                assert_string_equal(cache.path, expected);
                wasm_cache_close(&cache);
        }
        struct wasm_cache cache;
        struct ward_fault fault = { 0 };
        unsetenv("HOME");
        unsetenv("WARD_CACHE");
        unsetenv("XDG_CACHE_HOME");
        assert_int_equal(wasm_cache_open(NULL, &cache, &fault), -WARD_FAULT_COMPILE);
        setenv("HOME", "relative", 1);
        setenv("XDG_CACHE_HOME", "relative", 1);
        assert_int_equal(wasm_cache_open(NULL, &cache, &fault), -WARD_FAULT_COMPILE);
        assert_says(&fault, "WARD_CACHE");
        remove_all(folder);
}

TEST(refuses_a_folder_of_others)
{
        make_folder();
        chmod(folder, 0770);
        refuses(folder, "chmod 700");
        chmod(folder, 0702);
        refuses(folder, "chmod 700");
        chmod(folder, 0700);
        if (!geteuid()) {
                assert_int_equal(chown(folder, 65534, 65534), 0);
                refuses(folder, "belongs to user 65534");
        }
        remove_all(folder);
}

TEST(refuses_what_is_no_folder)
{
        char path[64];
        make_folder();
        snprintf(path, sizeof path, "%s/file", folder);
        close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
        refuses(path, "WARD_CACHE");
        snprintf(path, sizeof path, "%s/file/below", folder);
        refuses(path, "WARD_CACHE");
        remove_all(folder);
}

/* As a user whom permissions bind. */
static int build_as_nobody(void)
{
        struct wasm_cache cache = open_cache(folder);
        struct wasm_build build;
        struct ward_fault fault = { 0 };
        int r = wasm_build_begin(&cache, &build, &fault);
        if (r != -WARD_FAULT_COMPILE || !strstr(fault.text, folder) || !strstr(fault.text, "writable"))
                return 1;
        return fault.error == EACCES ? 0 : 2;
}

TEST(says_that_it_cannot_write)
{
        int status;
        make_folder();
        if (!geteuid())
                assert_int_equal(chown(folder, 65534, 65534), 0);
        assert_int_equal(chmod(folder, 0500), 0);
        pid_t pid = fork();
        if (!pid) {
                if (!geteuid() && setresuid(65534, 65534, 65534))
                        _exit(9);
                _exit(build_as_nobody());
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
        remove_all(folder);
}

static int found(const struct wasm_cache *cache)
{
        int fd = -1;
        struct wasm_label label;
        int r = wasm_cache_find(cache, key, &fd, &label);
        if (!r)
                assert_string_equal(label.name, "test.wasm");
        fd_close(fd);
        return r;
}

static void publish(const struct wasm_cache *cache, const char *content)
{
        const struct wasm_label label = { .name = "test.wasm" };
        struct wasm_build build;
        struct ward_fault fault = { 0 };
        assert_int_equal(wasm_build_begin(cache, &build, &fault), 0);
        int fd = openat(build.folder, "image.so", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
        assert_int_equal(write(fd, content, strlen(content)), (ssize_t)strlen(content));
        close(fd);
        close(openat(build.folder, "other", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
        assert_int_equal(wasm_build_publish(cache, &build, "missing", key, &label, &fault), -WARD_FAULT_COMPILE);
        assert_int_equal(wasm_build_publish(cache, &build, "image.so", key, &label, &fault), 0);
        wasm_build_end(cache, &build);
}

TEST(trusts_files_of_its_own_only)
{
        char name[WASM_KEY_LEN + 4];
        make_folder();
        struct wasm_cache cache = open_cache(folder);
        snprintf(name, sizeof name, "%s.so", key);
        assert_int_equal(found(&cache), 1);
        publish(&cache, "image");
        assert_int_equal(found(&cache), 0);
        assert_int_equal(fchmodat(cache.folder, name, 0520, 0), 0);
        assert_int_equal(found(&cache), 1);
        assert_int_equal(fchmodat(cache.folder, name, 0502, 0), 0);
        assert_int_equal(found(&cache), 1);
        assert_int_equal(fchmodat(cache.folder, name, 0500, 0), 0);
        if (!geteuid()) {
                assert_int_equal(fchownat(cache.folder, name, 65534, 65534, 0), 0);
                assert_int_equal(found(&cache), 1);
                assert_int_equal(fchownat(cache.folder, name, 0, 0, 0), 0);
        }
        assert_int_equal(found(&cache), 0);
        assert_int_equal(renameat(cache.folder, name, cache.folder, "elsewhere"), 0);
        assert_int_equal(symlinkat("elsewhere", cache.folder, name), 0);
        assert_int_equal(found(&cache), 1);
        assert_int_equal(unlinkat(cache.folder, name, 0), 0);
        assert_int_equal(mkfifoat(cache.folder, name, 0500), 0);
        assert_int_equal(found(&cache), 1);
        assert_int_equal(unlinkat(cache.folder, name, 0), 0);
        assert_int_equal(mkdirat(cache.folder, name, 0500), 0);
        assert_int_equal(found(&cache), 1);
        wasm_cache_close(&cache);
        remove_all(folder);
}

TEST(builds_and_publishes)
{
        make_folder();
        struct wasm_cache cache = open_cache(folder);
        publish(&cache, "image");
        assert_int_equal(found(&cache), 0);
        assert_int_equal(count_files(folder, ""), 1);
        wasm_cache_close(&cache);
        remove_all(folder);
}

/* What was published is found, no part of it is, nor anything longer or changed. */
TEST(finds_whole_files_only)
{
        char name[WASM_KEY_LEN + 4], byte;
        struct stat st;
        make_folder();
        struct wasm_cache cache = open_cache(folder);
        snprintf(name, sizeof name, "%s.so", key);
        for (int cut = -1; cut <= (int)sizeof "image"; cut++) {
                publish(&cache, "image");
                assert_int_equal(found(&cache), 0);
                assert_int_equal(fchmodat(cache.folder, name, 0700, 0), 0);
                int fd = openat(cache.folder, name, O_RDWR | O_CLOEXEC);
                assert_int_equal(fstat(fd, &st), 0);
                if (cut) {
                        assert_int_equal(ftruncate(fd, st.st_size - cut), 0);
                } else {
                        assert_int_equal(pread(fd, &byte, 1, 2), 1);
                        byte ^= 1;
                        assert_int_equal(pwrite(fd, &byte, 1, 2), 1);
                }
                close(fd);
                assert_int_equal(found(&cache), 1);
        }
        wasm_cache_close(&cache);
        remove_all(folder);
}

/* What a host left that was killed in the middle goes away in time; what others are building stays. */
TEST(sweeps)
{
        struct wasm_build build, other;
        struct ward_fault fault = { 0 };
        make_folder();
        struct wasm_cache cache = open_cache(folder);
        assert_int_equal(wasm_build_begin(&cache, &build, &fault), 0);
        close(openat(build.folder, "image.c", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
        const struct timespec old[2] = { { .tv_sec = 1000000000 }, { .tv_sec = 1000000000 } };
        assert_int_equal(futimens(build.folder, old), 0);
        assert_int_equal(wasm_build_begin(&cache, &other, &fault), 0);
        assert_int_equal(count_files(folder, ""), 1);
        close(build.folder);
        assert_int_equal(wasm_build_begin(&cache, &build, &fault), 0);
        assert_int_equal(count_files(folder, ""), 2);
        wasm_build_end(&cache, &other);
        wasm_build_end(&cache, &build);
        wasm_cache_close(&cache);
        remove_all(folder);
}

TEST(locks_one_at_a_time)
{
        int told[2], status;
        char byte = 0;
        make_folder();
        assert_int_equal(pipe(told), 0);
        struct wasm_cache cache = open_cache(folder);
        int lock = wasm_cache_lock(&cache, key);
        assert_true(lock >= 0);
        pid_t pid = fork();
        if (!pid) {
                close(lock);
                int mine = wasm_cache_lock(&cache, key);
                if (write(told[1], "x", 1) < 0)
                        _exit(2);
                wasm_cache_unlock(&cache, key, mine);
                _exit(mine < 0);
        }
        usleep(100000);
        fcntl(told[0], F_SETFL, O_NONBLOCK);
        assert_int_equal(read(told[0], &byte, 1), -1);
        wasm_cache_unlock(&cache, key, lock);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
        assert_int_equal(read(told[0], &byte, 1), 1);
        assert_int_equal(count_files(folder, ""), 0);
        close(told[0]);
        close(told[1]);
        wasm_cache_close(&cache);
        remove_all(folder);
}

/* --- Whole images ----------------------------------------------------------------------------- */

TEST(several_at_once_build_one)
{
        make_folder();
        setenv("WARD_CACHE", folder, 1);
        wasm_module_free(fixture_module("runtime")); /* or skip */
        pid_t pids[4];
        for (size_t i = 0; i < COUNT_OF(pids); i++) {
                pids[i] = fork();
                if (!pids[i])
                        _exit(wasm_binding_unref(fixture_binding("runtime", &terms)) ? 1 : 0);
        }
        for (size_t i = 0; i < COUNT_OF(pids); i++) {
                int status;
                assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
                assert_int_equal(status, 0);
        }
        assert_int_equal(count_files(folder, ".so"), 1);
        assert_int_equal(count_files(folder, ""), 1);
        remove_all(folder);
}

static void spoil(const char *with, size_t len)
{
        DIR *dir = opendir(folder);
        for (struct dirent *entry; (entry = readdir(dir));) {
                if (entry->d_name[0] == '.')
                        continue;
                assert_int_equal(unlinkat(dirfd(dir), entry->d_name, 0), 0);
                int fd = openat(dirfd(dir), entry->d_name, O_CREAT | O_WRONLY | O_CLOEXEC, 0500);
                assert_int_equal(write(fd, with, len), (ssize_t)len);
                close(fd);
        }
        closedir(dir);
}

static void cut(off_t len)
{
        DIR *dir = opendir(folder);
        for (struct dirent *entry; (entry = readdir(dir));) {
                if (entry->d_name[0] == '.')
                        continue;
                assert_int_equal(fchmodat(dirfd(dir), entry->d_name, 0700, 0), 0);
                int fd = openat(dirfd(dir), entry->d_name, O_WRONLY | O_CLOEXEC);
                assert_int_equal(ftruncate(fd, len), 0);
                close(fd);
        }
        closedir(dir);
}

TEST(a_damaged_image_is_built_anew)
{
        make_folder();
        setenv("WARD_CACHE", folder, 1);
        wasm_binding_unref(fixture_binding("runtime", &terms));
        spoil("", 0);
        wasm_binding_unref(fixture_binding("runtime", &terms));
        spoil("#!/bin/sh\n", 10);
        wasm_binding_unref(fixture_binding("runtime", &terms));
        cut(4096); /* the loader would map what is behind the end, and touch it */
        wasm_binding_unref(fixture_binding("runtime", &terms));
        assert_int_equal(count_files(folder, ""), 1);
        remove_all(folder);
}

static void compiler_fails(const char *compiler, const char *phrase)
{
        const struct wasm_image_options options = { "runtime.wasm", folder, compiler };
        struct wasm_module *module = fixture_module("runtime");
        struct wasm_image *image = NULL;
        struct ward_fault fault = { 0 };
        assert_int_equal(wasm_image_get(module, &options, &image, &fault), -WARD_FAULT_COMPILE);
        assert_null(image);
        assert_says(&fault, phrase);
        assert_int_equal(count_files(folder, ""), 0);
        wasm_module_free(module);
}

TEST(says_what_the_compiler_says)
{
        make_folder();
        compiler_fails("/nowhere/cc", "/nowhere/cc");
        compiler_fails("", "empty");
        compiler_fails("a b c d e f g h i j k l m n o p q", "words");
        compiler_fails("sh -c false", "failed on module 'runtime.wasm' (status 1)");
        compiler_fails("cc -DNDEBUG -Dmain= --no-such-option", "--no-such-option");
        compiler_fails("true", "image.so");
        remove_all(folder);
}

TEST(another_compiler_is_another_image)
{
        const struct wasm_image_options options = { "runtime.wasm", folder, "cc -O1" };
        struct wasm_module *module = fixture_module("runtime");
        struct wasm_image *image = NULL;
        struct wasm_binding *plain;
        make_folder();
        setenv("WARD_CACHE", folder, 1);
        assert_int_equal(wasm_image_get(module, &options, &image, NULL), 0);
        plain = fixture_binding("runtime", &terms);
        assert_ptr_not_equal(image, plain->image);
        assert_int_equal(count_files(folder, ".so"), 2);
        wasm_image_unref(image);
        wasm_binding_unref(plain);
        wasm_module_free(module);
        remove_all(folder);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(keys_tell_parts_apart), TEST_CASE(makes_its_folder),
                         TEST_CASE(follows_the_environment), TEST_CASE(refuses_a_folder_of_others),
                         TEST_CASE(refuses_what_is_no_folder), TEST_CASE(says_that_it_cannot_write),
                         TEST_CASE(trusts_files_of_its_own_only), TEST_CASE(builds_and_publishes),
                         TEST_CASE(finds_whole_files_only), TEST_CASE(sweeps), TEST_CASE(locks_one_at_a_time),
                         TEST_CASE_LONG(several_at_once_build_one, 180), TEST_CASE_LONG(a_damaged_image_is_built_anew, 180),
                         TEST_CASE_LONG(says_what_the_compiler_says, 180), TEST_CASE_LONG(another_compiler_is_another_image, 180));
}
