#include "native/reps.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "base/fault.h"

enum state {
        STATE_FREE = 0,
        STATE_ADDIN,
        STATE_HOST,
        STATE_TO_ADDIN,
        STATE_TO_HOST,
};

enum { FIRST_TABLE = 16 };

struct rep {
        void *object;
        uint32_t resource;
        uint32_t state : 3; /* enum state */
        uint32_t next : 29; /* free or under way: the next such, or 0 */
};

struct reps {
        const struct ward_addin *addin;
        pthread_mutex_t lock; /* guards what follows */
        struct rep *table;    /* index 0 is never used */
        uint32_t size;
        uint32_t used; /* indices from here on were never used */
        uint32_t free; /* the first of a list, or 0 */
};

int reps_new(const struct ward_addin *addin, struct reps **ret_reps, struct ward_fault *fault)
{
        struct reps *reps = calloc(1, sizeof *reps);
        if (!reps)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "no memory for the objects of an add-in");
        reps->addin = addin;
        reps->used = 1;
        pthread_mutex_init(&reps->lock, NULL);
        *ret_reps = reps;
        return 0;
}

struct reps *reps_free(struct reps *reps)
{
        if (reps) {
                pthread_mutex_destroy(&reps->lock);
                free(reps->table);
                free(reps);
        }
        return NULL;
}

/* --- The table: with the lock held ------------------------------------------------------------ */

static int grow(struct reps *reps, struct ward_fault *fault)
{
        uint32_t size = reps->size ? 2 * reps->size : FIRST_TABLE;
        if (reps->used > REPS_MAX)
                return fault_set(fault, WARD_FAULT_LIMIT, "an add-in has at most %d objects at a time", REPS_MAX);
        struct rep *table = reallocarray(reps->table, size, sizeof *table);
        if (!table)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "no memory for %u objects", size);
        reps->table = table;
        reps->size = size;
        return 0;
}

static int take(struct reps *reps, uint32_t *ret_number, struct ward_fault *fault)
{
        uint32_t number = reps->free;
        if (number) {
                reps->free = reps->table[number].next;
        } else {
                int r = reps->used >= reps->size ? grow(reps, fault) : 0;
                if (r)
                        return r;
                number = reps->used++;
        }
        *ret_number = number;
        return 0;
}

static void give(struct reps *reps, uint32_t number)
{
        reps->table[number] = (struct rep){ .state = STATE_FREE, .next = reps->free };
        reps->free = number;
}

static const char *name_of(const struct reps *reps, uint32_t resource)
{
        return reps->addin->resources[resource].resource->name;
}

static const char *owner_text(enum state state)
{
        switch (state) {
        case STATE_ADDIN:
                return "belongs to the add-in";
        case STATE_HOST:
                return "belongs to the host";
        default:
                return "is being passed already";
        }
}

/* The object of @resource that has @number and is in @state. */
static int find(const struct reps *reps, uint32_t resource, uint32_t number, enum state state, enum ward_fault_kind kind,
                struct rep **ret_rep, struct ward_fault *fault)
{
        if (resource >= reps->addin->n_resources || !reps->addin->resources[resource].resource->by_addin)
                return fault_set(fault, kind, "the add-in has no resource %u of its own", resource);
        struct rep *rep = number < reps->used && number ? &reps->table[number] : NULL;
        if (!rep || rep->state == STATE_FREE)
                return fault_set(fault, kind, "%u is no handle of resource '%s'", number, name_of(reps, resource));
        if (rep->resource != resource)
                return fault_set(fault, kind, "handle %u is one of resource '%s', not of '%s'", number,
                                 name_of(reps, rep->resource), name_of(reps, resource));
        if (rep->state != (uint32_t)state)
                return fault_set(fault, kind, "object %u of resource '%s' %s", number, name_of(reps, resource),
                                 owner_text((enum state)rep->state));
        *ret_rep = rep;
        return 0;
}

/* --- What the add-in asks for, and the host's destroying -------------------------------------- */

int reps_add(struct reps *reps, uint32_t resource, void *object, int32_t *ret_handle, struct ward_fault *fault)
{
        uint32_t number = 0;
        if (resource >= reps->addin->n_resources || !reps->addin->resources[resource].resource->by_addin)
                return fault_set(fault, WARD_FAULT_PROTOCOL, "the add-in has no resource %u of its own", resource);
        pthread_mutex_lock(&reps->lock);
        int r = take(reps, &number, fault);
        if (!r)
                reps->table[number] = (struct rep){ .object = object, .resource = resource, .state = STATE_ADDIN };
        pthread_mutex_unlock(&reps->lock);
        if (!r)
                *ret_handle = (int32_t)number;
        return r;
}

int reps_object(struct reps *reps, uint32_t resource, int32_t handle, void **ret_object, struct ward_fault *fault)
{
        struct rep *rep = NULL;
        pthread_mutex_lock(&reps->lock);
        int r = find(reps, resource, (uint32_t)handle, STATE_ADDIN, WARD_FAULT_PROTOCOL, &rep, fault);
        if (!r)
                *ret_object = rep->object;
        pthread_mutex_unlock(&reps->lock);
        return r;
}

