/* Add-ins that the host finds by name. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "test/managers/stage.h"

/* What the host says, and what it was asked. */
struct finder {
        struct ward_host *host;
        const char *known; /* NULL: every name */
        const char *path;
        uint8_t *bytes;
        size_t len;
        int result;
        const char *why;
        uint32_t asked, released;
        char name[256];
        enum ward_isolation isolation;
        struct ward_domain *domain;
};

/* What was released is not there any more. */
static void release(void *data, const struct ward_module *module)
{
        struct finder *finder = data;
        assert_ptr_equal(module->bytes, finder->bytes);
        finder->released++;
        if (finder->bytes)
                memset(finder->bytes, 0xee, finder->len);
}

static int find(void *data, const struct ward_lookup *lookup, struct ward_module *ret_module, struct ward_fault *fault)
{
        struct finder *finder = data;
        assert_int_equal(lookup->size, sizeof *lookup);
        assert_int_equal(ret_module->size, sizeof *ret_module);
        assert_null(ret_module->path);
        finder->asked++;
        finder->isolation = lookup->isolation;
        finder->domain = lookup->domain;
        snprintf(finder->name, sizeof finder->name, "%s", lookup->name);
        if (finder->known && strcmp(finder->known, lookup->name) != 0)
                return 1;
        *ret_module = (struct ward_module){ .size = sizeof *ret_module,
                                            .path = finder->path,
                                            .bytes = finder->bytes,
                                            .len = finder->len,
                                            .release = release,
                                            .release_data = finder };
        if (finder->why)
                snprintf(fault->text, sizeof fault->text, "%s", finder->why);
        return finder->result;
}

static struct ward_host *host_with(struct finder *finder)
{
        *finder = (struct finder){ 0 };
        return stage_host((struct ward_host_options){ .resolve = find, .resolve_data = finder });
}

static void load(struct finder *finder, const char *path)
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

static void is_well(struct managers *managers)
{
        struct ward_fault fault;
        uint32_t number;
        assert_good(managers_which(managers, &number, &fault), &fault);
        assert_int_equal(number, 1);
        assert_good(managers_double_secret(managers, &number, &fault), &fault);
        assert_int_equal(number, 42);
}

static void fails(struct ward_host *host, const char *module, enum ward_isolation kind, enum ward_fault_kind expected,
                  const char *phrase)
{
        struct ward_activate_options options = options_for(kind);
        struct managers *managers;
        struct ward_fault fault;
        assert_int_equal(stage_try(host, module, &options, &managers, &fault), -(int)expected);
        assert_says(&fault, phrase);
}

TEST(a_name_is_a_file)
{
        struct finder finder;
        struct ward_host *host = host_with(&finder);
        enum ward_isolation kind;
        FOR_EACH_KIND(kind)
        {
                struct ward_activate_options options = options_for(kind);
                finder.path = addin_file("managers", kind);
                finder.asked = finder.released = 0;
                struct managers *managers = stage_activate(host, "urn:test:the-managers", &options);
                is_well(managers);
                assert_int_equal(finder.asked, 1);
                assert_int_equal(finder.released, 1);
                assert_string_equal(finder.name, "urn:test:the-managers");
                assert_int_equal(finder.isolation, kind);
                assert_null(finder.domain);
                if (kind != WARD_DIRECT)
                        assert_string_equal(ward_domain_name(managers_domain(managers)), "urn:test:the-managers");
                managers_release(managers);
        }
        ward_host_free(host);
}

TEST(a_name_is_bytes)
{
        struct finder finder;
        struct ward_host *host = host_with(&finder);
        enum ward_isolation kind;
        FOR_EACH_KIND(kind)
        {
                struct ward_activate_options options = options_for(kind);
                struct managers *managers[3];
                for (uint32_t i = 0; i < 3; i++) {
                        load(&finder, addin_file("managers", kind));
                        finder.asked = finder.released = 0;
                        managers[i] = stage_activate(host, "managers", &options);
                        assert_int_equal(finder.asked, 1);
                        assert_int_equal(finder.released, 1);
                        free(finder.bytes);
                        finder.bytes = NULL;
                }
                for (uint32_t i = 0; i < 3; i++)
                        is_well(managers[i]);
                for (uint32_t i = 0; i < 3; i++)
                        managers_release(managers[i]);
        }
        ward_host_free(host);
}

TEST(into_a_domain)
{
        struct finder finder;
        struct ward_host *host = host_with(&finder);
        for (size_t i = 1; i < 3; i++) {
                struct ward_domain_options made = { .size = sizeof made, .isolation = kinds[i] };
                struct ward_activate_options options = options_for(WARD_DIRECT);
                struct ward_fault fault;
                assert_good(ward_domain_new(host, &made, &options.domain, &fault), &fault);
                for (uint32_t n = 0; n < 3; n++) {
                        load(&finder, addin_file("managers", kinds[i]));
                        struct managers *managers = stage_activate(host, "managers", &options);
                        assert_int_equal(finder.isolation, kinds[i]);
                        assert_ptr_equal(finder.domain, options.domain);
                        is_well(managers);
                        managers_release(managers);
                        free(finder.bytes);
                }
                ward_domain_unload(options.domain, NULL);
                ward_domain_release(options.domain);
        }
        ward_host_free(host);
}

/* A path that is there is that file. One that is not may be a name. */
TEST(paths)
{
        struct finder finder;
        struct ward_host *host = host_with(&finder);
        struct ward_activate_options options = options_for(WARD_PROCESS);
        struct managers *managers = stage_activate(host, addin_file("managers", WARD_PROCESS), &options);
        assert_int_equal(finder.asked, 0);
        managers_release(managers);
        finder.path = addin_file("managers", WARD_PROCESS);
        managers = stage_activate(host, "not/there/managers.so", &options);
        assert_int_equal(finder.asked, 1);
        managers_release(managers);
        ward_host_free(host);
}

