/* Which security levels may start at which kind, and which permissions they take. Pure. */
#ifndef POLICY_LEVEL_H
#define POLICY_LEVEL_H

#include <ward/host.h>
#include "policy/permission.h"

/* The level that is meant: WARD_LEVEL_DEFAULT is full-trust. */
enum ward_level level_effective(enum ward_level level);

/* The one of the two that allows less; the default is none. */
enum ward_level level_stricter(enum ward_level a, enum ward_level b);

/* 0 if a domain of kind @isolation can be held at @level; else a REFUSED fault that says why and what to choose. */
int level_check(enum ward_isolation isolation, enum ward_level level, struct ward_fault *fault);

/* Why @level takes no permission of @kind; NULL: it does. */
const char *level_refusal(enum ward_level level, enum permission_kind kind);

/* 0 if a domain of kind @isolation at @level can be given a permission of @kind; else a REFUSED fault, likewise. */
int level_check_permission(enum ward_isolation isolation, enum ward_level level, enum permission_kind kind,
                           struct ward_fault *fault);

/* 0 if what add-ins use can be recorded: where they may do all that their host's user may; else a REFUSED fault. */
int level_check_record(enum ward_isolation isolation, enum ward_level level, struct ward_fault *fault);

#endif
