/* What a thread owes for values that cross: references to buffers and streams that are to be given back, last in first out. All
 * zeros is none. */
#ifndef WORKER_DEBTS_H
#define WORKER_DEBTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <ward/fault.h>
#include <ward/value.h>

struct debt {
        uint8_t shared; /* enum ward_shared */
        bool given;     /* to the host: if that arrives; else it was taken from there */
        void *object;
};

enum { DEBTS_FEW = 8 }; /* so many cost no memory */

struct debts {
        struct debt few[DEBTS_FEW];
        struct debt *more; /* those beyond: freed with the last */
        size_t n, room;
};

/* @object, a thing of the resource of @type. SYSTEM. */
int debts_owe(struct debts *debts, const struct ward_type *type, void *object, bool given, struct ward_fault *fault);

/* The last one, of some. */
struct debt debts_pay(struct debts *debts);

#endif
