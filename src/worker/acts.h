/* What is to be told of a worker's acts: refused ones, and, of an observed worker, what it used. Pure.
 *
 * 1. acts_refused, acts_used  2. acts_take, until there is none that may be told now  3. acts_finish
 *
 * A worker may be refused a million acts: equal ones are told as one with a count, and those that there is no room for with the
 * last of their kind, without their subject. What it used is told once each, and never lost: where there is no room, it waits. */
#ifndef WORKER_ACTS_H
#define WORKER_ACTS_H

#include <stdbool.h>
#include <stdint.h>
#include "channel/message.h"

/* So much at once, then so much in a time: @until is the moment at which all has been paid for. */
static inline bool allowance_is_left(uint64_t until, uint64_t now, uint64_t burst)
{
        return until <= now || until - now <= burst;
}

static inline void allowance_charge(uint64_t *until, uint64_t now, uint64_t cost)
{
        *until = (*until > now ? *until : now) + cost;
}

struct acts {
        struct wire_act *waiting; /* owned, as the next; made when they are needed */
        uint32_t n;
        uint64_t *used; /* hashes of what was told as used, in a table with holes */
        uint32_t n_used;
        uint64_t told_until; /* an allowance */
};

void acts_finish(struct acts *acts);

/* Whether there is room for all that one call can use. */
bool acts_have_room(const struct acts *acts);

/* Subjects are copied and cut. Without memory they are not told. */
void acts_refused(struct acts *acts, int call, int error, const char *subject);
/* What is too long to be told whole is not. */
void acts_used(struct acts *acts, int call, enum wire_use use, const char *subject);

/* The next one that may be told at @now. */
bool acts_take(struct acts *acts, uint64_t now, struct wire_act *ret_act);

#endif
