/* The add-in of test_threads.c: tells on which threads it runs, and how many there are at once. */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "threads.h"

static _Thread_local uint32_t calls;
static _Atomic uint32_t n_ended, n_gathered, n_lingering, most_lingering;
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

uint64_t exports_threads_who(void)
{
        return (uint64_t)syscall(SYS_gettid);
}

static void on_end(void *data)
{
        n_ended++;
}

static void make_key(void)
{
        pthread_key_create(&key, on_end);
}

uint32_t exports_threads_count(void)
{
        pthread_once(&once, make_key);
        pthread_setspecific(key, &key);
        return ++calls;
}

uint32_t exports_threads_ended(void)
{
        return n_ended;
}

static void nap(void)
{
        nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

uint32_t exports_threads_gather(uint32_t threads)
{
        n_gathered++;
        for (int i = 0; i < 10000 && n_gathered < threads; i++)
                nap();
        return n_gathered;
}

uint32_t exports_threads_linger(void)
{
        uint32_t now = ++n_lingering, most = most_lingering;
        while (now > most && !atomic_compare_exchange_weak(&most_lingering, &most, now))
                continue;
        nap();
        n_lingering--;
        return most_lingering;
}

uint64_t exports_threads_nest(uint32_t depth)
{
        uint64_t here = exports_threads_who();
        return !depth || threads_again(depth - 1) == here ? here : 0;
}

int32_t exports_threads_add(int32_t a, int32_t b)
{
        return a + b;
}

void exports_threads_echo(threads_string_t *text, threads_string_t *ret)
{
        *ret = *text;
}

void exports_threads_sleep(void)
{
        for (;;)
                pause();
}

void exports_threads_crash(void)
{
        __builtin_trap();
}
