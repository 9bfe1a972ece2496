/* Workers that say and write what no worker says or writes: each call returns in time, with a value that is one or with a fault. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/clock.h"
#include "base/own.h"
#include "channel/channel.h"
#include "channel/message.h"
#include "test/hostile/hostile.h"

enum { THREADS = 3, CALLS = 12, KINDS = MESSAGE_SETTLE_RETURN + 3 };

static const uint32_t exports[] = { EXPORT_ADD, EXPORT_DESCRIBE, EXPORT_SHAPES, EXPORT_MAKE, EXPORT_BOXES, EXPORT_MANY };

/* --- A day with a liar ------------------------------------------------------------------------ */

/* Some calls of each function, or until it has cost the domain. */
static void *call_some(void *data)
{
        struct scene *scene = data;
        struct ward_fault fault;
        int r = 0;
        for (int i = 0; i < CALLS && r != -WARD_FAULT_UNLOADED; i++)
                r = scene_call(scene, exports[(size_t)i % COUNT_OF(exports)], &fault);
        return NULL;
}

/* Loads, calls from several threads that end, loads beside them, unloads. */
static void live(struct scene *scene)
{
        pthread_t threads[THREADS];
        struct ward_fault fault;
        if (scene_activate(scene, &fault))
                return;
        for (int i = 0; i < THREADS; i++)
                assert_int_equal(pthread_create(&threads[i], NULL, call_some, scene), 0);
        scene_load_another(scene, &fault);
        call_some(scene);
        for (int i = 0; i < THREADS; i++)
                pthread_join(threads[i], NULL);
        scene_load_another(scene, &fault);
        scene_release(scene);
}

struct lie {
        enum moment moment;
        enum act act;
        uint64_t number;
        uint32_t times;
        uint32_t skip;
};

static void hear(struct scene *scene, const struct lie *lie)
{
        board_write(scene, MOMENT_NONE, lie->act);
        atomic_store(&scene->board->number, lie->number);
        atomic_store(&scene->board->times, lie->times);
        atomic_store(&scene->board->skip, lie->skip);
        atomic_store(&scene->board->pid, 0);
        atomic_store(&scene->board->moment, lie->moment);
        live(scene);
        assert_true(atomic_load(&scene->board->pid) != 0);
        assert_false(is_there(atomic_load(&scene->board->pid)));
}

static const enum moment asked[] = {
        MOMENT_START, MOMENT_LOAD, MOMENT_OPEN, MOMENT_CALL, MOMENT_BACK, MOMENT_LEAVE, MOMENT_UNLOAD
};

TEST(any_answer_at_any_moment)
{
        struct scene scene;
        scene_set(&scene);
        scene.free_threaded = true;
        for (size_t i = 0; i < COUNT_OF(asked); i++)
                for (uint32_t kind = 0; kind < KINDS; kind++)
                        hear(&scene, &(struct lie){ asked[i], ACT_ANSWER, kind, 1, kind % 2 });
        scene_strike(&scene);
}

TEST(any_size_at_any_moment)
{
        static const uint64_t sizes[] = { 0, 1, 4096, 65537, 1 << 20, INT32_MAX, UINT32_MAX, UINT32_MAX + 1ull, UINT64_MAX };
        static const uint32_t times[] = { 1, 30, 1000 };
        struct scene scene;
        scene_set(&scene);
        scene.free_threaded = true;
        for (size_t i = 0; i < COUNT_OF(asked); i++)
                for (size_t size = 0; size < COUNT_OF(sizes); size++)
                        hear(&scene, &(struct lie){ asked[i], ACT_MORE, sizes[size], times[(i + size) % COUNT_OF(times)], 0 });
        scene_strike(&scene);
}

/* What goes on beside the calls, from @moment on. */
TEST(anything_beside_the_calls)
{
        static const enum act acts[] = { ACT_ELSE, ACT_ACROSS, ACT_STORM, ACT_BELLS, ACT_ARENAS, ACT_PASS, ACT_RING, ACT_SHUT };
        struct scene scene;
        scene_set(&scene);
        for (size_t i = 0; i < COUNT_OF(acts); i++)
                for (size_t j = 0; j < COUNT_OF(asked); j++) {
                        scene.free_threaded = j % 2;
                        hear(&scene, &(struct lie){ asked[j], acts[i], 0, 1, j % 3 });
                }
        scene_strike(&scene);
}

/* --- At random -------------------------------------------------------------------------------- */

/* WARD_HOSTILE_SECONDS: for how long. WARD_HOSTILE_SEED: from where on. */
static uint64_t setting(const char *name, uint64_t otherwise)
{
        const char *text = getenv(name);
        return text ? strtoull(text, NULL, 0) : otherwise;
}

TEST(anything_at_random)
{
        struct scene scene;
        uint64_t until = clock_now() + setting("WARD_HOSTILE_SECONDS", 4) * 1000000000ull, seed = setting("WARD_HOSTILE_SEED", 1);
        scene_set(&scene);
        int lives = 0;
        for (; clock_now() < until; lives++) {
                scene.free_threaded = lives % 4;
                hear(&scene, &(struct lie){ MOMENT_CALL, ACT_RANDOM, seed + 1000 * (uint64_t)lives, 1, 0 });
        }
        printf("  %d workers, from seed %llu on\n", lives, (unsigned long long)seed);
        scene_strike(&scene);
}

int main(int argc, char **argv)
{
        unsigned seconds = 60 + (unsigned)setting("WARD_HOSTILE_SECONDS", 4);
        return TEST_MAIN(argc, argv, TEST_CASE_LONG(any_answer_at_any_moment, 120), TEST_CASE_LONG(any_size_at_any_moment, 120),
                         TEST_CASE_LONG(anything_beside_the_calls, 120), TEST_CASE_LONG(anything_at_random, seconds));
}
