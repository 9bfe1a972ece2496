/* Lowering: C values into slots and memory. The C values are this side's own; what is not trusted is the allocator, and that
 * @memory stays where it is while it allocates. So a place in memory is kept as an offset, and made a pointer only to write. */
#include "marshal/marshal.h"

#include "base/fault.h"
#include "marshal/layout.h"

struct lower {
        struct marshal_memory *memory;
        struct part part;
};

static int store(struct lower *lower, const struct ward_type *type, const void *from, uint32_t at);

static uint8_t *place(const struct lower *lower, uint32_t at)
{
        return lower->memory->base + at;
}

static int check_room(const struct lower *lower, uint32_t at, uint32_t size, uint32_t align)
{
        if (at % align)
                return part_fault(&lower->part, WARD_FAULT_PROTOCOL,
                                  "the room for it is at offset %u, which is not a multiple of %u", at, align);
        if ((uint64_t)at + size > lower->memory->size)
                return part_fault(&lower->part, WARD_FAULT_PROTOCOL,
                                  "the room for it, %u bytes at offset %u, reaches past the end of memory (%llu bytes)", size, at,
                                  (unsigned long long)lower->memory->size);
        return 0;
}

/* Blocks that were checked before stay good: a memory that shrinks is refused. */
static int allocate(struct lower *lower, uint32_t size, uint32_t align, uint32_t *ret_at)
{
        struct marshal_memory *memory = lower->memory;
        uint64_t before = memory->size;
        uint32_t at = 0;
        int r = memory->alloc(memory, size, align, &at, lower->part.fault);
        if (r)
                return r;
        if (memory->size < before)
                return part_fault(&lower->part, WARD_FAULT_PROTOCOL, "memory shrank while it was being filled");
        r = check_room(lower, at, size, align);
        if (!r)
                *ret_at = at;
        return r;
}

static int lower_string(struct lower *lower, const void *from, uint32_t *ret_at, uint32_t *ret_len)
{
        struct block block = block_read(from);
        if (block.len > BYTES_MAX)
                return part_fault(&lower->part, WARD_FAULT_LIMIT, "a string of %zu bytes; at most %d can be passed", block.len,
                                  BYTES_MAX);
        if (block.len && !block.ptr)
                return part_fault(&lower->part, WARD_FAULT_USAGE, "a string of %zu bytes at NULL", block.len);
        if (!text_is_utf8(block.ptr, block.len))
                return part_fault(&lower->part, WARD_FAULT_USAGE, "a string of %zu bytes that is not UTF-8", block.len);
        int r = allocate(lower, (uint32_t)block.len, 1, ret_at);
        if (!r && block.len)
                memcpy(place(lower, *ret_at), block.ptr, block.len);
        *ret_len = (uint32_t)block.len;
        return r;
}

static int store_elements(struct lower *lower, const struct ward_type *element, struct block block, uint32_t at)
{
        const char *from = block.ptr;
        int r = 0;
        if (element->flags & WARD_TYPE_PLAIN) {
                if (block.len)
                        memcpy(place(lower, at), from, block.len * element->abi_size);
                return 0;
        }
        for (size_t i = 0; i < block.len && !r; i++)
                r = store(lower, element, from + i * element->size, at + (uint32_t)i * element->abi_size);
        return r;
}

static int lower_list(struct lower *lower, const struct ward_type *type, const void *from, uint32_t *ret_at, uint32_t *ret_len)
{
        const struct ward_type *element = element_of(type);
        struct block block = block_read(from);
        uint32_t at;
        if (block.len > BYTES_MAX || block.len * (uint64_t)element->abi_size > BYTES_MAX)
                return part_fault(&lower->part, WARD_FAULT_LIMIT,
                                  "a list of %zu elements of %u bytes; at most %d bytes can be passed", block.len,
                                  element->abi_size, BYTES_MAX);
        if (block.len && !block.ptr)
                return part_fault(&lower->part, WARD_FAULT_USAGE, "a list of %zu elements at NULL", block.len);
        int r = allocate(lower, (uint32_t)(block.len * element->abi_size), element->abi_align, &at);
        if (!r)
                r = store_elements(lower, element, block, at);
        *ret_at = at;
        *ret_len = (uint32_t)block.len;
        return r;
}

