/* From a module to code that runs, by compilers that mean well and others; of modules so large that they are compiled in parts. */
#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "wasm/package.h"
#include "wasm/test_build.h"
#include "wasm/test_fixture.h"

enum {
        OP_END = 0x0b,
        OP_CALL = 0x10,
        OP_LOCAL_GET = 0x20,
        OP_LOCAL_SET = 0x21,
        OP_I32_CONST = 0x41,
        OP_I32_ADD = 0x6a,
        OP_I32_MUL = 0x6c,
        OP_I32_ROTL = 0x77,

        MANY = 100,  /* functions, each of which calls the next, */
        STEPS = 120, /* and computes as long as that makes two parts */
};

static char folder[64];

static void make_folder(void)
{
        wasm_module_free(fixture_module("runtime")); /* or skip */
        strcpy(folder, "/tmp/ward-test-built-XXXXXX");
        assert_non_null(mkdtemp(folder));
}

static void remove_folder(void)
{
        char command[100];
        snprintf(command, sizeof command, "rm -rf '%s'", folder);
        assert_int_equal(system(command), 0);
}

static void write_opcode(struct writer *code, uint8_t opcode, uint32_t immediate)
{
        writer_u8(code, opcode);
        writer_u32(code, immediate);
}

/* x = rotl(x * 3 + 1, 5), STEPS times; then the next function's of it, if there is one. */
static void write_function(struct writer *code, uint32_t number, uint32_t last)
{
        size_t body = writer_begin_sized(code);
        writer_u32(code, 0);
        for (int i = 0; i < STEPS; i++) {
                write_opcode(code, OP_LOCAL_GET, 0);
                write_opcode(code, OP_I32_CONST, 3);
                writer_u8(code, OP_I32_MUL);
                write_opcode(code, OP_I32_CONST, 1);
                writer_u8(code, OP_I32_ADD);
                write_opcode(code, OP_I32_CONST, 5);
                writer_u8(code, OP_I32_ROTL);
                write_opcode(code, OP_LOCAL_SET, 0);
        }
        write_opcode(code, OP_LOCAL_GET, 0);
        if (number < last)
                write_opcode(code, OP_CALL, number + 1);
        writer_u8(code, OP_END);
        writer_end(code, body);
}

static uint32_t expected(uint32_t x, uint32_t functions)
{
        for (uint32_t i = 0; i < functions * STEPS; i++) {
                x = x * 3 + 1;
                x = x << 5 | x >> 27;
        }
        return x;
}

static struct wasm_module *make_module(uint32_t functions)
{
        struct wasm_module *module = NULL;
        struct ward_fault fault = { 0 };
        OWNED(writer_finish) struct writer code = { 0 };
        OWNED(writer_finish) struct writer types = { 0 };
        writer_u32(&code, functions);
        writer_u32(&types, functions);
        for (uint32_t i = 0; i < functions; i++) {
                writer_u32(&types, 0);
                write_function(&code, i, functions - 1);
        }
        struct plan plan = { .sections = {
                                     [SECTION_TYPE] = BYTES("\x01\x60\x01\x7f\x01\x7f"),
                                     [SECTION_FUNCTION] = { types.at, types.len },
                                     [SECTION_EXPORT] = BYTES("\x01\x03run\x00\x00"),
                                     [SECTION_CODE] = { code.at, code.len },
                             } };
        OWNED(writer_finish) struct writer bytes = plan_write(&plan);
        if (wasm_module_read((struct ward_span){ bytes.at, bytes.len }, "made.wasm", &module, &fault))
                fail_msg("%s", fault.text);
        return module;
}

static int no_import(void *context, uint32_t offer, uint64_t *slots, struct ward_fault *fault)
{
        return 0;
}

static uint32_t run(const struct wasm_module *module, const struct wasm_image_options *options, uint32_t x)
{
        static const struct wasm_need need = { "run", "i>i", false };
        static const struct wasm_terms terms = { NULL, 0, &need, 1 };
        const struct wasm_host host = { .name = "made", .import = no_import };
        struct wasm_binding *binding = NULL;
        struct wasm_instance *instance = NULL;
        struct ward_fault fault = { 0 };
        uint64_t slots[1] = { x };
        if (wasm_binding_get(module, &terms, options, &binding, &fault) || wasm_instance_new(binding, &host, &instance, &fault))
                fail_msg("%s", fault.text);
        wasm_instance_enter(instance);
        if (wasm_instance_start(instance, &fault) || wasm_instance_call(instance, 0, "run", slots, &fault))
                fail_msg("%s", fault.text);
        wasm_instance_leave(instance);
        wasm_instance_free(instance);
        wasm_binding_unref(binding);
        return (uint32_t)slots[0];
}

struct told {
        size_t times, done, total;
};

static void tell(void *data, const char *step, size_t done, size_t total)
{
        struct told *told = data;
        assert_true(*step && done == told->done + 1 && done <= total && total >= told->total);
        *told = (struct told){ told->times + 1, done, total };
}

