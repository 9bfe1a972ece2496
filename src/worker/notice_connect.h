/* A connection made in the place of a worker, which has no network: the warden connects a socket of its own, in the host's network,
 * and puts that where the worker's was. Nothing here waits.
 *
 * 1. connecting_begin  2. where it is under way: connecting_end, when its socket can be written to  3. connecting_hand_over
 * 4. connecting_finish */
#ifndef WORKER_NOTICE_CONNECT_H
#define WORKER_NOTICE_CONNECT_H

#include <stdbool.h>
#include <stdint.h>
#include "worker/notice_call.h"

struct connecting {
        uint64_t notice; /* the notification that waits for it */
        int fd;          /* the worker's number for its socket */
        int socket;      /* owned, -1: none */
        bool waits;      /* the worker does, until it is made: its socket is a blocking one */
};

enum connecting_state {
        CONNECTING_MADE = 0,      /* to be handed over */
        CONNECTING_UNDER_WAY = 1, /* if @waits, to be waited for; else to be handed over as it is, with EINPROGRESS */
};

/* What CALL_CONNECT wants, to call->address: an enum connecting_state, or a negative errno to answer. */
int connecting_begin(int listener, pid_t worker, const struct seccomp_notif *notice, const struct call *call,
                     struct connecting *ret_connecting);

/* 0; or a negative errno to answer. */
int connecting_end(const struct connecting *connecting);

/* In the place of the worker's socket. 0; or a negative errno: the worker is gone, or has no room. */
int connecting_hand_over(const struct connecting *connecting, int listener);

void connecting_finish(struct connecting *connecting);

#endif
