/* Lifting: slots and memory that somebody hostile wrote, and may be writing still, into C values.
 *
 * Each word is loaded once, through a volatile pointer, and judged as loaded. Blocks are copied first and judged as copied. A
 * value that owns anything is zeroed before it is lifted and filled in an order that keeps it well formed, so that wherever
 * lifting stops it can be freed as a whole: only marshal_lift_params and lift_result have something to undo. */
#include "marshal/lift.h"

#include <stdlib.h>

#include "base/own.h"

enum { SMALL_VALUE = 512 }; /* results up to this size are lifted on the stack first */

static inline uint64_t load_slot(const uint64_t *slot)
{
        return *(const volatile uint64_t *)slot;
}

int lift_bad_char(const struct lift *lift, uint32_t c)
{
        return part_fault(&lift->part, WARD_FAULT_PROTOCOL, "0x%x is no Unicode character", c);
}

static int lift_handle(const struct lift *lift, const struct ward_type *type, uint32_t number, void *to)
{
        return part_lift_handle(&lift->part, lift->memory->handles, type, number, to);
}

/* Over 32 flags are two words, each aligned as such, and two slots. */
static int lift_wide_flags(const struct ward_type *type, uint64_t low, uint64_t high, void *to)
{
        bits_write(to, sizeof(uint64_t), ((uint32_t)low | high << 32) & known_flags(type));
        return 0;
}

static int lift_tag(const struct lift *lift, const struct ward_type *type, uint32_t tag, void *to)
{
        if (tag >= type->n)
                return part_fault(&lift->part, WARD_FAULT_PROTOCOL, "there is no case %u in a type of %u cases", tag, type->n);
        bits_write(to, type->tag_size, tag);
        return 0;
}

/* --- From memory ------------------------------------------------------------------------------ */

static int load_variant(struct lift *lift, const struct ward_type *type, const uint8_t *from, void *to)
{
        uint32_t tag = (uint32_t)load_bits(from, type->tag_size);
        int r = lift_tag(lift, type, tag, to);
        if (r)
                return r;
        const struct ward_field *payload = payload_of(type, tag);
        return payload ? lift_load(lift, payload->type, from + payload->abi_at, (char *)to + payload->at) : 0;
}

static inline int load_field(struct lift *lift, const struct ward_field *field, const uint8_t *record, void *to)
{
        const uint8_t *from = record + field->abi_at;
        to = (char *)to + field->at;
        return is_scalar(field->type) ? lift_scalar(lift, field->type, load_bits(from, field->type->abi_size), to)
                                      : lift_load(lift, field->type, from, to);
}

static int load_record(struct lift *lift, const struct ward_type *type, const uint8_t *from, void *to)
{
        int r = 0;
        if (type->flags & WARD_TYPE_PLAIN) {
                copy_shared(to, from, type->abi_size);
                return 0;
        }
        for (uint32_t i = 0; i < type->n && !r; i++)
                r = load_field(lift, &type->fields[i], from, to);
        return r;
}

int lift_load(struct lift *lift, const struct ward_type *type, const uint8_t *from, void *to)
{
        switch (type->kind) {
        case WARD_TYPE_FLAGS:
                if (is_scalar(type))
                        break;
                return lift_wide_flags(type, load_bits(from, 4), load_bits(from + 4, 4), to);
        case WARD_TYPE_OWN:
        case WARD_TYPE_BORROW:
                return lift_handle(lift, type, (uint32_t)load_bits(from, 4), to);
        case WARD_TYPE_STRING:
        case WARD_TYPE_LIST:
                return lift_block(lift, type, (uint32_t)load_bits(from, 4), (uint32_t)load_bits(from + ABI_BLOCK_LEN, 4), to);
        case WARD_TYPE_ARRAY:
                return lift_elements(lift, element_of(type), from, type->n, to);
        case WARD_TYPE_RECORD:
                return load_record(lift, type, from, to);
        case WARD_TYPE_VARIANT:
                return load_variant(lift, type, from, to);
        default:
                break;
        }
        return lift_scalar(lift, type, load_bits(from, type->abi_size), to);
}

/* --- From slots ------------------------------------------------------------------------------- */

static int unflatten(struct lift *lift, const struct ward_type *type, const uint64_t *slots, void *to);

/* A bool travels as an i32; what lies above it in the slot is not looked at. */
static inline int unflatten_scalar(const struct lift *lift, const struct ward_type *type, const uint64_t *slot, void *to)
{
        uint64_t bits = load_slot(slot);
        return lift_scalar(lift, type, type->kind == WARD_TYPE_BOOL ? (uint32_t)bits : bits, to);
}

static int unflatten_variant(struct lift *lift, const struct ward_type *type, const uint64_t *slots, void *to)
{
        uint32_t tag = (uint32_t)load_slot(slots);
        int r = lift_tag(lift, type, tag, to);
        if (r)
                return r;
        const struct ward_field *payload = payload_of(type, tag);
        return payload ? unflatten(lift, payload->type, slots + 1, (char *)to + payload->at) : 0;
}

static int unflatten_array(struct lift *lift, const struct ward_type *type, const uint64_t *slots, void *to)
{
        const struct ward_type *element = element_of(type);
        int r = 0;
        for (uint32_t i = 0; i < type->n && !r; i++)
                r = unflatten(lift, element, slots + (size_t)i * element->flat, (char *)to + (size_t)i * element->size);
        return r;
}

static inline int unflatten_field(struct lift *lift, const struct ward_field *field, const uint64_t *slots, void *to)
{
        to = (char *)to + field->at;
        return is_scalar(field->type) ? unflatten_scalar(lift, field->type, slots, to) : unflatten(lift, field->type, slots, to);
}

