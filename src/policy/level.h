/* Which security levels may start, at which kind. Pure. */
#ifndef POLICY_LEVEL_H
#define POLICY_LEVEL_H

#include <ward/host.h>

/* The level that is meant: WARD_LEVEL_DEFAULT is full-trust. */
enum ward_level level_effective(enum ward_level level);

/* 0 if a domain of kind @isolation can be held at @level; else a REFUSED fault that says why and what to choose. */
int level_check(enum ward_isolation isolation, enum ward_level level, struct ward_fault *fault);

#endif
