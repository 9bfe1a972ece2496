/* The table of an instance's references, as references.c and crossing.c see it. */
#ifndef DOMAIN_REFERENCES_PARTS_H
#define DOMAIN_REFERENCES_PARTS_H

#include "domain/handles.h"
#include "domain/references.h"

struct references {
        struct instance *instance;
        enum references_keeper keeper;
        references_destroy destroy;
        bool shared;          /* several threads may be in calls at once, so the lock is needed */
        pthread_mutex_t lock; /* guards the handles, for moments; not held while anything is destroyed */
        struct handles handles;
        struct charge *charge; /* what the add-in makes the host hold */
        struct shares *shares; /* kind process: by which Ward's own pass; NULL where the contract has none */
};

/* Of the contract; NULL if there is none of that number. */
const struct ward_contract_resource *references_resource(const struct references *references, uint32_t resource);
/* For texts. */
const char *references_name(const struct references *references, uint32_t resource);
/* Whether there may be handles of it in the table. */
bool references_keeps(const struct references *references, uint32_t resource);

void references_lock(struct references *references);
void references_unlock(struct references *references);

/* Takes the lock. LIMIT or SYSTEM. */
int references_add(struct references *references, struct handle handle, uint32_t *ret_handle, struct ward_fault *fault);
/* Takes the lock: out of the table. PROTOCOL: none of @resource, or lent, or, where it is @given away, a borrow. */
int references_take(struct references *references, uint32_t resource, uint32_t handle, bool given, struct handle *ret_taken,
                    struct ward_fault *fault);
/* With the lock. PROTOCOL: none of @resource. */
int references_find(const struct references *references, uint32_t resource, uint32_t handle, struct handle **ret_handle,
                    struct ward_fault *fault);

/* An object of the host's that nobody refers to any more. */
void references_destroy_hosts(const struct references *references, uint32_t resource, void *object);

#endif