static int lower_block(struct lower *lower, const struct ward_type *type, const void *from, uint32_t *ret_at, uint32_t *ret_len)
{
        return type->kind == WARD_TYPE_STRING ? lower_string(lower, from, ret_at, ret_len)
                                              : lower_list(lower, type, from, ret_at, ret_len);
}

static int lower_tag(const struct lower *lower, const struct ward_type *type, const void *from, uint32_t *ret_tag)
{
        uint32_t tag = ward_value_tag(type, from);
        if (tag >= type->n)
                return part_fault(&lower->part, WARD_FAULT_USAGE, "there is no case %u in a type of %u cases", tag, type->n);
        *ret_tag = tag;
        return 0;
}

/* --- Into memory ------------------------------------------------------------------------------ */

static int store_scalar(const struct lower *lower, const struct ward_type *type, const void *from, uint32_t at)
{
        uint64_t bits = bits_read(from, type->abi_size);
        if (type->kind == WARD_TYPE_BOOL)
                bits = bits != 0;
        if (type->kind == WARD_TYPE_CHAR && !is_char(bits))
                return part_fault(&lower->part, WARD_FAULT_USAGE, "0x%x is no Unicode character", (unsigned)bits);
        bits_write(place(lower, at), type->abi_size, bits);
        return 0;
}

static int store_block(struct lower *lower, const struct ward_type *type, const void *from, uint32_t at)
{
        uint32_t block_at, len;
        int r = lower_block(lower, type, from, &block_at, &len);
        if (r)
                return r;
        bits_write(place(lower, at), sizeof block_at, block_at);
        bits_write(place(lower, at) + ABI_BLOCK_LEN, sizeof len, len);
        return 0;
}

static int store_variant(struct lower *lower, const struct ward_type *type, const void *from, uint32_t at)
{
        uint32_t tag = 0;
        int r = lower_tag(lower, type, from, &tag);
        if (r)
                return r;
        bits_write(place(lower, at), type->tag_size, tag);
        const struct ward_field *payload = payload_of(type, tag);
        return payload ? store(lower, payload->type, (const char *)from + payload->at, at + payload->abi_at) : 0;
}

static int store(struct lower *lower, const struct ward_type *type, const void *from, uint32_t at)
{
        int r = 0;
        switch (type->kind) {
        case WARD_TYPE_STRING:
        case WARD_TYPE_LIST:
                return store_block(lower, type, from, at);
        case WARD_TYPE_RECORD:
                for (uint32_t i = 0; i < type->n && !r; i++) {
                        const struct ward_field *field = &type->fields[i];
                        r = store(lower, field->type, (const char *)from + field->at, at + field->abi_at);
                }
                return r;
        case WARD_TYPE_VARIANT:
                return store_variant(lower, type, from, at);
        default:
                return store_scalar(lower, type, from, at);
        }
}

/* --- Into slots ------------------------------------------------------------------------------- */

static int flatten(struct lower *lower, const struct ward_type *type, const void *from, uint64_t *slots);

static inline int flatten_scalar(const struct lower *lower, const struct ward_type *type, const void *from, uint64_t *slot)
{
        uint64_t bits = bits_read(from, type->abi_size);
        if (type->flags & WARD_TYPE_SIGNED && type->abi_size < 4) {
                unsigned shift = 32 - 8 * type->abi_size;
                bits = (uint32_t)((int32_t)((uint32_t)bits << shift) >> shift);
        }
        if (type->kind == WARD_TYPE_BOOL)
                bits = bits != 0;
        if (type->kind == WARD_TYPE_CHAR && !is_char(bits))
                return part_fault(&lower->part, WARD_FAULT_USAGE, "0x%x is no Unicode character", (unsigned)bits);
        *slot = bits;
        return 0;
}

