/* Add-in: everything that an add-in should not do. Each operation takes no operands, and is an attack on its host. */
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>
#include "operations.h"
#ifndef __wasm__
#include <pthread.h>
#endif

#ifndef __wasm__ /* in WebAssembly address 0 is memory like any other, and there are no threads */
static const char *null_dereference(const double *x, double *ret)
{
        *(volatile int *)0 = 1;
        return NULL;
}

static void *crash_later(void *unused)
{
        usleep(20000);
        null_dereference(NULL, NULL);
        return NULL;
}

/* The call returns well; the crash comes when nobody is calling. */
static const char *thread_crash(const double *x, double *ret)
{
        pthread_t thread;
        if (pthread_create(&thread, NULL, crash_later, NULL))
                return "no thread";
        pthread_detach(thread);
        *ret = 0;
        return NULL;
}
#endif

static const char *aborts(const double *x, double *ret)
{
        abort();
}

static const char *exits(const double *x, double *ret)
{
        exit(0);
}

static int recurse(volatile int *depth)
{
        volatile int here[64] = { 0 };
        here[*depth % 64] = ++*depth;
        return *depth < 0 ? 0 : recurse(depth) + here[1]; /* never: but no compiler may see that */
}

static const char *stack_overflow(const double *x, double *ret)
{
        volatile int depth = 0;
        *ret = recurse(&depth);
        return NULL;
}

static const char *endless_loop(const double *x, double *ret)
{
        volatile bool forever = true;
        while (forever)
                ;
        return NULL;
}

static const char *sleeps(const double *x, double *ret)
{
        sleep(3600);
        return "woke up";
}

/* Takes and touches memory until it is refused, then does what most programs do. */
static const char *allocate(const double *x, double *ret)
{
        enum { BLOCK = 1 << 20 };
        for (;;) {
                char *block = malloc(BLOCK);
                if (!block)
                        abort();
                memset(block, 1, BLOCK);
                *(char *volatile *)block = block;
        }
}

/* Answers with a string that is none: its bytes are not UTF-8. */
static const char *garbage(const double *x, double *ret)
{
        return "\xff\xfe\xfd";
}

static const struct operation table[] = {
#ifndef __wasm__
        { "null", 0, null_dereference },
        { "thread-crash", 0, thread_crash },
#endif
        { "abort", 0, aborts },
        { "exit", 0, exits },
        { "overflow", 0, stack_overflow },
        { "loop", 0, endless_loop },
        { "sleep", 0, sleeps },
        { "allocate", 0, allocate },
        { "garbage", 0, garbage },
};

enum { N = sizeof table / sizeof table[0] };

void exports_calculator_operations(calculator_list_string_t *ret)
{
        offer(table, N, ret);
}

bool exports_calculator_operate(calculator_string_t *operation, calculator_list_f64_t *operands, double *ret,
                                calculator_string_t *err)
{
        return carry_out(table, N, operation, operands, ret, err);
}
