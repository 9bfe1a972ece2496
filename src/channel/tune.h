/* How one side of a channel waits: whether it spins before it sleeps, and for how long. Pure: no system calls, no clock of its own.
 *
 *      per wait that does not end within the first looks:
 *      1. tune_begin   says how long to spin
 *      2. tune_jumped  where the clock jumped between two looks
 *      3. tune_end     says how the wait went
 *      and tune_quick for one that does, which reads no clock
 *
 * To sleep costs a wake-up: some microseconds, tens of them in a virtual machine. To spin costs what is spun. So a side spins as
 * long as is worth a wake-up and the processor time around it, if lately that has paid on the average; otherwise it rests: its
 * waits begin with sleeping.
 *
 * What a wake-up costs is measured: of two waits of the same kind, one that slept takes longer than one that spun by just that. So
 * a side that spins sleeps now and then, and one that rests tries to spin. The tries have another use. Where a wake-up takes
 * longer than a side spins, calls may follow each other closely, and still both sides are asleep whenever a message comes, since
 * each waits for the other to wake up. A try goes on longer than that, so it sees the message and what it saves.
 *
 * Tries take a hundredth of the processor's time at most, and none where waits are so long that no try can succeed. So an idle
 * side rests after its first long waits.
 *
 * A side that spins where somebody else needs the processor is descheduled while it does: the clock jumps. It rests then, for the
 * longer the more often that happens. */
#ifndef CHANNEL_TUNE_H
#define CHANNEL_TUNE_H

#include <stdbool.h>
#include <stdint.h>

enum {
        TUNE_COST_START = 50000, /* ns: a wake-up, before one has been measured */
        TUNE_COST_MIN = 1500,
        TUNE_COST_MAX = 100000,
        TUNE_WORTH = 3,         /* wake-ups: as long a spin is worth */
        TUNE_SPIN_MAX = 200000, /* ns */
        TUNE_TRY_MAX = 250000,  /* ns: no try is longer */
        TUNE_SHARE = 100,       /* of this time one part for tries */
        TUNE_SAVED = 200000000, /* ns: what was not spent on tries may be spent later, but no more than this time allows */
        TUNE_JUMP = 250000,     /* ns between two looks at the clock: somebody else had the processor */
};

enum tune_mode {
        TUNE_SPINS, /* the usual wait while spinning pays */
        TUNE_NAPS,  /* it pays, but this wait sleeps, to learn what a wake-up costs */
        TUNE_RESTS, /* the usual wait while it does not */
        TUNE_TRIES, /* it does not, but this wait spins, to learn whether it would */
};

/* All zero: nothing has been seen yet. */
struct tune {
        bool rests;
        uint8_t mode;    /* enum tune_mode of the wait that has begun */
        uint8_t jumps;   /* one soon after the other */
        uint8_t blind;   /* tries in a row that did not even see the message come: each doubles the time to the next */
        uint32_t fixed;  /* ns to spin whatever is seen, as measurements want it; 0: by what is seen */
        uint32_t quick;  /* waits that ended within the first looks, since the last that did not */
        int32_t balance; /* ns that a wait gains by spinning, on the average of late */
        uint32_t cost;   /* ns of a wake-up; 0: not measured yet */
        uint32_t spun;   /* ns: the average wait, beyond the first looks, whose end a spin saw */
        uint32_t slept;  /* ns: the average wait that slept at once */
        uint32_t waits;  /* since the last nap, or the last try */
        uint32_t nap_every;
        uint64_t next_try;
        uint64_t calm; /* the time from which a jump counts as the first */
};

/* Whether a wait begins with a few looks and without the clock. */
static inline bool tune_looks(const struct tune *tune)
{
        return !tune->rests;
}

/* They sufficed. */
static inline void tune_quick(struct tune *tune)
{
        tune->quick++;
}

/* A wait begins. Nanoseconds to spin; 0: sleep at once. */
uint64_t tune_begin(struct tune *tune, uint64_t now);
/* While it spun, the clock went on by @gap between two looks. Whether the wait had better sleep now. */
bool tune_jumped(struct tune *tune, uint64_t gap, uint64_t now);
/* It is over after @waited; @slept: it slept, at last. */
void tune_end(struct tune *tune, uint64_t waited, bool slept, uint64_t now);

#endif
