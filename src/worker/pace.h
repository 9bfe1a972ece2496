/* A share of something, kept by whoever looks now and then: how much there was to use, how much was used, and so whether the user
 * has to wait, and until when to look again. What was used too much is waited for later, so the share holds over time however late
 * a look comes.
 *
 * 1. pace_init  2. pace_look, at the time that the last one gave. Arithmetic only. */
#ifndef WORKER_PACE_H
#define WORKER_PACE_H

#include <stdbool.h>
#include <stdint.h>

struct pace {
        double rate;   /* units a nanosecond; 0: no limit */
        double credit; /* units; less than none: has to wait */
        uint64_t used; /* at the last look */
        uint64_t at;
        uint64_t interval;
        bool waits;
};

enum {
        PACE_LEAST_NS = 10000000, /* between two looks */
        PACE_MOST_NS = 500000000, /* where nothing is used */
        PACE_BURST_NS = 50000000, /* what was not used for longer is lost */
};

/* @rate: units a second. */
static inline struct pace pace_make(double rate, uint64_t now, uint64_t used)
{
        return (struct pace){ .rate = rate / 1e9, .used = used, .at = now, .interval = PACE_LEAST_NS };
}

/* @used: in all, until @now. When to look again; @pace->waits until then. */
static inline uint64_t pace_look(struct pace *pace, uint64_t now, uint64_t used)
{
        double fresh = used > pace->used ? (double)(used - pace->used) : 0, most = pace->rate * PACE_BURST_NS;
        double earned = pace->rate * (double)(now - pace->at);
        pace->credit = (pace->credit + earned > most ? most : pace->credit + earned) - fresh;
        pace->interval = fresh > 0 ? PACE_LEAST_NS : pace->interval * 2 > PACE_MOST_NS ? PACE_MOST_NS : pace->interval * 2;
        pace->used = used > pace->used ? used : pace->used;
        pace->at = now;
        pace->waits = pace->credit < 0;
        if (!pace->waits)
                return now + pace->interval;
        double wait = -pace->credit / pace->rate;
        return now + (wait > PACE_LEAST_NS ? wait < 1e11 ? (uint64_t)wait : (uint64_t)1e11 : PACE_LEAST_NS);
}

#endif
