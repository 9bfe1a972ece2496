/* Places: how many threads may be in a domain of several instances at once (ward_domain_options.instances), and which of them is
 * where.
 *
 *      1. places_new, with the domain      3. places_give, behind the outermost leave
 *      2. places_visit, on the way in      4. places_free
 *
 * A thread that comes in takes a place, and keeps it until its outermost call in the domain is left: what it does there meanwhile,
 * from a callback, it does in the same place. Each place is a visit, and has an instance of its own of every add-in; so the thread
 * that has a place is the only one in those.
 *
 * A place that nobody has is taken by one atomic operation, the one first that the thread had before: so a few threads that call
 * again and again share no cache line. Who finds none waits for one to be given. Whoever gives one first stores that it is free,
 * then looks whether anybody waits; who waits says so, passes the barrier (base/barrier.h), then looks for a free one. */
#ifndef DOMAIN_PLACES_H
#define DOMAIN_PLACES_H

#include "domain/domain.h"

enum {
        PLACES_MAX = 1024,
        PLACE_LINE = 128, /* two places share no cache line, nor a pair of those that are fetched together */
};

struct place {
        _Alignas(PLACE_LINE) struct visit visit;
        _Atomic(const void *) owner; /* whose it is: the place of its @turn_thread; NULL: nobody's */
        uint32_t number;
};

struct places {
        uint32_t n;
        _Alignas(PLACE_LINE) _Atomic uint32_t waiting; /* threads that found none */
        _Atomic uint32_t given;                        /* counts those that were given while somebody waited: a futex */
        struct place at[];
};

/* @n places: from 1 to PLACES_MAX. NULL without memory. */
struct places *places_new(uint32_t n);
/* Takes NULL, returns NULL. Nobody is in any of them. */
struct places *places_free(struct places *places);

/* The place that this thread has; NULL: none. */
struct place *places_here(struct places *places);

/* That one, or one that it takes, within @ms (0: however long it takes) if others are to leave theirs first. DEADLINE; UNLOADED. */
int places_enter(struct ward_domain *domain, uint32_t ms, struct place **ret_place, struct ward_fault *fault);

/* This thread will look for the first free one next, not for the one that it had. */
void places_forget(void);

/* Gives @place back, which this thread is out of. */
void places_give(struct places *places, struct place *place);

/* Who waits looks whether the domain still runs. */
void places_nudge(struct places *places);

/* Whether any thread is in its place. */
bool places_are_busy(const struct places *places);

#endif
