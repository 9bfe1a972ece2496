/* Add-ins that need libraries: where those are found, and where they are not. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "libraries_host.h"
#include "test/support.h"

static const struct libraries_services none;

/* What the build made: "own.so", "one". */
static const char *made(const char *name)
{
        static char paths[8][4096];
        static unsigned next;
        char *path = paths[next++ % 8];
        const char *folder = getenv("WARD_TEST_ADDINS");
        assert_non_null(folder);
        snprintf(path, sizeof paths[0], "%s/%s", folder, name);
        return path;
}

static enum ward_level level = WARD_LEVEL_FULL_TRUST;

static struct ward_activate_options options_with(enum ward_isolation isolation, const char *const *library_path)
{
        struct ward_activate_options options = options_for(isolation);
        if (isolation == WARD_PROCESS)
                options.level = level;
        options.library_path = library_path;
        return options;
}

/* Where the machine cannot hold the level, there is nothing to be seen. */
static void assert_activated(int result, const struct ward_fault *fault)
{
        if (result == -WARD_FAULT_REFUSED && level < WARD_LEVEL_FULL_TRUST)
                harness_skip(fault->text);
        assert_good(result, fault);
}

static struct libraries *activate(struct ward_host *host, const char *name, const struct ward_activate_options *options)
{
        struct ward_fault fault;
        struct libraries *addin = NULL;
        assert_activated(libraries_activate(host, made(name), options, &none, &addin, &fault), &fault);
        return addin;
}

static uint32_t version(struct libraries *addin)
{
        struct ward_fault fault;
        uint32_t ret = 0;
        assert_good(libraries_version(addin, &ret, &fault), &fault);
        return ret;
}

static void has_version(struct ward_host *host, const char *name, const struct ward_activate_options *options, uint32_t expected)
{
        struct libraries *addin = activate(host, name, options);
        assert_int_equal(version(addin), expected);
        libraries_release(addin);
}

static void refuses(struct ward_host *host, const char *name, const struct ward_activate_options *options,
                    enum ward_fault_kind kind, const char *phrase, const char *other)
{
        struct ward_fault fault;
        struct libraries *addin = NULL;
        int r = libraries_activate(host, made(name), options, &none, &addin, &fault);
        if (r == -WARD_FAULT_REFUSED)
                assert_activated(r, &fault);
        assert_int_equal(r, -(int)kind);
        assert_says(&fault, phrase);
        assert_says(&fault, other);
        assert_string_not_equal(fault.addin, "");
}

/* --- Where they are --------------------------------------------------------------------------- */

TEST(beside_the_addin)
{
        struct ward_host *host = host_start();
        struct ward_activate_options options = options_with(WARD_PROCESS, NULL);
        has_version(host, "own.so", &options, 10);
        has_version(host, "plain.so", &options, 7);
        has_version(host, "circle.so", &options, 22);
        options = options_with(WARD_DIRECT, NULL);
        has_version(host, "own.so", &options, 10);
        ward_host_free(host);
}

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
enum { THROWS = false }; /* it looks for what throws when the worker starts, where that is not loaded yet */
#else
enum { THROWS = true };
#endif

TEST(in_cxx)
{
        if (!THROWS)
                return;
        struct ward_host *host = host_start();
        struct ward_activate_options options = options_with(WARD_PROCESS, NULL);
        if (access(made("cxx.so"), R_OK))
                harness_skip("there is no C++ compiler");
        has_version(host, "cxx.so", &options, 42);
        ward_host_free(host);
}

/* At once, in two domains. */
TEST(two_versions)
{
        struct ward_host *host = host_start();
        const char *const one[] = { "/nowhere", made("one"), NULL }, *const two[] = { made("two"), NULL };
        struct ward_activate_options options = options_with(WARD_PROCESS, one);
        struct libraries *a = activate(host, "bare.so", &options);
        options.library_path = two;
        struct libraries *b = activate(host, "bare.so", &options);
        assert_int_equal(version(a), 1);
        assert_int_equal(version(b), 2);
        has_version(host, "own.so", &options, 2); /* before DT_RUNPATH */
        libraries_release(a);
        libraries_release(b);
        ward_host_free(host);
}