TEST(a_large_module_is_compiled_in_parts)
{
        static const char *const compilers[] = { "cc -O0", "clang -O0" };
        make_folder();
        struct wasm_module *module = make_module(MANY);
        for (size_t i = 0; i < COUNT_OF(compilers); i++) {
                struct told told = { 0 };
                const struct wasm_image_options options = {
                        .name = "made.wasm",
                        .cache_path = folder,
                        .compiler = compilers[i],
                        .progress = tell,
                        .progress_data = &told,
                };
                assert_true(run(module, &options, 7) == expected(7, MANY));
                assert_true(told.times == told.total && told.total >= 1 + 1 + 2 + 1); /* translated, glue, parts, linked */
                assert_true(run(module, &options, 8) == expected(8, MANY));
                assert_true(told.times == told.total);
        }
        wasm_module_free(module);
        remove_folder();
}

TEST(several_hosts_compile_at_once)
{
        make_folder();
        struct wasm_module *module = make_module(3);
        pid_t pids[4];
        for (size_t i = 0; i < COUNT_OF(pids); i++) {
                const char *const compilers[] = { "cc -O0", "cc -O1" };
                const struct wasm_image_options options = { .name = "made.wasm",
                                                            .cache_path = folder,
                                                            .compiler = compilers[i % 2] };
                pids[i] = fork();
                if (!pids[i])
                        _exit(run(module, &options, 1) != expected(1, 3));
        }
        for (size_t i = 0; i < COUNT_OF(pids); i++) {
                int status;
                assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
                assert_int_equal(status, 0);
        }
        wasm_module_free(module);
        remove_folder();
}

/* --- Compilers that a module has taken over ---------------------------------------------------- */

static void write_script(const char *path, const char *text)
{
        FILE *file = fopen(path, "we");
        assert_non_null(file);
        fprintf(file, "#!/bin/sh\n%s\n", text);
        assert_int_equal(fclose(file), 0);
        assert_int_equal(chmod(path, 0755), 0);
}

static int count_files(const char *path)
{
        DIR *dir = opendir(path);
        int n = 0;
        assert_non_null(dir);
        for (struct dirent *entry; (entry = readdir(dir));)
                n += entry->d_name[0] != '.';
        closedir(dir);
        return n;
}

/* What is said where nothing but a watcher bounds what is written, as in a chroot, where the kernel gives no namespaces. */
static const char watched[] = "wrote more than 320 MiB or 1024 files";

/* A compiler that does @text ends in a fault that says @phrase, or @other where that is not NULL, and nothing of it stays. */
static void hostile_or(const char *text, const char *phrase, const char *other)
{
        char script[100], cache[100], secret[100];
        make_folder();
        snprintf(script, sizeof script, "%s/cc", folder);
        snprintf(cache, sizeof cache, "%s/cache", folder);
        snprintf(secret, sizeof secret, "%s/secret", folder);
        write_script(script, text);
        write_script(secret, "SECRET");
        const struct wasm_image_options options = { .name = "made.wasm", .cache_path = cache, .compiler = script };
        struct wasm_module *module = make_module(1);
        struct wasm_image *image = NULL;
        struct ward_fault fault = { 0 };
        assert_int_equal(wasm_image_get(module, &options, &image, &fault), -WARD_FAULT_COMPILE);
        if (!other || !strstr(fault.text, other))
                assert_says(&fault, phrase);
        assert_null(strstr(fault.text, "SECRET"));
        assert_int_equal(count_files(cache), 0);
        assert_int_equal(count_files(folder), 3);
        wasm_module_free(module);
        remove_folder();
}

static void hostile(const char *text, const char *phrase)
{
        hostile_or(text, phrase, NULL);
}

TEST(a_hostile_compiler_gains_nothing)
{
        hostile_or("i=0; while head -c 9000000 /dev/zero >out/$i; do i=$((i+1)); done; exit 3", "status 3", watched);
        hostile("exec head -c 300000000 /dev/zero >out/image.so", "more than 256 MiB");
        hostile_or("i=0; while : >out/$i; do i=$((i+1)); done; exit 3", "status", watched);
        hostile("ln -s /etc/passwd out/image.so; mkfifo out/image.so; mkdir out/image.so; exit 0", "made no image.so");
        hostile("cat \"${0%/*}/secret\" ../secret ../../secret >&2; echo x >\"$0\" ; exit 4", "status 4");
        hostile("echo x >../image.so; echo x >image.so; echo x >glue.c; : >out/image.so; exit 0", "made no image.so");
        hostile("exec python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", 1))'", "failed on module 'made.wasm'");
        hostile("kill -9 $PPID; kill -9 -1; exit 5", "status 5");
        hostile("kill -9 $$; exit 6", "failed on module 'made.wasm'");
}

/* Processes that it leaves behind end with it. */
TEST(a_compilers_children_end)
{
        char left[64];
        make_folder();
        snprintf(left, sizeof left, "%u.5", 1000 + (unsigned)getpid()); /* seconds, to find them by */
        char script[200], command[200];
        snprintf(script, sizeof script, "(setsid sleep %s >/dev/null 2>&1 &); (sleep %s >/dev/null 2>&1 &); exit 7", left, left);
        remove_folder();
        hostile(script, "status 7");
        snprintf(command, sizeof command, "! grep -lsz '^%s' /proc/[0-9]*/cmdline", left);
        assert_int_equal(system(command), 0);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE_LONG(a_large_module_is_compiled_in_parts, 180),
                         TEST_CASE_LONG(several_hosts_compile_at_once, 120), TEST_CASE_LONG(a_hostile_compiler_gains_nothing, 120),
                         TEST_CASE_LONG(a_compilers_children_end, 60));
}
