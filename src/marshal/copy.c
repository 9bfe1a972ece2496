/* Copying: from one side's C form to the other's. Both sides describe the same type of a contract; what may differ is how they name
 * handles and encode strings. */
#include "marshal/marshal.h"

#include <stdlib.h>

#include "marshal/encoding.h"
#include "marshal/layout.h"

struct copy {
        const struct marshal_handles *lower, *lift;
        struct part part;
};

/* Like lifting: what owns anything is zeroed first and stays well formed throughout, so that marshal_copy can free it as a whole.
 */
static int copy(const struct copy *c, const struct ward_type *from_type, const void *from, const struct ward_type *to_type,
                void *to);

/* The bytes of one side's value are the other's. */
static bool is_same(const struct ward_type *from, const struct ward_type *to)
{
        if (from->flags & (WARD_TYPE_OWNS | WARD_TYPE_HANDLES))
                return false;
        return from == to || from->kind <= WARD_TYPE_FLAGS || (from->flags & to->flags & WARD_TYPE_PLAIN);
}

/* The same for elements, of which there may be many: here a look at the fields is worth its time. They may lie elsewhere on the
 * other side where a record without fields, which C++ makes a byte, comes before. */
static bool are_same(const struct ward_type *from, const struct ward_type *to)
{
        if (is_same(from, to))
                return true;
        if (from->kind != WARD_TYPE_RECORD || from->size != to->size)
                return false;
        for (uint32_t i = 0; i < from->n; i++)
                if (from->fields[i].at != to->fields[i].at || !is_same(from->fields[i].type, to->fields[i].type))
                        return false;
        return true;
}

static int new_block(const struct copy *c, size_t n, size_t size, bool zeroed, void **ret_block)
{
        if (!size)
                size = 1;
        void *block = zeroed ? calloc(n, size) : reallocarray(NULL, n, size);
        if (!block)
                return part_fault(&c->part, WARD_FAULT_SYSTEM, "there is no memory to copy a value");
        *ret_block = block;
        return 0;
}

static int copy_handle(const struct copy *c, const struct ward_type *from_type, const void *from, const struct ward_type *to_type,
                       void *to)
{
        void *object;
        uint32_t number = 0;
        if (from_type->resource->shared) {
                memcpy(&object, from, sizeof object);
                memcpy(to, from, sizeof object);
                return object ? 0 : part_fault(&c->part, WARD_FAULT_USAGE, "NULL is no object of '%s'", from_type->resource->name);
        }
        int r = part_lower_handle(&c->part, c->lower, from_type, from, &number);
        return r ? r : part_lift_handle(&c->part, c->lift, to_type, number, to);
}

static int copy_string(const struct copy *c, const struct ward_type *from_type, const void *from, const struct ward_type *to_type,
                       void *to)
{
        enum marshal_encoding as = encoding_of(to_type);
        struct block block = block_read(from);
        struct text text = { block.ptr, block.len, encoding_of(from_type) };
        size_t units = block.len;
        void *own = NULL;
        block_write(to, NULL, 0);
        if (!block.len)
                return 0;
        if (!text.at)
                return part_fault(&c->part, WARD_FAULT_USAGE, "a string of %zu bytes at NULL",
                                  text.units * encoding_unit(text.encoding));
        if (text.encoding != as && !encoding_measure(&text, as, &units))
                return part_fault(&c->part, WARD_FAULT_USAGE, "a string of %zu bytes that is not %s",
                                  text.units * encoding_unit(text.encoding), encoding_name(text.encoding));
        int r = new_block(c, units, encoding_unit(as), false, &own);
        if (r)
                return r;
        if (text.encoding == as)
                memcpy(own, text.at, units * encoding_unit(as));
        else
                encoding_convert(&text, own, units);
        block_write(to, own, units);
        return 0;
}

static int copy_elements(const struct copy *c, const struct ward_type *from_type, const void *from, const struct ward_type *to_type,
                         void *to, size_t n)
{
        int r = 0;
        if (are_same(from_type, to_type)) {
                memcpy(to, from, n * from_type->size);
                return 0;
        }
        for (size_t i = 0; i < n && !r; i++)
                r = copy(c, from_type, (const char *)from + i * from_type->size, to_type, (char *)to + i * to_type->size);
        return r;
}

static int copy_list(const struct copy *c, const struct ward_type *from_type, const void *from, const struct ward_type *to_type,
                     void *to)
{
        const struct ward_type *element = element_of(to_type);
        struct block block = block_read(from);
        void *own = NULL;
        block_write(to, NULL, 0);
        if (!block.len)
                return 0;
        if (!block.ptr)
                return part_fault(&c->part, WARD_FAULT_USAGE, "a list of %zu elements at NULL", block.len);
        int r = new_block(c, block.len, element->size, element->flags & WARD_TYPE_OWNS, &own);
        if (r)
                return r;
        block_write(to, own, block.len);
        return copy_elements(c, element_of(from_type), block.ptr, element, own, block.len);
}

static int copy_record(const struct copy *c, const struct ward_type *from_type, const void *from, const struct ward_type *to_type,
                       void *to)
{
        int r = 0;
        for (uint32_t i = 0; i < from_type->n && !r; i++) {
                const struct ward_field *source = &from_type->fields[i], *target = &to_type->fields[i];
                r = copy(c, source->type, (const char *)from + source->at, target->type, (char *)to + target->at);
        }
        return r;
}

static int copy_variant(const struct copy *c, const struct ward_type *from_type, const void *from, const struct ward_type *to_type,
                        void *to)
{
        uint32_t tag = ward_value_tag(from_type, from);
        if (tag >= from_type->n)
                return part_fault(&c->part, WARD_FAULT_USAGE, "there is no case %u in a type of %u cases", tag, from_type->n);
        bits_write(to, to_type->tag_size, tag);
        const struct ward_field *source = payload_of(from_type, tag), *target = payload_of(to_type, tag);
        return source ? copy(c, source->type, (const char *)from + source->at, target->type, (char *)to + target->at) : 0;
}

static int copy(const struct copy *c, const struct ward_type *from_type, const void *from, const struct ward_type *to_type,
                void *to)
{
        if (is_same(from_type, to_type)) {
                memcpy(to, from, from_type->size);
                return 0;
        }
        switch (from_type->kind) {
        case WARD_TYPE_OWN:
        case WARD_TYPE_BORROW:
                return copy_handle(c, from_type, from, to_type, to);
        case WARD_TYPE_STRING:
                return copy_string(c, from_type, from, to_type, to);
        case WARD_TYPE_LIST:
                return copy_list(c, from_type, from, to_type, to);
        case WARD_TYPE_ARRAY:
                return copy_elements(c, element_of(from_type), from, element_of(to_type), to, from_type->n);
        case WARD_TYPE_VARIANT:
                return copy_variant(c, from_type, from, to_type, to);
        default: /* a record: scalars are the same */
                return copy_record(c, from_type, from, to_type, to);
        }
}

int marshal_copy(const struct ward_type *from_type, const void *from, const struct marshal_handles *lower,
                 const struct ward_type *to_type, void *to, const struct marshal_handles *lift, struct ward_fault *fault)
{
        const struct copy c = { lower, lift, { NULL, 0, fault } };
        memset(to, 0, to_type->size);
        int r = copy(&c, from_type, from, to_type, to);
        if (r)
                ward_value_free(to_type, to);
        return r;
}
