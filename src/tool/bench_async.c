/* Begun calls: int(int), with so many in flight. An add-in of their own, since where calls are begun, others wait for their turn.
 */
#include "tool/bench_kinds.h"

#include "base/own.h"
#include "tool/bench_loop.h"
#include "tool/probe_host.h"

enum { IN_FLIGHT = 64 };

static int finish(struct probe_int_int_pending *pending, struct ward_fault *fault)
{
        int32_t ret = 0;
        return probe_int_int_finish(pending, &ret, fault) ?: bench_use(ret);
}

/* The oldest is finished when another is begun. */
static int run(const struct bench_task *task, uint64_t times, uint64_t *ret_ns, struct ward_fault *fault)
{
        struct probe *probe = ((const struct bench_kind *)task->held)->begun;
        struct probe_int_int_pending *pending[IN_FLIGHT];
        uint64_t start = clock_now();
        int r = 0;
        for (uint64_t i = 0; i < times + IN_FLIGHT && !r; i++) {
                if (i >= IN_FLIGHT && i - IN_FLIGHT < times)
                        r = finish(pending[i % IN_FLIGHT], fault);
                if (!r && i < times)
                        r = probe_int_int_begin(probe, (int32_t)i, &pending[i % IN_FLIGHT], fault);
        }
        *ret_ns = clock_now() - start;
        return r;
}

void bench_async_add(struct bench_plan *plan, struct bench_kinds *kinds)
{
        for (struct bench_kind *kind = kinds->at; kind < kinds->at + BENCH_KINDS; kind++) {
                if (!kind->side || kind->side->out)
                        continue;
                kind->side->out = bench_kind_activate(kind, &kind->begun, &kind->side->why) != 0;
                struct bench_task *task = bench_add(plan, kind->side, "begun.int_int.%s", kind->side->name);
                task->run = run;
                task->held = kind;
                task->place = kind->place;
        }
}
