/* The objects of a native add-in's own resources, as numbers: an add-in knows them by pointers, the boundary by 32-bit numbers.
 * Kept by whoever runs the add-in: the host at kind `direct`, the worker at kind `process`.
 *
 * An object has one owner: the add-in, whose handle is the object's number, or the host, whose token stands for that number. It
 * changes hands where an `own` crosses, for good once the call that it crossed in has arrived.
 *
 *      1. reps_new, with the add-in       3. reps_crossing_begin, marshal with crossing.handles, reps_crossing_end
 *      2. reps_add, reps_object,          4. reps_destroy, for an object of the host's
 *         reps_drop: what it asks for     5. reps_free, when every object of the host's is destroyed
 *
 * Resources are named by their indices in ward_addin.resources. Numbers begin at 1, the last one freed is the next one used. A
 * number that is none, of another resource, or of an object that is the other side's is a fault: PROTOCOL, or USAGE where marshal
 * lowers; its text begins with what is wrong. Any thread may come: a lock is taken for moments, and no destructor runs under it. */
#ifndef NATIVE_REPS_H
#define NATIVE_REPS_H

#include <stdbool.h>
#include <stdint.h>
#include <ward/addin.h>
#include <ward/fault.h>
#include "marshal/marshal.h"

enum { REPS_MAX = (1 << 28) - 1 }; /* objects at a time: the Canonical ABI's limit of a table */

struct reps;

/* @addin must outlive it. Borrows it. */
int reps_new(const struct ward_addin *addin, struct reps **ret_reps, struct ward_fault *fault);
/* Objects that are left are the add-in's business: no destructor runs. Returns NULL, takes NULL. */
struct reps *reps_free(struct reps *reps);

/* env->resource_new: @object is the add-in's, and known by a handle from here on. Also LIMIT and SYSTEM. */
int reps_add(struct reps *reps, uint32_t resource, void *object, int32_t *ret_handle, struct ward_fault *fault);
/* env->resource_rep: of an object that the add-in owns. */
int reps_object(struct reps *reps, uint32_t resource, int32_t handle, void **ret_object, struct ward_fault *fault);
/* env->resource_drop, of the add-in's own resources: the destructor of an object that it owns is run. */
int reps_drop(struct reps *reps, uint32_t resource, int32_t handle, struct ward_fault *fault);
/* The same for the host, of an object that the host owns. */
int reps_destroy(struct reps *reps, uint32_t resource, uint32_t number, struct ward_fault *fault);

/* One way of a call: the parameters, or the result. On the stack of who marshals. An object that is under way belongs to nobody, so
 * that nothing can be passed twice. */
struct reps_crossing {
        struct marshal_handles handles; /* of the add-in's side; handles of the host's resources pass as they are */
        struct reps *reps;
        const struct marshal_handles *shared; /* how Ward's own cross; set behind reps_crossing_begin by who knows */
        bool any_shared;                      /* some have */
        uint32_t under_way;                   /* the first of a list within the table, or 0 */
};

void reps_crossing_begin(struct reps_crossing *crossing, struct reps *reps);
/* What crossed is the receiver's, or its sender's again if the values did not arrive. */
void reps_crossing_end(struct reps_crossing *crossing, bool arrived);

#endif
