/* A table of handles (Component Model, CanonicalABI.md: "Table State", "Resource State"): what one add-in names by 32-bit numbers.
 * Pure: no locks, nothing is destroyed. */
#ifndef DOMAIN_HANDLES_H
#define DOMAIN_HANDLES_H

#include <stdint.h>

/* Well below the ABI's 2^28 - 1: an add-in must not fill the host's memory with handles. */
enum { HANDLES_MAX = 1 << 22 };

enum handle_kind {
        HANDLE_FREE = 0,
        HANDLE_OWN,
        HANDLE_BORROW,
};

struct handle {
        union {
                void *object;       /* of the host's */
                uintptr_t rep;      /* the add-in's own representation of an object of its own */
                uint32_t next_free; /* the index of another, or 0 */
        };
        const void *scope; /* borrow: the crossing that lent it */
        uint32_t resource;
        uint32_t lends : 30; /* calls to which the object is lent by this handle */
        uint32_t kind : 2;   /* enum handle_kind */
};

/* All zeros is an empty one. */
struct handles {
        struct handle *table; /* index 0 is never used */
        uint32_t size;
        uint32_t used; /* indices from here on were never used */
        uint32_t free; /* the last one freed, or 0 */
        uint32_t n_own;
};

void handles_finish(struct handles *handles);

/* 0, -ENOMEM, or -ENOSPC where there are HANDLES_MAX. Moves the table. */
int handles_add(struct handles *handles, struct handle handle, uint32_t *ret_index);

/* NULL if there is none. Valid until the next addition. */
struct handle *handles_find(const struct handles *handles, uint32_t index);

/* Of one that there is. */
void handles_remove(struct handles *handles, uint32_t index);

#endif
