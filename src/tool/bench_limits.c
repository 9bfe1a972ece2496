#include "tool/bench_limits.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/fault.h"
#include "base/own.h"
#include "tool/bench_loop.h"
#include "tool/bench_pingpong.h"

const size_t bench_sizes[BENCH_SIZES] = { 10, 100000, BENCH_SIZE_MAX };

struct bench_limits {
        void *module;
        int32_t (*plain)(int32_t);
        struct pingpong *pingpong; /* with the other end on another processor, where there is one */
        struct pingpong *one_core; /* with both on the host's */
        char *from;
        char *to;
};

/* The function that the direct figures call as well, by way of Ward; here as any program calls a plug-in of its own: through a
 * pointer that dlsym gave, loaded for each call, the result used. */
static int call(const struct bench_task *task, uint64_t times, uint64_t *ret_ns, struct ward_fault *fault)
{
        const struct bench_limits *limits = task->held;
        BENCH_LOOP(times, ret_ns, bench_use(limits->plain((int32_t)i)));
        return 0;
}

static int spin(const struct bench_task *task, uint64_t times, uint64_t *ret_ns, struct ward_fault *fault)
{
        return pingpong_play(task->held, PINGPONG_SPINNING, times, ret_ns, fault);
}

static int one_line(const struct bench_task *task, uint64_t times, uint64_t *ret_ns, struct ward_fault *fault)
{
        return pingpong_play(task->held, PINGPONG_ONE_LINE, times, ret_ns, fault);
}

static int futex(const struct bench_task *task, uint64_t times, uint64_t *ret_ns, struct ward_fault *fault)
{
        return pingpong_play(task->held, PINGPONG_FUTEX, times, ret_ns, fault);
}

static int parked(const struct bench_task *task, uint64_t times, uint64_t *ret_ns, struct ward_fault *fault)
{
        return pingpong_play(task->held, PINGPONG_PARKED, times, ret_ns, fault);
}

static int copy(const struct bench_task *task, uint64_t times, uint64_t *ret_ns, struct ward_fault *fault)
{
        const struct bench_limits *limits = task->held;
        BENCH_LOOP(times, ret_ns, !memcpy(limits->to, limits->from, task->size));
        return 0;
}

/* What no list that is copied to another process can beat, unless both sides work at the same time. */
static int carry(const struct bench_task *task, uint64_t times, uint64_t *ret_ns, struct ward_fault *fault)
{
        const struct bench_limits *limits = task->held;
        return pingpong_carry(limits->pingpong, limits->from, task->size, times, ret_ns, fault);
}

static struct bench_task *add(struct bench_plan *plan, struct bench_side *side, const char *name, void *held,
                              int (*run)(const struct bench_task *, uint64_t, uint64_t *, struct ward_fault *))
{
        struct bench_task *task = bench_add(plan, side, "limit.%s", name);
        task->run = run;
        task->held = held;
        return task;
}

static void add_call(struct bench_plan *plan, const char *module, struct bench_limits *limits)
{
        struct bench_side *side = bench_add_side(plan, "C call");
        add(plan, side, "call", limits, call);
        limits->module = dlopen(module, RTLD_NOW | RTLD_LOCAL);
        if (limits->module)
                *(void **)&limits->plain = dlsym(limits->module, "bench_plain");
        if (limits->plain)
                return;
        side->out = true;
        fault_set(&side->why, WARD_FAULT_MODULE, "cannot load module '%s': %s", module, dlerror());
}

static void add_pingpong(struct bench_plan *plan, const struct bench_place *place, struct bench_limits *limits)
{
        struct bench_side *spinning = bench_add_side(plan, "spinning ping-pong");
        struct bench_side *sleeping = bench_add_side(plan, "futex ping-pong");
        plan->place = place->two;
        add(plan, spinning, "spin", limits->pingpong, spin);
        add(plan, spinning, "spin.line", limits->pingpong, one_line);
        add(plan, sleeping, "futex", limits->pingpong, futex);
        add(plan, sleeping, "futex.parked", limits->pingpong, parked)->times_max = BENCH_PARKED_TIMES;
        plan->place = place->one;
        add(plan, sleeping, "futex.one_core", limits->one_core, futex);
        add(plan, sleeping, "futex.parked.one_core", limits->one_core, parked)->times_max = BENCH_PARKED_TIMES;
        if (place->worker >= 0)
                return;
        spinning->out = true;
        fault_set(&spinning->why, WARD_FAULT_SYSTEM, "it needs two processors; this process may use one only (see taskset -p)");
}

/* Touched once, so that no page is taken while the clock runs. */
static int add_memcpy(struct bench_plan *plan, struct bench_limits *limits, struct ward_fault *fault)
{
        struct bench_side *side = bench_add_side(plan, "memcpy");
        limits->from = malloc(BENCH_SIZE_MAX);
        limits->to = malloc(BENCH_SIZE_MAX);
        if (!limits->from || !limits->to)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot measure memcpy");
        memset(limits->from, 1, BENCH_SIZE_MAX);
        memset(limits->to, 2, BENCH_SIZE_MAX);
        for (int i = 0; i < BENCH_SIZES; i++) {
                struct bench_task *task = bench_add(plan, side, "limit.memcpy.%zu", bench_sizes[i]);
                task->run = copy;
                task->held = limits;
                task->size = bench_sizes[i];
                task->bytes = bench_sizes[i];
        }
        return 0;
}

static void add_carrying(struct bench_plan *plan, const struct bench_place *place, struct bench_limits *limits)
{
        struct bench_side *side = bench_add_side(plan, "copy through shared memory");
        side->out = place->worker < 0;
        if (side->out)
                fault_set(&side->why, WARD_FAULT_SYSTEM, "it needs two processors; this process may use one only (see taskset -p)");
        for (int i = 0; i < BENCH_SIZES; i++) {
                struct bench_task *task = bench_add(plan, side, "limit.shared.%zu.process", bench_sizes[i]);
                task->run = carry;
                task->held = limits;
                task->size = bench_sizes[i];
                task->bytes = bench_sizes[i];
                task->place = place->two;
        }
}

static void limits_freep(struct bench_limits **limits)
{
        bench_limits_close(*limits);
}

/* The ping-pong first: its fork should have as little memory as may be to share. */
int bench_limits_open(struct bench_plan *plan, const struct bench_place *place, const char *module,
                      struct bench_limits **ret_limits, struct ward_fault *fault)
{
        OWNED(limits_freep) struct bench_limits *limits = calloc(1, sizeof *limits);
        if (!limits)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot measure the machine's limits");
        int r = pingpong_open(place->worker < 0 ? place->host : place->worker, &limits->pingpong, fault);
        if (!r)
                r = pingpong_open(place->host, &limits->one_core, fault);
        if (r)
                return r;
        plan->place = place->one;
        add_call(plan, module, limits);
        add_pingpong(plan, place, limits);
        r = add_memcpy(plan, limits, fault);
        if (r)
                return r;
        add_carrying(plan, place, limits);
        *ret_limits = STEAL(limits);
        return 0;
}

struct bench_limits *bench_limits_close(struct bench_limits *limits)
{
        if (!limits)
                return NULL;
        pingpong_close(limits->pingpong);
        pingpong_close(limits->one_core);
        if (limits->module)
                dlclose(limits->module);
        free(limits->from);
        free(limits->to);
        free(limits);
        return NULL;
}
