/* What waits for a thread of the host's: jobs, posted from any thread, and domains whose add-ins ask by themselves.
 *
 * 1. dispatch_new  2. dispatch_post, dispatch_source_add  3. dispatch_fd in the host's event loop  4. dispatch_run when it is
 * readable, or dispatch_start for a helper thread  5. dispatch_free
 *
 * Descriptors are opened on first need. Behind dispatch_fd is an epoll set of one eventfd for the jobs and one for each source; it
 * is readable as long as something is there, and now and then when nothing is. Thread-safe. A job or a serve function runs without
 * a lock of these here, and may post, run, add and remove in turn.
 *
 * In a forked child, the parent's descriptors are not touched: what comes through the public API passes domains_enter, which has
 * dispatch_adopt called, and the domains of the parent do not run there. */
#ifndef DOMAIN_DISPATCH_H
#define DOMAIN_DISPATCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <ward/fault.h>
#include "base/list.h"

struct dispatch;
struct ward_domain;

/* @here: is 0 in a forked child, until dispatch_adopt was called there; outlives the dispatcher. NULL with @fault filled. */
struct dispatch *dispatch_new(const _Atomic uint32_t *here, struct ward_fault *fault);
/* Ends the helper thread, and runs the jobs that are left. No source may be left. Takes NULL, returns NULL. */
struct dispatch *dispatch_free(struct dispatch *dispatch);
/* In a forked child: forgets what is the parent's. */
void dispatch_adopt(struct dispatch *dispatch);

/* --- What is to be done ----------------------------------------------------------------------- */

/* Part of what its owner allocates. */
struct dispatch_job {
        struct list link;
        void (*run)(struct dispatch_job *job); /* owns @job from here on */
};

/* Has @job run once, in the order of posting where one thread dispatches. @job is the dispatcher's until it runs or is cancelled.
 * Needs no memory and no descriptor. */
void dispatch_post(struct dispatch *dispatch, struct dispatch_job *job);

/* True: @job was posted, had not begun, and will not. False: it has begun on some thread, or is over; who needs to know which has
 * @job say so itself. */
bool dispatch_cancel(struct dispatch *dispatch, struct dispatch_job *job);

/* An eventfd by which another side says that a domain has something to be served. */
struct dispatch_source {
        struct list link; /* the dispatcher's own, as the next two */
        struct list again;
        uint64_t id;
        int fd;                     /* borrowed; open still when the source is removed */
        struct ward_domain *domain; /* held by a reference while @serve runs */
        /* Called after @fd was readable and was read empty; by several threads at once if it is rung meanwhile. Serves a bounded
         * share; true: there may be more, call again. It is called without the domain's turn, perhaps in the moment after the
         * source was removed: it is to enter the domain, as calls do. */
        bool (*serve)(struct ward_domain *domain);
};

/* @source stays the caller's. 0, or a fault. */
int dispatch_source_add(struct dispatch *dispatch, struct dispatch_source *source, struct ward_fault *fault);
/* Waits for nobody: @serve may still run, or be about to, with its reference on the domain. */
void dispatch_source_remove(struct dispatch *dispatch, struct dispatch_source *source);

/* --- The threads of the host ------------------------------------------------------------------ */

/* The descriptor to wait on for reading: level-triggered, borrowed, the same until dispatch_free. 0, or a fault. */
int dispatch_fd(struct dispatch *dispatch, int *ret_fd, struct ward_fault *fault);

/* Runs what is there: a bounded share, so that it returns however much comes. Waits up to @timeout_ms for something (0: not at all;
 * -1: however long it takes). 0; 1 where there was nothing, or a signal was handled; or a fault. */
int dispatch_run(struct dispatch *dispatch, int timeout_ms, struct ward_fault *fault);

/* A helper thread that does nothing else, all signals blocked. Starting twice is fine; stopping is not for the helper thread
 * itself. */
int dispatch_start(struct dispatch *dispatch, struct ward_fault *fault);
/* Waits until it has ended. Nothing to do where none runs. */
int dispatch_stop(struct dispatch *dispatch, struct ward_fault *fault);

#endif
