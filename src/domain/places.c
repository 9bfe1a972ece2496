#include "domain/places.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/barrier.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/turn.h"
#include "domain/deadline.h"

enum { TRIES = 64 }; /* for who was woken, as others come and go */

__thread struct places_mine places_mine __attribute__((tls_model("initial-exec")));

struct places *places_new(uint32_t n)
{
        struct places *places = aligned_alloc(PLACE_LINE, sizeof *places + n * sizeof *places->at);
        if (!places)
                return NULL;
        memset(places, 0, sizeof *places);
        places->n = n;
        for (uint32_t i = 0; i < n; i++) {
                places->at[i] = (struct place){ .number = i };
                visit_init(&places->at[i].visit);
        }
        return places;
}

struct places *places_free(struct places *places)
{
        free(places);
        return NULL;
}

struct place *places_search(struct places *places)
{
        for (uint32_t i = 0; i < places->n; i++)
                if (place_is_mine(&places->at[i]))
                        return &places->at[i];
        return NULL;
}

bool places_are_busy(const struct places *places)
{
        for (uint32_t i = 0; i < places->n; i++)
                if (visit_is_busy(&places->at[i].visit))
                        return true;
        return false;
}

/* --- Taking and giving ------------------------------------------------------------------------ */

static struct place *first_free(struct places *places)
{
        for (uint32_t i = 0; i < places->n; i++)
                if (place_take(&places->at[i]))
                        return &places->at[i];
        return NULL;
}

/* The one that it had before, or the first. */
static struct place *take_any(struct places *places)
{
        struct place *place = places_mine.last < places->n ? &places->at[places_mine.last] : NULL;
        if (!place || !place_take(place))
                place = first_free(places);
        if (place) {
                places_mine.last = place->number;
                places_mine.n++;
        }
        return place;
}

void places_forget(void)
{
        places_mine.last = 0;
}

static struct place *keep_trying(struct places *places)
{
        struct place *place = NULL;
        for (int i = 0; !place && i < TRIES; i++)
                place = take_any(places);
        return place;
}

static void wake(struct places *places, int most)
{
        atomic_fetch_add(&places->given, 1);
        syscall(SYS_futex, &places->given, FUTEX_WAKE_PRIVATE, most, NULL, NULL, 0);
}

void places_wake(struct places *places)
{
        wake(places, 1);
}

void places_nudge(struct places *places)
{
        wake(places, INT_MAX);
}

/* --- Waiting ---------------------------------------------------------------------------------- */

/* False when the deadline has passed. */
static bool doze(struct places *places, uint32_t given, uint64_t deadline)
{
        struct timespec until = clock_timespec(deadline);
        return !syscall(SYS_futex, &places->given, FUTEX_WAIT_BITSET_PRIVATE, given, deadline == CLOCK_NEVER ? NULL : &until, NULL,
                        FUTEX_BITSET_MATCH_ANY) ||
               errno != ETIMEDOUT;
}

/* One that was given to who gave up is free: he looks once more. */
static struct place *await(struct ward_domain *domain, uint64_t deadline)
{
        struct places *places = domain->places;
        struct place *place = NULL;
        bool in_time = true;
        atomic_fetch_add(&places->waiting, 1);
        barrier_heavy();
        for (;;) {
                uint32_t given = atomic_load(&places->given);
                place = keep_trying(places);
                if (place || !in_time || !domain_is_running(domain))
                        break;
                in_time = doze(places, given, deadline);
        }
        atomic_fetch_sub(&places->waiting, 1);
        return place;
}

static int await_place(struct ward_domain *domain, uint32_t ms, struct place **ret_place, struct ward_fault *fault)
{
        uint64_t own = clock_deadline(ms);
        *ret_place = await(domain, own < deadline_inherited ? own : deadline_inherited);
        if (*ret_place)
                return 0;
        if (!domain_is_running(domain))
                return domain_unloaded_fault(domain, fault);
        return fault_set(fault, WARD_FAULT_DEADLINE,
                         "the %u instances of domain '%s' were busy with other calls until the deadline; this call did not start",
                         domain->places->n, domain->name);
}

int places_enter(struct ward_domain *domain, uint32_t ms, struct place **ret_place, struct ward_fault *fault)
{
        struct place *place = places_here(domain->places);
        if (!place)
                place = take_any(domain->places);
        if (!place)
                return await_place(domain, ms, ret_place, fault);
        *ret_place = place;
        return 0;
}
