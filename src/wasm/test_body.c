/* Function bodies: each row is one, checked against what the specification says of it. */
#include "wasm/test_read.h"

#include "base/own.h"

struct body_case {
        const char *what;
        uint8_t type;
        struct ward_span code; /* behind the locals; with its end */
        const char *refusal;
};

/* The plan with function F_TESTED replaced. */
static void expect_body(const struct body_case *body, struct ward_span locals)
{
        uint8_t functions[] = { 2, body->type, T_BINARY };
        struct writer code = { 0 };
        writer_u32(&code, 2);
        writer_u32(&code, (uint32_t)(locals.len + body->code.len));
        writer_span(&code, locals);
        writer_span(&code, body->code);
        writer_span(&code, BYTES("\x04\x00\x20\x01\x0b"));
        struct plan plan = test_plan();
        plan.sections[SECTION_FUNCTION] = (struct ward_span){ functions, sizeof functions };
        plan.sections[SECTION_CODE] = (struct ward_span){ code.at, code.len };
        expect_plan(body->what, &plan, body->refusal);
        writer_finish(&code);
}

static void run_body_cases(const struct body_case *cases, size_t n)
{
        for (size_t i = 0; i < n; i++)
                expect_body(&cases[i], BYTES("\x04\x01\x7f\x01\x7e\x01\x7d\x01\x7c")); /* one local of each type of number */
}

TEST(plain_instructions)
{
        static const struct body_case cases[] = {
                { "nothing", T_NOTHING, BYTES("\x0b"), NULL },
                { "nop", T_NOTHING, BYTES("\x01\x0b"), NULL },
                { "add", T_UNARY, BYTES("\x20\x00\x41\x01\x6a\x0b"), NULL },
                { "add of one", T_UNARY, BYTES("\x20\x00\x6a\x0b"), "instruction 0x6a takes i32 where there is no value" },
                { "add of a float", T_UNARY, BYTES("\x20\x00\x43\0\0\0\0\x6a\x0b"),
                  "instruction 0x6a takes i32 where there is f32" },
                { "no result", T_UNARY, BYTES("\x0b"), "instruction 0x0b takes i32 where there is no value" },
                { "wrong result", T_UNARY, BYTES("\x42\x00\x0b"), "instruction 0x0b takes i32 where there is i64" },
                { "a value left", T_NOTHING, BYTES("\x41\x00\x0b"), "a block leaves 1 values too many" },
                { "dropped", T_NOTHING, BYTES("\x41\x00\x1a\x0b"), NULL },
                { "dropping nothing", T_NOTHING, BYTES("\x1a\x0b"), "takes any where there is no value" },
                { "floats", T_FLOATS, BYTES("\x20\x00\x20\x01\xb6\x92\x0b"), NULL },
                { "two results", T_TWO, BYTES("\x41\x00\x42\x00\x0b"), NULL },
                { "two results the wrong way round", T_TWO, BYTES("\x42\x00\x41\x00\x0b"), "takes i64 where there is i32" },
                { "saturating", T_UNARY, BYTES("\x43\0\0\0\0\xfc\x00\x0b"), NULL },
                { "saturating a double", T_UNARY, BYTES("\x44\0\0\0\0\0\0\0\0\xfc\x00\x0b"), "instruction 0xfc00 takes f32" },
                { "sign extension", T_UNARY, BYTES("\x20\x00\xc0\x0b"), NULL },
                { "unknown", T_NOTHING, BYTES("\x27\x0b"), "there is no instruction 0x27" },
                { "unknown behind the prefix", T_NOTHING, BYTES("\xfc\x12\x0b"), "there is no instruction 0xfc" },
                { "cut constant", T_NOTHING, BYTES("\x44\0\0\0"), "ends in the middle" },
                { "cut prefix", T_NOTHING, BYTES("\xfc"), "ends in the middle" },
                { "a constant of 33 bits", T_NOTHING, BYTES("\x41\xff\xff\xff\xff\x0f\x1a\x0b"), "a number does not fit 32 bits" },
                { "select", T_UNARY, BYTES("\x41\x01\x41\x02\x20\x00\x1b\x0b"), NULL },
                { "select of two types", T_UNARY, BYTES("\x41\x01\x42\x02\x20\x00\x1b\x0b"), "a select between i32 and i64" },
                { "select of references", T_NOTHING, BYTES("\xd0\x70\xd0\x70\x41\x00\x1b\x1a\x0b"), "must name their type" },
                { "typed select", T_NOTHING, BYTES("\xd0\x70\xd0\x70\x41\x00\x1c\x01\x70\x1a\x0b"), NULL },
                { "typed select of another type", T_NOTHING, BYTES("\xd0\x70\xd0\x70\x41\x00\x1c\x01\x6f\x1a\x0b"),
                  "takes externref" },
                { "select of two values", T_NOTHING, BYTES("\x41\x00\x41\x00\x41\x00\x1c\x02\x7f\x7f\x0b"),
                  "other than one value" },
                { "is null", T_UNARY, BYTES("\xd0\x6f\xd1\x0b"), NULL },
                { "is a number null", T_UNARY, BYTES("\x41\x00\xd1\x0b"), "ref.is_null takes a reference where there is i32" },
        };
        run_body_cases(cases, COUNT_OF(cases));
}

