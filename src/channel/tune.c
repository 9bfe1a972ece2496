#include "channel/tune.h"

enum {
        QUICK_COUNTED = 16, /* more of them weigh no more */
        NAP_EVERY_MIN = 16, /* waits */
        NAP_EVERY_MAX = 1024,
        NAP_WORTH = 4 * TUNE_COST_MIN, /* shorter waits are worth spinning for, whatever a wake-up costs */
        JUMPS_MAX = 7,
        BLIND_MAX = 3,
        BLIND_WAITS = 32,        /* from a blind try to the next, at least: seldom calls are not to pay for many tries */
        JUMP_LONGEST = 10000000, /* ns: a longer one is a process that was stopped, and no reason for more */
};

static uint32_t clamp(uint64_t value, uint32_t low, uint32_t high)
{
        return value < low ? low : value > high ? high : (uint32_t)value;
}

static uint32_t cost(const struct tune *tune)
{
        return tune->cost ? tune->cost : TUNE_COST_START;
}

static uint32_t spin_time(const struct tune *tune)
{
        return clamp((uint64_t)TUNE_WORTH * cost(tune), 0, TUNE_SPIN_MAX);
}

static bool try_is_due(struct tune *tune, uint64_t now)
{
        bool many = ++tune->waits > (tune->blind ? BLIND_WAITS : 0);
        return many && now >= tune->next_try && tune->slept && tune->slept < TUNE_TRY_MAX;
}

static bool nap_is_due(struct tune *tune)
{
        if (tune->spun < NAP_WORTH)
                return false;
        if (!tune->nap_every)
                tune->nap_every = NAP_EVERY_MIN;
        return ++tune->waits >= tune->nap_every;
}

uint64_t tune_begin(struct tune *tune, uint64_t now)
{
        if (tune->fixed)
                return tune->fixed;
        if (tune->rests)
                tune->mode = try_is_due(tune, now) ? TUNE_TRIES : TUNE_RESTS;
        else
                tune->mode = nap_is_due(tune) ? TUNE_NAPS : TUNE_SPINS;
        switch (tune->mode) {
        case TUNE_SPINS:
                return spin_time(tune);
        case TUNE_TRIES:
                return clamp(2 * (uint64_t)tune->slept, 0, TUNE_TRY_MAX);
        default:
                return 0;
        }
}

/* The average of the last few. */
static uint32_t average(uint32_t before, uint64_t now, uint32_t few)
{
        uint64_t value = now < UINT32_MAX ? now : UINT32_MAX;
        return before ? (uint32_t)((before * (uint64_t)(few - 1) + value) / few) : (uint32_t)value;
}

/* Two waits of the same kind were measured, the one slept, the other spun. They may have differed for other reasons, so one
 * measurement does not change much. Says whether it confirmed what was known. */
static bool learn_cost(struct tune *tune, uint64_t slept, uint64_t spun)
{
        uint32_t known = cost(tune);
        uint64_t sample = slept > spun ? slept - spun : 0;
        sample = clamp(sample, known / 4, 2 * known);
        tune->cost = clamp((known + sample) / 2, TUNE_COST_MIN, TUNE_COST_MAX);
        return sample > known * 2 / 3 && sample < known * 3 / 2;
}

static void gain(struct tune *tune, int32_t ns)
{
        tune->balance += (ns - tune->balance) / 8;
}

/* @spent on a spin in vain. What was not spent lately may be spent now. */
static void charge(struct tune *tune, uint64_t spent, uint64_t now)
{
        uint64_t from = now > TUNE_SAVED ? now - TUNE_SAVED : 0;
        uint64_t least = TUNE_SHARE * spent << tune->blind;
        tune->next_try = (tune->next_try > from ? tune->next_try : from) + least;
}

static void rest(struct tune *tune)
{
        tune->rests = true;
        tune->quick = 0;
}

static void end_spin(struct tune *tune, uint64_t waited, bool slept, uint64_t now)
{
        int32_t most = (int32_t)spin_time(tune);
        uint32_t quick = tune->quick < QUICK_COUNTED ? tune->quick : QUICK_COUNTED;
        for (tune->quick = 0; quick; quick--)
                gain(tune, most);
        gain(tune, slept ? -most : waited < (uint64_t)most ? most - (int32_t)waited : 0);
        if (!slept)
                tune->spun = average(tune->spun, waited, 8);
        if (tune->balance > 0)
                return;
        rest(tune);
        charge(tune, (uint64_t)most, now);
}

static void end_nap(struct tune *tune, uint64_t waited)
{
        tune->waits = 0;
        if (waited > tune->spun + 2 * (uint64_t)TUNE_COST_MAX)
                return; /* another kind of wait */
        if (!learn_cost(tune, waited, tune->spun))
                tune->nap_every = NAP_EVERY_MIN;
        else if (tune->nap_every < NAP_EVERY_MAX)
                tune->nap_every *= 2;
}

/* Spinning seems to pay. */
static void resume(struct tune *tune, uint64_t waited)
{
        tune->rests = false;
        tune->balance = (int32_t)spin_time(tune) / 4;
        tune->spun = (uint32_t)waited;
        tune->nap_every = 0;
}

static void end_try(struct tune *tune, uint64_t waited, bool slept, uint64_t now)
{
        tune->waits = 0;
        if (slept) {
                tune->blind += tune->blind < BLIND_MAX;
        } else {
                tune->blind = 0;
                learn_cost(tune, tune->slept, waited);
        }
        if (slept || waited >= spin_time(tune))
                charge(tune, waited < TUNE_TRY_MAX ? waited : TUNE_TRY_MAX, now);
        else
                resume(tune, waited);
}

void tune_end(struct tune *tune, uint64_t waited, bool slept, uint64_t now)
{
        if (tune->fixed)
                return;
        switch (tune->mode) {
        case TUNE_SPINS:
                end_spin(tune, waited, slept, now);
                break;
        case TUNE_NAPS:
                end_nap(tune, waited);
                break;
        case TUNE_TRIES:
                end_try(tune, waited, slept, now);
                break;
        default:
                tune->slept = average(tune->slept, waited, 2);
        }
}

bool tune_jumped(struct tune *tune, uint64_t gap, uint64_t now)
{
        if (tune->fixed)
                return false;
        if (now >= tune->calm)
                tune->jumps = 0;
        uint64_t pause = (gap < JUMP_LONGEST ? gap : JUMP_LONGEST) << (3 + tune->jumps);
        if (tune->jumps < JUMPS_MAX)
                tune->jumps++;
        tune->calm = now + 8 * pause;
        rest(tune);
        tune->next_try = now + pause;
        tune->mode = TUNE_RESTS;
        return true;
}
