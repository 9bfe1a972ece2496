/* Names as a world has them, where an interface may go by a label. */
#include <stdio.h>
#include "contract/abi.h"

static char *labelled(const struct wit_item *item, const char *name)
{
        char *made = NULL;
        return asprintf(&made, "%s#%s", item->name, name) < 0 ? NULL : made;
}

char *wit_item_func_id(const struct wit_item *item, const struct wit_func *func)
{
        return item->interface && item->name ? labelled(item, func->name) : wit_func_id(item->interface, func);
}

char *wit_item_resource_id(const struct wit_item *item, const struct wit_type *resource)
{
        return item->interface && item->name ? labelled(item, resource->name) : wit_resource_id(resource);
}
