/* Names of the isolation kinds. */
#include <string.h>
#include <ward/host.h>
#include "base/own.h"

static const char *const names[] = {
        [WARD_DIRECT] = "direct",
        [WARD_WASM] = "wasm",
        [WARD_PROCESS] = "process",
};

const char *ward_isolation_name(enum ward_isolation isolation)
{
        return (unsigned)isolation < COUNT_OF(names) ? names[isolation] : "unknown";
}

bool ward_isolation_from_name(const char *name, enum ward_isolation *ret)
{
        for (unsigned i = 0; name && i < COUNT_OF(names); i++) {
                if (strcmp(name, names[i]))
                        continue;
                *ret = (enum ward_isolation)i;
                return true;
        }
        return false;
}
