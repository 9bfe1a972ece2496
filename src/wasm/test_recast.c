/* What becomes of wasm2c's text. */
#include "wasm/recast.h"

#include <dirent.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/fault.h"
#include "wasm/test_build.h"
#include "wasm/test_fixture.h"

enum {
        OP_UNREACHABLE = 0x00,
        OP_END = 0x0b,
        OP_CALL = 0x10,
        OP_LOCAL_GET = 0x20,
        OP_LOAD = 0x28,
        OP_CONST = 0x41,
        OP_ADD = 0x6a,
        OP_DIV_U = 0x6e,
};

static char path[] = "/tmp/ward-test-recast-XXXXXX";
static int folder = -1;

static void make_folder(void)
{
        wasm_module_free(fixture_module("runtime")); /* or skip: where there is wat2wasm there is wasm2c */
        assert_non_null(mkdtemp(path));
        folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(folder >= 0);
}

static void remove_folder(void)
{
        DIR *dir = fdopendir(folder);
        assert_non_null(dir);
        for (struct dirent *entry; (entry = readdir(dir));)
                unlinkat(folder, entry->d_name, 0);
        closedir(dir);
        assert_int_equal(rmdir(path), 0);
}

static void write_text(const char *name, const void *bytes, size_t len)
{
        int fd = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        assert_int_equal(write(fd, bytes, len), (ssize_t)len);
        close(fd);
}

/* To be freed. */
static char *read_text(const char *name)
{
        int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
        off_t size = lseek(fd, 0, SEEK_END);
        char *text = calloc(1, (size_t)size + 1);
        assert_non_null(text);
        assert_int_equal(pread(fd, text, (size_t)size, 0), size);
        close(fd);
        return text;
}

