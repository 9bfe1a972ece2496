/* Types: the C layout by natural alignment, the ABI's from the model. */
#include <string.h>
#include "base/own.h"
#include "contract/abi.h"
#include "dynamic/build.h"

/* A string or list in C. */
struct block {
        void *ptr;
        size_t len;
};

enum { INHERITED = WARD_TYPE_OWNS | WARD_TYPE_HANDLES };

static uint64_t align_up(uint64_t at, uint32_t align)
{
        return (at + align - 1) / align * align;
}

static uint32_t greater(uint32_t a, uint32_t b)
{
        return a > b ? a : b;
}

/* Too large a value is refused once, for the whole contract. Until then sizes stay small enough to be added to. */
static uint32_t bounded(struct builder *b, uint64_t size)
{
        if (size <= DYNAMIC_SIZE_MAX)
                return (uint32_t)size;
        if (!b->failed)
                b->failed = "passes a value of more than 2^28 bytes";
        return DYNAMIC_SIZE_MAX;
}

static struct described *make(struct builder *b, const struct wit_type *type, uint8_t kind, uint8_t flags, uint32_t size,
                              uint32_t align)
{
        struct described *made = arena_take(b->arena, sizeof *made);
        made->align = align;
        made->type = (struct ward_type){ .kind = kind, .flags = flags, .size = size };
        if (type) {
                made->type.tag_size = (uint8_t)type->abi.tag;
                made->type.abi_align = (uint8_t)type->abi.align;
                made->type.abi_size = bounded(b, type->abi.size);
                made->type.flat = type->abi.flat;
        }
        return made;
}

static struct described *make_scalar(struct builder *b, const struct wit_type *type)
{
        uint32_t size = type->abi.size;
        switch (type->kind) {
        case WIT_BOOL:
                return make(b, type, WARD_TYPE_BOOL, 0, size, size);
        case WIT_CHAR:
                return make(b, type, WARD_TYPE_CHAR, 0, size, size);
        case WIT_F32:
        case WIT_F64:
                return make(b, type, WARD_TYPE_FLOAT, WARD_TYPE_PLAIN, size, size);
        case WIT_S8:
        case WIT_S16:
        case WIT_S32:
        case WIT_S64:
                return make(b, type, WARD_TYPE_INT, WARD_TYPE_PLAIN | WARD_TYPE_SIGNED, size, size);
        default:
                return make(b, type, WARD_TYPE_INT, WARD_TYPE_PLAIN, size, size);
        }
}

/* --- Records ---------------------------------------------------------------------------------- */

static struct described *record_begin(struct builder *b, size_t n)
{
        struct described *made = make(b, NULL, WARD_TYPE_RECORD, WARD_TYPE_PLAIN, 0, 1);
        made->type.abi_align = 1;
        made->type.fields = arena_take(b->arena, (n + 1) * sizeof(struct ward_field));
        return made;
}

static void record_add(struct builder *b, struct described *record, const struct described *part)
{
        struct ward_type *type = &record->type;
        struct ward_field *field = (struct ward_field *)&type->fields[type->n++];
        field->type = &part->type;
        field->at = bounded(b, align_up(type->size, part->align));
        field->abi_at = bounded(b, align_up(type->abi_size, part->type.abi_align));
        /* padding carries whatever was there before: with any, the bytes are not to be copied whole */
        if (!(part->type.flags & WARD_TYPE_PLAIN) || field->at != type->size || field->abi_at != type->abi_size)
                type->flags &= (uint8_t)~WARD_TYPE_PLAIN;
        type->flags |= part->type.flags & INHERITED;
        type->size = bounded(b, (uint64_t)field->at + part->type.size);
        type->abi_size = bounded(b, (uint64_t)field->abi_at + part->type.abi_size);
        type->flat += part->type.flat;
        type->abi_align = (uint8_t)greater(type->abi_align, part->type.abi_align);
        record->align = greater(record->align, part->align);
}

static struct described *record_end(struct builder *b, struct described *record)
{
        struct ward_type *type = &record->type;
        uint64_t size = align_up(type->size, record->align), abi_size = align_up(type->abi_size, type->abi_align);
        if (!size || size != type->size || abi_size != size)
                type->flags &= (uint8_t)~WARD_TYPE_PLAIN;
        type->size = bounded(b, size);
        type->abi_size = bounded(b, abi_size);
        return record;
}

static struct described *make_record(struct builder *b, enum side side, const struct wit_member *members, size_t n)
{
        struct described *record = record_begin(b, n);
        for (size_t i = 0; i < n; i++)
                record_add(b, record, describe(b, side, members[i].type));
        return record_end(b, record);
}

/* --- Variants --------------------------------------------------------------------------------- */

static const struct wit_type *payload(const struct wit_type *type, size_t i)
{
        switch (type->kind) {
        case WIT_OPTION:
                return i ? type->element : NULL;
        case WIT_RESULT:
                return i ? type->error : type->element;
        default:
                return type->members[i].type;
        }
}

static void variant_add(struct described *variant, struct ward_field *field, const struct described *part)
{
        field->type = &part->type;
        variant->type.flags |= part->type.flags & INHERITED;
        variant->type.size = greater(variant->type.size, part->type.size);
        variant->align = greater(variant->align, part->align);
}

