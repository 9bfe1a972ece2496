/* Strings and lists of somebody hostile, copied into C memory; in a view, pointed at where they lie. */
#include "marshal/lift.h"

#include <stdlib.h>

#include "base/own.h"
#include "marshal/encoding.h"

enum { BLOCK_COST = 16 }; /* what malloc itself takes for a block, about */

int lift_check_place(const struct lift *lift, const char *what, uint32_t at, uint64_t bytes, uint32_t align)
{
        if (at % align)
                return part_fault(&lift->part, WARD_FAULT_PROTOCOL, "%s at offset %u, which is not a multiple of %u", what, at,
                                  align);
        if (is_too_low(lift->memory, at, bytes))
                return part_fault(&lift->part, WARD_FAULT_PROTOCOL, "%s at offset %u, where only a null pointer leads", what, at);
        if (at + bytes > lift->memory->size)
                return part_fault(&lift->part, WARD_FAULT_PROTOCOL,
                                  "%s of %llu bytes at offset %u reaches past the end of memory (%llu bytes)", what,
                                  (unsigned long long)bytes, at, (unsigned long long)lift->memory->size);
        return 0;
}

static int charge(const struct lift *lift, uint64_t bytes)
{
        uint64_t cost = bytes + BLOCK_COST;
        if (cost > *lift->budget)
                return part_fault(&lift->part, WARD_FAULT_LIMIT,
                                  "%llu bytes more would exceed what the values of one call may take (%llu bytes left)",
                                  (unsigned long long)bytes, (unsigned long long)*lift->budget);
        *lift->budget -= cost;
        return 0;
}

static void refund(const struct lift *lift, uint64_t bytes)
{
        *lift->budget += bytes + BLOCK_COST;
}

/* A block of C memory, @bytes at least 1, charged to the budget; zeroed where it will own something. What a view takes is the
 * scratch's, and trusted. */
static int allocate(const struct lift *lift, uint64_t bytes, bool zeroed, void **ret_block)
{
        int r = lift->scratch ? 0 : charge(lift, bytes);
        if (r)
                return r;
        void *block = lift->scratch ? scratch_take(lift->scratch, bytes)
                      : zeroed      ? calloc(1, (size_t)bytes)
                                    : malloc((size_t)bytes);
        if (!block)
                return part_fault(&lift->part, WARD_FAULT_SYSTEM, "there is no memory for %llu bytes", (unsigned long long)bytes);
        *ret_block = block;
        return 0;
}

enum { PIECE = 16 << 10 };

/* Behind who may still be writing there. */
static void copy_block(const struct lift *lift, void *to, uint32_t at, uint64_t len)
{
        const struct marshal_memory *memory = lift->memory;
        if (!memory->await) {
                copy_shared(to, memory->base + at, len);
                return;
        }
        for (uint64_t done = 0, n; done < len; done += n) {
                n = len - done < PIECE ? len - done : PIECE;
                memory->await(memory, (uint32_t)(at + done), n);
                copy_shared((char *)to + done, memory->base + at + done, n);
        }
}

static void await(const struct lift *lift, uint32_t at, uint64_t len)
{
        if (lift->memory->await)
                lift->memory->await(lift->memory, at, len);
}

/* --- Strings ---------------------------------------------------------------------------------- */

static int measure(const struct lift *lift, const struct text *text, enum marshal_encoding as, size_t *ret_units)
{
        if (encoding_measure(text, as, ret_units))
                return 0;
        return part_fault(&lift->part, WARD_FAULT_PROTOCOL, "a string of %zu bytes that is not %s",
                          text->units * encoding_unit(text->encoding), encoding_name(text->encoding));
}

/* Makes the string @to of @text, which was measured, and found to be @units in encoding @as. */
static int convert(const struct lift *lift, const struct text *text, enum marshal_encoding as, size_t units, void *to)
{
        void *converted = NULL;
        int r = allocate(lift, units * encoding_unit(as), false, &converted);
        if (r)
                return r;
        encoding_convert(text, converted, units);
        block_write(to, converted, units);
        return 0;
}

/* The copy is the string itself, or what the string is made of. */
static int lift_string(const struct lift *lift, struct text text, uint32_t at, enum marshal_encoding as, void *to)
{
        size_t bytes = text.units * encoding_unit(text.encoding), units = 0;
        OWNED(freep) void *copy = NULL;
        int r = allocate(lift, bytes, false, &copy);
        if (r)
                return r;
        copy_block(lift, copy, at, bytes);
        text.at = copy;
        if (lift->memory->trusted && text.encoding == as)
                units = text.units;
        else
                r = measure(lift, &text, as, &units);
        if (!r && text.encoding == as) {
                block_write(to, STEAL(copy), units);
                return 0;
        }
        if (!r)
                r = convert(lift, &text, as, units, to);
        refund(lift, bytes);
        return r;
}

