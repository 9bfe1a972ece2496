#include "wasm/module.h"

#include "base/own.h"
#include "wasm/leb.h"
#include "wasm/test_read.h"

static int read_leb(struct ward_span bytes, unsigned bits, bool is_signed, int64_t *ret)
{
        uint64_t value = 0;
        int n = leb_read(bytes.at, bytes.len, bits, is_signed, &value);
        *ret = (int64_t)value;
        return n;
}

TEST(numbers)
{
        static const struct {
                struct ward_span bytes;
                unsigned bits;
                bool is_signed;
                int n;
                int64_t value;
        } cases[] = {
                { BYTES("\x00"), 32, false, 1, 0 },
                { BYTES("\x7f"), 32, false, 1, 127 },
                { BYTES("\xe5\x8e\x26"), 32, false, 3, 624485 },
                { BYTES("\xff\xff\xff\xff\x0f"), 32, false, 5, UINT32_MAX },
                { BYTES("\x80\x80\x80\x80\x00"), 32, false, 5, 0 }, /* padded, as linkers do */
                { BYTES("\xff\xff\xff\xff\x1f"), 32, false, LEB_LONG, 0 },
                { BYTES("\x80\x80\x80\x80\x80\x00"), 32, false, LEB_LONG, 0 },
                { BYTES("\x80\x80"), 32, false, LEB_CUT, 0 },
                { BYTES(""), 32, false, LEB_CUT, 0 },
                { BYTES("\x7f"), 32, true, 1, -1 },
                { BYTES("\xc0\xbb\x78"), 32, true, 3, -123456 },
                { BYTES("\x80\x80\x80\x80\x78"), 32, true, 5, INT32_MIN },
                { BYTES("\xff\xff\xff\xff\x07"), 32, true, 5, INT32_MAX },
                { BYTES("\xff\xff\xff\xff\x0f"), 32, true, LEB_LONG, 0 },
                { BYTES("\x80\x80\x80\x80\x70"), 32, true, LEB_LONG, 0 },
                { BYTES("\x40"), 33, true, 1, -64 },
                { BYTES("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x7f"), 64, true, 10, INT64_MIN },
                { BYTES("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00"), 64, true, 10, INT64_MAX },
                { BYTES("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"), 64, true, LEB_LONG, 0 },
        };
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                int64_t value = 0;
                int n = read_leb(cases[i].bytes, cases[i].bits, cases[i].is_signed, &value);
                if (n != cases[i].n || (n > 0 && value != cases[i].value))
                        fail_msg("case %zu: %d bytes, value %lld", i, n, (long long)value);
        }
}

TEST(numbers_are_written_as_they_are_read)
{
        static const uint32_t values[] = { 0, 1, 127, 128, 16383, 16384, 0x12345678, UINT32_MAX };
        for (size_t i = 0; i < COUNT_OF(values); i++) {
                uint8_t bytes[LEB_U32_MAX];
                uint64_t value = 0;
                size_t n = leb_write_u32(bytes, values[i]);
                assert_int_equal(leb_read(bytes, n, 32, false, &value), n);
                assert_int_equal(value, values[i]);
        }
}

TEST(takes_the_smallest)
{
        struct wasm_module *module = NULL;
        assert_int_equal(read_exact(BYTES(MODULE_HEADER), &module, NULL), 0);
        const struct wasm_shape *shape = wasm_module_shape(module);
        assert_false(shape->has_memory || shape->exports_memory || shape->has_start);
        assert_int_equal(shape->n_functions + shape->n_imports + shape->n_tables + shape->n_globals, 0);
        assert_null(wasm_module_claim(module).at);
        assert_null(wasm_module_free(module));
        assert_null(wasm_module_free(NULL));
}

TEST(tells_the_shape)
{
        struct plan plan = test_plan();
        plan.sections[SECTION_CUSTOM] = BYTES("\x0dward-contract"
                                              "example:calculator/calculator@1.0.0");
        plan.sections[SECTION_START] = BYTES("\x01");
        OWNED(wasm_module_freep) struct wasm_module *module = read_plan(&plan);
        const struct wasm_shape *shape = wasm_module_shape(module);
        assert_true(shape->has_memory && shape->exports_memory && shape->has_start);
        assert_int_equal(shape->memory_min, 1);
        assert_int_equal(shape->memory_max, 16);
        assert_int_equal(shape->n_imports, 1);
        assert_int_equal(shape->n_functions, 2);
        assert_int_equal(shape->n_tables, 2);
        assert_int_equal(shape->table_min, 3);
        assert_int_equal(shape->table_max, WASM_TABLE_ENTRIES_MAX + 5);
        assert_int_equal(shape->n_globals, 2);
        assert_true(span_is(wasm_module_claim(module), "example:calculator/calculator@1.0.0"));
}

