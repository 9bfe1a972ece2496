#include "dynamic/dynamic.h"

#include <stdio.h>
#include "base/own.h"
#include "dynamic/test_world.h"

/* --- Layouts: what the C compiler makes of the same types ------------------------------------- */

struct text {
        char *ptr;
        size_t len;
};

struct small {
        uint8_t a;
        uint16_t b;
        uint8_t c;
};

struct option_small {
        bool is_some;
        struct small val;
};

struct wide {
        uint8_t tag;
        union {
                uint64_t number;
                struct text text;
                struct small small;
        } val;
};

struct entry {
        uint8_t key;
        struct text value;
};

struct all_args {
        bool truth;
        float narrow;
        uint32_t letter;
        struct small small;
        struct option_small maybe;
        struct wide wide;
        struct text text;
        struct text map; /* of struct entry */
        uint16_t array[5];
        uint64_t flags;
        uint8_t colour;
        struct {
                bool is_err;
        } nothing;
        struct {
                int8_t f0;
                double f1;
        } pair;
};

static const char all[] =
        "package t:p;\n"
        "interface i {\n"
        "  record small { a: u8, b: u16, c: u8 }\n"
        "  variant wide { none, number(u64), text(string), small(small) }\n"
        "  flags many { f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, g0, g1, g2, g3, g4, g5, g6, g7, g8, g9,\n"
        "               h0, h1, h2, h3, h4, h5, h6, h7, h8, h9, i0, i1, i2 }\n"
        "  enum colour { red, green }\n"
        "  all: func(truth: bool, narrow: f32, letter: char, small: small, maybe: option<small>, wide: wide, text: string,\n"
        "            %map: map<u8, string>, array: list<u16, 5>, %flags: many, colour: colour, nothing: result,\n"
        "            pair: tuple<s8, f64>);\n"
        "}\n"
        "world w { export i; }\n";

static void expect_field(const struct ward_type *params, uint32_t i, size_t at, size_t size, uint8_t kind)
{
        const struct ward_field *field = &params->fields[i];
        if (field->at != at || field->type->size != size || field->type->kind != kind)
                fail_msg("parameter %u: at %u, %u bytes, kind %u; not at %zu, %zu bytes, kind %u", i, field->at, field->type->size,
                         field->type->kind, at, size, kind);
}

#define EXPECT_FIELD(i, member, kind)                                                                                              \
        expect_field(params, i, offsetof(struct all_args, member), sizeof(((struct all_args *)NULL)->member), kind)

TEST(layouts_are_the_compilers)
{
        struct test_world world = test_world_new(all);
        const struct ward_type *params = test_world_func(&world, "all")->func.params;
        EXPECT_FIELD(0, truth, WARD_TYPE_BOOL);
        EXPECT_FIELD(1, narrow, WARD_TYPE_FLOAT);
        EXPECT_FIELD(2, letter, WARD_TYPE_CHAR);
        EXPECT_FIELD(3, small, WARD_TYPE_RECORD);
        EXPECT_FIELD(4, maybe, WARD_TYPE_VARIANT);
        EXPECT_FIELD(5, wide, WARD_TYPE_VARIANT);
        EXPECT_FIELD(6, text, WARD_TYPE_STRING);
        EXPECT_FIELD(7, map, WARD_TYPE_LIST);
        EXPECT_FIELD(8, array, WARD_TYPE_ARRAY);
        EXPECT_FIELD(9, flags, WARD_TYPE_FLAGS);
        EXPECT_FIELD(10, colour, WARD_TYPE_VARIANT);
        EXPECT_FIELD(11, nothing, WARD_TYPE_VARIANT);
        EXPECT_FIELD(12, pair, WARD_TYPE_RECORD);
        assert_int_equal(params->size, sizeof(struct all_args));
        const struct ward_type *entry = params->fields[7].type->fields[0].type;
        assert_int_equal(entry->size, sizeof(struct entry));
        assert_int_equal(entry->fields[1].at, offsetof(struct entry, value));
        assert_int_equal(params->fields[5].type->fields[1].at, offsetof(struct wide, val));
        assert_null(params->fields[10].type->fields);
        test_world_finish(&world);
}

