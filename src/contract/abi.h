/* What the Canonical ABI makes of types and functions (Component Model, CanonicalABI.md: "Alignment", "Element Size",
 * "Flattening"), and the names and signatures by which two sides compare what they implement. For whoever binds a contract,
 * by generated code or without. All texts are malloc'd; NULL without memory. */
#ifndef CONTRACT_ABI_H
#define CONTRACT_ABI_H

#include "contract/contract.h"

enum {
        WIT_FLAT_PARAMS = 16, /* more flat parameters than this are passed in memory (MAX_FLAT_PARAMS) */
        WIT_CORE_MAX = 17,    /* they, and a pointer for the result */
        WIT_FLAGS_MAX = 64,   /* flags that can be bound: two words of 32 */
};

/* Sets type->abi, of which the parts have theirs. False if a size does not fit 32 bits. */
bool wit_abi_set(struct wit_type *type);

/* The offset of member @i of a record or tuple, or of the payload of every case of a variant, option or result (@i is not looked
 * at). */
uint32_t wit_abi_offset(const struct wit_type *type, size_t i);

/* The core types of @func as an add-in has it, parameters > result: "iiii>i". i, I, f, F are i32, i64, f32, f64. @import: what it
 * calls, where a result that takes more than one flat value is a pointer behind the parameters. */
char *wit_core(const struct wit_func *func, bool import);

/* "func(operation: string, at: borrow<example:a/b@1.0.0#r>) -> result<f64, string>": names of types resolved, but for resources,
 * which are called by their names. Two functions with the same signature and name can stand for each other. */
char *wit_signature(const struct wit_func *func);

/* "example:calculator@1.0.0". */
char *wit_package_id(const struct wit_package *package);
/* "example:calculator/types@1.0.0"; of an inline interface its label. */
char *wit_interface_id(const struct wit_interface *interface);
char *wit_world_id(const struct wit_world *world);
/* "example:calculator/types@1.0.0#[method]r.f", or "f" of the world itself (@interface NULL). */
char *wit_func_id(const struct wit_interface *interface, const struct wit_func *func);
/* The name of a resource: "example:calculator/types@1.0.0#r", or "r" of a world. Aliases are followed. */
char *wit_resource_id(const struct wit_type *resource);

/* The same of what @item of a world holds, an interface or a function or type of the world itself. An interface that the world has
 * by a label goes by that. */
char *wit_item_func_id(const struct wit_item *item, const struct wit_func *func);
char *wit_item_resource_id(const struct wit_item *item, const struct wit_type *resource);

/* Why a world cannot be bound: what it imports or exports is asynchronous, has more than WIT_FLAGS_MAX flags, or no size. One line
 * that names the place, or NULL if it can be. */
char *wit_unbound(const struct wit_world *world);

#endif