TEST(lists_its_functions)
{
        struct plan plan = test_plan();
        OWNED(wasm_module_freep) struct wasm_module *module = read_plan(&plan);
        struct wasm_function function = wasm_module_import(module, 0);
        assert_true(span_is(function.module, "env") && span_is(function.name, "f"));
        assert_string_equal(function.core, "i>i");
        assert_int_equal(wasm_module_n_exports(module), 2);
        assert_false(wasm_module_export(module, 0, &function)); /* the memory */
        assert_true(wasm_module_export(module, 1, &function));
        assert_true(span_is(function.name, "run"));
        assert_string_equal(function.core, "iI>I");
}

TEST(copies_the_bytes)
{
        struct plan plan = test_plan();
        plan.sections[SECTION_CUSTOM] = BYTES("\x0dward-contract"
                                              "a:b/c");
        struct writer w = plan_write(&plan);
        OWNED(wasm_module_freep) struct wasm_module *module = NULL;
        assert_int_equal(wasm_module_read((struct ward_span){ w.at, w.len }, "calc.wasm", &module, NULL), 0);
        memset(w.at, 0xff, w.len);
        writer_finish(&w);
        assert_true(span_is(wasm_module_claim(module), "a:b/c"));
}

TEST(refuses_what_is_no_core_module)
{
        expect_bytes("nothing", BYTES(""), "header, offset 0x0: ends in the middle");
        expect_bytes("half a magic number", BYTES("\0as"), "ends in the middle");
        expect_bytes("ELF",
                     BYTES("\x7f"
                           "ELF\x02\x01\x01\x00"),
                     "is a shared library");
        expect_bytes("text", BYTES("(module)"), "is WebAssembly text; translate it with wat2wasm");
        expect_bytes("text behind a comment", BYTES("\n ;; (\n(module)"), "is WebAssembly text");
        expect_bytes("prose", BYTES("hello, world"), "is not a WebAssembly module");
        expect_bytes("component", BYTES("\0asm\x0d\0\x01\0"), "is a component; Ward takes core modules");
        expect_bytes("old version", BYTES("\0asm\x0b\0\0\0"), "is of version 11");
        expect_bytes("other layer", BYTES("\0asm\x01\0\x02\0"), "layer 2");
}

struct section_case {
        const char *what;
        enum section_id id;
        struct ward_span content; /* in place of the plan's; at NULL: left out */
        const char *refusal;
};

static void run_section_cases(const struct section_case *cases, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                struct plan plan = test_plan();
                plan.sections[cases[i].id] = cases[i].content;
                expect_plan(cases[i].what, &plan, cases[i].refusal);
        }
}

TEST(types)
{
        static const struct section_case cases[] = {
                { "the plan itself", SECTION_TYPE, BYTES(PLAN_TYPES), NULL },
                { "cut short", SECTION_TYPE, BYTES("\x06\x60\0"), "type section, offset 0x11: ends in the middle" },
                { "bytes behind it", SECTION_TYPE, BYTES(PLAN_TYPES "\x00\x00"), "has 2 bytes more than its content" },
                { "SIMD", SECTION_TYPE, BYTES("\x01\x60\x01\x7b\x00"), "uses SIMD (type v128)" },
                { "unknown type", SECTION_TYPE, BYTES("\x01\x60\x01\x40\x00"), "0x40 is no value type" },
                { "struct type", SECTION_TYPE, BYTES("\x01\x5f\x00"), "type 0 is not a function's" },
                { "too many types", SECTION_TYPE, BYTES("\x91\x4e"), "10001 types; Ward takes at most 10000" },
                { "too many parameters", SECTION_TYPE, BYTES("\x01\x60\x81\x02\x7f"), "257 parameters; Ward takes at most 256" },
                { "too many results", SECTION_TYPE, BYTES("\x01\x60\x00\x11\x7f"), "17 results; Ward takes at most 16" },
                { "long number", SECTION_TYPE, BYTES("\xff\xff\xff\xff\x7f"), "a number does not fit 32 bits" },
        };
        run_section_cases(cases, COUNT_OF(cases));
}

