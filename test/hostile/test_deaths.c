/* Workers that die or stop at each step of a call: the host learns of it in time, whichever thread it waits on, and nothing stays.
 */
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/own.h"
#include "test/hostile/hostile.h"

/* Of many deaths most are to be known within KNOWN_NS, or CROWD_NS where many threads that want to know share the processors; each
 * within MOST_NS, since a busy machine may have its processors elsewhere. */
enum { KNOWN_NS = 5000000, CROWD_NS = 25000000, MOST_NS = 1000000000, ROUNDS = 6, THREADS = 8 };

/* --- Who ends it ------------------------------------------------------------------------------ */

/* From outside, once the worker is where it is to be. */
struct killer {
        struct board *board;
        int signal;
        pthread_t thread;
};

static void *kill_there(void *data)
{
        const struct killer *killer = data;
        struct board *board = killer->board;
        while (!atomic_load(&board->reached))
                syscall(SYS_futex, &board->reached, FUTEX_WAIT, 0, NULL, NULL, 0);
        int32_t pid = atomic_load(&board->pid);
        bool is = is_worker(pid);
        atomic_store(&board->died_at, clock_now());
        if (is)
                kill(pid, killer->signal);
        return NULL;
}

static void killer_start(struct killer *killer, struct board *board, int signal)
{
        *killer = (struct killer){ .board = board, .signal = signal };
        assert_int_equal(pthread_create(&killer->thread, NULL, kill_there, killer), 0);
}

/* --- What the host does meanwhile ------------------------------------------------------------- */

static void *call_once(void *data)
{
        struct ward_fault fault;
        scene_call(data, EXPORT_ADD, &fault);
        return NULL;
}

static void in_a_thread(struct scene *scene)
{
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, call_once, scene), 0);
        pthread_join(thread, NULL);
}

static void await_end(const struct scene *scene)
{
        uint64_t until = clock_deadline(SLACK_MS);
        const struct ward_domain *domain = ward_instance_domain(scene->instance);
        while (ward_domain_state(domain) != WARD_DOMAIN_UNLOADED && clock_now() < until)
                sched_yield();
        assert_int_equal(ward_domain_state(domain), WARD_DOMAIN_UNLOADED);
}

/* An add-in's life, until it fails for what happens at @moment; the fault's kind. */
static int live(struct scene *scene, enum moment moment, struct ward_fault *fault)
{
        int r = scene_activate(scene, fault);
        if (moment == MOMENT_LEAVE && !r)
                in_a_thread(scene);
        if (moment == MOMENT_LEAVE && !r)
                await_end(scene);
        if (moment == MOMENT_UNLOAD && !r)
                r = scene_load_another(scene, fault);
        for (int i = 0; i < 3 && !r; i++)
                r = scene_call(scene, EXPORT_ADD, fault);
        return -r;
}

/* --- Deaths ----------------------------------------------------------------------------------- */

static const enum act ways[] = { ACT_EXIT, ACT_CRASH, ACT_WAIT };

/* Nanoseconds from the death until the host knew. */
static uint64_t die(struct scene *scene, enum moment moment, enum act way)
{
        struct ward_fault fault = { .kind = WARD_FAULT_NONE };
        struct killer killer;
        board_write(scene, moment, way);
        if (way == ACT_WAIT)
                killer_start(&killer, scene->board, SIGKILL);
        int kind = live(scene, moment, &fault);
        uint64_t took = clock_now() - atomic_load(&scene->board->died_at);
        if (way == ACT_WAIT)
                pthread_join(killer.thread, NULL);
        if (!atomic_load(&scene->board->died_at))
                fail_msg("moment %d never came: %s", (int)moment, kind ? fault.text : "all went well");
        if (kind != WARD_FAULT_UNLOADED) /* who calls after a death is told so */
                assert_int_equal(kind, way == ACT_EXIT ? WARD_FAULT_EXIT : WARD_FAULT_SIGNAL);
        scene_release(scene);
        assert_false(is_there(atomic_load(&scene->board->pid)));
        return took;
}

static int compare(const void *a, const void *b)
{
        uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
        return (x > y) - (x < y);
}

static void check_times(const char *what, uint64_t *times, size_t n, uint64_t most_of_them)
{
        qsort(times, n, sizeof *times, compare);
        printf("  %s: %zu times, median %.2f ms, most %.2f ms\n", what, n, (double)times[n / 2] / 1e6, (double)times[n - 1] / 1e6);
        assert_true(times[n / 2] < most_of_them);
        assert_true(times[n - 1] < MOST_NS);
}

TEST(a_death_is_known_at_once)
{
        struct scene scene;
        uint64_t times[ROUNDS * COUNT_OF(ways) * MOMENTS];
        size_t n = 0;
        scene_set(&scene);
        for (int round = 0; round < ROUNDS; round++)
                for (size_t way = 0; way < COUNT_OF(ways); way++)
                        for (enum moment moment = MOMENT_START; moment < MOMENTS; moment++)
                                times[n++] = die(&scene, moment, ways[way]);
        check_times("deaths", times, n, KNOWN_NS);
        scene_strike(&scene);
}

/* --- Seen from many threads ------------------------------------------------------------------- */