static void expect_abi(const struct wit_type *wit, const struct ward_type *type)
{
        const struct wit_abi *abi = &wit->abi;
        if (type->abi_size != abi->size || type->abi_align != abi->align || type->flat != abi->flat || type->tag_size != abi->tag)
                fail_msg("size %u, align %u, flat %u, tag %u; not %u, %u, %u, %u", type->abi_size, type->abi_align, type->flat,
                         type->tag_size, abi->size, abi->align, abi->flat, abi->tag);
}

TEST(the_abi_is_the_models)
{
        struct test_world world = test_world_new(all);
        const struct dynamic_func *func = test_world_func(&world, "all");
        for (size_t i = 0; i < func->wit->n_params; i++)
                expect_abi(func->wit->params[i].type, func->func.params->fields[i].type);
        test_world_finish(&world);
}

TEST(flags_of_types)
{
        struct test_world world = test_world_new("package t:p;\n"
                                                 "world w { export f: func(a: tuple<u32, f32>, b: tuple<u8, u16>, c: tuple<bool>,\n"
                                                 "  d: list<u8, 4>, e: option<string>, f: s16, g: list<char, 2>); }\n");
        static const uint8_t expected[] = {
                WARD_TYPE_PLAIN, 0, 0, WARD_TYPE_PLAIN, WARD_TYPE_OWNS, WARD_TYPE_PLAIN | WARD_TYPE_SIGNED, 0
        };
        const struct ward_type *params = test_world_func(&world, "f")->func.params;
        for (size_t i = 0; i < COUNT_OF(expected); i++)
                assert_int_equal(params->fields[i].type->flags, expected[i]);
        assert_int_equal(params->flags, WARD_TYPE_OWNS);
        test_world_finish(&world);
}

TEST(names_and_signatures)
{
        struct test_world world =
                test_world_new("package t:p@1.0.0;\n"
                               "interface i { record r { x: u8 } f: func(r: r) -> string; }\n"
                               "world w { import log: func(line: string); import i; import ward:domain/data@0.1.0;\n"
                               "  export i; export g: func(); }\n");
        const struct ward_contract *contract = &world.dynamic->contract;
        const struct dynamic_func *f = test_world_func(&world, "f");
        assert_string_equal(contract->name, "t:p/w@1.0.0");
        assert_int_equal(contract->n_exports, 2);
        assert_int_equal(contract->n_imports, 4);
        assert_string_equal(f->func.name, "t:p/i@1.0.0#f");
        assert_string_equal(f->func.signature, "func(r: record { x: u8 }) -> string");
        assert_string_equal(f->func.core, "i>i");
        for (uint32_t i = 0; i < contract->n_imports; i++)
                assert_ptr_equal(dynamic_import(world.dynamic, &contract->imports[i])->func.name, contract->imports[i].func->name);
        test_world_finish(&world);
}

/* --- Resources -------------------------------------------------------------------------------- */

static const char objects[] = "package t:p;\n"
                              "interface files { resource file { size: func() -> u64; } }\n"
                              "interface tapes {\n"
                              "  use files.{file};\n"
                              "  resource tape { constructor(name: string); play: func(on: borrow<file>) -> u32; \n"
                              "                  mix: static func(a: tape, b: borrow<tape>) -> tape; }\n"
                              "}\n"
                              "world w { import files; export tapes; }\n";