TEST(imports)
{
        static const struct section_case cases[] = {
                { "a type that is not there", SECTION_IMPORT, BYTES("\x01\x01m\x01n\x00\x06"),
                  "there is no type 6, only 6 of them" },
                { "a table", SECTION_IMPORT, BYTES("\x01\x01m\x01n\x01\x70\x00\x01"), "imports \"m\" \"n\", a table" },
                { "a memory", SECTION_IMPORT, BYTES("\x01\x01m\x01n\x02\x00\x01"),
                  "a memory; Ward offers functions only; build it" },
                { "a global", SECTION_IMPORT, BYTES("\x01\x01m\x01n\x03\x7f\x00"), "a global; Ward offers functions only" },
                { "a tag", SECTION_IMPORT, BYTES("\x01\x01m\x01n\x04\x00\x00"), "a tag; Ward offers" },
                { "something else", SECTION_IMPORT, BYTES("\x01\x01m\x01n\x05\x00"), "a thing of an unknown kind" },
                { "a name that is no text", SECTION_IMPORT, BYTES("\x01\x01\xff\x01n\x00\x00"), "a name is not UTF-8" },
                { "an overlong name", SECTION_IMPORT, BYTES("\x01\x02\xc0\x80\x01n\x00\x00"), "a name is not UTF-8" },
                { "a long name", SECTION_IMPORT, BYTES("\x01\x81\x08n"), "1025 bytes in a name; Ward takes at most 1024" },
                { "a cut name", SECTION_IMPORT, BYTES("\x01\x05m"), "ends in the middle" },
                { "too many", SECTION_IMPORT, BYTES("\xe9\x07"), "1001 imports; Ward takes at most 1000" },
        };
        run_section_cases(cases, COUNT_OF(cases));
}

TEST(declarations)
{
        static const struct section_case cases[] = {
                { "no such type", SECTION_FUNCTION, BYTES("\x02\x00\x06"), "there is no type 6" },
                { "code for fewer", SECTION_CODE, BYTES("\x01\x02\x00\x0b"), "declares 2 functions but has code for 1" },
                { "no code", SECTION_CODE, NONE, "declares 2 functions but has code for 0" },
                { "code for more", SECTION_CODE, BYTES("\x03"), "3 bodies; Ward takes at most 2" },
                { "too many", SECTION_FUNCTION, BYTES("\xb1\xea\x01"), "30001 functions; Ward takes at most 30000" },
                { "no reference", SECTION_TABLE, BYTES("\x01\x7f\x00\x01"), "i32 is no reference type" },
                { "a million entries", SECTION_TABLE, BYTES("\x02\x70\x00\xc0\x84\x3d\x6f\x00\x01"), NULL },
                { "one more", SECTION_TABLE, BYTES("\x01\x70\x00\xc1\x84\x3d"), "table 0 has 1000001 entries; Ward takes at most" },
                { "eleven tables", SECTION_TABLE, BYTES("\x0b"), "11 tables; Ward takes at most 10" },
                { "upside down", SECTION_TABLE, BYTES("\x01\x70\x01\x03\x02"), "an initial size of 3 is above the maximum, 2" },
                { "shared", SECTION_MEMORY, BYTES("\x01\x03\x01\x02"), "uses shared memory (threads)" },
                { "64 bits", SECTION_MEMORY, BYTES("\x01\x04\x01"), "uses 64-bit memory" },
                { "unknown flags", SECTION_MEMORY, BYTES("\x01\x08\x01"), "limits have unknown flags 0x08" },
                { "two memories", SECTION_MEMORY, BYTES("\x02\x00\x01\x00\x01"), "2 memories; Ward takes at most 1" },
                { "4 GiB", SECTION_MEMORY, BYTES("\x01\x01\x00\x80\x80\x04"), NULL },
                { "more", SECTION_MEMORY, BYTES("\x01\x01\x00\x81\x80\x04"), "a memory of 65537 pages" },
                { "more at once", SECTION_MEMORY, BYTES("\x01\x00\x81\x80\x04"), "an initial size of 65537 is above the maximum" },
                { "bad start", SECTION_START, BYTES("\x02"), "function 2 takes or returns values and cannot be the start" },
                { "no start", SECTION_START, BYTES("\x03"), "there is no function 3" },
        };
        run_section_cases(cases, COUNT_OF(cases));
}

