/* Add-in: traps as it is told to. The test finds the lines that trap, and those that call, by the comments at their ends. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "traps.h"
#include "ways.h"

#define OWN __attribute__((noinline))

static volatile int32_t kept; /* what is written to it is not left out */

OWN static int32_t load(int32_t at)
{
        return *(volatile int32_t *)at; /* @load */
}

OWN static void store(int32_t at)
{
        *(volatile int32_t *)at = 1; /* @store */
}

OWN static void load_float(int32_t at)
{
        kept = *(volatile double *)at > 1; /* @float */
}

OWN static void fill(int32_t at, int32_t n)
{
        memset((void *)at, 7, (size_t)n); /* @fill */
}

OWN static void copy(int32_t at, int32_t n)
{
        memmove((void *)at, (const void *)4096, (size_t)n); /* @copy */
}

OWN static void give_up(void)
{
        __builtin_trap(); /* @unreachable */
}

OWN static void fail(int32_t a)
{
        assert(a == 12345);
        kept = a;
}

OWN static int32_t divide(int32_t a, int32_t b)
{
        return a / b; /* @divide */
}

OWN static int32_t remainder_of(int32_t a, int32_t b)
{
        return a % b; /* @remainder */
}

OWN static int64_t divide_long(int64_t a, int64_t b)
{
        return a / b; /* @divide-long */
}

OWN static int32_t recurse(int32_t n)
{
        return n ? recurse(n - 1) + kept : 0; /* @recurse */
}

typedef int32_t entry(int32_t, int32_t);

OWN static int32_t call_entry(int32_t at)
{
        return ((entry *)at)(1, 2); /* @entry */
}

OWN static int32_t third(int32_t a, int32_t b)
{
        kept = a;
        return a / b; /* @third */
}

OWN static int32_t second(int32_t a, int32_t b)
{
        kept = b;
        return third(a + 1, b) + 1; /* @second */
}

OWN static int32_t first(int32_t a, int32_t b)
{
        return second(a + 1, b) + 1; /* @first */
}

__attribute__((always_inline)) static inline int32_t inner(int32_t at)
{
        return *(volatile int32_t *)at; /* @inner */
}

__attribute__((always_inline)) static inline int32_t middle(int32_t at)
{
        return inner(at + 4) + 1; /* @middle */
}

OWN static int32_t outer(int32_t at)
{
        return middle(at - 4) + 1; /* @outer */
}

OWN static void loop(void)
{
        for (;;)
                kept++; /* @loop */
}

OWN static void another(void)
{
        kept = 3;
}

static void (*volatile pointer)(void) = another;

int32_t exports_traps_act(uint32_t how, int32_t a, int32_t b)
{
        switch ((enum way)how) {
        case LOAD:
                return load(a);
        case STORE:
                store(a);
                return 0;
        case FLOAT_LOAD:
                load_float(a);
                return 0;
        case FILL:
                fill(a, b);
                return 0;
        case COPY:
                copy(a, b);
                return 0;
        case GIVE_UP:
                give_up();
                return 0;
        case ABORT:
                abort();
        case ASSERT:
                fail(a);
                return 0;
        case DIVIDE:
                return divide(a, b);
        case REMAINDER:
                return remainder_of(a, b);
        case DIVIDE_LONG:
                return (int32_t)divide_long(a == INT32_MIN ? INT64_MIN : a, b);
        case RECURSE:
                return recurse(a);
        case CALL_ENTRY:
                return call_entry(a);
        case CALL_ANOTHER:
                return call_entry((int32_t)pointer);
        case DEEP:
                return first(a, b) + 1; /* @act */
        case INLINE:
                return outer(a);
        case LOOP:
                loop();
                return 0;
        default:
                return 17;
        }
}
