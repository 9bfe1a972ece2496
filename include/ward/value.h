/* Values: how a contract's types are described to Ward. For generated code; people use the views.
 *
 * `ward bindgen` writes one `struct ward_type` for every type of a contract, and one `struct ward_func` for every function.
 * They hold both layouts of a value: the C one (native offsets) and the Canonical ABI's (abi offsets: the Component
 * Model's CanonicalABI.md, "Alignment", "Element Size"). Everything that copies, lowers, lifts or frees a value is driven
 * by them, so that generated code is constants and one-line stubs.
 *
 * Kinds are few on purpose: a tuple is a record, a map a list of records; an enum, option and result are variants whose C form is
 * a tag at offset 0 (bool is_some, bool is_err, the enum's integer) and a payload.
 *
 * A handle's C form depends on the side that the descriptor is for, and on who implements the resource:
 *
 *      |                        | own, in C              | borrow, in C       |
 *      | add-in's own resource  | int32_t, a handle      | its object's pointer |
 *      | add-in, the host's     | int32_t, a handle      | int32_t, a handle  |
 *      | host's own resource    | its object's pointer   | the same pointer   |
 *      | host, the add-in's     | uint64_t, a token      | uint64_t, a token  |
 *
 *      | Ward's own, both       | struct ward_buffer * | the same pointer   |
 *
 * At the boundary each is a 32-bit number. Tokens are never 0 and never used twice.
 *
 * A flat value travels in a 64-bit slot, bits zero-extended, f32 and f64 as their bits. In that form the ABI's joins of
 * variant payloads need no conversion. A small signed integer is an i32, sign-extended to 32 bits before that. */
#ifndef WARD_VALUE_H
#define WARD_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

enum ward_type_kind {
        WARD_TYPE_BOOL,   /* one byte, 0 or 1; lifted from anything not 0 */
        WARD_TYPE_INT,    /* abi_size bytes, 1, 2, 4 or 8; C and ABI alike */
        WARD_TYPE_FLOAT,  /* 4 or 8 bytes */
        WARD_TYPE_CHAR,   /* a Unicode scalar value in a uint32_t */
        WARD_TYPE_FLAGS,  /* n flags, bit i for the i-th; C: 1, 2, 4 or 8 bytes; ABI: the same size, in words of at most 4 bytes, so
                             that over 32 flags take 2 flat values and align to 4. Bits beyond are cleared when lifted */
        WARD_TYPE_OWN,    /* a handle that owns its object, see above; @resource says of what */
        WARD_TYPE_BORROW, /* a handle that is lent for the length of a call */
        WARD_TYPE_STRING, /* struct { uint8_t *ptr; size_t len; }, UTF-8, no NUL; with WARD_TYPE_UTF16 struct { uint16_t *ptr;
                             size_t len; }, len counts units */
        WARD_TYPE_LIST,   /* struct { T *ptr; size_t len; }; fields[0] is the element, at = abi_at = 0 */
        WARD_TYPE_ARRAY,  /* n elements in place, one after the other, in both layouts; fields[0] is the element, at = abi_at = 0 */
        WARD_TYPE_RECORD, /* n fields in order */
        WARD_TYPE_VARIANT, /* n cases; tag at 0, tag_size bytes in both layouts; fields[tag] is the payload, type NULL for none */
};

enum {
        WARD_TYPE_PLAIN = 1,    /* both layouts are the same bytes at the same alignment, none of them padding, and any bytes are
                                   valid: a block of them may be copied whole, or pointed at; so never over 32 flags */
        WARD_TYPE_OWNS = 2,     /* holds a string or a list: there is something to free */
        WARD_TYPE_SIGNED = 4,   /* int: s8, s16, s32 or s64 */
        WARD_TYPE_UTF16 = 8,    /* string: in C it is UTF-16 */
        WARD_TYPE_HANDLES = 16, /* is or holds own or borrow: the C forms of the two sides may differ */
        WARD_FLAT_MAX = 16,     /* more flat parameters than this are passed in memory (MAX_FLAT_PARAMS) */
};

/* A resource of Ward's own, ward:domain/memory. In C a handle of it is a pointer on both sides, see <ward/buffer.h>. */
enum ward_shared {
        WARD_SHARED_NOT = 0,
        WARD_SHARED_BUFFER, /* struct ward_buffer * */
        WARD_SHARED_STREAM, /* struct ward_stream * */
};