/* The option is copied; an add-in's own folders come before it. */
TEST(folders_of_a_domain)
{
        struct ward_host *host = host_start();
        struct ward_fault fault;
        struct ward_domain *domain;
        const char *folders[] = { made("one"), NULL }, *const two[] = { made("two"), NULL };
        const struct ward_domain_options made_of = {
                .size = sizeof made_of, .isolation = WARD_PROCESS, .level = level, .library_path = folders
        };
        assert_activated(ward_domain_new(host, &made_of, &domain, &fault), &fault);
        folders[0] = "/nowhere";
        struct ward_activate_options options = options_with(WARD_PROCESS, NULL);
        options.domain = domain;
        has_version(host, "bare.so", &options, 1);
        options.library_path = two;
        has_version(host, "bare.so", &options, 2);
        ward_domain_release(domain);
        ward_host_free(host);
}

/* Needed by what is needed, where nothing of that says so. */
TEST(of_libraries)
{
        struct ward_host *host = host_start();
        const char *const folders[] = { made("deep"), made("two"), NULL }, *const deep[] = { made("deep"), NULL };
        struct ward_activate_options options = options_with(WARD_PROCESS, folders);
        has_version(host, "deep.so", &options, 102);
        options.library_path = deep;
        refuses(host, "deep.so", &options, WARD_FAULT_MODULE, "library 'libdep.so.1' is missing", made("deep/libmiddle.so"));
        ward_host_free(host);
}

/* The loader knows such a library by its file only. */
TEST(without_a_name_of_its_own)
{
        struct ward_host *host = host_start();
        const char *const folders[] = { made("plain"), NULL };
        struct ward_activate_options options = options_with(WARD_PROCESS, folders);
        has_version(host, "bareplain.so", &options, 7);
        ward_host_free(host);
}

/* --- In one domain ---------------------------------------------------------------------------- */

TEST(one_of_a_name_in_a_domain)
{
        struct ward_host *host = host_start();
        const char *const one[] = { made("one"), NULL }, *const two[] = { made("two"), NULL };
        struct ward_activate_options options = options_with(WARD_PROCESS, one);
        struct libraries *a = activate(host, "bare.so", &options);
        options.domain = libraries_domain(a);
        struct libraries *b = activate(host, "second.so", &options);
        options.library_path = two;
        refuses(host, "own.so", &options, WARD_FAULT_MODULE, "library 'libdep.so.1' is in domain", made("two"));
        assert_int_equal(version(a), 1);
        libraries_release(a);
        assert_int_equal(version(b), 1);
        libraries_release(b);
        ward_host_free(host);
}

/* Its data are its own, what it needs is not. */
TEST(one_addin_twice)
{
        struct ward_host *host = host_start();
        struct ward_activate_options options = options_with(WARD_PROCESS, NULL);
        struct libraries *a = activate(host, "own.so", &options);
        options.domain = libraries_domain(a);
        for (int i = 0; i < 20; i++)
                has_version(host, "own.so", &options, 10);
        has_version(host, "plain.so", &options, 7);
        assert_int_equal(version(a), 10);
        libraries_release(a);
        ward_host_free(host);
}

/* Opens a library by itself: nothing, or why not. */
static void opens(struct libraries *addin, const char *path, const char *expected)
{
        libraries_string_t name = { (uint8_t *)(uintptr_t)path, strlen(path) }, why;
        struct ward_fault fault;
        assert_good(libraries_open(addin, &name, &why, &fault), &fault);
        char text[1024];
        snprintf(text, sizeof text, "%.*s", (int)why.len, (const char *)why.ptr);
        libraries_string_free(&why);
        if (expected ? !strstr(text, expected) : *text)
                fail_msg("'%s' for '%s'", text, path);
}

