/* References across the boundary: what an add-in holds of its host, and the host of its add-ins (Component Model,
 * CanonicalABI.md: "Resource State"; lifetime by tokens as in System.AddIn).
 *
 * Two tables, one on each side of the question who may forge a number:
 *
 *      tokens      the host's: one a host, 64-bit numbers that are never used twice, for add-ins and for their objects (tokens.h)
 *      handles     an instance's: 32-bit numbers that the add-in names things by, and that it may make up. It holds the host's
 *                  objects, and at kind `wasm` also the add-in's own, whose handles Ward keeps for it (handles.h)
 *
 * A native add-in keeps its own objects itself (native/reps.h): there an `own` of its own crosses as the number of that object,
 * and the host makes sure that it holds each number once.
 *
 * Everything but tokens is guarded by the domain's turn, where that is held for whole calls (wasm), else by a lock of the table's
 * own. */
#ifndef DOMAIN_REFERENCES_H
#define DOMAIN_REFERENCES_H

#include "domain/domain.h"
#include "marshal/marshal.h"

struct references;

/* Who keeps the handles of the add-in's own resources. */
enum references_keeper {
        REFERENCES_KEPT_HERE,     /* wasm: handles in the instance's table, objects are the module's 32-bit representations */
        REFERENCES_KEPT_BY_ADDIN, /* native: numbers of native/reps.h cross */
};

/* What the kind does to destroy an object of the add-in's own: number or representation @object of resource @resource. Called in
 * the domain's turn, with or without a call in flight, like kind->call: a fault that costs the domain is reported by domain_fail.
 */
typedef int (*references_destroy)(struct instance *instance, uint32_t resource, uint32_t object, struct ward_fault *fault);

/* For kind->load, into @instance->references, which is finished with the instance, and when loading fails. NULL with 0 where the
 * contract has no resources. */
int references_new(struct instance *instance, enum references_keeper keeper, references_destroy destroy,
                   struct references **ret_references, struct ward_fault *fault);

/* What the add-in still holds of the host's is destroyed, each once. Takes NULL and returns it. When the module is gone, without
 * the domain's turn. */
struct references *references_finish(struct references *references);
/* The same, and the table stays, for an instance whose domain was stopped. Takes NULL. Several threads may do so at once. */
void references_clear(struct references *references);
/* Whether there is something to clear. In the turn of a stopped domain; takes NULL. */
bool references_hold(struct references *references);

/* Destroys an object of the add-in's own that the host holds no more. In the domain's turn. */
int references_destroy_object(struct references *references, uint32_t resource, uint32_t object, struct ward_fault *fault);

/* What add-ins ask of Ward at the boundary. Negative: PROTOCOL, a handle that is none, of another resource, or lent; drop: also
 * what destroying an object of the add-in's own gave. @resource is an index into the contract's resources, of any size. */
int references_new_handle(struct references *references, uint32_t resource, uint32_t rep, uint32_t *ret_handle,
                          struct ward_fault *fault);
int references_rep(struct references *references, uint32_t resource, uint32_t handle, uint32_t *ret_rep, struct ward_fault *fault);
int references_drop(struct references *references, uint32_t resource, uint32_t handle, struct ward_fault *fault);

/* --- Crossings --------------------------------------------------------------------------------
 *
 * A call crosses in a `crossing`: it notes what was lent and what changed hands, so that values that do not arrive go back, and a
 * call that is over gives back what was lent. Crossings nest as calls do. A call of an export:
 *
 *      crossing_begin(&crossing, instance->references)
 *      marshal_lower_params with memory.handles = &crossing.handles; where it fails crossing_undo, crossing_end
 *      crossing_arrived(&crossing)                     before the add-in sees them
 *      … the call, with crossings of its own; where it fails crossing_end …
 *      crossing_returned(&crossing, fault)             PROTOCOL: the add-in kept what it was lent
 *      marshal_lift_result with memory.handles set again; where it fails, or what comes after it, crossing_undo
 *      crossing_end(&crossing)                         whatever happened
 *
 * A call of an import:
 *
 *      crossing_begin; marshal_lift_params; where it fails crossing_undo, crossing_end
 *      crossing_arrived; instance_serve
 *      marshal_lower_result; where it fails, or cannot be begun, crossing_undo, crossing_refuse(&crossing, func->result, ret)
 *      crossing_end
 *
 * memory.handles is another crossing's after a nested call: it is to be set before each marshaling, and put back by nested ones. */

enum { CROSSING_FEW = 8 }; /* handles in a call that need no memory */

struct crossing_note {
        uint8_t what; /* enum note */
        bool first;   /* of what is shared: the worker is told of it for the first time */
        uint32_t handle;
        uint32_t resource;
        union {
                void *object;
                uint64_t token;
        };
};

/* On the stack of who makes the call. @handles is for its marshaling, the rest crossing.c's own. */
struct crossing {
        struct marshal_handles handles;
        struct references *references;
        struct crossing_note *notes;
        uint32_t n_notes;
        uint32_t n_arrived; /* of these will not be undone */
        uint32_t size;
        struct crossing_note few[CROSSING_FEW];
};

/* Costs next to nothing where @references is NULL, as do the others then: for a function without handles. */
void crossing_begin(struct crossing *crossing, struct references *references);

/* What crossed so far has arrived: it is the receiver's. */
void crossing_arrived(struct crossing *crossing);

/* What crossed since did not arrive. Parameters of an export are the caller's again. What was lifted is destroyed, for nobody has
 * it: an object of the host's by its contract, one of the add-in's in the add-in, if the domain runs still. */
void crossing_undo(struct crossing *crossing);

/* The host's value at @value, of @type (NULL: none), was not lowered or was undone: what it owns is destroyed, or released. */
void crossing_refuse(struct crossing *crossing, const struct ward_type *type, const void *value);

/* The add-in has returned: what was lent is no longer. A borrow that it has not dropped is a fault, PROTOCOL. */
int crossing_returned(struct crossing *crossing, struct ward_fault *fault);

/* The same without the fault, and frees what was noted. What was not undone has arrived, or is lost. May be the end of the instance
 * at kind direct: the last thing to do. */
void crossing_end(struct crossing *crossing);

/* Whether the values of @func need a crossing. */
static inline bool func_has_handles(const struct ward_func *func)
{
        return (func->params->flags | (func->result ? func->result->flags : 0)) & WARD_TYPE_HANDLES;
}

#endif
