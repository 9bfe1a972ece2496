#include "test/escape/scene.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* --- The host's own process ------------------------------------------------------------------- */

static volatile sig_atomic_t signals;
static char host_secret[64];
/* On a page of its own, so that advice about it is about nothing else. */
static _Alignas(4096) volatile uint64_t host_word[512];
static cpu_set_t processors;
static struct rlimit core_limit;

enum { WORD = 0x1234 };

static void count_signal(int number)
{
        (void)number;
        signals++;
}

static int score(void)
{
        int value = 0;
        FILE *file = fopen("/proc/self/oom_score_adj", "re");
        if (file) {
                if (fscanf(file, "%d", &value) != 1)
                        value = 0;
                fclose(file);
        }
        return value;
}

static int usual_score;

static void set_score(int value)
{
        FILE *file = fopen("/proc/self/oom_score_adj", "we");
        if (!file)
                return;
        fprintf(file, "%d", value);
        fclose(file);
}

static void host_set(struct scene *scene)
{
        struct sigaction count = { .sa_handler = count_signal, .sa_flags = SA_RESTART };
        sigaction(SIGURG, &count, NULL);
        memcpy(host_secret, scene->token, sizeof host_secret);
        host_word[0] = WORD;
        sched_getaffinity(0, sizeof processors, &processors);
        getrlimit(RLIMIT_CORE, &core_limit);
        usual_score = score();
        scene->stage.host = getpid();
        scene->stage.host_thread = gettid();
        scene->stage.host_secret = (uintptr_t)host_secret;
        scene->stage.host_word = (uintptr_t)host_word;
        const char *worker = getenv("WARD_WORKER");
        snprintf(scene->stage.worker, sizeof scene->stage.worker, "%s", worker ? worker : "");
}

static bool is_rescheduled(void)
{
        cpu_set_t now;
        struct rlimit limit;
        sched_getaffinity(0, sizeof now, &now);
        getrlimit(RLIMIT_CORE, &limit);
        return !CPU_EQUAL(&now, &processors) || limit.rlim_cur != core_limit.rlim_cur || sched_getscheduler(0) != SCHED_OTHER ||
               score() != usual_score;
}

static unsigned host_look(void)
{
        unsigned effects = 0;
        const struct sched_param zero = { 0 };
        if (signals)
                effects |= SIGNALLED;
        if (host_word[0] != WORD)
                effects |= MEMORY;
        if (is_rescheduled())
                effects |= SCHEDULED;
        signals = 0;
        host_word[0] = WORD;
        if (effects & SCHEDULED) {
                sched_setaffinity(0, sizeof processors, &processors);
                setrlimit(RLIMIT_CORE, &core_limit);
                sched_setscheduler(0, SCHED_OTHER, &zero);
                set_score(usual_score);
        }
        return effects;
}

/* --- All of it -------------------------------------------------------------------------------- */

int scene_set(struct scene *scene, const char *token)
{
        *scene = (struct scene){ .output = -1, .fifo = -1, .posix_queue = -1, .terminal = { -1, -1 } };
        snprintf(scene->token, sizeof scene->token, "%s", token);
        snprintf(scene->gift, sizeof scene->gift, "gift-%s", token + strlen(token) / 2);
        host_set(scene);
        if (scene_files_set(scene) || scene_ways_set(scene) || scene_shared_set(scene)) {
                fprintf(stderr, "the scene cannot be set: %s\n", strerror(errno));
                return -1;
        }
        scene_look(scene);
        return 0;
}

void scene_strike(struct scene *scene)
{
        scene_shared_strike(scene);
        scene_ways_strike(scene);
        scene_files_strike(scene);
}

unsigned scene_look(struct scene *scene)
{
        return host_look() | scene_files_look(scene) | scene_ways_look(scene) | scene_shared_look(scene);
}

unsigned scene_read(const struct scene *scene, const char *text, size_t length)
{
        unsigned effects = 0;
        if (memmem(text, length, scene->token, strlen(scene->token)))
                effects |= SECRET;
        if (memmem(text, length, scene->gift, strlen(scene->gift)))
                effects |= GIFT;
        return effects;
}
