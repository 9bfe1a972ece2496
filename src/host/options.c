/* Options structs, which grow at their end: a host that was built with an older header passes a shorter one.
 * What is added begins where the struct ended before, not in what was padding there: nobody has cleared that. */
#include <string.h>
#include "base/fault.h"
#include "host/host.h"

int host_take_options(const struct host_options_form *form, const void *given, void *ret, struct ward_fault *fault)
{
        size_t size;
        memcpy(&size, given, sizeof size);
        if (size < form->oldest || size > form->newest)
                return fault_set(fault, WARD_FAULT_USAGE, "%s.size is %zu, not %zu: set it to sizeof (struct %s)", form->name, size,
                                 form->newest, form->name);
        memset(ret, 0, form->newest);
        memcpy(ret, given, size);
        memcpy(ret, &form->newest, sizeof form->newest);
        return 0;
}
