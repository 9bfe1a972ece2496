/* Ends calls of every kind, one after the other, on several threads, at deadlines and by unloads, while other domains compute what
 * is checked: soak MODULE [--aborts N] [--threads N] [--seed N]. At its end the process is as it was at the beginning: descriptors,
 * mappings, threads, memory; and every thread that returned has its signals as they were. */
#include <dirent.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "stops_host.h"

enum {
        MS = 1000000,
        THREADS_MAX = 64,
        COMPUTING = 2,
        ROUNDS = 5000,
        WARM_UP = 200, /* aborts before things are counted */
        /* Arenas of malloc and kept memories: both are bounded, and do not grow with the number of aborts. */
        MORE_MAPS = 120,
        MORE_KIB = 48 << 10,
};

static struct {
        struct ward_host *host;
        const char *module;
        unsigned aborts, threads;
        uint64_t seed;
} soak = { .aborts = 2000, .threads = 4, .seed = 1 };

static _Atomic unsigned begun, done, checked;
static _Atomic uint64_t latest; /* of all that were ended at a deadline: how far behind it */
static _Atomic bool over;

static void give_up(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
static void give_up(const char *format, ...)
{
        va_list args;
        va_start(args, format);
        vfprintf(stderr, format, args);
        va_end(args);
        fprintf(stderr, "\n");
        exit(1);
}

static uint64_t now(void)
{
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void pause_us(unsigned us)
{
        nanosleep(&(struct timespec){ .tv_nsec = us * 1000 }, NULL);
}

/* --- What the process has --------------------------------------------------------------------- */

struct counts {
        unsigned fds, threads, maps, kib;
};

static unsigned count_in(const char *path)
{
        DIR *dir = opendir(path);
        unsigned n = 0;
        for (const struct dirent *entry; dir && (entry = readdir(dir));)
                n += entry->d_name[0] != '.';
        if (dir)
                closedir(dir);
        return n;
}

static unsigned lines_of(const char *path, const char *key)
{
        FILE *file = fopen(path, "re");
        char line[4096];
        unsigned n = 0, value;
        while (file && fgets(line, sizeof line, file)) {
                if (key && !strncmp(line, key, strlen(key)) && sscanf(line + strlen(key), "%u", &value) == 1)
                        n = value;
                n += !key;
        }
        if (file)
                fclose(file);
        return n;
}

static struct counts count(void)
{
        return (struct counts){ count_in("/proc/self/fd"), count_in("/proc/self/task"), lines_of("/proc/self/maps", NULL),
                                lines_of("/proc/self/status", "VmRSS:") };
}

static void print_counts(const char *when, const struct counts *counts)
{
        printf("%-8s %u descriptors, %u threads, %u mappings, %u KiB resident\n", when, counts->fds, counts->threads, counts->maps,
               counts->kib);
        fflush(stdout);
}

/* --- A thread that ends calls ----------------------------------------------------------------- */

/* Beside each thread that hangs: unloads the domain that it is told, some time after it was told. */
struct unloader {
        pthread_t thread;
        sem_t told, unloaded;
        struct ward_domain *domain; /* NULL: it is to end */
        unsigned after_us;
};

struct worker {
        pthread_t thread;
        struct unloader unloader;
        struct stops_services services;
        struct stops *stops;
        uint64_t seed;
        unsigned visit_us;
        struct stops *visited; /* what the host calls when it is called */
};

static uint64_t next(struct worker *worker)
{
        worker->seed ^= worker->seed << 13;
        worker->seed ^= worker->seed >> 7;
        worker->seed ^= worker->seed << 17;
        return worker->seed;
}

static void *unload(void *data)
{
        struct unloader *unloader = data;
        for (;;) {
                sem_wait(&unloader->told);
                if (!unloader->domain)
                        return NULL;
                pause_us(unloader->after_us);
                ward_domain_unload(unloader->domain, NULL);
                sem_post(&unloader->unloaded);
        }
}

static int act(struct stops *stops, const char *way, struct ward_fault *fault)
{
        stops_string_t text;
        uint32_t ret;
        stops_string_set(&text, way);
        return stops_act(stops, &text, &ret, fault);
}

static uint32_t visit(void *data, uint32_t n)
{
        struct worker *worker = data;
        struct ward_fault fault;
        if (n == 1000 && worker->visit_us)
                pause_us(worker->visit_us);
        if (n == 1000 && worker->visited)
                act(worker->visited, "loop", &fault);
        return n + 1;
}

static void tell(void *data, stops_string_t *text)
{
}

static int activate(struct worker *worker, uint32_t deadline_ms, const char *way, struct stops **ret_stops,
                    struct ward_fault *fault)
{
        const struct ward_activate_options options = {
                .size = sizeof options,
                .isolation = WARD_WASM,
                .deadline_ms = deadline_ms,
                .activate_ms = way ? 30 : 60000, /* of which reading the module is a part */
                .arguments = (const char *const[]){ way, NULL },
                .limits = { .size = sizeof options.limits },
        };
        return stops_activate(soak.host, soak.module, &options, &worker->services, ret_stops, fault);
}

static void expect(int r, int kind, const char *what, const struct ward_fault *fault)
{
        if (r != -kind)
                give_up("%s: %d, not %d: %s", what, r, -kind, r < 0 ? fault->text : "no fault");
}

/* --- Situations: each is called with an add-in that may be ended in @deadline_ms, or is unloaded soon -- */

static const char *const ways[] = { "loop", "loop-empty", "loop-float", "recurse",     "fill",   "copy",
                                    "grow", "host",       "sleep",      "sleep-short", "random", "visit" };
enum { WAYS = sizeof ways / sizeof *ways };

static int hold(struct worker *worker, bool allocations, struct ward_fault *fault)
{
        stops_string_t text, ret;
        stops_string_set(&text, "text");
        int r = stops_hold(worker->stops, allocations, !allocations, fault);
        if (!r)
                r = stops_twice(worker->stops, &text, &ret, fault);
        if (!r)
                stops_string_free(&ret);
        return r;
}

static int destroy(struct worker *worker, struct ward_fault *fault)
{
        exports_test_stops_things_own_thing_t thing;
        int r = stops_things_constructor_thing(worker->stops, true, &thing, fault);
        return r ? r : stops_things_thing_drop_own(worker->stops, thing, fault);
}

/* Runs one of them, chosen by @choice. Its name in @ret_name. */
static int run(struct worker *worker, unsigned choice, const char **ret_name, struct ward_fault *fault)
{
        int r;
        worker->visit_us = choice % 2 ? 2000 : 0;
        switch (choice % (WAYS + 4)) {
        case WAYS:
                *ret_name = "allocates";
                return hold(worker, true, fault);
        case WAYS + 1:
                *ret_name = "frees";
                return hold(worker, false, fault);
        case WAYS + 2:
                *ret_name = "destroys";
                return destroy(worker, fault);
        case WAYS + 3:
                *ret_name = "calls another";
                r = activate(worker, 0, NULL, &worker->visited, fault);
                if (!r)
                        r = act(worker->stops, "visit", fault);
                worker->visited = stops_release(worker->visited);
                return r;
        default:
                *ret_name = ways[choice % (WAYS + 4)];
                return act(worker->stops, *ret_name, fault);
        }
}

static void note_lateness(uint64_t ns)
{
        uint64_t before = latest;
        while (ns > before && !atomic_compare_exchange_weak(&latest, &before, ns))
                ;
}

static void end_at_deadline(struct worker *worker, unsigned choice)
{
        struct ward_fault fault;
        const char *name = "";
        uint32_t ms = 1 + (uint32_t)(next(worker) % 2);
        int r = activate(worker, 0, NULL, &worker->stops, &fault);
        expect(r, 0, "activate", &fault);
        stops_set_deadline(worker->stops, ms);
        uint64_t began = now();
        r = run(worker, choice, &name, &fault);
        expect(r, WARD_FAULT_DEADLINE, name, &fault);
        note_lateness(now() - began - (uint64_t)ms * MS);
        worker->stops = stops_release(worker->stops);
}

/* The thing of a destructor that loops is destroyed by an unload itself, for a second: that is done seldom. */
static void end_by_unload(struct worker *worker, unsigned choice)
{
        struct unloader *unloader = &worker->unloader;
        struct ward_fault fault;
        const char *name = "";
        if (choice % (WAYS + 4) >= WAYS)
                choice = 0;
        int r = activate(worker, 0, NULL, &worker->stops, &fault);
        expect(r, 0, "activate", &fault);
        unloader->domain = stops_domain(worker->stops);
        unloader->after_us = (unsigned)(next(worker) % 500);
        sem_post(&unloader->told);
        r = run(worker, choice, &name, &fault);
        expect(r, WARD_FAULT_UNLOADED, name, &fault);
        sem_wait(&unloader->unloaded);
        worker->stops = stops_release(worker->stops);
}

static void end_initializer(struct worker *worker, unsigned choice)
{
        struct ward_fault fault;
        const char *way = ways[choice % WAYS];
        worker->visit_us = 0;
        int r = activate(worker, 0, way, &worker->stops, &fault);
        expect(r, WARD_FAULT_DEADLINE, way, &fault);
        worker->stops = NULL;
}

static void trap(struct worker *worker, unsigned choice)
{
        struct ward_fault fault;
        int r = activate(worker, 0, NULL, &worker->stops, &fault);
        expect(r, 0, "activate", &fault);
        r = act(worker->stops, choice % 2 ? "null" : "trap", &fault);
        expect(r, WARD_FAULT_TRAP, "trap", &fault);
        worker->stops = stops_release(worker->stops);
}

static void check_signals(void)
{
        sigset_t mask;
        stack_t stack;
        pthread_sigmask(SIG_SETMASK, NULL, &mask);
        for (int i = 1; i < SIGRTMIN; i++)
                if (sigismember(&mask, i) == 1)
                        give_up("signal %d is blocked", i);
        if (sigaltstack(NULL, &stack) || stack.ss_flags)
                give_up("the signal stack is not as it was: flags %d", stack.ss_flags);
}

static void *hang(void *data)
{
        struct worker *worker = data;
        while (atomic_fetch_add(&begun, 1) < soak.aborts) {
                unsigned how = (unsigned)(next(worker) % 100), choice = (unsigned)(next(worker) % 1000);
                if (how < 2)
                        end_initializer(worker, choice);
                else if (how < 10)
                        trap(worker, choice);
                else if (how < 50)
                        end_by_unload(worker, choice);
                else
                        end_at_deadline(worker, choice);
                check_signals();
                done++;
        }
        return NULL;
}

/* --- Those that are to notice nothing --------------------------------------------------------- */

static uint32_t mix(uint32_t seed)
{
        for (uint32_t i = 0; i < ROUNDS; i++)
                seed = (seed ^ (seed >> 15)) * 0x2c1b3c6du + i;
        return seed;
}

static void *compute(void *data)
{
        struct worker *worker = data;
        struct ward_fault fault;
        int r = activate(worker, 60000, NULL, &worker->stops, &fault);
        expect(r, 0, "activate", &fault);
        for (uint32_t i = 0; !over; i++) {
                uint32_t ret = 0;
                r = stops_mix(worker->stops, i, ROUNDS, &ret, &fault);
                expect(r, 0, "mix", &fault);
                if (ret != mix(i))
                        give_up("mix(%u) is %u, not %u", i, ret, mix(i));
                checked++;
                if (i % 8 == 0)
                        pause_us(200); /* the machine is the others', too */
        }
        worker->stops = stops_release(worker->stops);
        return NULL;
}

/* --- The soak --------------------------------------------------------------------------------- */

static struct worker workers[THREADS_MAX + COMPUTING];

static void start(struct worker *worker, unsigned number, void *(*life)(void *))
{
        worker->services = (struct stops_services){ .data = worker, .visit = visit, .tell = tell };
        worker->seed = (soak.seed + number + 1) * 0x9e3779b97f4a7c15u;
        if (life == hang) {
                sem_init(&worker->unloader.told, 0, 0);
                sem_init(&worker->unloader.unloaded, 0, 0);
                worker->unloader.domain = NULL;
                if (pthread_create(&worker->unloader.thread, NULL, unload, &worker->unloader))
                        give_up("no thread");
        }
        if (pthread_create(&worker->thread, NULL, life, worker))
                give_up("no thread");
}

static void join(struct worker *worker, bool hangs)
{
        pthread_join(worker->thread, NULL);
        if (!hangs)
                return;
        worker->unloader.domain = NULL;
        sem_post(&worker->unloader.told);
        pthread_join(worker->unloader.thread, NULL);
        sem_destroy(&worker->unloader.told);
        sem_destroy(&worker->unloader.unloaded);
}

static void *show_progress(void *data)
{
        const unsigned *aborts = data;
        for (unsigned i = 0; !over; i++) {
                if (i % 100 == 99) {
                        printf("         %u of %u ended, %u results checked\n", done, *aborts, checked);
                        fflush(stdout);
                }
                pause_us(100000);
        }
        return NULL;
}

static void run_all(unsigned aborts)
{
        unsigned wanted = soak.aborts;
        pthread_t progress;
        soak.aborts = aborts;
        begun = done = 0;
        over = false;
        for (unsigned i = 0; i < COMPUTING; i++)
                start(&workers[THREADS_MAX + i], i, compute);
        for (unsigned i = 0; i < soak.threads; i++)
                start(&workers[i], i, hang);
        if (pthread_create(&progress, NULL, show_progress, &soak.aborts))
                give_up("no thread");
        for (unsigned i = 0; i < soak.threads; i++)
                join(&workers[i], true);
        over = true;
        for (unsigned i = 0; i < COMPUTING; i++)
                join(&workers[THREADS_MAX + i], false);
        pthread_join(progress, NULL);
        soak.aborts = wanted;
}

static void read_arguments(int argc, char **argv)
{
        for (int i = 1; i < argc; i++) {
                unsigned long value = i + 1 < argc ? strtoul(argv[i + 1], NULL, 0) : 0;
                if (argv[i][0] != '-')
                        soak.module = argv[i];
                else if (!strcmp(argv[i], "--aborts"))
                        soak.aborts = (unsigned)value, i++;
                else if (!strcmp(argv[i], "--threads") && value && value <= THREADS_MAX)
                        soak.threads = (unsigned)value, i++;
                else if (!strcmp(argv[i], "--seed"))
                        soak.seed = value, i++;
                else
                        give_up("soak MODULE [--aborts N] [--threads N] [--seed N]");
        }
        if (!soak.module)
                give_up("soak MODULE [--aborts N] [--threads N] [--seed N]");
}

int main(int argc, char **argv)
{
        struct ward_fault fault;
        read_arguments(argc, argv);
        if (ward_host_new(NULL, &soak.host, &fault))
                give_up("%s", fault.text);
        run_all(WARM_UP);
        struct counts before = count();
        print_counts("before", &before);
        uint64_t began = now();
        run_all(soak.aborts);
        struct counts after = count();
        print_counts("after", &after);
        printf("%u calls ended in %.1f s on %u threads, at most %.3f ms behind their deadline; %u results checked meanwhile\n",
               done, (double)(now() - began) / 1e9, soak.threads, (double)latest / 1e6, checked);
        ward_host_free(soak.host);
        if (after.fds != before.fds || after.threads != before.threads || after.maps > before.maps + MORE_MAPS ||
            after.kib > before.kib + MORE_KIB)
                give_up("the process has grown");
        return 0;
}