TEST(handles_of_both_sides)
{
        struct test_world world = test_world_new(objects);
        const struct ward_contract *contract = &world.dynamic->contract;
        const struct ward_type *params = test_world_func(&world, "tape.mix")->func.params;
        assert_int_equal(contract->n_resources, 2);
        assert_string_equal(contract->resources[0].resource->name, "t:p/files#file");
        assert_false(contract->resources[0].resource->by_addin);
        assert_string_equal(contract->resources[1].resource->name, "t:p/tapes#tape");
        assert_true(contract->resources[1].resource->by_addin);
        assert_int_equal(contract->resources[1].resource->index, 1);
        assert_int_equal(params->fields[0].type->kind, WARD_TYPE_OWN);
        assert_int_equal(params->fields[1].type->kind, WARD_TYPE_BORROW);
        assert_ptr_equal(params->fields[0].type->resource, contract->resources[1].resource);
        assert_int_equal(params->fields[1].at, sizeof(uint64_t));
        assert_int_equal(params->flags, WARD_TYPE_HANDLES);
        uint32_t play;
        assert_int_equal(dynamic_find_method(world.dynamic, world.dynamic->exports[0].wit->resource, span_of("play"), &play, NULL),
                         0);
        params = world.dynamic->exports[play].func.params;
        assert_ptr_equal(params->fields[0].type->resource, contract->resources[1].resource);
        assert_ptr_equal(params->fields[1].type->resource, contract->resources[0].resource);
        test_world_finish(&world);
}

/* An interface that goes both ways has two resources of one name. */
TEST(a_resource_of_each_side)
{
        struct test_world world = test_world_new("package t:p;\n"
                                                 "interface i { resource r; make: func() -> r; }\n"
                                                 "interface j { use i.{r}; take: func(r: r); }\n"
                                                 "world w { import i; export i; export j; }\n");
        const struct ward_contract *contract = &world.dynamic->contract;
        assert_int_equal(contract->n_resources, 2);
        assert_false(contract->imports[0].func->result->resource->by_addin);
        assert_true(test_world_func(&world, "make")->func.result->resource->by_addin);
        assert_true(test_world_func(&world, "take")->func.params->fields[0].type->resource->by_addin);
        test_world_finish(&world);
}

/* --- Names that people write ------------------------------------------------------------------ */

static void expect_found(const struct test_world *world, const char *name, const char *full)
{
        assert_string_equal(test_world_func(world, name)->func.name, full);
}

static void expect_not_found(const struct test_world *world, const char *name, const char *why)
{
        struct ward_fault fault = { 0 };
        uint32_t index;
        assert_int_equal(dynamic_find(world->dynamic, span_of(name), &index, &fault), -WARD_FAULT_USAGE);
        if (!strstr(fault.text, why))
                fail_msg("'%s', not '%s'", fault.text, why);
}

TEST(finds_by_name)
{
        struct test_world world = test_world_new("package t:p@1.0.0;\n"
                                                 "interface i { f: func(); g: func(); }\n"
                                                 "interface j { f: func(); h: func(); }\n"
                                                 "world w { export i; export j; export g: func();\n"
                                                 "  export k: interface { h: func(); }\n"
                                                 "  export m: n; }\n"
                                                 "interface n { o: func(); resource r; }\n");
        expect_found(&world, "g", "g");
        expect_found(&world, "i.g", "t:p/i@1.0.0#g");
        expect_found(&world, "j.f", "t:p/j@1.0.0#f");
        expect_found(&world, "k.h", "k#h");
        expect_found(&world, "k#h", "k#h");
        expect_found(&world, "m.o", "m#o");
        expect_found(&world, "o", "m#o");
        assert_string_equal(world.dynamic->contract.resources[0].resource->name, "m#r");
        expect_found(&world, "t:p/j@1.0.0#h", "t:p/j@1.0.0#h");
        expect_not_found(&world, "f", "'f' may be any of t:p/i@1.0.0#f, t:p/j@1.0.0#f");
        expect_not_found(&world, "h", "'h' may be any of t:p/j@1.0.0#h, k#h");
        expect_not_found(&world, "i.h", "there is no function 'i.h'; t:p/w@1.0.0 exports g, f, g, f, h, h, o");
        expect_not_found(&world, "", "there is no function ''");
        test_world_finish(&world);
}

