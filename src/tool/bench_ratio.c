#include "tool/bench_ratio.h"

#include <string.h>
#include "base/own.h"
#include "tool/bench_print.h"

static const char spin_mean[] = "limit.spin.mean";

static const struct row {
        const char *figure;
        const char *limit;
        const char *label;
} rows[] = {
        { "call.void.process", spin_mean, "void(void)" },
        { "call.int_int.process", spin_mean, "int(int)" },
        { "call.record.process", spin_mean, "record of 64 bytes each way" },
        { "call.nested.process", spin_mean, "int(int) that calls back" },
        { "parked.int_int.process", "limit.futex.parked", "int(int), both asleep before" },
        { "call.int_int.process.one_core", "limit.futex.one_core", "int(int)" },
        { "parked.int_int.process.one_core", "limit.futex.parked.one_core", "int(int), both asleep before" },
};

/* @make of each round's samples of @a and @b; nothing where one of them is missing. */
static void derive(struct bench_plan *plan, const struct bench_task *a, const struct bench_task *b, const char *name,
                   double (*make)(double, double), const char *unit)
{
        if (!a || !b)
                return;
        struct bench_task *task = bench_add(plan, a->side, "%s", name);
        task->place = a->place;
        task->unit = unit;
        task->n_samples = a->n_samples < b->n_samples ? a->n_samples : b->n_samples;
        for (unsigned i = 0; i < task->n_samples; i++)
                task->samples[i] = make(a->samples[i], b->samples[i]);
}

static double mean(double a, double b)
{
        return (a + b) / 2;
}

static double ratio(double a, double b)
{
        return a / b;
}

void bench_ratios_add(struct bench_plan *plan)
{
        char name[BENCH_NAME_MAX];
        derive(plan, bench_find(plan, "limit.spin"), bench_find(plan, "limit.spin.line"), spin_mean, mean, "ns");
        for (size_t i = 0; i < COUNT_OF(rows); i++) {
                snprintf(name, sizeof name, "ratio.%s", rows[i].figure);
                derive(plan, bench_find(plan, rows[i].figure), bench_find(plan, rows[i].limit), name, ratio, "x");
        }
}

static const char *limit_label(const char *limit)
{
        return limit == spin_mean ? "spinning" : strstr(limit, "parked") ? "futex, both asleep" : "futex";
}

static void print_row(FILE *to, const struct row *row, const struct bench_plan *plan, const struct bench_task *of)
{
        char takes[32], best[32];
        bench_time(bench_median(bench_find(plan, row->figure)), takes);
        bench_time(bench_median(bench_find(plan, row->limit)), best);
        fprintf(to, "  %-30s", row->label);
        bench_print_right(to, 12, takes);
        bench_print_right(to, 12, best);
        fprintf(to, "%8.2fx   %s\n", bench_median(of), limit_label(row->limit));
}

void bench_ratios_print(FILE *to, const struct bench_plan *plan)
{
        const char *place = NULL;
        for (size_t i = 0; i < COUNT_OF(rows); i++) {
                char name[BENCH_NAME_MAX];
                snprintf(name, sizeof name, "ratio.%s", rows[i].figure);
                const struct bench_task *task = bench_find(plan, name);
                if (!task)
                        continue;
                if (!place)
                        fprintf(to, "\nCalls at kind process, beside a ping-pong in the same place\n\n%-32s%12s%12s%9s\n", "",
                                "takes", "ping-pong", "ratio");
                if (!place || strcmp(place, task->place))
                        fprintf(to, "%s\n", task->place);
                place = task->place;
                print_row(to, &rows[i], plan, task);
        }
}
