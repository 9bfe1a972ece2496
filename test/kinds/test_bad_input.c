/* Bad input: each a fault whose text names the thing and the remedy. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "calculator_host.h"
#include "probe_host.h"
#include "test/support.h"

static void show(void *data, calculator_string_t *message)
{
}

static const struct calculator_services services = { .log = show };

static const enum ward_isolation kinds[] = { WARD_DIRECT, WARD_WASM, WARD_PROCESS };
enum { KINDS = 3 };

static int activate(struct ward_host *host, const char *module, const struct ward_activate_options *options,
                    struct ward_fault *fault)
{
        struct calculator *calculator = NULL;
        int r = calculator_activate(host, module, options, &services, &calculator, fault);
        assert_true(!r == !!calculator);
        calculator_release(calculator);
        return r;
}

/* Activating @module at @kind fails with @expected and says both phrases; afterwards the host still works. */
static void refuses(const char *module, enum ward_isolation kind, enum ward_fault_kind expected, const char *names,
                    const char *remedy)
{
        struct ward_host *host = host_start();
        struct ward_activate_options options = options_for(kind);
        struct ward_fault fault;
        assert_int_equal(activate(host, module, &options, &fault), -(int)expected);
        assert_says(&fault, names);
        assert_says(&fault, remedy);
        assert_good(activate(host, addin_file("basic", kind), &options, &fault), &fault);
        ward_host_free(host);
}

static const char *write_file(const char *name, const void *bytes, size_t len)
{
        static char path[256];
        snprintf(path, sizeof path, "/tmp/ward-test-%d-%s", (int)getpid(), name);
        FILE *file = fopen(path, "we");
        assert_non_null(file);
        assert_int_equal(fwrite(bytes, 1, len, file), len);
        fclose(file);
        return path;
}

TEST(missing_module)
{
        for (int i = 0; i < KINDS; i++)
                refuses("/nowhere/at-all.so", kinds[i], WARD_FAULT_MODULE, "/nowhere/at-all.so", "No such file");
}

TEST(not_a_module)
{
        for (int i = 0; i < KINDS; i++) {
                const char *path = write_file("text", "This is no module at all.\n", 26);
                refuses(path, kinds[i], WARD_FAULT_MODULE, path, "module");
                unlink(path);
        }
}

TEST(empty_module)
{
        for (int i = 0; i < KINDS; i++) {
                const char *path = write_file("empty", "", 0);
                refuses(path, kinds[i], WARD_FAULT_MODULE, path, "module");
                unlink(path);
        }
}

TEST(a_folder)
{
        for (int i = 0; i < KINDS; i++)
                refuses("/tmp", kinds[i], WARD_FAULT_MODULE, "/tmp", "regular file");
}

TEST(wrong_form)
{
        refuses(addin_file("basic", WARD_WASM), WARD_PROCESS, WARD_FAULT_MODULE, "basic.wasm", "isolation wasm");
        refuses(addin_file("basic", WARD_WASM), WARD_DIRECT, WARD_FAULT_MODULE, "basic.wasm", "isolation wasm");
        refuses(addin_file("basic", WARD_PROCESS), WARD_WASM, WARD_FAULT_MODULE, "basic.so", "shared library");
}

TEST(wasm_cut_short)
{
        static uint8_t bytes[1 << 20];
        const char *whole = addin_file("basic", WARD_WASM);
        FILE *file = fopen(whole, "re");
        assert_non_null(file);
        size_t len = fread(bytes, 1, sizeof bytes, file);
        fclose(file);
        const char *path = write_file("cut", bytes, len / 2);
        refuses(path, WARD_WASM, WARD_FAULT_MODULE, path, "cut short");
        unlink(path);
}

/* A library that is no add-in, and an add-in of quite another contract. */
TEST(no_contract)
{
        refuses("/lib/x86_64-linux-gnu/libm.so.6", WARD_PROCESS, WARD_FAULT_CONTRACT, "libm.so.6", "ward bindgen");
        for (int i = 0; i < KINDS; i++)
                refuses(addin_file("probe", kinds[i]), kinds[i], WARD_FAULT_CONTRACT, "test:probe/probe@1.2.0",
                        "example:calculator/calculator@1.0.0");
}

static uint32_t down(void *data, uint32_t depth)
{
        return depth;
}

static bool judge(void *data, probe_pair_t *maybe_value, probe_list_pair_t *ret, probe_string_t *err)
{
        return false;
}

static void probe_refuses(const char *name, enum ward_isolation kind, const char *first, const char *second)
{
        struct ward_host *host = host_start();
        struct ward_activate_options options = options_for(kind);
        struct probe_services nobody = { .down = down, .judge = judge };
        struct probe *probe = NULL;
        struct ward_fault fault;
        assert_int_equal(probe_activate(host, addin_file(name, kind), &options, &nobody, &probe, &fault), -WARD_FAULT_CONTRACT);
        assert_says(&fault, first);
        assert_says(&fault, second);
        ward_host_free(host);
}

TEST(another_version)
{
        for (int i = 0; i < KINDS; i++)
                probe_refuses("probe_newer", kinds[i], "@2.0.0", "@1.2.0");
}

