/* What lowering, lifting and copying share: scalars as bits, blocks, handles, and faults that say which parameter they are about.
 */
#ifndef MARSHAL_LAYOUT_H
#define MARSHAL_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <ward/fault.h>
#include <ward/value.h>
#include "marshal/marshal.h"
#include "marshal/words.h"

enum {
        BYTES_MAX = (1 << 28) - 1, /* of a string or a list: the Canonical ABI's limit */
        ABI_BLOCK_LEN = 4,         /* where the length of a string or list is; its pointer is at 0 */
};

/* A string or list in C. */
struct block {
        void *ptr;
        size_t len;
};

/* What is being lowered or lifted, for fault texts. */
enum { PART_RESULT = 0, PART_PARAMS = UINT32_MAX };
struct part {
        const char *function; /* NULL: nothing is put before the text */
        uint32_t number;      /* 1: the first parameter; PART_RESULT, PART_PARAMS */
        struct ward_fault *fault;
};

/* Whether something of @bytes at @at would lie where there is no memory, though it is not past its end. */
static inline bool is_too_low(const struct marshal_memory *memory, uint32_t at, uint64_t bytes)
{
        return at < memory->low && bytes;
}

/* Reports "FUNCTION: parameter 2: TEXT"; returns -@kind. */
int part_fault(const struct part *part, enum ward_fault_kind kind, const char *format, ...)
        __attribute__((format(printf, 3, 4), cold));

/* Copies @n scalars of @type that nobody else may change, @from may be @to, and makes them what the type allows: bools 0 or 1, no
 * unknown flags. False at a character that is none. */
bool scalars_settle(const struct ward_type *type, const void *from, size_t n, void *to, uint32_t *ret_bad_char);

/* @handles's own lower and lift, for a handle of @type. That there are none is the fault of whoever set up the call. */
int part_lower_handle(const struct part *part, const struct marshal_handles *handles, const struct ward_type *type,
                      const void *from, uint32_t *ret_number);
int part_lift_handle(const struct part *part, const struct marshal_handles *handles, const struct ward_type *type, uint32_t number,
                     void *to);

/* One word of up to 8 bytes in all forms: neither a handle, nor flags that take two slots. */
static inline bool is_scalar(const struct ward_type *type)
{
        return type->kind <= WARD_TYPE_FLAGS && type->flat == 1;
}

/* The flags that there are. */
static inline uint64_t known_flags(const struct ward_type *flags)
{
        return flags->n < 64 ? ((uint64_t)1 << flags->n) - 1 : UINT64_MAX;
}

static inline bool is_char(uint64_t bits)
{
        return bits < 0xd800 || (bits > 0xdfff && bits < 0x110000);
}

static inline const struct ward_type *element_of(const struct ward_type *list)
{
        return list->fields[0].type;
}

/* The payload's field of the case @tag, or NULL. */
static inline const struct ward_field *payload_of(const struct ward_type *variant, uint32_t tag)
{
        return variant->fields && variant->fields[tag].type ? &variant->fields[tag] : NULL;
}

/* @size bytes, 1, 2, 4 or 8, as a number. */
static inline uint64_t bits_read(const void *at, uint32_t size)
{
        uint8_t one;
        uint16_t two;
        uint32_t four;
        uint64_t eight;
        switch (size) {
        case 1:
                memcpy(&one, at, 1);
                return one;
        case 2:
                memcpy(&two, at, 2);
                return two;
        case 4:
                memcpy(&four, at, 4);
                return four;
        default:
                memcpy(&eight, at, 8);
                return eight;
        }
}

static inline void bits_write(void *at, uint32_t size, uint64_t bits)
{
        uint8_t one = (uint8_t)bits;
        uint16_t two = (uint16_t)bits;
        uint32_t four = (uint32_t)bits;
        switch (size) {
        case 1:
                memcpy(at, &one, 1);
                break;
        case 2:
                memcpy(at, &two, 2);
                break;
        case 4:
                memcpy(at, &four, 4);
                break;
        default:
                memcpy(at, &bits, 8);
                break;
        }
}

static inline struct block block_read(const void *at)
{
        struct block block;
        memcpy(&block, at, sizeof block);
        return block;
}

static inline void block_write(void *at, void *ptr, size_t len)
{
        struct block block = { ptr, len };
        memcpy(at, &block, sizeof block);
}

#endif
