/* Imports and exports against terms, and what is left of a module's names. The four attacks that wasm2c 1.0.32 lets through are
 * here. */
#include "wasm/module.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include "base/own.h"
#include "wasm/test_read.h"

extern char **environ;

static const struct wasm_offer offers[] = {
        { "env", "unused", ">" },
        { "env", "f", "i>i" },
        { "env", "log", "ii>" },
        { "wasi_snapshot_preview1", "fd_write", "iiii>i" },
        { "wasi_snapshot_preview1", "fd_close", "i>i" },
        { "wasi_snapshot_preview1", "fd_seek", "iIii>i" },
        { "wasi_snapshot_preview1", "fd_fdstat_get", "ii>i" },
        { "wasi_snapshot_preview1", "proc_exit", "i>" },
};

static const struct wasm_need needs[] = {
        { "cabi_realloc", "iiii>i", true },
        { "run", "i>i", false },
        { "pair", "iI>Ii", true },
        { "forwarded", "i>i", true },
};

/* The plan exports "run" of another type. */
static const struct wasm_need plan_needs[] = { { "run", "iI>I", false } };
static const struct wasm_terms plan_terms = { offers, COUNT_OF(offers), plan_needs, COUNT_OF(plan_needs) };

static struct wasm_module *read_file(const struct file *file)
{
        struct wasm_module *module = NULL;
        struct ward_fault fault = { 0 };
        if (read_exact((struct ward_span){ file->at, file->len }, &module, &fault))
                fail_msg("%s", fault.text);
        return module;
}

static void rewrite(const struct wasm_module *module, struct writer *ret)
{
        struct ward_fault fault = { 0 };
        if (wasm_module_rewrite(module, &ret->at, &ret->len, &fault))
                fail_msg("%s", fault.text);
}

/* The plan, rewritten and read again. The caller frees it. */
static struct wasm_module *rewrite_plan(const struct plan *plan)
{
        OWNED(wasm_module_freep) struct wasm_module *module = read_plan(plan);
        OWNED(writer_finish) struct writer out = { 0 };
        struct wasm_module *again = NULL;
        struct ward_fault fault = { 0 };
        rewrite(module, &out);
        if (read_exact((struct ward_span){ out.at, out.len }, &again, &fault))
                fail_msg("%s", fault.text);
        return again;
}

static void expect_refused(const struct plan *plan, const struct wasm_terms *with, const char *const *parts)
{
        OWNED(wasm_module_freep) struct wasm_module *module = read_plan(plan);
        struct ward_fault fault = { 0 };
        uint32_t bound_imports[8], bound_exports[8];
        assert_int_equal(wasm_module_bind(module, with, bound_imports, bound_exports, &fault), -WARD_FAULT_CONTRACT);
        assert_int_equal(fault.kind, WARD_FAULT_CONTRACT);
        for (; *parts; parts++)
                if (!strstr(fault.text, *parts))
                        fail_msg("refused with: %s, should be: %s", fault.text, *parts);
}

#define EXPECT_REFUSED(plan, with, ...) expect_refused(plan, with, (const char *const[]){ __VA_ARGS__, NULL })

TEST(terms_that_fit)
{
        struct plan plan = test_plan();
        OWNED(wasm_module_freep) struct wasm_module *module = read_plan(&plan);
        uint32_t bound_imports[1] = { 0 }, bound_exports[1] = { 0 };
        assert_int_equal(wasm_module_bind(module, &plan_terms, bound_imports, bound_exports, NULL), 0);
        assert_int_equal(bound_imports[0], 1);
        struct wasm_function function;
        assert_true(wasm_module_export(module, bound_exports[0], &function));
        assert_true(span_is(function.name, "run"));
        assert_true(wasm_module_exports(module, &plan_needs[0]));
        assert_false(wasm_module_exports(module, &needs[1])); /* the same name with another type */
        assert_false(wasm_module_exports(module, &needs[0]));
        assert_false(wasm_module_exports(module, &(struct wasm_need){ "memory", ">", false }));
}

