/* What the tests with the hostile worker share: a host, a board, and an add-in that is not there.
 *
 *      struct scene scene;
 *      scene_set(&scene);
 *      board_write(&scene, MOMENT_CALL, ACT_EXIT);
 *      scene_activate, scene_call … */
#ifndef TEST_HOSTILE_HOSTILE_H
#define TEST_HOSTILE_HOSTILE_H

#include <stdbool.h>
#include "fuzz/channel_contract.h"
#include "test/hostile/board.h"
#include "test/support.h"

enum { CALL_MS = 200, ACTIVATE_MS = 400, SLACK_MS = 2000 };

struct scene {
        struct ward_host *host;
        struct ward_instance *instance;
        struct board *board;
        char variable[64];
        bool free_threaded;
};

void scene_set(struct scene *scene);
void scene_strike(struct scene *scene);

/* The next worker acts so, once. */
void board_write(struct scene *scene, enum moment moment, enum act act);

/* A worker, and an instance in it. 0, or a negative fault kind. */
int scene_activate(struct scene *scene, struct ward_fault *fault);
void scene_release(struct scene *scene);
/* Another instance in the same domain, which comes and goes. */
int scene_load_another(struct scene *scene, struct ward_fault *fault);

/* Calls export number @export with arguments of some kind, checks what it is given, and drops it. Fails the test where that takes
 * longer than the deadline and a while. 0, or a negative fault kind. */
int scene_call(struct scene *scene, uint32_t export, struct ward_fault *fault);

/* Ends the test, on whatever thread. */
#define REQUIRE(holds)                                                                                                             \
        do {                                                                                                                       \
                if (!(holds))                                                                                                      \
                        scene_fail(#holds, __FILE__, __LINE__);                                                                    \
        } while (0)
void scene_fail(const char *what, const char *file, int line) __attribute__((noreturn));

/* Whether a process is there still, after five seconds at most. */
bool is_there(int32_t pid);
/* What a worker says of itself is looked at before it is killed for it. */
bool is_worker(int32_t pid);

/* Memory of channels that this process has mapped. */
int count_channels(void);

#endif
