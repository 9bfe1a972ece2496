/* What a filtered worker's calls become that its filter passes on to the warden (seccomp_unotify(2)).
 *
 * 1. notices_init, notices_begin, with the child       2. notices_grant, notices_address: what the host grants it
 * 3. notice_serve, for each call that is notified     4. notices_finish
 *
 * One call is served in one turn of the warden's loop, so that workers have their turns. A worker that asks for what it is refused
 * again and again is served less and less: its thread waits, the warden does not. */
#ifndef WORKER_NOTICE_H
#define WORKER_NOTICE_H

#include "base/list.h"
#include "sandbox/filter.h"
#include "sandbox/grants.h"
#include "worker/acts.h"
#include "worker/notice_local.h"
#include "worker/warden.h"

struct child;

struct notices {
        enum filter_kind level;
        struct sandbox_grant *grants; /* owned, with their paths, as the next */
        size_t n_grants;
        struct sandbox_address *addresses;
        size_t n_addresses;
        struct locals locals; /* of these: where those are that have a path */
        bool may_spawn;
        bool guarded;            /* by notice_guard.h */
        struct list connections; /* that are being made for it */
        size_t n_connections;
        struct acts acts;
        uint64_t served_until; /* an allowance */
        bool rests;            /* no call is served until @clock says so */
        struct source clock;   /* a timerfd, while something is to be done later; fd -1: nothing is */
};

void notices_init(struct notices *notices);
void notices_begin(struct notices *notices, const struct wire_spawn *spawn);
/* The worker has ended: tells the host what is left to tell. */
void notices_end(struct child *child);
void notices_finish(struct child *child);

/* Answer WIRE_GRANT and WIRE_ADDRESS. */
void notices_grant(struct child *child, const struct request *request);
void notices_address(struct child *child, const struct request *request);

/* Sets a listener up. 0, or a negative errno. */
int notices_listen(struct notices *notices, int listener);

/* Answers one call of @child's, or sees to it that it is answered. */
void notice_serve(struct child *child);

#endif