TEST(finds_of_resources)
{
        struct test_world world = test_world_new(objects);
        uint32_t index;
        struct ward_fault fault;
        expect_found(&world, "tape", "t:p/tapes#[constructor]tape");
        expect_found(&world, "tapes.tape", "t:p/tapes#[constructor]tape");
        expect_found(&world, "tapes.tape.mix", "t:p/tapes#[static]tape.mix");
        expect_found(&world, "t:p/tapes#[static]tape.mix", "t:p/tapes#[static]tape.mix");
        expect_not_found(&world, "reel", "there is no function 'reel'; t:p/w exports tape, tape.mix");
        expect_not_found(&world, "tape.play", "'tape.play' is a method: call it on an object, as in tape(…).play(…)");
        const struct wit_type *tape = test_world_func(&world, "tape")->wit->resource;
        assert_int_equal(dynamic_find_method(world.dynamic, tape, span_of("mix"), &index, &fault), -WARD_FAULT_USAGE);
        assert_non_null(strstr(fault.text, "resource tape has no method 'mix'; it has play"));
        test_world_finish(&world);
}

/* As many names as fit, and whole ones. */
TEST(many_candidates)
{
        char wit[20000] = "package t:p;\nworld w {";
        for (int i = 0; i < 300; i++)
                sprintf(wit + strlen(wit), " export a-rather-long-name%d: func();", i);
        strcat(wit, " }\n");
        struct test_world world = test_world_new(wit);
        expect_not_found(&world, "x", "exports a-rather-long-name0, a-rather-long-name1, ");
        expect_not_found(&world, "x", " …");
        test_world_finish(&world);
}

/* --- What cannot be bound, what is not said --------------------------------------------------- */

static void expect_unbound(const char *wit, const char *why)
{
        struct contract_error error = { 0 };
        struct ward_fault fault = { 0 };
        struct dynamic *dynamic = NULL;
        struct contract *contract = contract_read_text("t.wit", wit, strlen(wit), NULL, &error);
        if (!contract)
                fail_msg("%s", error.text);
        assert_int_equal(dynamic_new(contract, contract_world(contract, "w"), NULL, &dynamic, &fault), -WARD_FAULT_CONTRACT);
        if (!strstr(fault.text, why))
                fail_msg("'%s', not '%s'", fault.text, why);
        contract_free(contract);
}

TEST(refuses)
{
        expect_unbound("package t:p;\nworld w { export f: func(x: stream<u8>); }\n", "passes a stream");
        expect_unbound("package t:p;\nworld w { export f: func(x: list<u64, 40000000>); }\n",
                       "contract t:p/w passes a value of more than 2^28 bytes, which cannot be bound");
        expect_unbound("package t:p;\nworld w { export f: func(x: list<list<u8, 134217728>, 4>); }\n", "more than 2^28 bytes");
}

TEST(defaults)
{
        struct test_world world = test_world_new(
                "package t:p;\n"
                "interface i { resource r; f: func() -> tuple<own<r>, result<own<r>>, option<own<r>>, list<own<r>>>; }\n"
                "world w { import i; }\n");
        struct {
                uintptr_t f0;
                struct {
                        bool is_err;
                        uintptr_t ok;
                } f1;
                struct {
                        bool is_some;
                        uintptr_t val;
                } f2;
                struct text f3;
        } value;
        const struct ward_type *type = world.dynamic->imports[0].func.result;
        uint64_t counted = 6;
        assert_int_equal(type->size, sizeof value);
        memset(&value, 0, sizeof value);
        dynamic_default(type, &counted, &value);
        assert_int_equal(value.f0, 7);
        assert_false(value.f1.is_err);
        assert_int_equal(value.f1.ok, 8);
        assert_false(value.f2.is_some);
        assert_int_equal(value.f3.len, 0);
        assert_int_equal(counted, 8);
        test_world_finish(&world);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(layouts_are_the_compilers), TEST_CASE(the_abi_is_the_models),
                         TEST_CASE(flags_of_types), TEST_CASE(names_and_signatures), TEST_CASE(handles_of_both_sides),
                         TEST_CASE(a_resource_of_each_side), TEST_CASE(finds_by_name), TEST_CASE(finds_of_resources),
                         TEST_CASE(many_candidates), TEST_CASE(refuses), TEST_CASE(defaults));
}
