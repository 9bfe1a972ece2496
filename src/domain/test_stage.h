/* Instances of a kind that is none: nothing is loaded, and what would be destroyed in an add-in is written down. For tests of what
 * holds add-ins and objects. */
#ifndef DOMAIN_TEST_STAGE_H
#define DOMAIN_TEST_STAGE_H

#include "domain/domain.h"
#include "domain/references.h"

/* The resources of every instance. */
enum { STAGE_LOG, STAGE_COUNTER, STAGE_OTHER, STAGE_RESOURCES }; /* the host's; the add-in's; another of the add-in's */

extern const struct ward_type stage_own[STAGE_RESOURCES], stage_borrow[STAGE_RESOURCES];
extern const struct ward_contract stage_contract;

struct stage {
        struct domains domains;
        struct ward_domain *domain;
        enum references_keeper keeper;
        int n_destroyed;        /* in add-ins */
        uint32_t destroyed[64]; /* their numbers */
        int result;             /* what destroying gives */
        int n_released;         /* instances */
        int n_stopped;          /* domains */
        bool running_at_stop;   /* an instance was there */
        int n_host_destroyed;
        void *host_destroyed[64];
        void (*when_destroyed)(struct stage *stage); /* by the host's destroy and the add-in's */
};

/* One at a time: the kind's functions find it here. */
extern struct stage *stage;

/* A domain; made: for an add-in. It is unloaded and freed with the stage. */
void stage_start(struct stage *to, enum references_keeper keeper, bool unlocked, bool made);
void stage_finish(void);

/* Held once. Its services are the stage. */
struct instance *stage_instance(const char *name);

#endif