TEST(another_signature)
{
        for (int i = 0; i < KINDS; i++)
                probe_refuses("probe_differs", kinds[i], "func(depth: u32)", "func(depth: u64)");
}

/* Those below are for what something holds: test/policy, test/escape. */
TEST(levels)
{
        static const enum ward_level below[] = { WARD_LEVEL_INTERNET, WARD_LEVEL_INTRANET };
        static const enum ward_level started[] = { WARD_LEVEL_DEFAULT, WARD_LEVEL_FULL_TRUST, WARD_LEVEL_HOST };
        struct ward_host *host = host_start();
        struct ward_fault fault;
        for (int j = 0; j < 2; j++) {
                struct ward_activate_options options = options_for(WARD_DIRECT);
                options.level = below[j];
                assert_int_equal(activate(host, addin_file("basic", WARD_DIRECT), &options, &fault), -WARD_FAULT_REFUSED);
                assert_says(&fault, ward_level_name(below[j]));
                assert_says(&fault, "full-trust");
        }
        for (int i = 0; i < KINDS; i++) {
                struct ward_activate_options options = options_for(kinds[i]);
                for (int j = 0; j < 3; j++) {
                        options.level = started[j];
                        assert_good(activate(host, addin_file("basic", kinds[i]), &options, &fault), &fault);
                }
        }
        ward_host_free(host);
}

TEST(missing_service)
{
        struct ward_host *host = host_start();
        struct ward_activate_options options = options_for(WARD_DIRECT);
        const struct calculator_services none = { 0 };
        struct calculator *calculator;
        struct ward_fault fault;
        int r = calculator_activate(host, addin_file("basic", WARD_DIRECT), &options, &none, &calculator, &fault);
        assert_int_equal(r, -WARD_FAULT_USAGE);
        assert_says(&fault, "services->log");
        ward_host_free(host);
}

TEST(wrong_sizes)
{
        struct ward_host *host = host_start();
        struct ward_host_options host_options = { .size = 3 };
        struct ward_activate_options options = options_for(WARD_PROCESS);
        struct ward_host *other;
        struct ward_fault fault;
        assert_int_equal(ward_host_new(&host_options, &other, &fault), -WARD_FAULT_USAGE);
        assert_says(&fault, "sizeof (struct ward_host_options)");
        options.size = 0;
        assert_int_equal(activate(host, "x.so", &options, &fault), -WARD_FAULT_USAGE);
        assert_says(&fault, "sizeof (struct ward_activate_options)");
        options = options_for(WARD_PROCESS);
        options.limits = (struct ward_limits){ .memory_bytes = 1 << 20 };
        assert_int_equal(activate(host, "x.so", &options, &fault), -WARD_FAULT_USAGE);
        assert_says(&fault, "sizeof (struct ward_limits)");
        assert_int_equal(activate(host, "x.so", NULL, NULL), -WARD_FAULT_MODULE);
        ward_host_free(host);
}

/* As a host passes them that was built with an older header: the rest is not there, whatever lies behind. */
TEST(older_sizes)
{
        struct ward_host_options host_options;
        struct ward_activate_options options;
        struct ward_domain_options domain_options;
        struct ward_domain *domain;
        struct ward_host *host;
        struct ward_fault fault;
        host_options = (struct ward_host_options){ .size = offsetof(struct ward_host_options, on_trace_data) + sizeof(void *) };
        memset((char *)&host_options + host_options.size, 0xff, sizeof host_options - host_options.size);
        assert_good(ward_host_new(&host_options, &host, &fault), &fault);
        options = options_for(WARD_DIRECT);
        options.size = offsetof(struct ward_activate_options, denied_imports);
        memset((char *)&options + options.size, 0xff, sizeof options - options.size);
        assert_good(activate(host, addin_file("basic", WARD_DIRECT), &options, &fault), &fault);
        memset(&domain_options, 0xff, sizeof domain_options);
        memset(&domain_options, 0, offsetof(struct ward_domain_options, denied_imports));
        domain_options.size = offsetof(struct ward_domain_options, denied_imports);
        domain_options.isolation = WARD_WASM;
        assert_good(ward_domain_new(host, &domain_options, &domain, &fault), &fault);
        ward_domain_release(domain);
        domain_options.size = sizeof domain_options + 1;
        assert_int_equal(ward_domain_new(host, &domain_options, &domain, &fault), -WARD_FAULT_USAGE);
        assert_says(&fault, "sizeof (struct ward_domain_options)");
        ward_host_free(host);
}

static void host_refuses(const struct ward_host_options *host_options, enum ward_isolation kind, enum ward_fault_kind expected,
                         const char *names, const char *remedy)
{
        struct ward_host *host;
        struct ward_activate_options options = options_for(kind);
        struct ward_fault fault;
        assert_good(ward_host_new(host_options, &host, &fault), &fault);
        assert_int_equal(activate(host, addin_file("basic", kind), &options, &fault), -(int)expected);
        assert_says(&fault, names);
        assert_says(&fault, remedy);
        ward_host_free(host);
}

