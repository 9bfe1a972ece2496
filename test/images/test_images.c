/* Images made ahead: loaded where there is no compiler, from where the host says, and only of the module that they were made of. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "calculator_host.h"
#include "test/support.h"

enum { NOBODY = 65534 };

static char base[64], image[96], folder[96], cache[96];

static void show(void *data, calculator_string_t *message)
{
}

static const struct calculator_services services = { .log = show };

static void ward(const char *arguments)
{
        char command[8192];
        if (!getenv("WARD_TOOL"))
                harness_skip("the build names no ward");
        snprintf(command, sizeof command, "'%s' %s >%s/said 2>&1", getenv("WARD_TOOL"), arguments, base);
        if (system(command)) {
                snprintf(command, sizeof command, "cat %s/said >&2", base);
                fail_msg("ward %s: %d", arguments, system(command));
        }
}

static void make_folders(void)
{
        strcpy(base, "/tmp/ward-test-images-XXXXXX");
        assert_non_null(mkdtemp(base));
        snprintf(image, sizeof image, "%s/basic.image", base);
        snprintf(folder, sizeof folder, "%s/images", base);
        snprintf(cache, sizeof cache, "%s/cache", base);
        assert_int_equal(mkdir(folder, 0755), 0);
}

static void remove_folders(void)
{
        char command[100];
        snprintf(command, sizeof command, "/bin/rm -rf '%s'", base);
        assert_int_equal(system(command), 0);
}

/* @name's image, as @image and in @folder. */
static void compile(const char *name)
{
        char arguments[4096];
        const char *module = addin_file(name, WARD_WASM);
        snprintf(arguments, sizeof arguments, "compile '%s' -o %s", module, image);
        ward(arguments);
        snprintf(arguments, sizeof arguments, "compile '%s' -o %s/", module, folder);
        ward(arguments);
}

static int count_files(const char *path)
{
        DIR *dir = opendir(path);
        int n = 0;
        for (struct dirent *entry; dir && (entry = readdir(dir));)
                n += entry->d_name[0] != '.';
        if (dir)
                closedir(dir);
        return n;
}

/* The one file there is in @folder. */
static const char *packaged(void)
{
        static char path[512];
        DIR *dir = opendir(folder);
        assert_non_null(dir);
        for (struct dirent *entry; (entry = readdir(dir));)
                if (entry->d_name[0] != '.')
                        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        closedir(dir);
        return path;
}

/* Whoever looks for a program finds none. */
static void forget_programs(void)
{
        setenv("PATH", "", 1);
        unsetenv("WARD_CC");
}

static struct ward_host_options host_options(const char *image_path)
{
        return (struct ward_host_options){
                .size = sizeof(struct ward_host_options),
                .cache_path = cache,
                .image_path = image_path,
                .no_compiler = true,
        };
}

static int activate(const struct ward_host_options *host_options, const char *file, const char *module, struct ward_fault *fault)
{
        struct ward_activate_options options = options_for(WARD_WASM);
        struct calculator *calculator = NULL;
        calculator_list_f64_t operands = { (double[]){ 2, 3 }, 2 };
        calculator_string_t plus = { (uint8_t *)"+", 1 }, error;
        struct ward_host *host;
        double sum = 0;
        options.image = file;
        assert_good(ward_host_new(host_options, &host, fault), fault);
        int r = calculator_activate(host, module, &options, &services, &calculator, fault);
        if (!r) {
                assert_good(calculator_operate(calculator, &plus, &operands, &sum, &error, fault), fault);
                assert_true(sum == 5);
        }
        calculator_release(calculator);
        ward_host_free(host);
        return r;
}

static void refuses(const struct ward_host_options *host_options, const char *file, const char *names, const char *remedy)
{
        struct ward_fault fault = { 0 };
        assert_int_equal(activate(host_options, file, addin_file("basic", WARD_WASM), &fault), -WARD_FAULT_COMPILE);
        assert_says(&fault, names);
        assert_says(&fault, remedy);
        assert_int_equal(count_files(cache), 0);
}

TEST(run_without_a_compiler)
{
        struct ward_fault fault;
        const char *module = addin_file("basic", WARD_WASM);
        make_folders();
        compile("basic");
        forget_programs();
        struct ward_host_options options = host_options(NULL);
        assert_good(activate(&options, image, module, &fault), &fault);
        options = host_options(folder);
        assert_good(activate(&options, NULL, module, &fault), &fault);
        options.no_compiler = false;
        assert_good(activate(&options, NULL, module, &fault), &fault);
        assert_int_equal(count_files(cache), 0); /* nor was any made */
        remove_folders();
}

/* More than there are descriptors' numbers that are used again. */
TEST(come_and_go)
{
        struct ward_fault fault;
        const char *module = addin_file("basic", WARD_WASM);
        make_folders();
        compile("basic");
        struct ward_host_options options = host_options(folder);
        for (int i = 0; i < 20; i++)
                assert_good(activate(&options, i % 2 ? image : NULL, module, &fault), &fault);
        remove_folders();
}

