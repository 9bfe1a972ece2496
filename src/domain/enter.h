/* How calls come into a domain and leave it: what most of them need, inline; the rest is in domain.c. */
#ifndef DOMAIN_ENTER_H
#define DOMAIN_ENTER_H

#include "base/barrier.h"
#include "base/own.h"
#include "domain/kind.h"
#include "domain/lane.h"
#include "domain/places.h"

/* Whether who is @depth deep in @visit took the turn to get there. */
static inline bool visit_has_turn(const struct ward_domain *domain, const struct visit *visit, uint32_t depth)
{
        return visit == &domain->visit || (depth == visit->base + 1 && !domain->free_threaded);
}

static inline void visit_deepen(struct visit *visit)
{
        atomic_store_explicit(&visit->depth, visit_depth(visit) + 1, memory_order_relaxed);
        barrier_light();
}

/* The visit of this thread where there is one that needs no search. */
static inline struct visit *visit_at_hand(struct ward_domain *domain)
{
        struct lane *lane = lane_last;
        if (!domain->kind->visit)
                return &domain->visit;
        return lane && lane->domain == domain ? &lane->visit : NULL;
}

/* Deeper into @visit, with the turn where there is to be one. */
static inline int visit_begin(struct ward_domain *domain, struct visit *visit, struct ward_fault *fault)
{
        visit_deepen(visit);
        if (__builtin_expect(domain_is_running(domain), true))
                return 0;
        int r = domain_unloaded_fault(domain, fault);
        domain_leave(domain, visit);
        return r;
}

/* Where the next step into @visit is to have the turn: takes it, if that needs no waiting. */
static inline bool visit_take_turn(struct ward_domain *domain, const struct visit *visit)
{
        return !visit_has_turn(domain, visit, visit_depth(visit) + 1) || turn_enter(&domain->turn);
}

/* That the domain runs is looked at when it is entered; in a forked child the turn is a copy that nobody else has. */
static inline int domain_enter_quickly(struct ward_domain *domain, uint32_t ms, struct visit **ret_visit, struct ward_fault *fault)
{
        struct visit *visit = visit_at_hand(domain);
        if (!visit || !visit_take_turn(domain, visit))
                return domain_enter(domain, ms, ret_visit, fault);
        *ret_visit = visit;
        return visit_begin(domain, visit, fault);
}

/* Out of @visit by a step. @turn: whether it was taken on the way in. A domain that runs is this process's own; what a forked child
 * writes to its copy of the visit is nobody's. */
static inline void visit_end(struct ward_domain *domain, struct visit *visit, bool turn)
{
        uint32_t depth = visit_depth(visit);
        if (__builtin_expect(depth == 1 && !list_is_empty(&visit->unheld), false)) {
                domain_leave(domain, visit);
                return;
        }
        atomic_store_explicit(&visit->depth, depth - 1, memory_order_release);
        barrier_light();
        if (__builtin_expect(!domain_is_running(domain), false))
                domain_leave_unloaded(domain, depth == 1, turn);
        else if (turn)
                turn_give(&domain->turn);
        else if (depth == 1 && domain->places)
                places_give(domain->places, CONTAINER_OF(visit, struct place, visit));
}

static inline void domain_leave_quickly(struct ward_domain *domain, struct visit *visit)
{
        visit_end(domain, visit, visit_has_turn(domain, visit, visit_depth(visit)));
}

#endif
