/* Modules at the limits of what translators and compilers take. */
#include "wasm/image.h"

#include <dirent.h>
#include <unistd.h>
#include "wasm/test_build.h"
#include "wasm/test_fixture.h"

enum { OP_BLOCK = 0x02, OP_IF = 0x04, OP_END = 0x0b, OP_BR_TABLE = 0x0e, OP_DROP = 0x1a, OP_LOCAL_GET = 0x20, VOID = 0x40 };

#define SIXTEEN_I32 "\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f"

static char folder[] = "/tmp/ward-test-translate-XXXXXX";

static void make_folder(void)
{
        wasm_module_free(fixture_module("runtime")); /* or skip */
        assert_non_null(mkdtemp(folder));
}

/* Removes the folder: what is still in it. */
static int remove_folder(void)
{
        DIR *dir = opendir(folder);
        int n = 0;
        assert_non_null(dir);
        for (struct dirent *entry; (entry = readdir(dir));)
                n += !unlinkat(dirfd(dir), entry->d_name, 0);
        closedir(dir);
        assert_int_equal(rmdir(folder), 0);
        return n;
}

static void write_opcode(struct writer *code, uint8_t opcode, uint8_t immediate)
{
        writer_u8(code, opcode);
        writer_u8(code, immediate);
}

/* An image of a module with one function, an i32 to an i32, of which @write makes the middle. */
static int get_image(void (*write)(struct writer *code), const char *compiler, struct wasm_image **ret_image,
                     struct ward_fault *fault)
{
        const struct wasm_image_options options = { "run.wasm", folder, compiler };
        OWNED(wasm_module_freep) struct wasm_module *module = NULL;
        OWNED(writer_finish) struct writer code = { 0 };
        writer_u32(&code, 1);
        size_t body = writer_begin_sized(&code);
        writer_u32(&code, 0);
        write(&code);
        write_opcode(&code, OP_LOCAL_GET, 0);
        writer_u8(&code, OP_END);
        writer_end(&code, body);
        struct plan plan = { .sections = {
                                     [SECTION_TYPE] = BYTES("\x02\x60\x01\x7f\x01\x7f\x60\0\x10" SIXTEEN_I32),
                                     [SECTION_FUNCTION] = BYTES("\x01\x00"),
                                     [SECTION_EXPORT] = BYTES("\x01\x03run\x00\x00"),
                                     [SECTION_CODE] = { code.at, code.len },
                             } };
        OWNED(writer_finish) struct writer bytes = plan_write(&plan);
        int r = wasm_module_read((struct ward_span){ bytes.at, bytes.len }, "run.wasm", &module, fault);
        return r ? r : wasm_image_get(module, &options, ret_image, fault);
}

/* Of each byte of such a branch table the translator makes some 400: the branch carries values past one that it leaves behind, so
 * that each of them is copied. */
static void write_large(struct writer *code)
{
        enum { TABLES = 15, BRANCHES = 65536, VALUES = 16 };
        for (int i = 0; i < TABLES; i++) {
                write_opcode(code, OP_BLOCK, 1);
                for (int value = 0; value < 1 + VALUES + 1; value++)
                        write_opcode(code, OP_LOCAL_GET, 0);
                writer_u8(code, OP_BR_TABLE);
                writer_u32(code, BRANCHES);
                for (int branch = 0; branch <= BRANCHES; branch++)
                        writer_u8(code, 0);
                writer_u8(code, OP_END);
                for (int value = 0; value < VALUES; value++)
                        writer_u8(code, OP_DROP);
        }
}

/* It would fill the disk. */
TEST(refuses_what_grows_too_large)
{
        struct wasm_image *image = NULL;
        struct ward_fault fault = { 0 };
        make_folder();
        assert_int_equal(get_image(write_large, NULL, &image, &fault), -WARD_FAULT_COMPILE);
        assert_null(image);
        assert_says(&fault, "makes more than 256 MiB of module 'run.wasm'");
        assert_int_equal(remove_folder(), 0);
}

static void write_deep(struct writer *code)
{
        for (int i = 1; i < WASM_DEPTH_MAX; i++) {
                write_opcode(code, OP_LOCAL_GET, 0);
                write_opcode(code, OP_IF, VOID);
        }
        for (int i = 1; i < WASM_DEPTH_MAX; i++)
                writer_u8(code, OP_END);
}

/* clang takes 256 unless it is asked for more. */
TEST(takes_deep_blocks)
{
        static const char *const compilers[] = { "gcc", "clang" };
        make_folder();
        for (size_t i = 0; i < COUNT_OF(compilers); i++) {
                struct wasm_image *image = NULL;
                struct ward_fault fault = { 0 };
                int r = get_image(write_deep, compilers[i], &image, &fault);
                if (r && !strstr(fault.text, "was not found"))
                        fail_msg("%s", fault.text);
                wasm_image_unref(image);
        }
        remove_folder();
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE_LONG(refuses_what_grows_too_large, 180), TEST_CASE_LONG(takes_deep_blocks, 180));
}