TEST(features_that_ward_does_not_take)
{
        static const struct body_case cases[] = {
                { "SIMD", T_NOTHING, BYTES("\xfd\x0c"), "function 1, offset" },
                { "SIMD's remedy", T_NOTHING, BYTES("\xfd\x0c"),
                  "uses SIMD, which Ward does not take; build it without -msimd128" },
                { "SIMD block", T_NOTHING, BYTES("\x02\x7b\x0b\x0b"), "uses SIMD (type v128)" },
                { "atomics", T_NOTHING, BYTES("\xfe\x03\x00"), "uses atomics (threads), which Ward does not take" },
                { "try", T_NOTHING, BYTES("\x06\x40\x0b\x0b"), "uses exceptions, which Ward does not take" },
                { "throw", T_NOTHING, BYTES("\x08\x00\x0b"), "uses exceptions" },
                { "tail call", T_NOTHING, BYTES("\x12\x00\x0b"), "uses tail calls, which Ward does not take" },
                { "typed call", T_NOTHING, BYTES("\x14\x00\x0b"), "uses typed function references" },
                { "collected types", T_NOTHING, BYTES("\xfb\x00\x00\x0b"), "uses garbage-collected types" },
                { "a second memory", T_NOTHING, BYTES("\x3f\x01\x1a\x0b"), "uses memory 1; Ward takes modules with one memory" },
                { "a second memory in a load", T_UNARY, BYTES("\x20\x00\x28\x42\x01\x00\x0b"), "an alignment of 2^66" },
        };
        run_body_cases(cases, COUNT_OF(cases));
}

TEST(variables)
{
        static const struct body_case cases[] = {
                { "parameter and locals", T_UNARY, BYTES("\x20\x00\x21\x01\x20\x01\x22\x00\x0b"), NULL },
                { "a local beyond", T_UNARY, BYTES("\x20\x05\x0b"), "there is no local 5, only 5 of them" },
                { "a local of another type", T_UNARY, BYTES("\x20\x02\x0b"), "takes i32 where there is i64" },
                { "set to another type", T_NOTHING, BYTES("\x42\x00\x21\x00\x0b"),
                  "instruction 0x21 takes i32 where there is i64" },
                { "global", T_UNARY, BYTES("\x20\x00\x24\x00\x23\x00\x0b"), NULL },
                { "constant global", T_NOTHING, BYTES("\x44\0\0\0\0\0\0\0\0\x24\x01\x0b"), "sets global 1, which is constant" },
                { "no such global", T_NOTHING, BYTES("\x23\x02\x1a\x0b"), "there is no global 2, only 2 of them" },
                { "no such global to set", T_NOTHING, BYTES("\x41\x00\x24\x02\x0b"), "there is no global 2" },
        };
        run_body_cases(cases, COUNT_OF(cases));
}