/* What is loaded, and what lies in the folders of its domain; below full-trust nothing else. */
TEST(by_the_addin_itself)
{
        struct ward_host *host = host_start();
        const char *const folders[] = { made("one"), NULL };
        const bool confined = level == WARD_LEVEL_INTERNET || level == WARD_LEVEL_INTRANET;
        struct ward_activate_options options = options_with(WARD_PROCESS, folders);
        struct libraries *addin = activate(host, "bare.so", &options);
        libraries_string_t dep = { (uint8_t *)"libdep.so.1", strlen("libdep.so.1") };
        struct ward_fault fault;
        uint32_t ret = 0;
        opens(addin, "libdep.so.1", NULL);
        opens(addin, made("one/libdep.so.1"), NULL);
        opens(addin, made("one/libother.so"), NULL);
        opens(addin, made("elsewhere/libother.so"), confined ? "ermission denied" : NULL);
        opens(addin, "/etc/passwd", confined ? "ermission denied" : "invalid ELF header");
        assert_good(libraries_ask(addin, &dep, &ret, &fault), &fault);
        assert_int_equal(ret, 1);
        assert_int_equal(version(addin), 1);
        libraries_release(addin);
        ward_host_free(host);
}

/* --- Missing ones ----------------------------------------------------------------------------- */

TEST(missing)
{
        struct ward_host *host = host_start();
        const char *const folders[] = { made("plain"), NULL }, *const relative[] = { "one", NULL };
        struct ward_activate_options options = options_with(WARD_PROCESS, folders);
        refuses(host, "bare.so", &options, WARD_FAULT_MODULE, "library 'libdep.so.1' is missing", made("bare.so"));
        refuses(host, "bare.so", &options, WARD_FAULT_MODULE, "it is not in", made("plain"));
        options.library_path = relative;
        refuses(host, "bare.so", &options, WARD_FAULT_USAGE, "'one' in library_path is no absolute path", "");
        options = options_with(WARD_DIRECT, folders);
        refuses(host, "bare.so", &options, WARD_FAULT_MODULE, "libdep.so.1", made("bare.so"));
        ward_host_free(host);
}

/* Found, but the loader does not take it. */
TEST(broken)
{
        struct ward_host *host = host_start();
        const char *const folders[] = { made("broken"), NULL };
        struct ward_activate_options options = options_with(WARD_PROCESS, folders);
        refuses(host, "bare.so", &options, WARD_FAULT_MODULE, made("broken/libdep.so.1"), "nobody_has_this");
        options = options_with(WARD_DIRECT, folders);
        refuses(host, "bare.so", &options, WARD_FAULT_MODULE, made("broken/libdep.so.1"), "nobody_has_this");
        ward_host_free(host);
}

struct finder {
        const char *path; /* NULL: bytes, */
        void *bytes;      /* or not known, where they are NULL too */
        size_t len;
        uint32_t asked, released;
        char by[4096];
};

static void release(void *data, const struct ward_module *module)
{
        struct finder *finder = data;
        finder->released++;
        memset(finder->bytes, 0xee, finder->len);
}

static int find(void *data, const struct ward_lookup *lookup, struct ward_module *ret_module, struct ward_fault *fault)
{
        struct finder *finder = data;
        if (!lookup->needed_by)
                return 1;
        assert_string_equal(lookup->name, "libdep.so.1");
        finder->asked++;
        snprintf(finder->by, sizeof finder->by, "%s", lookup->needed_by);
        ret_module->path = finder->path;
        ret_module->bytes = finder->bytes;
        ret_module->len = finder->len;
        ret_module->release = finder->bytes ? release : NULL;
        ret_module->release_data = finder;
        return finder->path || finder->bytes ? 0 : 1;
}