TEST(missing_worker)
{
        struct ward_host_options options = { .size = sizeof options, .worker_path = "/nowhere/ward-worker" };
        host_refuses(&options, WARD_PROCESS, WARD_FAULT_SYSTEM, "/nowhere/ward-worker", "WARD_WORKER");
        options.worker_path = "/bin/true";
        host_refuses(&options, WARD_PROCESS, WARD_FAULT_SYSTEM, "/bin/true", "ward-worker");
}

static const char *fresh_folder(void)
{
        static char folder[64];
        snprintf(folder, sizeof folder, "/tmp/ward-test-XXXXXX");
        assert_non_null(mkdtemp(folder));
        return folder;
}

static void remove_folder(const char *folder)
{
        char command[128];
        snprintf(command, sizeof command, "rm -rf '%s'", folder);
        assert_int_equal(system(command), 0);
}

TEST(unwritable_cache)
{
        struct ward_host_options options = { .size = sizeof options, .cache_path = "/proc/no/cache" };
        host_refuses(&options, WARD_WASM, WARD_FAULT_COMPILE, "/proc/no/cache", "WARD_CACHE");
}

TEST(cache_of_others)
{
        const char *folder = fresh_folder();
        struct ward_host_options options = { .size = sizeof options, .cache_path = folder };
        assert_int_equal(chmod(folder, 0777), 0);
        host_refuses(&options, WARD_WASM, WARD_FAULT_COMPILE, folder, "chmod 700");
        remove_folder(folder);
}

TEST(no_compiler)
{
        const char *folder = fresh_folder();
        struct ward_host_options options = { .size = sizeof options, .cache_path = folder, .compiler = "/nowhere/cc" };
        host_refuses(&options, WARD_WASM, WARD_FAULT_COMPILE, "/nowhere/cc", "compiler");
        options.compiler = "/bin/false";
        host_refuses(&options, WARD_WASM, WARD_FAULT_COMPILE, "/bin/false", "failed on module");
        remove_folder(folder);
}

TEST(no_translator)
{
        const char *folder = fresh_folder();
        struct ward_host_options options = { .size = sizeof options, .cache_path = folder };
        char *path = strdup(getenv("PATH"));
        setenv("PATH", "/nowhere", 1);
        host_refuses(&options, WARD_WASM, WARD_FAULT_COMPILE, "wasm2c", "wabt");
        setenv("PATH", path, 1);
        free(path);
        remove_folder(folder);
}

TEST(unknown_operation)
{
        struct ward_host *host = host_start();
        for (int i = 0; i < KINDS; i++) {
                struct ward_activate_options options = options_for(kinds[i]);
                struct calculator *calculator;
                struct ward_fault fault;
                calculator_string_t name, err;
                calculator_list_f64_t none = { NULL, 0 };
                double value;
                assert_good(calculator_activate(host, addin_file("basic", kinds[i]), &options, &services, &calculator, &fault),
                            &fault);
                calculator_string_set(&name, "frobnicate");
                assert_int_equal(calculator_operate(calculator, &name, &none, &value, &err, &fault), 1);
                assert_int_equal(err.len, strlen("frobnicate: unknown operation"));
                assert_memory_equal(err.ptr, "frobnicate: unknown operation", err.len);
                calculator_string_free(&err);
                calculator_release(calculator);
        }
        ward_host_free(host);
}

/* A string that is not UTF-8 is the host's own mistake, and costs nothing. */
TEST(bad_utf8_from_host)
{
        struct ward_host *host = host_start();
        for (int i = 1; i < KINDS; i++) {
                struct ward_activate_options options = options_for(kinds[i]);
                struct calculator *calculator;
                struct ward_fault fault;
                calculator_string_t name, err;
                calculator_list_f64_t none = { NULL, 0 };
                double value;
                assert_good(calculator_activate(host, addin_file("basic", kinds[i]), &options, &services, &calculator, &fault),
                            &fault);
                calculator_string_set(&name, "\xff\xfe");
                assert_int_equal(calculator_operate(calculator, &name, &none, &value, &err, &fault), -WARD_FAULT_USAGE);
                assert_says(&fault, "UTF-8");
                assert_int_equal(ward_domain_state(calculator_domain(calculator)), WARD_DOMAIN_RUNNING);
                calculator_release(calculator);
        }
        ward_host_free(host);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(missing_module), TEST_CASE(not_a_module), TEST_CASE(empty_module),
                         TEST_CASE(a_folder), TEST_CASE(wrong_form), TEST_CASE(wasm_cut_short), TEST_CASE(no_contract),
                         TEST_CASE(another_version), TEST_CASE(another_signature), TEST_CASE(levels), TEST_CASE(missing_service),
                         TEST_CASE(wrong_sizes), TEST_CASE(older_sizes), TEST_CASE(missing_worker), TEST_CASE(unwritable_cache),
                         TEST_CASE(cache_of_others), TEST_CASE(no_compiler), TEST_CASE(no_translator), TEST_CASE(unknown_operation),
                         TEST_CASE(bad_utf8_from_host));
}
