#include "domain/state.h"

#include <errno.h>
#include <stdlib.h>
#include "base/fault.h"
#include "base/wiped.h"

_Static_assert(sizeof(struct domain_state) <= WIPED_SIZE, "a state fits what a fork wipes");

struct domain_state *domain_state_new(bool wiped, struct ward_fault *fault)
{
        struct domain_state *state = wiped ? wiped_take() : calloc(1, sizeof *state);
        if (!state) {
                fault_set_errno(fault, WARD_FAULT_SYSTEM, errno, "cannot have a state that is wiped on fork");
                return NULL;
        }
        state->kept = !wiped;
        atomic_store(&state->here, 1);
        return state;
}

void domain_state_free(struct domain_state *state)
{
        if (state && state->kept)
                free(state);
        else
                wiped_give(state);
}
