/* Random values of random types: written as WAVE they read as the same values. And the descriptors, of types that nobody thought
 * of, have the model's ABI. Seeded, so that a failure comes again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/own.h"
#include "dynamic/dynamic.h"
#include "dynamic/wave.h"
#include "marshal/test_values.h"
#include "test/harness/harness.h"

enum { CONTRACTS = 60, TYPES = 8, VALUES = 20, DEPTH = 3 };

/* --- Random contracts ------------------------------------------------------------------------- */

static void write_type(FILE *out, uint64_t *seed, unsigned depth, unsigned n_named);

static void write_types(FILE *out, uint64_t *seed, unsigned depth, unsigned n_named, unsigned n)
{
        for (unsigned i = 0; i < n; i++) {
                fputs(i ? ", " : "", out);
                write_type(out, seed, depth, n_named);
        }
}

static void write_compound(FILE *out, uint64_t *seed, unsigned depth, unsigned n_named)
{
        static const char *const keys[] = { "bool", "u8", "s64", "char", "string" };
        unsigned kind = random_below(seed, 7);
        fputs(kind == 0   ? "list<"
              : kind == 1 ? "list<"
              : kind == 2 ? "option<"
              : kind == 3 ? "tuple<"
              : kind == 4 ? "map<"
              : kind == 5 ? "result<_, "
                          : "result<",
              out);
        if (kind == 4)
                fprintf(out, "%s, ", keys[random_below(seed, COUNT_OF(keys))]);
        write_types(out, seed, depth - 1, n_named,
                    kind == 3   ? 1 + random_below(seed, 4)
                    : kind == 6 ? 1 + random_below(seed, 2)
                                : 1);
        if (kind == 1)
                fprintf(out, ", %u", 1 + random_below(seed, 4));
        fputs(">", out);
}

static void write_type(FILE *out, uint64_t *seed, unsigned depth, unsigned n_named)
{
        static const char *const primitives[] = { "bool", "u8",  "u16", "u32", "u64",  "s8",     "s16",
                                                  "s32",  "s64", "f32", "f64", "char", "string", "result" };
        if (n_named && !random_below(seed, 6))
                fprintf(out, "t%u", random_below(seed, n_named));
        else if (depth && random_below(seed, 2))
                write_compound(out, seed, depth, n_named);
        else
                fputs(primitives[random_below(seed, COUNT_OF(primitives))], out);
}

/* Names that are WAVE's keywords are among them. */
static void write_name(FILE *out, unsigned i)
{
        static const char *const names[] = { "true", "none", "some", "ok", "err", "nan", "inf", "false" };
        if (i % 3 == 1 && i / 3 < COUNT_OF(names))
                fprintf(out, "%%%s", names[i / 3]);
        else
                fprintf(out, "m%u-X", i);
}

static void write_named(FILE *out, uint64_t *seed, unsigned number)
{
        static const char *const kinds[] = { "record", "variant", "flags", "enum" };
        unsigned kind = random_below(seed, COUNT_OF(kinds)), n = 1 + random_below(seed, kind > 1 ? 64 : 7);
        if (!random_below(seed, 10) && kind == 3)
                n += 256;
        fprintf(out, "  %s t%u {", kinds[kind], number);
        for (unsigned i = 0; i < n; i++) {
                fputs(i ? ", " : " ", out);
                write_name(out, i);
                if (kind > 1 || (kind == 1 && random_below(seed, 2)))
                        continue;
                fputs(kind ? "(" : ": ", out);
                write_type(out, seed, 1, number);
                fputs(kind ? ")" : "", out);
        }
        fputs(" }\n", out);
}

static struct contract *random_contract(uint64_t *seed)
{
        char *text = NULL;
        size_t len;
        struct contract_error error = { 0 };
        FILE *out = open_memstream(&text, &len);
        assert_non_null(out);
        fputs("package t:p;\nworld w {\n", out);
        for (unsigned i = 0; i < TYPES; i++)
                write_named(out, seed, i);
        for (unsigned i = 0; i < TYPES; i++) {
                fprintf(out, "  export f%u: func(x: t%u, y: ", i, i);
                write_type(out, seed, DEPTH, TYPES);
                fputs(");\n", out);
        }
        fputs("}\n", out);
        fclose(out);
        struct contract *contract = contract_read_text("random.wit", text, len, NULL, &error);
        if (!contract)
                fail_msg("%s%s", error.text, text);
        free(text);
        return contract;
}

/* --- Both ways -------------------------------------------------------------------------------- */

static char *write_args(const struct dynamic_func *func, const void *args)
{
        char *text = NULL;
        size_t len;
        FILE *out = open_memstream(&text, &len);
        assert_non_null(out);
        wave_write_args(out, func->wit, func->func.params, 0, args);
        fclose(out);
        return text;
}

static void check_value(const struct dynamic_func *func, uint64_t *seed)
{
        const struct ward_type *params = func->func.params;
        struct wave wave;
        void *value = random_new(params, seed), *again = value_new(params);
        OWNED(freep) char *text = write_args(func, value);
        wave_begin(&wave, text, strlen(text));
        if (!wave_read_args(&wave, func->wit, params, 0, again) || !wave_end(&wave))
                fail_msg("%s: at %zu: %s\n%s", func->func.signature, wave.error.at, wave.error.text, text);
        OWNED(freep) char *same = write_args(func, again);
        assert_string_equal(text, same);
        /* one nan is written like the other */
        if (!strstr(text, "nan") && !values_equal(params, value, params, again))
                fail_msg("%s: not the same: %s", func->func.signature, text);
        value_free(params, value);
        value_free(params, again);
}

static void check_abi(const struct dynamic_func *func)
{
        for (size_t i = 0; i < func->wit->n_params; i++) {
                const struct wit_abi *abi = &func->wit->params[i].type->abi;
                const struct ward_type *type = func->func.params->fields[i].type;
                if (type->abi_size != abi->size || type->abi_align != abi->align || type->flat != abi->flat)
                        fail_msg("%s: parameter %zu: size %u, align %u, flat %u; not %u, %u, %u", func->func.signature, i,
                                 type->abi_size, type->abi_align, type->flat, abi->size, abi->align, abi->flat);
        }
}

static void check_contract(uint64_t *seed)
{
        struct contract *contract = random_contract(seed);
        struct ward_fault fault = { 0 };
        struct dynamic *dynamic = NULL;
        if (dynamic_new(contract, contract->worlds[0], NULL, &dynamic, &fault))
                fail_msg("%s", fault.text);
        for (uint32_t i = 0; i < dynamic->contract.n_exports; i++) {
                check_abi(&dynamic->exports[i]);
                for (int k = 0; k < VALUES; k++)
                        check_value(&dynamic->exports[i], seed);
        }
        dynamic_free(dynamic);
        contract_free(contract);
}

TEST(what_is_written_reads_the_same)
{
        uint64_t seed = 0x5eed;
        for (int i = 0; i < CONTRACTS; i++)
                check_contract(&seed);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE_LONG(what_is_written_reads_the_same, 60));
}
