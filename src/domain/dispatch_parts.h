/* What the files of dispatch share. */
#ifndef DOMAIN_DISPATCH_PARTS_H
#define DOMAIN_DISPATCH_PARTS_H

#include <pthread.h>
#include "base/map.h"
#include "domain/dispatch.h"

struct dispatch {
        const _Atomic uint32_t *here;
        pthread_mutex_t lock; /* guards what follows; held for moments */
        struct list jobs;
        struct list sources;
        struct list again; /* of dispatch_source.again: those that had more */
        struct map by_id;  /* id -> source */
        uint64_t last_id;
        int epoll; /* -1 until first need, as @event */
        int event; /* for the jobs */
        bool rung; /* @event is readable for jobs that are there */

        pthread_mutex_t helper_lock; /* guards what follows; held while the helper thread starts or ends */
        int end;                     /* eventfd that ends it; -1 until first need */
        bool helps;                  /* @thread is there */
        pthread_t thread;
};

/* Opens the descriptors, if that was not done. */
int dispatch_open(struct dispatch *dispatch, struct ward_fault *fault);

/* Ends the helper thread, if there is one, and waits for it. */
void dispatch_end_helper(struct dispatch *dispatch);

#endif
