/* What the header and the source of a host view have in common. */
#ifndef GENERATE_HOST_H
#define GENERATE_HOST_H

#include "generate/write.h"

/* Whether libward provides what an interface of this package has. */
bool host_resource_is_served(const struct c_resource *resource);

/* Whether add-ins call the host itself: a function of its, or the end of an object of its. */
bool host_has_services(const struct model *model);

/* "int calculator_activate(…)" and "NAME(struct calculator *self, …)", each followed by @after. */
void host_print_activate(FILE *out, struct model *model, const char *after);
void host_print_prototype(FILE *out, struct model *model, const struct c_func *func, const char *name, const char *after);
/* "int NAME(struct calculator *self, P_own_r_t own, struct ward_fault *fault)" */
void host_print_drop(FILE *out, struct model *model, const struct c_resource *resource, const char *after);

/* The places for the results, into @pieces: "double *ret", "P_string_t *ret_err". */
void host_results(struct pieces *pieces, const struct c_func *func);

/* host_source.c: the rest of the body of a function that has a result, or has none. @call: "ward_call(self, 1, &args, ", to be
 * followed by a place for the result. */
void host_print_call(FILE *out, const struct c_func *func, const char *call);

/* host_async.c: what begins and finishes calls: the header's part, the source's. */
void host_print_async(FILE *out, struct model *model);
void host_print_async_bodies(FILE *out, struct model *model);

/* host_direct.c: the inline function that calls the add-in's own export number @index where it may. */
void host_print_direct(FILE *out, struct model *model, const struct c_func *func, size_t index);

#endif
