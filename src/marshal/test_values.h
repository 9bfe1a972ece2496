/* For tests: random types and values, and what they must look like afterwards. */
#ifndef MARSHAL_TEST_VALUES_H
#define MARSHAL_TEST_VALUES_H

#include "marshal/test_memory.h"
#include "marshal/test_types.h"

/* The next number of a sequence that @seed, not 0, begins. */
uint64_t random_next(uint64_t *seed);
uint32_t random_below(uint64_t *seed, uint32_t limit);
const struct ward_type *random_type(struct types *types, uint64_t *seed, unsigned depth);
/* A function of up to 8 such parameters and maybe a result. */
const struct ward_func *random_func(struct types *types, uint64_t *seed, unsigned depth);

/* Fills @to, all zero before; the caller frees it with ward_value_free. */
void random_value(const struct ward_type *type, uint64_t *seed, void *to);
/* @type's size, zeroed, aborts without memory; the caller frees it. */
void *value_new(const struct ward_type *type);
void *random_new(const struct ward_type *type, uint64_t *seed);
/* Frees what it holds, and it. */
void value_free(const struct ward_type *type, void *value);

/* Two forms of one value: handles and strings are compared by what they mean. */
bool values_equal(const struct ward_type *a_type, const void *a, const struct ward_type *b_type, const void *b);

/* Every string is text, every character, tag and handle is one, no flag is unknown. */
bool value_is_well_formed(const struct ward_type *type, const void *at);

/* How many handles a value holds. */
unsigned handles_in(const struct ward_type *type, const void *at);

#endif
