/* Paths as text. Pure. */
#ifndef POLICY_PATH_H
#define POLICY_PATH_H

#include <stdbool.h>

enum { POLICY_PATH_MAX = 4095 };

/* @path, beginning in @folder unless it is absolute, without ".", "..", double slashes and one at the end: a copy for the caller to
 * free; NULL without memory. */
char *path_normalise(const char *folder, const char *path);

/* Whether @path is @folder or below it; both are normal. */
bool path_is_below(const char *path, const char *folder);

/* Why nobody can be granted @path, which is normal: it shows what no add-in is to see. NULL: it can be. */
const char *path_refusal(const char *path);

#endif
