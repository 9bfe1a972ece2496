/* What a shared library says to the loader before any of its code runs: its name, the libraries that it needs, and where these are
 * to be looked for.
 *
 * 1. library_open, or a struct library_file of the caller's  2. library_read  3. library_finish
 *
 * Files may be hostile, and may change while they are read: every part is copied, bounded, and then looked at. They are found by
 * their program headers, as the loader finds them. Only libraries that this program could load itself are read, so that what
 * <elf.h> has is enough: a library for hosts brings no reader of all machines' files along (store/elf.c has that). */
#ifndef NATIVE_LIBRARY_H
#define NATIVE_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>
#include <ward/fault.h>
#include "base/span.h"

enum {
        LIBRARY_TEXT_MAX = 4096, /* a name, or a list of folders */
        LIBRARY_NEEDED_MAX = 1000,
};

/* Where it is read from. */
struct library_file {
        int fd; /* -1: @bytes */
        struct ward_span bytes;
};

struct library {
        char *soname; /* DT_SONAME; NULL: none. This and what follows is owned */
        char *rpath; /* DT_RPATH, which those that it needs inherit; NULL where there is a DT_RUNPATH, which is looked at instead */
        char *runpath; /* DT_RUNPATH */
        char **needed; /* DT_NEEDED */
        size_t n_needed;
};

/* A regular file, by its path: a descriptor, or a negative errno. Devices are not touched: the path may be a hostile module's. */
int library_open(const char *path);

/* 0; 1: it is none that this program could load; or MODULE: it is cut short, damaged or hostile, and SYSTEM. @path names it. */
int library_read(const struct library_file *file, const char *path, struct library *ret_library, struct ward_fault *fault);
void library_finish(struct library *library);

#endif