TEST(globals_and_constants)
{
        static const struct section_case cases[] = {
                { "odd flags", SECTION_GLOBAL, BYTES("\x01\x7f\x02\x41\x00\x0b"), "global 0 has unknown flags 0x02" },
                { "other type", SECTION_GLOBAL, BYTES("\x01\x7f\x00\x42\x00\x0b"), "a constant is i64 where i32 is needed" },
                { "two values", SECTION_GLOBAL, BYTES("\x01\x7f\x00\x41\x00\x41\x00\x0b"), "more than one instruction" },
                { "no value", SECTION_GLOBAL, BYTES("\x01\x7f\x00\x0b"), "instruction 0x0b in a constant" },
                { "computed", SECTION_GLOBAL, BYTES("\x01\x7f\x00\x6a\x0b"), "instruction 0x6a in a constant" },
                { "another global", SECTION_GLOBAL, BYTES("\x02\x7f\x00\x41\x00\x0b\x7f\x00\x23\x00\x0b"), "reads a global" },
                { "no such function", SECTION_GLOBAL, BYTES("\x01\x70\x00\xd2\x03\x0b"), "there is no function 3" },
                { "all types", SECTION_GLOBAL,
                  BYTES("\x06\x7f\x01\x41\x7f\x0b\x7c\x00\x44\0\0\0\0\0\0\0\0\x0b\x7e\x01\x42\x00\x0b\x7d\x00\x43\0\0\0\0\x0b"
                        "\x70\x01\xd2\x02\x0b\x6f\x00\xd0\x6f\x0b"),
                  NULL },
                { "cut float", SECTION_GLOBAL, BYTES("\x01\x7d\x00\x43\0\0\0"), "ends in the middle" },
                { "too many", SECTION_GLOBAL, BYTES("\x91\x4e"), "10001 globals; Ward takes at most 10000" },
        };
        run_section_cases(cases, COUNT_OF(cases));
}

TEST(exports)
{
        static const struct section_case cases[] = {
                { "one name twice", SECTION_EXPORT,
                  BYTES("\x03\x01"
                        "a\x00\x01\x01"
                        "b\x00\x01\x01"
                        "a\x02\x00"),
                  "exports \"a\" twice" },
                { "no such function", SECTION_EXPORT,
                  BYTES("\x01\x01"
                        "a\x00\x03"),
                  "there is no function 3, only 3 of them" },
                { "no such table", SECTION_EXPORT,
                  BYTES("\x01\x01"
                        "a\x01\x02"),
                  "there is no table 2" },
                { "no such memory", SECTION_EXPORT,
                  BYTES("\x01\x01"
                        "a\x02\x01"),
                  "there is no memory 1" },
                { "no such global", SECTION_EXPORT,
                  BYTES("\x01\x01"
                        "a\x03\x02"),
                  "there is no global 2" },
                { "a tag", SECTION_EXPORT,
                  BYTES("\x01\x01"
                        "a\x04\x00"),
                  "exports something of unknown kind 4" },
                { "names that begin alike", SECTION_EXPORT,
                  BYTES("\x03\x01"
                        "a\x00\x01\x02"
                        "ab\x00\x01\x00\x00\x01"),
                  NULL },
                { "none", SECTION_EXPORT, BYTES("\x00"), NULL },
                { "too many", SECTION_EXPORT, BYTES("\xb1\xea\x01"), "30001 exports; Ward takes at most 30000" },
        };
        run_section_cases(cases, COUNT_OF(cases));
}

