/* Calls with scalars: one call site for all kinds, the functions of the generated host view. */
#include "tool/bench_kinds.h"

#include "base/fault.h"
#include "base/own.h"
#include "tool/bench_limits.h"
#include "tool/bench_loop.h"
#include "tool/bench_pingpong.h"
#include "tool/probe_host.h"

static struct probe *probe_of(const struct bench_task *task)
{
        return ((const struct bench_kind *)task->held)->probe;
}

static int void_void(const struct bench_task *task, uint64_t times, uint64_t *ret_ns, struct ward_fault *fault)
{
        struct probe *probe = probe_of(task);
        BENCH_LOOP(times, ret_ns, probe_void_void(probe, fault));
        return 0;
}

static int void_int(const struct bench_task *task, uint64_t times, uint64_t *ret_ns, struct ward_fault *fault)
{
        struct probe *probe = probe_of(task);
        BENCH_LOOP(times, ret_ns, probe_void_int(probe, (int32_t)i, fault));
        return 0;
}

static int int_void(const struct bench_task *task, uint64_t times, uint64_t *ret_ns, struct ward_fault *fault)
{
        struct probe *probe = probe_of(task);
        int32_t ret = 0;
        BENCH_LOOP(times, ret_ns, probe_int_void(probe, &ret, fault) ?: bench_use(ret));
        return 0;
}

static int int_int(const struct bench_task *task, uint64_t times, uint64_t *ret_ns, struct ward_fault *fault)
{
        struct probe *probe = probe_of(task);
        int32_t ret = 0;
        BENCH_LOOP(times, ret_ns, probe_int_int(probe, (int32_t)i, &ret, fault) ?: bench_use(ret));
        return 0;
}

/* The same with a time limit, which it keeps. */
static int deadline(const struct bench_task *task, uint64_t times, uint64_t *ret_ns, struct ward_fault *fault)
{
        enum { MS = 10000 };
        probe_set_deadline(probe_of(task), MS);
        int r = int_int(task, times, ret_ns, fault);
        probe_set_deadline(probe_of(task), 0);
        return r;
}

static int void_struct(const struct bench_task *task, uint64_t times, uint64_t *ret_ns, struct ward_fault *fault)
{
        struct probe *probe = probe_of(task);
        probe_point_t point = { 1, 2 };
        BENCH_LOOP(times, ret_ns, probe_void_struct(probe, &point, fault));
        return 0;
}

static int record(const struct bench_task *task, uint64_t times, uint64_t *ret_ns, struct ward_fault *fault)
{
        struct probe *probe = probe_of(task);
        probe_block_t block = { 1, 2, 3, 4, 5, 6, 7, 8 }, ret;
        BENCH_LOOP(times, ret_ns, probe_echo_block(probe, &block, &ret, fault) ?: bench_use((int64_t)ret.h));
        return 0;
}

static int mixed(const struct bench_task *task, uint64_t times, uint64_t *ret_ns, struct ward_fault *fault)
{
        static uint8_t text[] = "a name of 22 characters";
        static uint32_t sixteen[16];
        struct probe *probe = probe_of(task);
        probe_string_t name = { text, sizeof text - 1 };
        probe_list_u32_t numbers = { sixteen, COUNT_OF(sixteen) };
        probe_order_t what = { .id = 1, .price = 2, .amount = 3 }, ret;
        BENCH_LOOP(times, ret_ns, probe_mixed(probe, &name, &numbers, &what, &ret, fault) ?: bench_use((int32_t)ret.amount));
        return 0;
}

static int nested(const struct bench_task *task, uint64_t times, uint64_t *ret_ns, struct ward_fault *fault)
{
        struct probe *probe = probe_of(task);
        int32_t ret = 0;
        BENCH_LOOP(times, ret_ns, probe_nested(probe, (int32_t)i, &ret, fault) ?: bench_use(ret));
        return 0;
}

/* One call to the add-in, which calls back @times times. */
static int callback(const struct bench_task *task, uint64_t times, uint64_t *ret_ns, struct ward_fault *fault)
{
        int32_t sum = 0;
        BENCH_LOOP(1, ret_ns, probe_ticks(probe_of(task), (uint32_t)times, &sum, fault));
        return 0;
}

/* One call to the add-in, which posts @times events. They have all arrived when it returns. */
static int events(const struct bench_task *task, uint64_t times, uint64_t *ret_ns, struct ward_fault *fault)
{
        uint64_t before = bench_events;
        BENCH_LOOP(1, ret_ns, probe_events(probe_of(task), (uint32_t)times, fault));
        if (bench_events - before != times)
                return fault_set(fault, WARD_FAULT_PROTOCOL, "%llu of %llu events arrived",
                                 (unsigned long long)(bench_events - before), (unsigned long long)times);
        return 0;
}

static const struct {
        const char *name;
        int (*run)(const struct bench_task *task, uint64_t times, uint64_t *ret_ns, struct ward_fault *fault);
} rows[] = {
        { "call.void", void_void },       { "call.void_int", void_int }, { "call.int_void", int_void },
        { "call.int_int", int_int },      { "call.deadline", deadline }, { "call.void_struct", void_struct },
        { "call.record", record },        { "call.mixed", mixed },       { "call.nested", nested },
        { "callback.int_int", callback }, { "event.int", events },
};

static void add(struct bench_plan *plan, struct bench_kind *kind, const char *name,
                int (*run)(const struct bench_task *, uint64_t, uint64_t *, struct ward_fault *))
{
        struct bench_task *task = bench_add(plan, kind->side, "%s.%s", name, kind->side->name);
        task->run = run;
        task->held = kind;
        task->place = kind->place;
}

void bench_calls_add(struct bench_plan *plan, struct bench_kinds *kinds)
{
        for (size_t row = 0; row < COUNT_OF(rows); row++)
                for (struct bench_kind *kind = kinds->at; kind < kinds->at + BENCH_KINDS; kind++)
                        if (kind->side)
                                add(plan, kind, rows[row].name, rows[row].run);
}

/* Both sides sleep before each call, which alone is counted. */
static int parked(const struct bench_task *task, uint64_t times, uint64_t *ret_ns, struct ward_fault *fault)
{
        uint64_t total = 0;
        int32_t ret;
        for (uint64_t i = 0; i < times; i++) {
                pingpong_park();
                uint64_t start = clock_now();
                int r = probe_int_int(probe_of(task), (int32_t)i, &ret, fault);
                total += clock_now() - start;
                if (r)
                        return r;
        }
        *ret_ns = total;
        return 0;
}

static void add_parked(struct bench_plan *plan, struct bench_kind *kind)
{
        add(plan, kind, "parked.int_int", parked);
        plan->tasks[plan->n_tasks - 1].times_max = BENCH_PARKED_TIMES;
}

void bench_places_add(struct bench_plan *plan, struct bench_kinds *kinds)
{
        if (!kinds->at[WARD_PROCESS].side)
                return;
        add_parked(plan, &kinds->at[WARD_PROCESS]);
        add(plan, &kinds->one_core, "call.int_int", int_int);
        add_parked(plan, &kinds->one_core);
}
