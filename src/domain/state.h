/* The page that a fork wipes: a domain's state, and whether this is the process that made it. */
#ifndef DOMAIN_STATE_H
#define DOMAIN_STATE_H

#include "domain/domain.h"

/* In this process: here is 1, the state unloaded. In a forked child all of it reads as 0 where @wiped. NULL with @fault filled. */
struct domain_state *domain_state_new(bool wiped, struct ward_fault *fault);
void domain_state_free(struct domain_state *state);

/* Sets the state to unloaded and wakes who waits on it. */
void domain_state_unload(struct domain_state *state);

#endif
