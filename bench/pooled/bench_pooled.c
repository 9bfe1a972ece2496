/* What several threads get done with one add-in at kind `wasm`: in a synchronized domain, and in pooled ones.
 *
 *      bench_pooled [--quick] FOLDER          FOLDER has crowd.wasm
 *
 * Prints calls per second of all threads together, the best of several short samples (what else runs on the machine only takes
 * away), and how many times the synchronized domain's that is. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/own.h"
#include "crowd_host.h"

enum { THREADS_MAX = 16, SAMPLES = 25, WORK_NS = 1000 };

static const uint32_t threads[] = { 1, 2, 4, 16 };
static const uint32_t instances[] = { 1, 2, 4, 16 };

struct sample {
        struct crowd *crowd;
        uint32_t rounds; /* 0: empty */
        uint64_t calls;
        pthread_barrier_t start;
        pthread_mutex_t lock;
        uint64_t first, last; /* when a thread began, and when one had ended */
};

static void note(struct sample *sample, uint64_t began, uint64_t ended)
{
        pthread_mutex_lock(&sample->lock);
        sample->first = began < sample->first ? began : sample->first;
        sample->last = ended > sample->last ? ended : sample->last;
        pthread_mutex_unlock(&sample->lock);
}

static void fail(const struct ward_fault *fault)
{
        fprintf(stderr, "bench_pooled: %s\n", fault->text);
        exit(1);
}

static void *call(void *data)
{
        struct sample *sample = data;
        struct ward_fault fault;
        uint32_t ret;
        pthread_barrier_wait(&sample->start);
        uint64_t began = clock_now();
        for (uint64_t i = 0; i < sample->calls; i++)
                if (sample->rounds ? crowd_work(sample->crowd, sample->rounds, &ret, &fault)
                                   : crowd_empty(sample->crowd, (uint32_t)i, &ret, &fault))
                        fail(&fault);
        note(sample, began, clock_now());
        return NULL;
}

/* Calls per second of @n threads. */
static double measure(struct crowd *crowd, uint32_t n, uint32_t rounds, uint64_t calls)
{
        struct sample sample = { .crowd = crowd, .rounds = rounds, .calls = calls / n, .first = UINT64_MAX };
        pthread_t all[THREADS_MAX];
        pthread_mutex_init(&sample.lock, NULL);
        pthread_barrier_init(&sample.start, NULL, n);
        for (uint32_t i = 0; i < n; i++)
                pthread_create(&all[i], NULL, call, &sample);
        for (uint32_t i = 0; i < n; i++)
                pthread_join(all[i], NULL);
        pthread_barrier_destroy(&sample.start);
        pthread_mutex_destroy(&sample.lock);
        return (double)sample.calls * n / (double)(sample.last - sample.first) * 1e9;
}

static struct crowd *activate(struct ward_host *host, const char *folder, uint32_t n)
{
        struct ward_activate_options options = { .size = sizeof options, .isolation = WARD_WASM, .instances = n };
        struct ward_fault fault;
        struct crowd *crowd;
        char path[4096];
        snprintf(path, sizeof path, "%s/crowd.wasm", folder);
        if (crowd_activate(host, path, &options, NULL, &crowd, &fault))
                fail(&fault);
        return crowd;
}

/* Rounds that take a microsecond. */
static uint32_t calibrate(struct crowd *crowd)
{
        uint32_t rounds = 1 << 20;
        double best = 0;
        for (int i = 0; i < 3; i++) {
                double rate = measure(crowd, 1, rounds, 10);
                best = rate > best ? rate : best;
        }
        return (uint32_t)(WORK_NS * 1e-9 * best * rounds) + 1;
}

static void print_row(struct crowd **crowds, uint32_t n, uint32_t rounds, uint64_t calls)
{
        double best[COUNT_OF(instances)] = { 0 };
        for (int s = 0; s < SAMPLES; s++)
                for (size_t i = 0; i < COUNT_OF(instances); i++) {
                        double rate = measure(crowds[i], n, rounds, calls);
                        best[i] = rate > best[i] ? rate : best[i];
                }
        printf("%-8s %7u", rounds ? "1 us" : "empty", n);
        for (size_t i = 0; i < COUNT_OF(instances); i++)
                printf("  %10.0f %5.2f", best[i], best[i] / best[0]);
        printf("\n");
}

int main(int argc, char **argv)
{
        bool quick = argc > 1 && !strcmp(argv[1], "--quick");
        struct crowd *crowds[COUNT_OF(instances)];
        struct ward_host *host;
        struct ward_fault fault;
        if (argc != 2 + quick) {
                fprintf(stderr, "usage: bench_pooled [--quick] FOLDER\n");
                return 1;
        }
        if (ward_host_new(NULL, &host, &fault))
                fail(&fault);
        printf("calls/s   threads");
        for (size_t i = 0; i < COUNT_OF(instances); i++) {
                crowds[i] = activate(host, argv[1 + quick], instances[i]);
                printf("  %*s%2u      x", 6, i ? "pool " : "sync ", instances[i]);
        }
        printf("\n");
        uint32_t rounds = calibrate(crowds[0]);
        for (size_t t = 0; t < COUNT_OF(threads); t++)
                print_row(crowds, threads[t], rounds, quick ? 1000 : 20000);
        for (size_t t = 0; t < COUNT_OF(threads); t++)
                print_row(crowds, threads[t], 0, quick ? 1000 : 400000);
        for (size_t i = 0; i < COUNT_OF(instances); i++)
                crowd_release(crowds[i]);
        ward_host_free(host);
        return 0;
}
