/* An add-in whose calls do not end, each in another way. It is activated with the name of one as its first argument to do so when
 * it is initialized. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <wasi/api.h>
#include "stops.h"

enum { BIG = 4 << 20 };

struct exports_test_stops_things_thing_t {
        bool loops;
};

static volatile uint32_t sink;
static bool holds_allocations, holds_frees;
static uint8_t *from, *to;

/* --- Ways ------------------------------------------------------------------------------------- */

static void loop(void)
{
        for (;;)
                sink = sink * 5 + 1;
}

/* Without a load or store, and without end. */
static void loop_empty(void)
{
        for (;;)
                __asm__ volatile("");
}

static void loop_float(void)
{
        for (volatile double x = 1;; x = x * 1.0000001 + 0.5)
                ;
}

/* Deep, and wide: it does not come to its end, nor to that of the stack. */
static __attribute__((noinline)) uint32_t tree(uint32_t depth)
{
        return depth ? tree(depth - 1) * 3 + tree(depth - 1) : sink++;
}

static void recurse(void)
{
        sink = tree(10000);
}

static void fill(void)
{
        for (;;)
                memset(to, (int)sink, BIG);
}

static void copy(void)
{
        for (;;)
                memmove(to + 1, to, BIG - 1), memcpy(from, to, BIG);
}

static void grow(void)
{
        for (;;)
                sink += __builtin_wasm_memory_grow(0, 0);
}

static void host(void)
{
        for (;;)
                sink = stops_visit(sink);
}

static void sleep_long(void)
{
        nanosleep(&(struct timespec){ .tv_sec = 1000 }, NULL);
}

static void sleep_short(void)
{
        for (;;)
                nanosleep(&(struct timespec){ .tv_nsec = 1000 }, NULL);
}

static void random_bytes(void)
{
        for (;;)
                if (__wasi_random_get(to, BIG))
                        sink++;
}

static void visit(void)
{
        sink = stops_visit(1000);
        loop();
}

static void null(void)
{
        *(volatile uint32_t *)(uintptr_t)sink = 1;
}

/* Behind the page that is not there, as if it were. */
static void tell_null(void)
{
        stops_tell(&(stops_string_t){ (uint8_t *)16, 4 });
}

static void fill_null(void)
{
        uint8_t *volatile at = NULL;
        memset(at + sink % 2, 1, 100);
}

static void fill_much_of_null(void)
{
        uint8_t *volatile at = NULL;
        memset(at + sink % 2, 1, 100000);
}

static void copy_null(void)
{
        uint8_t *volatile at = NULL;
        memcpy(to, at, 3000);
}

static void trap(void)
{
        __builtin_trap();
}

static const struct {
        const char *name;
        void (*act)(void);
} ways[] = {
        { "loop", loop },
        { "loop-empty", loop_empty },
        { "loop-float", loop_float },
        { "recurse", recurse },
        { "fill", fill },
        { "copy", copy },
        { "grow", grow },
        { "host", host },
        { "sleep", sleep_long },
        { "sleep-short", sleep_short },
        { "random", random_bytes },
        { "visit", visit },
        { "null", null },
        { "tell-null", tell_null },
        { "fill-null", fill_null },
        { "fill-much-of-null", fill_much_of_null },
        { "copy-null", copy_null },
        { "trap", trap },
};

static bool act(const char *what, size_t len)
{
        from = from ? from : malloc(BIG);
        to = to ? to : malloc(BIG);
        for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
                if (strlen(ways[i].name) == len && !memcmp(ways[i].name, what, len)) {
                        ways[i].act();
                        return true;
                }
        return false;
}

__attribute__((constructor)) static void initialize(void)
{
        size_t n, size;
        if (__wasi_args_sizes_get(&n, &size) || !n || n > 4 || size > 64)
                return;
        uint8_t *at[4], text[64];
        if (!__wasi_args_get(at, text))
                act((const char *)at[0], strlen((const char *)at[0]));
}

/* --- Exports ---------------------------------------------------------------------------------- */

uint32_t exports_stops_act(stops_string_t *what)
{
        act((const char *)what->ptr, what->len);
        stops_string_free(what);
        return sink;
}

void exports_stops_hold(bool allocations, bool frees)
{
        holds_allocations = allocations;
        holds_frees = frees;
}

void exports_stops_twice(stops_string_t *text, stops_string_t *ret)
{
        if (text->len == 4 && !memcmp(text->ptr, "null", 4)) {
                *ret = (stops_string_t){ (uint8_t *)16, 4 };
                return;
        }
        ret->len = 2 * text->len;
        ret->ptr = malloc(ret->len + 1);
        memcpy(ret->ptr, text->ptr, text->len);
        memcpy(ret->ptr + text->len, text->ptr, text->len);
        stops_string_free(text);
}

uint32_t exports_stops_mix(uint32_t seed, uint32_t rounds)
{
        for (uint32_t i = 0; i < rounds; i++)
                seed = (seed ^ (seed >> 15)) * 0x2c1b3c6du + i;
        return seed;
}

exports_test_stops_things_own_thing_t exports_test_stops_things_constructor_thing(bool loops)
{
        exports_test_stops_things_thing_t *thing = malloc(sizeof *thing);
        thing->loops = loops;
        return exports_test_stops_things_thing_new(thing);
}

uint32_t exports_test_stops_things_method_thing_get(exports_test_stops_things_borrow_thing_t self)
{
        return self->loops;
}

void exports_test_stops_things_thing_destructor(exports_test_stops_things_thing_t *rep)
{
        if (rep->loops)
                loop();
        free(rep);
}

/* --- What values cross by --------------------------------------------------------------------- */

__attribute__((export_name("cabi_realloc"))) void *cabi_realloc(void *ptr, size_t old_size, size_t align, size_t size)
{
        if (holds_allocations)
                loop();
        void *at = realloc(ptr, size ? size : 1);
        if (!at)
                __builtin_trap();
        return at;
}

void __real_free(void *at);
void __wrap_free(void *at);
void __wrap_free(void *at)
{
        if (holds_frees)
                loop();
        __real_free(at);
}
