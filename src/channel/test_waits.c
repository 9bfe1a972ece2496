/* A model of two sides that wait for each other, in simulated time: what the tuning makes of patterns of calls, machines and
 * neighbours, against sides that always spin and sides that never do. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/own.h"
#include "channel/tune.h"
#include "test/harness/harness.h"

enum {
        US = 1000,
        LINE = 150,   /* ns, like all here: a message's way between two processors */
        LOOKS = 1500, /* what the first looks take */
        CHUNK = 2000, /* between two looks at the clock */
        SLEEP = 1000, /* processor time to fall asleep, and again to wake up */
        WAKE = 1500,  /* to wake the other side */
        SWITCH = 1000,
        SLICE = 3000000,
        CALLS = 5000,
};

enum policy { TUNED, ALWAYS, NEVER };
enum pattern { STEADY, RANDOM, BURSTS, PHASES };

struct machine {
        uint64_t wakes; /* how long a wake-up takes */
        bool busy_host; /* another process wants the same processor */
        bool busy_worker;
};

struct load {
        enum pattern pattern;
        uint64_t every;
        uint64_t service;
};

struct side {
        struct tune tune;
        enum policy policy;
        uint64_t wakes;
        bool busy;
        uint64_t run; /* since it last slept or was descheduled */
        uint64_t cpu; /* for waiting */
};

struct figures {
        double latency;
        double host; /* processor time a call */
        double worker;
};

/* Runs for @ns from @from on. Returns the end: a slice later if the neighbour had its turn. */
static uint64_t runs(struct side *side, uint64_t from, uint64_t ns)
{
        side->run += ns;
        if (!side->busy || side->run <= SLICE)
                return from + ns;
        side->run = 0;
        return from + ns + SLICE;
}

static uint64_t spins(struct side *side, uint64_t from, uint64_t ns)
{
        side->cpu += ns;
        return runs(side, from, ns);
}

static uint64_t least(uint64_t a, uint64_t b)
{
        return a < b ? a : b;
}

static uint64_t until(uint64_t from, uint64_t to)
{
        return to > from ? to - from : 0;
}

/* Spins as wait.c does, from *@at on for @ns at most. Whether the message, which comes at @arrives, was seen. */
static bool spins_in_chunks(struct side *side, uint64_t *at, uint64_t ns, uint64_t arrives)
{
        for (uint64_t start = *at; *at < start + ns && *at < arrives;) {
                uint64_t before = *at;
                *at = spins(side, before, least(CHUNK, arrives - before));
                if (side->policy == ALWAYS || *at - before <= TUNE_JUMP)
                        continue;
                tune_jumped(&side->tune, *at - before, *at);
                break;
        }
        return *at >= arrives;
}

/* Sleeps from @at on. Returns the time it goes on; *@ret_woken: the other side had to wake it. */
static uint64_t sleeps(struct side *side, uint64_t at, uint64_t arrives, bool *ret_woken)
{
        uint64_t asleep = at + SLEEP;
        side->run = 0;
        side->cpu += SLEEP;
        *ret_woken = arrives >= asleep;
        if (!*ret_woken)
                return asleep;
        side->cpu += SLEEP;
        return arrives + side->wakes;
}

/* Waits from @at on for the message that comes at @arrives. */
static uint64_t waits(struct side *side, uint64_t at, uint64_t arrives, bool *ret_woken)
{
        *ret_woken = false;
        if (side->policy == NEVER)
                return sleeps(side, at, arrives, ret_woken);
        if (side->policy == ALWAYS)
                return spins_in_chunks(side, &at, UINT64_MAX - at, arrives) ? at : 0;
        if (tune_looks(&side->tune)) {
                at = spins(side, at, least(LOOKS, until(at, arrives)));
                if (at >= arrives)
                        return tune_quick(&side->tune), at;
        }
        uint64_t start = at;
        bool slept = !spins_in_chunks(side, &at, tune_begin(&side->tune, at), arrives);
        if (slept)
                at = sleeps(side, at, arrives, ret_woken);
        tune_end(&side->tune, at - start, slept, at);
        return at;
}

static uint64_t random_time(uint64_t mean)
{
        return (uint64_t)(-log((rand() + 0.5) / ((double)RAND_MAX + 1)) * (double)mean);
}