/* A file in the working directory does not stand for a name that the host knows; one that it does not know is a path. */
TEST(files_that_happen_to_lie_there)
{
        struct finder finder;
        struct ward_host *host = host_with(&finder);
        struct ward_activate_options options = options_for(WARD_PROCESS);
        char folder[] = "/tmp/ward-resolve-XXXXXX", file[PATH_MAX];
        struct ward_fault fault;
        uint32_t number;
        assert_non_null(realpath(addin_file("modest", WARD_PROCESS), file));
        char *good = realpath(addin_file("managers", WARD_PROCESS), NULL);
        assert_non_null(good);
        assert_non_null(mkdtemp(folder));
        assert_int_equal(chdir(folder), 0);
        assert_int_equal(symlink(file, "managers"), 0);
        finder.path = good;
        struct managers *managers = stage_activate(host, "managers", &options);
        is_well(managers);
        managers_release(managers);
        finder.known = "something else";
        managers = stage_activate(host, "managers", &options);
        assert_good(managers_which(managers, &number, &fault), &fault);
        assert_int_equal(number, 2);
        managers_release(managers);
        ward_host_free(host);
        unlink("managers");
        rmdir(folder);
        free(good);
}

TEST(what_nobody_knows)
{
        struct finder finder;
        struct ward_host *host = host_with(&finder);
        struct ward_host *deaf = host_start();
        enum ward_isolation kind;
        finder.known = "something else";
        FOR_EACH_KIND(kind)
        {
                fails(host, "managers", kind, WARD_FAULT_MODULE,
                      "'managers' is no file, and the host knows no add-in of that name");
                fails(host, "/not/there", kind, WARD_FAULT_MODULE, "'/not/there' is no file");
                fails(deaf, "managers", kind, WARD_FAULT_MODULE, "cannot open module 'managers'");
        }
        assert_int_equal(finder.released, 0);
        ward_host_free(host);
        ward_host_free(deaf);
}

TEST(what_the_host_refuses)
{
        struct finder finder;
        struct ward_host *host = host_with(&finder);
        finder.result = -WARD_FAULT_REFUSED;
        fails(host, "managers", WARD_WASM, WARD_FAULT_REFUSED, "the host refused to find module 'managers'");
        finder.why = "not on\na Sunday";
        fails(host, "managers", WARD_WASM, WARD_FAULT_REFUSED, "not on\\x0aa Sunday");
        finder.result = -4711;
        fails(host, "managers", WARD_WASM, WARD_FAULT_USAGE, "not on");
        assert_int_equal(finder.released, 0);
        finder.result = 0;
        fails(host, "managers", WARD_WASM, WARD_FAULT_USAGE, "neither a path nor bytes for 'managers'");
        assert_int_equal(finder.released, 1);
        ward_host_free(host);
}

/* Given as bytes; each fault names the add-in as it was asked for. */
TEST(what_is_no_add_in)
{
        struct finder finder;
        struct ward_host *host = host_with(&finder);
        enum ward_isolation kind;
        FOR_EACH_KIND(kind)
        {
                static const char *const complaints[] = { "is not a shared library", "offset", "is not a shared library" };
                finder.bytes = (uint8_t *)strdup("nothing of the sort");
                finder.len = 19;
                fails(host, "nothing", kind, WARD_FAULT_MODULE, "'nothing'");
                memcpy(finder.bytes, "nothing of the sort", 19);
                fails(host, "nothing", kind, WARD_FAULT_MODULE, complaints[kind]);
                finder.len = 0;
                fails(host, "nothing", kind, WARD_FAULT_MODULE, "'nothing'");
                free(finder.bytes);
                finder.bytes = NULL;
        }
        load(&finder, addin_file("managers", WARD_WASM));
        fails(host, "m", WARD_PROCESS, WARD_FAULT_MODULE, "is WebAssembly");
        free(finder.bytes);
        load(&finder, addin_file("managers", WARD_PROCESS));
        fails(host, "m", WARD_WASM, WARD_FAULT_MODULE, "is a shared library, not WebAssembly");
        free(finder.bytes);
        ward_host_free(host);
}

static int find_after_another(void *data, const struct ward_lookup *lookup, struct ward_module *ret_module,
                              struct ward_fault *fault)
{
        struct finder *finder = data;
        struct ward_activate_options options = options_for(lookup->isolation);
        if (finder->asked++)
                return 1;
        struct managers *other = stage_activate(finder->host, addin_file("managers", lookup->isolation), &options);
        is_well(other);
        managers_release(other);
        ret_module->path = addin_file("managers", lookup->isolation);
        return 0;
}

/* Who is asked may use Ward. */
TEST(while_it_is_asked)
{
        enum ward_isolation kind;
        FOR_EACH_KIND(kind)
        {
                struct finder finder = { 0 };
                struct ward_host *host =
                        stage_host((struct ward_host_options){ .resolve = find_after_another, .resolve_data = &finder });
                struct ward_activate_options options = options_for(kind);
                finder.host = host;
                struct managers *managers = stage_activate(host, "managers", &options);
                is_well(managers);
                managers_release(managers);
                ward_host_free(host);
        }
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(a_name_is_a_file), TEST_CASE(a_name_is_bytes), TEST_CASE(into_a_domain),
                         TEST_CASE(paths), TEST_CASE(files_that_happen_to_lie_there), TEST_CASE(what_nobody_knows),
                         TEST_CASE(what_the_host_refuses), TEST_CASE(what_is_no_add_in), TEST_CASE(while_it_is_asked));
}
