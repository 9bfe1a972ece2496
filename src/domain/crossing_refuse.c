/* What happens to what the host gave away in a value that cannot be passed. */
#include <string.h>
#include "domain/objects.h"
#include "domain/references_parts.h"

static void refuse(struct references *references, const struct ward_type *type, const void *value);

static void refuse_own(struct references *references, const struct ward_type *type, const void *value)
{
        uint64_t token;
        void *object;
        if (type->resource->by_addin) {
                memcpy(&token, value, sizeof token);
                objects_release(references->instance->tokens, token, NULL);
                return;
        }
        memcpy(&object, value, sizeof object);
        if (object)
                references_destroy_hosts(references, type->resource->index, object);
}

static void refuse_elements(struct references *references, const struct ward_type *element, const char *at, size_t n)
{
        for (size_t i = 0; at && i < n; i++)
                refuse(references, element, at + i * element->size);
}

static void refuse_list(struct references *references, const struct ward_type *element, const void *value)
{
        struct {
                const char *ptr;
                size_t len;
        } block;
        memcpy(&block, value, sizeof block);
        refuse_elements(references, element, block.ptr, block.len);
}

/* The value may be why it could not be passed: a case that is none has no payload. */
static void refuse_variant(struct references *references, const struct ward_type *type, const void *value)
{
        uint32_t tag = ward_value_tag(type, value);
        if (type->fields && tag < type->n && type->fields[tag].type)
                refuse(references, type->fields[tag].type, (const char *)value + type->fields[tag].at);
}

static void refuse(struct references *references, const struct ward_type *type, const void *value)
{
        if (!(type->flags & WARD_TYPE_HANDLES))
                return;
        switch (type->kind) {
        case WARD_TYPE_OWN:
                refuse_own(references, type, value);
                break;
        case WARD_TYPE_LIST:
                refuse_list(references, type->fields[0].type, value);
                break;
        case WARD_TYPE_ARRAY:
                refuse_elements(references, type->fields[0].type, value, type->n);
                break;
        case WARD_TYPE_RECORD:
                for (uint32_t i = 0; i < type->n; i++)
                        refuse(references, type->fields[i].type, (const char *)value + type->fields[i].at);
                break;
        case WARD_TYPE_VARIANT:
                refuse_variant(references, type, value);
                break;
        default:
                break;
        }
}

void crossing_refuse(struct crossing *crossing, const struct ward_type *type, const void *value)
{
        if (crossing->references && type)
                refuse(crossing->references, type, value);
}