TEST(blocks)
{
        static const struct body_case cases[] = {
                { "block", T_UNARY, BYTES("\x02\x7f\x20\x00\x0b\x0b"), NULL },
                { "block without its result", T_UNARY, BYTES("\x02\x7f\x0b\x0b"), "takes i32 where there is no value" },
                { "values of the outer block", T_UNARY, BYTES("\x41\x00\x02\x40\x1a\x0b\x41\x00\x0b"), "where there is no value" },
                { "block with parameters", T_UNARY, BYTES("\x20\x00\x02\x01\x41\x01\x6a\x0b\x0b"), NULL },
                { "block without its parameter", T_UNARY, BYTES("\x02\x01\x0b\x0b"), "instruction 0x02 takes i32" },
                { "a type that is not there", T_NOTHING, BYTES("\x02\x06\x0b\x0b"), "there is no type 6" },
                { "a type that is none", T_NOTHING, BYTES("\x02\x41\x0b\x0b"), "0x41 is no value type" },
                { "a long way to say nothing", T_NOTHING, BYTES("\x02\xc0\x7f\x0b\x0b"), "0xc0 is no value type" },
                { "if and else", T_UNARY, BYTES("\x20\x00\x04\x7f\x41\x01\x05\x41\x02\x0b\x0b"), NULL },
                { "if without else", T_NOTHING, BYTES("\x41\x00\x04\x40\x0b\x0b"), NULL },
                { "if without else, with a result", T_UNARY, BYTES("\x41\x00\x04\x7f\x41\x01\x0b\x0b"),
                  "an if without else changes" },
                { "if that keeps its type", T_UNARY, BYTES("\x20\x00\x20\x00\x04\x01\x0b\x0b"), NULL },
                { "if without a condition", T_NOTHING, BYTES("\x04\x40\x0b\x0b"), "instruction 0x04 takes i32" },
                { "else without if", T_NOTHING, BYTES("\x02\x40\x05\x0b\x0b"), "an else without its if" },
                { "two elses", T_NOTHING, BYTES("\x41\x00\x04\x40\x05\x05\x0b\x0b"), "an else without its if" },
                { "then without its result", T_UNARY, BYTES("\x41\x00\x04\x7f\x05\x41\x02\x0b\x0b"), "instruction 0x05 takes i32" },
                { "else without its result", T_UNARY, BYTES("\x41\x00\x04\x7f\x41\x01\x05\x0b\x0b"), "instruction 0x0b takes i32" },
                { "no end", T_NOTHING, BYTES("\x02\x40\x0b"), "ends in the middle" },
                { "an end too many", T_NOTHING, BYTES("\x0b\x0b"), "goes on behind its end" },
        };
        run_body_cases(cases, COUNT_OF(cases));
}

TEST(branches)
{
        static const struct body_case cases[] = {
                { "out of a block", T_UNARY, BYTES("\x02\x7f\x20\x00\x0c\x00\x0b\x0b"), NULL },
                { "out of the function", T_UNARY, BYTES("\x20\x00\x0c\x00\x0b"), NULL },
                { "too far", T_NOTHING, BYTES("\x0c\x01\x0b"), "there is no enclosing block 1, only 1 of them" },
                { "without the value", T_UNARY, BYTES("\x02\x7f\x0c\x00\x0b\x0b"), "takes 1 values where there are 0" },
                { "with another value", T_UNARY, BYTES("\x02\x7f\x42\x00\x0c\x00\x0b\x0b"), "takes i32 where there is i64" },
                { "to a loop, which takes its parameters", T_NOTHING, BYTES("\x03\x40\x41\x01\x0d\x00\x0b\x0b"), NULL },
                { "to a loop with a result", T_UNARY, BYTES("\x03\x7f\x0c\x00\x0b\x0b"), NULL },
                { "br_if keeps its values", T_UNARY, BYTES("\x02\x7f\x41\x05\x20\x00\x0d\x00\x0b\x0b"), NULL },
                { "br_if without a condition", T_NOTHING, BYTES("\x0d\x00\x0b"), "instruction 0x0d takes i32" },
                { "table", T_UNARY, BYTES("\x02\x40\x02\x40\x20\x00\x0e\x02\x00\x01\x00\x0b\x0b\x41\x00\x0b"), NULL },
                { "table of unequal labels", T_UNARY, BYTES("\x02\x40\x20\x00\x0e\x01\x00\x01\x0b\x41\x00\x0b"),
                  "a branch table's labels take 0 and 1 values" },
                { "table with a label too far", T_NOTHING, BYTES("\x41\x00\x0e\x01\x01\x00\x0b"), "there is no enclosing block 1" },
                { "large table", T_NOTHING, BYTES("\x41\x00\x0e\x81\x80\x04"),
                  "65537 branches in a table; Ward takes at most 65536" },
                { "return", T_UNARY, BYTES("\x02\x40\x20\x00\x0f\x0b\x41\x00\x0b"), NULL },
                { "return of nothing", T_UNARY, BYTES("\x0f\x0b"), "takes 1 values where there are 0" },
        };
        run_body_cases(cases, COUNT_OF(cases));
}

