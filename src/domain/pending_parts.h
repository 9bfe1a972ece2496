/* What the files of begun calls share. */
#ifndef DOMAIN_PENDING_PARTS_H
#define DOMAIN_PENDING_PARTS_H

#include "domain/executor.h"
#include "domain/pending.h"

struct ward_pending {
        struct executor_job job;
        struct executor *executor;
        struct instance *instance;
        uint32_t export_index;
        uint32_t ms; /* its time limit, for the words of a fault */
        int status;
        struct ward_fault *fault; /* of what failed; NULL also where there was no memory for it */
        void *args;               /* both behind this struct */
        void *ret;
        /* What follows is guarded by the executor's lock. */
        uint32_t references; /* the owner's, and the dispatcher's */
        bool abandoned;
        bool cancelled_late; /* there is a result, and nobody is to have it */
        ward_on_done on_done;
        void *on_done_data;
        struct dispatch_job told;
};

/* On the executor's thread, around what runs the call: its deadline is inherited, and it is what ward_cancelled is about. */
struct pending_around {
        uint64_t deadline;
        struct executor_job *running;
};
struct pending_around pending_enter(struct ward_pending *pending);
void pending_leave(struct pending_around around);

/* Whether it may begin: 0, or UNLOADED or DEADLINE. */
int pending_check(const struct ward_pending *pending, bool ended, struct ward_fault *fault);
/* What has become of it. @fault: where @r is not 0. */
void pending_set_status(struct ward_pending *pending, int r, struct ward_fault *fault);

#endif
