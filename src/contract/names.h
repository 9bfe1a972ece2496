/* Texts of which there is one copy each, and a map whose keys are two pointers.
 *
 * Interned names are compared as pointers. The tables live in the arena that they were made with. */
#ifndef CONTRACT_NAMES_H
#define CONTRACT_NAMES_H

#include <stddef.h>

#include "contract/arena.h"

struct name_slot;

struct names {
        struct arena *texts; /* where the names live */
        struct arena *tables;
        struct name_slot *slots;
        size_t n;
        size_t capacity;
};

/* The one copy of the bytes, NUL-terminated. Takes any bytes, so that a key made of several values can be interned too. */
const char *names_intern(struct names *names, const void *bytes, size_t len);

/* The name in lower case: two names that differ in case only fold to the same. */
const char *names_fold(struct names *names, const char *name);

struct map_slot;

struct map {
        struct arena *tables;
        struct map_slot *slots;
        size_t n;
        size_t capacity;
};

/* What was put, or NULL. */
void *map_get(const struct map *map, const void *scope, const void *name);

/* Puts @value, which is not NULL, or replaces what was there. */
void map_put(struct map *map, const void *scope, const void *name, void *value);

#endif
