/* Lanes: the channels of a process domain, as the host sees them. A host thread that calls into a process domain has a lane there,
 * and on its other end a thread of the worker's that serves no other: a call behaves as if the thread itself crossed over, and
 * thread-local data of an add-in is that of the calling thread.
 *
 *      1. lane_find, else lane_open, on a thread's first call         3. lane_retire, by itself, when the thread ends: so does the
 *      2. calls: lane->visit, lane->channel                              worker's
 *
 * A lane is its thread's and its process's: it is freed when both are done with it. Lanes of stopped domains are swept when their
 * thread opens another. */
#ifndef DOMAIN_LANE_H
#define DOMAIN_LANE_H

#include "channel/channel.h"
#include "channel/coming.h"
#include "channel/ring.h"
#include "domain/domain.h"
#include "marshal/marshal.h"

struct block;
struct process;

/* No call is in flight. */
#define LANE_IDLE UINT64_MAX

/* Blocks of the host's own (blocks.h) that are passed as they are, at a time; what comes after them is copied. */
enum { LANE_LENT = 16 };

struct lane {
        struct visit visit;
        _Atomic uint64_t calling;   /* instance << 32 | function of the innermost CALL in flight, or LANE_IDLE */
        struct ward_domain *domain; /* counted */
        struct process *process;    /* counted */
        struct channel channel;
        struct marshal_memory memory;
        struct ring ring;              /* what the add-in posts; @words NULL: it has not begun to */
        struct extent ring_extent;     /* where that is */
        struct block *lent[LANE_LENT]; /* read by calls in flight */
        uint32_t n_lent;
        struct coming coming; /* of the call that is being lowered */
        uint64_t answer; /* the slot of the RETURN that was received last */
        uint32_t number;
        bool leaving;           /* its thread has ended; guarded by the process's lock, as the next */
        struct list link;       /* in process->lanes */
        struct list own;        /* in the thread's list */
        _Atomic uint32_t users; /* thread and process */
};

/* The lane that calls of this thread to @domain go over: the last one found comes first. */
extern __thread struct lane *lane_last __attribute__((tls_model("initial-exec"), visibility("hidden")));

struct lane *lane_find_slowly(const struct ward_domain *domain);

static inline struct lane *lane_find(const struct ward_domain *domain)
{
        struct lane *lane = lane_last;
        return lane && lane->domain == domain ? lane : lane_find_slowly(domain);
}

/* Sets up @lane, zeroed memory of the caller's, as lane @number of @process. */
void lane_init(struct lane *lane, struct process *process, uint32_t number);
/* A lane of this thread's own, within @ms (0: none) and ten seconds. */
int lane_open(struct ward_domain *domain, uint32_t ms, struct lane **ret_lane, struct ward_fault *fault);

/* For rows: zeroed, in @process, busy, and in no thread's list; and it is not busy any more. */
int lane_make(struct process *process, struct lane **ret_lane, struct ward_fault *fault);
void lane_quit(struct lane *lane);

/* While this thread serves a callback of another's lane, its calls to that domain go over that one: until lane_return. */
void lane_borrow(struct lane *lane);
void lane_return(struct lane *lane);

struct lane *lane_unref(struct lane *lane);

#endif