TEST(imports_that_are_not_offered)
{
        struct plan plan = test_plan();
        plan.sections[SECTION_IMPORT] = BYTES("\x01\x03"
                                              "env\x06system\x00\x01");
        EXPECT_REFUSED(&plan, &plan_terms,
                       "module 'calc.wasm': imports function \"system\" from \"env\", which the host does not offer");
        plan.sections[SECTION_IMPORT] = BYTES("\x01\x04"
                                              "env \x01"
                                              "f\x00\x01");
        EXPECT_REFUSED(&plan, &plan_terms, "\"f\" from \"env \", which the host does not offer");
        plan.sections[SECTION_IMPORT] = BYTES("\x01\x03"
                                              "env\x03"
                                              "f\0f\x00\x01");
        EXPECT_REFUSED(&plan, &plan_terms, "which the host does not offer");
        const struct wasm_terms nothing = { 0 };
        EXPECT_REFUSED(&plan, &nothing, "which the host does not offer");
}

/* Attack 1: a name that ends wasm2c's comment and goes on with native code that runs when the image is loaded. */
#define ATTACK "f*/ __attribute__((constructor)) static void a(void) { system(\"id\"); } /*"

TEST(attack_by_an_imports_name)
{
        struct plan plan = test_plan();
        plan.sections[SECTION_IMPORT] = BYTES("\x01\x03"
                                              "env\x49" ATTACK "\x00\x01");
        EXPECT_REFUSED(&plan, &plan_terms, "imports function \"f*/ __attribute__((constructor))", "which the host does not offer");
        plan.sections[SECTION_IMPORT] = BYTES("\x01\x49" ATTACK "\x01"
                                              "f\x00\x01");
        EXPECT_REFUSED(&plan, &plan_terms, "from \"f*/ __attribute__((constructor))", "which the host does not offer");
}

static void expect_no_text(const struct writer *out, const char *text)
{
        if (memmem(out->at, out->len, text, strlen(text)))
                fail_msg("'%s' is still there", text);
}

TEST(attack_by_an_exports_name)
{
        assert_int_equal(strlen(ATTACK), 0x49);
        struct plan plan = test_plan();
        plan.sections[SECTION_CUSTOM] = BYTES("\x04name\x00\x4a\x49" ATTACK);
        plan.sections[SECTION_EXPORT] = BYTES("\x03\x06memory\x02\x00\x49" ATTACK "\x00\x00\x03run\x00\x02");
        OWNED(wasm_module_freep) struct wasm_module *module = read_plan(&plan);
        OWNED(writer_finish) struct writer out = { 0 };
        rewrite(module, &out);
        static const char *const texts[] = { "attribute", "constructor", "*/", "system", "env", "run", "name" };
        for (size_t i = 0; i < COUNT_OF(texts); i++)
                expect_no_text(&out, texts[i]);
}

/* Attack 2: an import of another type than the host's function, which would take a number for a pointer. */
TEST(attack_by_an_imports_type)
{
        struct plan plan = test_plan();
        plan.sections[SECTION_IMPORT] = BYTES("\x01\x03"
                                              "env\x01"
                                              "f\x00\x02");
        EXPECT_REFUSED(&plan, &plan_terms,
                       "imports function \"f\" from \"env\" as (i32, i64) -> (i64), but the host offers it as (i32) -> (i32)");
        plan.sections[SECTION_IMPORT] = BYTES("\x01\x03"
                                              "env\x01"
                                              "f\x00\x05");
        EXPECT_REFUSED(&plan, &plan_terms, "as (i32), but the host offers it as (i32) -> (i32)");
        plan.sections[SECTION_IMPORT] = BYTES("\x02\x03"
                                              "env\x01"
                                              "f\x00\x01\x03"
                                              "env\x01"
                                              "f\x00\x00");
        plan.sections[SECTION_CODE] = NONE;
        plan.sections[SECTION_FUNCTION] = BYTES("\x00");
        plan.sections[SECTION_EXPORT] = plan.sections[SECTION_ELEMENT] = NONE;
        EXPECT_REFUSED(&plan, &plan_terms, "as (), but the host offers it as (i32) -> (i32)");
}

