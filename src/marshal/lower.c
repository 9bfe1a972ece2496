/* Lowering: C values into slots and memory. The C values are this side's own; what is not trusted is the allocator, and that
 * @memory stays where it is while it allocates. */
#include "marshal/lower.h"

int lower_bad_char(const struct lower *lower, uint32_t c)
{
        return part_fault(&lower->part, WARD_FAULT_USAGE, "0x%x is no Unicode character", c);
}

static int lower_handle(const struct lower *lower, const struct ward_type *type, const void *from, uint32_t *ret_number)
{
        return part_lower_handle(&lower->part, lower->memory->handles, type, from, ret_number);
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

/* In memory these are two words, aligned as one. */
static int store_wide_flags(const struct lower *lower, const struct ward_type *type, const void *from, uint32_t at)
{
        uint64_t bits = bits_read(from, sizeof bits) & known_flags(type);
        memcpy(place(lower, at), &bits, sizeof bits);
        return 0;
}

static int store_handle(const struct lower *lower, const struct ward_type *type, const void *from, uint32_t at)
{
        uint32_t number = 0;
        int r = lower_handle(lower, type, from, &number);
        if (!r)
                bits_write(place(lower, at), sizeof number, number);
        return r;
}

static int store_block(struct lower *lower, const struct ward_type *type, const void *from, uint32_t at)
{
        uint32_t block_at = 0, len = 0;
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
        return payload ? lower_store(lower, payload->type, (const char *)from + payload->at, at + payload->abi_at) : 0;
}

static inline int store_field(struct lower *lower, const struct ward_field *field, const void *record, uint32_t at)
{
        const void *from = (const char *)record + field->at;
        at += field->abi_at;
        return is_scalar(field->type) ? store_scalar(lower, field->type, from, place(lower, at))
                                      : lower_store(lower, field->type, from, at);
}

static int store_record(struct lower *lower, const struct ward_type *type, const void *from, uint32_t at)
{
        int r = 0;
        if (type->flags & WARD_TYPE_PLAIN) {
                memcpy(place(lower, at), from, type->abi_size);
                return 0;
        }
        for (uint32_t i = 0; i < type->n && !r; i++)
                r = store_field(lower, &type->fields[i], from, at);
        return r;
}

int lower_store(struct lower *lower, const struct ward_type *type, const void *from, uint32_t at)
{
        switch (type->kind) {
        case WARD_TYPE_FLAGS:
                if (is_scalar(type))
                        break;
                return store_wide_flags(lower, type, from, at);
        case WARD_TYPE_OWN:
        case WARD_TYPE_BORROW:
                return store_handle(lower, type, from, at);
        case WARD_TYPE_STRING:
        case WARD_TYPE_LIST:
                return store_block(lower, type, from, at);
        case WARD_TYPE_ARRAY:
                return lower_elements(lower, element_of(type), from, type->n, at);
        case WARD_TYPE_RECORD:
                return store_record(lower, type, from, at);
        case WARD_TYPE_VARIANT:
                return store_variant(lower, type, from, at);
        default:
                break;
        }
        return store_scalar(lower, type, from, place(lower, at));
}

/* --- Into slots ------------------------------------------------------------------------------- */

static int flatten(struct lower *lower, const struct ward_type *type, const void *from, uint64_t *slots);

static inline int flatten_scalar(const struct lower *lower, const struct ward_type *type, const void *from, uint64_t *slot)
{
        int r = scalar_bits(lower, type, from, slot);
        if (type->flags & WARD_TYPE_SIGNED && type->abi_size < 4) {
                unsigned shift = 32 - 8 * type->abi_size;
                *slot = (uint32_t)((int32_t)((uint32_t)*slot << shift) >> shift);
        }
        return r;
}

static int flatten_wide_flags(const struct ward_type *type, const void *from, uint64_t *slots)
{
        uint64_t bits = bits_read(from, sizeof bits) & known_flags(type);
        slots[0] = (uint32_t)bits;
        slots[1] = bits >> 32;
        return 0;
}

static int flatten_handle(const struct lower *lower, const struct ward_type *type, const void *from, uint64_t *slot)
{
        uint32_t number = 0;
        int r = lower_handle(lower, type, from, &number);
        if (!r)
                *slot = number;
        return r;
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

static int flatten_array(struct lower *lower, const struct ward_type *type, const void *from, uint64_t *slots)
{
        const struct ward_type *element = element_of(type);
        int r = 0;
        for (uint32_t i = 0; i < type->n && !r; i++)
                r = flatten(lower, element, (const char *)from + (size_t)i * element->size, slots + (size_t)i * element->flat);
        return r;
}

static inline int flatten_field(struct lower *lower, const struct ward_field *field, const void *record, uint64_t *slots)
{
        const void *from = (const char *)record + field->at;
        return is_scalar(field->type) ? flatten_scalar(lower, field->type, from, slots) : flatten(lower, field->type, from, slots);
}

static int flatten_record(struct lower *lower, const struct ward_type *type, const void *from, uint64_t *slots)
{
        int r = 0;
        for (uint32_t i = 0; i < type->n && !r; i++) {
                r = flatten_field(lower, &type->fields[i], from, slots);
                slots += type->fields[i].type->flat;
        }
        return r;
}

static int flatten(struct lower *lower, const struct ward_type *type, const void *from, uint64_t *slots)
{
        switch (type->kind) {
        case WARD_TYPE_FLAGS:
                return is_scalar(type) ? flatten_scalar(lower, type, from, slots) : flatten_wide_flags(type, from, slots);
        case WARD_TYPE_OWN:
        case WARD_TYPE_BORROW:
                return flatten_handle(lower, type, from, slots);
        case WARD_TYPE_STRING:
        case WARD_TYPE_LIST:
                return flatten_block(lower, type, from, slots);
        case WARD_TYPE_ARRAY:
                return flatten_array(lower, type, from, slots);
        case WARD_TYPE_RECORD:
                return flatten_record(lower, type, from, slots);
        case WARD_TYPE_VARIANT:
                return flatten_variant(lower, type, from, slots);
        default:
                return flatten_scalar(lower, type, from, slots);
        }
}

/* --- Functions -------------------------------------------------------------------------------- */

/* Out of line, and so is store_result, for the sake of functions of a few scalars: these need no more registers. */
static __attribute__((noinline)) int lower_spilled(struct lower *lower, const struct ward_type *params, const void *args,
                                                   uint64_t *slots)
{
        uint32_t at;
        lower->part.number = PART_PARAMS;
        int r = lower_allocate(lower, params->abi_size, params->abi_align, &at);
        for (uint32_t i = 0; i < params->n && !r; i++) {
                lower->part.number = i + 1;
                r = store_field(lower, &params->fields[i], args, at);
        }
        if (!r)
                slots[0] = at;
        return r;
}

/* From parameter @i on; those before are words, a slot each. */
static __attribute__((noinline)) int lower_params(struct lower lower, const struct ward_type *params, uint32_t i, const void *args,
                                                  uint64_t *slots)
{
        int r = 0;
        if (params->flat > WARD_FLAT_MAX)
                return lower_spilled(&lower, params, args, slots);
        slots += i;
        for (; i < params->n && !r; i++) {
                lower.part.number = i + 1;
                r = flatten_field(&lower, &params->fields[i], args, slots);
                slots += params->fields[i].type->flat;
        }
        return r;
}

int marshal_lower_params(const struct ward_func *func, const void *args, uint64_t *slots, struct marshal_memory *memory,
                         struct ward_fault *fault)
{
        const struct ward_type *params = func->params;
        uint32_t i = words_lower(params, args, slots);
        if (i == params->n)
                return 0;
        return lower_params((struct lower){ memory, { func->name, 0, fault } }, params, i, args, slots);
}

static __attribute__((noinline)) int store_result(struct lower *lower, const struct ward_type *type, const void *ret,
                                                  uint64_t *slots)
{
        uint32_t at = 0;
        int r = lower_allocate(lower, type->abi_size, type->abi_align, &at);
        if (!r)
                r = lower_store(lower, type, ret, at);
        if (!r)
                slots[0] = at;
        return r;
}

static __attribute__((noinline)) int lower_result(struct lower lower, const struct ward_func *func, const void *ret,
                                                  uint64_t *slots)
{
        return ward_func_returns_pointer(func) ? store_result(&lower, func->result, ret, slots)
                                               : flatten(&lower, func->result, ret, slots);
}

int marshal_lower_result(const struct ward_func *func, const void *ret, uint64_t *slots, struct marshal_memory *memory,
                         struct ward_fault *fault)
{
        if (!func->result)
                return 0;
        if (is_word(func->result))
                return slots[0] = word_read(func->result, ret), 0;
        return lower_result((struct lower){ memory, { func->name, PART_RESULT, fault } }, func, ret, slots);
}

int marshal_store_result(const struct ward_func *func, const void *ret, uint32_t at, struct marshal_memory *memory,
                         struct ward_fault *fault)
{
        struct lower lower = { memory, { func->name, PART_RESULT, fault } };
        if (!func->result)
                return 0;
        int r = lower_check_room(&lower, at, func->result->abi_size, func->result->abi_align);
        return r ? r : lower_store(&lower, func->result, ret, at);
}