/* The number is free before the destructor runs, which may drop and make others. */
static int destroy(struct reps *reps, uint32_t resource, uint32_t number, enum state owner, struct ward_fault *fault)
{
        void *object = NULL;
        struct rep *rep = NULL;
        pthread_mutex_lock(&reps->lock);
        int r = find(reps, resource, number, owner, WARD_FAULT_PROTOCOL, &rep, fault);
        if (!r) {
                object = rep->object;
                give(reps, number);
        }
        pthread_mutex_unlock(&reps->lock);
        if (!r && reps->addin->resources[resource].destroy)
                reps->addin->resources[resource].destroy(object);
        return r;
}

int reps_drop(struct reps *reps, uint32_t resource, int32_t handle, struct ward_fault *fault)
{
        return destroy(reps, resource, (uint32_t)handle, STATE_ADDIN, fault);
}

int reps_destroy(struct reps *reps, uint32_t resource, uint32_t number, struct ward_fault *fault)
{
        return destroy(reps, resource, number, STATE_HOST, fault);
}

/* --- Crossing --------------------------------------------------------------------------------- */

/* An `own` sets out. */
static int depart(struct reps_crossing *crossing, uint32_t resource, uint32_t number, enum state from, enum ward_fault_kind kind,
                  struct ward_fault *fault)
{
        struct reps *reps = crossing->reps;
        struct rep *rep = NULL;
        pthread_mutex_lock(&reps->lock);
        int r = find(reps, resource, number, from, kind, &rep, fault);
        if (!r) {
                rep->state = from == STATE_ADDIN ? STATE_TO_HOST : STATE_TO_ADDIN;
                rep->next = crossing->under_way;
                crossing->under_way = number;
        }
        pthread_mutex_unlock(&reps->lock);
        return r;
}

static int lend(struct reps *reps, uint32_t resource, uint32_t number, void **ret_object, struct ward_fault *fault)
{
        struct rep *rep = NULL;
        pthread_mutex_lock(&reps->lock);
        int r = find(reps, resource, number, STATE_HOST, WARD_FAULT_PROTOCOL, &rep, fault);
        if (!r)
                *ret_object = rep->object;
        pthread_mutex_unlock(&reps->lock);
        return r;
}

static int no_way(const struct ward_type *type, struct ward_fault *fault)
{
        return fault_set(fault, WARD_FAULT_SYSTEM, "there is no way to pass a '%s'", type->resource->name);
}

static int lower_shared(struct reps_crossing *crossing, const struct ward_type *type, const void *from, uint32_t *ret_number,
                        struct ward_fault *fault)
{
        crossing->any_shared = true;
        return crossing->shared ? crossing->shared->lower(crossing->shared->context, type, from, ret_number, fault)
                                : no_way(type, fault);
}

static int lift_shared(struct reps_crossing *crossing, const struct ward_type *type, uint32_t number, void *to,
                       struct ward_fault *fault)
{
        crossing->any_shared = true;
        return crossing->shared ? crossing->shared->lift(crossing->shared->context, type, number, to, fault) : no_way(type, fault);
}

static int lower(void *context, const struct ward_type *type, const void *from, uint32_t *ret_number, struct ward_fault *fault)
{
        uint32_t number = 0;
        int r = 0;
        if (type->resource->shared)
                return lower_shared(context, type, from, ret_number, fault);
        if (type->resource->by_addin && type->kind == WARD_TYPE_BORROW)
                return fault_set(fault, WARD_FAULT_USAGE, "the add-in lends an object of its own resource '%s'",
                                 type->resource->name);
        memcpy(&number, from, sizeof number);
        if (type->resource->by_addin)
                r = depart(context, type->resource->index, number, STATE_ADDIN, WARD_FAULT_USAGE, fault);
        if (!r)
                *ret_number = number;
        return r;
}

static int lift(void *context, const struct ward_type *type, uint32_t number, void *to, struct ward_fault *fault)
{
        struct reps_crossing *crossing = context;
        void *object = NULL;
        int r = 0;
        if (type->resource->shared)
                return lift_shared(crossing, type, number, to, fault);
        if (type->resource->by_addin && type->kind == WARD_TYPE_BORROW) {
                r = lend(crossing->reps, type->resource->index, number, &object, fault);
                if (!r)
                        memcpy(to, &object, sizeof object);
                return r;
        }
        if (type->resource->by_addin)
                r = depart(crossing, type->resource->index, number, STATE_HOST, WARD_FAULT_PROTOCOL, fault);
        if (!r)
                memcpy(to, &number, sizeof number);
        return r;
}

void reps_crossing_begin(struct reps_crossing *crossing, struct reps *reps)
{
        *crossing = (struct reps_crossing){ .handles = { lower, lift, crossing }, .reps = reps };
}

void reps_crossing_end(struct reps_crossing *crossing, bool arrived)
{
        struct reps *reps = crossing->reps;
        if (!crossing->under_way)
                return;
        pthread_mutex_lock(&reps->lock);
        while (crossing->under_way) {
                struct rep *rep = &reps->table[crossing->under_way];
                bool to_host = (rep->state == STATE_TO_HOST) == arrived;
                crossing->under_way = rep->next;
                *rep = (struct rep){ .object = rep->object,
                                     .resource = rep->resource,
                                     .state = to_host ? STATE_HOST : STATE_ADDIN };
        }
        pthread_mutex_unlock(&reps->lock);
}
