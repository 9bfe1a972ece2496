/* Opens the libraries that an add-in needs (needed.h) by exactly these files, before the add-in itself: so the loader finds each by
 * its name among what is loaded, and searches for none.
 *
 * 1. libraries_open  2. native_open, of the add-in  3. native_close  4. libraries_close
 *
 * Libraries that need each other in a circle are the exception: the loader has to search for one of them, and finds it where their
 * DT_RUNPATH says or where the system's are. */
#ifndef NATIVE_LIBRARIES_H
#define NATIVE_LIBRARIES_H

#include <stddef.h>
#include <stdint.h>
#include <ward/fault.h>

struct native_library {
        const char *name; /* for people */
        const char *path;
        const char *alias; /* the name by which it is needed, where it does not say so itself; or NULL */
        int copy;          /* memfd to load it from; or -1 */
};

struct opened_library;

struct opened_libraries {
        struct opened_library *list;
        uint32_t n;
};

/* Opens all that can be opened, in this order. Takes the copies. Where one cannot, the loader goes by itself, and what it says then
 * may be less to the point: *@ret_why, WARD_FAULT_NONE at first, has the first reason. 0, or SYSTEM for want of memory. */
int libraries_open(const struct native_library *libraries, uint32_t n, struct opened_libraries *ret_opened,
                   struct ward_fault *ret_why, struct ward_fault *fault);
/* The last one first. Takes all zeros. */
void libraries_close(struct opened_libraries *opened);

#endif
