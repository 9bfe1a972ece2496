/* How the linear memories of a domain are kept apart from the rest: guarded by address space, which is the fastest and takes most
 * of it, or by code that checks addresses. The host says it (ward_quota.bounds), or it shows at activation. */
#ifndef DOMAIN_WASM_MEMORY_H
#define DOMAIN_WASM_MEMORY_H

#include "domain/domain.h"

/* Of what is activated now. With the turn, between start and stop. */
bool wasm_memory_is_checked(const struct ward_domain *domain);

/* Around each activation: chooses, and, where that gave @r, whether it is to be tried again, the other way. */
void wasm_memory_choose(struct ward_domain *domain);
bool wasm_memory_choose_again(struct ward_domain *domain, int r);

#endif
