/* The add-in of the tests of posting and of threads: see events.wit. */
#include <stdlib.h>
#include <string.h>
#include "events.h"
#ifndef __wasm__
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>
#include "test/events/lies.h"
#endif

static uint32_t post(uint32_t n)
{
        for (uint32_t i = 0; i < n; i++)
                events_note_post(i);
        return n;
}

/* Each call of the host comes behind what was posted before it. */
static uint32_t post_and_ask(uint32_t n)
{
        uint32_t sum = 0;
        for (uint32_t i = 0; i < n; i++) {
                events_note_post(2 * i);
                sum += events_ask(i);
                events_note(2 * i + 1);
        }
        return sum;
}

static uint32_t post_all(uint32_t n)
{
        for (uint32_t i = 0; i < n; i++) {
                events_odd_post((uint8_t)i, (int16_t)-i, i / 2.0, i % 2, 'a' + i % 26);
                events_many_post(i, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16);
                events_bell_post();
        }
        return n;
}

/* Texts of 0, 1000, 2000 … bytes: some do not fit any ring. */
static uint32_t say(uint32_t n)
{
        char *bytes = malloc((size_t)n * 1000 + 1);
        memset(bytes, 'x', (size_t)n * 1000);
        for (uint32_t i = 0; i < n; i++) {
                events_string_t text = { (uint8_t *)bytes, (size_t)i * 1000 };
                events_say_post(&text);
                bytes[0] = 'y'; /* what was posted does not change with it */
                bytes[0] = 'x';
        }
        free(bytes);
        return n;
}

static uint32_t post_readings(uint32_t n)
{
        double values[] = { 1, 2, 3 };
        events_reading_t at[2] = { { 1, { NULL, 0 }, { values, 3 } }, { 2, { NULL, 0 }, { NULL, 0 } } };
        events_list_reading_t readings = { at, 2 };
        events_string_set(&at[0].name, "first");
        events_string_set(&at[1].name, "second");
        for (uint32_t i = 0; i < n; i++) {
                at[0].id = i;
                events_read_post(&readings);
        }
        return n;
}

static uint32_t post_bad(void)
{
        events_odd_post(1, 2, 3, true, 0xd800); /* no character */
        return 0;
}

#ifdef __wasm__
static uint32_t act_on_threads(const char *what, uint32_t n)
{
        return 0;
}
#else
/* --- Threads of its own ----------------------------------------------------------------------- */

enum { THREADS = 100 };

static pthread_t threads[THREADS];
static uint32_t n_threads, each;
static _Atomic uint32_t done, failed;
static _Atomic bool stop;

static void *ask_often(void *data)
{
        for (uint32_t i = 0; i < each && !atomic_load(&stop); i++)
                if (events_ask(i) != i + 1)
                        atomic_fetch_add(&failed, 1);
        atomic_fetch_add(&done, 1);
        return NULL;
}

static void *post_often(void *data)
{
        uint32_t number = (uint32_t)(uintptr_t)data;
        for (uint32_t i = 0; i < each && !atomic_load(&stop); i++)
                events_note_post(number << 24 | i);
        atomic_fetch_add(&done, 1);
        return NULL;
}

static void *post_then_ask(void *data)
{
        for (uint32_t i = 0; i < each; i++) {
                events_note_post(2 * i);
                events_note(2 * i + 1);
        }
        atomic_fetch_add(&done, 1);
        return NULL;
}

static void *echo_large(void *data)
{
        for (uint32_t size = 1; size <= 8 << 20; size *= 8) {
                events_string_t text = { malloc(size), size }, ret;
                memset(text.ptr, 'z', size);
                events_echo(&text, &ret);
                if (ret.len != size || memcmp(ret.ptr, text.ptr, size))
                        atomic_fetch_add(&failed, 1);
                events_string_free(&ret);
                events_string_free(&text);
        }
        atomic_fetch_add(&done, 1);
        return NULL;
}