TEST(unreachable_code)
{
        static const struct body_case cases[] = {
                { "any result", T_UNARY, BYTES("\x00\x0b"), NULL },
                { "any operand", T_UNARY, BYTES("\x00\x6a\x0b"), NULL },
                { "but its own values count", T_UNARY, BYTES("\x00\x42\x00\x6a\x0b"), "takes i32 where there is i64" },
                { "and too many are too many", T_UNARY, BYTES("\x00\x41\x00\x41\x00\x0b"), "a block leaves 1 values too many" },
                { "behind a branch", T_UNARY, BYTES("\x20\x00\x0c\x00\x6a\x0b"), NULL },
                { "behind a return", T_UNARY, BYTES("\x20\x00\x0f\x1a\x0b"), NULL },
                { "select of unknowns", T_UNARY, BYTES("\x00\x1b\x0b"), NULL },
                { "select of one unknown", T_UNARY, BYTES("\x00\x41\x00\x41\x00\x1b\x0b"), NULL },
                { "select of a reference and an unknown", T_NOTHING, BYTES("\x00\xd0\x70\x41\x00\x1b\x1a\x0b"),
                  "must name their type" },
                { "an unknown that is null", T_UNARY, BYTES("\x00\xd1\x0b"), NULL },
                { "labels still count", T_NOTHING, BYTES("\x00\x0c\x01\x0b"), "there is no enclosing block 1" },
                { "indices still count", T_NOTHING, BYTES("\x00\x10\x03\x0b"), "there is no function 3" },
                { "else lives again", T_UNARY, BYTES("\x41\x00\x04\x7f\x00\x05\x0b\x0b"), "instruction 0x0b takes i32" },
                { "a table over unknowns", T_UNARY, BYTES("\x02\x7f\x00\x0e\x01\x00\x01\x0b\x0b"), NULL },
                { "a table over a wrong value", T_UNARY, BYTES("\x02\x7f\x00\x42\x00\x41\x00\x0e\x00\x00\x0b\x0b"),
                  "takes i32 where" },
        };
        run_body_cases(cases, COUNT_OF(cases));
}

TEST(calls)
{
        static const struct body_case cases[] = {
                { "imported", T_UNARY, BYTES("\x20\x00\x10\x00\x0b"), NULL },
                { "without an argument", T_UNARY, BYTES("\x10\x00\x0b"), "instruction 0x10 takes i32" },
                { "arguments the wrong way round", T_NOTHING, BYTES("\x42\x00\x41\x00\x10\x02\x1a\x0b"),
                  "instruction 0x10 takes i64" },
                { "no such function", T_NOTHING, BYTES("\x10\x03\x0b"), "there is no function 3, only 3 of them" },
                { "indirect", T_UNARY, BYTES("\x20\x00\x41\x00\x11\x01\x00\x0b"), NULL },
                { "indirect without an index", T_UNARY, BYTES("\x20\x00\x11\x01\x00\x0b"), "instruction 0x11 takes i32" },
                { "indirect with no such type", T_NOTHING, BYTES("\x41\x00\x11\x06\x00\x0b"), "there is no type 6" },
                { "indirect through no such table", T_NOTHING, BYTES("\x41\x00\x11\x00\x02\x0b"), "there is no table 2" },
                { "indirect through host references", T_NOTHING, BYTES("\x41\x00\x11\x00\x01\x0b"),
                  "calls through table 1, which holds no functions" },
        };
        run_body_cases(cases, COUNT_OF(cases));
}