static uint64_t think_time(const struct load *load, int call)
{
        switch (load->pattern) {
        case RANDOM:
                return random_time(load->every);
        case BURSTS:
                return call % 10 ? US : load->every;
        case PHASES:
                return call / 500 % 2 ? load->every : US / 2;
        default:
                return load->every;
        }
}

static struct side side_of(const struct machine *machine, enum policy policy, bool busy)
{
        return (struct side){ .policy = policy, .wakes = machine->wakes, .busy = busy };
}

/* Calls of @host to @worker. The worker has waited since just before @start. */
static struct figures plays(struct side *host, struct side *worker, const struct load *load, int calls, uint64_t start)
{
        uint64_t now = start, free = start, latency = 0;
        bool woken;
        host->cpu = worker->cpu = 0;
        srand(1);
        for (int call = 0; call < calls; call++) {
                uint64_t sent = now += think_time(load, call);
                uint64_t at = waits(worker, free, sent + LINE, &woken);
                uint64_t since = sent + (woken ? WAKE : 0);
                host->cpu += since - sent;
                free = runs(worker, at, load->pattern == RANDOM ? random_time(load->service) : load->service);
                now = waits(host, since, free + LINE, &woken);
                free += woken ? WAKE : 0;
                worker->cpu += woken ? WAKE : 0;
                latency += now - sent;
        }
        return (struct figures){ (double)latency / calls, (double)host->cpu / calls, (double)worker->cpu / calls };
}

#define BOOTED UINT64_C(1000000000000)

static struct figures with(const struct machine *machine, const struct load *load, enum policy policy)
{
        struct side host = side_of(machine, policy, machine->busy_host), worker = side_of(machine, policy, machine->busy_worker);
        return plays(&host, &worker, load, CALLS, BOOTED);
}

/* What one gives for a call: two nanoseconds of a processor are worth one of waiting less. */
static double price(struct figures figures)
{
        return 2 * figures.latency + figures.host + figures.worker;
}

static const uint64_t wake_ups[] = { 5 * US, 20 * US, 60 * US };
static const uint64_t everies[] = { 0, US, 10 * US, 100 * US, 1000 * US };
static const uint64_t services[] = { 0, 10 * US, 100 * US };

static void each(enum pattern pattern, bool busy_host, bool busy_worker,
                 void (*check)(const struct machine *, const struct load *, struct figures tuned))
{
        for (size_t i = 0; i < COUNT_OF(wake_ups); i++)
                for (size_t j = 0; j < COUNT_OF(everies); j++)
                        for (size_t k = 0; k < COUNT_OF(services); k++) {
                                struct machine machine = { wake_ups[i], busy_host, busy_worker };
                                struct load load = { pattern, everies[j], services[k] };
                                struct figures tuned = with(&machine, &load, TUNED);
                                printf("wake-up %3llu, every %4llu, service %3llu µs: latency %7.2f, host %7.2f, worker %7.2f µs\n",
                                       (unsigned long long)machine.wakes / US, (unsigned long long)load.every / US,
                                       (unsigned long long)load.service / US, tuned.latency / US, tuned.host / US,
                                       tuned.worker / US);
                                check(&machine, &load, tuned);
                        }
}

static void check_price(const struct machine *machine, const struct load *load, struct figures tuned, double allowed)
{
        assert_true(price(tuned) <= allowed * fmin(price(with(machine, load, NEVER)), price(with(machine, load, ALWAYS))));
}

static void check_steady(const struct machine *machine, const struct load *load, struct figures tuned)
{
        struct figures never = with(machine, load, NEVER);
        double spin = TUNE_WORTH * 1.1 * (double)machine->wakes;
        double tries = (double)(load->every + load->service + machine->wakes) / TUNE_SHARE * 2;
        check_price(machine, load, tuned, 1.15);
        assert_true(tuned.latency <= never.latency);
        assert_true(tuned.host <= never.host + spin + tries);
        assert_true(tuned.worker <= never.worker + spin + tries);
}

static void check_changing(const struct machine *machine, const struct load *load, struct figures tuned)
{
        check_price(machine, load, tuned, 1.5);
        assert_true(tuned.latency <= 1.01 * with(machine, load, NEVER).latency);
}

static void check_busy(const struct machine *machine, const struct load *load, struct figures tuned)
{
        struct figures never = with(machine, load, NEVER), always = with(machine, load, ALWAYS);
        assert_true(tuned.latency <= 1.15 * fmax(never.latency, always.latency));
        assert_true(price(tuned) <= 1.15 * fmax(price(never), price(always)));
}