static int unflatten_record(struct lift *lift, const struct ward_type *type, const uint64_t *slots, void *to)
{
        int r = 0;
        for (uint32_t i = 0; i < type->n && !r; i++) {
                r = unflatten_field(lift, &type->fields[i], slots, to);
                slots += type->fields[i].type->flat;
        }
        return r;
}

static int unflatten(struct lift *lift, const struct ward_type *type, const uint64_t *slots, void *to)
{
        switch (type->kind) {
        case WARD_TYPE_FLAGS:
                return is_scalar(type) ? unflatten_scalar(lift, type, slots, to)
                                       : lift_wide_flags(type, load_slot(slots), load_slot(slots + 1), to);
        case WARD_TYPE_OWN:
        case WARD_TYPE_BORROW:
                return lift_handle(lift, type, (uint32_t)load_slot(slots), to);
        case WARD_TYPE_STRING:
        case WARD_TYPE_LIST:
                return lift_block(lift, type, (uint32_t)load_slot(slots), (uint32_t)load_slot(slots + 1), to);
        case WARD_TYPE_ARRAY:
                return unflatten_array(lift, type, slots, to);
        case WARD_TYPE_RECORD:
                return unflatten_record(lift, type, slots, to);
        case WARD_TYPE_VARIANT:
                return unflatten_variant(lift, type, slots, to);
        default:
                return unflatten_scalar(lift, type, slots, to);
        }
}

/* --- Functions -------------------------------------------------------------------------------- */

static int lift_flat_params(struct lift *lift, const struct ward_type *params, const uint64_t *slots, void *args)
{
        int r = 0;
        for (uint32_t i = 0; i < params->n && !r; i++) {
                lift->part.number = i + 1;
                r = unflatten_field(lift, &params->fields[i], slots, args);
                slots += params->fields[i].type->flat;
        }
        return r;
}

/* Out of line, and so is lift_aside, for the sake of functions of a few scalars: these need no more registers. */
static __attribute__((noinline)) int lift_spilled_params(struct lift *lift, const struct ward_type *params, const uint64_t *slots,
                                                         void *args)
{
        uint32_t at = (uint32_t)load_slot(slots);
        lift->part.number = PART_PARAMS;
        int r = lift_check_place(lift, "a record", at, params->abi_size, params->abi_align);
        for (uint32_t i = 0; i < params->n && !r; i++) {
                lift->part.number = i + 1;
                r = load_field(lift, &params->fields[i], lift->memory->base + at, args);
        }
        return r;
}

int lift_params(struct lift *lift, const struct ward_func *func, const uint64_t *slots, void *args)
{
        return ward_func_spills(func) ? lift_spilled_params(lift, func->params, slots, args)
                                      : lift_flat_params(lift, func->params, slots, args);
}

static __attribute__((noinline)) int lift_owned_params(struct lift lift, const struct ward_func *func, const uint64_t *slots,
                                                       void *args)
{
        const struct ward_type *params = func->params;
        if (params->flags & WARD_TYPE_OWNS)
                memset(args, 0, params->size);
        int r = lift_params(&lift, func, slots, args);
        if (r)
                ward_value_free(params, args);
        return r;
}

int marshal_lift_params(const struct ward_func *func, const uint64_t *slots, const struct marshal_memory *memory, uint64_t *budget,
                        void *args, struct ward_fault *fault)
{
        if (!ward_func_spills(func) && words_lift(func->params, slots, args) == func->params->n)
                return 0;
        return lift_owned_params((struct lift){ memory, budget, NULL, { func->name, 0, fault } }, func, slots, args);
}

/* Lifts from the place that slots[0] says. */
static int load_at(struct lift *lift, const struct ward_type *type, const uint64_t *slots, void *to)
{
        uint32_t at = (uint32_t)load_slot(slots);
        int r = lift_check_place(lift, "a record", at, type->abi_size, type->abi_align);
        return r ? r : lift_load(lift, type, lift->memory->base + at, to);
}

static int lift_result(struct lift *lift, const struct ward_func *func, const uint64_t *slots, void *to)
{
        const struct ward_type *type = func->result;
        if (type->flags & WARD_TYPE_OWNS)
                memset(to, 0, type->size);
        int r = ward_func_returns_pointer(func) ? load_at(lift, type, slots, to) : unflatten(lift, type, slots, to);
        if (r)
                ward_value_free(type, to);
        return r;
}

/* Lifts aside first: @ret is left alone unless all of it is good. */
static __attribute__((noinline)) int lift_aside(struct lift *lift, const struct ward_func *func, const uint64_t *slots, void *ret)
{
        _Alignas(16) char small[SMALL_VALUE];
        OWNED(freep) void *large = NULL;
        void *to = small;
        if (func->result->size > sizeof small) {
                to = large = malloc(func->result->size);
                if (!to)
                        return part_fault(&lift->part, WARD_FAULT_SYSTEM, "there is no memory for %u bytes", func->result->size);
        }
        int r = lift_result(lift, func, slots, to);
        if (!r)
                memcpy(ret, to, func->result->size);
        return r;
}

static __attribute__((noinline)) int lift_any_result(struct lift lift, const struct ward_func *func, const uint64_t *slots,
                                                     void *ret)
{
        return is_scalar(func->result) ? unflatten_scalar(&lift, func->result, slots, ret) : lift_aside(&lift, func, slots, ret);
}

int marshal_lift_result(const struct ward_func *func, const uint64_t *slots, const struct marshal_memory *memory, uint64_t *budget,
                        void *ret, struct ward_fault *fault)
{
        if (!func->result)
                return 0;
        if (is_word(func->result))
                return word_write(func->result, ret, load_slot(slots)), 0;
        return lift_any_result((struct lift){ memory, budget, NULL, { func->name, PART_RESULT, fault } }, func, slots, ret);
}
