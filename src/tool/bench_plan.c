#include "tool/bench_plan.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bench_side *bench_add_side(struct bench_plan *plan, const char *name)
{
        assert(plan->n_sides < BENCH_SIDES_MAX);
        struct bench_side *side = &plan->sides[plan->n_sides++];
        *side = (struct bench_side){ .name = name };
        return side;
}

struct bench_task *bench_add(struct bench_plan *plan, struct bench_side *side, const char *format, ...)
{
        va_list list;
        assert(plan->n_tasks < BENCH_TASKS_MAX);
        struct bench_task *task = &plan->tasks[plan->n_tasks++];
        *task = (struct bench_task){ .side = side, .place = plan->place };
        va_start(list, format);
        vsnprintf(task->name, sizeof task->name, format, list);
        va_end(list);
        return task;
}

static bool run(struct bench_task *task, uint64_t *ret_ns)
{
        struct bench_side *side = task->side;
        if (side->out)
                return false;
        side->out = task->run(task, task->times, ret_ns, &side->why) != 0;
        return !side->out;
}

/* The fastest of three that are long enough; the first that is too short. One alone may have lost the processor for a while, and
 * would make all samples too short. */
static bool run_calmly(struct bench_task *task, uint64_t enough_ns, uint64_t *ret_ns)
{
        *ret_ns = UINT64_MAX;
        for (int i = 0; i < 3 && *ret_ns >= enough_ns; i++) {
                uint64_t ns;
                if (!run(task, &ns))
                        return false;
                if (ns < *ret_ns)
                        *ret_ns = ns;
        }
        return true;
}

/* Grows by at most 32 at a step: the first runs are cold and say little. */
void bench_calibrate(struct bench_task *task, uint64_t sample_ns)
{
        uint64_t ns;
        uint64_t most = task->times_max ? task->times_max : UINT64_MAX;
        for (task->times = 1; run_calmly(task, sample_ns / 2, &ns) && ns < sample_ns / 2 && task->times < most;) {
                uint64_t factor = ns ? sample_ns / ns : 32;
                task->times *= factor > 32 ? 32 : factor;
                task->times = task->times < most ? task->times : most;
        }
}

void bench_sample(struct bench_task *task)
{
        uint64_t ns;
        if (task->n_samples == BENCH_ROUNDS_MAX || !run(task, &ns))
                return;
        double each = (double)(ns ? ns : 1) / (double)task->times;
        double figure = task->bytes ? (double)task->bytes / each * 1000 : task->rate ? 1e9 / each : each;
        task->samples[task->n_samples++] = figure;
}

const struct bench_task *bench_find(const struct bench_plan *plan, const char *name)
{
        for (size_t i = 0; i < plan->n_tasks; i++)
                if (!strcmp(plan->tasks[i].name, name))
                        return plan->tasks[i].n_samples ? &plan->tasks[i] : NULL;
        return NULL;
}

static int compare(const void *a, const void *b)
{
        double x = *(const double *)a, y = *(const double *)b;
        return (x > y) - (x < y);
}

double bench_median(const struct bench_task *task)
{
        double sorted[BENCH_ROUNDS_MAX];
        unsigned n = task->n_samples;
        memcpy(sorted, task->samples, n * sizeof *sorted);
        qsort(sorted, n, sizeof *sorted, compare);
        return (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
}

double bench_min(const struct bench_task *task)
{
        double min = task->samples[0];
        for (unsigned i = 1; i < task->n_samples; i++)
                if (task->samples[i] < min)
                        min = task->samples[i];
        return min;
}

const char *bench_unit(const struct bench_task *task)
{
        if (task->unit)
                return task->unit;
        return task->bytes ? "MB/s" : task->rate ? "1/s" : "ns";
}
