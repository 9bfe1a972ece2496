/* A host's view of a contract, made at run time: the descriptors that `ward bindgen` writes, without generated code.
 *
 * 1. dynamic_new  2. ward_activate with dynamic->contract  3. dynamic_find, wave_read_args, ward_call, wave_write  4. dynamic_free
 *
 * C layouts are natural: each member at the next offset that fits its alignment, as the C compiler does it. Names, signatures and
 * core signatures are those that generated views have, so that both match the same add-ins. */
#ifndef DYNAMIC_DYNAMIC_H
#define DYNAMIC_DYNAMIC_H

#include <ward/fault.h>
#include <ward/host.h>
#include "base/span.h"
#include "contract/contract.h"

enum { DYNAMIC_SIZE_MAX = (1 << 28) - 1 }; /* of a C value; the Canonical ABI's limit for a string or list */

/* A function in both forms. Parameter @i is wit->params[i] and func.params->fields[i]. */
struct dynamic_func {
        const struct wit_item *item; /* of the world: it itself, or the interface that it is of */
        const struct wit_func *wit;
        struct ward_func func;
        char *texts[3]; /* private */
};

struct dynamic {
        struct ward_contract contract;
        const struct wit_world *world;
        struct dynamic_func *exports; /* in the order of contract.exports */
        struct dynamic_func *imports;
        struct dynamic_made *made; /* private */
};

/* All imports are served by @serve, but for those of package `ward`, which Ward serves. Borrows from @contract, which has to live
 * longer. -WARD_FAULT_CONTRACT: this world cannot be bound, and why. */
int dynamic_new(const struct contract *contract, const struct wit_world *world,
                void (*serve)(const struct ward_import *import, const void *services, const void *args, void *ret),
                struct dynamic **ret_dynamic, struct ward_fault *fault);
struct dynamic *dynamic_free(struct dynamic *dynamic);

static inline void dynamic_freep(struct dynamic **dynamic)
{
        *dynamic = dynamic_free(*dynamic);
}

/* The function that @import, a row of contract.imports, is about. */
const struct dynamic_func *dynamic_import(const struct dynamic *dynamic, const struct ward_import *import);

/* The number of the export that a person calls @name:
 *
 *      operate                     of the world          tape.rewind            a static function of a resource
 *      tapes.list                  of an interface       tape                   a resource's constructor
 *      example:calculator/tapes@1.0.0#list               in full, as in ward_func.name
 *
 * 0, or -WARD_FAULT_USAGE: there is none, or more than one, and which there are. Methods are found by their owner, below. */
int dynamic_find(const struct dynamic *dynamic, struct ward_span name, uint32_t *ret_export, struct ward_fault *fault);

/* The number of the export that is method @name of @resource, a resource that the add-in implements. */
int dynamic_find_method(const struct dynamic *dynamic, const struct wit_type *resource, struct ward_span name, uint32_t *ret_export,
                        struct ward_fault *fault);

/* The value that a type has where nobody said which: zero, empty, none, ok, the first case. @to is all zeros before. An `own` of
 * the host's is a new number, counted by @objects: nothing stands behind it. */
void dynamic_default(const struct ward_type *type, uint64_t *objects, void *to);

#endif
