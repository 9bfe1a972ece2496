#include "marshal/lower.h"

#include "marshal/encoding.h"

int lower_check_room(const struct lower *lower, uint32_t at, uint32_t size, uint32_t align)
{
        if (at % align)
                return part_fault(&lower->part, WARD_FAULT_PROTOCOL,
                                  "the room for it is at offset %u, which is not a multiple of %u", at, align);
        if (is_too_low(lower->memory, at, size))
                return part_fault(&lower->part, WARD_FAULT_PROTOCOL,
                                  "the room for it is at offset %u, where only a null pointer leads", at);
        if ((uint64_t)at + size > lower->memory->size)
                return part_fault(&lower->part, WARD_FAULT_PROTOCOL,
                                  "the room for it, %u bytes at offset %u, reaches past the end of memory (%llu bytes)", size, at,
                                  (unsigned long long)lower->memory->size);
        return 0;
}

/* Blocks that were checked before stay good: a memory that shrinks is refused. */
int lower_allocate(struct lower *lower, uint32_t size, uint32_t align, uint32_t *ret_at)
{
        struct marshal_memory *memory = lower->memory;
        uint64_t before = memory->size;
        uint32_t at = 0;
        int r = memory->alloc(memory, size, align, &at, lower->part.fault);
        if (r)
                return r;
        if (memory->size < before)
                return part_fault(&lower->part, WARD_FAULT_PROTOCOL, "memory shrank while it was being filled");
        r = lower_check_room(lower, at, size, align);
        if (!r)
                *ret_at = at;
        return r;
}

/* Bytes that are passed as they are: where they lie, if that is in memory, else a copy. */
static int lower_bytes(struct lower *lower, const void *data, uint32_t bytes, uint32_t align, uint32_t *ret_at)
{
        struct marshal_memory *memory = lower->memory;
        uint32_t at = 0;
        int r = 1;
        if (bytes && memory->find && (uintptr_t)data % align == 0)
                r = memory->find(memory, data, bytes, &at, lower->part.fault);
        if (r < 0)
                return r;
        if (!r) {
                *ret_at = at;
                return lower_check_room(lower, at, bytes, align);
        }
        r = lower_allocate(lower, bytes, align, ret_at);
        if (!r && bytes && !(memory->later && memory->later(memory, *ret_at, data, bytes)))
                memcpy(place(lower, *ret_at), data, bytes);
        return r;
}

/* --- Strings ---------------------------------------------------------------------------------- */

static int too_long(const struct lower *lower, size_t bytes)
{
        return part_fault(&lower->part, WARD_FAULT_LIMIT, "a string of %zu bytes; at most %d can be passed", bytes, BYTES_MAX);
}

/* How many units @text is in encoding @as, BYTES_MAX bytes at most. What is too long whatever it says is not read. */
static int measure(const struct lower *lower, const struct text *text, enum marshal_encoding as, size_t *ret_units)
{
        size_t bytes = text->units * encoding_unit(text->encoding), units = 0;
        if (encoding_least_bytes(text, as) > BYTES_MAX)
                return too_long(lower, encoding_least_bytes(text, as));
        if (text->units && !text->at)
                return part_fault(&lower->part, WARD_FAULT_USAGE, "a string of %zu bytes at NULL", bytes);
        if (!encoding_measure(text, as, &units))
                return part_fault(&lower->part, WARD_FAULT_USAGE, "a string of %zu bytes that is not %s", bytes,
                                  encoding_name(text->encoding));
        if (units * encoding_unit(as) > BYTES_MAX)
                return too_long(lower, units * encoding_unit(as));
        *ret_units = units;
        return 0;
}

