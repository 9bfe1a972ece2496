#include "marshal/test_types.h"

#include <stdlib.h>

#include "marshal/layout.h"

/* What a type is because a part of it is. */
enum { HELD = WARD_TYPE_OWNS | WARD_TYPE_HANDLES };

/* A descriptor, and what it does not say: the alignment of its C type. */
struct made {
        struct ward_type type;
        uint32_t align;
};

struct chunk {
        struct chunk *next;
        _Alignas(16) char bytes[];
};

struct types {
        struct chunk *chunks;
};

static void *grab(struct types *types, size_t size)
{
        struct chunk *chunk = calloc(1, sizeof *chunk + size);
        if (!chunk)
                abort();
        chunk->next = types->chunks;
        types->chunks = chunk;
        return chunk->bytes;
}

struct types *types_new(void)
{
        struct types *types = calloc(1, sizeof *types);
        if (!types)
                abort();
        return types;
}

struct types *types_free(struct types *types)
{
        for (struct chunk *chunk = types->chunks, *next; chunk; chunk = next) {
                next = chunk->next;
                free(chunk);
        }
        free(types);
        return NULL;
}

static uint32_t align_up(uint32_t at, uint32_t align)
{
        return (at + align - 1) / align * align;
}

static uint32_t greater(uint32_t a, uint32_t b)
{
        return a > b ? a : b;
}

static uint32_t c_align(const struct ward_type *type)
{
        return ((const struct made *)(const void *)type)->align;
}

static const struct ward_type *scalar(struct types *types, uint8_t kind, uint32_t size, uint8_t flags)
{
        struct made *made = grab(types, sizeof *made);
        made->align = size;
        made->type = (struct ward_type){
                .kind = kind, .flags = flags, .abi_align = (uint8_t)size, .abi_size = size, .size = size, .flat = 1
        };
        return &made->type;
}

const struct ward_type *types_bool(struct types *types)
{
        return scalar(types, WARD_TYPE_BOOL, 1, 0);
}

const struct ward_type *types_int(struct types *types, uint32_t size, bool is_signed)
{
        return scalar(types, WARD_TYPE_INT, size, WARD_TYPE_PLAIN | (is_signed ? WARD_TYPE_SIGNED : 0));
}

const struct ward_type *types_float(struct types *types, uint32_t size)
{
        return scalar(types, WARD_TYPE_FLOAT, size, WARD_TYPE_PLAIN);
}

const struct ward_type *types_char(struct types *types)
{
        return scalar(types, WARD_TYPE_CHAR, 4, 0);
}

const struct ward_type *types_flags(struct types *types, uint32_t n)
{
        struct made *made = grab(types, sizeof *made);
        uint32_t size = n <= 8 ? 1 : n <= 16 ? 2 : n <= 32 ? 4 : 8;
        made->align = size;
        made->type = (struct ward_type){ .kind = WARD_TYPE_FLAGS,
                                         .abi_align = (uint8_t)(size < 4 ? size : 4),
                                         .abi_size = size,
                                         .size = size,
                                         .flat = size / 8 + 1,
                                         .n = n };
        return &made->type;
}

const struct ward_type *types_handle(struct types *types, uint8_t kind, const struct ward_resource *resource, uint32_t size)
{
        struct made *made = grab(types, sizeof *made);
        made->align = size;
        made->type = (struct ward_type){ .kind = kind,
                                         .flags = WARD_TYPE_HANDLES,
                                         .abi_align = 4,
                                         .abi_size = 4,
                                         .size = size,
                                         .flat = 1,
                                         .resource = resource };
        return &made->type;
}

static struct made *new_block(struct types *types, uint8_t kind)
{
        struct made *made = grab(types, sizeof *made);
        made->align = _Alignof(struct block);
        made->type = (struct ward_type){
                .kind = kind, .flags = WARD_TYPE_OWNS, .abi_align = 4, .abi_size = 8, .size = sizeof(struct block), .flat = 2
        };
        return made;
}

const struct ward_type *types_string(struct types *types)
{
        return &new_block(types, WARD_TYPE_STRING)->type;
}

const struct ward_type *types_string16(struct types *types)
{
        struct made *made = new_block(types, WARD_TYPE_STRING);
        made->type.flags |= WARD_TYPE_UTF16;
        return &made->type;
}

static const struct ward_field *element_field(struct types *types, const struct ward_type *element)
{
        struct ward_field *field = grab(types, sizeof *field);
        field->type = element;
        return field;
}

const struct ward_type *types_list(struct types *types, const struct ward_type *element)
{
        struct made *made = new_block(types, WARD_TYPE_LIST);
        made->type.fields = element_field(types, element);
        made->type.n = 1;
        made->type.flags |= element->flags & WARD_TYPE_HANDLES;
        return &made->type;
}

const struct ward_type *types_array(struct types *types, const struct ward_type *element, uint32_t n)
{
        struct made *made = grab(types, sizeof *made);
        made->align = c_align(element);
        made->type = (struct ward_type){ .kind = WARD_TYPE_ARRAY,
                                         .flags = element->flags & (WARD_TYPE_PLAIN | HELD),
                                         .abi_align = element->abi_align,
                                         .abi_size = n * element->abi_size,
                                         .size = n * element->size,
                                         .flat = n * element->flat,
                                         .n = n,
                                         .fields = element_field(types, element) };
        return &made->type;
}