static void run_wasm2c(void)
{
        char in[64], out[64];
        char *argv[] = { "wasm2c", in, "-n", "image", "-o", out, NULL };
        extern char **environ;
        pid_t pid;
        int status;
        snprintf(in, sizeof in, "%s/image.wasm", path);
        snprintf(out, sizeof out, "%s/" WASM_RECAST_INPUT, path);
        assert_int_equal(posix_spawnp(&pid, "wasm2c", NULL, NULL, argv, environ), 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
}

/* --- Modules ---------------------------------------------------------------------------------- */

static void op(struct writer *code, uint8_t opcode, uint32_t immediate)
{
        writer_u8(code, opcode);
        writer_u32(code, immediate);
}

/* i32 to i32, and what can go wrong on the way. */
static void write_function(struct writer *code, uint32_t callee, unsigned adds)
{
        size_t body = writer_begin_sized(code);
        writer_u32(code, 0);
        op(code, OP_LOCAL_GET, 0);
        for (unsigned i = 0; i < adds; i++) {
                op(code, OP_CONST, 1);
                writer_u8(code, OP_ADD);
        }
        op(code, OP_LOAD, 2);
        writer_u32(code, 0);
        op(code, OP_CONST, 2);
        writer_u8(code, OP_DIV_U);
        if (callee)
                op(code, OP_CALL, callee);
        else
                writer_u8(code, OP_UNREACHABLE);
        writer_u8(code, OP_END);
        writer_end(code, body);
}

/* Of @n functions, each of which calls the next; the last one is at an end. */
static struct writer make_module(uint32_t n, unsigned adds)
{
        OWNED(writer_finish) struct writer functions = { 0 };
        OWNED(writer_finish) struct writer code = { 0 };
        writer_u32(&functions, n);
        writer_u32(&code, n);
        for (uint32_t i = 0; i < n; i++) {
                writer_u32(&functions, 0);
                write_function(&code, i + 1 < n ? i + 1 : 0, adds);
        }
        struct plan plan = { .sections = {
                                     [SECTION_TYPE] = BYTES("\x01\x60\x01\x7f\x01\x7f"),
                                     [SECTION_FUNCTION] = { functions.at, functions.len },
                                     [SECTION_TABLE] = BYTES("\x01\x70\x00\x02"),
                                     [SECTION_MEMORY] = BYTES("\x01\x00\x01"),
                                     [SECTION_EXPORT] = BYTES("\x01\x03run\x00\x00"),
                                     [SECTION_ELEMENT] = BYTES("\x01\x00\x41\x00\x0b\x01\x00"),
                                     [SECTION_CODE] = { code.at, code.len },
                                     [SECTION_DATA] = BYTES("\x01\x00\x41\x10\x0b\x06 \x00\xff\"\\7"),
                             } };
        return plan_write(&plan);
}

static void translate(uint32_t n, unsigned adds)
{
        OWNED(writer_finish) struct writer module = make_module(n, adds);
        make_folder();
        write_text("image.wasm", module.at, module.len);
        run_wasm2c();
}

static void recast(const struct wasm_recast_options *options, uint32_t parts)
{
        struct ward_fault fault = { 0 };
        uint32_t n = 99;
        if (wasm_recast(folder, options, &n, &fault))
                fail_msg("%s", fault.text);
        assert_int_equal(n, parts);
}

/* --- Tests ------------------------------------------------------------------------------------ */

static void refuses(const char *phrase)
{
        const struct wasm_recast_options options = { .name = "big.wasm" };
        struct ward_fault fault = { 0 };
        uint32_t parts;
        assert_int_equal(wasm_recast(folder, &options, &parts, &fault), -WARD_FAULT_COMPILE);
        assert_says(&fault, "big.wasm");
        assert_says(&fault, phrase);
}

TEST(refuses_what_it_does_not_know)
{
        translate(1, 1);
        OWNED(freep) char *text = read_text(WASM_RECAST_INPUT);
        OWNED(freep) char *longer = calloc(1, strlen(text) + 64);
        sprintf(longer, "%sint main(void)\n", text);
        write_text(WASM_RECAST_INPUT, longer, strlen(longer));
        refuses("(\"int main(void)\"): Ward works with wasm2c of wabt 1.0.32");
        sprintf(longer, "%svoid Z_image_free(int x) {\n", text);
        write_text(WASM_RECAST_INPUT, longer, strlen(longer));
        refuses("wabt 1.0.32");
        *strstr(text, "RANGE_CHECK") = 'X';
        write_text(WASM_RECAST_INPUT, text, strlen(text));
        refuses("wabt 1.0.32");
        write_text(WASM_RECAST_INPUT, "", 0);
        refuses("cannot read");
        remove_folder();
}

TEST(one_file)
{
        const struct wasm_recast_options options = { .name = "run.wasm", .parts_max = 8 };
        translate(2, 1);
        recast(&options, 0);
        OWNED(freep) char *image = read_text("image.c");
        OWNED(freep) char *header = read_text("image.h");
        assert_non_null(strstr(header, "#define WASM_MEMORY w2c_M0\n#include \"wasm-rt.h\"\n"));
        assert_null(strstr(header, "WASM_IN_PARTS"));
        assert_null(strstr(header, "WASM_CHECKED"));
        assert_non_null(strstr(image, "data_segment_data_w2c_d0[6] =\n\"\\040\\000\\377\\042\\134\\067\"\n;\n"));
        assert_non_null(strstr(image, "  FUNC_PROLOGUE;\n"));      /* the first, which calls */
        assert_non_null(strstr(image, "  FUNC_PROLOGUE_LEAF;\n")); /* the second */
        assert_non_null(strstr(image, "w2c_f1(instance, w2c_i0); MEMORY_MOVED;\n"));
        assert_null(strstr(image, "#line"));
        remove_folder();
}

TEST(modes)
{
        const struct wasm_recast_options options = { .name = "run.wasm", .checked = true, .looking = true };
        translate(1, 1);
        recast(&options, 0);
        OWNED(freep) char *header = read_text("image.h");
        assert_non_null(strstr(header, "#define WASM_CHECKED\n"));
        assert_non_null(strstr(header, "#define WASM_LOOKING\n"));
        remove_folder();
}

TEST(lines)
{
        const struct wasm_mark first[] = { { OP_LOAD, 100 }, { OP_DIV_U, 200 }, { OP_CALL, 300 } };
        const struct wasm_mark second[] = { { OP_LOAD, 500 }, { OP_DIV_U, 600 }, { OP_CALL, 700 } }; /* the last one is not there */
        const struct wasm_marks marks[] = { { 90, 3, first }, { 490, 3, second } };
        const struct wasm_recast_options options = { .name = "run.wasm", .marks = marks, .n_functions = 2 };
        translate(2, 1);
        recast(&options, 0);
        OWNED(freep) char *image = read_text("image.c");
        assert_non_null(strstr(image, "#line 90\n  FUNC_PROLOGUE;\n"));
        assert_non_null(strstr(image, "#line 100\n  w2c_i0 = i32_load("));
        assert_non_null(strstr(image, "#line 200\n  w2c_i0 = DIV_U("));
        assert_non_null(strstr(image, "#line 300\n  w2c_i0 = w2c_f1("));
        assert_null(strstr(image, "#line 490"));
        assert_null(strstr(image, "#line 500"));
        assert_true(wasm_mark_matters(OP_LOAD));
        assert_true(wasm_mark_matters(OP_UNREACHABLE));
        assert_true(wasm_mark_matters(0xfc0a));
        assert_false(wasm_mark_matters(OP_CONST));
        assert_false(wasm_mark_matters(0xfc00)); /* a saturating conversion */
        remove_folder();
}

static size_t count(const char *text, const char *what)
{
        size_t n = 0;
        for (const char *at = text; (at = strstr(at, what)); at++)
                n++;
        return n;
}

TEST(an_index_is_read_once)
{
        const struct wasm_recast_options options = { .name = "corners.wasm" };
        struct wasm_module *module = fixture_module("corners");
        struct ward_fault fault = { 0 };
        uint8_t *bytes = NULL;
        size_t len;
        make_folder();
        assert_int_equal(wasm_module_rewrite(module, &bytes, &len, &fault), 0);
        write_text("image.wasm", bytes, len);
        run_wasm2c();
        recast(&options, 0);
        OWNED(freep) char *image = read_text("image.c");
        assert_int_equal(count(image, "switch ("), 2);
        assert_int_equal(count(image, "  ONCE(w2c_i0);\n"), 2);
        free(bytes);
        wasm_module_free(module);
        remove_folder();
}

/* Each function is in one of them, and none is much larger than the others. */
TEST(parts)
{
        enum { FUNCTIONS = 400, ADDS = 200, PARTS = 3 };
        const struct wasm_recast_options options = { .name = "run.wasm", .parts_max = PARTS };
        size_t n = 0, most = 0;
        translate(FUNCTIONS, ADDS);
        recast(&options, PARTS);
        for (unsigned i = 1; i <= PARTS; i++) {
                char name[32];
                snprintf(name, sizeof name, WASM_PART_FORMAT, i);
                OWNED(freep) char *text = read_text(name);
                size_t here = count(text, "\n}\n");
                n += here;
                most = here > most ? here : most;
        }
        assert_int_equal(n, FUNCTIONS);
        assert_true(most < FUNCTIONS / PARTS + 10);
        OWNED(freep) char *image = read_text("image.c");
        OWNED(freep) char *header = read_text("image.h");
        assert_null(strstr(image, "FUNC_PROLOGUE"));
        assert_non_null(strstr(header, "#define WASM_IN_PARTS\n"));
        assert_non_null(strstr(header, "extern u32 func_types[];\n"));
        remove_folder();
}

/* A module that is compiled as several files runs as any other. */
TEST(parts_run)
{
        enum { FUNCTIONS = 400, ADDS = 200 };
        static const struct wasm_need needs[] = { { "run", "i>i", false } };
        static const struct wasm_terms terms = { NULL, 0, needs, COUNT_OF(needs) };
        const struct wasm_image_options options = { .name = "run.wasm" };
        const struct wasm_host host = { .name = "run" };
        OWNED(writer_finish) struct writer bytes = make_module(FUNCTIONS, ADDS);
        struct wasm_module *module = NULL;
        struct wasm_binding *binding = NULL;
        struct wasm_instance *instance = NULL;
        struct ward_fault fault = { 0 };
        uint64_t slots[1] = { 16 };
        make_folder();
        assert_int_equal(wasm_module_read((struct ward_span){ bytes.at, bytes.len }, "run.wasm", &module, &fault), 0);
        if (wasm_binding_get(module, &terms, &options, &binding, &fault) || wasm_instance_new(binding, &host, &instance, &fault))
                fail_msg("%s", fault.text);
        wasm_instance_enter(instance);
        assert_int_equal(wasm_instance_start(instance, &fault), 0);
        assert_int_equal(wasm_instance_call(instance, 0, "run", slots, &fault), -WARD_FAULT_TRAP);
        wasm_instance_leave(instance);
        assert_says(&fault, "unreachable");
        wasm_instance_free(instance);
        wasm_binding_unref(binding);
        wasm_module_free(module);
        remove_folder();
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(refuses_what_it_does_not_know), TEST_CASE(one_file), TEST_CASE(modes),
                         TEST_CASE(lines), TEST_CASE(an_index_is_read_once), TEST_CASE(parts), TEST_CASE_LONG(parts_run, 120));
}
