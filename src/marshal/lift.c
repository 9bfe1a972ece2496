/* Lifting: slots and memory that somebody hostile wrote, and may be writing still, into C values.
 *
 * Each word is loaded once, through a volatile pointer, and judged as loaded. Blocks are copied first and judged as copied. A
 * value that owns anything is zeroed before it is lifted and filled in an order that keeps it well formed, so that wherever
 * lifting stops it can be freed as a whole: only marshal_lift_params and lift_result have something to undo. */
#include "marshal/marshal.h"

#include <stdlib.h>

#include "base/fault.h"
#include "base/own.h"
#include "marshal/layout.h"

enum {
        BLOCK_COST = 16,   /* what malloc itself takes for a block, about */
        SMALL_VALUE = 512, /* results up to this size are lifted on the stack first */
};

struct lift {
        const uint8_t *base;
        uint64_t size;
        uint64_t *budget;
        struct part part;
};

static int load(struct lift *lift, const struct ward_type *type, const uint8_t *from, void *to);

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

static inline uint64_t load_slot(const uint64_t *slot)
{
        return *(const volatile uint64_t *)slot;
}

/* Copies what the other side may be writing. The barrier keeps the compiler from looking at the original again later. */
static void copy_shared(void *to, const uint8_t *from, size_t len)
{
        memcpy(to, from, len);
        __asm__ volatile("" ::: "memory");
}

static inline int lift_scalar(const struct lift *lift, const struct ward_type *type, uint64_t bits, void *to)
{
        if (type->kind == WARD_TYPE_BOOL)
                bits = bits != 0;
        if (type->kind == WARD_TYPE_CHAR && !is_char((uint32_t)bits))
                return part_fault(&lift->part, WARD_FAULT_PROTOCOL, "0x%x is no Unicode character", (unsigned)bits);
        bits_write(to, type->abi_size, bits);
        return 0;
}

/* --- Strings and lists ------------------------------------------------------------------------ */

static int check_place(const struct lift *lift, const char *what, uint32_t at, uint64_t bytes, uint32_t align)
{
        if (at % align)
                return part_fault(&lift->part, WARD_FAULT_PROTOCOL, "%s at offset %u, which is not a multiple of %u", what, at,
                                  align);
        if (at + bytes > lift->size)
                return part_fault(&lift->part, WARD_FAULT_PROTOCOL,
                                  "%s of %llu bytes at offset %u reaches past the end of memory (%llu bytes)", what,
                                  (unsigned long long)bytes, at, (unsigned long long)lift->size);
        return 0;
}

/* A block of C memory, at least one byte, charged to the budget; zeroed where it will own something. */
static int allocate(const struct lift *lift, uint64_t bytes, bool zeroed, void **ret_block)
{
        uint64_t cost = bytes + BLOCK_COST;
        if (cost > *lift->budget)
                return part_fault(&lift->part, WARD_FAULT_LIMIT,
                                  "%llu bytes more would exceed what the values of one call may take (%llu bytes left)",
                                  (unsigned long long)bytes, (unsigned long long)*lift->budget);
        void *block = zeroed ? calloc(1, (size_t)bytes) : malloc((size_t)bytes);
        if (!block)
                return part_fault(&lift->part, WARD_FAULT_SYSTEM, "there is no memory for %llu bytes", (unsigned long long)bytes);
        *lift->budget -= cost;
        *ret_block = block;
        return 0;
}

static int lift_string(const struct lift *lift, uint32_t at, uint32_t len, void *to)
{
        OWNED(freep) void *copy = NULL;
        if (len > BYTES_MAX)
                return part_fault(&lift->part, WARD_FAULT_PROTOCOL, "a string of %u bytes; at most %d are allowed", len, BYTES_MAX);
        int r = check_place(lift, "a string", at, len, 1);
        if (r || !len)
                return r;
        r = allocate(lift, len, false, &copy);
        if (r)
                return r;
        copy_shared(copy, lift->base + at, len);
        if (!text_is_utf8(copy, len))
                return part_fault(&lift->part, WARD_FAULT_PROTOCOL, "a string of %u bytes that is not UTF-8", len);
        block_write(to, STEAL(copy), len);
        return 0;
}