struct caller {
        pthread_t thread;
        struct scene *scene;
        uint64_t knew_at;
        int kind;
};

static void *call_until_it_fails(void *data)
{
        struct caller *caller = data;
        struct ward_fault fault;
        const struct ward_domain *domain = ward_instance_domain(caller->scene->instance);
        do /* a thread may wait for its turn for too long, where there are many */
                caller->kind = -scene_call(caller->scene, EXPORT_ADD, &fault);
        while (!caller->kind || (caller->kind == WARD_FAULT_DEADLINE && ward_domain_state(domain) == WARD_DOMAIN_RUNNING));
        caller->knew_at = clock_now();
        return NULL;
}

static void die_before_many(struct scene *scene, enum act way, uint64_t *ret_times)
{
        struct caller callers[THREADS];
        struct ward_fault fault;
        struct killer killer;
        board_write(scene, MOMENT_CALL, way);
        atomic_store(&scene->board->skip, 500);
        if (way == ACT_WAIT)
                killer_start(&killer, scene->board, SIGKILL);
        assert_good(scene_activate(scene, &fault), &fault);
        for (size_t i = 0; i < COUNT_OF(callers); i++) {
                callers[i] = (struct caller){ .scene = scene };
                assert_int_equal(pthread_create(&callers[i].thread, NULL, call_until_it_fails, &callers[i]), 0);
        }
        for (size_t i = 0; i < COUNT_OF(callers); i++) {
                pthread_join(callers[i].thread, NULL);
                ret_times[i] = callers[i].knew_at - atomic_load(&scene->board->died_at);
                if (callers[i].kind != WARD_FAULT_UNLOADED)
                        assert_int_equal(callers[i].kind, way == ACT_EXIT ? WARD_FAULT_EXIT : WARD_FAULT_SIGNAL);
        }
        if (way == ACT_WAIT)
                pthread_join(killer.thread, NULL);
        scene_release(scene);
        assert_false(is_there(atomic_load(&scene->board->pid)));
}

static void check_many(bool free_threaded)
{
        struct scene scene;
        uint64_t times[ROUNDS][COUNT_OF(ways)][THREADS];
        scene_set(&scene);
        scene.free_threaded = free_threaded;
        for (int round = 0; round < ROUNDS; round++)
                for (size_t way = 0; way < COUNT_OF(ways); way++)
                        die_before_many(&scene, ways[way], times[round][way]);
        check_times(free_threaded ? "threads at once" : "threads in turn", &times[0][0][0], sizeof times / sizeof times[0][0][0],
                    CROWD_NS);
        scene_strike(&scene);
}

TEST(all_threads_know_of_a_death_at_once)
{
        check_many(true);
}

TEST(threads_that_wait_for_their_turn_know_of_a_death_at_once)
{
        check_many(false);
}

/* --- Stops ------------------------------------------------------------------------------------ */

static void check_stop(struct scene *scene, enum moment moment)
{
        struct ward_fault fault = { .kind = WARD_FAULT_NONE };
        struct killer killer;
        board_write(scene, moment, ACT_WAIT);
        killer_start(&killer, scene->board, SIGSTOP);
        uint64_t start = clock_now();
        int kind = live(scene, moment, &fault);
        uint64_t took = clock_now() - start;
        pthread_join(killer.thread, NULL);
        assert_int_equal(kind, moment == MOMENT_UNLOAD ? WARD_FAULT_UNLOADED : WARD_FAULT_DEADLINE);
        assert_true(took < (ACTIVATE_MS + SLACK_MS) * 1000000ull);
        scene_release(scene);
        assert_false(is_there(atomic_load(&scene->board->pid)));
}

TEST(a_stop_meets_the_deadline)
{
        static const enum moment moments[] = { MOMENT_START, MOMENT_LOAD, MOMENT_OPEN,     MOMENT_LANE,  MOMENT_CALL,
                                               MOMENT_ASKED, MOMENT_BACK, MOMENT_ANSWERED, MOMENT_UNLOAD };
        struct scene scene;
        scene_set(&scene);
        for (size_t i = 0; i < COUNT_OF(moments); i++)
                check_stop(&scene, moments[i]);
        scene_strike(&scene);
}

/* Nobody waits for a thread that leaves, and others go on without it. */
TEST(a_lane_that_is_never_given_back_is_nobodys_loss)
{
        struct scene scene;
        struct ward_fault fault;
        scene_set(&scene);
        board_write(&scene, MOMENT_LEAVE, ACT_WAIT);
        assert_good(scene_activate(&scene, &fault), &fault);
        in_a_thread(&scene);
        for (int i = 0; i < 10; i++) {
                in_a_thread(&scene);
                assert_good(scene_call(&scene, EXPORT_ADD, &fault), &fault);
        }
        scene_strike(&scene);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE_LONG(a_death_is_known_at_once, 60),
                         TEST_CASE_LONG(all_threads_know_of_a_death_at_once, 60),
                         TEST_CASE_LONG(threads_that_wait_for_their_turn_know_of_a_death_at_once, 60),
                         TEST_CASE(a_stop_meets_the_deadline), TEST_CASE(a_lane_that_is_never_given_back_is_nobodys_loss));
}
