/* What `ward bench` measures: tasks, and the samples they gave.
 *
 * 1. bench_add_side, bench_add   the parts of the command add their tasks to a plan
 * 2. bench_calibrate             each task once
 * 3. bench_sample                in rounds: one sample of every task, then the next round, so that noise hits all alike
 * 4. bench_find, bench_median, bench_min
 *
 * A task is one figure: a name, and a function that does the thing a number of times and says how long that took. What it is
 * measured against is its side: an isolation kind, or one of the machine's limits. A side that fails is out: its figures are
 * missing, the reason is kept, and the others go on. */
#ifndef TOOL_BENCH_PLAN_H
#define TOOL_BENCH_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <ward/fault.h>

enum {
        BENCH_NAME_MAX = 48,
        BENCH_SIDES_MAX = 24,
        BENCH_TASKS_MAX = 256,
        BENCH_ROUNDS_MAX = 99,
};

struct bench_side {
        const char *name;
        bool out;
        struct ward_fault why; /* where @out */
};

struct bench_task {
        char name[BENCH_NAME_MAX];
        struct bench_side *side;
        /* Does it @times times and writes the time that took to @ret_ns. 0 or a negative fault kind. */
        int (*run)(const struct bench_task *task, uint64_t times, uint64_t *ret_ns, struct ward_fault *fault);
        void *held;         /* for @run */
        size_t size;        /* for @run */
        uint64_t bytes;     /* moved each time: the figure is in MB/s; 0: it is in ns, or as the next two say */
        bool rate;          /* the figure is how often in a second */
        const char *unit;   /* of a figure that was made from others, else NULL */
        const char *place;  /* where its sides ran, or NULL: wherever the system put them */
        uint64_t times;     /* a sample is of so many */
        uint64_t times_max; /* and of no more than this; 0: however many it takes */
        double samples[BENCH_ROUNDS_MAX];
        unsigned n_samples;
};

struct bench_plan {
        struct bench_side sides[BENCH_SIDES_MAX];
        size_t n_sides;
        struct bench_task tasks[BENCH_TASKS_MAX];
        size_t n_tasks;
        const char *place; /* of the tasks that are added next */
};

/* Adds a side that is not out. @name is borrowed. It is the plan's. */
struct bench_side *bench_add_side(struct bench_plan *plan, const char *name);

/* Adds a task that is zero but for its name, made from @format, its side and the plan's place. It is the plan's. */
struct bench_task *bench_add(struct bench_plan *plan, struct bench_side *side, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* Finds how many times make a sample of about @sample_ns; that warms it up as well. */
void bench_calibrate(struct bench_task *task, uint64_t sample_ns);
/* Takes one more sample. Both put the task's side out where it fails, and do nothing where it is out. */
void bench_sample(struct bench_task *task);

/* NULL where there is no such figure, or where it has no sample. */
const struct bench_task *bench_find(const struct bench_plan *plan, const char *name);
double bench_median(const struct bench_task *task);
double bench_min(const struct bench_task *task);
const char *bench_unit(const struct bench_task *task);

#endif
