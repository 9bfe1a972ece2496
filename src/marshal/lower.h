/* What lowering consists of: lower.c goes through a value, lower_block.c puts its strings and lists into memory. */
#ifndef MARSHAL_LOWER_H
#define MARSHAL_LOWER_H

#include "marshal/layout.h"
#include "marshal/marshal.h"

struct lower {
        struct marshal_memory *memory;
        struct part part;
};

/* The memory moves when it grows: a place in it is kept as an offset, and made a pointer only to write. */
static inline uint8_t *place(const struct lower *lower, uint32_t at)
{
        return lower->memory->base + at;
}

int lower_bad_char(const struct lower *lower, uint32_t c);

/* A scalar as the ABI has it in memory; small signed integers are not extended. */
static inline int scalar_bits(const struct lower *lower, const struct ward_type *type, const void *from, uint64_t *ret_bits)
{
        uint64_t bits = bits_read(from, type->abi_size);
        if (!(type->flags & WARD_TYPE_PLAIN)) {
                if (type->kind == WARD_TYPE_BOOL)
                        bits = bits != 0;
                else if (type->kind == WARD_TYPE_FLAGS)
                        bits &= known_flags(type);
                else if (type->kind == WARD_TYPE_CHAR && !is_char(bits))
                        return lower_bad_char(lower, (uint32_t)bits);
        }
        *ret_bits = bits;
        return 0;
}

static inline int store_scalar(const struct lower *lower, const struct ward_type *type, const void *from, uint8_t *to)
{
        uint64_t bits = 0;
        int r = scalar_bits(lower, type, from, &bits);
        if (!r)
                bits_write(to, type->abi_size, bits);
        return r;
}

/* Stores one value at a place that was allocated, or checked. */
int lower_store(struct lower *lower, const struct ward_type *type, const void *from, uint32_t at);

/* @n values, one after the other. */
int lower_elements(struct lower *lower, const struct ward_type *element, const void *from, size_t n, uint32_t at);

/* 0 if @size bytes at @at, which the other side chose, are in memory and aligned. */
int lower_check_room(const struct lower *lower, uint32_t at, uint32_t size, uint32_t align);
int lower_allocate(struct lower *lower, uint32_t size, uint32_t align, uint32_t *ret_at);

/* Puts what a string or list holds into memory. */
int lower_block(struct lower *lower, const struct ward_type *type, const void *from, uint32_t *ret_at, uint32_t *ret_len);

#endif