TEST(element_segments)
{
        static const struct section_case cases[] = {
                { "all eight forms", SECTION_ELEMENT,
                  BYTES("\x08\x00\x41\x00\x0b\x01\x02\x01\x00\x01\x00\x02\x00\x41\x00\x0b\x00\x00\x03\x00\x01\x02"
                        "\x04\x41\x00\x0b\x01\xd2\x00\x0b\x05\x6f\x01\xd0\x6f\x0b\x06\x01\x41\x00\x0b\x6f\x00\x07\x70\x00"),
                  NULL },
                { "a ninth", SECTION_ELEMENT, BYTES("\x01\x08"), "a segment has unknown flags 8" },
                { "no such table", SECTION_ELEMENT, BYTES("\x01\x02\x02\x41\x00\x0b\x00\x00"), "there is no table 2, only 2" },
                { "functions among references", SECTION_ELEMENT, BYTES("\x01\x02\x01\x41\x00\x0b\x00\x00"),
                  "a segment of funcref for table 1 of externref" },
                { "references among functions", SECTION_ELEMENT, BYTES("\x01\x06\x00\x41\x00\x0b\x6f\x00"),
                  "a segment of externref for table 0 of funcref" },
                { "no such function", SECTION_ELEMENT, BYTES("\x01\x01\x00\x01\x03"), "there is no function 3" },
                { "unknown kind", SECTION_ELEMENT, BYTES("\x01\x01\x01\x00"), "a segment of unknown kind 1" },
                { "of numbers", SECTION_ELEMENT, BYTES("\x01\x05\x7f\x00"), "i32 is no reference type" },
                { "holding a number", SECTION_ELEMENT, BYTES("\x01\x05\x70\x01\x41\x00\x0b"), "a constant is i32" },
                { "a place that is no number", SECTION_ELEMENT, BYTES("\x01\x00\xd0\x70\x0b\x00"), "a constant is funcref" },
                { "too many", SECTION_ELEMENT, BYTES("\x01\x01\x00\xc1\x84\x3d"),
                  "1000001 more elements; Ward takes at most 1000000" },
        };
        run_section_cases(cases, COUNT_OF(cases));
}

TEST(data_segments)
{
        static const struct section_case cases[] = {
                { "all three forms", SECTION_DATA, BYTES("\x01\x02\x00\x41\x00\x0b\x01x"), NULL },
                { "a fourth", SECTION_DATA, BYTES("\x01\x03"), "a segment has unknown flags 3" },
                { "another memory", SECTION_DATA, BYTES("\x01\x02\x01\x41\x00\x0b\x00"), "there is no memory 1" },
                { "more than declared", SECTION_DATA, BYTES("\x02\x01\x00\x01\x00"), "has 2 segments where 1 were declared" },
                { "fewer than declared", SECTION_DATA, NONE, "declares 1 data segments but has none" },
                { "longer than the section", SECTION_DATA, BYTES("\x01\x01\x03hi"), "ends in the middle" },
                { "undeclared", SECTION_DATA_COUNT, NONE, NULL },
                { "too many", SECTION_DATA_COUNT, BYTES("\xa1\x8d\x06"), "100001 segments; Ward takes at most 100000" },
        };
        run_section_cases(cases, COUNT_OF(cases));
        struct plan plan = { .sections = { [SECTION_DATA] = BYTES("\x01\x00\x41\x00\x0b\x00") } };
        expect_plan("no memory", &plan, "there is no memory 0");
}

TEST(sections)
{
        static const struct {
                const char *what;
                struct ward_span bytes;
                const char *refusal;
        } cases[] = {
                { "twice", BYTES(MODULE_HEADER "\x01\x01\x00\x01\x01\x00"),
                  "type section, offset 0xd: comes twice or out of order" },
                { "out of order", BYTES(MODULE_HEADER "\x03\x01\x00\x01\x01\x00"), "comes twice or out of order" },
                { "data count behind the code", BYTES(MODULE_HEADER "\x0a\x01\x00\x0c\x01\x00"), "data count section, offset 0xd" },
                { "longer than the file", BYTES(MODULE_HEADER "\x01\x05\x00"),
                  "type section, offset 0xa: is 5 bytes long, but the file has only 1 more" },
                { "no length", BYTES(MODULE_HEADER "\x01"), "ends in the middle" },
                { "exceptions", BYTES(MODULE_HEADER "\x0d\x01\x00"), "uses exceptions, which Ward does not take" },
                { "unknown", BYTES(MODULE_HEADER "\x0e\x01\x00"), "there is no kind of section 14" },
                { "custom ones anywhere", BYTES(MODULE_HEADER "\x00\x02\x01n\x01\x01\x00\x00\x02\x01n\x00\x01\x00"), NULL },
                { "custom without a name", BYTES(MODULE_HEADER "\x00\x00"), "custom section, offset 0xa: ends in the middle" },
                { "custom with a false name", BYTES(MODULE_HEADER "\x00\x02\x01\x80"), "a name is not UTF-8" },
                { "two contracts", BYTES(MODULE_HEADER "\x00\x0e\x0dward-contract\x00\x0e\x0dward-contract"),
                  "names its contract twice" },
        };
        for (size_t i = 0; i < COUNT_OF(cases); i++)
                expect_bytes(cases[i].what, cases[i].bytes, cases[i].refusal);
}

