/* The ends of objects: given back by the host, or destroyed with their domain. */
#ifndef DOMAIN_OBJECTS_H
#define DOMAIN_OBJECTS_H

#include "domain/tokens.h"

/* Gives @token back: see ward_token_release. */
int objects_release(struct tokens *tokens, uint64_t token, struct ward_fault *fault);

/* One object of @instance that the host holds is destroyed, in an orderly end; its tokens stay the host's to give back. In the
 * domain's turn. False if there is none. */
bool objects_end_one(struct instance *instance);

#endif