static void read_file(struct finder *finder, const char *path)
{
        struct stat st;
        FILE *file = fopen(path, "re");
        assert_non_null(file);
        assert_int_equal(fstat(fileno(file), &st), 0);
        finder->len = (size_t)st.st_size;
        finder->bytes = malloc(finder->len);
        assert_int_equal(fread(finder->bytes, 1, finder->len, file), finder->len);
        fclose(file);
}

static struct ward_host *host_with(struct finder *finder)
{
        const struct ward_host_options options = { .size = sizeof options, .resolve = find, .resolve_data = finder };
        struct ward_host *host = NULL;
        struct ward_fault fault;
        assert_good(ward_host_new(&options, &host, &fault), &fault);
        return host;
}

static void resolves(enum ward_isolation isolation)
{
        struct finder finder = { .path = made("two/libdep.so.1") };
        struct ward_host *host = host_with(&finder);
        struct ward_activate_options options = options_with(isolation, NULL);
        has_version(host, "bare.so", &options, 2);
        assert_int_equal(finder.asked, 1);
        assert_string_equal(finder.by, made("bare.so"));
        has_version(host, "own.so", &options, 10);
        assert_int_equal(finder.asked, 1);
        finder.path = NULL;
        refuses(host, "bare.so", &options, WARD_FAULT_MODULE, "libdep.so.1", "");
        ward_host_free(host);
}

TEST(resolved)
{
        resolves(WARD_PROCESS);
}

TEST(resolved_in_the_host)
{
        resolves(WARD_DIRECT);
}

/* Twice in one domain: it is there already. */
TEST(given_as_bytes)
{
        for (enum ward_isolation isolation = WARD_DIRECT; isolation <= WARD_PROCESS; isolation += WARD_PROCESS) {
                struct finder finder = { 0 };
                struct ward_host *host = host_with(&finder);
                struct ward_activate_options options = options_with(isolation, NULL);
                read_file(&finder, made("two/libdep.so.1"));
                struct libraries *a = activate(host, "bare.so", &options);
                assert_int_equal(finder.released, 1);
                free(finder.bytes);
                read_file(&finder, made("two/libdep.so.1"));
                options.domain = isolation == WARD_PROCESS ? libraries_domain(a) : NULL;
                has_version(host, "second.so", &options, 2);
                assert_int_equal(version(a), 2);
                libraries_release(a);
                free(finder.bytes);
                ward_host_free(host);
        }
}

/* The add-in itself: it has no folder, its domain says where its library is. */
static int find_addin(void *data, const struct ward_lookup *lookup, struct ward_module *ret_module, struct ward_fault *fault)
{
        struct finder *finder = data;
        finder->asked++;
        ret_module->bytes = finder->bytes;
        ret_module->len = finder->len;
        return lookup->needed_by ? 1 : 0;
}

TEST(addin_given_as_bytes)
{
        struct finder finder = { 0 };
        const struct ward_host_options from = { .size = sizeof from, .resolve = find_addin, .resolve_data = &finder };
        const char *const one[] = { made("one"), NULL };
        struct ward_activate_options options = options_with(WARD_PROCESS, one);
        struct ward_host *host = NULL;
        struct ward_fault fault;
        assert_good(ward_host_new(&from, &host, &fault), &fault);
        read_file(&finder, made("bare.so"));
        for (int i = 0; i < 2; i++) {
                struct libraries *a = NULL, *b = NULL;
                options.domain = NULL;
                assert_activated(libraries_activate(host, "given", &options, &none, &a, &fault), &fault);
                options.domain = libraries_domain(a);
                assert_good(libraries_activate(host, "given", &options, &none, &b, &fault), &fault);
                assert_int_equal(version(b), 1);
                libraries_release(a);
                libraries_release(b);
        }
        assert_int_equal(finder.asked, 4);
        ward_host_free(host);
        free(finder.bytes);
}