TEST(nothing_is_compiled_where_that_is_forbidden)
{
        make_folders();
        struct ward_host_options options = host_options(NULL);
        refuses(&options, NULL, "basic.wasm", "ward compile -o IMAGE");
        options = host_options(folder);
        refuses(&options, NULL, "no_compiler", folder);
        options = host_options("/nowhere");
        refuses(&options, NULL, "no_compiler", "/nowhere");
        remove_folders();
}

TEST(are_of_one_module)
{
        make_folders();
        compile("hostile");
        struct ward_host_options options = host_options(folder);
        refuses(&options, image, image, "ward compile");
        refuses(&options, image, "hostile.wasm", "another module");
        refuses(&options, "/nowhere/image", "/nowhere/image", "No such file");
        refuses(&options, "/etc/passwd", "/etc/passwd", "not made by ward compile");
        refuses(&options, folder, folder, "not to be trusted");
        refuses(&options, addin_file("basic", WARD_DIRECT), "basic.so", "not made by ward compile");
        /* By the right name, all the same. */
        char right[512];
        compile("basic");
        DIR *dir = opendir(folder);
        for (struct dirent *entry; (entry = readdir(dir));) {
                struct ward_fault fault = { 0 };
                if (entry->d_name[0] == '.')
                        continue;
                snprintf(right, sizeof right, "%s/%s", folder, entry->d_name);
                if (activate(&options, right, addin_file("basic", WARD_WASM), &fault)) {
                        assert_says(&fault, "another module");
                        assert_int_equal(unlink(right), 0);
                }
        }
        closedir(dir);
        assert_int_equal(count_files(folder), 1);
        snprintf(right, sizeof right, "%s", packaged());
        compile("hostile");
        for (dir = opendir(folder); dir;) {
                struct dirent *entry = readdir(dir);
                char other[512];
                if (!entry) {
                        closedir(dir);
                        break;
                }
                snprintf(other, sizeof other, "%s/%s", folder, entry->d_name);
                if (entry->d_name[0] != '.' && strcmp(other, right))
                        assert_int_equal(rename(other, right), 0);
        }
        refuses(&options, NULL, right, "another module");
        remove_folders();
}

static void spoil(const char *path)
{
        char byte;
        int fd = open(path, O_RDWR | O_CLOEXEC);
        assert_int_equal(pread(fd, &byte, 1, 5000), 1);
        byte ^= 1;
        assert_int_equal(pwrite(fd, &byte, 1, 5000), 1);
        close(fd);
}

TEST(are_whole_and_nobody_elses)
{
        make_folders();
        compile("basic");
        struct ward_host_options options = host_options(folder);
        assert_int_equal(chmod(image, 0664), 0);
        refuses(&options, image, image, "not to be trusted");
        assert_int_equal(chmod(packaged(), 0646), 0);
        refuses(&options, NULL, packaged(), "not to be trusted");
        assert_int_equal(chmod(image, 0600), 0);
        assert_int_equal(chmod(packaged(), 0444), 0);
        if (!geteuid()) {
                assert_int_equal(chown(image, NOBODY, NOBODY), 0);
                refuses(&options, image, image, "not to be trusted");
                assert_int_equal(chown(image, 0, 0), 0);
        }
        spoil(image);
        refuses(&options, image, image, "damaged");
        assert_int_equal(truncate(packaged(), 5000), 0);
        refuses(&options, NULL, packaged(), "damaged");
        remove_folders();
}

/* As another user does: what root made is good for all. */
TEST(of_root_serve_others)
{
        int status;
        if (geteuid())
                harness_skip("only root can become another");
        make_folders();
        assert_int_equal(chmod(base, 0755), 0);
        compile("basic");
        const char *module = addin_file("basic", WARD_WASM);
        pid_t pid = fork();
        if (!pid) {
                struct ward_host_options options = host_options(NULL);
                struct ward_fault fault = { 0 };
                if (setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY))
                        _exit(2);
                if (access(module, R_OK) && errno == EACCES)
                        _exit(0); /* the build is not for everybody's eyes */
                _exit(activate(&options, image, module, &fault) ? 1 : 0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
        remove_folders();
}

static void cached_as(const char *compiler, const struct ward_host_options *given)
{
        struct ward_host_options options = *given;
        struct ward_fault fault;
        options.compiler = compiler;
        assert_good(activate(&options, NULL, addin_file("basic", WARD_WASM), &fault), &fault);
}

/* The last one compiled stays, however small the bound is. */
TEST(the_cache_keeps_to_its_bound)
{
        make_folders();
        struct ward_host_options options = { .size = sizeof options, .cache_path = cache };
        cached_as("cc -O0", &options);
        cached_as("cc -O0 -DOTHER", &options);
        assert_int_equal(count_files(cache), 2);
        options.cache_bytes = 1;
        cached_as("cc -O0 -DTHIRD", &options);
        assert_int_equal(count_files(cache), 1);
        remove_folders();
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE_LONG(run_without_a_compiler, 60), TEST_CASE_LONG(come_and_go, 60),
                         TEST_CASE(nothing_is_compiled_where_that_is_forbidden), TEST_CASE_LONG(are_of_one_module, 60),
                         TEST_CASE_LONG(are_whole_and_nobody_elses, 60), TEST_CASE_LONG(of_root_serve_others, 60),
                         TEST_CASE_LONG(the_cache_keeps_to_its_bound, 60));
}
