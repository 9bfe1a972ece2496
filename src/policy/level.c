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

enum ward_level level_stricter(enum ward_level a, enum ward_level b)
{
        if (a == WARD_LEVEL_DEFAULT || b == WARD_LEVEL_DEFAULT)
                return a == WARD_LEVEL_DEFAULT ? b : a;
        return a < b ? a : b;
}

/* What is part of the host's process may do what that may. */
static int refuse_direct(enum ward_level level, struct ward_fault *fault)
{
        return fault_set(
                fault, WARD_FAULT_REFUSED,
                "security level %s is refused at kind direct, where nothing holds an add-in; choose kind wasm or process, or "
                "level full-trust or host if you trust it",
                ward_level_name(level));
}

int level_check(enum ward_isolation isolation, enum ward_level level, struct ward_fault *fault)
{
        switch (level_effective(level)) {
        case WARD_LEVEL_FULL_TRUST:
        case WARD_LEVEL_HOST:
                return 0;
        case WARD_LEVEL_INTERNET:
        case WARD_LEVEL_INTRANET:
                return isolation == WARD_DIRECT ? refuse_direct(level, fault) : 0;
        default:
                return fault_set(fault, WARD_FAULT_USAGE, "%d is no security level", (int)level);
        }
}

const char *level_refusal(enum ward_level level, enum permission_kind kind)
{
        switch (level_effective(level)) {
        case WARD_LEVEL_INTRANET:
                return NULL;
        case WARD_LEVEL_INTERNET:
                return kind == PERMISSION_ENV
                               ? NULL
                               : "level internet has no files, network or processes; choose level intranet to grant some";
        default:
                return kind == PERMISSION_ENV ? NULL
                                              : "permissions are for level intranet: levels full-trust and host are not held to "
                                                "any; choose intranet";
        }
}

static const char *kind_refusal(enum ward_isolation isolation, enum permission_kind kind)
{
        if (isolation == WARD_DIRECT)
                return "at kind direct an add-in has what its host has; choose kind wasm or process";
        if (isolation == WARD_WASM && kind == PERMISSION_CONNECT)
                return "a module at kind wasm cannot have connections; choose kind process, or provide them by the contract";
        if (isolation == WARD_WASM && (kind == PERMISSION_EXECUTE || kind == PERMISSION_SPAWN))
                return "a module at kind wasm cannot have processes; choose kind process";
        return NULL;
}

int level_check_permission(enum ward_isolation isolation, enum ward_level level, enum permission_kind kind,
                           struct ward_fault *fault)
{
        const char *why = kind_refusal(isolation, kind);
        if (!why)
                why = level_refusal(level, kind);
        return why ? fault_set(fault, WARD_FAULT_REFUSED, "permission '%s' is refused: %s", permission_name(kind), why) : 0;
}

int level_check_record(enum ward_isolation isolation, enum ward_level level, struct ward_fault *fault)
{
        if (isolation == WARD_PROCESS && level_effective(level) == WARD_LEVEL_FULL_TRUST)
                return 0;
        return fault_set(fault, WARD_FAULT_REFUSED,
                         "what add-ins use is recorded at kind process and level full-trust only, not at kind %s and level %s",
                         ward_isolation_name(isolation), ward_level_name(level));
}
