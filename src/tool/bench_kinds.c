#include "tool/bench_kinds.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/fault.h"
#include "base/own.h"
#include "tool/probe_host.h"

/* What the host provides. */
static int32_t tick(void *data, int32_t x)
{
        return x;
}

static const struct probe_services services = { .tick = tick };

int bench_kind_activate(const struct bench_kind *kind, struct probe **ret_probe, struct ward_fault *fault)
{
        return probe_activate(kind->kinds->host, kind->module, &kind->options, &services, ret_probe, fault);
}

static void open_kind(struct bench_kind *kind, enum ward_isolation isolation, struct bench_plan *plan,
                      const struct bench_kinds_options *options)
{
        kind->side = bench_add_side(plan, ward_isolation_name(isolation));
        kind->options = (struct ward_activate_options){ .size = sizeof kind->options, .isolation = isolation };
        kind->options.limits.size = sizeof kind->options.limits;
        if (isolation == WARD_PROCESS)
                kind->options.limits.cpu_affinity = options->affinity;
        snprintf(kind->module, sizeof kind->module, "%s/bench.%s", options->folder, isolation == WARD_WASM ? "wasm" : "so");
        kind->side->out = bench_kind_activate(kind, &kind->probe, &kind->side->why) != 0;
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
        for (int i = 0; i < BENCH_KINDS; i++) {
                kinds->at[i].kinds = kinds;
                if (options->wanted[i])
                        open_kind(&kinds->at[i], (enum ward_isolation)i, plan, options);
        }
        *ret_kinds = STEAL(kinds);
        return 0;
}

void bench_kinds_release(struct bench_kinds *kinds)
{
        for (int i = 0; i < BENCH_KINDS; i++)
                kinds->at[i].probe = probe_release(kinds->at[i].probe);
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