/* Attack 3: a table so large that its allocation fails, and calls through it read the host's memory. */
TEST(attack_by_a_table)
{
        struct plan plan = test_plan();
        plan.sections[SECTION_TABLE] = BYTES("\x01\x70\x00\xfe\xff\xff\xff\x0f");
        expect_plan("a table of 0xfffffffe", &plan, "table 0 has 4294967294 entries; Ward takes at most 1000000");
        plan.sections[SECTION_TABLE] = BYTES("\x02\x70\x00\x02\x6f\x01\x01\xfe\xff\xff\xff\x0f");
        OWNED(wasm_module_freep)
        struct wasm_module *again = rewrite_plan(&plan);
        assert_int_equal(again->tables[0].max, WASM_TABLE_ENTRIES_MAX);
        assert_int_equal(again->tables[1].max, WASM_TABLE_ENTRIES_MAX);
}

/* Attack 4: so many locals that a frame steps over the stack's guard. See also test_body.c. */
TEST(attack_by_locals)
{
        struct plan plan = test_plan();
        plan.sections[SECTION_CODE] = BYTES("\x02\x05\x01\xa0\x1f\x7e\x0b\x04\x00\x20\x01\x0b");
        expect_plan("4,000 locals", &plan, "function 1, offset 0xb0: has more than 2000 locals; Ward takes no more");
}

TEST(exports_that_are_missing)
{
        static const struct wasm_need missing[] = { { "operate", "i>i", false } }, other[] = { { "memory", "i>i", true } },
                                      optional[] = { { "operate", "i>i", true } }, typed[] = { { "run", "ii>f", true } };
        struct plan plan = test_plan();
        EXPECT_REFUSED(&plan, &((struct wasm_terms){ offers, COUNT_OF(offers), missing, 1 }),
                       "exports no function \"operate\", which the contract asks for");
        EXPECT_REFUSED(&plan, &((struct wasm_terms){ offers, COUNT_OF(offers), other, 1 }),
                       "exports no function, but something else, as \"memory\"");
        EXPECT_REFUSED(&plan, &((struct wasm_terms){ offers, COUNT_OF(offers), typed, 1 }),
                       "exports function \"run\" as (i32, i64) -> (i64), but the contract asks for (i32, i32) -> (f32)");
        OWNED(wasm_module_freep) struct wasm_module *module = read_plan(&plan);
        const struct wasm_terms may_be_missing = { offers, COUNT_OF(offers), optional, 1 };
        uint32_t bound_imports[1], bound_exports[1] = { 0 };
        assert_int_equal(wasm_module_bind(module, &may_be_missing, bound_imports, bound_exports, NULL), 0);
        assert_int_equal(bound_exports[0], WASM_MISSING);
}

TEST(long_signatures_are_cut)
{
        struct writer types = { 0 };
        writer_span(&types, BYTES("\x01\x60\xc8\x01"));
        for (int i = 0; i < 200; i++)
                writer_u8(&types, 0x6f);
        writer_u8(&types, 0);
        struct plan plan = { .sections = { [SECTION_IMPORT] = BYTES("\x01\x03"
                                                                    "env\x01"
                                                                    "f\x00\x00") } };
        plan.sections[SECTION_TYPE] = (struct ward_span){ types.at, types.len };
        EXPECT_REFUSED(&plan, &plan_terms, "externref, externref, …), but the host offers it as (i32) -> (i32)");
        writer_finish(&types);
}

TEST(names_are_replaced)
{
        struct plan plan = test_plan();
        OWNED(wasm_module_freep) struct wasm_module *again = rewrite_plan(&plan);
        const struct wasm_shape *shape = wasm_module_shape(again);
        assert_int_equal(shape->n_imports, 1);
        assert_true(span_is(again->imports[0].module, "ward"));
        assert_true(span_is(again->imports[0].field, "i0"));
        assert_int_equal(again->n_exports, 2);
        assert_true(shape->exports_memory);
        assert_true(wasm_module_exports(again, &(struct wasm_need){ "e1", "iI>I", false }));
        assert_int_equal(shape->memory_max, 16);
        assert_int_equal(shape->table_max, WASM_TABLE_ENTRIES_MAX + 5);
}

