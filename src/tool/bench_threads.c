/* How much many threads of the host get done with one add-in: calls of int(int), of all of them together. */
#include "tool/bench_kinds.h"

#include <errno.h>
#include <pthread.h>
#include "base/fault.h"
#include "base/own.h"
#include "tool/bench_loop.h"
#include "tool/probe_host.h"

static const size_t sizes[] = { 1, 2, 4, 16, 64 };

enum { CROWD_MAX = 64, STACK = 256 << 10 };

/* The threads of one sample. They have called once each before the clock starts: what is made for a thread's first call is not
 * counted, nor is its end. */
struct crowd {
        struct probe *probe;
        size_t size;
        uint64_t times; /* of each */
        pthread_mutex_t lock;
        pthread_cond_t changed;
        enum { WAIT, RUN, GO_HOME } go;
        size_t ready;
        size_t done;
        uint64_t end;
        int result; /* of the first call that failed, or 0 */
        struct ward_fault fault;
};

static int call(struct probe *probe, uint64_t times, struct ward_fault *fault)
{
        int32_t ret = 0;
        uint64_t ns;
        BENCH_LOOP(times, &ns, probe_int_int(probe, (int32_t)i, &ret, fault) ?: bench_use(ret));
        return 0;
}

/* With the lock. */
static void note(struct crowd *crowd, int r, const struct ward_fault *fault)
{
        if (!r || crowd->result)
                return;
        crowd->result = r;
        crowd->fault = *fault;
}

static bool await_start(struct crowd *crowd, int r, const struct ward_fault *fault)
{
        pthread_mutex_lock(&crowd->lock);
        note(crowd, r, fault);
        crowd->ready++;
        pthread_cond_broadcast(&crowd->changed);
        while (crowd->go == WAIT)
                pthread_cond_wait(&crowd->changed, &crowd->lock);
        bool run = crowd->go == RUN;
        pthread_mutex_unlock(&crowd->lock);
        return run;
}

static void *run_one(void *data)
{
        struct crowd *crowd = data;
        struct ward_fault fault;
        int r = call(crowd->probe, 1, &fault);
        if (!await_start(crowd, r, &fault))
                return NULL;
        r = call(crowd->probe, crowd->times, &fault);
        pthread_mutex_lock(&crowd->lock);
        note(crowd, r, &fault);
        if (++crowd->done == crowd->size)
                crowd->end = clock_now();
        pthread_mutex_unlock(&crowd->lock);
        return NULL;
}

static size_t make_threads(struct crowd *crowd, pthread_t *threads)
{
        pthread_attr_t small;
        size_t made = 0;
        pthread_attr_init(&small);
        pthread_attr_setstacksize(&small, STACK);
        while (made < crowd->size && !pthread_create(&threads[made], &small, run_one, crowd))
                made++;
        pthread_attr_destroy(&small);
        return made;
}

/* Returns when it began. A crowd that is not complete, or whose first calls failed, goes home. */
static uint64_t let_go(struct crowd *crowd, size_t made)
{
        pthread_mutex_lock(&crowd->lock);
        while (crowd->ready < made)
                pthread_cond_wait(&crowd->changed, &crowd->lock);
        uint64_t start = clock_now();
        crowd->go = made == crowd->size && !crowd->result ? RUN : GO_HOME;
        pthread_cond_broadcast(&crowd->changed);
        pthread_mutex_unlock(&crowd->lock);
        return start;
}

static int run(const struct bench_task *task, uint64_t times, uint64_t *ret_ns, struct ward_fault *fault)
{
        const struct bench_kind *kind = task->held;
        pthread_t threads[CROWD_MAX];
        struct crowd crowd = { .probe = kind->probe, .size = task->size, .times = (times + task->size - 1) / task->size };
        pthread_mutex_init(&crowd.lock, NULL);
        pthread_cond_init(&crowd.changed, NULL);
        size_t made = make_threads(&crowd, threads);
        uint64_t start = let_go(&crowd, made);
        for (size_t i = 0; i < made; i++)
                pthread_join(threads[i], NULL);
        pthread_cond_destroy(&crowd.changed);
        pthread_mutex_destroy(&crowd.lock);
        if (crowd.result) {
                *fault = crowd.fault;
                return crowd.result;
        }
        if (made < crowd.size)
                return fault_set(fault, WARD_FAULT_SYSTEM, "cannot make %zu threads", crowd.size);
        /* @times may be less than a call each. */
        *ret_ns = (uint64_t)((double)(crowd.end - start) * (double)times / (double)(crowd.times * crowd.size));
        return 0;
}

static void add(struct bench_plan *plan, struct bench_kind *kind, size_t size)
{
        struct bench_task *task = bench_add(plan, kind->side, "threads.%zu.%s", size, kind->side->name);
        task->run = run;
        task->held = kind;
        task->size = size;
        task->rate = true;
}

void bench_threads_add(struct bench_plan *plan, struct bench_kinds *kinds)
{
        for (size_t i = 0; i < COUNT_OF(sizes); i++) {
                for (struct bench_kind *kind = kinds->at; kind < kinds->at + BENCH_KINDS; kind++)
                        if (kind->side)
                                add(plan, kind, sizes[i]);
                if (kinds->free_threaded.side)
                        add(plan, &kinds->free_threaded, sizes[i]);
        }
}