/* A resource type of a contract. */
struct ward_resource {
        const char *name; /* "ns:pkg/iface@1.0.0#r", or "r" of the world itself */
        uint32_t index;   /* in ward_contract.resources or ward_addin.resources */
        bool by_addin;    /* the add-in implements it; else the host does */
        uint8_t shared;   /* enum ward_shared */
};

struct ward_field {
        const struct ward_type *type;
        uint32_t at;     /* offset in the C value */
        uint32_t abi_at; /* offset in the ABI's value */
};

struct ward_type {
        uint8_t kind;      /* enum ward_type_kind */
        uint8_t flags;     /* WARD_TYPE_PLAIN, … */
        uint8_t tag_size;  /* variant: 1, 2 or 4 */
        uint8_t abi_align; /* 1, 2, 4 or 8 */
        uint32_t abi_size;
        uint32_t size;                        /* sizeof the C type */
        uint32_t flat;                        /* number of flat values, not capped */
        uint32_t n;                           /* record: fields; variant: cases; flags: flags; array: elements; list: 1 */
        const struct ward_field *fields;      /* variant without any payload: NULL */
        const struct ward_resource *resource; /* own, borrow; else NULL */
};

/* A function. @params is a record whose C form is the generated argument struct; @result is NULL for none. */
struct ward_func {
        const char *name;      /* core name: "operate", or "ns:pkg/iface@1.0.0#f" for a function of an interface */
        const char *signature; /* in WIT, names of types resolved: "func(operation: string, operands: list<f64>) -> result<f64,
                                  string>" */
        const char *core;      /* core signature as the add-in has it: "iiii>i"; i, I, f, F = i32, i64, f32, f64 */
        const struct ward_type *params;
        const struct ward_type *result;
};

/* Whether the parameters travel as one pointer to a record in memory, rather than flat. */
static inline bool ward_func_spills(const struct ward_func *func)
{
        return func->params->flat > WARD_FLAT_MAX;
}

/* Whether the result travels as a pointer to memory, rather than as one flat value. */
static inline bool ward_func_returns_pointer(const struct ward_func *func)
{
        return func->result && func->result->flat > 1;
}

static inline uint32_t ward_value_tag(const struct ward_type *type, const void *at)
{
        uint8_t one;
        uint16_t two;
        uint32_t four;
        switch (type->tag_size) {
        case 1:
                memcpy(&one, at, 1);
                return one;
        case 2:
                memcpy(&two, at, 2);
                return two;
        default:
                memcpy(&four, at, 4);
                return four;
        }
}

/* Frees everything that the C value at @at holds, not the value itself, and leaves it empty where it was a string or list.
 * Handles are left alone: they are dropped, not freed. The value must be well formed; the pointer of an empty string or list may be
 * anything. */
static inline void ward_value_free(const struct ward_type *type, void *at)
{
        if (!(type->flags & WARD_TYPE_OWNS))
                return;
        char *base = (char *)at;
        struct {
                void *ptr;
                size_t len;
        } block;
        uint32_t tag;
        switch (type->kind) {
        case WARD_TYPE_LIST:
        case WARD_TYPE_STRING:
                memcpy(&block, at, sizeof block);
                if (type->kind == WARD_TYPE_LIST && (type->fields[0].type->flags & WARD_TYPE_OWNS))
                        for (size_t i = 0; i < block.len; i++)
                                ward_value_free(type->fields[0].type, (char *)block.ptr + i * type->fields[0].type->size);
                if (block.len)
                        free(block.ptr);
                memset(at, 0, sizeof block);
                break;
        case WARD_TYPE_ARRAY:
                for (uint32_t i = 0; i < type->n; i++)
                        ward_value_free(type->fields[0].type, base + (size_t)i * type->fields[0].type->size);
                break;
        case WARD_TYPE_RECORD:
                for (uint32_t i = 0; i < type->n; i++)
                        ward_value_free(type->fields[i].type, base + type->fields[i].at);
                break;
        case WARD_TYPE_VARIANT:
                tag = ward_value_tag(type, at);
                if (type->fields && tag < type->n && type->fields[tag].type)
                        ward_value_free(type->fields[tag].type, base + type->fields[tag].at);
                break;
        default:
                break;
        }
}

#ifdef __cplusplus
}
#endif
#endif