/* Tag, then a union of the payloads. An enum, and a variant of bare cases, is the tag alone. */
static struct described *make_variant(struct builder *b, enum side side, const struct wit_type *type)
{
        size_t n = type->kind == WIT_OPTION || type->kind == WIT_RESULT ? 2 : type->n_members;
        struct described *made = make(b, type, WARD_TYPE_VARIANT, 0, 0, type->abi.tag);
        struct ward_field *fields = NULL;
        for (size_t i = 0; i < n; i++) {
                if (!payload(type, i))
                        continue;
                if (!fields)
                        fields = arena_take(b->arena, n * sizeof *fields);
                variant_add(made, &fields[i], describe(b, side, payload(type, i)));
        }
        uint64_t at = align_up(type->abi.tag, made->align);
        for (size_t i = 0; fields && i < n; i++)
                if (fields[i].type)
                        fields[i] = (struct ward_field){ fields[i].type, (uint32_t)at, wit_abi_offset(type, i) };
        made->type.n = (uint32_t)n;
        made->type.fields = fields;
        made->type.size = bounded(b, align_up(at + made->type.size, made->align));
        return made;
}

/* --- Blocks, arrays, flags, handles ----------------------------------------------------------- */

static struct described *make_block(struct builder *b, const struct wit_type *type, uint8_t kind, const struct described *element)
{
        struct described *made = make(b, type, kind, WARD_TYPE_OWNS, sizeof(struct block), _Alignof(struct block));
        if (!element)
                return made;
        struct ward_field *field = arena_take(b->arena, sizeof *field);
        field->type = &element->type;
        made->type.n = 1;
        made->type.fields = field;
        made->type.flags |= element->type.flags & WARD_TYPE_HANDLES;
        return made;
}

static const struct described *map_entry(struct builder *b, enum side side, const struct wit_type *map)
{
        struct described *entry = record_begin(b, 2);
        record_add(b, entry, describe(b, side, map->key));
        record_add(b, entry, describe(b, side, map->element));
        return record_end(b, entry);
}

static struct described *make_array(struct builder *b, const struct wit_type *type, const struct described *element)
{
        uint8_t flags = element->type.flags & (INHERITED | WARD_TYPE_PLAIN);
        uint32_t size = bounded(b, (uint64_t)element->type.size * type->length);
        struct described *made = make(b, type, WARD_TYPE_ARRAY, flags, size, element->align);
        struct ward_field *field = arena_take(b->arena, sizeof *field);
        field->type = &element->type;
        made->type.n = type->length;
        made->type.fields = field;
        if (!size)
                made->type.flags &= (uint8_t)~WARD_TYPE_PLAIN;
        return made;
}

static struct described *make_flags(struct builder *b, const struct wit_type *type)
{
        struct described *made = make(b, type, WARD_TYPE_FLAGS, 0, type->abi.size, type->abi.size);
        made->type.n = (uint32_t)type->n_members;
        return made;
}

/* The host's own objects are pointers, the add-in's are tokens. */
static struct described *make_handle(struct builder *b, enum side side, const struct wit_type *type)
{
        const struct wit_type *of = wit_resolve(type->element);
        bool by_addin = side == SIDE_EXPORT && of->interface && b->exported[of->interface->index];
        uint8_t kind = type->kind == WIT_OWN ? WARD_TYPE_OWN : WARD_TYPE_BORROW;
        struct described *made = by_addin ? make(b, type, kind, WARD_TYPE_HANDLES, sizeof(uint64_t), _Alignof(uint64_t))
                                          : make(b, type, kind, WARD_TYPE_HANDLES, sizeof(void *), _Alignof(void *));
        made->type.resource = b->resources[by_addin ? SIDE_EXPORT : SIDE_IMPORT][of->index];
        if (!made->type.resource && !b->failed)
                b->failed = "passes a handle of a resource that it neither imports nor exports";
        return made;
}

static const struct described *describe_new(struct builder *b, enum side side, const struct wit_type *type)
{
        switch (type->kind) {
        case WIT_STRING:
                return make_block(b, type, WARD_TYPE_STRING, NULL);
        case WIT_LIST:
                return make_block(b, type, WARD_TYPE_LIST, describe(b, side, type->element));
        case WIT_MAP:
                return make_block(b, type, WARD_TYPE_LIST, map_entry(b, side, type));
        case WIT_FIXED_LIST:
                return make_array(b, type, describe(b, side, type->element));
        case WIT_RECORD:
        case WIT_TUPLE:
                return make_record(b, side, type->members, type->n_members);
        case WIT_OPTION:
        case WIT_RESULT:
        case WIT_VARIANT:
        case WIT_ENUM:
                return make_variant(b, side, type);
        case WIT_FLAGS:
                return make_flags(b, type);
        case WIT_OWN:
        case WIT_BORROW:
                return make_handle(b, side, type);
        default:
                return make_scalar(b, type);
        }
}

const struct described *describe(struct builder *b, enum side side, const struct wit_type *type)
{
        type = wit_resolve(type);
        const struct described **made = &b->types[side][wit_is_primitive(type) ? b->contract->n_types + type->kind : type->index];
        if (!*made)
                *made = describe_new(b, side, type);
        return *made;
}

const struct described *describe_params(struct builder *b, enum side side, const struct wit_func *func)
{
        return make_record(b, side, func->params, func->n_params);
}