static int load_elements(struct lift *lift, const struct ward_type *element, const uint8_t *from, struct block block)
{
        char *to = block.ptr;
        int r = 0;
        if (element->flags & WARD_TYPE_PLAIN) {
                copy_shared(to, from, block.len * element->abi_size);
                return 0;
        }
        for (size_t i = 0; i < block.len && !r; i++)
                r = load(lift, element, from + i * element->abi_size, to + i * element->size);
        return r;
}

/* An element without bytes counts as one: otherwise a short message could ask for endless work. */
static uint64_t at_least_one(uint32_t size)
{
        return size ? size : 1;
}

static int check_list(const struct lift *lift, const struct ward_type *element, uint32_t at, uint32_t len)
{
        uint64_t bytes = (uint64_t)len * at_least_one(element->abi_size);
        if (bytes > BYTES_MAX)
                return part_fault(&lift->part, WARD_FAULT_PROTOCOL,
                                  "a list of %u elements of %u bytes; at most %d bytes are allowed", len, element->abi_size,
                                  BYTES_MAX);
        if (at % element->abi_align)
                return part_fault(&lift->part, WARD_FAULT_PROTOCOL, "a list at offset %u, which is not a multiple of %u", at,
                                  element->abi_align);
        if (at + bytes > lift->size)
                return part_fault(&lift->part, WARD_FAULT_PROTOCOL,
                                  "a list of %u elements of %u bytes at offset %u reaches past the end of memory (%llu bytes)", len,
                                  element->abi_size, at, (unsigned long long)lift->size);
        return 0;
}

static int lift_list(struct lift *lift, const struct ward_type *type, uint32_t at, uint32_t len, void *to)
{
        const struct ward_type *element = element_of(type);
        struct block block = { NULL, len };
        int r = check_list(lift, element, at, len);
        if (r || !len)
                return r;
        r = allocate(lift, len * at_least_one(element->size), element->flags & WARD_TYPE_OWNS, &block.ptr);
        if (r)
                return r;
        block_write(to, block.ptr, block.len);
        return load_elements(lift, element, lift->base + at, block);
}

/* @to is empty already where the value turns out to be. */
static int lift_block(struct lift *lift, const struct ward_type *type, uint32_t at, uint32_t len, void *to)
{
        block_write(to, NULL, 0);
        return type->kind == WARD_TYPE_STRING ? lift_string(lift, at, len, to) : lift_list(lift, type, at, len, to);
}

/* --- From memory ------------------------------------------------------------------------------ */

static int lift_tag(const struct lift *lift, const struct ward_type *type, uint32_t tag, void *to)
{
        if (tag >= type->n)
                return part_fault(&lift->part, WARD_FAULT_PROTOCOL, "there is no case %u in a type of %u cases", tag, type->n);
        bits_write(to, type->tag_size, tag);
        return 0;
}

static int load_variant(struct lift *lift, const struct ward_type *type, const uint8_t *from, void *to)
{
        uint32_t tag = (uint32_t)load_bits(from, type->tag_size);
        int r = lift_tag(lift, type, tag, to);
        if (r)
                return r;
        const struct ward_field *payload = payload_of(type, tag);
        return payload ? load(lift, payload->type, from + payload->abi_at, (char *)to + payload->at) : 0;
}

static int load_record(struct lift *lift, const struct ward_type *type, const uint8_t *from, void *to)
{
        int r = 0;
        for (uint32_t i = 0; i < type->n && !r; i++) {
                const struct ward_field *field = &type->fields[i];
                r = load(lift, field->type, from + field->abi_at, (char *)to + field->at);
        }
        return r;
}

