/* The texts that a contract is read from.
 *
 * 1. sources_load or sources_add  2. look at sources->items  3. sources_finish
 *
 * Texts are grouped by package: group 0 is the contract's own, each entry of deps/ is one more. Loading is bounded: no more than
 * SOURCE_FILES_MAX files and SOURCE_BYTES_MAX bytes in all. */
#ifndef CONTRACT_SOURCE_H
#define CONTRACT_SOURCE_H

#include <stddef.h>

enum {
        SOURCE_FILES_MAX = 1000,
        SOURCE_BYTES_MAX = 4 * 1024 * 1024,
};

struct source {
        char *name; /* what errors call it: the path, for a file */
        char *text; /* NUL-terminated, without a byte order mark */
        size_t len;
        size_t group;
};

struct sources {
        struct source **items; /* in the order of groups, and of names within a group */
        size_t n;
        size_t n_groups;
        size_t bytes;
};

void sources_finish(struct sources *sources);

/* Copies a text. Returns NULL, or what is wrong: a malloc'd message, or a constant that sources_error_free leaves alone. */
char *sources_add(struct sources *sources, size_t group, const char *name, const char *text, size_t len);

/* Loads a file, or a folder's .wit files and its deps/. The same result. */
char *sources_load(struct sources *sources, const char *path);

void sources_error_free(char *error);

#endif