TEST(memory)
{
        static const struct body_case cases[] = {
                { "load", T_UNARY, BYTES("\x20\x00\x28\x02\x00\x0b"), NULL },
                { "load from the last offset", T_UNARY, BYTES("\x20\x00\x28\x00\xff\xff\xff\xff\x0f\x0b"), NULL },
                { "load aligned too well", T_UNARY, BYTES("\x20\x00\x28\x03\x00\x0b"), "an alignment of 2^3 where at most 2^2" },
                { "bytes aligned", T_UNARY, BYTES("\x20\x00\x2d\x01\x00\x0b"), "an alignment of 2^1 where at most 2^0" },
                { "load of an address that is none", T_UNARY, BYTES("\x42\x00\x28\x02\x00\x0b"), "takes i32 where there is i64" },
                { "store", T_NOTHING, BYTES("\x41\x00\x42\x01\x37\x03\x00\x0b"), NULL },
                { "store of another type", T_NOTHING, BYTES("\x41\x00\x41\x01\x37\x03\x00\x0b"), "takes i64 where there is i32" },
                { "size and grow", T_UNARY, BYTES("\x3f\x00\x40\x00\x0b"), NULL },
                { "copy", T_NOTHING, BYTES("\x41\0\x41\0\x41\0\xfc\x0a\x00\x00\x0b"), NULL },
                { "copy between memories", T_NOTHING, BYTES("\x41\0\x41\0\x41\0\xfc\x0a\x00\x01\x0b"), "uses memory 1" },
                { "fill", T_NOTHING, BYTES("\x41\0\x41\0\x41\0\xfc\x0b\x00\x0b"), NULL },
                { "init", T_NOTHING, BYTES("\x41\0\x41\0\x41\0\xfc\x08\x00\x00\x0b"), NULL },
                { "init from no such segment", T_NOTHING, BYTES("\x41\0\x41\0\x41\0\xfc\x08\x01\x00\x0b"),
                  "there is no data segment 1" },
                { "drop", T_NOTHING, BYTES("\xfc\x09\x00\x0b"), NULL },
                { "drop of no such segment", T_NOTHING, BYTES("\xfc\x09\x01\x0b"), "there is no data segment 1" },
        };
        run_body_cases(cases, COUNT_OF(cases));
}

TEST(without_a_memory)
{
        struct plan plan = { .sections = { [SECTION_TYPE] = BYTES("\x01\x60\0\0"), [SECTION_FUNCTION] = BYTES("\x01\x00") } };
        plan.sections[SECTION_CODE] = BYTES("\x01\x08\x00\x41\x00\x28\x02\x00\x1a\x0b");
        expect_plan("load", &plan, "uses a memory, but the module has none");
        plan.sections[SECTION_CODE] = BYTES("\x01\x05\x00\x3f\x00\x1a\x0b");
        expect_plan("size", &plan, "uses a memory, but the module has none");
}

TEST(undeclared_segments)
{
        struct plan plan = test_plan();
        plan.sections[SECTION_DATA_COUNT] = NONE;
        plan.sections[SECTION_CODE] = BYTES("\x02\x05\x00\xfc\x09\x00\x0b\x04\x00\x20\x01\x0b");
        expect_plan("drop", &plan, "uses data segments, but the module does not declare their number");
}

