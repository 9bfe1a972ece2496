#include "worker/debts.h"

#include <errno.h>
#include <stdlib.h>
#include "base/fault.h"
#include "base/own.h"

int debts_owe(struct debts *debts, const struct ward_type *type, void *object, bool given, struct ward_fault *fault)
{
        if (debts->n == debts->room + DEBTS_FEW) {
                size_t room = debts->room ? 2 * debts->room : 4 * DEBTS_FEW;
                struct debt *more = reallocarray(debts->more, room, sizeof *more);
                if (!more)
                        return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "no memory for the buffers of a call");
                debts->more = more;
                debts->room = room;
        }
        size_t i = debts->n++;
        *(i < DEBTS_FEW ? &debts->few[i] : &debts->more[i - DEBTS_FEW]) = (struct debt){ type->resource->shared, given, object };
        return 0;
}

struct debt debts_pay(struct debts *debts)
{
        size_t i = --debts->n;
        struct debt last = i < DEBTS_FEW ? debts->few[i] : debts->more[i - DEBTS_FEW];
        if (!debts->n && debts->more) {
                free(STEAL(debts->more));
                debts->room = 0;
        }
        return last;
}