/* Ward checked it when it lowered it: what lies in the right encoding is not even read. */
static int view_string(const struct lift *lift, struct text text, enum marshal_encoding as, void *to)
{
        size_t units = 0;
        if (text.encoding == as) {
                block_write(to, (void *)text.at, text.units);
                return 0;
        }
        int r = measure(lift, &text, as, &units);
        return r ? r : convert(lift, &text, as, units, to);
}

static int string(const struct lift *lift, const struct ward_type *type, uint32_t at, uint32_t len, void *to)
{
        struct text text = { NULL, len, lift->memory->encoding };
        uint64_t bytes = (uint64_t)len * encoding_unit(text.encoding);
        if (bytes > BYTES_MAX)
                return part_fault(&lift->part, WARD_FAULT_PROTOCOL, "a string of %llu bytes; at most %d are allowed",
                                  (unsigned long long)bytes, BYTES_MAX);
        int r = lift_check_place(lift, "a string", at, bytes, encoding_unit(text.encoding));
        if (r || !len)
                return r;
        text.at = lift->memory->base + at;
        return lift->scratch ? view_string(lift, text, encoding_of(type), to) : lift_string(lift, text, at, encoding_of(type), to);
}

/* --- Lists ------------------------------------------------------------------------------------ */

static int lift_scalars(const struct lift *lift, const struct ward_type *element, const uint8_t *from, size_t n, void *to)
{
        uint32_t bad = 0;
        copy_shared(to, from, n * element->abi_size);
        return scalars_settle(element, to, n, to, &bad) ? 0 : lift_bad_char(lift, bad);
}

int lift_elements(struct lift *lift, const struct ward_type *element, const uint8_t *from, size_t n, void *to)
{
        int r = 0;
        if (element->flags & WARD_TYPE_PLAIN) {
                copy_shared(to, from, n * element->abi_size);
                return 0;
        }
        if (is_scalar(element))
                return lift_scalars(lift, element, from, n, to);
        if (!element->abi_size) /* there is nothing in them, however many they are */
                return 0;
        for (size_t i = 0; i < n && !r; i++)
                r = lift_load(lift, element, from + i * element->abi_size, (char *)to + i * element->size);
        return r;
}

/* An element without bytes counts as one: otherwise a short message could ask for endless memory. */
static uint64_t at_least_one(uint32_t size)
{
        return size ? size : 1;
}

static int check_list(const struct lift *lift, const struct ward_type *element, uint32_t at, uint32_t len)
{
        uint64_t bytes = (uint64_t)len * element->abi_size;
        if (len > BYTES_MAX || bytes > BYTES_MAX)
                return part_fault(&lift->part, WARD_FAULT_PROTOCOL,
                                  "a list of %u elements of %u bytes; at most %d bytes are allowed", len, element->abi_size,
                                  BYTES_MAX);
        if (at % element->abi_align)
                return part_fault(&lift->part, WARD_FAULT_PROTOCOL, "a list at offset %u, which is not a multiple of %u", at,
                                  element->abi_align);
        if (is_too_low(lift->memory, at, bytes))
                return part_fault(&lift->part, WARD_FAULT_PROTOCOL, "a list at offset %u, where only a null pointer leads", at);
        if (at + bytes > lift->memory->size)
                return part_fault(&lift->part, WARD_FAULT_PROTOCOL,
                                  "a list of %u elements of %u bytes at offset %u reaches past the end of memory (%llu bytes)", len,
                                  element->abi_size, at, (unsigned long long)lift->memory->size);
        return 0;
}

static int list(struct lift *lift, const struct ward_type *type, uint32_t at, uint32_t len, void *to)
{
        const struct ward_type *element = element_of(type);
        void *items;
        int r = check_list(lift, element, at, len);
        if (r || !len)
                return r;
        const uint8_t *from = lift->memory->base + at;
        if (lift->scratch && element->flags & WARD_TYPE_PLAIN) {
                block_write(to, (void *)from, len);
                return 0;
        }
        uint64_t bytes = len * at_least_one(element->size);
        r = allocate(lift, bytes, element->flags & WARD_TYPE_OWNS, &items);
        if (r)
                return r;
        block_write(to, items, len);
        if (element->flags & WARD_TYPE_PLAIN)
                return copy_block(lift, items, at, (uint64_t)len * element->abi_size), 0;
        await(lift, at, (uint64_t)len * element->abi_size);
        return lift_elements(lift, element, from, len, items);
}

int lift_block(struct lift *lift, const struct ward_type *type, uint32_t at, uint32_t len, void *to)
{
        block_write(to, NULL, 0);
        return type->kind == WARD_TYPE_STRING ? string(lift, type, at, len, to) : list(lift, type, at, len, to);
}