TEST(tables)
{
        static const struct body_case cases[] = {
                { "get and set", T_NOTHING, BYTES("\x41\x00\x41\x01\x25\x00\x26\x00\x0b"), NULL },
                { "set to another type", T_NOTHING, BYTES("\x41\x00\xd0\x6f\x26\x00\x0b"),
                  "takes funcref where there is externref" },
                { "no such table", T_NOTHING, BYTES("\x41\x00\x25\x02\x1a\x0b"), "there is no table 2, only 2 of them" },
                { "grow, size, fill", T_NOTHING,
                  BYTES("\xd0\x6f\x41\x01\xfc\x0f\x01\x1a\x41\x00\xd0\x70\xfc\x10\x00\xfc\x11\x00\x0b"), NULL },
                { "grow with another type", T_NOTHING, BYTES("\xd0\x6f\x41\x01\xfc\x0f\x00\x1a\x0b"), "takes funcref where" },
                { "copy", T_NOTHING, BYTES("\x41\0\x41\0\x41\0\xfc\x0e\x00\x00\x0b"), NULL },
                { "copy between types", T_NOTHING, BYTES("\x41\0\x41\0\x41\0\xfc\x0e\x00\x01\x0b"),
                  "copies externref to a table of funcref" },
                { "init", T_NOTHING, BYTES("\x41\0\x41\0\x41\0\xfc\x0c\x01\x01\x0b"), NULL },
                { "init with another type", T_NOTHING, BYTES("\x41\0\x41\0\x41\0\xfc\x0c\x00\x01\x0b"),
                  "copies funcref to a table of externref" },
                { "init from no such segment", T_NOTHING, BYTES("\x41\0\x41\0\x41\0\xfc\x0c\x02\x00\x0b"),
                  "there is no element segment 2" },
                { "drop", T_NOTHING, BYTES("\xfc\x0d\x01\x0b"), NULL },
                { "reference to a declared function", T_NOTHING, BYTES("\xd2\x02\x1a\x0b"), NULL },
                { "reference to another", T_NOTHING, BYTES("\xd2\x00\x1a\x0b"),
                  "refers to function 0, which is not declared for it" },
                { "reference to none", T_NOTHING, BYTES("\xd2\x03\x1a\x0b"), "there is no function 3" },
                { "null of a number", T_NOTHING, BYTES("\xd0\x7f\x1a\x0b"), "i32 is no reference type" },
        };
        run_body_cases(cases, COUNT_OF(cases));
}

TEST(locals_are_bounded)
{
        static const struct {
                const char *what;
                struct ward_span locals;
                const char *refusal;
        } cases[] = {
                { "none", BYTES("\x00"), NULL },
                { "2,000 with the parameter", BYTES("\x01\xcf\x0f\x7f"), NULL },
                { "one more", BYTES("\x01\xd0\x0f\x7f"), "has more than 2000 locals; Ward takes no more" },
                { "one more in two groups", BYTES("\x02\xe8\x07\x7f\xe8\x07\x7e"), "has more than 2000 locals" },
                { "4,000", BYTES("\x01\xa0\x1f\x7e"), "function 1, offset" },
                { "50,000", BYTES("\x01\xd0\x86\x03\x7e"), "has more than 2000 locals" },
                { "more than 32 bits in two groups", BYTES("\x02\x01\x7f\xff\xff\xff\xff\x0f\x7f"), "has more than 2000 locals" },
                { "a group of none", BYTES("\x01\x00\x7f"), NULL },
                { "cut", BYTES("\x05\x01\x7f"), "is no value type" },
        };
        for (size_t i = 0; i < COUNT_OF(cases); i++)
                expect_body(&(struct body_case){ cases[i].what, T_UNARY, BYTES("\x20\x00\x0b"), cases[i].refusal },
                            cases[i].locals);
}

/* @n times @piece, then @behind. The caller finishes it. */
static struct writer repeat(struct ward_span piece, size_t n, struct ward_span behind)
{
        struct writer code = { 0 };
        for (size_t i = 0; i < n; i++)
                writer_span(&code, piece);
        writer_span(&code, behind);
        return code;
}

static void expect_repeated(const char *what, struct ward_span piece, size_t n, struct ward_span behind, const char *refusal)
{
        struct writer code = repeat(piece, n, behind);
        expect_body(&(struct body_case){ what, T_NOTHING, { code.at, code.len }, refusal }, BYTES("\x00"));
        writer_finish(&code);
}

TEST(operands_are_bounded)
{
        expect_repeated("2,000 values", BYTES("\x41\x00"), WASM_OPERANDS_MAX, BYTES("\x00\x0b"), NULL);
        expect_repeated("one more", BYTES("\x41\x00"), WASM_OPERANDS_MAX + 1, BYTES("\x00\x0b"),
                        "holds more than 2000 values at once");
}

