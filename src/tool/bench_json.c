#include "tool/bench_print.h"

#include <jansson.h>

/* Six digits: more would be noise, and no two runs would compare. */
static int print_figure(FILE *to, const struct bench_task *task)
{
        json_t *figure = json_pack("{s:s, s:f, s:f, s:s, s:s}", "name", task->name, "median", bench_median(task), "min",
                                   bench_min(task), "unit", bench_unit(task), "place", task->place ? task->place : "not pinned");
        if (!figure)
                return -1;
        int r = json_dumpf(figure, to, JSON_REAL_PRECISION(6));
        json_decref(figure);
        return r;
}

/* A figure a line: to be read by people and compared by diff as well. */
int bench_print_json(FILE *to, const struct bench_plan *plan)
{
        const char *before = "[\n  ";
        for (size_t i = 0; i < plan->n_tasks; i++) {
                if (!plan->tasks[i].n_samples)
                        continue;
                fputs(before, to);
                if (print_figure(to, &plan->tasks[i]))
                        return -1;
                before = ",\n  ";
        }
        fputs(*before == '[' ? "[]\n" : "\n]\n", to);
        return 0;
}