/* Lifts from a place whose bounds and alignment were checked. */
static int load(struct lift *lift, const struct ward_type *type, const uint8_t *from, void *to)
{
        switch (type->kind) {
        case WARD_TYPE_STRING:
        case WARD_TYPE_LIST:
                return lift_block(lift, type, (uint32_t)load_bits(from, 4), (uint32_t)load_bits(from + ABI_BLOCK_LEN, 4), to);
        case WARD_TYPE_RECORD:
                return load_record(lift, type, from, to);
        case WARD_TYPE_VARIANT:
                return load_variant(lift, type, from, to);
        default:
                return lift_scalar(lift, type, load_bits(from, type->abi_size), to);
        }
}

/* Lifts from the place that slots[0] says. */
static int load_at(struct lift *lift, const struct ward_type *type, const uint64_t *slots, void *to)
{
        uint32_t at = (uint32_t)load_slot(slots);
        int r = check_place(lift, "a record", at, type->abi_size, type->abi_align);
        return r ? r : load(lift, type, lift->base + at, to);
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

static int unflatten_record(struct lift *lift, const struct ward_type *type, const uint64_t *slots, void *to)
{
        int r = 0;
        for (uint32_t i = 0; i < type->n && !r; i++) {
                const struct ward_field *field = &type->fields[i];
                r = unflatten(lift, field->type, slots, (char *)to + field->at);
                slots += field->type->flat;
        }
        return r;
}

static int unflatten(struct lift *lift, const struct ward_type *type, const uint64_t *slots, void *to)
{
        switch (type->kind) {
        case WARD_TYPE_STRING:
        case WARD_TYPE_LIST:
                return lift_block(lift, type, (uint32_t)load_slot(slots), (uint32_t)load_slot(slots + 1), to);
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
                const struct ward_field *field = &params->fields[i];
                void *to = (char *)args + field->at;
                lift->part.number = i + 1;
                r = is_scalar(field->type) ? unflatten_scalar(lift, field->type, slots, to)
                                           : unflatten(lift, field->type, slots, to);
                slots += field->type->flat;
        }
        return r;
}

static int lift_spilled_params(struct lift *lift, const struct ward_type *params, const uint64_t *slots, void *args)
{
        uint32_t at = (uint32_t)load_slot(slots);
        lift->part.number = PART_PARAMS;
        int r = check_place(lift, "a record", at, params->abi_size, params->abi_align);
        for (uint32_t i = 0; i < params->n && !r; i++) {
                const struct ward_field *field = &params->fields[i];
                lift->part.number = i + 1;
                r = load(lift, field->type, lift->base + at + field->abi_at, (char *)args + field->at);
        }
        return r;
}

int marshal_lift_params(const struct ward_func *func, const uint64_t *slots, const struct marshal_memory *memory, uint64_t *budget,
                        void *args, struct ward_fault *fault)
{
        const struct ward_type *params = func->params;
        struct lift lift = { memory->base, memory->size, budget, { func->name, 0, fault } };
        if (params->flags & WARD_TYPE_OWNS)
                memset(args, 0, params->size);
        int r = ward_func_spills(func) ? lift_spilled_params(&lift, params, slots, args)
                                       : lift_flat_params(&lift, params, slots, args);
        if (r)
                ward_value_free(params, args);
        return r;
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

int marshal_lift_result(const struct ward_func *func, const uint64_t *slots, const struct marshal_memory *memory, uint64_t *budget,
                        void *ret, struct ward_fault *fault)
{
        struct lift lift = { memory->base, memory->size, budget, { func->name, PART_RESULT, fault } };
        _Alignas(16) char small[SMALL_VALUE];
        OWNED(freep) void *large = NULL;
        void *to = small;
        if (!func->result)
                return 0;
        if (is_scalar(func->result))
                return unflatten_scalar(&lift, func->result, slots, ret);
        if (func->result->size > sizeof small) {
                to = large = malloc(func->result->size);
                if (!to)
                        return part_fault(&lift.part, WARD_FAULT_SYSTEM, "there is no memory for %u bytes", func->result->size);
        }
        int r = lift_result(&lift, func, slots, to);
        if (!r)
                memcpy(ret, to, func->result->size);
        return r;
}