const struct ward_type *types_record(struct types *types, uint32_t n, const struct ward_type *const *members)
{
        struct made *made = grab(types, sizeof *made);
        struct ward_field *fields = grab(types, (n + 1) * sizeof *fields);
        struct ward_type *type = &made->type;
        uint32_t filled = 0;
        *type = (struct ward_type){ .kind = WARD_TYPE_RECORD, .flags = WARD_TYPE_PLAIN, .abi_align = 1, .n = n, .fields = fields };
        made->align = 1;
        for (uint32_t i = 0; i < n; i++) {
                const struct ward_type *member = members[i];
                fields[i] = (struct ward_field){ member, align_up(type->size, c_align(member)),
                                                 align_up(type->abi_size, member->abi_align) };
                type->size = fields[i].at + member->size;
                type->abi_size = fields[i].abi_at + member->abi_size;
                type->flat += member->flat;
                type->flags |= member->flags & HELD;
                if (!(member->flags & WARD_TYPE_PLAIN))
                        type->flags &= (uint8_t)~WARD_TYPE_PLAIN;
                type->abi_align = (uint8_t)greater(type->abi_align, member->abi_align);
                made->align = greater(made->align, c_align(member));
                filled += member->size;
        }
        type->size = align_up(type->size, made->align);
        type->abi_size = align_up(type->abi_size, type->abi_align);
        if (!filled || filled != type->size || type->size != type->abi_size)
                type->flags &= (uint8_t)~WARD_TYPE_PLAIN;
        return type;
}

const struct ward_type *types_empty(struct types *types, uint32_t size)
{
        struct made *made = grab(types, sizeof *made);
        made->align = 1;
        made->type = (struct ward_type){ .kind = WARD_TYPE_RECORD, .abi_align = 1, .size = size };
        return &made->type;
}

/* The greatest size, alignment and number of flat values of the payloads, into the descriptor of a variant. */
static void measure_payloads(struct made *made, const struct ward_type *const *payloads)
{
        struct ward_type *type = &made->type;
        type->flat = 0;
        for (uint32_t i = 0; payloads && i < type->n; i++) {
                if (!payloads[i])
                        continue;
                type->abi_size = greater(type->abi_size, payloads[i]->abi_size);
                type->size = greater(type->size, payloads[i]->size);
                type->flat = greater(type->flat, payloads[i]->flat);
                type->flags |= payloads[i]->flags & HELD;
                type->abi_align = (uint8_t)greater(type->abi_align, payloads[i]->abi_align);
                made->align = greater(made->align, c_align(payloads[i]));
        }
        type->flat++;
}

const struct ward_type *types_variant(struct types *types, uint32_t n, const struct ward_type *const *payloads)
{
        struct made *made = grab(types, sizeof *made);
        struct ward_type *type = &made->type;
        uint8_t tag_size = n <= 256 ? 1 : n <= 65536 ? 2 : 4;
        *type = (struct ward_type){ .kind = WARD_TYPE_VARIANT, .tag_size = tag_size, .abi_align = tag_size, .n = n };
        made->align = tag_size;
        measure_payloads(made, payloads);
        uint32_t at = align_up(tag_size, made->align), abi_at = align_up(tag_size, type->abi_align);
        type->size = align_up(at + type->size, made->align);
        type->abi_size = align_up(abi_at + type->abi_size, type->abi_align);
        if (payloads) {
                struct ward_field *fields = grab(types, n * sizeof *fields);
                for (uint32_t i = 0; i < n; i++)
                        fields[i] = (struct ward_field){ payloads[i], at, abi_at };
                type->fields = fields;
        }
        return type;
}

const struct ward_type *types_option(struct types *types, const struct ward_type *some)
{
        return types_variant(types, 2, (const struct ward_type *const[]){ NULL, some });
}

const struct ward_type *types_result(struct types *types, const struct ward_type *ok, const struct ward_type *err)
{
        return types_variant(types, 2, (const struct ward_type *const[]){ ok, err });
}

const struct ward_func *types_func(struct types *types, uint32_t n, const struct ward_type *const *params,
                                   const struct ward_type *result)
{
        struct ward_func *func = grab(types, sizeof *func);
        *func = (struct ward_func){ .name = "f", .params = types_record(types, n, params), .result = result };
        return func;
}

/* --- The other side --------------------------------------------------------------------------- */

/* The types of @n members, which may be NULL, as the other side has them. */
static const struct ward_type **other_members(struct types *types, const struct ward_type *type)
{
        const struct ward_type **members = grab(types, (type->n + 1) * sizeof *members);
        for (uint32_t i = 0; i < type->n; i++)
                members[i] = type->fields[i].type ? types_other_side(types, type->fields[i].type) : NULL;
        return members;
}

const struct ward_type *types_other_side(struct types *types, const struct ward_type *type)
{
        switch (type->kind) {
        case WARD_TYPE_OWN:
        case WARD_TYPE_BORROW:
                return types_handle(types, type->kind, type->resource, 12 - type->size);
        case WARD_TYPE_STRING:
                return type->flags & WARD_TYPE_UTF16 ? types_string(types) : types_string16(types);
        case WARD_TYPE_LIST:
                return types_list(types, types_other_side(types, type->fields[0].type));
        case WARD_TYPE_ARRAY:
                return types_array(types, types_other_side(types, type->fields[0].type), type->n);
        case WARD_TYPE_RECORD:
                return type->n ? types_record(types, type->n, other_members(types, type)) : types_empty(types, 1 - type->size);
        case WARD_TYPE_VARIANT:
                return type->fields ? types_variant(types, type->n, other_members(types, type)) : type;
        default:
                return type;
        }
}

const struct ward_func *types_func_other_side(struct types *types, const struct ward_func *func)
{
        return types_func(types, func->params->n, other_members(types, func->params),
                          func->result ? types_other_side(types, func->result) : NULL);
}
