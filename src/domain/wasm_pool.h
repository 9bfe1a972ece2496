/* Kind `wasm`, pooled: an add-in has an instance of its module in each place of its domain (places.h), made when a thread first
 * calls the add-in there. The thread that has the place is the only one in it; so each is used as the one instance of a
 * synchronized domain is. */
#ifndef DOMAIN_WASM_POOL_H
#define DOMAIN_WASM_POOL_H

#include "domain/domain.h"

/* What kinds do (kind.h). */
int pooled_visit(struct ward_domain *domain, uint32_t ms, struct visit **ret_visit, struct ward_fault *fault);
struct visit *pooled_here(struct ward_domain *domain);
bool pooled_is_busy(struct ward_domain *domain);
int pooled_load(struct instance *instance, const struct ward_activate_options *options, uint64_t deadline,
                struct ward_fault *fault);
void pooled_release(struct instance *instance);
int pooled_call(struct instance *instance, uint32_t index, const void *args, void *ret, struct ward_fault *fault);
int pooled_cross(struct instance *instance, uint32_t index, const void *args, void *ret, struct ward_fault *fault);

#endif
