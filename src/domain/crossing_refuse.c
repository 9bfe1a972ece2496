/* What happens to what the host gave away in a value that cannot be passed. */
#include <string.h>
#include "domain/objects.h"
#include "domain/references_parts.h"

static void refuse(void *context, const struct ward_type *type, const void *value)
{
        struct references *references = context;
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

void crossing_refuse(struct crossing *crossing, const struct ward_type *type, const void *value)
{
        if (crossing->references && type)
                marshal_each_own(type, value, refuse, crossing->references);
}
