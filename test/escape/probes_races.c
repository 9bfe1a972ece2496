/* Races with who looks at a call's arguments: another thread changes them between the look and the act. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include "test/escape/acts.h"
#include "test/escape/areas.h"

enum { RACE_MS = 400, CONNECTIONS = 2000, LENGTH = 128 };

/* What two threads share: one swaps what is in @now for one of the others, again and again. */
struct race {
        char texts[2][LENGTH];
        volatile char now[LENGTH];
        atomic_bool over;
};

static void *swap(void *data)
{
        struct race *race = data;
        for (unsigned i = 0; !atomic_load_explicit(&race->over, memory_order_relaxed); i++)
                for (int at = 0; at < LENGTH; at++)
                        race->now[at] = race->texts[i % 2][at];
        return NULL;
}

static bool is_over(const struct timespec *start)
{
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        return (now.tv_sec - start->tv_sec) * 1000 + (now.tv_nsec - start->tv_nsec) / 1000000 > RACE_MS;
}

/* Until one try gets through; what the last one was told. */
static long run_race(struct race *race, int most, const struct stage *stage, struct outcome *outcome,
                     long (*try)(struct race *race, const struct stage *stage, struct outcome *outcome))
{
        struct timespec start;
        pthread_t thread;
        int error = pthread_create(&thread, NULL, swap, race);
        if (error)
                return error;
        clock_gettime(CLOCK_MONOTONIC, &start);
        long result = EACCES;
        for (int i = 0; i < most && result && !is_over(&start); i++) {
                result = try(race, stage, outcome);
                sched_yield();
        }
        atomic_store(&race->over, true);
        pthread_join(thread, NULL);
        return result;
}

/* What may be read is no success. */
static long try_file(struct race *race, const struct stage *stage, struct outcome *outcome)
{
        long error = tell_file((const char *)race->now, outcome);
        return error ? error : memcmp(outcome->text, "gift", 4) ? 0 : EACCES;
}

static long race_open(const struct stage *stage, struct outcome *outcome, long argument)
{
        struct race race = { .over = false };
        snprintf(race.texts[0], LENGTH, "%s/gift", stage->readable);
        snprintf(race.texts[1], LENGTH, "%s/secret", stage->outside);
        memcpy((char *)race.now, race.texts[0], LENGTH);
        long error = run_race(&race, INT_MAX, stage, outcome, try_file);
        if (error)
                outcome->length = 0;
        return error;
}

/* Whether this connection leads where it should not. */
static long try_address(struct race *race, const struct stage *stage, struct outcome *outcome)
{
        struct sockaddr_in peer;
        socklen_t length = sizeof peer;
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return errno;
        long error = done(connect(fd, (const struct sockaddr *)(const void *)(uintptr_t)race->now, sizeof peer));
        if (!error && !getpeername(fd, (struct sockaddr *)&peer, &length) && ntohs(peer.sin_port) != stage->port)
                error = EACCES;
        close(fd);
        return error;
}

static long race_connect(const struct stage *stage, struct outcome *outcome, long argument)
{
        _Alignas(struct sockaddr_in) struct race race = { .over = false };
        for (int i = 0; i < 2; i++) {
                const struct sockaddr_in at = { .sin_family = AF_INET,
                                                .sin_port = htons(i ? stage->port : stage->port_granted),
                                                .sin_addr = { htonl(INADDR_LOOPBACK) } };
                memcpy(race.texts[i], &at, sizeof at);
        }
        memcpy((char *)race.now, race.texts[0], LENGTH);
        return run_race(&race, CONNECTIONS, stage, outcome, try_address);
}

#define OUT                                                                                                                        \
        {                                                                                                                          \
                NOT_THERE, NOT_THERE, USER, USER                                                                                   \
        }
#define OUT_NETWORK                                                                                                                \
        {                                                                                                                          \
                NO_NETWORK, NO_NETWORK | AS(EAGAIN) | AS(ECONNREFUSED), USER, USER                                                 \
        }

static const struct probe races[] = {
        { "race-open", race_open, 0, SECRET, OUT, FRESH, .why = "what the warden has looked at is not what rests on it" },
        { "race-connect", race_connect, 0, CONNECTED, OUT_NETWORK, FRESH,
          .why = "the warden connects to its own copy of an address" },
};

const struct area area_races = { "races", PROBES(races) };
