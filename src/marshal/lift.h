/* What lifting consists of: lift.c goes through a value, lift_block.c makes its strings and lists, or in a view points at them,
 * and view.c is the memory that a view may take. */
#ifndef MARSHAL_LIFT_H
#define MARSHAL_LIFT_H

#include "marshal/layout.h"
#include "marshal/marshal.h"

struct lift {
        const struct marshal_memory *memory;
        uint64_t *budget;                /* NULL in a view */
        struct marshal_scratch *scratch; /* a view: the memory is trusted, and outlives it. NULL: the caller will own the values */
        struct part part;
};

static inline uint64_t load_bits(const uint8_t *from, uint32_t size)
{
        switch (size) {
        case 1:
                return *(const volatile uint8_t *)from;
        case 2:
                return *(const volatile uint16_t *)(const void *)from;
        case 4:
                return *(const volatile uint32_t *)(const void *)from;
        default:
                return *(const volatile uint64_t *)(const void *)from;
        }
}

/* Copies what the other side may be writing. The barrier keeps the compiler from looking at the original again later. */
static inline void copy_shared(void *to, const uint8_t *from, size_t len)
{
        memcpy(to, from, len);
        __asm__ volatile("" ::: "memory");
}

int lift_bad_char(const struct lift *lift, uint32_t c);

static inline int lift_scalar(const struct lift *lift, const struct ward_type *type, uint64_t bits, void *to)
{
        if (!(type->flags & WARD_TYPE_PLAIN)) {
                if (type->kind == WARD_TYPE_BOOL)
                        bits = bits != 0;
                else if (type->kind == WARD_TYPE_FLAGS)
                        bits &= known_flags(type);
                else if (type->kind == WARD_TYPE_CHAR && !is_char((uint32_t)bits))
                        return lift_bad_char(lift, (uint32_t)bits);
        }
        bits_write(to, type->abi_size, bits);
        return 0;
}

/* All parameters, from wherever they travel. */
int lift_params(struct lift *lift, const struct ward_func *func, const uint64_t *slots, void *args);

/* One value from a place in memory whose bounds and alignment were checked. */
int lift_load(struct lift *lift, const struct ward_type *type, const uint8_t *from, void *to);

/* @n values, one after the other, from such a place. */
int lift_elements(struct lift *lift, const struct ward_type *element, const uint8_t *from, size_t n, void *to);

/* 0 if @bytes at @at are in memory and aligned. */
int lift_check_place(const struct lift *lift, const char *what, uint32_t at, uint64_t bytes, uint32_t align);

/* A string or list, of which @at and @len were loaded. @to is empty already where the value turns out to be. */
int lift_block(struct lift *lift, const struct ward_type *type, uint32_t at, uint32_t len, void *to);

/* A block that is freed with the others of @scratch, aligned for any C value; NULL without memory. */
void *scratch_take(struct marshal_scratch *scratch, uint64_t bytes);

#endif