/* A function reference takes 24 bytes, an operand of each type at each height its own. */
TEST(a_frame_is_bounded)
{
        struct writer code = repeat(BYTES("\x41\x00"), WASM_OPERANDS_MAX, BYTES("\x00\x0b"));
        const struct ward_span operands = { code.at, code.len };
        expect_body(&(struct body_case){ "1,650 references", T_NOTHING, operands, NULL }, BYTES("\x01\xf2\x0c\x70"));
        expect_body(&(struct body_case){ "1,750 references", T_NOTHING, operands, "needs more than 49152 bytes" },
                    BYTES("\x01\xd6\x0d\x70"));
        expect_body(&(struct body_case){ "2,000 references", T_NOTHING, BYTES("\x0b"), NULL }, BYTES("\x01\xd0\x0f\x70"));
        writer_finish(&code);
        expect_repeated("one type at each height", BYTES("\x42\x00"), WASM_OPERANDS_MAX, BYTES("\x00\x0b"), NULL);
        code = repeat(BYTES("\x42\x00"), WASM_OPERANDS_MAX, BYTES(""));
        for (int i = 0; i < WASM_OPERANDS_MAX; i++)
                writer_u8(&code, 0x1a);
        for (int i = 0; i < WASM_OPERANDS_MAX; i++)
                writer_span(&code, BYTES("\xd0\x70"));
        writer_span(&code, BYTES("\x00\x0b"));
        expect_body(&(struct body_case){ "two types", T_NOTHING, { code.at, code.len }, "needs more than 49152 bytes" },
                    BYTES("\x00"));
        writer_finish(&code);
}

TEST(nesting_is_bounded)
{
        struct writer ends = repeat(BYTES("\x0b"), WASM_DEPTH_MAX + 1, BYTES(""));
        expect_repeated("1,000 blocks", BYTES("\x02\x40"), WASM_DEPTH_MAX, (struct ward_span){ ends.at, ends.len }, NULL);
        expect_repeated("one more", BYTES("\x02\x40"), WASM_DEPTH_MAX + 1, (struct ward_span){ ends.at, ends.len },
                        "nests blocks more than 1000 deep");
        writer_finish(&ends);
}

TEST(bodies_are_bounded)
{
        expect_repeated("a megabyte", BYTES("\x01"), WASM_BODY_MAX - 2, BYTES("\x0b"), NULL);
        expect_repeated("one more", BYTES("\x01"), WASM_BODY_MAX - 1, BYTES("\x0b"), "1048577 bytes of code in a function");
}

TEST(blocks_take_few_values)
{
        struct plan plan = { .sections = { [SECTION_FUNCTION] = BYTES("\x01\x00"),
                                           [SECTION_CODE] = BYTES("\x01\x07\x00\x00\x02\x01\x00\x0b\x0b") } };
        plan.sections[SECTION_TYPE] =
                BYTES("\x02\x60\0\0\x60\x10\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x00");
        expect_plan("16", &plan, NULL);
        plan.sections[SECTION_TYPE] =
                BYTES("\x02\x60\0\0\x60\x11\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x00");
        expect_plan("17", &plan, "a block takes 17 values; Ward takes blocks of at most 16");
}

TEST(a_body_ends_where_it_says)
{
        struct plan plan = test_plan();
        plan.sections[SECTION_CODE] = BYTES("\x02\x03\x00\x0b\x0b\x04\x00\x20\x01\x0b");
        expect_plan("longer than its code", &plan, "code section, function 1, offset");
        plan.sections[SECTION_CODE] = BYTES("\x02\x01\x00\x0b\x04\x00\x20\x01\x0b");
        expect_plan("shorter than its code", &plan, "ends in the middle");
        plan.sections[SECTION_CODE] = BYTES("\x02\x02\x00\x0b\x7f\x00\x20\x01\x0b");
        expect_plan("longer than the section", &plan, "code section, function 2, offset");
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(plain_instructions), TEST_CASE(features_that_ward_does_not_take),
                         TEST_CASE(variables), TEST_CASE(blocks), TEST_CASE(branches), TEST_CASE(unreachable_code),
                         TEST_CASE(calls), TEST_CASE(memory), TEST_CASE(without_a_memory), TEST_CASE(undeclared_segments),
                         TEST_CASE(tables), TEST_CASE(locals_are_bounded), TEST_CASE(operands_are_bounded),
                         TEST_CASE(a_frame_is_bounded), TEST_CASE(nesting_is_bounded), TEST_CASE(bodies_are_bounded),
                         TEST_CASE(blocks_take_few_values), TEST_CASE(a_body_ends_where_it_says));
}
