#include "marshal/marshal.h"

#include <stdlib.h>

#include "base/fault.h"
#include "marshal/layout.h"

/* Like lifting: @to is zeroed and stays well formed throughout, so that marshal_copy can free it as a whole. */
static bool copy(const struct ward_type *type, const void *from, void *to);

static bool copy_elements(const struct ward_type *element, struct block from, void *to)
{
        if (!(element->flags & WARD_TYPE_OWNS)) {
                memcpy(to, from.ptr, from.len * element->size);
                return true;
        }
        for (size_t i = 0; i < from.len; i++)
                if (!copy(element, (const char *)from.ptr + i * element->size, (char *)to + i * element->size))
                        return false;
        return true;
}

static bool copy_block(const struct ward_type *type, const void *from, void *to)
{
        struct block block = block_read(from);
        size_t size = type->kind == WARD_TYPE_STRING ? 1 : element_of(type)->size;
        if (!block.len)
                return true;
        void *own = calloc(block.len, size ? size : 1);
        if (!own)
                return false;
        block_write(to, own, block.len);
        if (type->kind == WARD_TYPE_LIST)
                return copy_elements(element_of(type), block, own);
        memcpy(own, block.ptr, block.len);
        return true;
}

static bool copy_variant(const struct ward_type *type, const void *from, void *to)
{
        uint32_t tag = ward_value_tag(type, from);
        if (tag >= type->n)
                return true;
        bits_write(to, type->tag_size, tag);
        const struct ward_field *payload = payload_of(type, tag);
        return !payload || copy(payload->type, (const char *)from + payload->at, (char *)to + payload->at);
}

static bool copy(const struct ward_type *type, const void *from, void *to)
{
        if (!(type->flags & WARD_TYPE_OWNS)) {
                memcpy(to, from, type->size);
                return true;
        }
        if (type->kind == WARD_TYPE_VARIANT)
                return copy_variant(type, from, to);
        if (type->kind != WARD_TYPE_RECORD)
                return copy_block(type, from, to);
        for (uint32_t i = 0; i < type->n; i++)
                if (!copy(type->fields[i].type, (const char *)from + type->fields[i].at, (char *)to + type->fields[i].at))
                        return false;
        return true;
}

int marshal_copy(const struct ward_type *type, const void *from, const struct marshal_handles *lower,
                 const struct ward_type *to_type, void *to, const struct marshal_handles *lift, struct ward_fault *fault)
{
        (void)lower;
        (void)to_type;
        (void)lift;
        memset(to, 0, type->size);
        if (copy(type, from, to))
                return 0;
        ward_value_free(type, to);
        return fault_set(fault, WARD_FAULT_SYSTEM, "there is no memory to copy a value");
}
