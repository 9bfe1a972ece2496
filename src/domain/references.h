/* References across the boundary: what an add-in holds of its host, and the host of its add-ins (Component Model,
 * CanonicalABI.md: "Resource State"; lifetime by tokens as in System.AddIn).
 *
 * Two tables, one on each side of the question who may forge a number:
 *
 *      tokens      the host's: one a host, 64-bit numbers that are never used twice, for add-ins and for their objects
 *      handles     an instance's: 32-bit numbers that the add-in names things by, and that it may make up. It holds the host's
 *                  objects, and at kind `wasm` also the add-in's own, whose handles Ward keeps for it
 *
 * A native add-in keeps its own objects itself (native/reps.h): there an `own` of its own crosses as the number of that object,
 * and the host makes sure that it holds each number once.
 *
 * A call crosses in a `crossing`: it notes what was lent and what changed hands, so that a call that fails gives back what did not
 * arrive, and one that returns takes back what was lent. Crossings nest as calls do.
 *
 *      1. references_new, with the instance          4. crossing_end: 0, or the fault of an add-in that kept what was lent
 *      2. crossing_begin                             5. references_finish: destroys what the add-in held of the host's
 *      3. marshal, with crossing.handles …
 *
 * Everything but tokens is guarded by the domain's turn; tokens by the table's own lock, under which nothing else is taken. */
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

/* What the kind does to destroy an object of the add-in's own: number or representation @object of resource @resource. */
typedef int (*references_destroy)(struct instance *instance, uint32_t resource, uint32_t object, struct ward_fault *fault);

int references_new(struct instance *instance, enum references_keeper keeper, references_destroy destroy,
                   struct references **ret_references, struct ward_fault *fault);

/* The objects of the add-in that the host holds are destroyed, if the domain runs, then what the add-in holds of the host's. Tokens
 * of them read as unloaded from here on. Takes NULL. Before the module goes. */
struct references *references_finish(struct references *references);

/* One call. On the stack of who makes it. */
struct crossing {
        struct references *references;
        struct crossing *outer;
        struct marshal_handles handles; /* for marshal_memory.handles while the call's values cross */
        struct crossing_note *notes;
        uint32_t n_notes;
};

/* Costs nothing where @references is NULL: an instance whose contract has no resources. */
void crossing_begin(struct crossing *crossing, struct references *references);

/* The values that were lowered did not arrive: what they gave away is the host's again. Before crossing_end. */
void crossing_undo(struct crossing *crossing);

/* The call is over: lent objects are no longer lent. A borrow that the add-in was lent and did not drop is a protocol fault. */
int crossing_end(struct crossing *crossing, struct ward_fault *fault);

/* What add-ins ask of Ward at the boundary. Negative: PROTOCOL, a handle that is none, of another resource, or lent. @resource is
 * an index into the contract's resources. */
int references_new_handle(struct references *references, uint32_t resource, uint32_t rep, uint32_t *ret_handle,
                          struct ward_fault *fault);
int references_rep(struct references *references, uint32_t resource, uint32_t handle, uint32_t *ret_rep, struct ward_fault *fault);
int references_drop(struct references *references, uint32_t resource, uint32_t handle, struct ward_fault *fault);

#endif