/* Nobody can offer or call it. What is not called stays out. */
TEST(references_do_not_cross)
{
        struct plan plan = test_plan();
        uint8_t *bytes = NULL;
        size_t len = 0;
        struct ward_fault fault = { 0 };
        plan.sections[SECTION_TYPE] =
                BYTES("\x06\x60\x00\x00\x60\x01\x6f\x00\x60\x02\x7f\x7e\x01\x7e\x60\x00\x00\x60\x00\x00\x60\x01\x7f\x00");
        OWNED(wasm_module_freep) struct wasm_module *module = read_plan(&plan);
        assert_int_equal(wasm_module_rewrite(module, &bytes, &len, &fault), -WARD_FAULT_CONTRACT);
        assert_null(bytes);
        assert_non_null(strstr(fault.text, "\"f\" from \"env\" with references or several results"));
}

TEST(an_import_may_come_twice)
{
        struct plan plan = { .sections = { [SECTION_TYPE] = BYTES(PLAN_TYPES),
                                           [SECTION_IMPORT] = BYTES("\x02\x03"
                                                                    "env\x01"
                                                                    "f\x00\x01\x03"
                                                                    "env\x01"
                                                                    "f\x00\x01") } };
        OWNED(wasm_module_freep)
        struct wasm_module *again = rewrite_plan(&plan);
        assert_true(span_is(again->imports[0].field, "i0"));
        assert_true(span_is(again->imports[1].field, "i1"));
}

/* Segments may name functions of the module only, each by a stub of the import's type. */
TEST(imports_stay_out_of_tables)
{
        struct plan plan = test_plan();
        plan.sections[SECTION_ELEMENT] =
                BYTES("\x03\x00\x41\x00\x0b\x03\x00\x02\x80\x00\x05\x70\x02\xd2\x00\x0b\xd0\x70\x0b\x01\x00\x00");
        OWNED(wasm_module_freep) struct wasm_module *again = rewrite_plan(&plan);
        assert_int_equal(again->shape.n_functions, 3);
        assert_string_equal(module_func_type(again, 3)->core, "i>i");
        assert_int_equal(again->n_elements, 3);
        assert_int_equal(again->n_mentions, 0);
        static const uint8_t items[] = "\x00\x41\x00\x0b\x03\x03\x02\x03\x05\x70\x02\xd2\x03\x0b\xd0\x70\x0b\x01\x00";
        assert_int_equal(again->items[SECTION_ELEMENT].len, sizeof items);
        assert_memory_equal(again->items[SECTION_ELEMENT].at, items, sizeof items);
        static const uint8_t stub[] = "\x00\x20\x00\x10\x00\x0b";
        const struct ward_span code = again->items[SECTION_CODE];
        assert_memory_equal(code.at + code.len - (sizeof stub - 1), stub, sizeof stub - 1);
}

/* Code may refer to a function that only an export declares. The export goes, the right to refer to it stays. */
TEST(references_stay_declared)
{
        struct plan plan = test_plan();
        plan.sections[SECTION_ELEMENT] = NONE;
        plan.sections[SECTION_EXPORT] = BYTES("\x02\x01x\x00\x01\x01y\x00\x00");
        plan.sections[SECTION_CODE] = BYTES("\x02\x08\x00\xd2\x01\x1a\xd2\x00\x1a\x0b\x04\x00\x20\x01\x0b");
        OWNED(wasm_module_freep)
        struct wasm_module *again = rewrite_plan(&plan);
        assert_int_equal(again->n_exports, 2);
        assert_int_equal(again->n_elements, 1);
        assert_true(again->funcs[0].flags & again->funcs[1].flags & FUNC_REFERENCED);
}