static void copy_to(const char *folder, const char *name)
{
        char path[4096];
        struct finder file = { 0 };
        snprintf(path, sizeof path, "%s/%s", folder, strrchr(name, '/') + 1);
        read_file(&file, name);
        FILE *out = fopen(path, "we");
        assert_non_null(out);
        assert_int_equal(fwrite(file.bytes, 1, file.len, out), file.len);
        assert_int_equal(fclose(out), 0);
        free(file.bytes);
}

static void remove_from(const char *folder, const char *name)
{
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, name);
        assert_int_equal(unlink(path), 0);
}

/* What only the host's user may read is loaded by a worker that is somebody else. */
TEST(in_a_folder_of_the_hosts)
{
        struct ward_host *host = host_start();
        char folder[] = "/tmp/ward-libraries-XXXXXX", module[64];
        assert_non_null(mkdtemp(folder)); /* 0700 */
        copy_to(folder, made("bare.so"));
        copy_to(folder, made("two/libdep.so.1"));
        const char *const folders[] = { folder, NULL };
        struct ward_activate_options options = options_with(WARD_PROCESS, folders);
        struct libraries *addin = NULL;
        struct ward_fault fault;
        snprintf(module, sizeof module, "%s/bare.so", folder);
        int r = libraries_activate(host, module, &options, &none, &addin, &fault);
        remove_from(folder, "bare.so");
        remove_from(folder, "libdep.so.1");
        assert_int_equal(rmdir(folder), 0);
        assert_activated(r, &fault);
        assert_int_equal(version(addin), 2);
        libraries_release(addin);
        ward_host_free(host);
}

TEST(resolved_to_no_library)
{
        struct finder finder = { .path = "/etc/passwd" };
        struct ward_host *host = host_with(&finder);
        struct ward_activate_options options = options_with(WARD_PROCESS, NULL);
        refuses(host, "bare.so", &options, WARD_FAULT_MODULE, "'/etc/passwd', which the host gave for 'libdep.so.1'",
                made("bare.so"));
        finder.path = "/nowhere/libdep.so.1";
        refuses(host, "bare.so", &options, WARD_FAULT_MODULE, "'/nowhere/libdep.so.1', which the host gave", made("bare.so"));
        ward_host_free(host);
}

/* --- In the host ------------------------------------------------------------------------------ */

TEST(one_of_a_name_in_the_host)
{
        struct ward_host *host = host_start();
        const char *const one[] = { made("one"), NULL }, *const two[] = { made("two"), NULL };
        struct ward_activate_options options = options_with(WARD_DIRECT, one);
        struct libraries *a = activate(host, "bare.so", &options);
        has_version(host, "second.so", &options, 1);
        options.library_path = two;
        refuses(host, "second.so", &options, WARD_FAULT_MODULE, "is loaded in the host already", made("one"));
        assert_int_equal(version(a), 1);
        libraries_release(a);
        ward_host_free(host);
}

int main(int argc, char **argv)
{
        const char *chosen = getenv("WARD_TEST_LEVEL");
        if (chosen && !ward_level_from_name(chosen, &level))
                return 2;
        return TEST_MAIN(argc, argv, TEST_CASE(beside_the_addin), TEST_CASE(in_cxx), TEST_CASE(two_versions),
                         TEST_CASE(folders_of_a_domain), TEST_CASE(of_libraries), TEST_CASE(without_a_name_of_its_own),
                         TEST_CASE(one_of_a_name_in_a_domain), TEST_CASE(one_addin_twice), TEST_CASE(by_the_addin_itself),
                         TEST_CASE(missing), TEST_CASE(broken), TEST_CASE(resolved), TEST_CASE(resolved_in_the_host),
                         TEST_CASE(given_as_bytes), TEST_CASE(addin_given_as_bytes), TEST_CASE(in_a_folder_of_the_hosts),
                         TEST_CASE(resolved_to_no_library), TEST_CASE(one_of_a_name_in_the_host));
}
