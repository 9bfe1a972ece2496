/* Versions (semver.org 2.0). */
#ifndef CONTRACT_SEMVER_H
#define CONTRACT_SEMVER_H

#include <stddef.h>

/* The length of the version that @text begins with, or 0. */
size_t semver_length(const char *text, size_t len);

/* Below, equal to or above 0, by precedence; versions that differ in build metadata only are told apart by it, so that the order is
 * total. Both are valid. */
int semver_compare(const char *a, const char *b);

#endif
