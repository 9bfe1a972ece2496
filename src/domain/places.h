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

#include "base/barrier.h"
#include "base/turn.h"
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

/* How many places this thread has, and the number of the one that it took last, wherever that was. */
struct places_mine {
        uint32_t n;
        uint32_t last;
};
extern __thread struct places_mine places_mine __attribute__((tls_model("initial-exec"), visibility("hidden")));

static inline bool place_is_mine(const struct place *place)
{
        return atomic_load_explicit(&place->owner, memory_order_relaxed) == &turn_thread;
}

static inline bool place_take(struct place *place)
{
        const void *nobody = NULL;
        return !atomic_load_explicit(&place->owner, memory_order_relaxed) &&
               atomic_compare_exchange_strong_explicit(&place->owner, &nobody, &turn_thread, memory_order_acquire,
                                                       memory_order_relaxed);
}

struct place *places_search(struct places *places);

/* The place that this thread has; NULL: none. */
static inline struct place *places_here(struct places *places)
{
        if (!places_mine.n)
                return NULL;
        if (places_mine.last < places->n && place_is_mine(&places->at[places_mine.last]))
                return &places->at[places_mine.last];
        return places_search(places);
}

/* For a thread that has no place at all: the one that it had before, if it is free. */
static inline struct place *places_take_last(struct places *places)
{
        if (places_mine.n || places_mine.last >= places->n || !place_take(&places->at[places_mine.last]))
                return NULL;
        places_mine.n = 1;
        return &places->at[places_mine.last];
}

/* That one, or one that it takes, within @ms (0: however long it takes) if others are to leave theirs first. DEADLINE; UNLOADED. */
int places_enter(struct ward_domain *domain, uint32_t ms, struct place **ret_place, struct ward_fault *fault);

/* This thread will look for the first free one next, not for the one that it had. */
void places_forget(void);

/* Wakes one of those that wait. */
void places_wake(struct places *places);

/* Gives @place back, which this thread is out of. */
static inline void places_give(struct places *places, struct place *place)
{
        places_mine.n--;
        atomic_store_explicit(&place->owner, NULL, memory_order_release);
        barrier_light();
        if (__builtin_expect(atomic_load_explicit(&places->waiting, memory_order_relaxed), 0))
                places_wake(places);
}

/* Who waits looks whether the domain still runs. */
void places_nudge(struct places *places);

/* Whether any thread is in its place. */
bool places_are_busy(const struct places *places);

#endif
