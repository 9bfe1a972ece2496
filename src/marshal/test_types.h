/* For tests: descriptors made at run time, with both layouts worked out from the rules.
 *
 * 1. types_new  2. types_record(…), …, types_func  3. types_free, which frees all that was made of it */
#ifndef MARSHAL_TEST_TYPES_H
#define MARSHAL_TEST_TYPES_H

#include <stdbool.h>
#include <stdint.h>
#include <ward/value.h>

struct types;

struct types *types_new(void);
struct types *types_free(struct types *types);

const struct ward_type *types_bool(struct types *types);
const struct ward_type *types_int(struct types *types, uint32_t size, bool is_signed);
const struct ward_type *types_float(struct types *types, uint32_t size);
const struct ward_type *types_char(struct types *types);
const struct ward_type *types_flags(struct types *types, uint32_t n);
/* @size: 4 or 8, of the C form; the other side's is the other. */
const struct ward_type *types_handle(struct types *types, uint8_t kind, const struct ward_resource *resource, uint32_t size);
const struct ward_type *types_string(struct types *types);
const struct ward_type *types_string16(struct types *types);
const struct ward_type *types_list(struct types *types, const struct ward_type *element);
const struct ward_type *types_array(struct types *types, const struct ward_type *element, uint32_t n);
/* A record without fields, which C compilers give @size 0 or 1. */
const struct ward_type *types_empty(struct types *types, uint32_t size);
const struct ward_type *types_record(struct types *types, uint32_t n, const struct ward_type *const *fields);
/* @payloads: NULL for a case without; itself NULL for an enum. */
const struct ward_type *types_variant(struct types *types, uint32_t n, const struct ward_type *const *payloads);
const struct ward_type *types_option(struct types *types, const struct ward_type *some);
const struct ward_type *types_result(struct types *types, const struct ward_type *ok, const struct ward_type *err);
/* @result may be NULL. */
const struct ward_func *types_func(struct types *types, uint32_t n, const struct ward_type *const *params,
                                   const struct ward_type *result);

/* The same types as the other side of a boundary may have them: handles of the other size, strings in the other encoding, empty
 * records of the other size. */
const struct ward_type *types_other_side(struct types *types, const struct ward_type *type);
const struct ward_func *types_func_other_side(struct types *types, const struct ward_func *func);

#endif
