/* Flat values <-> C values, inside a WebAssembly add-in. For generated code; people use the views.
 *
 * A core function's parameters travel as at most WARD_FLAT_MAX flat values (Component Model, CanonicalABI.md: "Flat Lifting",
 * "Flat Lowering"). Generated code casts each to a 64-bit slot, bits zero-extended, and these functions move the slots to and from
 * the C value, driven by its type; both sides are little-endian. On wasm32 a C value lies in memory as the ABI wants it, so that
 * strings and lists change hands in place, and what is passed in memory needs no conversion at all. (The type of over 32 flags, a
 * uint64_t, has to be declared with the ABI's alignment of 4 for that.) Handles are numbers or addresses of 32 bits there, as they
 * are at the boundary.
 *
 * The other side is Ward itself, which has checked what it sends: nothing is checked here. */
#ifndef WARD_FLAT_H
#define WARD_FLAT_H

#include <ward/value.h>

#ifdef __cplusplus
extern "C" {
#endif

static inline uint64_t ward_flat_from_f32(float value)
{
        uint32_t bits;
        memcpy(&bits, &value, sizeof bits);
        return bits;
}

static inline uint64_t ward_flat_from_f64(double value)
{
        uint64_t bits;
        memcpy(&bits, &value, sizeof bits);
        return bits;
}

static inline float ward_flat_to_f32(uint64_t slot)
{
        uint32_t bits = (uint32_t)slot;
        float value;
        memcpy(&value, &bits, sizeof value);
        return value;
}

static inline double ward_flat_to_f64(uint64_t slot)
{
        double value;
        memcpy(&value, &slot, sizeof value);
        return value;
}

/* A string or list in C. */
struct ward_flat_block {
        void *ptr;
        size_t len;
};

/* Writes the C value at @at from the slots that it takes, and returns the slot after them. Strings and lists are adopted. */
static inline const uint64_t *ward_flat_load(const struct ward_type *type, const uint64_t *slots, void *at)
{
        struct ward_flat_block block;
        const uint64_t *next = slots + type->flat;
        uint64_t bits;
        uint32_t tag;
        switch (type->kind) {
        case WARD_TYPE_BOOL:
                *(uint8_t *)at = *slots != 0;
                break;
        case WARD_TYPE_STRING:
        case WARD_TYPE_LIST:
                block.ptr = (void *)(uintptr_t)slots[0];
                block.len = (size_t)slots[1];
                memcpy(at, &block, sizeof block);
                break;
        case WARD_TYPE_FLAGS:
                bits = type->flat > 1 ? (uint32_t)slots[0] | slots[1] << 32 : slots[0];
                memcpy(at, &bits, type->size);
                break;
        case WARD_TYPE_ARRAY:
                for (uint32_t i = 0; i < type->n; i++)
                        slots = ward_flat_load(type->fields[0].type, slots, (char *)at + (size_t)i * type->fields[0].type->size);
                break;
        case WARD_TYPE_RECORD:
                for (uint32_t i = 0; i < type->n; i++)
                        slots = ward_flat_load(type->fields[i].type, slots, (char *)at + type->fields[i].at);
                break;
        case WARD_TYPE_VARIANT:
                tag = (uint32_t)*slots;
                memcpy(at, slots, type->tag_size);
                if (type->fields && tag < type->n && type->fields[tag].type)
                        ward_flat_load(type->fields[tag].type, slots + 1, (char *)at + type->fields[tag].at);
                break;
        default:
                memcpy(at, slots, type->size);
                break;
        }
        return next;
}

/* Writes the slots that the C value at @at takes, and returns the slot after them. Strings and lists are lent. */
static inline uint64_t *ward_flat_store(const struct ward_type *type, const void *at, uint64_t *slots)
{
        struct ward_flat_block block;
        uint64_t *next = slots + type->flat;
        uint64_t bits = 0;
        uint32_t tag;
        switch (type->kind) {
        case WARD_TYPE_STRING:
        case WARD_TYPE_LIST:
                memcpy(&block, at, sizeof block);
                slots[0] = (uintptr_t)block.ptr;
                slots[1] = block.len;
                break;
        case WARD_TYPE_FLAGS:
                memcpy(&bits, at, type->size);
                slots[0] = (uint32_t)bits;
                if (type->flat > 1)
                        slots[1] = bits >> 32;
                break;
        case WARD_TYPE_ARRAY:
                for (uint32_t i = 0; i < type->n; i++)
                        slots = ward_flat_store(type->fields[0].type, (const char *)at + (size_t)i * type->fields[0].type->size,
                                                slots);
                break;
        case WARD_TYPE_RECORD:
                for (uint32_t i = 0; i < type->n; i++)
                        slots = ward_flat_store(type->fields[i].type, (const char *)at + type->fields[i].at, slots);
                break;
        case WARD_TYPE_VARIANT:
                tag = ward_value_tag(type, at);
                memset(slots, 0, type->flat * sizeof *slots);
                slots[0] = tag;
                if (type->fields && tag < type->n && type->fields[tag].type)
                        ward_flat_store(type->fields[tag].type, (const char *)at + type->fields[tag].at, slots + 1);
                break;
        default:
                *slots = 0;
                memcpy(slots, at, type->size);
                if ((type->flags & WARD_TYPE_SIGNED) && type->size == 1)
                        *slots = (uint32_t)(int8_t)*slots;
                else if ((type->flags & WARD_TYPE_SIGNED) && type->size == 2)
                        *slots = (uint32_t)(int16_t)*slots;
                break;
        }
        return next;
}

#ifdef __cplusplus
}
#endif
#endif