static void *use_things(void *data)
{
        test_events_things_own_thing_t things[4];
        for (uint32_t i = 0; i < each; i++) {
                if (i >= 4)
                        test_events_things_thing_drop_own(things[i % 4]);
                things[i % 4] = test_events_things_constructor_thing(i);
                if (test_events_things_method_thing_value(test_events_things_borrow_thing(things[i % 4])) != i)
                        atomic_fetch_add(&failed, 1);
        }
        atomic_fetch_add(&done, 1); /* and keeps the last four */
        return NULL;
}

static void *fall(void *data)
{
        abort();
}

static void start(void *(*run)(void *), uint32_t n)
{
        for (n_threads = 0; n_threads < n && n_threads < THREADS; n_threads++)
                pthread_create(&threads[n_threads], NULL, run, (void *)(uintptr_t)n_threads);
}

static uint32_t join(void)
{
        for (uint32_t i = 0; i < n_threads; i++)
                pthread_join(threads[i], NULL);
        n_threads = 0;
        return atomic_exchange(&failed, 0);
}

static pthread_key_t key;

static void at_end(void *data)
{
        events_ask(77);
        atomic_fetch_add(&done, 1);
}

static void *end_with_a_call(void *data)
{
        pthread_setspecific(key, &key);
        if (data)
                events_ask(1);
        return NULL;
}

/* Has the calling thread's end call the host. */
static uint32_t watch_end(void)
{
        pthread_key_create(&key, at_end);
        pthread_setspecific(key, &key);
        return 0;
}

static const struct {
        const char *what;
        void *(*run)(void *);
} runs[] = { { "ask", ask_often },         { "post", post_often }, { "post then ask", post_then_ask },    { "echo", echo_large },
             { "use things", use_things }, { "fall", fall },       { "end with a call", end_with_a_call } };

/* "start ask": threads that call the host, n of them, each as often as "each" said; "join": waits for them. */
static uint32_t act_on_threads(const char *what, uint32_t n)
{
        if (!strcmp(what, "each"))
                return each = n;
        if (!strcmp(what, "join"))
                return join();
        if (!strcmp(what, "done"))
                return atomic_load(&done);
        if (!strcmp(what, "watch end"))
                return watch_end();
        if (!strncmp(what, "lie ", 4)) {
                lie(what + 4);
                return post(n);
        }
        if (!strcmp(what, "stop"))
                atomic_store(&stop, true);
        if (!strcmp(what, "start end with a call"))
                pthread_key_create(&key, at_end);
        for (size_t i = 0; i < sizeof runs / sizeof *runs; i++)
                if (!strncmp(what, "start ", 6) && !strcmp(what + 6, runs[i].what))
                        start(runs[i].run, n);
        return 0;
}
#endif

static uint32_t act(const char *what, uint32_t n)
{
        if (!strcmp(what, "post"))
                return post(n);
        if (!strcmp(what, "post and ask"))
                return post_and_ask(n);
        if (!strcmp(what, "post all"))
                return post_all(n);
        if (!strcmp(what, "say"))
                return say(n);
        if (!strcmp(what, "readings"))
                return post_readings(n);
        if (!strcmp(what, "bad"))
                return post_bad();
        if (!strcmp(what, "post and crash")) {
                post(n);
                __builtin_trap();
        }
        if (!strcmp(what, "flush")) {
                post(n);
                events_flush();
                while (events_ask(0) < n)
                        ;
        }
        return act_on_threads(what, n);
}

uint32_t exports_events_act(events_string_t *what, uint32_t n)
{
        char name[64] = "";
        memcpy(name, what->ptr, what->len < sizeof name ? what->len : sizeof name - 1);
        events_string_free(what);
        return act(name, n);
}

uint32_t exports_events_get(uint32_t n)
{
        events_note_post(1000 + n);
        return n + 1;
}

void exports_events_text(uint32_t n, events_string_t *ret)
{
        ret->ptr = n ? malloc(n) : NULL;
        ret->len = n;
        for (uint32_t i = 0; i < n; i++)
                ret->ptr[i] = 't';
        post(n);
}
