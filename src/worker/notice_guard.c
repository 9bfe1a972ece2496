#include "worker/notice_guard.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <unistd.h>
#include "base/clock.h"

#define MS ((uint64_t)1000000)

enum { LOOK_MS = 250, LONG_MS = 1000, TOO_LONG_MS = 3000 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards @workers */
static pthread_cond_t added = PTHREAD_COND_INITIALIZER;
static uint32_t workers;

static _Atomic pid_t read_from;
static _Atomic uint64_t read_since; /* 0: nothing is read */

/* The warden does not reap while it reads, so the worker's number is its own. */
static void look(void)
{
        uint64_t since = atomic_load(&read_since), now = clock_now();
        if (!since || now - since < LONG_MS * MS)
                return;
        if (now - since > TOO_LONG_MS * MS)
                _exit(1);
        kill(atomic_load(&read_from), SIGKILL);
}

static void *guard(void *unused)
{
        const struct timespec pause = clock_timespec(LOOK_MS * MS);
        for (;;) {
                pthread_mutex_lock(&lock);
                while (!workers)
                        pthread_cond_wait(&added, &lock);
                pthread_mutex_unlock(&lock);
                nanosleep(&pause, NULL);
                look();
        }
        return unused;
}

int guard_add(void)
{
        static pthread_t thread;
        int r = thread ? 0 : pthread_create(&thread, NULL, guard, NULL);
        if (r)
                return -r;
        pthread_mutex_lock(&lock);
        workers++;
        pthread_cond_signal(&added);
        pthread_mutex_unlock(&lock);
        return 0;
}

void guard_remove(void)
{
        pthread_mutex_lock(&lock);
        workers--;
        pthread_mutex_unlock(&lock);
}

void guard_begin(pid_t worker)
{
        atomic_store(&read_from, worker);
        atomic_store(&read_since, clock_now());
}

void guard_end(void)
{
        atomic_store(&read_since, 0);
}
