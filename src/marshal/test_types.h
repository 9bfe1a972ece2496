/* For tests: descriptors made at run time, with both layouts worked out from the rules; random types and values; a memory.
 *
 * 1. types_new  2. types_record(…), …, types_func  3. types_free, which frees all that was made of it */
#ifndef MARSHAL_TEST_TYPES_H
#define MARSHAL_TEST_TYPES_H

#include <stdbool.h>
#include <stdint.h>
#include <ward/value.h>
#include "marshal/marshal.h"

struct types;

struct types *types_new(void);
struct types *types_free(struct types *types);

const struct ward_type *types_bool(struct types *types);
const struct ward_type *types_int(struct types *types, uint32_t size, bool is_signed);
const struct ward_type *types_float(struct types *types, uint32_t size);
const struct ward_type *types_char(struct types *types);
const struct ward_type *types_string(struct types *types);
const struct ward_type *types_list(struct types *types, const struct ward_type *element);
const struct ward_type *types_record(struct types *types, uint32_t n, const struct ward_type *const *fields);
/* @payloads: NULL for a case without; itself NULL for an enum. */
const struct ward_type *types_variant(struct types *types, uint32_t n, const struct ward_type *const *payloads);
const struct ward_type *types_option(struct types *types, const struct ward_type *some);
const struct ward_type *types_result(struct types *types, const struct ward_type *ok, const struct ward_type *err);
/* @result may be NULL. */
const struct ward_func *types_func(struct types *types, uint32_t n, const struct ward_type *const *params,
                                   const struct ward_type *result);

/* The next number of a sequence that @seed, not 0, begins. */
uint64_t random_next(uint64_t *seed);
uint32_t random_below(uint64_t *seed, uint32_t limit);
const struct ward_type *random_type(struct types *types, uint64_t *seed, unsigned depth);
/* Fills @to, all zero before; the caller frees it with ward_value_free. */
void random_value(const struct ward_type *type, uint64_t *seed, void *to);
bool values_equal(const struct ward_type *type, const void *a, const void *b);

/* A memory that grows as it is needed, and moves each time, so that a pointer kept across is a use after free. */
struct test_memory {
        struct marshal_memory memory;
        uint64_t used;
};

void test_memory_init(struct test_memory *memory, uint64_t size);
void test_memory_finish(struct test_memory *memory);

#endif