/* What is called by name in the environment, with its output thrown away. */
static int run(const char *const *argv)
{
        pid_t pid;
        int status;
        if (posix_spawnp(&pid, argv[0], NULL, NULL, (char *const *)(uintptr_t)argv, environ))
                return -1;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static void expect_translates(const char *name, const struct writer *module)
{
        char wasm[] = "/tmp/ward-test-XXXXXX.wasm", c[sizeof wasm + 2];
        OWNED(fd_closep) int fd = mkostemps(wasm, 5, O_CLOEXEC);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, module->at, module->len), module->len);
        snprintf(c, sizeof c, "%s.c", wasm);
        int validated = run((const char *const[]){ "wasm-validate", "--disable-simd", wasm, NULL });
        int translated = run((const char *const[]){ "wasm2c", "-n", "x", wasm, "-o", c, NULL });
        char header[sizeof c];
        snprintf(header, sizeof header, "%s.h", wasm);
        unlink(wasm);
        unlink(c);
        unlink(header);
        if (validated == 127 || validated < 0)
                harness_skip("wabt's wasm-validate and wasm2c are not installed");
        if (validated || translated)
                fail_msg("%s: wasm-validate gave %d, wasm2c %d", name, validated, translated);
}

/* Names of the module's own. "memory" and "ward" are ours, and short ones come about by chance. */
static void expect_no_names(const struct file *file, const struct wasm_module *module, const struct writer *out)
{
        static const char *const texts[] = { "env",       "wasi_snapshot", "proc_exit",     "cabi_realloc", "_start",
                                             "producers", "clang",         "ward-contract", "test:guest",   "forwarded" };
        for (size_t i = 0; i < COUNT_OF(texts); i++)
                expect_no_text(out, texts[i]);
        assert_true(file->len > 0 && module->n_exports > 0);
}

/* What @module exports for @need, @again exports by its number. */
static void expect_callable(const struct wasm_module *module, const struct wasm_module *again, const struct wasm_need *need)
{
        const struct exported *export = module_export(module, need->name);
        char name[24];
        assert_non_null(export);
        snprintf(name, sizeof name, "e%zu", (size_t)(export - module->exports));
        assert_true(wasm_module_exports(again, &(struct wasm_need){ name, need->core, false }));
}

TEST(real_modules)
{
        struct file files[16];
        size_t n = read_files(files, COUNT_OF(files));
        if (!n)
                harness_skip("the build made no modules: it found no wat2wasm");
        for (size_t i = 0; i < n; i++) {
                OWNED(wasm_module_freep) struct wasm_module *module = read_file(&files[i]);
                OWNED(writer_finish) struct writer out = { 0 };
                OWNED(wasm_module_freep) struct wasm_module *again = NULL;
                rewrite(module, &out);
                assert_int_equal(read_exact((struct ward_span){ out.at, out.len }, &again, NULL), 0);
                expect_callable(module, again, &needs[1]);
                expect_no_names(&files[i], module, &out);
                expect_translates(files[i].name, &out);
                free(files[i].at);
        }
}

TEST(a_claim_is_found_in_a_real_module)
{
        struct file files[16];
        size_t n = read_files(files, COUNT_OF(files)), found = 0;
        for (size_t i = 0; i < n; i++) {
                OWNED(wasm_module_freep) struct wasm_module *module = read_file(&files[i]);
                struct ward_span claim = wasm_module_claim(module);
                if (!strcmp(files[i].name, "test-guest.wasm")) {
                        found++;
                        assert_true(span_is(claim, "test:guest/guest@1.0.0"));
                } else {
                        assert_null(claim.at);
                }
                free(files[i].at);
        }
        if (!found)
                harness_skip("the build made no module from C: it found no clang with a WASI library");
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(terms_that_fit), TEST_CASE(imports_that_are_not_offered),
                         TEST_CASE(attack_by_an_imports_name), TEST_CASE(attack_by_an_exports_name),
                         TEST_CASE(attack_by_an_imports_type), TEST_CASE(attack_by_a_table), TEST_CASE(attack_by_locals),
                         TEST_CASE(exports_that_are_missing), TEST_CASE(long_signatures_are_cut), TEST_CASE(names_are_replaced),
                         TEST_CASE(references_do_not_cross), TEST_CASE(an_import_may_come_twice),
                         TEST_CASE(imports_stay_out_of_tables), TEST_CASE(references_stay_declared), TEST_CASE(real_modules),
                         TEST_CASE(a_claim_is_found_in_a_real_module));
}
