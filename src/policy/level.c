#include "policy/level.h"

#include <string.h>
#include "base/fault.h"
#include "base/own.h"

static const char *const level_names[] = {
        [WARD_LEVEL_DEFAULT] = "default",       [WARD_LEVEL_INTERNET] = "internet", [WARD_LEVEL_INTRANET] = "intranet",
        [WARD_LEVEL_FULL_TRUST] = "full-trust", [WARD_LEVEL_HOST] = "host",
};

const char *ward_level_name(enum ward_level level)
{
        return (unsigned)level < COUNT_OF(level_names) ? level_names[level] : "unknown";
}

bool ward_level_from_name(const char *name, enum ward_level *ret)
{
        for (unsigned i = 0; name && i < COUNT_OF(level_names); i++) {
                if (strcmp(name, level_names[i]))
                        continue;
                *ret = (enum ward_level)i;
                return true;
        }
        return false;
}

enum ward_level level_effective(enum ward_level level)
{
        return level == WARD_LEVEL_DEFAULT ? WARD_LEVEL_FULL_TRUST : level;
}

int level_check(enum ward_isolation isolation, enum ward_level level, struct ward_fault *fault)
{
        switch (level_effective(level)) {
        case WARD_LEVEL_FULL_TRUST:
        case WARD_LEVEL_HOST:
                return 0;
        case WARD_LEVEL_INTERNET:
        case WARD_LEVEL_INTRANET:
                return fault_set(
                        fault, WARD_FAULT_REFUSED,
                        "security level %s is refused at kind %s: this version cannot confine what an add-in does to the system; "
                        "choose full-trust or host if you accept that",
                        ward_level_name(level), ward_isolation_name(isolation));
        default:
                return fault_set(fault, WARD_FAULT_USAGE, "%d is no security level", (int)level);
        }
}