static int lower_string(struct lower *lower, const struct ward_type *type, const void *from, uint32_t *ret_at, uint32_t *ret_len)
{
        enum marshal_encoding as = lower->memory->encoding;
        struct block block = block_read(from);
        struct text text = { block.ptr, block.len, encoding_of(type) };
        size_t units = 0;
        int r = measure(lower, &text, as, &units);
        if (r)
                return r;
        *ret_len = (uint32_t)units;
        if (text.encoding == as)
                r = lower_bytes(lower, text.at, (uint32_t)units * encoding_unit(as), encoding_unit(as), ret_at);
        else
                r = lower_allocate(lower, (uint32_t)units * encoding_unit(as), encoding_unit(as), ret_at);
        if (!r && text.encoding != as)
                encoding_convert(&text, place(lower, *ret_at), units);
        return r;
}

/* --- Lists ------------------------------------------------------------------------------------ */

static int store_scalars(const struct lower *lower, const struct ward_type *element, const void *from, size_t n, uint8_t *to)
{
        uint32_t bad = 0;
        return scalars_settle(element, from, n, to, &bad) ? 0 : lower_bad_char(lower, bad);
}

int lower_elements(struct lower *lower, const struct ward_type *element, const void *from, size_t n, uint32_t at)
{
        uint32_t size = element->abi_size;
        int r = 0;
        if (!n || !size) /* where there are no bytes there may be no memory either */
                return 0;
        if (element->flags & WARD_TYPE_PLAIN) {
                memcpy(place(lower, at), from, n * size);
                return 0;
        }
        if (is_scalar(element))
                return store_scalars(lower, element, from, n, place(lower, at));
        for (size_t i = 0; i < n && !r; i++)
                r = lower_store(lower, element, (const char *)from + i * element->size, at + (uint32_t)i * size);
        return r;
}

/* Pointers and handles that the other side could change meanwhile are not to be followed. */
static int check_elements(const struct lower *lower, const struct ward_type *element, const struct block *block)
{
        const struct marshal_memory *memory = lower->memory;
        uintptr_t begin = (uintptr_t)block->ptr, base = (uintptr_t)memory->base;
        uint64_t size = (uint64_t)block->len * element->size;
        bool apart = begin >= base ? begin - base >= memory->size : base - begin >= size;
        if (apart || !memory->find || !(element->flags & (WARD_TYPE_OWNS | WARD_TYPE_HANDLES)))
                return 0;
        return part_fault(&lower->part, WARD_FAULT_USAGE,
                          "a list whose elements hold strings, lists or handles lies in memory of ward_alloc: only what they "
                          "point to may");
}

static int lower_list(struct lower *lower, const struct ward_type *type, const void *from, uint32_t *ret_at, uint32_t *ret_len)
{
        const struct ward_type *element = element_of(type);
        struct block block = block_read(from);
        if (block.len > BYTES_MAX || block.len * (uint64_t)element->abi_size > BYTES_MAX)
                return part_fault(&lower->part, WARD_FAULT_LIMIT,
                                  "a list of %zu elements of %u bytes; at most %d bytes can be passed", block.len,
                                  element->abi_size, BYTES_MAX);
        if (block.len && !block.ptr)
                return part_fault(&lower->part, WARD_FAULT_USAGE, "a list of %zu elements at NULL", block.len);
        uint32_t bytes = (uint32_t)(block.len * element->abi_size);
        *ret_len = (uint32_t)block.len;
        if (element->flags & WARD_TYPE_PLAIN)
                return lower_bytes(lower, block.ptr, bytes, element->abi_align, ret_at);
        int r = check_elements(lower, element, &block);
        if (!r)
                r = lower_allocate(lower, bytes, element->abi_align, ret_at);
        return r ? r : lower_elements(lower, element, block.ptr, block.len, *ret_at);
}

int lower_block(struct lower *lower, const struct ward_type *type, const void *from, uint32_t *ret_at, uint32_t *ret_len)
{
        return type->kind == WARD_TYPE_STRING ? lower_string(lower, type, from, ret_at, ret_len)
                                              : lower_list(lower, type, from, ret_at, ret_len);
}