static int flatten_block(struct lower *lower, const struct ward_type *type, const void *from, uint64_t *slots)
{
        uint32_t at = 0, len = 0;
        int r = lower_block(lower, type, from, &at, &len);
        if (r)
                return r;
        slots[0] = at;
        slots[1] = len;
        return 0;
}

static int flatten_variant(struct lower *lower, const struct ward_type *type, const void *from, uint64_t *slots)
{
        uint32_t tag = 0;
        int r = lower_tag(lower, type, from, &tag);
        if (r)
                return r;
        memset(slots, 0, type->flat * sizeof *slots);
        slots[0] = tag;
        const struct ward_field *payload = payload_of(type, tag);
        return payload ? flatten(lower, payload->type, (const char *)from + payload->at, slots + 1) : 0;
}

static int flatten(struct lower *lower, const struct ward_type *type, const void *from, uint64_t *slots)
{
        int r = 0;
        switch (type->kind) {
        case WARD_TYPE_STRING:
        case WARD_TYPE_LIST:
                return flatten_block(lower, type, from, slots);
        case WARD_TYPE_RECORD:
                for (uint32_t i = 0; i < type->n && !r; i++) {
                        const struct ward_field *field = &type->fields[i];
                        r = flatten(lower, field->type, (const char *)from + field->at, slots);
                        slots += field->type->flat;
                }
                return r;
        case WARD_TYPE_VARIANT:
                return flatten_variant(lower, type, from, slots);
        default:
                return flatten_scalar(lower, type, from, slots);
        }
}

/* --- Functions -------------------------------------------------------------------------------- */

static int lower_spilled(struct lower *lower, const struct ward_type *params, const void *args, uint64_t *slots)
{
        uint32_t at;
        lower->part.number = PART_PARAMS;
        int r = allocate(lower, params->abi_size, params->abi_align, &at);
        for (uint32_t i = 0; i < params->n && !r; i++) {
                const struct ward_field *field = &params->fields[i];
                lower->part.number = i + 1;
                r = store(lower, field->type, (const char *)args + field->at, at + field->abi_at);
        }
        if (!r)
                slots[0] = at;
        return r;
}

int marshal_lower_params(const struct ward_func *func, const void *args, uint64_t *slots, struct marshal_memory *memory,
                         struct ward_fault *fault)
{
        const struct ward_type *params = func->params;
        struct lower lower = { memory, { func->name, 0, fault } };
        int r = 0;
        if (ward_func_spills(func))
                return lower_spilled(&lower, params, args, slots);
        for (uint32_t i = 0; i < params->n && !r; i++) {
                const struct ward_field *field = &params->fields[i];
                const void *from = (const char *)args + field->at;
                lower.part.number = i + 1;
                r = is_scalar(field->type) ? flatten_scalar(&lower, field->type, from, slots)
                                           : flatten(&lower, field->type, from, slots);
                slots += field->type->flat;
        }
        return r;
}

int marshal_lower_result(const struct ward_func *func, const void *ret, uint64_t *slots, struct marshal_memory *memory,
                         struct ward_fault *fault)
{
        struct lower lower = { memory, { func->name, PART_RESULT, fault } };
        uint32_t at = 0;
        if (!func->result)
                return 0;
        if (!ward_func_returns_pointer(func))
                return flatten(&lower, func->result, ret, slots);
        int r = allocate(&lower, func->result->abi_size, func->result->abi_align, &at);
        if (!r)
                r = store(&lower, func->result, ret, at);
        if (!r)
                slots[0] = at;
        return r;
}

int marshal_store_result(const struct ward_func *func, const void *ret, uint32_t at, struct marshal_memory *memory,
                         struct ward_fault *fault)
{
        struct lower lower = { memory, { func->name, PART_RESULT, fault } };
        if (!func->result)
                return 0;
        int r = check_room(&lower, at, func->result->abi_size, func->result->abi_align);
        return r ? r : store(&lower, func->result, ret, at);
}
