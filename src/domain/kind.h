/* What an isolation kind implements. Kinds are const structs, known by their address. Each function fills @fault on failure, and
 * undoes what it did. */
#ifndef DOMAIN_KIND_H
#define DOMAIN_KIND_H

#include <ward/posture.h>
#include "domain/blocks.h"
#include "domain/domain.h"
#include "domain/row.h"

struct kind {
        const char *name;
        enum ward_isolation isolation;
        bool unlocked; /* calls take no turn and look at no state: they are plain C calls */

        /* For kinds in which each host thread has a visit of its own; NULL: they share the domain's, by turns. @visit finds or
         * makes that of the calling thread, @here only finds it, or NULL, and @is_busy says whether any thread is in its own. The
         * domain may be stopped already when they are called. */
        int (*visit)(struct ward_domain *domain, uint32_t ms, struct visit **ret_visit, struct ward_fault *fault);
        struct visit *(*here)(struct ward_domain *domain);
        bool (*is_busy)(struct ward_domain *domain);

        /* Makes the container that @domain is held by, into @domain->held. @deadline is absolute. */
        int (*start)(struct ward_domain *domain, uint64_t deadline, struct ward_fault *fault);

        /* Frees it, and everything in it; waits until it is gone. Called once after a start that succeeded, with nobody in the
         * domain and the state unloaded. In a forked child (host's pid changed) frees memory only. */
        void (*stop)(struct ward_domain *domain);

        /* Ends a call in flight soon: called after the state was set to unloaded, from any thread, without the turn. NULL: none can
         * be. */
        void (*interrupt)(struct ward_domain *domain);

        /* Loads @instance->module, checks it against @instance->contract, binds its imports, sets @instance->held, and head.direct
         * at kind direct. With the domain's turn taken. Failing leaves the domain running, unless the add-in brought it down. */
        int (*load)(struct instance *instance, const struct ward_activate_options *options, uint64_t deadline,
                    struct ward_fault *fault);

        /* Frees what load made; the domain may already be stopped. With the domain's turn taken. */
        void (*release)(struct instance *instance);

        /* ward_call's work. In the calling thread's visit, with the state seen running. A fault that costs the domain is reported
         * by domain_fail first. */
        int (*call)(struct instance *instance, uint32_t export_index, const void *args, void *ret, struct ward_fault *fault);

        /* Fills in what it has counted. Any thread, at any time; in a forked child too. NULL: nothing. */
        void (*usage)(struct ward_domain *domain, struct ward_usage *usage);

        /* Fills in what holds it, of a domain that was seen running. Any thread, at any time. NULL: nothing does. */
        int (*posture)(struct ward_domain *domain, struct ward_posture *posture, struct ward_fault *fault);

        /* Memory of @block->size bytes or more for the host to pass from: fills the rest of @block. NULL: plain memory does. */
        int (*take)(struct ward_domain *domain, struct block *block, struct ward_fault *fault);

        /* The same with entering before and leaving behind, as instance_enter_and_call does it: for who can be quicker. NULL:
         * nothing is to be gained. */
        int (*cross)(struct instance *instance, uint32_t export_index, const void *args, void *ret, struct ward_fault *fault);

        const struct row_ops *row; /* calls in flight together; NULL: the kind makes one after the other */
};

extern const struct kind kind_direct;
extern const struct kind kind_wasm;
extern const struct kind kind_wasm_pooled; /* of domains with places (places.h) */
extern const struct kind kind_process;

#endif