TEST(steady_calls_cost_little_more_than_with_the_better_policy)
{
        each(STEADY, false, false, check_steady);
}

TEST(so_do_calls_at_random)
{
        each(RANDOM, false, false, check_changing);
}

TEST(so_do_bursts)
{
        each(BURSTS, false, false, check_changing);
        each(PHASES, false, false, check_changing);
}

TEST(a_neighbour_on_either_processor_is_no_disaster)
{
        each(STEADY, true, false, check_busy);
        each(STEADY, false, true, check_busy);
        each(RANDOM, true, true, check_busy);
}

/* Where a wake-up takes longer than both sides think it worth to spin. */
TEST(sides_that_sleep_both_find_out)
{
        for (size_t i = 0; i < COUNT_OF(wake_ups); i++)
                for (size_t j = 0; j < 3; j++) {
                        struct machine machine = { wake_ups[i], false, false };
                        struct load load = { STEADY, everies[j], 0 };
                        struct side host = side_of(&machine, TUNED, false);
                        host.tune = (struct tune){ .rests = true, .cost = TUNE_COST_MIN };
                        struct side worker = host;
                        plays(&host, &worker, &load, CALLS, BOOTED);
                        struct figures late = plays(&host, &worker, &load, CALLS, 2 * BOOTED);
                        assert_false(host.tune.rests || worker.tune.rests);
                        assert_true(late.latency <= 2 * with(&machine, &load, ALWAYS).latency);
                }
}

TEST(an_idle_side_costs_one_spin)
{
        struct side side = { .policy = TUNED, .wakes = 60 * US };
        bool woken;
        waits(&side, BOOTED, 2 * BOOTED, &woken);
        assert_true(side.cpu <= TUNE_SPIN_MAX + LOOKS + CHUNK + 2 * SLEEP);
        side.cpu = 0;
        for (uint64_t i = 2; i < 100; i++)
                waits(&side, i * BOOTED, (i + 1) * BOOTED, &woken);
        assert_true(side.cpu == 98 * 2 * SLEEP);
}

/* On one processor nobody comes in while the other spins. Returns when the side that waits from *@at on gives the processor up. */
static uint64_t gives_up(struct side *side, uint64_t *at)
{
        if (side->policy == NEVER)
                return *at + SLEEP;
        if (tune_looks(&side->tune))
                *at += LOOKS;
        return *at + tune_begin(&side->tune, *at) + SLEEP;
}

static void comes_back(struct side *side, uint64_t since, uint64_t at)
{
        if (side->policy == TUNED)
                tune_end(&side->tune, at - since, true, at);
}

static double on_one_processor(enum policy policy, uint64_t every, uint64_t service, int calls)
{
        struct side host = { .policy = policy }, worker = { .policy = policy };
        uint64_t now = BOOTED, latency = 0, idle = now;
        gives_up(&worker, &idle);
        for (int call = 0; call < calls; call++) {
                uint64_t sent = now += every, since = sent + WAKE;
                uint64_t at = gives_up(&host, &since) + SWITCH;
                comes_back(&worker, idle, at);
                idle = at + service + WAKE;
                now = gives_up(&worker, &idle) + SWITCH;
                comes_back(&host, since, now);
                latency += now - sent;
        }
        return (double)latency / calls;
}

/* Where the host does not know: both may run on two processors, and the kernel leaves them on one. */
TEST(one_processor_costs_a_tenth_at_most)
{
        for (size_t j = 0; j < COUNT_OF(everies); j++)
                for (size_t k = 0; k < COUNT_OF(services); k++) {
                        double tuned = on_one_processor(TUNED, everies[j], services[k], 100000);
                        double never = on_one_processor(NEVER, everies[j], services[k], 100000);
                        printf("every %4llu, service %3llu µs: %7.2f, plain futexes %7.2f µs\n",
                               (unsigned long long)everies[j] / US, (unsigned long long)services[k] / US, tuned / US, never / US);
                        assert_true(tuned <= 1.1 * never);
                }
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(steady_calls_cost_little_more_than_with_the_better_policy),
                         TEST_CASE(so_do_calls_at_random), TEST_CASE(so_do_bursts),
                         TEST_CASE(a_neighbour_on_either_processor_is_no_disaster), TEST_CASE(sides_that_sleep_both_find_out),
                         TEST_CASE(an_idle_side_costs_one_spin), TEST_CASE(one_processor_costs_a_tenth_at_most));
}
