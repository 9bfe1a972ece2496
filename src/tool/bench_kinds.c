#include "tool/bench_kinds.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/fault.h"
#include "base/own.h"
#include "tool/probe_host.h"

uint64_t bench_events;

/* What the host provides. */
static int32_t tick(void *data, int32_t x)
{
        return x;
}

/* Posted by one add-in at a time, and made on the calling thread. */
static void event(void *data, int32_t x)
{
        bench_events++;
}

static const struct probe_services services = { .tick = tick, .event = event };

int bench_kind_activate(const struct bench_kind *kind, struct probe **ret_probe, struct ward_fault *fault)
{
        return probe_activate(kind->kinds->host, kind->module, &kind->options, &services, ret_probe, fault);
}

/* @processor: the worker's, or -1. */
static void open_kind(struct bench_kind *kind, enum ward_isolation isolation, const char *folder, int processor)
{
        kind->options = (struct ward_activate_options){ .size = sizeof kind->options, .isolation = isolation };
        kind->options.limits.size = sizeof kind->options.limits;
        kind->options.limits.cpu_affinity = bench_place_affinity(processor);
        snprintf(kind->module, sizeof kind->module, "%s/bench.%s", folder, isolation == WARD_WASM ? "wasm" : "so");
        kind->side->out = bench_kind_activate(kind, &kind->probe, &kind->side->why) != 0;
}

/* With this thread where it will call from: by that a domain knows whether its two sides can run at the same time. Not the first
 * domain, whose warden would pass that on to all workers. */
static void open_one_core(struct bench_kinds *kinds, struct bench_plan *plan, const struct bench_kinds_options *options)
{
        kinds->one_core = (struct bench_kind){ .kinds = kinds, .place = options->place->one };
        kinds->one_core.side = bench_add_side(plan, "process.one_core");
        bench_place_pin(options->place);
        open_kind(&kinds->one_core, WARD_PROCESS, options->folder, options->place->host);
        bench_place_restore(options->place);
}

static void open_kinds(struct bench_kinds *kinds, struct bench_plan *plan, const struct bench_kinds_options *options)
{
        const struct bench_place *place = options->place;
        for (int i = 0; i < BENCH_KINDS; i++) {
                struct bench_kind *kind = &kinds->at[i];
                kind->kinds = kinds;
                kind->place = i == WARD_PROCESS ? place->two : place->one;
                if (!options->wanted[i])
                        continue;
                kind->side = bench_add_side(plan, ward_isolation_name((enum ward_isolation)i));
                open_kind(kind, (enum ward_isolation)i, options->folder, i == WARD_PROCESS ? place->worker : -1);
        }
        if (options->wanted[WARD_PROCESS])
                open_one_core(kinds, plan, options);
}

int bench_kinds_open(struct bench_plan *plan, const struct bench_kinds_options *options, struct bench_kinds **ret_kinds,
                     struct ward_fault *fault)
{
        OWNED(freep) struct bench_kinds *kinds = calloc(1, sizeof *kinds);
        if (!kinds)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot measure the kinds");
        int r = ward_host_new(NULL, &kinds->host, fault);
        if (r)
                return r;
        open_kinds(kinds, plan, options);
        *ret_kinds = STEAL(kinds);
        return 0;
}

void bench_kinds_release(struct bench_kinds *kinds)
{
        for (int i = 0; i < BENCH_KINDS; i++) {
                kinds->at[i].probe = probe_release(kinds->at[i].probe);
                kinds->at[i].begun = probe_release(kinds->at[i].begun);
        }
        kinds->one_core.probe = probe_release(kinds->one_core.probe);
        kinds->free_threaded.probe = probe_release(kinds->free_threaded.probe);
}

static void activate_again(struct bench_kind *kind)
{
        kind->options.limits.cpu_affinity = 0;
        kind->place = NULL;
        kind->side->out = bench_kind_activate(kind, &kind->probe, &kind->side->why) != 0;
}

void bench_kinds_spread(struct bench_kinds *kinds, struct bench_plan *plan)
{
        const struct bench_kind *process = &kinds->at[WARD_PROCESS];
        if (process->side) {
                kinds->free_threaded = *process;
                kinds->free_threaded.side = bench_add_side(plan, "process.free_threaded");
                kinds->free_threaded.side->out = process->side->out;
                kinds->free_threaded.side->why = process->side->why;
                kinds->free_threaded.options.free_threaded = true;
        }
        for (struct bench_kind *kind = kinds->at; kind < kinds->at + BENCH_KINDS; kind++)
                if (kind->side && !kind->side->out)
                        activate_again(kind);
        if (process->side && !kinds->free_threaded.side->out)
                activate_again(&kinds->free_threaded);
}

struct bench_kinds *bench_kinds_close(struct bench_kinds *kinds)
{
        if (!kinds)
                return NULL;
        bench_kinds_release(kinds);
        ward_host_free(kinds->host);
        free(kinds->bulk);
        free(kinds);
        return NULL;
}