TEST(a_claim_is_bounded)
{
        static const char name[] = "\x0dward-contract";
        size_t longest = sizeof name - 1 + WASM_CLAIM_MAX;
        OWNED(freep) uint8_t *content = calloc(1, longest + 1);
        assert_non_null(content);
        memcpy(content, name, sizeof name - 1);
        struct plan plan = test_plan();
        plan.sections[SECTION_CUSTOM] = (struct ward_span){ content, longest };
        expect_plan("the longest", &plan, NULL);
        plan.sections[SECTION_CUSTOM].len++;
        expect_plan("one more", &plan, "a contract of 4194305 bytes; Ward takes at most 4194304");
}

/* Its first page can be kept from a module that our add-in view is in, whose data begin above a stack. */
TEST(tells_how_much_of_memory_is_not_used)
{
        static const struct {
                struct ward_span claim, data;
                uint32_t bytes;
        } cases[] = {
                { BYTES("\x0dward-contract?"), BYTES("\x01\x00\x41\x80\x80\x04\x0b\x01x"), 4096 }, /* at 65536 */
                { BYTES("\x0dward-contract?"), BYTES("\x01\x00\x41\xff\xff\x03\x0b\x01x"), 0 },    /* at 65535 */
                { BYTES("\x0dward-contract?"), BYTES("\x01\x01\x01x"), 0 },                        /* nowhere */
                { BYTES("\x0dward-contract?"), BYTES("\x02\x00\x41\x80\x80\x04\x0b\x01x\x00\x41\x00\x0b\x01x"), 0 },
                { BYTES("\x05other"), BYTES("\x01\x00\x41\x80\x80\x04\x0b\x01x"), 0 },
        };
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                struct plan plan = test_plan();
                plan.sections[SECTION_CUSTOM] = cases[i].claim;
                plan.sections[SECTION_DATA] = cases[i].data;
                plan.sections[SECTION_DATA_COUNT] = NONE;
                struct wasm_module *module = read_plan(&plan);
                assert_int_equal(wasm_module_null_bytes(module), cases[i].bytes);
                wasm_module_free(module);
        }
}

TEST(a_module_is_bounded)
{
        OWNED(freep) uint8_t *large = calloc(1, (size_t)WASM_MODULE_MAX + 1);
        struct ward_fault fault;
        struct wasm_module *module = NULL;
        assert_non_null(large);
        int r = wasm_module_read((struct ward_span){ large, (size_t)WASM_MODULE_MAX + 1 }, "calc.wasm", &module, &fault);
        assert_int_equal(r, -WARD_FAULT_MODULE);
        assert_non_null(strstr(fault.text, "is 67108865 bytes long; Ward takes modules of at most 67108864"));
}

TEST(long_paths_leave_room_for_the_reason)
{
        char path[2000];
        struct ward_fault fault;
        struct wasm_module *module = NULL;
        memset(path, 'p', sizeof path);
        strcpy(path + sizeof path - 11, "/calc.wasm");
        assert_int_equal(wasm_module_read(BYTES("\0asm"), path, &module, &fault), -WARD_FAULT_MODULE);
        assert_non_null(strstr(fault.text, "p/calc.wasm': header"));
        assert_non_null(strstr(fault.text, "cut short"));
}

TEST(hostile_names_are_escaped_in_texts)
{
        struct plan plan = test_plan();
        struct ward_fault fault;
        struct wasm_module *module = NULL;
        plan.sections[SECTION_IMPORT] = BYTES("\x01\x04\x1b[2J\x02\n\x07\x02\x00\x01");
        struct writer w = plan_write(&plan);
        assert_int_equal(read_exact((struct ward_span){ w.at, w.len }, &module, &fault), -WARD_FAULT_MODULE);
        writer_finish(&w);
        assert_non_null(strstr(fault.text, "\"\\x1b[2J\" \"\\x0a\\x07\""));
}

