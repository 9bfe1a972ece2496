/* Names that are alike: for "did you mean …?". */
#ifndef BASE_NEAR_H
#define BASE_NEAR_H

#include <stddef.h>

enum { NEAR_LENGTH_MAX = 40 }; /* longer names are like none */

/* How many edits turn one name into the other (Levenshtein). Both are at most NEAR_LENGTH_MAX long. */
unsigned near_edits(const char *a, size_t a_len, const char *b, size_t b_len);

/* The most edits after which a name of @len bytes may still have been meant. */
unsigned near_bound(size_t len);

/* The one of @names that is most like @name, if it is enough so to have been meant; else NULL. */
const char *near_find(const char *name, const char *const *names, size_t n);

#endif
