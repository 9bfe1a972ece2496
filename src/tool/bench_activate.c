/* How long it takes to have an add-in, and to know that one has crashed. */
#include "tool/bench_kinds.h"

#include "base/fault.h"
#include "tool/bench_loop.h"
#include "tool/probe_host.h"

/* From the call of activate to its return: for `wasm` with the compiled image in the cache, for `process` with the warden running.
 */
static int activate(const struct bench_task *task, uint64_t times, uint64_t *ret_ns, struct ward_fault *fault)
{
        uint64_t total = 0;
        for (uint64_t i = 0; i < times; i++) {
                struct probe *probe = NULL;
                uint64_t start = clock_now();
                int r = bench_kind_activate(task->held, &probe, fault);
                total += clock_now() - start;
                if (r)
                        return r;
                probe_release(probe);
        }
        *ret_ns = total;
        return 0;
}

/* A domain for one add-in, one call, and all of it gone again. */
static int live(const struct bench_task *task, uint64_t times, uint64_t *ret_ns, struct ward_fault *fault)
{
        uint64_t start = clock_now();
        for (uint64_t i = 0; i < times; i++) {
                struct probe *probe = NULL;
                int r = bench_kind_activate(task->held, &probe, fault);
                if (!r)
                        r = probe_void_void(probe, fault);
                probe_release(probe);
                if (r)
                        return r;
        }
        *ret_ns = clock_now() - start;
        return 0;
}

static int crash_once(const struct bench_kind *kind, uint64_t *ret_ns, struct ward_fault *fault)
{
        struct probe *probe = NULL;
        struct ward_fault known;
        int r = bench_kind_activate(kind, &probe, fault);
        if (r)
                return r;
        uint64_t start = clock_now();
        r = probe_crash(probe, &known);
        *ret_ns = clock_now() - start;
        probe_release(probe);
        if (!r)
                return fault_set(fault, WARD_FAULT_PROTOCOL, "the add-in was to crash, and did not");
        return 0;
}

/* From the call of what crashes to its return with a fault, backtrace and all. */
static int crash(const struct bench_task *task, uint64_t times, uint64_t *ret_ns, struct ward_fault *fault)
{
        uint64_t total = 0, ns = 0;
        for (uint64_t i = 0; i < times; i++) {
                int r = crash_once(task->held, &ns, fault);
                if (r)
                        return r;
                total += ns;
        }
        *ret_ns = total;
        return 0;
}

static void add(struct bench_plan *plan, struct bench_kind *kind, const char *name,
                int (*run)(const struct bench_task *, uint64_t, uint64_t *, struct ward_fault *))
{
        struct bench_task *task = bench_add(plan, kind->side, "%s.%s", name, kind->side->name);
        task->run = run;
        task->held = kind;
}

/* At kind `direct` a crash is the host's own, and there is no domain to make. */
void bench_activate_add(struct bench_plan *plan, struct bench_kinds *kinds)
{
        for (int i = 0; i < BENCH_KINDS; i++)
                if (kinds->at[i].side)
                        add(plan, &kinds->at[i], "activate", activate);
        for (int i = 0; i < BENCH_KINDS; i++)
                if (kinds->at[i].side && i != WARD_DIRECT)
                        add(plan, &kinds->at[i], "live", live);
        for (int i = 0; i < BENCH_KINDS; i++)
                if (kinds->at[i].side && i != WARD_DIRECT)
                        add(plan, &kinds->at[i], "crash", crash);
}
