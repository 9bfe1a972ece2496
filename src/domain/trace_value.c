/* What a trace says of values. */
#include "domain/trace.h"

struct block {
        const char *at;
        size_t len;
};

/* What it holds beside itself. */
static uint64_t contents(const struct ward_type *type, const char *at);

/* The elements that the list or string @block has there, and what they hold. */
static uint64_t elements(const struct ward_type *type, const struct block *block)
{
        const struct ward_type *element = type->fields[0].type;
        uint64_t bytes = (uint64_t)block->len * element->abi_size;
        for (size_t i = 0; (element->flags & WARD_TYPE_OWNS) && block->at && i < block->len; i++)
                bytes += contents(element, block->at + i * element->size);
        return bytes;
}

static uint64_t fields(const struct ward_type *type, const char *at)
{
        uint64_t bytes = 0;
        for (uint32_t i = 0; i < type->n; i++)
                bytes += contents(type->fields[i].type, at + type->fields[i].at);
        return bytes;
}

static uint64_t payload(const struct ward_type *type, const char *at)
{
        uint32_t tag = ward_value_tag(type, at);
        if (!type->fields || tag >= type->n || !type->fields[tag].type)
                return 0;
        return contents(type->fields[tag].type, at + type->fields[tag].at);
}

static uint64_t contents(const struct ward_type *type, const char *at)
{
        struct block block;
        uint64_t bytes = 0;
        if (!(type->flags & WARD_TYPE_OWNS))
                return 0;
        switch (type->kind) {
        case WARD_TYPE_STRING:
                memcpy(&block, at, sizeof block);
                return (uint64_t)block.len * (type->flags & WARD_TYPE_UTF16 ? 2 : 1);
        case WARD_TYPE_LIST:
                memcpy(&block, at, sizeof block);
                return elements(type, &block);
        case WARD_TYPE_ARRAY:
                for (uint32_t i = 0; i < type->n; i++)
                        bytes += contents(type->fields[0].type, at + (size_t)i * type->fields[0].type->size);
                return bytes;
        case WARD_TYPE_RECORD:
                return fields(type, at);
        case WARD_TYPE_VARIANT:
                return payload(type, at);
        default:
                return 0;
        }
}

uint64_t trace_bytes(const struct ward_type *type, const void *value)
{
        return type ? type->abi_size + contents(type, value) : 0;
}

/* A type says only that it is a variant of two cases; the signature, in which names are resolved, says which. */
bool trace_is_error(const struct ward_func *func, const void *ret)
{
        static const char arrow[] = ") -> result";
        const char *at = strstr(func->signature, arrow);
        if (!at || !func->result || func->result->kind != WARD_TYPE_VARIANT)
                return false;
        char next = at[sizeof arrow - 1];
        return (!next || next == '<') && ward_value_tag(func->result, ret) == 1;
}
