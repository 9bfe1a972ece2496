/* A world while it is completed.
 *
 * 1. its own items  2. world_include for each `include`  3. world_elaborate */
#ifndef CONTRACT_MAKING_H
#define CONTRACT_MAKING_H

#include "contract/model.h"

enum { STEPS_MAX = 2 * 1000 * 1000 };

/* Imports or exports by their keys: a name, or the interface. The address is the key of the resolver's `taken`. */
struct items {
        struct wit_item *items;
        size_t n;
};

struct making {
        struct resolver *r;
        struct decl *decl;
        struct wit_world *world;
        struct items imports; /* as stated and included */
        struct items exports;
        struct items new_imports; /* elaborated */
        struct items new_exports;
        char required; /* set: interfaces imported because an export needs them */
};

/* worlds.c */
const void *item_key(const struct wit_item *item);
struct wit_item *items_find(const struct making *m, const struct items *items, const void *key);
void items_add(struct making *m, struct items *items, struct wit_item item);
/* Counts one step more; whether that is too many, which is reported. */
bool making_is_over(struct making *m);

/* include.c */
void world_include(struct making *m, const struct draft_include *include);

/* elaborate.c: writes the world's imports and exports. */
void world_elaborate(struct making *m);

/* clone.c: copies of what a world has of its own, for one that includes it. */
struct cloner {
        struct making *m;
        struct place place;
        const struct wit_world *from_world; /* whose types are copied: those of one of these */
        const struct wit_interface *from_interface;
        struct wit_world *to_world;
        struct wit_interface *to_interface;
        const void *copies; /* the key of the resolver's `taken`, original -> copy */
};

struct wit_type *clone_type(struct cloner *c, struct wit_type *type);
struct wit_func *clone_func(struct cloner *c, const struct wit_func *func);
struct wit_interface *clone_interface(struct cloner *c, struct wit_interface *interface, const char *label);

#endif