TEST(real_modules)
{
        struct file files[16];
        size_t n = read_files(files, COUNT_OF(files));
        if (!n)
                harness_skip("the build made no modules: it found no wat2wasm");
        for (size_t i = 0; i < n; i++) {
                expect_bytes(files[i].name, (struct ward_span){ files[i].at, files[i].len }, NULL);
                free(files[i].at);
        }
}

/* Where a module may end: behind a section, if what is left makes sense. */
static size_t count_prefixes_taken(struct ward_span bytes)
{
        size_t taken = 0;
        for (size_t len = 0; len < bytes.len; len++) {
                struct wasm_module *module = NULL;
                struct ward_fault fault;
                int r = read_exact((struct ward_span){ bytes.at, len }, &module, &fault);
                taken += r == 0;
                if (r && !strstr(fault.text, "cut short"))
                        fail_msg("%zu bytes: %s", len, fault.text);
                wasm_module_free(module);
        }
        return taken;
}

TEST(every_prefix_is_cut_short)
{
        struct plan plan = test_plan();
        struct writer w = plan_write(&plan);
        /* the header alone, and with the type section and the imports, is a module */
        assert_int_equal(count_prefixes_taken((struct ward_span){ w.at, w.len }), 3);
        writer_finish(&w);
}

static void flip(struct ward_span bytes)
{
        static const uint8_t masks[] = { 0x01, 0x02, 0x40, 0x80, 0x7f, 0xff };
        uint8_t *copy = malloc(bytes.len);
        assert_non_null(copy);
        memcpy(copy, bytes.at, bytes.len);
        for (size_t i = 0; i < bytes.len; i++)
                for (size_t j = 0; j < sizeof masks; j++) {
                        struct wasm_module *module = NULL;
                        struct ward_fault fault;
                        copy[i] ^= masks[j];
                        int r = read_exact((struct ward_span){ copy, bytes.len }, &module, &fault);
                        if (r)
                                assert_int_equal(r, -WARD_FAULT_MODULE);
                        wasm_module_free(module);
                        copy[i] ^= masks[j];
                }
        free(copy);
}

TEST(flipped_bytes)
{
        struct plan plan = test_plan();
        struct writer w = plan_write(&plan);
        flip((struct ward_span){ w.at, w.len });
        writer_finish(&w);
}

/* In larger modules a cut within a section is what is tried; all the others are alike. */
TEST(real_modules_cut_and_flipped)
{
        struct file files[16];
        size_t n = read_files(files, COUNT_OF(files));
        for (size_t i = 0; i < n; i++) {
                size_t step = files[i].len / 500 + 1;
                for (size_t len = 0; len < files[i].len; len += step) {
                        struct wasm_module *module = NULL;
                        struct ward_fault fault;
                        if (!read_exact((struct ward_span){ files[i].at, len }, &module, &fault) && files[i].len - len > 4000)
                                fail_msg("%s: %zu bytes of it were taken", files[i].name, len);
                        wasm_module_free(module);
                }
                flip((struct ward_span){ files[i].at, files[i].len < 1500 ? files[i].len : 1500 });
                free(files[i].at);
        }
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(numbers), TEST_CASE(numbers_are_written_as_they_are_read),
                         TEST_CASE(takes_the_smallest), TEST_CASE(tells_the_shape), TEST_CASE(lists_its_functions),
                         TEST_CASE(copies_the_bytes), TEST_CASE(refuses_what_is_no_core_module), TEST_CASE(types),
                         TEST_CASE(imports), TEST_CASE(declarations), TEST_CASE(globals_and_constants), TEST_CASE(exports),
                         TEST_CASE(element_segments), TEST_CASE(data_segments), TEST_CASE(sections), TEST_CASE(a_claim_is_bounded),
                         TEST_CASE(tells_how_much_of_memory_is_not_used), TEST_CASE(a_module_is_bounded),
                         TEST_CASE(long_paths_leave_room_for_the_reason), TEST_CASE(hostile_names_are_escaped_in_texts),
                         TEST_CASE(real_modules), TEST_CASE(every_prefix_is_cut_short), TEST_CASE(flipped_bytes),
                         TEST_CASE(real_modules_cut_and_flipped));
}
