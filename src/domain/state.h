/* What a fork wipes (base/wiped.h): a domain's state, and whether this is the process that made it. */
#ifndef DOMAIN_STATE_H
#define DOMAIN_STATE_H

#include "domain/domain.h"

/* In this process: here is 1, the state unloaded. In a forked child all of it reads as 0 where @wiped. NULL with @fault filled. Any
 * thread. */
struct domain_state *domain_state_new(bool wiped, struct ward_fault *fault);
/* Takes NULL. */
void domain_state_free(struct domain_state *state);

static inline void domain_state_unload(struct domain_state *state)
{
        atomic_store(&state->state, WARD_DOMAIN_UNLOADED);
}

#endif
