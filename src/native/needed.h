/* The shared libraries that a native add-in needs, directly and by others: found as the loader would, but without running any code,
 * and in the order in which they can be loaded one by one.
 *
 * 1. needed_find  2. needed->files: each behind those that it needs itself  3. needed_finish
 *
 * A library is looked for in: the folders of the order; DT_RPATH of who needs it, and of who needs that (or its DT_RUNPATH only);
 * the system's cache; the system's folders. Who has none of these is asked for it. What is loaded already where the add-in will run
 * is left out, and so is what only that needs.
 *
 * The add-in may be hostile: how many files are read, how often is looked for one, and how much of each is read, is bounded. It
 * gets no file that is not a library, and no other right than to be loaded beside it. */
#ifndef NATIVE_NEEDED_H
#define NATIVE_NEEDED_H

#include <stdbool.h>
#include "native/library.h"

enum { NEEDED_FILES_MAX = 500, NEEDED_LOOKS_MAX = 20000 };

struct needed_file {
        char *path;  /* absolute; of a copy what it is called */
        char *name;  /* by which it is needed */
        char *alias; /* that name, where the file itself says another, or none: the loader would not know it by it; NULL */
        int copy;    /* memfd: the library is there; or -1 */
        bool given;  /* by who asks: from one of the folders, or as an answer */
};

struct needed {
        struct needed_file *files; /* owned, with what is in them */
        size_t n;
};

/* Answers for a library that was not found: 0, with ret->path or ret->copy, the caller's from then on; 1: it is not known; or a
 * fault. @by: the file that needs it. */
typedef int (*needed_resolve)(void *data, const char *name, const char *by, struct needed_file *ret, struct ward_fault *fault);

struct needed_order {
        const char *path;              /* of the add-in */
        struct ward_span image;        /* it, where at is not NULL; else the file */
        const char *const *folders[2]; /* looked in first; NULL-terminated, or NULL */
        bool partial;                  /* what is missing is left out: the loader knows more places */
        bool (*is_loaded)(void *data, const char *name);
        needed_resolve resolve; /* NULL: nobody to ask */
        void *data;             /* for both */
};

/* MODULE: one is missing, damaged, or they are too many; the text says which, who needs it, and where it is not. Or what the
 * resolver gives; SYSTEM. */
int needed_find(const struct needed_order *order, struct needed *ret_needed, struct ward_fault *fault);
/* Takes all zeros. */
void needed_finish(struct needed *needed);

#endif
